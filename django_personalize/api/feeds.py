"""Taking products out: one by one, or all that a whole feed no longer names. Nothing is ever deleted."""

from __future__ import annotations

from typing import TypedDict

from django.db import transaction
from django.db.models import Min

from django_personalize.api.products import assemble
from django_personalize.api.refusals import Refusal, shown
from django_personalize.models import FeedItem


class TakenOutTold(TypedDict):
    unlisted: int


class CompletedTold(TypedDict):
    listed: int
    unlisted: int


@transaction.atomic
def take_out(key: str) -> int:
    """Unlist one product and return how many that changed; its orders keep what they know of it."""
    rows = FeedItem.objects.select_for_update().filter(pk=key, from_variants=False)
    row = rows.first() if key.isprintable() else None
    if row is None:
        raise Refusal(
            404,
            found=f"no product {shown(key)}",
            wanted="the id of a product that was sent",
            do="Compare the id. A product that is put together from its variants goes with them.",
        )
    if not row.listed:
        return 0
    row.listed = False
    row.save(update_fields=["listed"])
    assemble([row.group_id])
    return 1


@transaction.atomic
def complete(feed: str, count: int, *, force: bool) -> CompletedTold:
    """Unlist what this whole feed did not name, and say how much that was.

    Only where all of its `count` products arrived. What came in by itself since the feed began stays. More than half of
    the catalogue goes only with `force`: a feed that lost most of its products is a fault more often than a sale.
    """
    told = FeedItem.objects.filter(from_variants=False)
    named = told.filter(feed=feed)
    arrived = named.count()
    if arrived != count:
        raise Refusal(
            409,
            found=f"{arrived} products that the feed {shown(feed)} named",
            wanted=f"{count}, as this request says",
            do="Nothing was unlisted. Fewer: send the missing parts again under the same name, then this. "
            "More: the name was used before, or the count is wrong; every whole feed has a name of its own.",
        )
    listed = told.filter(listed=True)
    began = named.aggregate(began=Min("feed_began"))["began"]
    gone = listed.filter(received_at__lt=began).exclude(feed=feed)
    # What this feed tells by its variants only is not gone: from here on it is put together from them.
    by_variants = gone.filter(variants__listed=True, variants__feed=feed)
    groups = set(by_variants.values_list("pk", flat=True))
    by_variants.update(from_variants=True)
    lost, total = gone.count(), listed.count()
    if 2 * lost > total and not force:
        raise Refusal(
            409,
            found=f"{lost} of {total} listed products that the feed {shown(feed)} does not name",
            wanted="at most half of them",
            do='Look whether the feed is whole. If they really are gone, send this again with "force": true.',
        )
    groups |= set(gone.values_list("group_id", flat=True))
    lost = gone.update(listed=False)
    assemble(groups)
    return {"listed": listed.count(), "unlisted": lost}
