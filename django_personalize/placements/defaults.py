"""The named places of a shop with their defaults: what each is called, which pipeline fills it, and with how many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from django_personalize.core import clock
from django_personalize.core.types import Item
from django_personalize.recommend.pipeline import pipelines
from django_personalize.recommend.shelves import NEW_DAYS

Text = str | Promise


def is_reduced(item: Item) -> bool:
    """Say whether it costs less now than it did."""
    return item.list_price is not None


def is_new(item: Item) -> bool:
    """Say whether the shop has it since lately, as far as it tells."""
    return item.created is None or clock.now() - item.created < timedelta(days=NEW_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A named place with its defaults."""

    slug: str
    title: Text
    pipeline: str
    titles: Mapping[str, Text] = field(default_factory=dict)
    """What it is called instead where this step of the pipeline gave the first item."""
    impersonal_title: Text = ""
    """What it is called where no history had a say; empty where `title` is true of everybody."""
    n: int = 8
    about: str = ""
    """What the page's items are where the tag names none: `cart`, or `cart or order`; empty where it must, or none is
    wanted.
    """
    only: Callable[[Item], bool] | None = None
    """What must be true of an item at render, beside that it can be sold."""
    categories: int = 0
    """How many rows by category follow the first row."""


PLACEMENTS: Mapping[str, Placement] = {
    placement.slug: placement
    for placement in (
        Placement(slug="you-may-also-like", title=_("You may also like"), pipeline="similar"),
        Placement(
            slug="frequently-bought-together",
            title=_("Frequently bought together"),
            pipeline="bought_together",
            n=6,
            about="cart",
        ),
        Placement(
            slug="personal-home",
            title=_("Picked for you"),
            impersonal_title=_("Best sellers"),
            titles={"newest": _("New in the shop")},
            pipeline="personal",
            categories=5,
        ),
        Placement(slug="customers-also-bought", title=_("Customers also bought"), pipeline="also_bought", about="cart"),
        Placement(
            slug="customers-also-viewed",
            title=_("Customers also looked at"),
            titles={"also_bought": _("Customers also bought")},
            pipeline="also_viewed",
            about="cart",
        ),
        Placement(
            slug="complete-the-set", title=_("Complete the set"), pipeline="complements", about="cart or order", n=6
        ),
        Placement(slug="based-on-your-history", title=_("Based on your history"), pipeline="from_history"),
        Placement(slug="recently-viewed", title=_("Recently viewed"), pipeline="recently_viewed"),
        Placement(slug="buy-it-again", title=_("Buy it again"), pipeline="buy_again"),
        Placement(slug="inspired-by-your-search", title=_("Inspired by your search"), pipeline="searched"),
        Placement(slug="best-sellers", title=_("Best sellers"), pipeline="best_sellers"),
        Placement(slug="trending", title=_("Trending"), pipeline="trending"),
        Placement(slug="new-arrivals", title=_("New arrivals"), pipeline="new_arrivals", only=is_new),
        Placement(
            slug="on-sale-for-you",
            title=_("On sale for you"),
            impersonal_title=_("On sale"),
            pipeline="reduced",
            only=is_reduced,
        ),
        Placement(slug="back-in-stock", title=_("Back in stock"), pipeline="back_in_stock"),
    )
}


def placement_of(slug: str) -> Placement | None:
    """Return the placement of this slug, a shipped one or that of a pipeline in the settings; None for any other.

    `summer_gifts` in `PIPELINES` is shown as `summer-gifts`, under its own name unless the tag gives a title.
    """
    found = PLACEMENTS.get(slug)
    name = slug.replace("-", "_")
    if found is None and name in pipelines():
        return Placement(slug=slug, title=capfirst(name.replace("_", " ")), pipeline=name)
    return found
