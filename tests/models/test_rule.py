from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from django_personalize.models import Rule
from tests.conftest import NOON


def problems(**values):
    rule = Rule(**({"name": "r", "is_on": True} | values))
    try:
        rule.full_clean()
    except ValidationError as error:
        return {name: " ".join(told) for name, told in error.message_dict.items()}
    return {}


RIGHT = [
    {"kind": "pin", "slot": 2, "item_keys": ["1", "2"]},
    {"kind": "boost", "strength": Decimal(2), "categories": ["Light"]},
    {"kind": "bury", "strength": Decimal("1.1"), "brands": ["Acme"]},
    {"kind": "exclude", "price_to": Decimal(1)},
    {"kind": "require", "attributes": {"colour": ["red"]}},
    {"kind": "cap", "most": 2, "per": "brand"},
    {"kind": "price", "relation": "cheaper"},
    {"kind": "price", "relation": "within", "percent": 20},
]


@pytest.mark.parametrize("values", RIGHT, ids=lambda values: values["kind"])
def test_each_kind_is_right_with_what_it_needs(memory_shop, values):
    assert problems(**values) == {}


WRONG = [
    ({"kind": "pin", "item_keys": ["1"]}, "slot", "“pin to a slot” wants a value here."),
    ({"kind": "pin", "slot": 0, "item_keys": ["1"]}, "slot", "0; wanted 1 or more."),
    ({"kind": "pin", "slot": 1}, "item_keys", "“pin to a slot” wants a value here."),
    ({"kind": "pin", "slot": 1, "item_keys": ["9"]}, "item_keys", "The shop has no item with the key 9."),
    ({"kind": "boost", "strength": Decimal(11), "brands": ["a"]}, "strength", "11; wanted 1.1 to 10."),
    ({"kind": "boost", "strength": Decimal(1), "brands": ["a"]}, "strength", "1; wanted 1.1 to 10."),
    ({"kind": "cap", "most": 1, "per": "brand", "strength": Decimal(2)}, "strength",
     "“at most so many of one brand or category” has no use for 2 here; leave it empty."),
    ({"kind": "price", "relation": "within"}, "percent", "“by the price of the page's product” wants a value here."),
    ({"kind": "exclude", "price_from": Decimal(9), "price_to": Decimal(3)}, "price_to",
     "3 is below “from”, which is 9."),
    ({"kind": "exclude", "attributes": ["red"]}, "attributes",
     "Wanted values by name, such as “colour: red, blue”; found ['red']."),
    ({"kind": "exclude", "brands": "Acme"}, "brands", "Wanted a list of words; found 'Acme'."),
    ({"kind": "exclude", "item_keys": ["1"] * 501}, "item_keys",
     "501 items; wanted at most 500. Name their category or brand."),
    ({"kind": "cap", "most": 1, "per": "brand", "priority": 101}, "priority", "101 is too high; wanted 0 to 100."),
    ({"kind": "cap", "most": 1, "per": "brand", "starts_at": NOON, "ends_at": NOON}, "ends_at",
     "It ends before it begins; wanted a moment after 2026-03-01 12:00."),
    ({"kind": "spin"}, "kind", "Value 'spin' is not a valid choice."),
]  # fmt: skip


@pytest.mark.parametrize(("values", "field", "said"), WRONG)
def test_what_is_wrong_is_said_with_what_was_found_and_what_is_wanted(memory_shop, values, field, said):
    assert problems(**values)[field] == said


@pytest.mark.parametrize("kind", ["boost", "bury", "exclude", "require"])
def test_what_matches_everything_would_do_nothing_or_leave_nothing(memory_shop, kind):
    strength = {"strength": Decimal(2)} if kind in ("boost", "bury") else {}
    assert list(problems(kind=kind, **strength)) == ["item_keys"]


def test_a_variant_is_named_by_its_item(memory_shop):
    memory_shop.variants = {"1-red": "1"}
    said = problems(kind="pin", slot=1, item_keys=["1-red"])
    assert said == {"item_keys": "A variant is shown as its item; name that instead: 1-red → 1."}


@pytest.mark.parametrize(("by", "name"), [("margin", "cost"), ("stock", "stock")])
def test_a_boost_by_what_the_shop_does_not_say_is_refused(memory_shop, by, name):
    boost = {"kind": "boost", "by": by, "strength": Decimal(3)}
    assert problems(**boost) == {"by": f"No item says its {name}; map “{name}” in PRODUCT of PERSONALIZE first."}
    memory_shop.stock["3"] = replace(memory_shop.stock["3"], **{name: 1})
    assert problems(**boost) == {}


def test_a_state_is_told_by_the_clock():
    rule = Rule(starts_at=NOON, ends_at=NOON + timedelta(days=1))
    assert [rule.state(NOON + timedelta(hours=hours)) for hours in (-1, 0, 23, 24)] == [
        "planned",
        "live",
        "live",
        "ended",
    ]
    assert Rule(is_on=False).state(NOON) == "draft"
