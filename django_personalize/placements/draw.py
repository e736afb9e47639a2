"""A placement ready to be drawn: as HTML by the shop's templates, as slots for a template of its own, or as JSON."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import select_template
from django.utils.safestring import SafeString

from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.core.types import Item
from django_personalize.events.isolation import isolated

logger = logging.getLogger("django_personalize.placements")


@dataclass(frozen=True, slots=True)
class Shown:
    """One filled slot, for templates."""

    slot: int
    item: Item
    reason: str

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
    """The slots of one block; `title` and `url` are a category's, empty for the first row."""

    title: str
    url: str
    slots: tuple[Shown, ...]


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

    def __iter__(self) -> Iterator[Shown]:
        return (shown for row in self.rows for shown in row.slots)

    def __bool__(self) -> bool:
        return any(row.slots for row in self.rows)

    def __html__(self) -> SafeString:
        if not self:
            return SafeString("")
        try:
            template, card = (select_template(names) for names in _templates(self.slug))
            with isolated():
                return SafeString(template.render({"placement": self, "card": card}, self.request))
        except Exception:
            logger.exception("placement_failed", extra={"placement": self.slug, "stage": "render"})
            return SafeString("")

    __str__ = __html__

    def as_json(self) -> dict[str, Any]:
        """Return what a page that draws for itself needs, in the language active now; amounts are text."""
        rows = [
            {"title": row.title, "url": row.url, "slots": [shown.as_json() for shown in row.slots]} for row in self.rows
        ]
        decision = None if self.decision is None else str(self.decision)
        return {"slug": self.slug, "title": self.title, "decision": decision, "rows": rows}


def presented_on(request: HttpRequest) -> list[Presented]:
    """Return what has been presented in this request, in that order; to be added to by whoever presents."""
    return once(request, "presented", list[Presented])


def nothing(request: HttpRequest, slug: str) -> Presented:
    return Presented(slug, "", (), None, False, request)


def _templates(slug: str) -> Iterator[list[str]]:
    """Yield the names that a placement's template, and then its card's, may have; the first that exists is drawn.

    An adapter that names a folder in `templates` has ones that look as the rest of its shop does.
    """
    folder = getattr(settings.shop, "templates", "")
    for part in ("placement", "card"):
        own = [f"{folder}/{part}.html"] if folder else []
        yield [f"personalize/{part}/{slug}.html", *own, f"personalize/{part}.html"]
