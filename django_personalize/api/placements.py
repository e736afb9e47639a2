"""Several placements of one page, chosen in one request, so that no item stands in two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypedDict, cast

from django.http import HttpRequest
from rest_framework import serializers

from django_personalize.api.body import listed
from django_personalize.api.fields import Key, Record, invalid
from django_personalize.api.refusals import Refusal
from django_personalize.conf import settings
from django_personalize.placements.defaults import PLACEMENTS
from django_personalize.placements.present import Asked, show_all

LIMIT = 20
MOST_SLOTS = 48
MOST_ITEMS = 25


class SlotTold(TypedDict):
    slot: int
    key: str
    title: str
    url: str
    image: str
    price: str | None
    list_price: str | None
    currency: str
    reason: str


class PromotionTold(TypedDict):
    slot: int
    id: str
    look: str
    title: str
    text: str
    button: str
    link: str
    image: str


class RowTold(TypedDict):
    title: str
    url: str
    slots: list[SlotTold]
    promotions: list[PromotionTold]


class PlacementTold(TypedDict):
    slug: str
    title: str
    decision: Annotated[str, "uuid"] | None
    rows: list[RowTold]


class PlacementsTold(TypedDict):
    placements: list[PlacementTold]


def slugs() -> tuple[str, ...]:
    """Return those of the shipped placements and of the pipelines that the settings name."""
    return (*PLACEMENTS, *(name.replace("_", "-") for name in settings.PIPELINES))


class Slug(serializers.Field[str, Any, Any, Any]):
    """One of the placements that there are."""

    def to_internal_value(self, data: Any) -> str:
        return data if isinstance(data, str) and data in slugs() else invalid()


class PlacementRecord(Record):
    slug = Slug(help_text="the slug of a placement")
    items = serializers.ListField(
        child=Key("the key of an item or a variant"),
        max_length=MOST_ITEMS,
        required=False,
        help_text=f"what the page is about, a product or the lines of a basket: a list of at most {MOST_ITEMS} keys",
    )
    n = serializers.IntegerField(
        min_value=1,
        max_value=MOST_SLOTS,
        required=False,
        help_text=f"how many slots: a whole number from 1 to {MOST_SLOTS}",
    )


def choose(request: HttpRequest, body: dict[str, Any]) -> PlacementsTold:
    """Choose what `{"placements": [...]}` asks for, in that order: what one shows, no later one does."""
    told = _read(listed(body, "placements", LIMIT))
    named = sorted({key for each in told for key in each.get("items", ())})
    groups = settings.shop.group_of(named) if named else {}
    # A key that the shop does not have says nothing, and is written nowhere.
    contexts = [dict.fromkeys(groups[key] for key in each.get("items", ()) if key in groups) for each in told]
    asked = [
        Asked(slug=each["slug"], context=tuple(context), n=each.get("n"))
        for each, context in zip(told, contexts, strict=True)
    ]
    return {"placements": [cast("PlacementTold", each.as_json()) for each in show_all(request, asked)]}


def _read(batch: Sequence[object]) -> list[dict[str, Any]]:
    record, asked = PlacementRecord(), []
    for index, data in enumerate(batch):
        values, wrong = record.check(data)
        if wrong:
            first = wrong[0]
            raise Refusal(
                400,
                found=f"placements[{index}].{first['name']}".rstrip(".") + f": {first['found']}",
                wanted=first["wanted"] if first["name"] != "slug" else f"one of {', '.join(slugs())}",
                do="Correct it and send it again.",
            )
        asked.append(values)
    return asked
