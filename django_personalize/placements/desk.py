"""What the merchandiser has set that concerns one placement for whoever asks: rules, promotions, and what to try."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.http import HttpRequest

from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.core.types import Purpose
from django_personalize.models.scheduled import Scheduled
from django_personalize.placements.asker import Asker
from django_personalize.placements.decide import Desk
from django_personalize.placements.defaults import Placement
from django_personalize.placements.home import seed_of
from django_personalize.placements.promotions import open_to, views_of
from django_personalize.placements.rules import applicable
from django_personalize.placements.snapshot import PROMOTIONS, RULES
from django_personalize.segments.membership import segments_of
from django_personalize.visitors.resolve import permitted


def desk_of(request: HttpRequest, placement: Placement, who: Asker, as_of: datetime, model_version: int | None) -> Desk:
    """Return it; no query, but one per request for the shopper's segments where a rule or promotion names one, and one
    for what they have seen where a promotion has a limit.
    """
    rules = RULES.rows()
    promotions = PROMOTIONS.rows() if placement.categories else ()
    segments = _segments(request, who, [*rules, *promotions])
    tried = placement.categories and who.history and _may_be_known(request)
    return Desk(
        rules=applicable(rules, placement.slug, segments, as_of),
        promotions=open_to(promotions, segments, views_of(request, who.visitor), as_of) if promotions else (),
        tried=float(settings.EXPLORE),
        seed=seed_of(who.visitor.pk, as_of, model_version) if tried and who.visitor is not None else "",
    )


def _segments(request: HttpRequest, who: Asker, rows: Iterable[Scheduled]) -> frozenset[str]:
    visitor = who.visitor
    if visitor is None or not _may_be_known(request) or not any(row.segments for row in rows):
        return frozenset()
    return once(request, "segments", lambda: segments_of(visitor))


def _may_be_known(request: HttpRequest) -> bool:
    return Purpose.PERSONALIZATION in permitted(request)
