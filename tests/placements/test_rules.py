from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from django_personalize.core.types import Candidate, Item, Reason
from django_personalize.models import Rule
from django_personalize.placements.rules import after, applicable, before
from tests.conftest import NOON
from tests.training.small import arrays, evaluate, orders


def rule(kind, number=1, **values):
    return Rule(pk=number, name=f"rule {number}", kind=kind, **values)


def item(key, **facts):
    facts = {"price": Decimal(10), "currency": "GBP", "category": "c", "brand": "b"} | facts
    return Item(key=key, title=key, url=f"/{key}/", **facts)


def pair(key, *, reason="popular", anchor="", **facts):
    return Candidate(item_key=key, score=1.0, source="s", reason=Reason(code=reason, anchor=anchor)), item(key, **facts)


def row(rules, keys="abcdefgh", n=4, *, facts=None, **options):
    """The keys of a row of `n` chosen from `keys`, and the rules that acted."""
    pool = [pair(key, **(facts or {}).get(key, {})) for key in keys]
    done = after(rules, [pool], n, **options)
    return "".join(item.key for _candidate, item in done.chosen), done.rules


def test_without_a_rule_a_row_is_what_was_chosen():
    assert row([]) == ("abcd", ())


def test_a_pin_stands_in_its_slot_and_the_rest_around_it():
    brought = {"x": item("x")}
    assert row([rule("pin", item_keys=["x"], slot=2)], brought=brought) == ("axbc", ("pin:1",))
    assert row([rule("pin", item_keys=["c"], slot=1)], brought={"c": item("c")}) == ("cabd", ("pin:1",))


def test_a_pin_says_that_the_shop_chose_it_even_where_it_was_chosen_anyway():
    pool = [pair("a", reason="because_viewed", anchor="z")]
    done = after([rule("pin", item_keys=["a"], slot=1)], [pool], 2, brought={"a": pool[0][1]})
    [(candidate, _item)] = done.chosen
    assert (candidate.reason, candidate.source) == (Reason(code="picked"), "rule:pin")


def test_a_pin_that_cannot_be_sold_leaves_its_slot_to_its_next_item_and_then_to_the_row():
    pinned = rule("pin", item_keys=["x", "y"], slot=1)
    assert row([pinned], brought={"y": item("y")}) == ("yabc", ("pin:1",))
    assert row([pinned], brought={}) == ("abcd", ())
    assert row([pinned], brought={"x": item("x"), "y": item("y")}, taken={"x"}) == ("yabc", ("pin:1",))


def test_of_two_pins_to_one_slot_the_first_stands_and_the_second_takes_over_where_it_cannot():
    both = [rule("pin", item_keys=["x"], slot=1), rule("pin", 2, item_keys=["y"], slot=1)]
    assert row(both, brought={"x": item("x"), "y": item("y")}) == ("xabc", ("pin:1",))
    assert row(both, brought={"y": item("y")}) == ("yabc", ("pin:2",))


def test_a_pin_beyond_the_row_does_nothing_and_one_past_a_short_row_ends_it():
    assert row([rule("pin", item_keys=["x"], slot=5)], brought={"x": item("x")}) == ("abcd", ())
    assert row([rule("pin", item_keys=["x"], slot=4)], "a", brought={"x": item("x")}) == ("ax", ("pin:1",))


def test_what_is_never_shown_stays_away_whatever_pins_it():
    rules = [rule("pin", item_keys=["x"], slot=1, priority=9), rule("exclude", 2, brands=["bad"])]
    assert row(rules, brought={"x": item("x", brand="bad")}) == ("abcd", ("exclude:2",))


def test_a_boost_of_three_brings_place_nine_to_place_three_and_no_further():
    keys = "abcdefghij"
    assert row([rule("boost", item_keys=["i"], strength=Decimal(3))], keys) == ("abic", ("boost:1",))
    assert row([rule("boost", item_keys=["j"], strength=Decimal(10))], keys) == ("jabc", ("boost:1",))
    assert row([rule("boost", item_keys=["z"], strength=Decimal(10))], keys) == ("abcd", ())


def test_burying_is_the_other_way_round():
    assert row([rule("bury", item_keys=["a"], strength=Decimal(3))]) == ("bcad", ("bury:1",))
    assert row([rule("bury", item_keys=["b"], strength=Decimal(2))]) == ("acdb", ("bury:1",))


def test_together_boosts_move_by_no_more_than_ten():
    many = [rule("boost", number, item_keys=["t"], strength=Decimal(10)) for number in range(1, 9)]
    keys = "abcdefghijklmnopqrst"  # t is twentieth: 20 / 10 = 2, and the second was there before
    assert row(many, keys)[0] == "atbc"


def test_a_boost_and_the_same_burying_cancel_out():
    rules = [rule("boost", item_keys=["c"], strength=Decimal(4)), rule("bury", 2, item_keys=["c"], strength=Decimal(4))]
    assert row(rules)[0] == "abcd"


def test_a_boosted_item_says_nothing_that_the_boost_made_untrue():
    """Without its anchor it might stand here all the same; and what the boost alone brought is the shop's choice."""
    pool = [pair(key, reason="because_viewed", anchor="z") for key in "abcdef"]
    done = after([rule("boost", item_keys=["b", "f"], strength=Decimal(5))], [pool], 3)
    told = {candidate.item_key: candidate.reason for candidate, _item in done.chosen}
    assert told == {
        "b": Reason(code="for_you"),
        "a": Reason(code="because_viewed", anchor="z"),
        "f": Reason(code="picked"),
    }


def test_a_boost_by_margin_is_the_stronger_the_more_is_earned():
    facts = {
        "c": {"cost": Decimal(10)},
        "d": {"cost": Decimal(5)},
        "e": {"cost": Decimal(1)},
        "f": {"cost": Decimal(0)},
    }
    boost = rule("boost", by="margin", strength=Decimal(6))
    # c 3 / 1, d 4 / 3.5, e 5 / 5.5, f 6 / 6
    assert row([boost], "abcdef", 6, facts=facts) == ("efadbc", ("boost:1",))
    assert row([boost], "abcdef", 6) == ("abcdef", ())
    assert row([boost], "ab", 6, facts={"b": {"cost": Decimal(90)}}) == ("ab", ())  # sold at a loss: no boost


def test_a_boost_by_stock_clears_what_there_is_most_of():
    facts = {"a": {"stock": 1}, "b": {"stock": 10}, "c": {"stock": 1000}, "d": {"stock": None}}
    # The middle stock is 10: a 1 / 1.36, b 2 / 3, c 3 / 4.96, d 4 / 1
    assert row([rule("boost", by="stock", strength=Decimal(5))], "abcd", 4, facts=facts) == ("cbad", ("boost:1",))


def test_never_shown_and_nothing_else():
    facts = {"a": {"brand": "x"}, "c": {"brand": "x"}}
    assert row([rule("exclude", brands=["x"])], facts=facts) == ("bdef", ("exclude:1",))
    assert row([rule("require", brands=["x"])], facts=facts) == ("ac", ("require:1",))
    assert row([rule("exclude", brands=["y"])], facts=facts) == ("abcd", ())


def test_items_that_nothing_else_may_stand_beside_come_in_by_themselves():
    brought = {"x": item("x"), "y": item("y")}
    assert row([rule("require", item_keys=["x", "b", "y"])], brought=brought) == ("bxy", ("require:1",))


def test_every_condition_that_is_given_must_hold():
    facts = {
        "a": {"category": "k", "price": Decimal(5), "attributes": {"colour": "red"}},
        "b": {"category": "k", "price": Decimal(5), "attributes": {"colour": "green"}},
        "c": {"category": "k", "price": Decimal(50), "attributes": {"colour": "red"}},
        "d": {"category": "k", "price": None, "attributes": {"colour": "red"}},
    }
    wanted = rule("require", categories=["k"], price_to=Decimal(9), attributes={"colour": ["red", "blue"]})
    assert row([wanted], facts=facts)[0] == "a"
    assert row([rule("require", price_from=Decimal(6), price_to=Decimal(10))], facts=facts)[0] == "efgh"


def test_no_more_than_so_many_of_one_brand_the_pinned_counted():
    facts = {key: {"brand": "x" if key in "abcd" else key} for key in "abcdefgh"}
    cap = rule("cap", per="brand", most=2)
    assert row([cap], facts=facts) == ("abef", ("cap:1",))
    pin = rule("pin", 2, item_keys=["z"], slot=1)
    assert row([cap, pin], facts=facts, brought={"z": item("z", brand="x")}) == ("zaef", ("pin:2", "cap:1"))
    assert row([cap], "abef", 4, facts=facts) == ("abef", ())


def test_what_has_no_brand_is_not_counted():
    facts = {key: {"brand": ""} for key in "abcdefgh"}
    assert row([rule("cap", per="brand", most=1)], facts=facts) == ("abcd", ())


def test_a_row_of_one_category_is_not_counted_per_category():
    assert row([rule("cap", per="category", most=1)])[0] == "a"
    assert row([rule("cap", per="category", most=1)], row="category") == ("abcd", ())


@pytest.mark.parametrize(
    ("relation", "percent", "shown"),
    [
        ("cheaper", None, "ab"),
        ("cheaper", 20, "b"),
        ("within", 10, "bcd"),
        ("within", 50, "abcde"),
        ("dearer", None, "def"),
        ("dearer", 50, "de"),
    ],
)
def test_by_the_price_of_the_page(relation, percent, shown):
    facts = {key: {"price": Decimal(price)} for key, price in zip("abcdef", (50, 90, 100, 101, 150, 151), strict=True)}
    keep = rule("price", relation=relation, percent=percent)
    page = item("p", price=Decimal(100))
    assert row([keep], "abcdef", 6, facts=facts, page=page) == (shown, ("price:1",))
    assert row([keep], "abcdef", 6, facts=facts) == ("abcdef", ())  # a page about no product


def test_what_cannot_be_compared_is_not_shown_as_cheaper():
    facts = {"a": {"price": Decimal(1), "currency": "EUR"}, "b": {"price": None}, "c": {"price": Decimal(1)}}
    assert row([rule("price", relation="cheaper")], "abc", facts=facts, page=item("p"))[0] == "c"
    only_b = rule("price", relation="cheaper", item_keys=["b"])
    assert row([only_b], "abc", facts=facts, page=item("p"))[0] == "ac"


def test_the_next_pool_is_asked_only_for_what_is_left():
    asked = []

    def pools():
        for name, keys in (("first", "ab"), ("second", "abcd"), ("third", "ef")):
            asked.append(name)
            yield [pair(key) for key in keys]

    done = after([], pools(), 4)
    assert "".join(item.key for _candidate, item in done.chosen) == "abcd"
    assert asked == ["first", "second", "third"][: len(asked)]
    assert row([], "abcab")[0] == "abc"


def test_nothing_that_is_taken_comes_in_by_any_rule():
    rules = [
        rule("pin", item_keys=["x"], slot=1),
        rule("require", 2, item_keys=["x", "a", "b"]),
        rule("boost", 3, item_keys=["a"], strength=Decimal(9)),
    ]
    assert row(rules, brought={"x": item("x")}, taken={"x", "a"})[0] == "b"


def test_rules_act_where_when_and_for_whom_they_are_meant():
    rules = [
        rule("cap", 1, placements=["here"]),
        rule("cap", 2, placements=["there"]),
        rule("cap", 3, segments=["loyal", "new"]),
        rule("cap", 4, starts_at=NOON),
        rule("cap", 5, ends_at=NOON),
        rule("cap", 6, is_on=False),
    ]

    def found(as_of, segments=()):
        return [each.pk for each in applicable(rules, "here", frozenset(segments), as_of)]

    assert found(NOON) == [1, 4]
    assert found(NOON - timedelta(microseconds=1)) == [1, 5]
    assert found(NOON, ["new"]) == [1, 3, 4]


@pytest.fixture(scope="module")
def shop():
    """Items a to d: a and b of category k, a and c of brand x."""
    learnt = arrays(orders((3, "", "ab"), (2, "", "cd")))
    named = {
        "categories": np.array(["k"]),
        "item_category": np.array([0, 0, -1, -1], dtype=np.int32),
        "again": np.array([np.nan], dtype=np.float32),
        "rhythm": np.array([np.nan], dtype=np.float32),
        "brands": np.array(["x"]),
        "item_brand": np.array([0, -1, 0, -1], dtype=np.int32),
    }
    return evaluate.in_memory({**learnt, **named}, 0.0, ["popular"])


def test_what_is_certainly_left_out_is_not_even_chosen(shop):
    def left_out(*rules, model=shop):
        found = before(rules, model)
        return "".join(sorted(found.exclude)), found.rules

    assert left_out(rule("exclude", categories=["k"])) == ("ab", ("exclude:1",))
    assert left_out(rule("exclude", categories=["k"], brands=["x"])) == ("a", ("exclude:1",))
    assert left_out(rule("exclude", item_keys=["z"])) == ("z", ("exclude:1",))
    assert left_out(rule("exclude", categories=["k"], price_to=Decimal(9))) == ("", ())
    assert left_out(rule("require", brands=["x"])) == ("bd", ("require:1",))
    assert left_out(rule("require", item_keys=["a", "z"])) == ("bcd", ("require:1",))
    assert left_out(rule("require", price_to=Decimal(9))) == ("", ())
    assert left_out(rule("exclude", categories=["k"]), model=None) == ("", ())
    assert left_out(rule("boost", categories=["k"])) == ("", ())


def test_what_may_come_in_is_asked_for_with_the_rest(shop):
    rules = [
        rule("pin", item_keys=["y", "a"]),
        rule("require", 2, item_keys=["a", "z"]),
        rule("boost", item_keys=["q"]),
    ]
    assert before(rules, shop).bring == ("y", "a", "z")
