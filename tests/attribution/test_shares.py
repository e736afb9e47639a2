import random
from decimal import Decimal

import pytest

from django_personalize.attribution.shares import UNITS, as_money, as_share, divide, in_units
from django_personalize.exceptions import PersonalizeError


@pytest.mark.parametrize(
    ("whole", "weights", "parts"),
    [
        (UNITS, [1], [1_000_000]),
        (UNITS, [1, 1, 1], [333_333, 333_333, 333_334]),
        (UNITS, [0, 0, 1], [0, 0, 1_000_000]),
        (100, [1, 2, 4], [14, 29, 57]),
        (2, [1, 1, 1], [0, 1, 1]),
        (0, [1, 3], [0, 0]),
        (-5, [1, 1], [-2, -3]),
        (7, [0.1, 0.2], [2, 5]),
        (10, [5e-324, 1e308], [0, 10]),
    ],
)
def test_a_whole_is_divided_in_proportion(whole, weights, parts):
    assert divide(whole, weights) == parts


def test_parts_always_add_up_and_lie_within_one_of_their_share():
    chance = random.Random(7)
    for _ in range(2_000):
        weights = [
            chance.choice([0.0, chance.random(), 10 ** chance.uniform(-12, 12)]) for _ in range(chance.randint(1, 9))
        ]
        weights.append(1.0)
        whole = chance.randint(-(10**6), 10**6)
        parts = divide(whole, weights)
        assert sum(parts) == whole
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - whole * weight / sum(weights)) < 1 + 1e-6
            assert weight or not part


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [-1.0, 2.0], [float("nan")], [float("inf"), 1.0]])
def test_what_is_no_weight_is_refused_by_name(weights):
    with pytest.raises(PersonalizeError, match="ATTRIBUTION gave the weights"):
        divide(1, weights)


def test_money_keeps_its_four_decimals():
    assert in_units(Decimal("12.3456")) == 123_456
    assert as_money(123_456) == Decimal("12.3456")
    assert as_share(333_334) == Decimal("0.333334")
