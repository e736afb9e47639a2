"""What a step wants told beyond the history: read only for a placement whose pipeline has that step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from django.http import HttpRequest

from django_personalize.capture.stock import back_since
from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.core.types import Purpose
from django_personalize.events.history import passed_over, searches_of
from django_personalize.placements.asker import Asker
from django_personalize.recommend.pipeline import pipelines
from django_personalize.visitors.resolve import permitted

MOST = 500
"""Reduced items among which a row is chosen."""
BACK = timedelta(days=14)
FATIGUED = frozenset({"personal", "from_history"})
"""Steps that take an item back which was seen again and again in vain."""
Reader = Callable[[HttpRequest, Asker, datetime], tuple[str, ...]]


def told(request: HttpRequest, pipeline: str, who: Asker, now: datetime) -> dict[str, tuple[str, ...]]:
    """Return what the steps of this pipeline want told, by the step; one query each, once per request."""
    wanted = [step for step in pipelines()[pipeline] if step in _READERS]
    return {step: once(request, f"told_{step}", partial(_READERS[step], request, who, now)) for step in wanted}


def heeds(pipeline: str) -> bool:
    """Say whether a row of this pipeline takes back what was seen in vain."""
    return not FATIGUED.isdisjoint(pipelines()[pipeline])


def passed_over_of(request: HttpRequest, who: Asker, now: datetime) -> Mapping[str, int]:
    """Return what this person saw in vain, in one query."""
    if who.visitor is None or Purpose.PERSONALIZATION not in permitted(request):
        return {}
    return passed_over(who.visitor, now)


def _reduced(request: HttpRequest, who: Asker, now: datetime) -> tuple[str, ...]:
    return tuple(settings.shop.reduced(MOST, request=request))


def _back(request: HttpRequest, who: Asker, now: datetime) -> tuple[str, ...]:
    return tuple(back_since(now - BACK))


def _searched(request: HttpRequest, who: Asker, now: datetime) -> tuple[str, ...]:
    """Only of a person of whom a history may be used at all here, which is empty for whoever is held out."""
    if who.visitor is None or not who.personal or Purpose.PERSONALIZATION not in permitted(request):
        return ()
    return searches_of(who.visitor, now)


_READERS: Mapping[str, Reader] = {"reduced": _reduced, "back_in_stock": _back, "searched": _searched}
