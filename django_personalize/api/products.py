"""Taking products in: each replaces what was told of it before, and variants without a product of their own get one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from django_personalize.api import fields
from django_personalize.api.fields import Key, Moment, Problem, Record, Word, problem
from django_personalize.api.taken import Taken
from django_personalize.core import clock
from django_personalize.models import FeedItem

LIMIT = 1_000
SOLD_OUT = "out_of_stock"
TOLD = (
    "group",
    "from_variants",
    "title",
    "link",
    "image_link",
    "price",
    "list_price",
    "currency",
    "category",
    "brand",
    "in_stock",
    "listed",
    "created",
    "updated",
    "feed",
    "feed_began",
    "received_at",
)
SHARED = ("title", "link", "image_link", "price", "list_price", "currency", "category", "brand")
"""What a product that was never sent itself has from the variant that stands for it."""


class Product(Record):
    """The names are those of merchants' feeds; what else such a feed holds is left alone."""

    exact = False

    id = Key("the product's id")
    item_group_id = Key(
        "the id of the product that this is a variant of", required=False, allow_blank=True, allow_null=True
    )
    title = fields.text(300, needed=True)
    link = fields.link(needed=True)
    image_link = fields.link()
    price = fields.price()
    sale_price = fields.price()
    availability = Word("in_stock", SOLD_OUT, "preorder", "backorder", required=False, allow_null=True)
    brand = fields.text(200)
    product_type = fields.text(300)
    created = Moment("when the shop got it", required=False, allow_null=True)
    updated = Moment("when the shop last changed it", required=False, allow_null=True)


@transaction.atomic
def take(batch: Sequence[object], *, feed: str) -> Taken:
    """Keep the products of `batch` that can be kept, named by the whole feed `feed` where there is one."""
    taken, now = Taken(), clock.now()
    told = _read(batch, taken)
    keys = set(told) | {group for _, values in told.values() if (group := _group(values))}
    before = FeedItem.objects.select_for_update().order_by("key").in_bulk(keys)
    parents = set(FeedItem.objects.filter(group__in=keys).values_list("group_id", flat=True))
    _refuse_chains(told, before, parents, taken)
    rows: dict[str, FeedItem] = {}
    named: list[str] = []
    for key, (_, values) in told.items():
        known = before.get(key)
        updated = values.get("updated")
        if known is not None and updated and known.updated and updated < known.updated:
            taken.stale += 1
            named.append(key)
            continue
        rows[key] = _row(key, values, known, feed, now)
    missing = {row.group_id for row in rows.values() if row.group_id} - set(before) - set(rows)
    # Made beside what is there, never over it: the product itself may have come in another request meanwhile.
    stand_ins = [FeedItem(key=key, from_variants=True, created=now, received_at=now) for key in sorted(missing)]
    FeedItem.objects.bulk_create(stand_ins, ignore_conflicts=True)
    _write(rows.values())
    if feed:
        FeedItem.objects.filter(key__in=named).exclude(feed=feed).update(feed=feed, feed_began=now)
        FeedItem.objects.filter(key__in=named).update(received_at=now)
    touched = {row.group_id for row in rows.values()} | {before[key].group_id for key in rows if key in before}
    assemble(touched | parents | missing)
    taken.accepted = len(rows)
    return taken


def _read(batch: Sequence[object], taken: Taken) -> dict[str, tuple[int, dict[str, Any]]]:
    """Return what is well formed, by key, with its place in the batch."""
    record = Product()
    told: dict[str, tuple[int, dict[str, Any]]] = {}
    for index, data in enumerate(batch):
        values, wrong = record.check(data)
        if not wrong:
            wrong = _unlike(values, data)
        key = values.get("id", "")
        if not wrong and key in told:
            wrong = [problem("id", key, f"each product once; it is at index {told[key][0]} too")]
        if wrong:
            taken.refuse(index, data, wrong)
        else:
            told[key] = (index, values)
    return told


def _unlike(values: dict[str, Any], data: Any) -> list[Problem]:
    """Return what does not go together, or would be true for a while only."""
    regular, sale = values.get("price"), values.get("sale_price")
    if sale and not regular:
        return [problem("price", ..., "the price before the reduction, beside a sale_price")]
    if sale and regular and sale[1] != regular[1]:
        return [problem("sale_price", data["sale_price"], f"the currency of price, {regular[1]}")]
    if sale and data.get("sale_price_effective_date"):
        wanted = "a sale_price only while it holds, without dates; send the product again when it ends"
        return [problem("sale_price_effective_date", data["sale_price_effective_date"], wanted)]
    return []


def _group(values: dict[str, Any]) -> str | None:
    """Return the product that this is a variant of; many feeds give a product without variants its own id there."""
    group = values.get("item_group_id")
    return group if group and group != values["id"] else None


def _refuse_chains(
    told: dict[str, tuple[int, dict[str, Any]]], before: dict[str, FeedItem], parents: set[str], taken: Taken
) -> None:
    """Take out what would be a variant of a variant: what is shown has to be one step away."""
    groups = {key: row.group_id for key, row in before.items()} | {
        key: _group(values) for key, (_, values) in told.items()
    }
    for key, (index, _) in list(told.items()):
        group = groups[key]
        if group is None:
            continue
        if groups.get(group) is not None:
            wanted = f"a product that is no variant itself; {group!r} is one of {groups[group]!r}"
        elif key in parents:
            wanted = "none: other products are variants of this one"
        else:
            continue
        taken.refuse(index, {"id": key}, [problem("item_group_id", group, wanted)])
        del told[key]


def _row(key: str, values: dict[str, Any], known: FeedItem | None, feed: str, now: datetime) -> FeedItem:
    regular: tuple[Decimal | None, str] = values.get("price") or (None, "")
    sale: tuple[Decimal | None, str] = values.get("sale_price") or regular
    known_feed, began = (known.feed, known.feed_began) if known is not None else ("", None)
    reduced = regular[0] is not None and sale[0] is not None and sale[0] < regular[0]
    return FeedItem(
        key=key,
        group_id=_group(values),
        title=values["title"],
        link=values["link"],
        image_link=values.get("image_link") or "",
        price=sale[0],
        list_price=regular[0] if reduced else None,
        currency=regular[1],
        category=values.get("product_type") or "",
        brand=values.get("brand") or "",
        in_stock=values.get("availability") != SOLD_OUT,
        created=values.get("created") or (known.created if known is not None else now),
        updated=values.get("updated") or (known.updated if known is not None else None),
        feed=feed or known_feed,
        feed_began=now if feed and feed != known_feed else began,
        received_at=now,
    )


def _write(rows: Iterable[FeedItem]) -> None:
    FeedItem.objects.bulk_create(
        sorted(rows, key=lambda row: (row.group_id is not None, row.key)),
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=TOLD,
    )


def assemble(keys: Collection[str | None]) -> None:
    """Put together again, of `keys`, the products that are known by their variants only.

    One that can be bought stands for all of them, the cheapest first; without any left there is nothing to list.
    """
    ordered = sorted(key for key in keys if key)
    for start in range(0, len(ordered), LIMIT):
        _assemble(ordered[start : start + LIMIT])


def _assemble(keys: Sequence[str]) -> None:
    rows = FeedItem.objects.select_for_update().filter(key__in=keys, from_variants=True).order_by("key")
    whole = {row.key: row for row in rows}
    variants: dict[str, list[FeedItem]] = {key: [] for key in whole}
    for variant in FeedItem.objects.filter(group__in=whole).order_by("key"):
        variants[str(variant.group_id)].append(variant)
    for key, row in whole.items():
        row.listed = any(variant.listed for variant in variants[key])
        row.in_stock = any(variant.listed and variant.in_stock for variant in variants[key])
        if not variants[key]:
            continue
        first = min(variants[key], key=_precedence)
        for name in SHARED:
            setattr(row, name, getattr(first, name))
        row.created = min(variant.created for variant in variants[key])
    _write(whole.values())


def _precedence(variant: FeedItem) -> tuple[bool, bool, bool, Decimal, str]:
    return (not variant.listed, not variant.in_stock, variant.price is None, variant.price or Decimal(0), variant.key)
