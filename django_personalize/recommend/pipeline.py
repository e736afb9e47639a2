"""One way in: a pipeline's name and a query give a ranking. A pipeline is a ladder of steps, best evidence first.

What the first step has too little of, at decision or at render, the next one gives.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from django.core.signals import setting_changed

from django_personalize.artifacts.model import Model
from django_personalize.conf import settings
from django_personalize.core import loading
from django_personalize.core.protocols import Step
from django_personalize.core.types import Query, Ranking
from django_personalize.events.isolation import isolated
from django_personalize.recommend import companions, own_past, shelves, steps
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.explain import REASONS
from django_personalize.recommend.ranking import NOTHING, over_fetch

__all__ = ["NEWEST", "PIPELINES", "STEPS", "climb", "over_fetch", "pipelines", "rank", "step_named"]

logger = logging.getLogger("django_personalize.recommend")
NEWEST = "newest"
"""The last step of a ladder whose row is never to be empty: render asks the shop for its newest, no model does."""
STEPS: Mapping[str, Step] = {
    "personal": steps.personal,
    "similar": steps.similar,
    "bought_together": steps.bought_together,
    "also_bought": companions.also_bought,
    "also_viewed": companions.also_viewed,
    "complements": companions.complements,
    "from_history": own_past.from_history,
    "recently_viewed": own_past.recently_viewed,
    "buy_again": own_past.buy_again,
    "searched": own_past.searched,
    "best_sellers": steps.best_sellers,
    "trending": shelves.trending,
    "new_arrivals": shelves.new_arrivals,
    "reduced": shelves.reduced,
    "back_in_stock": shelves.back_in_stock,
}
"""The shipped steps, by name."""
PIPELINES: Mapping[str, tuple[str, ...]] = {
    "personal": ("personal", "best_sellers", NEWEST),
    "similar": ("similar", "best_sellers", NEWEST),
    "bought_together": ("bought_together",),
    "also_bought": ("also_bought",),
    "also_viewed": ("also_viewed", "also_bought"),
    "complements": ("complements",),
    "from_history": ("from_history",),
    "recently_viewed": ("recently_viewed",),
    "buy_again": ("buy_again",),
    "searched": ("searched",),
    "best_sellers": ("best_sellers",),
    "trending": ("trending",),
    "new_arrivals": ("new_arrivals", NEWEST),
    "reduced": ("reduced",),
    "back_in_stock": ("back_in_stock",),
}
"""The shipped pipelines; what the setting says goes before them, pipeline by pipeline."""


@cache
def pipelines() -> Mapping[str, tuple[str, ...]]:
    """Return every pipeline's steps, by its name: the shipped ones, and over them those of the settings."""
    return {**PIPELINES, **{name: tuple(ladder) for name, ladder in settings.PIPELINES.items()}}


@cache
def step_named(name: str) -> Step:
    """Return the step: a shipped one, or that at a dotted path, of which a class is made once, without arguments.

    Raises `ConfigurationError` for a path that leads nowhere.
    """
    if name in STEPS:
        return STEPS[name]
    found = loading.load(name)
    step: Step = loading.instance(name) if isinstance(found, type) else found
    return step


def _reset(*, setting: str, **kwargs: object) -> None:
    if setting == "PERSONALIZE":
        pipelines.cache_clear()
        step_named.cache_clear()


setting_changed.connect(_reset)


def rank(name: str, query: Query, model: Model | None) -> Ranking:
    """Return about 4 n + 12 candidates of the first step of pipeline `name` that has any, best first, ties by key, or
    none on rung 'newest'.

    Nothing of the page's context or of `query.exclude` is among them. Raises `KeyError` for a name that no pipeline
    has.
    """
    return next(iter(climb(name, Asking(query, model))), NOTHING)


def climb(name: str, asking: Asking) -> tuple[Ranking, ...]:
    """Return what each step of the pipeline has to say, in its order, without those that say nothing.

    The shop's own steps may fail: that is logged, and the next one answers. Raises `KeyError` for a name that no
    pipeline has.
    """
    found = []
    for step in pipelines()[name]:
        if step == NEWEST:
            continue
        ranking = STEPS[step](asking) if step in STEPS else _own(step, asking)
        if ranking.candidates:
            found.append(replace(ranking, step=step))
    return tuple(found)


def _own(path: str, asking: Asking) -> Ranking:
    try:
        with isolated():
            ranking = step_named(path)(asking)
        unknown = {candidate.reason.code for candidate in ranking.candidates} - set(REASONS)
        if unknown:
            raise ValueError(f"Its reasons are none: {sorted(unknown)}. Known are {', '.join(REASONS)}.")
        return ranking
    except Exception:
        # Shop code over a shop's data: it costs its own step and not the row.
        logger.exception("step_failed", extra={"step": path})
        return NOTHING
