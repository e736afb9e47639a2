"""Recent popularity that leans towards one person: what a shop can say of them before any of its models is proven.

The chance that a person wants an item is taken for a mixture: the share `own` of their wishes goes to what they touched
before, in proportion to how much and how lately; the rest to what sells, multiplied by how far each category is theirs.
A person's shares of the categories are the posterior mean of a Dirichlet-multinomial distribution about those of the
shop. With the correlation r of two lines of one basket its strength is (1 - r) / r lines: Mosimann (1962), On the
compound multinomial distribution. Where people do not differ r is 0, and nothing leans.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model, Tilt
from django_personalize.core.arrays import Double, Float, Int
from django_personalize.recommend.profile import Profile

UNSOLD = 1e-4
"""The share of a category of which nothing is sold."""


def tilted(model: Model, person: Profile) -> Float:
    """Return (items,) the chances, which add up to 1; for nobody's past, or in a model that does not lean, those of
    recent popularity, and zeros where nothing sold.
    """
    selling = model.popularity[:, 1].astype(np.float64)
    place = np.where(model.item_category >= 0, model.item_category, len(model.categories))
    return lean(selling, place, len(model.categories) + 1, person.item, person.near, model.tilt).astype(np.float32)


def lean(
    selling: Double, category: NDArray[np.int64] | Int, categories: int, item: Int, near: Float | Double, tilt: Tilt
) -> Double:
    """Return the chances of all items where `item` was touched with the weights `near`, and items sell as `selling`
    says; `category` numbers the items' categories, from 0 up to `categories`.
    """
    total = float(selling.sum())
    share: Double = selling / total if total > 0 else np.zeros(len(selling))
    weight = float(near.sum())
    if weight <= 0:
        return share
    if tilt.category > 0:
        usual = np.bincount(category, weights=share, minlength=categories) + UNSOLD
        usual /= usual.sum()
        theirs = np.bincount(category[item], weights=near, minlength=categories)
        strength = (1 - tilt.category) / tilt.category
        share = share * ((theirs + strength * usual) / (weight + strength) / usual)[category]
        share /= max(float(share.sum()), 1e-300)
    share = (1 - tilt.own) * share
    share[item] += tilt.own * near / weight
    return share
