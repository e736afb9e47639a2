"""Several placements of one page, chosen in one request, so that no item stands in two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from django.http import HttpRequest
from rest_framework import serializers

from django_personalize.api.body import listed
from django_personalize.api.fields import Key, Record, invalid
from django_personalize.api.refusals import Refusal
from django_personalize.conf import settings
from django_personalize.placements.decide import PLACEMENTS
from django_personalize.placements.present import Presented, show

LIMIT = 20
MOST_SLOTS = 48
MOST_ITEMS = 25


class ItemTold(TypedDict):
    key: str
    title: str
    url: str
    image: str
    price: str | None
    list_price: str | None
    currency: str
    category: str
    brand: str


class SlotTold(TypedDict):
    slot: int
    reason: str
    item: ItemTold


class RowTold(TypedDict):
    title: str
    url: str
    slots: list[SlotTold]


class PlacementTold(TypedDict):
    slug: str
    title: str
    decision: Annotated[str, "uuid"] | None
    personal: bool
    rows: list[RowTold]


class PlacementsTold(TypedDict):
    placements: list[PlacementTold]


class Slug(serializers.Field[str, Any, Any, Any]):
    """One of the placements that there are."""

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(PLACEMENTS)

    def to_internal_value(self, data: Any) -> str:
        return data if isinstance(data, str) and data in PLACEMENTS else invalid()


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
    asked = _read(listed(body, "placements", LIMIT))
    named = sorted({key for each in asked for key in each.get("items", ())})
    groups = settings.shop.group_of(named) if named else {}
    told = []
    for each in asked:
        # A key that the shop does not have says nothing, and is written nowhere.
        keys = list(dict.fromkeys(groups[key] for key in each.get("items", ()) if key in groups))
        told.append(_told(show(request, each["slug"], keys=keys, n=each.get("n"))))
    return {"placements": told}


def _read(batch: Sequence[object]) -> list[dict[str, Any]]:
    record, asked = PlacementRecord(), []
    for index, data in enumerate(batch):
        values, wrong = record.check(data)
        if wrong:
            first = wrong[0]
            raise Refusal(
                400,
                found=f"placements[{index}].{first['name']}".rstrip(".") + f": {first['found']}",
                wanted=first["wanted"] if first["name"] != "slug" else f"one of {', '.join(PLACEMENTS)}",
                do="Correct it and send it again.",
            )
        asked.append(values)
    return asked


def _told(presented: Presented) -> PlacementTold:
    return {
        "slug": presented.slug,
        "title": str(presented.title),
        "decision": None if presented.decision is None else str(presented.decision),
        "personal": presented.personal,
        "rows": [
            {
                "title": row.title,
                "url": row.url,
                "slots": [{"slot": each.slot, "reason": each.reason, "item": _item(each.item)} for each in row.slots],
            }
            for row in presented.rows
        ],
    }


def _item(item: Any) -> ItemTold:
    return {
        "key": item.key,
        "title": str(item.title),
        "url": item.url,
        "image": item.image,
        "price": None if item.price is None else str(item.price),
        "list_price": None if item.list_price is None else str(item.list_price),
        "currency": item.currency,
        "category": str(item.category),
        "brand": str(item.brand),
    }
