from __future__ import annotations

import numpy as np
import pytest

from django_personalize.artifacts.model import LEVEL, Tilt
from django_personalize.recommend.tilt import lean

SELLING = np.array([6.0, 3.0, 1.0, 0.0])
CATEGORY = np.array([0, 0, 1, 1])
NOBODY = np.empty(0, dtype=np.int64), np.empty(0)


def told(item, near, tilt):
    return lean(SELLING, CATEGORY, 2, np.array(item), np.array(near), tilt)


def test_for_nobody_or_without_a_tilt_what_sells_is_what_is_wanted():
    plain = SELLING / 10
    assert lean(SELLING, CATEGORY, 2, *NOBODY, Tilt(own=0.5, category=0.5)) == pytest.approx(plain)
    assert told([2], [1.0], LEVEL) == pytest.approx(plain)
    assert lean(np.zeros(4), CATEGORY, 2, *NOBODY, LEVEL) == pytest.approx(np.zeros(4))


def test_the_share_of_wishes_goes_to_what_was_touched_by_its_weight():
    assert told([2, 3], [3.0, 1.0], Tilt(own=0.2)) == pytest.approx([0.48, 0.24, 0.08 + 0.15, 0.05])


def test_a_category_rises_by_the_posterior_share_that_a_person_has_of_it():
    found = told([2, 3], [1.0, 1.0], Tilt(category=0.5))
    # Strength (1 - 0.5) / 0.5 = 1 line beside the two of the person: (2 + 0.1) / 3 of category 1, which sells 0.1.
    lift = np.array([0.9 / 3 / 0.9, 2.1 / 3 / 0.1])[CATEGORY]
    wanted = SELLING / 10 * lift
    assert found == pytest.approx(wanted / wanted.sum(), rel=2e-3)
    assert found.sum() == pytest.approx(1.0)


def test_what_was_given_is_left_as_it_was():
    before = SELLING.copy()
    told([0], [1.0], Tilt(own=0.5, category=0.3))
    assert (before == SELLING).all()
