from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from django_personalize.core import clock
from django_personalize.models import Promotion, Rule
from django_personalize.placements.lint import Facts, facts_now, of_promotion, of_rules
from tests.conftest import NOON
from tests.people import visitor

pytestmark = pytest.mark.usefixtures("memory_shop")
FACTS = Facts(
    items={"1": ("Light", "Acme"), "2": ("Light", ""), "3": ("Kitchen", "Acme"), "4": ("Kitchen", "")},
    people={"loyal": 3},
    placements={"home": 8, "side": 4},
)


def rule(kind, number=1, **values):
    return Rule(pk=number, name=f"rule {number}", kind=kind, **values)


def found(*rules, as_of=NOON):
    """What is found, as `trouble id: first words`."""
    told = of_rules(rules, FACTS, as_of)
    return [f"{each.trouble} {number}: {each.text}" for number in sorted(told) for each in told[number]]


def test_rules_that_get_along_are_not_spoken_of():
    assert found(
        rule("pin", 1, item_keys=["1"], slot=1),
        rule("pin", 2, item_keys=["2"], slot=2),
        rule("boost", 3, categories=["Light"], strength=2),
        rule("bury", 4, categories=["Kitchen"], strength=2),
        rule("cap", 5, per="brand", most=2),
        rule("exclude", 6, brands=["Acme"], placements=["side"]),
        rule(
            "pin", 7, item_keys=["1"], slot=1, starts_at=NOON + timedelta(days=9), placements=["nowhere"], is_on=False
        ),
    ) == [
        "conflict 1: It pins what “rule 6” never shows: 1. What is never shown stays away. Change one of them.",
    ]


def test_two_pins_to_one_slot_both_say_who_goes_first():
    one, two = rule("pin", 1, item_keys=["1"], slot=2), rule("pin", 2, item_keys=["2"], slot=2, priority=5)
    assert found(one, two) == [
        "conflict 1: Slot 2 is taken: “rule 2” goes first, and this stands there only where none of its items can be "
        "sold. Choose another slot or another time.",
        "conflict 2: Slot 2 is wanted by “rule 1” too; this one goes first. Choose another slot or time there.",
    ]
    assert found(one, rule("pin", 2, item_keys=["2"], slot=3)) == []
    one.placements, two.placements = ["home"], ["side"]
    assert found(one, two) == []
    one.placements, one.ends_at, two.starts_at = [], NOON + timedelta(days=1), NOON + timedelta(days=1)
    assert found(one, two) == []


def test_a_pin_that_others_keep_away():
    pin = rule("pin", 1, item_keys=["1", "4"], slot=1)
    assert found(pin, rule("exclude", 2, categories=["Light"]))[0] == (
        "conflict 1: It pins what “rule 2” never shows: 1. What is never shown stays away. Change one of them."
    )
    assert found(rule("pin", 1, item_keys=["2"], slot=1), rule("require", 2, brands=["Acme"])) == [
        "conflict 1: It pins what “rule 2” does not let in. Change one of them."
    ]


@pytest.mark.parametrize("other", [{"kind": "exclude", "brands": ["Acme"]}, {"kind": "require", "item_keys": ["2"]}])
def test_nothing_is_left_to_show(other):
    told = found(rule("require", 1, brands=["Acme"]), rule(number=2, **other))
    assert told[0] == (
        "conflict 1: Nothing is left to show: “rule 2” takes out all that this lets in. Change one of them."
    )
    assert found(rule("require", 1, categories=["Light"]), rule("exclude", 2, item_keys=["1"])) == []


def test_a_boost_and_a_burying_of_the_same():
    told = found(rule("boost", 1, brands=["Acme"], strength=2), rule("bury", 2, item_keys=["1", "3"], strength=2))
    assert told == [
        "conflict 1: “rule 2” pulls the same items the other way. Keep one of the two.",
        "conflict 2: “rule 1” pulls the same items the other way. Keep one of the two.",
    ]


def test_what_another_rule_always_does_first_is_never_reached():
    assert found(rule("exclude", 1, item_keys=["1"]), rule("exclude", 2, categories=["Light"])) == [
        "shadowed 1: “rule 2” leaves out all of it already. Delete this one."
    ]
    assert (
        found(rule("exclude", 1, item_keys=["1"]), rule("exclude", 2, categories=["Light"], placements=["side"])) == []
    )
    assert found(rule("exclude", 1, item_keys=["1"]), rule("exclude", 2, item_keys=["1"])) == [
        "shadowed 2: “rule 1” leaves out all of it already. Delete this one."
    ]
    assert found(rule("boost", 1, item_keys=["1"], strength=2), rule("exclude", 2, categories=["Light"])) == [
        "shadowed 1: “rule 2” never shows any of its items, so moving them does nothing. Delete one of the two."
    ]
    assert found(rule("cap", 1, per="brand", most=3), rule("cap", 2, per="brand", most=2)) == [
        "shadowed 1: “rule 2” allows 2 already, so this is never reached. Delete it, or make it stricter."
    ]
    assert found(rule("cap", 1, per="brand", most=3, segments=["loyal"]), rule("cap", 2, per="brand", most=4)) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"item_keys": ["9"]}, "The shop has no item 9 any more. Take it out."),
        ({"brands": ["Acne"]}, "No item matches, so it does nothing. Correct its conditions, or delete it."),
        ({"item_keys": ["1"], "segments": ["loyl"]},
         "There is no segment loyl. Choose one of: new, loyal, at-risk, lapsed, big-spenders, bargain-hunters, "
         "sale-only, window-shoppers, basket-abandoners."),
        ({"item_keys": ["1"], "segments": ["lapsed"]},
         "Nobody is in lapsed now, so nobody meets this. Wait for tonight's segments, or choose others."),
        ({"item_keys": ["1"], "placements": ["hom"]}, "There is no placement hom. Choose one of: home, side."),
        ({"item_keys": ["1"], "slot": 9}, "Slot 9 is beyond the 8 places of its placements. Choose a lower one."),
        ({"item_keys": ["1"], "slot": 5, "placements": ["side"]},
         "Slot 5 is beyond the 4 places of its placements. Choose a lower one."),
        ({"item_keys": ["1"], "ends_at": NOON}, "It ended on 2026-03-01. Delete it, or give it a later end."),
    ],
)  # fmt: skip
def test_what_does_nothing_says_what_to_do(values, said):
    assert found(rule("pin", **({"slot": 1} | values))) == [f"dead 1: {said}"]
    assert found(rule("pin", is_on=False, **({"slot": 1} | values))) == []


def test_a_price_that_nothing_has_and_a_cost_that_nobody_maps(memory_shop):
    assert found(rule("exclude", categories=["Light"], price_from=Decimal(3))) == [
        "dead 1: No item matches, so it does nothing. Correct its conditions, or delete it."
    ]
    assert found(rule("exclude", categories=["Light"], price_from=Decimal(2))) == []
    boost = rule("boost", categories=["Light"], by="margin", strength=2)
    assert found(boost) == [
        "dead 1: None of its items says its cost, so it does nothing. Map it in PERSONALIZE, or delete the rule."
    ]
    memory_shop.stock["1"] = replace(memory_shop.stock["1"], cost=Decimal(1))
    assert found(boost) == []


def test_of_promotions():
    def told(**values):
        return [each.text for each in of_promotion(Promotion(pk=1, name="p", **values), FACTS, NOON)]

    assert told() == told(categories=["Light", "Lihgt"]) == told(is_on=False, segments=["loyl"]) == []
    assert told(brands=["Acne"]) == [
        "No item is of Acne, so nobody is drawn to it: nobody sees this. Correct the names."
    ]
    assert told(ends_at=NOON) == ["It ended on 2026-03-01. Delete it, or give it a later end."]
    assert told(segments=["lapsed"])[0].startswith("Nobody is in lapsed now")


@pytest.mark.django_db
def test_what_rules_are_held_against_is_read_from_the_shop_and_the_segments(memory_shop):
    for who in (visitor("personalization"), visitor("personalization")):
        who.memberships.create(segment="loyal", since=NOON, as_of=clock.now())
    facts = facts_now({"home": 8})
    assert facts.items == {"1": ("Light", ""), "2": ("Light", ""), "3": ("Kitchen", ""), "4": ("Kitchen", "")}
    assert (facts.people, facts.placements) == ({"loyal": 2}, {"home": 8})
