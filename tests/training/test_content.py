from __future__ import annotations

import numpy as np
import pytest

from django_personalize.training.catalogue import of
from django_personalize.training.content import content


def near(*facts, **changes):
    keys = sorted(key for key, *_ in facts)
    index, weight = content(
        keys, of((key, category, brand, None, title) for key, title, category, brand in facts), **changes
    )
    return {
        keys[item]: {keys[other]: float(w) for other, w in zip(index[item], weight[item], strict=True) if other >= 0}
        for item in range(len(keys))
    }


def test_shared_words_count_by_their_rarity():
    found = near(
        ("1", "Red lamp", "", ""), ("2", "Red lamp", "", ""), ("3", "Red vase", "", ""),
        *[(f"x{n}", f"Thing {chr(97 + n) * 3}", "", "") for n in range(12)],
    )  # fmt: skip
    red, lamp = np.log(15 / 3), np.log(15 / 2)
    assert found["1"] == pytest.approx({"2": 1.0, "3": red / np.hypot(red, lamp)})
    assert found["x0"] == {}


def test_category_and_brand_are_words_of_their_own_kind():
    facts = [(str(n), "", "Lamp" if n < 2 else "", "Lamp" if n == 2 else "") for n in range(12)]
    assert near(*facts)["0"] == {"1": 1.0}


def test_a_word_of_every_fifth_item_pairs_nobody():
    assert near(*[(str(n), "Candle", "", "") for n in range(12)])["0"] == {}


def test_nothing_known_is_like_nothing():
    assert near(("1", "", "", ""), ("2", "", "", "")) == {"1": {}, "2": {}}


def test_the_nearest_are_kept_ties_by_key():
    facts = [(f"{n:02}", "Jade owl" if n < 4 else f"Other {chr(97 + n) * 3}", "", "") for n in range(30)]
    assert list(near(*facts, kept=2)["03"]) == ["00", "01"]
