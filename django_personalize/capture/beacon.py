"""The one door for events that somebody else tells: the page's script, and other servers that are trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.http import HttpRequest

from django_personalize.capture.bots import unseen
from django_personalize.capture.budget import spend
from django_personalize.capture.claims import MAX_EVENTS, MAX_FACTS, Claim, read_all
from django_personalize.capture.drafts import drafter
from django_personalize.capture.refusals import (
    NO_CONSENT,
    TOO_MANY_EVENTS,
    UNKNOWN_DECISION,
    UNKNOWN_ITEM,
    UNKNOWN_SLOT,
)
from django_personalize.conf import settings
from django_personalize.consent.states import TRACED
from django_personalize.core.types import Draft, EventDraft, ImpressionDraft, Purpose, RefusalDraft
from django_personalize.events.vocabulary import PROMOTION_BLOCK, PROMOTION_KINDS, VIEW_ITEM_LIST
from django_personalize.models import Decision
from django_personalize.visitors.cookie import Token
from django_personalize.visitors.resolve import permitted

__all__ = ["MAX_EVENTS", "NO_CONSENT", "Accepted", "NotABatch", "accept", "hear"]


class NotABatch(ValueError):
    """What was posted is not `{"events": [...]}`."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a batch, counted in facts: an event about three items, or three slots, is three."""

    stored: int
    """How many were taken. What was told before is neither stored again nor refused."""
    refused: Counter[str]
    """How many were not taken, by one of `refusals.REFUSALS`."""
    written: int = 0
    """How many went to the sink, there before or not."""


def accept(
    payload: object,
    *,
    visitor_id: UUID,
    browser: UUID,
    granted: Collection[Purpose],
    make: Callable[..., EventDraft],
    trusted: bool = False,
    overlooked: str = "",
) -> Accepted:
    """Store what a batch tells of this visitor of this browser. Durable on return, and safe to repeat with the same
    ids.

    `granted` are the purposes with a yes now. `make(kind=…, uid=…, occurred_at=…, **fields)` returns an event with its
    circumstances, as `drafts.drafter(request, visitor_id)` does. A `trusted` server may tell also what the
    middleware records by itself, which a page may not, and more facts at once. `overlooked` is why nobody
    looked, where nobody did: then nothing is kept. Raises `NotABatch`, and what the sink raises.
    """
    events = payload.get("events") if isinstance(payload, dict) else None
    if not isinstance(events, list):
        raise NotABatch('Wanted {"events": [{"id": "<uuid>", "name": "view_item", "ago": 0, "params": {}}]}.')
    refused: Counter[str] = Counter()
    if frozenset(TRACED).isdisjoint(granted):
        refused[NO_CONSENT] += len(events)
        return Accepted(0, +refused)  # and not even counted: nothing of this batch is anybody's to keep
    if overlooked:
        refused[overlooked], events = len(events), []
    refused[TOO_MANY_EVENTS] += max(0, len(events) - MAX_EVENTS)
    told = list(read_all(events[:MAX_EVENTS], trusted=trusted, refused=refused))
    decisions, groups, parents = _decisions(told), _groups(told), _parents(told)
    drafts: list[Draft] = []
    for claim in told:
        if claim.decision is None:
            rows = _named(claim, groups, parents, refused)
        else:
            rows = _chosen(claim, decisions, visitor_id, refused)
        for place, fields in rows:
            if not trusted and len(drafts) == MAX_FACTS:
                refused[TOO_MANY_EVENTS] += 1
            elif claim.kind == VIEW_ITEM_LIST:
                drafts.append(
                    ImpressionDraft(
                        decision_id=fields["decision_id"],
                        slot=place,
                        item_key=fields["item_key"],
                        seen_at=claim.occurred_at,
                        visitor_id=visitor_id,
                    )
                )
            else:
                # Never the id that was told: it could be the one that an order of somebody's is going to have.
                # The browser's, not the visitor's: what is told again after a log-in is the same event.
                uid = uuid5(browser, f"{claim.uid}/{place}")
                drafts.append(make(kind=claim.kind, uid=uid, occurred_at=claim.occurred_at, **fields))
    told_no = [RefusalDraft(reason=reason, count=count) for reason, count in sorted((+refused).items())]
    taken = settings.sink.write([*drafts, *told_no]) if drafts or told_no else 0
    return Accepted(taken, +refused, len(drafts))


def hear(request: HttpRequest, token: Token, payload: object) -> Accepted:
    """Store what a page or an app tells of whoever `token` names, and count it against their minute."""
    accepted = accept(
        payload,
        visitor_id=token.visitor_id,
        browser=token.browser,
        granted=permitted(request),
        make=drafter(request, token.visitor_id),
        overlooked=unseen(request),
    )
    spend(request, token.visitor_id, accepted.written)
    return accepted


def _decisions(told: Sequence[Claim]) -> dict[UUID, Decision]:
    """Return those of the named decisions that have been stored, in one query."""
    named = {claim.decision for claim in told if claim.decision is not None}
    return {decision.pk: decision for decision in Decision.objects.filter(pk__in=named)} if named else {}


def _groups(told: Sequence[Claim]) -> Mapping[str, str]:
    """Return the key that each item is shown under, for those that the shop has, in one query."""
    named = _told(told, "item_id")
    return settings.shop.group_of(named) if named else {}


def _parents(told: Sequence[Claim]) -> Mapping[str, str]:
    """Return the item's key for each variant that the shop has; none is asked for where none is told."""
    named = _told(told, "item_variant")
    return settings.shop.parents_of(named) if named else {}


def _told(told: Sequence[Claim], name: str) -> list[str]:
    return sorted({item[name] for claim in told for item in claim.items.values() if name in item})


def _chosen(
    claim: Claim, decisions: Mapping[UUID, Decision], visitor_id: UUID, refused: Counter[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield slot and fields of each row about what we chose ourselves: our decision says which item stood there.

    A decision that is not stored yet may be on its way: then the row says only which slot of which decision it is
    about, and whoever stores it reads the rest.
    """
    decision = None if claim.decision is None else decisions.get(claim.decision)
    if decision is None:
        for slot in claim.slots:
            yield slot, claim.fields | {"decision_id": claim.decision, "index": slot, "item_key": ""}
        return
    if decision.visitor_id != visitor_id:
        refused[UNKNOWN_DECISION] += len(claim.slots)
        return
    chosen = {slot["slot"]: slot["item_key"] for slot in decision.slots}
    blocks = {slot["slot"]: slot.get("block", "") for slot in decision.slots}
    ours = claim.fields | {"decision_id": decision.pk, "item_list_id": decision.placement}
    for slot in claim.slots:
        if claim.kind in PROMOTION_KINDS:
            there = blocks.get(slot) == f"{PROMOTION_BLOCK}{claim.fields['promotion_id']}"
        else:
            there = bool(chosen.get(slot))
        if there:
            yield slot, ours | {"index": slot, "item_key": chosen[slot]}
        else:
            refused[UNKNOWN_SLOT] += 1


def _named(
    claim: Claim, groups: Mapping[str, str], parents: Mapping[str, str], refused: Counter[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield place and fields of each row about an item that the event names, or of the one row that names none."""
    for place, told in claim.items.items():
        fields = claim.fields | told
        if "item_id" in told:
            key, variant = fields.pop("item_id"), fields.pop("item_variant", "")
            if key not in groups:
                refused[UNKNOWN_ITEM] += 1
                continue
            fields["item_key"] = groups[key]
            fields["item_variant"] = _variant(key, variant, groups[key], parents)
        yield place, fields


def _variant(key: str, variant: str, item_key: str, parents: Mapping[str, str]) -> str:
    """Return the key of the variant: the one that stands for its item, or the one named beside it if it is the item's.

    Data layers also call a variant "green"; that is no key of the shop's.
    """
    if key != item_key:
        return key
    return variant if variant != item_key and parents.get(variant) == item_key else ""
