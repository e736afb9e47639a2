from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from django_personalize.core.arrays import Factors
from django_personalize.core.types import Candidate, History, Query, Reason
from django_personalize.recommend import asking
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.explain import REASONS
from django_personalize.recommend.features import NAMES
from django_personalize.recommend.groups import Shares, categories
from django_personalize.recommend.personal import BLENDS, UNSEEN, standing
from django_personalize.recommend.pipeline import PIPELINES, STEPS, climb, over_fetch, rank
from django_personalize.recommend.profile import profile, without
from django_personalize.recommend.ranking import NOTHING
from django_personalize.recommend.trees import LEAVES, SPLITS
from django_personalize.testing.contracts import StepContract
from django_personalize.testing.doubles import MemoryStep
from django_personalize.testing.override import override_personalize
from tests.recommend.test_generators import past
from tests.training.small import DAY, NOW, looks, model, orders, two_tastes

NAMED = ("Capital", "Small")
WHEN = datetime.fromtimestamp(NOW, UTC)


def query(*rows, n=3, context=(), exclude=()):
    return Query(
        placement="p",
        n=n,
        as_of=WHEN,
        context=tuple(context),
        history=past(*rows) if rows else History(),
        exclude=frozenset(exclude),
    )


def rank_categories(asked):
    return Shares(asked, categories(asked.model)).ranked()


def top_of_category(asked, name, limit):
    return Shares(asked, categories(asked.model)).top(name, limit)


def keys(ranking):
    return [candidate.item_key for candidate in ranking.candidates]


@pytest.fixture(scope="module")
def tastes():
    """Capitals go with capitals, small letters with small letters; factors that say the same; two categories."""
    source = two_tastes(people=60)
    capitals = np.array([key.isupper() for key in source.item_keys])
    vectors = np.column_stack([capitals, ~capitals]).astype(np.float32)
    factors = Factors(vectors=vectors, biases=np.zeros(len(vectors), dtype=np.float32))
    learnt = model(source, "popular", "neighbours", "factors", factors=factors, fold="both")
    category = np.where(capitals, 0, 1).astype(np.int32)
    again = np.full(len(NAMED), np.nan, dtype=np.float32)
    return replace(learnt, categories=NAMED, item_category=category, again=again, rhythm=again)


def test_without_a_model_there_is_nothing_and_the_shop_shows_its_newest():
    for name in PIPELINES:
        assert rank(name, query(), None).candidates == ()
        assert rank(name, query(), None).rung == "newest"


@pytest.fixture
def memory(monkeypatch):
    monkeypatch.setattr(MemoryStep, "keys", ("M", "A"))
    return "django_personalize.testing.doubles.MemoryStep"


def test_a_pipeline_of_the_settings_goes_before_the_shipped_one_of_its_name(tastes, memory):
    with override_personalize(PIPELINES={"bought_together": [memory, "best_sellers"], "gifts": [memory]}):
        ladder = climb("bought_together", Asking(query(context=["A"]), tastes))
        assert [ranking.step for ranking in ladder] == [memory, "best_sellers"]
        assert keys(ladder[0]) == ["M"]
        assert keys(rank("gifts", query(), None)) == ["M", "A"]
        assert rank("similar", query(context=["A"]), tastes).step == "similar"
    assert keys(rank("bought_together", query(context=["A"]), tastes)) != ["M"]


def failing(asking):
    raise LookupError("the shop's own step")


def odd(asking):
    return replace(NOTHING, candidates=(Candidate(item_key="1", score=1, source="s", reason=Reason(code="nice")),))


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["failing", "odd"])
def test_a_step_that_fails_is_logged_and_the_next_one_answers(tastes, name, caplog):
    path = f"{__name__}.{name}"
    with override_personalize(PIPELINES={"similar": [path, "best_sellers"]}):
        found = climb("similar", Asking(query(), tastes))
    assert [ranking.step for ranking in found] == ["best_sellers"]
    assert [(record.msg, record.step) for record in caplog.records] == [("step_failed", path)]


@pytest.mark.parametrize("name", sorted(STEPS))
class TestSteps(StepContract):
    """Every shipped step, with nothing learnt."""

    @pytest.fixture
    def step(self, name):
        return STEPS[name]


def test_an_unknown_pipeline_is_a_key_error():
    with pytest.raises(KeyError):
        rank("nonsense", query(), None)


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_every_pipeline_leaves_out_the_page_and_what_is_excluded(tastes, name):
    asked = query(("C", "purchase", 2), ("D", "view_item", 1), context=["A"], exclude=["B", "C", "a"])
    found = rank(name, asked, tastes)
    assert not {"A", "B", "C", "a"} & set(keys(found))
    assert len(found.candidates) <= over_fetch(3)
    assert {candidate.reason.code for candidate in found.candidates} <= set(REASONS)
    assert all(candidate.source for candidate in found.candidates)


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_what_the_catalogue_no_longer_holds_is_never_a_candidate(tastes, name):
    listed = tastes.listed.copy()
    listed[tastes.index["E"]] = False
    found = rank(name, query(("C", "purchase", 2), ("E", "purchase", 1), context=["A"]), replace(tastes, listed=listed))
    assert "E" not in keys(found)


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_scores_fall_and_equal_questions_have_equal_answers(tastes, name):
    asked = query(("C", "purchase", 2), context=["A"])
    found = rank(name, asked, tastes)
    scores = [candidate.score for candidate in found.candidates]
    assert scores == sorted(scores, reverse=True)
    assert found == rank(name, asked, tastes)


def test_nobodys_past_gets_recent_popularity(tastes):
    found = rank("personal", query(), tastes)
    assert found.rung == "popular"
    assert keys(found)[:5] == keys(rank("best_sellers", query(), tastes))[:5]
    assert {candidate.reason.code for candidate in found.candidates} == {"popular"}


def test_a_past_leads_to_its_own_kind_and_one_view_is_a_past(tastes):
    for kind in ("purchase", "view_item"):
        found = rank("personal", query(("A", kind, 1), ("C", kind, 2), n=5), tastes)
        assert found.rung == "factors"
        assert sum(key.isupper() for key in keys(found)[:5]) >= 4


def test_the_ranker_orders_by_its_weights(tastes):
    weights = np.zeros(len(NAMES))
    weights[NAMES.index("price")] = 1.0
    learnt = replace(tastes, rungs=tastes.rungs | {"ranker"}, ranker=weights)
    found = rank("personal", query(("A", "purchase", 1), n=24), learnt)
    prices = [learnt.price[learnt.index[key]] for key in keys(found)]
    assert found.rung == "ranker"
    assert prices == sorted(prices, reverse=True)


def test_bought_again_says_so_and_only_of_what_was_bought(tastes):
    found = rank("personal", query(("A", "purchase", 1), ("C", "view_item", 1), n=9), tastes)
    reasons = {candidate.item_key: candidate.reason for candidate in found.candidates}
    assert (reasons["A"].code, reasons["A"].anchor) == ("buy_again", "A")
    assert reasons["C"].code != "buy_again"


def test_the_anchor_is_the_item_whose_removal_costs_the_candidate_most():
    source = orders(*[(9, "", "ax"), (8, "", "by")] * 3, *[(1, "", "e")] * 30, *[(8, "", c) for c in "fghi"] * 4)
    learnt = model(source)
    asked = query(("a", "purchase", 1), ("b", "view_item", 1), n=4)
    reasons = {candidate.item_key: candidate.reason for candidate in rank("personal", asked, learnt).candidates}
    assert (reasons["x"].code, reasons["x"].anchor) == ("because_bought", "a")
    assert (reasons["y"].code, reasons["y"].anchor) == ("because_viewed", "b")
    person = profile(learnt, asked.history, NOW)
    for place, mine, other in ((0, "x", "y"), (1, "y", "x")):
        whole, left = standing(learnt, person), standing(learnt, without(learnt, person, place))

        def raw(found, key):
            return float(found.rows.scores["neighbours"][learnt.index[key]])

        assert raw(left, mine) == 0.0
        assert raw(left, other) == raw(whole, other) > 0.0


def forgetting(asked, key):
    past = asked.history
    kept = [place for place, each in enumerate(past.item_keys) if each != key]
    columns = {name: tuple(getattr(past, name)[i] for i in kept) for name in ("item_keys", "kinds", "times")}
    return replace(asked, history=History(**columns, quantities=(1,) * len(kept)))


@pytest.mark.parametrize("age", [0.5, 9])
@pytest.mark.parametrize("rung", ["neighbours", "factors"])
def test_a_shop_without_views_has_the_row_that_it_had_without_what_comes_next(tastes, monkeypatch, rung, age):
    learnt = replace(tastes, as_of=NOW - DAY)
    one = profile(learnt, past(("A", "view_item", age), ("b", "view_item", age)), NOW)
    found = standing(learnt, one, rung=rung)
    blends = UNSEEN if one.unseen else BLENDS
    assert found.weights[NAMES.index("sequence:score")] == pytest.approx(0.3)
    monkeypatch.setitem(blends, rung, {name: share for name, share in blends[rung].items() if name != "sequence"})
    without_it = standing(learnt, one, rung=rung)
    assert found.item.tolist() == without_it.item.tolist()
    assert found.score.tolist() == without_it.score.tolist()


def test_what_visits_go_on_to_rises_and_names_what_was_looked_at():
    source = orders(*[(9, "", "abcdefgh")] * 2, *[(1, "", letter) for letter in "ijklm"])
    plain, visited = (
        model(source, looked=looked) for looked in (None, looks(*[(1, "ann", "az"), (2, "bob", "am")] * 3))
    )
    asked = query(("a", "view_item", 0.5), n=3)
    assert "m" not in keys(rank("personal", asked, plain))[:3]
    shown = {candidate.item_key: candidate for candidate in rank("personal", asked, visited).candidates[:3]}
    assert (shown["m"].reason.code, shown["m"].reason.anchor) == ("because_viewed", "a")
    assert shown["m"].source == "sequence"


@pytest.mark.parametrize("n", [2, 4, 8])
@pytest.mark.parametrize("fold", ["mean", "ridge", "both"])
def test_without_its_anchor_an_item_would_not_be_shown(tastes, n, fold):
    """The deletion test, in pasts of every kind: the row is asked for again as though the anchor had never been."""
    chance = np.random.default_rng(7)
    learnt = replace(tastes, fold=fold)
    named = 0
    for _ in range(40):
        chosen = chance.choice(np.array(learnt.item_keys), size=int(chance.integers(1, 6)), replace=False).tolist()
        rows = [(key, str(chance.choice(["purchase", "view_item"])), float(chance.uniform(0, 60))) for key in chosen]
        asked = query(*sorted(rows, key=lambda row: row[2]), n=n)
        for candidate in rank("personal", asked, learnt).candidates[:n]:
            if candidate.reason.code in ("because_bought", "because_viewed"):
                named += 1
                left = keys(rank("personal", forgetting(asked, candidate.reason.anchor), learnt))[:n]
                assert candidate.item_key not in left
    assert named


def test_what_is_for_you_would_not_be_shown_to_nobody(tastes):
    asked = query(("A", "purchase", 1), ("C", "view_item", 2), ("d", "purchase", 3), n=5)
    shown = rank("personal", asked, tastes).candidates[:5]
    nobody = keys(rank("personal", query(n=5), tastes))[:5]
    assert all(each.item_key not in nobody for each in shown if each.reason.code == "for_you")
    assert all(each.item_key in nobody for each in shown if each.reason.code in ("popular", "new"))


def test_no_anchor_is_named_for_what_is_not_shown(tastes):
    asked = query(("A", "purchase", 1), ("C", "view_item", 2), n=3)
    rest = rank("personal", asked, tastes).candidates[3:]
    assert rest
    assert {each.reason.code for each in rest} <= {"buy_again", "for_you", "popular", "new"}


def test_what_is_popular_anyway_is_not_put_down_to_the_persons_past(tastes):
    source = orders(*[(9, "", "ax")] * 2, *[(1, "", "e")] * 50, *[(3, "", "f")] * 4)
    found = rank("personal", query(("a", "purchase", 1), n=3), model(source))
    reasons = {candidate.item_key: candidate.reason.code for candidate in found.candidates}
    assert reasons["e"] == "popular"


def test_bought_together_is_what_baskets_say_in_their_direction(tastes):
    found = rank("bought_together", query(context=["A"], n=4), tastes)
    assert found.rung == "neighbours"
    assert all(key.isupper() for key in keys(found)[:4])
    assert {(c.reason.code, c.reason.anchor) for c in found.candidates} == {("bought_with", "A")}


def test_bought_together_never_pads_with_best_sellers():
    learnt = model(orders(*[(3, "", "ab"), (3, "", "cd")] * 9, *[(1, "", "e")] * 9))
    assert keys(rank("bought_together", query(context=["a"], n=9), learnt)) == ["b"]
    for context in (["e"], ["unknown"], []):
        found = rank("bought_together", query(context=context), learnt)
        assert (found.candidates, found.rung) == ((), "newest")


def test_bought_together_waits_for_its_rung():
    learnt = model(orders(*[(3, "", "ab"), (3, "", "cd")] * 9, *[(1, "", "e")] * 9), "popular")
    assert rank("bought_together", query(context=["a"]), learnt).candidates == ()


def test_each_line_of_a_basket_anchors_its_own():
    learnt = model(orders(*[(3, "", "ax"), (2, "", "by")] * 9, *[(1, "", "c")] * 9))
    found = rank("bought_together", query(context=["a", "b"]), learnt)
    assert {c.item_key: c.reason.anchor for c in found.candidates} == {"x": "a", "y": "b"}


def test_what_two_lines_of_a_basket_speak_for_names_neither():
    learnt = model(orders(*[(3, "", "ax"), (2, "", "bx"), (2, "", "by")] * 9, *[(1, "", "c")] * 300))
    found = rank("similar", query(context=["a", "b"]), learnt)
    assert {each.item_key: each.reason.anchor for each in found.candidates} == {"x": "", "y": "b"}
    left = {one: {each.item_key for each in rank("similar", query(context=[one]), learnt).candidates} for one in "ab"}
    assert ("x" in left["a"], "x" in left["b"], "y" in left["a"]) == (True, True, False)


def test_also_like_shows_its_own_kind_with_reasons_that_point_at_the_page(tastes):
    found = rank("similar", query(context=["A"], n=5), tastes)
    assert all(key.isupper() for key in keys(found)[:5])
    assert {c.reason.code for c in found.candidates[:5]} <= {"bought_with", "similar_to"}
    assert {c.reason.anchor for c in found.candidates} == {"A"}


def test_also_like_of_something_new_is_its_category_and_of_something_unknown_what_sells(tastes):
    plain = replace(tastes, rungs=frozenset({"popular"}))
    assert all(key.isupper() for key in keys(rank("similar", query(context=["A"], n=20), plain)))
    found = rank("similar", query(context=["unknown"]), tastes)
    assert found.rung == "popular"
    assert keys(found)


def test_categories_come_by_recent_popularity_without_a_past_and_by_taste_with_one(tastes):
    selling = {name: tastes.popularity[tastes.item_category == place, 1].sum() for place, name in enumerate(NAMED)}
    assert rank_categories(Asking(query(), tastes)) == tuple(sorted(NAMED, key=selling.__getitem__, reverse=True))
    for key, first in (("A", "Capital"), ("a", "Small")):
        mine = rank_categories(Asking(query((key, "purchase", 1), (key, "purchase", 9)), tastes))
        assert mine[0] == first


def test_a_category_without_a_listed_item_is_not_ranked(tastes):
    gone = replace(tastes, listed=tastes.item_category == 1)
    assert rank_categories(Asking(query(("A", "purchase", 1)), gone)) == ("Small",)


def test_the_top_of_a_category_is_of_it_and_for_this_person(tastes):
    asked = Asking(query(("B", "purchase", 1), exclude=["A"]), tastes)
    found = top_of_category(asked, "Capital", 6)
    assert len(found) == 6
    assert all(candidate.item_key.isupper() for candidate in found)
    assert found[0].item_key == "B"
    assert "A" not in {candidate.item_key for candidate in found}
    assert {candidate.reason.code for candidate in found} <= {"buy_again", "for_you", "popular", "new"}
    assert top_of_category(asked, "Nowhere", 6) == ()


def test_all_rows_of_a_page_ask_the_generators_once_and_say_what_they_say_alone(tastes, monkeypatch):
    asked = query(("A", "purchase", 1), ("C", "view_item", 2), ("d", "purchase", 3), n=5)
    alone = [rank(name, asked, tastes) for name in sorted(PIPELINES)]
    shelves = [top_of_category(Asking(asked, tastes), name, 6) for name in NAMED]
    asks = []
    real = asking.scored
    monkeypatch.setattr(asking, "scored", lambda *args: asks.append(1) or real(*args))
    shared = Asking(asked, tastes)
    assert [next(iter(climb(name, shared)), NOTHING) for name in sorted(PIPELINES)] == alone
    assert [top_of_category(shared, name, 6) for name in NAMED] == shelves
    assert rank_categories(shared)
    assert len(asks) == 1


def test_serving_imports_nothing_that_a_web_process_should_not():
    code = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from django_personalize.recommend import pipeline, groups, explain, personal, beside
from django_personalize.artifacts import store, promote
heavy = {"scipy", "sklearn", "lightfm", "django_personalize.training", "pandas"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_trees_turn_the_order_of_what_the_weights_put_first(tastes):
    weights = np.zeros(len(NAMES))
    weights[NAMES.index("price")] = 1.0
    price = NAMES.index("price")
    feature, threshold = np.full((1, SPLITS), price, dtype=np.int32), np.full((1, SPLITS), np.inf)
    threshold[0, 0] = np.log(6.5)
    leaf = np.where(np.arange(LEAVES) < LEAVES // 2, 9.0, 0.0).astype(np.float32)[None, :]
    trees = {"tree_feature": feature, "tree_threshold": threshold, "tree_leaf": leaf}
    learnt = replace(tastes, rungs=tastes.rungs | {"ranker"}, ranker=weights, **trees)
    found = keys(rank("personal", query(("A", "purchase", 1), n=24), learnt))
    prices = [learnt.price[learnt.index[key]] for key in found]
    cheap = [price for price in prices if price < 6.5]
    assert cheap
    assert prices == [*sorted(cheap, reverse=True), *sorted((p for p in prices if p > 6.5), reverse=True)]
