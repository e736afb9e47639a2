"""Counting what people do of whom nothing may be stored: gathered per process, kept seconds later, about nobody."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import date

from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.types import CountDraft

EVERY_SECONDS = 5.0
MOST = 1_000
"""Different things that one process gathers before it keeps them."""
_waiting: Counter[tuple[date, str, str, str]] = Counter()
_lock = threading.Lock()
_kept_at = time.monotonic()


def count(kind: str, item_key: str = "", scope: str = "") -> None:
    """One more today. Nobody waits for it: a count that a kill takes along was promised to nobody."""
    global _kept_at
    with _lock:
        _waiting[clock.now().date(), kind, item_key, scope] += 1
        now = time.monotonic()
        if now - _kept_at < EVERY_SECONDS and len(_waiting) < MOST:
            return
        _kept_at = now
    keep()


def keep() -> None:
    """Write down what was gathered."""
    with _lock:
        due = dict(_waiting)
        _waiting.clear()
    if due:
        settings.sink.write(
            [
                CountDraft(day=day, kind=kind, item_key=item_key, scope=scope, count=n)
                for (day, kind, item_key, scope), n in sorted(due.items())
            ]
        )


def forget() -> None:
    """Start afresh, as a new process does; for tests."""
    global _kept_at
    _waiting.clear()
    _kept_at = time.monotonic()
