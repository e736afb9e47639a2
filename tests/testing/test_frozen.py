"""A clock and a model that stand, and leave nothing behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.db import DatabaseError, connection, transaction

from django_personalize.artifacts import store
from django_personalize.artifacts.model import ARRAYS
from django_personalize.capture.orders import reconcile
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.models import ModelVersion
from django_personalize.testing import frozen
from django_personalize.testing.frozen import MOMENT
from tests.shops import bought, order, product

BASKETS = [["1", "2"], ["3", "4"], ["5"]] * 8


def test_the_clock_stands_and_moves_and_goes_on():
    with frozen.frozen_clock() as time:
        assert clock.now() == clock.now() == MOMENT
        time.move(timedelta(days=1))
        assert clock.now() == MOMENT + timedelta(days=1)
    assert clock.now() > datetime(2026, 6, 1, tzinfo=UTC)


def test_a_moment_has_a_zone():
    with pytest.raises(ValueError, match="needs a time zone"), frozen.frozen_clock(datetime(2026, 3, 1)):
        pass


@pytest.mark.django_db
def test_equal_baskets_give_equal_arrays_and_other_baskets_others(memory_shop, frozen_clock):
    def learnt(baskets):
        with frozen.frozen_model(baskets) as version:
            model = store.live()
            assert (model.number, model.rung, model.as_of) == (version.pk, "neighbours", MOMENT.timestamp())
            return {name: np.array(getattr(model, name)) for name in ARRAYS}

    one, same, other = learnt(BASKETS), learnt(BASKETS), learnt([["1", "3"]] * 8)
    assert all(np.array_equal(one[name], same[name], equal_nan=one[name].dtype.kind == "f") for name in ARRAYS)
    assert not np.array_equal(one["together_index"], other["together_index"])


@pytest.mark.django_db
def test_what_was_live_is_live_again_and_no_file_is_left(memory_shop):
    with frozen.frozen_model(BASKETS) as first:
        assert store.live().number == first.pk
        with frozen.frozen_model([["1", "3"]] * 8) as second:
            directory = Path(settings.ARTIFACTS)
            assert (store.live().number, directory.exists()) == (second.pk, True)
        assert not directory.exists()
        assert store.live().number == first.pk
        assert list(ModelVersion.objects.all()) == [first]
    assert store.live() is None
    assert not ModelVersion.objects.exists()


@pytest.mark.django_db
def test_a_test_whose_transaction_is_given_up_fails_for_its_own_reason(memory_shop):
    with (
        pytest.raises(DatabaseError, match="no_such_table"),
        transaction.atomic(),
        frozen.frozen_model(BASKETS),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM no_such_table")
    assert store.live() is None


@pytest.mark.django_db
def test_without_baskets_it_learns_from_the_shops_orders(frozen_model, as_shopper, assert_placement):
    kite, string, top, ball = (product(name) for name in ("Kite", "String", "Top", "Ball"))
    placed = clock.now() - timedelta(days=1)
    for number in range(24):
        basket = order(str(number), placed_at=placed)
        for thing in ((kite, string), (top, ball))[number % 2]:
            bought(basket, thing)
    reconcile()
    frozen_model()
    page = as_shopper().get(kite.get_absolute_url())
    assert_placement(page, "frequently-bought-together").shows_first(string).never_shows(top)
