"""The named places of a shop with their defaults: what each is called, which pipeline fills it, and with how many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from django_personalize.core.types import Item
from django_personalize.recommend.pipeline import pipelines

Text = str | Promise


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
        Placement(slug="best-sellers", title=_("Best sellers"), pipeline="best_sellers"),
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
