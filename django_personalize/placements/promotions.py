"""Which promotions one shopper may see, and what they then say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import get_language

from django_personalize.core.memo import once
from django_personalize.core.types import Purpose
from django_personalize.events.vocabulary import VIEW_PROMOTION
from django_personalize.models import Event, Promotion, Visitor
from django_personalize.placements.snapshot import PROMOTIONS
from django_personalize.visitors.resolve import permitted

_PATHS = ("/", "http://", "https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPromotion:
    """One promotion as the page says it, for templates."""

    slot: int
    """1-based over the whole decision, as an item's."""
    id: str
    look: str
    title: str
    text: str
    button: str
    link: str
    image: str
    """A URL, or empty."""


def open_to(
    promotions: Iterable[Promotion], segments: Collection[str], views: Mapping[str, int], as_of: datetime
) -> tuple[Promotion, ...]:
    """Return those that are live, meant for somebody in these segments, and not yet seen so often as one shopper
    should, by `views` of each id; in the order given.
    """
    return tuple(
        each
        for each in promotions
        if each.is_for(segments, as_of) and (each.most_views is None or views.get(str(each.pk), 0) < each.most_views)
    )


def is_for_fans_of(promotion: Promotion, categories: Collection[str], brands: Collection[str]) -> bool:
    """Say whether it is meant for somebody who is drawn to these; for everybody where it names none."""
    if not promotion.categories and not promotion.brands:
        return True
    return not frozenset(promotion.categories).isdisjoint(categories) or not frozenset(promotion.brands).isdisjoint(
        brands
    )


def views_of(request: HttpRequest, visitor: Visitor | None) -> Mapping[str, int]:
    """Return how often this shopper has seen each promotion that has a limit; one query per request, or none.

    Nothing is known of somebody without a yes to `personalization`: to them a limit does not apply.
    """
    limited = [str(each.pk) for each in PROMOTIONS.rows() if each.most_views is not None]
    if not limited or visitor is None or Purpose.PERSONALIZATION not in permitted(request):
        return {}
    return once(request, "promotion_views", lambda: _views(visitor, limited))


def _views(visitor: Visitor, limited: list[str]) -> Mapping[str, int]:
    same = Visitor.objects.granting(Purpose.PERSONALIZATION)
    same = same.filter(user_key=visitor.user_key) if visitor.user_key else same.filter(pk=visitor.pk)
    seen = Event.objects.filter(visitor__in=same.values("pk"), kind=VIEW_PROMOTION, promotion_id__in=limited)
    return Counter(seen.values_list("promotion_id", flat=True))


def shown(promotion: Promotion, slot: int) -> ShownPromotion:
    """Return what the page says, in the language that is active now."""
    language = get_language()
    return ShownPromotion(
        slot=slot,
        id=str(promotion.pk),
        look=promotion.look,
        title=promotion.say("title", language),
        text=promotion.say("text", language),
        button=promotion.say("button", language),
        link=promotion.link,
        image=promotion.image if not promotion.image or promotion.image.startswith(_PATHS) else static(promotion.image),
    )
