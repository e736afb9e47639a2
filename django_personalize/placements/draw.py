"""A placement ready to be drawn: as HTML by the shop's templates, as slots for a template of its own, or as JSON."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string, select_template
from django.utils.safestring import SafeString

from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.core.types import Item
from django_personalize.events.isolation import isolated
from django_personalize.placements.asked import Asked, signed
from django_personalize.placements.prices import price_text
from django_personalize.placements.promotions import ShownPromotion

logger = logging.getLogger("django_personalize.placements")


@dataclass(frozen=True, slots=True)
class Shown:
    """One filled slot, for templates."""

    slot: int
    item: Item
    reason: str

    @property
    def price(self) -> str:
        """As it is written in the language active now; '' where the shop says none."""
        return price_text(self.item.price, self.item.currency)

    @property
    def list_price(self) -> str:
        return price_text(self.item.list_price, self.item.currency)

    def as_json(self) -> dict[str, Any]:
        item = self.item
        return {
            "slot": self.slot,
            "key": item.key,
            "title": item.title,
            "url": item.url,
            "image": item.image,
            "price": None if item.price is None else str(item.price),
            "list_price": None if item.list_price is None else str(item.list_price),
            "currency": item.currency,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """The slots of one block; `title` is a category's or brand's, `url` a category's, both empty for the first row. Or
    promotions, several of them where they are cards that stand side by side.
    """

    title: str = ""
    url: str = ""
    slots: tuple[Shown, ...] = ()
    promotions: tuple[ShownPromotion, ...] = ()


@dataclass(frozen=True, slots=True)
class Presented:
    """A placement ready to be drawn: as HTML where it is printed, as slots where a template iterates over it."""

    slug: str
    title: str
    rows: tuple[Row, ...]
    decision: UUID | None
    """The recorded decision's id; None where nothing was recorded."""
    personal: bool
    """Whether a history had a say."""
    request: HttpRequest
    dismissable: bool = False
    """Whether this shopper can have a card taken away for good: only where that will be heeded."""
    deferred: Asked | None = None
    """What the script asks for in place of this row; None where this is the row."""

    def __iter__(self) -> Iterator[Shown]:
        return (shown for row in self.rows for shown in row.slots)

    def __bool__(self) -> bool:
        return any(row.slots or row.promotions for row in self.rows)

    def __html__(self) -> SafeString:
        if self.deferred is None:
            return self._drawn()
        return render_to_string("personalize/deferred.html", {"deferred": signed(self.deferred), "row": self._drawn()})

    def _drawn(self) -> SafeString:
        if not self:
            return SafeString("")
        try:
            template, card, promotion = (select_template(names) for names in _templates(self.slug))
            with isolated():
                context = {"placement": self, "card": card, "promotion_template": promotion}
                return SafeString(template.render(context, self.request))
        except Exception:
            logger.exception("placement_failed", extra={"placement": self.slug, "stage": "render"})
            return SafeString("")

    __str__ = __html__

    def as_json(self) -> dict[str, Any]:
        """Return what a page that draws for itself needs, in the language active now; amounts are text."""
        rows = [
            {
                "title": row.title,
                "url": row.url,
                "slots": [shown.as_json() for shown in row.slots],
                "promotions": [asdict(each) for each in row.promotions],
            }
            for row in self.rows
        ]
        decision = None if self.decision is None else str(self.decision)
        return {"slug": self.slug, "title": self.title, "decision": decision, "rows": rows}


def presented_on(request: HttpRequest) -> list[Presented]:
    """Return what has been presented in this request, in that order; to be added to by whoever presents."""
    return once(request, "presented", list[Presented])


def nothing(request: HttpRequest, slug: str) -> Presented:
    return Presented(slug, "", (), None, False, request)


def _templates(slug: str) -> Iterator[list[str]]:
    """Yield the names that a placement's template, its card's and its promotion's may have; the first that is there
    is drawn.

    An adapter that names a folder in `templates` has ones that look as the rest of its shop does.
    """
    folder = getattr(settings.shop, "templates", "")
    for part in ("placement", "card", "promotion"):
        own = [f"{folder}/{part}.html"] if folder else []
        yield [f"personalize/{part}/{slug}.html", *own, f"personalize/{part}.html"]
