"""One question to one model: what several rows of a page need of it is worked out once, when the first of them asks."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model, nothing
from django_personalize.core.arrays import Int
from django_personalize.core.types import Query
from django_personalize.recommend.features import Scored, scored
from django_personalize.recommend.profile import Profile, profile


class Asking:
    """A query and the model that answers it. Lives as long as one decision; nothing of it is kept."""

    def __init__(self, query: Query, model: Model | None) -> None:
        self.query = query
        self.model = nothing() if model is None else model

    @property
    def learnt(self) -> bool:
        """Whether the model knows anything; a step that stands on it says nothing else."""
        return bool(self.model.item_keys)

    @cached_property
    def person(self) -> Profile:
        return profile(self.model, self.query.history, self.query.as_of.timestamp())

    @cached_property
    def scored(self) -> Scored:
        """What every generator says of all items to this person."""
        return scored(self.model, [self.person])[0]

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """(items,) which may be candidates: listed, not excluded, not what the page is about."""
        allowed: NDArray[np.bool_] = np.array(self.model.listed)
        allowed[self.model.indices({*self.query.exclude, *self.query.context})] = False
        return allowed

    @cached_property
    def passed_over(self) -> dict[int, int]:
        """How often each item, by its place in the model, was seen in vain."""
        index = self.model.index
        return {index[key]: times for key, times in self.query.history.passed_over.items() if key in index}

    def without(self, places: Int) -> Asking:
        """Return the same question with what is at these places left out too; what was worked out so far is shared."""
        keys = [self.model.item_keys[place] for place in places.tolist()]
        other = Asking(replace(self.query, exclude=self.query.exclude | frozenset(keys)), self.model)
        vars(other).update(person=self.person, scored=self.scored, passed_over=self.passed_over)
        return other
