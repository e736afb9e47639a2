"""One way to make an event in a request, so that each carries the same circumstances."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest

from django_personalize.capture.arrivals import device_of
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.memo import once
from django_personalize.core.types import EventDraft
from django_personalize.events.vocabulary import CART_KINDS, SEARCH, VIEW_ITEM

CAPTURABLE = (VIEW_ITEM, SEARCH, *CART_KINDS)
"""What the middleware may record by itself."""


def draft(
    request: HttpRequest,
    visitor_id: UUID,
    kind: str,
    *,
    uid: UUID | None = None,
    occurred_at: datetime | None = None,
    **fields: Any,
) -> EventDraft:
    """Return an event of this visitor in this request, with site and device."""
    return EventDraft(
        uid=uid or uuid4(),
        kind=kind,
        occurred_at=occurred_at or clock.now(),
        visitor_id=visitor_id,
        **circumstances(request),
        **fields,
    )


def drafter(request: HttpRequest, visitor_id: UUID) -> Callable[..., EventDraft]:
    """Return what makes many events of this visitor in this request: `(uid=…, kind=…, occurred_at=…, **fields)`."""
    return partial(EventDraft, visitor_id=visitor_id, **circumstances(request))


def circumstances(request: HttpRequest) -> dict[str, Any]:
    """Return site and device, worked out once per request."""
    return once(request, "circumstances", lambda: {"scope": settings.shop.scope(request), "device": device_of(request)})


def captured_here(kind: str) -> bool:
    """Say whether the middleware records this kind by itself, so that whoever tells it as well tells it twice."""
    if kind in CART_KINDS:
        return settings.shop.has_cart
    return kind in (VIEW_ITEM, SEARCH) and settings.CAPTURE == "server"
