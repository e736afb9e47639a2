"""What one request gathers, handed to the sink in one batch after the response is made."""

from __future__ import annotations

import logging

from django.http import HttpRequest

from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.core.types import Draft, RefusalDraft
from django_personalize.events.intake import OVER_LIMIT

logger = logging.getLogger("django_personalize.events")
LIMIT = 200
"""More than any honest page makes; what goes past it is counted, never kept."""


class Collector:
    """Bounded, per request, in one thread."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.dropped = 0

    def add(self, draft: Draft) -> None:
        if len(self.drafts) >= LIMIT:
            self.dropped += 1
        else:
            self.drafts.append(draft)

    def flush(self) -> int:
        """Write what was gathered and return how much of it was taken; a failing sink is logged, never raised."""
        drafts, self.drafts = self.drafts, []
        dropped, self.dropped = self.dropped, 0
        if dropped:
            logger.warning("facts_dropped", extra={"reason": OVER_LIMIT, "count": dropped})
            drafts.append(RefusalDraft(reason=OVER_LIMIT, count=dropped))
        if not drafts:
            return 0
        try:
            return settings.sink.write(drafts)
        except Exception:
            logger.exception("facts_dropped", extra={"reason": "sink_failed", "count": len(drafts)})
            return 0


def collector_of(request: HttpRequest) -> Collector:
    """Return the request's collector, made at the first call."""
    return once(request, "collector", Collector)


def has_gathered(request: HttpRequest) -> bool:
    """Say whether this request has a collector; most have nothing to tell."""
    return "_personalize_collector" in vars(request)
