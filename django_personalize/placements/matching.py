"""Which items a rule is about: by what the shop says of them now, or by what the model knows of all."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.types import Item
from django_personalize.models import Rule

KEPT = 100
"""Sets of keys that are kept per model; a shop has fewer rules."""
_Question = tuple[bool, frozenset[str], frozenset[str], frozenset[str]]
_kept: WeakKeyDictionary[Model, dict[_Question, frozenset[str]]] = WeakKeyDictionary()


def matches(rule: Rule, item: Item) -> bool:
    """Say whether the item has one of the values of every condition that the rule gives."""
    if rule.item_keys and item.key not in rule.item_keys:
        return False
    if rule.categories and item.category not in rule.categories:
        return False
    if rule.brands and item.brand not in rule.brands:
        return False
    if (rule.price_from is not None or rule.price_to is not None) and (
        item.price is None
        or (rule.price_from is not None and item.price < rule.price_from)
        or (rule.price_to is not None and item.price > rule.price_to)
    ):
        return False
    return all(item.attributes.get(name) in values for name, values in rule.attributes.items())


def matching_keys(rule: Rule, model: Model | None) -> frozenset[str]:
    """Return keys that match for certain: none where a price or an attribute is asked for, which no model knows."""
    if rule.price_from is not None or rule.price_to is not None or rule.attributes:
        return frozenset()
    if not rule.categories and not rule.brands:
        return frozenset(rule.item_keys)
    return frozenset() if model is None else _keys(rule, model, True)


def others_keys(rule: Rule, model: Model | None) -> frozenset[str]:
    """Return keys that do not match for certain, of those that the model knows."""
    if model is None or not (rule.item_keys or rule.categories or rule.brands):
        return frozenset()
    return _keys(rule, model, False)


def _keys(rule: Rule, model: Model, matching: bool) -> frozenset[str]:
    question = (matching, frozenset(rule.item_keys), frozenset(rule.categories), frozenset(rule.brands))
    kept = _kept.setdefault(model, {})
    if question not in kept:
        if len(kept) >= KEPT:
            kept.clear()
        mask = _mask(rule, model)
        kept[question] = frozenset(
            model.item_keys[place] for place in np.flatnonzero(mask if matching else ~mask).tolist()
        )
    return kept[question]


def _mask(rule: Rule, model: Model) -> NDArray[np.bool_]:
    mask = np.ones(len(model.item_keys), dtype=bool)
    if rule.item_keys:
        named = np.zeros_like(mask)
        named[model.indices(rule.item_keys)] = True
        mask &= named
    for names, known, of_item in (
        (rule.categories, model.categories, model.item_category),
        (rule.brands, model.brands, model.item_brand),
    ):
        if names:
            mask &= np.isin(of_item, [place for place, name in enumerate(known) if name in names])
    return mask
