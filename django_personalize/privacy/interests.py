"""What is derived from a person's history: made when asked for, stored nowhere, and theirs to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.types import Item, Purpose, Reason
from django_personalize.events.vocabulary import DISMISS, HAVE_IT, PURCHASE, REFUND
from django_personalize.models import Decision, Event, Membership
from django_personalize.placements.reasons import sentence
from django_personalize.privacy.person import Person
from django_personalize.recommend.profile import NEAR_HALF_LIFE, VIEW_WEIGHT
from django_personalize.segments.rules import SEGMENTS, Segment

MOST_ROWS = 2_000
"""Newest events that are looked at."""
MOST_ITEMS = 100
MOST_DECISIONS, MOST_REASONS = 20, 8
TOP = 5


@dataclass(frozen=True, slots=True)
class Dealing:
    """What a person did with one item."""

    item_key: str
    title: str
    """Empty where the shop no longer shows it."""
    url: str
    kinds: tuple[str, ...]
    last: datetime


@dataclass(frozen=True, slots=True)
class Why:
    """One item that was shown, and the reason that was given."""

    title: str
    url: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    dealings: tuple[Dealing, ...]
    categories: tuple[str, ...]
    brands: tuple[str, ...]
    reasons: tuple[Why, ...]
    segments: tuple[Segment, ...]
    """Those that they are in, in the order of `SEGMENTS`."""


def insight(person: Person, *, request: Any = None) -> Insight:
    """Return what is known of `person` in words: newest dealings, what they seem to like, what they were told.

    Nothing is derived for somebody who does not say yes to `personalization`, or has switched it off.
    """
    rows = list(
        Event.objects.filter(visitor__in=person.ids)
        .exclude(item_key="")
        .exclude(kind=REFUND)
        .order_by("-occurred_at", "-pk")
        .values_list("item_key", "kind", "occurred_at", "reason")[:MOST_ROWS]
    )
    profiled = [visitor.pk for visitor in person.visitors if visitor.grants(Purpose.PERSONALIZATION)]
    shown = list(Decision.objects.filter(visitor__in=profiled).order_by("-decided_at")[:MOST_DECISIONS])
    keys = list(dict.fromkeys(key for key, *_ in rows))
    slots = [(decision, slot) for decision in shown for slot in decision.slots]
    named = [key for _, slot in slots for key in (slot["item_key"], slot["anchor"]) if key]
    items = settings.shop.items(list(dict.fromkeys([*keys, *named])), request=request)
    likes = _weights(rows) if profiled else Counter[str]()
    return Insight(
        dealings=tuple(_dealings(rows, keys[:MOST_ITEMS], items)),
        categories=_top(likes, items, "category"),
        brands=_top(likes, items, "brand"),
        reasons=tuple(_reasons(slots, items)),
        segments=_segments(profiled),
    )


def _segments(profiled: Collection[UUID]) -> tuple[Segment, ...]:
    found = Membership.objects.current().filter(visitor__in=profiled)
    slugs = set(found.values_list("segment", flat=True)) if profiled else set[str]()
    return tuple(segment for segment in SEGMENTS if segment.slug in slugs)


def _dealings(
    rows: Sequence[tuple[str, str, datetime, str]], keys: Sequence[str], items: Mapping[str, Item]
) -> list[Dealing]:
    kinds: dict[str, dict[str, None]] = {}
    last: dict[str, datetime] = {}
    for key, kind, at, _ in rows:
        kinds.setdefault(key, {})[kind] = None
        last.setdefault(key, at)
    return [
        Dealing(
            key,
            items[key].title if key in items else "",
            items[key].url if key in items else "",
            tuple(kinds[key]),
            last[key],
        )
        for key in keys
    ]


def _weights(rows: Collection[tuple[str, str, datetime, str]]) -> Counter[str]:
    """Return what each item says of this person, weighed as where pages are made; `rows` are newest first."""
    now = clock.now()
    weights: Counter[Any] = Counter()
    silenced: set[str] = set()
    for key, kind, at, reason in rows:
        if kind == DISMISS:
            silenced |= {key} if reason != HAVE_IT else set()
        if kind == DISMISS or key in silenced:
            continue
        days = max((now - at).total_seconds(), 0.0) / 86_400
        weights[key] += (1.0 if kind == PURCHASE else VIEW_WEIGHT) * 2.0 ** (-days / NEAR_HALF_LIFE)
    return weights


def _top(weights: Counter[str], items: Mapping[str, Item], name: str) -> tuple[str, ...]:
    total: Counter[Any] = Counter()
    for key, weight in weights.items():
        if key in items and getattr(items[key], name):
            total[getattr(items[key], name)] += weight
    return tuple(sorted(total, key=lambda each: (-total[each], each))[:TOP])


def _reasons(slots: Sequence[tuple[Decision, Mapping[str, Any]]], items: Mapping[str, Item]) -> list[Why]:
    """Each item once, with the latest reason that was given for it, in the order of the page."""
    found: dict[str, Why] = {}
    for decision, slot in slots:
        item = items.get(slot["item_key"])
        if item is not None and item.key not in found:
            reason = sentence(Reason(code=slot["reason"], anchor=slot["anchor"]), items)
            found[item.key] = Why(item.title, item.url, reason, decision.decided_at)
        if len(found) == MOST_REASONS:
            break
    return list(found.values())
