from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.core.types import History
from django_personalize.recommend.own_past import FROM_HISTORY
from django_personalize.recommend.pipeline import rank
from django_personalize.training.catalogue import of
from django_personalize.training.words import words
from tests.recommend.test_companions import shelved
from tests.recommend.test_pipeline import forgetting, keys, query, tastes  # noqa: F401
from tests.training.small import model, orders

SHOP = orders(*[(3, "", "ab"), (2, "", "ab"), (1, "", "abc"), (1, "", "e"), (1, "", "b")] * 3)


@pytest.mark.parametrize("name", ["from_history", "recently_viewed", "buy_again", "searched"])
def test_nobodys_past_has_nothing(tastes, name):  # noqa: F811
    assert rank(name, query(), tastes).candidates == ()


def test_what_was_looked_at_comes_last_first_and_needs_no_model():
    asked = query(("b", "view_item", 1), ("a", "purchase", 2), ("c", "view_item", 3), ("b", "view_item", 4))
    for learnt in (None, model(SHOP)):
        found = rank("recently_viewed", asked, learnt)
        assert keys(found) == ["b", "c"]
        assert {(each.reason.code, each.reason.anchor == each.item_key) for each in found.candidates} == {
            ("viewed", True)
        }
    assert keys(rank("recently_viewed", forgetting(asked, "b"), None)) == ["c"]
    assert keys(rank("recently_viewed", replace(asked, exclude=frozenset("c"), context=("b",)), None)) == []


def test_history_suggests_neither_what_is_owned_nor_what_anybody_is_shown(tastes):  # noqa: F811
    asked = query(("A", "purchase", 1), ("C", "view_item", 2), n=4)
    found = rank("from_history", asked, tastes)
    anybodys = keys(rank("best_sellers", query(n=4), tastes))[:4]
    assert keys(found)
    assert not {"A", *anybodys} & set(keys(found))
    assert {each.reason.code for each in found.candidates} <= FROM_HISTORY


@pytest.mark.parametrize("n", [2, 4])
def test_without_its_anchor_an_item_would_not_be_suggested(tastes, n):  # noqa: F811
    """The deletion test, in pasts of every kind."""
    chance = np.random.default_rng(11)
    named = 0
    for _ in range(40):
        chosen = chance.choice(np.array(tastes.item_keys), size=int(chance.integers(1, 6)), replace=False).tolist()
        rows = [(key, str(chance.choice(["purchase", "view_item"])), float(chance.uniform(0, 60))) for key in chosen]
        asked = query(*sorted(rows, key=lambda row: row[2]), n=n)
        for candidate in rank("from_history", asked, tastes).candidates[:n]:
            if candidate.reason.anchor:
                named += 1
                left = keys(rank("from_history", forgetting(asked, candidate.reason.anchor), tastes))[:n]
                assert candidate.item_key not in left
    assert named


def rhythmic(again=0.4, rhythm=30.0):
    """Everything in one category, of whose buyers so many take the same item again, after so many days."""
    learnt = shelved(model(SHOP), a="food", b="food", c="food", e="food")
    return replace(learnt, again=np.array([again], dtype=np.float32), rhythm=np.array([rhythm], dtype=np.float32))


@pytest.mark.parametrize(("days", "due"), [(10, False), (22, False), (23, True), (30, True), (90, True)])
def test_what_was_bought_is_due_at_the_rhythm_of_its_category(days, due):
    assert (keys(rank("buy_again", query(("a", "purchase", days)), rhythmic())) == ["a"]) is due


def test_a_persons_own_rhythm_counts_beside_the_categorys():
    """Twice after 10 days, in a category of 40: due at (40 * 40 * 10 * 10) ** (1/4) = 20 days."""
    past = (("a", "purchase", 16), ("a", "purchase", 26), ("a", "purchase", 36))
    found = rank("buy_again", query(*past), rhythmic(rhythm=40.0))
    [candidate] = found.candidates
    assert candidate.score == pytest.approx((0.4 + 2) / 3 * 16 / 20)
    assert (candidate.reason.code, candidate.reason.anchor) == ("buy_again", "a")
    assert keys(rank("buy_again", query(*past[:1]), rhythmic(rhythm=40.0))) == []
    assert keys(rank("buy_again", forgetting(query(*past), "a"), rhythmic(rhythm=40.0))) == []


def test_what_is_most_due_comes_first():
    past = (("b", "purchase", 31), ("a", "purchase", 60), ("c", "purchase", 300))
    assert keys(rank("buy_again", query(*past), rhythmic())) == ["b", "a", "c"]


def test_what_nobody_takes_twice_is_never_due_unless_this_person_did():
    assert keys(rank("buy_again", query(("a", "purchase", 40)), rhythmic(again=0.01))) == []
    twice = query(("a", "purchase", 40), ("a", "purchase", 70))
    assert keys(rank("buy_again", twice, rhythmic(again=0.01))) == ["a"]


def test_where_neither_category_nor_person_says_how_often_nothing_is_due():
    unknown = rhythmic(again=float("nan"), rhythm=float("nan"))
    assert keys(rank("buy_again", query(("a", "purchase", 40)), unknown)) == []
    assert keys(rank("buy_again", query(("a", "purchase", 40), ("a", "purchase", 70)), unknown)) == ["a"]


def titled(**titles):
    learnt = model(SHOP)
    facts = of((key, "", "", None, title) for key, title in titles.items())
    arrays = words(learnt.item_keys, facts, learnt.popularity[:, 1])
    named = {word: place for place, word in enumerate(arrays.pop("words").tolist())}
    return replace(learnt, words=named, **arrays)


def searching(*terms, **changes):
    return replace(query(), told={"searched": terms}, **changes)


def test_a_search_leads_to_titles_with_its_words_rare_ones_and_all_of_them_first():
    learnt = titled(a="Red mug", b="Blue Mugs", c="Red lantern", e="Kettle")
    found = rank("searched", searching("red mug"), learnt)
    assert keys(found)[0] == "a"
    assert set(keys(found)) == {"a", "b", "c"}
    assert {each.reason.code for each in found.candidates} == {"searched"}
    assert keys(rank("searched", searching("mugs"), learnt)) == ["b", "a"]  # b sells better
    assert keys(rank("searched", searching("teapot"), learnt)) == []
    assert keys(rank("searched", searching("kettle", "lantern"), learnt)) == ["e", "c"]


def test_what_was_bought_since_is_no_longer_searched_for():
    learnt = titled(a="Red mug", b="Blue mug")
    past = History(item_keys=("b",), kinds=("purchase",), times=(0.0,), quantities=(1,))
    assert keys(rank("searched", searching("mug", history=past), learnt)) == ["a"]
    assert keys(rank("searched", searching("mug", exclude=frozenset("a")), learnt)) == ["b"]
