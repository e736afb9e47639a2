"""How the blocks of the personal homepage are taken up, beyond what their places bring: counts of nobody.

A block's lift is (taken + M) / (expected + M). Expected is what a block in the places where it stood usually brings, so
that what stands first is not good by standing first; with M = 10 a block that few have seen stays near 1. It can be
learnt since the page tries other orders now and then (`placements.home`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.types import Purpose
from django_personalize.events.vocabulary import SELECT_ITEM, SELECT_PROMOTION, USER_ENGAGEMENT, VIEW_PROMOTION
from django_personalize.models import Decision, Event, Impression, Visitor
from django_personalize.visitors.staff import staff_accounts

HOME = "personal-home"
WINDOW = timedelta(days=30)
NEWEST = 20_000
"""Decisions that are read, the newest ones: a homepage has some thirty slots, and older ones are of another shop."""
PRIOR = 10.0
STAYED_MSEC = 10_000
STAYS = timedelta(hours=1)
"""A click counts in full where whoever clicked stayed with the item for ten seconds in the next hour."""
FULL, HALF, UNKNOWN = 1.0, 0.5, 0.75
"""A promotion leads to a page of which nobody knows how long it was read."""
FURTHEST = 11
"""Places that are told apart; what stands further down is as if it stood there."""


@dataclass(slots=True)
class Page:
    """One decision's blocks, from the top, and what of them was seen and taken up."""

    names: list[str]
    at: dict[int, int]
    """The place of the block by slot."""
    seen: set[int]
    taken: dict[int, float]


def none() -> dict[str, NDArray[Any]]:
    return {"blocks": np.empty(0, dtype="U1"), "block_lift": np.empty(0, dtype=np.float32)}


def load(as_of: datetime) -> dict[str, NDArray[Any]]:
    """Return the arrays `blocks` and `block_lift` from the last 30 days before `as_of`, in five streamed queries.

    Of visitors who grant `personalization` or `analytics` now, the shop's own staff left out.
    """
    since = as_of - WINDOW
    staff = staff_accounts()
    yes = Visitor.objects.granting(Purpose.PERSONALIZATION) | Visitor.objects.granting(Purpose.ANALYTICS)
    newest = Decision.objects.filter(
        placement=HOME, decided_at__gt=since, decided_at__lte=as_of, visitor__in=yes.values("pk")
    ).order_by("-decided_at", "pk")
    chosen = newest.values("pk")[:NEWEST]
    pages = {
        pk: _page(slots)
        for pk, slots, account in newest.values_list("pk", "slots", "visitor__user_key")[:NEWEST].iterator(
            chunk_size=2_000
        )
        if account not in staff
    }
    if not pages:
        return none()
    shown = Impression.objects.filter(decision__in=chosen, seen_at__lte=as_of).values_list("decision_id", "slot")
    for decision, slot in shown.iterator(chunk_size=20_000):
        _see(pages, decision, slot)
    done = Event.objects.filter(decision_id__isnull=False, occurred_at__gt=since, occurred_at__lte=as_of)
    for led_here, place in done.filter(kind=VIEW_PROMOTION).values_list("decision_id", "index").iterator():
        _see(pages, led_here, place)
    clicks = done.filter(kind__in=(SELECT_ITEM, SELECT_PROMOTION))
    read = _read(clicks.values("visitor_id"), since, as_of)
    columns = ("kind", "decision_id", "index", "visitor_id", "item_key", "occurred_at")
    for kind, led_here, place, visitor, item_key, at in clicks.values_list(*columns).iterator():
        stayed = any(at <= then <= at + STAYS for then in read.get((visitor, item_key), ()))
        _take(pages, led_here, place, UNKNOWN if kind == SELECT_PROMOTION else FULL if stayed else HALF)
    return lifts(pages.values())


def lifts(pages: Iterable[Page]) -> dict[str, NDArray[Any]]:
    """Return the arrays, blocks by name."""
    pages = list(pages)
    seen, taken = np.zeros(FURTHEST + 1), np.zeros(FURTHEST + 1)
    for page in pages:
        for place in page.seen:
            seen[min(place, FURTHEST)] += 1
            taken[min(place, FURTHEST)] += page.taken.get(place, 0.0)
    usual = np.divide(taken, seen, out=np.zeros_like(taken), where=seen > 0)
    expected: dict[str, float] = {}
    found: dict[str, float] = {}
    for page in pages:
        for place in sorted(page.seen):
            name = page.names[place]
            expected[name] = expected.get(name, 0.0) + float(usual[min(place, FURTHEST)])
            found[name] = found.get(name, 0.0) + page.taken.get(place, 0.0)
    if not expected:
        return none()
    names = sorted(expected)
    lift = [(found[name] + PRIOR) / (expected[name] + PRIOR) for name in names]
    return {"blocks": np.array(names, dtype=np.str_), "block_lift": np.array(lift, dtype=np.float32)}


def _page(slots: list[dict[str, Any]]) -> Page:
    names = list(dict.fromkeys(slot.get("block", "") for slot in slots))
    place = {name: at for at, name in enumerate(names)}
    return Page(names=names, at={slot["slot"]: place[slot.get("block", "")] for slot in slots}, seen=set(), taken={})


def _see(pages: dict[UUID, Page], decision: UUID | None, slot: int | None) -> None:
    page = None if decision is None else pages.get(decision)
    if page is not None and slot in page.at:
        page.seen.add(page.at[slot])


def _take(pages: dict[UUID, Page], decision: UUID | None, slot: int | None, worth: float) -> None:
    """Count a click, once per block and page; what was clicked was seen."""
    page = None if decision is None else pages.get(decision)
    if page is not None and slot in page.at:
        place = page.at[slot]
        page.seen.add(place)
        page.taken[place] = max(page.taken.get(place, 0.0), worth)


def _read(visitors: Any, since: datetime, as_of: datetime) -> dict[tuple[Any, str], list[datetime]]:
    """Return when each of these visitors had stayed with each item for ten seconds."""
    rows = Event.objects.filter(
        kind=USER_ENGAGEMENT,
        engagement_time_msec__gte=STAYED_MSEC,
        visitor__in=visitors,
        occurred_at__gt=since,
        occurred_at__lte=as_of,
    ).exclude(item_key="")
    found: dict[tuple[Any, str], list[datetime]] = {}
    for visitor, item_key, at in rows.values_list("visitor_id", "item_key", "occurred_at").iterator(chunk_size=20_000):
        found.setdefault((visitor, item_key), []).append(at)
    return found
