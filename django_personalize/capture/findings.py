"""Keeping the counts of what a shop gave and nobody could read."""

from __future__ import annotations

import logging
import threading
import time

from django.db.models import F

from django_personalize.core import clock
from django_personalize.core.tally import Tally
from django_personalize.models import Finding

logger = logging.getLogger("django_personalize.capture")
EVERY_SECONDS = 60.0
SAMPLE_LENGTH = 200
_waiting = Tally()
_lock = threading.Lock()
_kept_at = float("-inf")


def keep(tally: Tally, *, again: bool) -> None:
    """Count these findings today.

    With `again` they were counted from the beginning, as by a run over all orders: the day then keeps the highest
    count instead of the sum.
    """
    today = clock.now().date()
    for reason, count in sorted(tally.counts.items()):
        sample = tally.samples.get(reason, "")[:SAMPLE_LENGTH]
        row, _ = Finding.objects.get_or_create(day=today, reason=reason)
        if again:
            Finding.objects.filter(pk=row.pk, count__lt=count).update(count=count, sample=sample)
        else:
            Finding.objects.filter(pk=row.pk).update(count=F("count") + count, sample=sample)


def keep_soon(tally: Tally) -> None:
    """Count findings of a request: gathered per process and kept at most once a minute, so that no page waits."""
    global _kept_at
    if not tally:
        return
    with _lock:
        for reason, count in tally.counts.items():
            _waiting.add(reason, tally.samples.get(reason, ""), count)
        if time.monotonic() - _kept_at < EVERY_SECONDS:
            return
        _kept_at = time.monotonic()
        due = Tally(_waiting.counts.copy(), dict(_waiting.samples))
        _waiting.counts.clear()
        _waiting.samples.clear()
    for reason in due.counts:
        logger.warning(
            "shop_not_readable: %s, first in %s", reason, due.samples.get(reason, ""), extra={"reason": reason}
        )
    keep(due, again=False)


def forget() -> None:
    """Start afresh, as a new process does; for tests."""
    global _kept_at
    _waiting.counts.clear()
    _waiting.samples.clear()
    _kept_at = float("-inf")
