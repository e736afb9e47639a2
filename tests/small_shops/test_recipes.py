"""The recipes of the documentation are the settings with which the visits are driven."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.small_shops.opening import SHOPS, personal

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "recipes.md").read_text()
RECIPES = dict(re.findall(r"^<!-- run: (\w+) -->\n```python\n(.*?)^```", PAGE, re.M | re.S))
WHOLE = ("session_shop", "order_is_cart", "cookie_shop")
"""Shown with every key; the others only with what is particular."""


def recipe(name: str) -> dict[str, Any]:
    """The dict that a recipe's block makes, as it stands on the page but for the app's label."""
    code = RECIPES[name].replace('"shop.carts.', f'"tests.small_shops.{name}.carts.').replace('"shop.', f'"{name}.')
    made: dict[str, Any] = {}
    exec(code, made)
    return dict(made["PERSONALIZE"])


def test_every_kind_of_shop_has_a_recipe() -> None:
    assert sorted(RECIPES) == sorted(SHOPS)
    assert len(RECIPES) == len(re.findall(r"^```python$", PAGE, re.M))


@pytest.mark.parametrize("name", WHOLE)
def test_a_recipe_is_what_the_visit_was_driven_with(name: str) -> None:
    assert recipe(name) == personal(name)


@pytest.mark.parametrize("name", [name for name in SHOPS if name not in WHOLE])
def test_what_a_short_recipe_shows_is_what_the_visit_was_driven_with(name: str) -> None:
    driven = personal(name)
    for key, shown in recipe(name).items():
        if key in ("PRODUCT", "ORDER_LINES"):
            assert shown == {word: driven[key][word] for word in shown}
        else:
            assert shown == driven[key]


def test_the_table_leads_to_every_recipe() -> None:
    titles = {title.lower().replace(",", "").replace(" ", "-") for title in re.findall(r"^## (.*)$", PAGE, re.M)}
    named = set(re.findall(r"\]\(#([\w-]+)\)", PAGE))
    assert named <= titles
    assert titles - named == {"keys-of-two-columns"}
