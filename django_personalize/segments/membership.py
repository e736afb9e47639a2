"""Who is in which segment: refreshed in bulk every night, read in one query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from django_personalize.core.types import Purpose
from django_personalize.models import Membership, Visitor
from django_personalize.segments import features as shoppers
from django_personalize.segments import rfm
from django_personalize.segments.features import Features
from django_personalize.segments.rfm import Scores
from django_personalize.segments.rules import SEGMENTS, Mask, members, why
from django_personalize.segments.yardstick import Yardstick, measure

AT_ONCE = 2_000
"""Visitors, or rows that end, per transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Everybody and their segments as of one moment, in memory."""

    features: Features
    usual: Yardstick
    scores: Scores
    masks: dict[str, Mask]
    """By slug, in the order of `SEGMENTS`."""


@dataclass(slots=True)
class Changes:
    """What one refresh did, in memberships by segment."""

    began: Counter[str] = field(default_factory=Counter)
    stayed: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)


def census(as_of: datetime, progress: Callable[[int, int], None] | None = None) -> Census:
    """Compute who is in which segment as of a moment, and store nothing. Of the consents only today's are known."""
    features = shoppers.load(as_of, progress=progress)
    usual = measure(features)
    masks = {segment.slug: members(segment, features, usual) for segment in SEGMENTS}
    return Census(features=features, usual=usual, scores=rfm.score(features), masks=masks)


def refresh(taken: Census) -> Changes:
    """Bring the stored memberships in line with a census: begin what is new, end what is over.

    Idempotent, and safe to kill: what is left is done by the next. Whoever took their yes back while this ran is left
    out, and so is whoever a later refresh has dealt with. Small transactions, one per 2,000 visitors.
    """
    changes = Changes()
    as_of = taken.features.as_of
    for start, stop in taken.features.people.batches(AT_ONCE):
        with transaction.atomic():
            _refresh(taken, start, stop, as_of, changes)
    while old := list(Membership.objects.filter(as_of__lt=as_of).values_list("pk", "segment")[:AT_ONCE]):
        # Of people who are nobody here any more.
        Membership.objects.filter(pk__in=[pk for pk, _ in old]).delete()
        changes.ended.update(slug for _, slug in old)
    return changes


def _refresh(taken: Census, start: int, stop: int, as_of: datetime, changes: Changes) -> None:
    owners = taken.features.people.visitors[start:stop]
    place_of = {visitor: start + place for place, visitors in enumerate(owners) for visitor in visitors}
    locked = Visitor.objects.granting(Purpose.PERSONALIZATION).filter(pk__in=list(place_of)).order_by("pk")
    still = set(locked.select_for_update().values_list("pk", flat=True))
    theirs = Membership.objects.filter(visitor__in=list(place_of))
    stored = list(theirs.values_list("pk", "visitor", "segment", "since", "as_of"))
    since = {(place_of[visitor], slug): began for _, visitor, slug, began, _ in stored}
    later = {place_of[visitor] for _, visitor, _, _, confirmed in stored if confirmed > as_of}
    rows = []
    for place in range(start, stop):
        visitors = taken.features.people.visitors[place]
        if place not in later and still.issuperset(visitors):
            rows += _rows(taken, place, visitors[0], as_of, since)
    Membership.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["visitor", "segment"],
        update_fields=["since", "as_of", "why"],
        batch_size=500,
    )
    wanted = {(row.visitor_id, row.segment) for row in rows}
    over = [pk for pk, visitor, slug, *_ in stored if (visitor, slug) not in wanted and place_of[visitor] not in later]
    Membership.objects.filter(pk__in=over).delete()
    now = {(place_of[row.visitor_id], row.segment) for row in rows}
    changes.began.update(slug for _, slug in now - since.keys())
    changes.stayed.update(slug for _, slug in now & since.keys())
    changes.ended.update(slug for place, slug in since.keys() - now if place not in later)


def _rows(
    taken: Census, place: int, visitor: UUID, as_of: datetime, since: dict[tuple[int, str], datetime]
) -> list[Membership]:
    found = []
    for segment in SEGMENTS:
        if taken.masks[segment.slug][place]:
            reason = why(segment, taken.features, place)
            if taken.scores.bands > 1 and taken.features.orders[place]:
                reason["rfm"] = taken.scores.of(place)
            began = since.get((place, segment.slug), as_of)
            found.append(Membership(visitor_id=visitor, segment=segment.slug, since=began, as_of=as_of, why=reason))
    return found


def segments_of(visitor: Visitor) -> frozenset[str]:
    """Return the slugs of the segments that whoever is behind `visitor` is in, in one query.

    Empty without a yes to `personalization`, or once it is switched off, in the same moment.
    """
    if not visitor.grants(Purpose.PERSONALIZATION):
        return frozenset()
    mine = Visitor.objects.granting(Purpose.PERSONALIZATION)
    mine = mine.filter(user_key=visitor.user_key) if visitor.user_key else mine.filter(pk=visitor.pk)
    found = Membership.objects.current().filter(visitor__in=mine.values("pk"))
    return frozenset(found.values_list("segment", flat=True))
