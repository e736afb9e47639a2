from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from django_personalize.artifacts.read import load
from django_personalize.conf import settings as personalize
from django_personalize.models import Event, Visitor
from django_personalize.training import catalogue, dataset, run
from django_personalize.training.damping import damped, within
from django_personalize.training.learn import learn
from django_personalize.training.refresh import refresh
from tests.training.small import DAY, NOW, orders, two_tastes
from tests.training.test_run import AS_OF, YES, fill, shop  # noqa: F401  a fixture

USUAL = [(30.0 - day, f"person-{day % 9}", "abc" if day % 2 else "cde") for day in range(30)]


def lines(source):
    purchases = damped(dataset.net(source))
    return [
        (round((NOW - at) / DAY, 3), purchases.item_keys[item])
        for at, item in zip(purchases.time.tolist(), purchases.item.tolist(), strict=True)
    ]


def best(source):
    """The three best sellers by recent popularity."""
    learnt = learn(damped(dataset.net(source)), catalogue.nothing(), together=False)
    return [learnt["item_keys"][place] for place in np.argsort(-learnt["popularity"][:, 1], kind="stable")[:3]]


def plainly(source):
    learnt = learn(dataset.net(source), catalogue.nothing(), together=False)
    return [learnt["item_keys"][place] for place in np.argsort(-learnt["popularity"][:, 1], kind="stable")[:3]]


def test_ordinary_orders_stay_the_very_same():
    purchases = dataset.net(two_tastes())
    assert damped(purchases) is purchases
    nobody = dataset.net(orders())
    assert damped(nobody) is nobody


def test_one_buyer_who_orders_an_item_five_hundred_times_does_not_make_it_a_best_seller():
    flood = [(3.0 + number / 500, "mallory", "z") for number in range(500)]
    assert plainly(orders(*USUAL, *flood))[0] == "z"
    assert best(orders(*USUAL)) == best(orders(*USUAL, *flood)) == ["c", "a", "b"]


def test_one_hour_of_three_hundred_new_accounts_does_not_either():
    flood = [(3.0 + number / 8_000, f"new-{number}", "z") for number in range(300)]
    alone = [(3.0 + number / 8_000, "", "z") for number in range(300)]
    for attack in (flood, alone):
        assert plainly(orders(*USUAL, *attack))[0] == "z"
        assert best(orders(*USUAL, *attack)) == ["c", "a", "b"]


def test_what_is_kept_of_a_flood_is_evenly_spread_and_ends_with_its_newest():
    daily = [(6.5 - hour / 4, "mallory", "z") for hour in range(20)]
    assert [at for at, item in lines(orders(*USUAL, *daily)) if item == "z"] == [5.75, 4.75, 3.75, 2.75, 1.75]


def test_each_week_of_a_buyer_is_counted_by_itself_and_so_is_each_item():
    often = [(7.0 * week + 3 + part / 10, "ann", "yz") for week in range(3) for part in range(5)]
    purchases = dataset.net(orders(*USUAL, *often))
    assert damped(purchases) is purchases
    purchases = dataset.net(orders(*USUAL, *often, (3.0, "ann", "z")))
    assert len(damped(purchases)) == len(purchases) - 1


def test_what_others_do_says_what_is_usual_and_the_largest_has_no_say():
    group, item = np.repeat([0, 1, 2], [4, 7, 30]), np.zeros(41, dtype=np.int64)
    kept = within(group, item)
    assert [int(kept[group == one].sum()) for one in range(3)] == [4, 7, 8]
    assert int(within(np.zeros(30, dtype=np.int64), np.zeros(30, dtype=np.int64)).sum()) == 5


def test_of_a_thousand_others_the_largest_has_a_say_no_more_than_its_share():
    group = np.concatenate([np.repeat(np.arange(1_000), 2), np.repeat(1_000, 9), np.repeat(1_001, 40)])
    kept = within(group, np.zeros(len(group), dtype=np.int64))
    assert int(kept[group == 1_000].sum()) == int(kept[group == 1_001].sum()) == 5


def test_the_other_lines_of_a_thinned_order_stay_and_an_item_never_vanishes():
    flood = [(3.01 + number / 500, "mallory", "z" + "abcde"[number % 5]) for number in range(40)]
    left = damped(dataset.net(orders(*USUAL, *flood)))
    assert left.item_keys == ("a", "b", "c", "d", "e", "z")
    assert np.bincount(left.item, minlength=6)[5] == 5
    assert int(left.basket.max()) + 1 == len(np.unique(left.time))


def test_a_pair_that_one_buyer_repeats_says_no_more_of_other_buyers_than_a_few_orders_would():
    genuine = [(day / 2, f"person-{day % 20}", "ab" if day % 2 else "cd") for day in range(40)]
    flood = [(3.0 + number / 500, "mallory", "az") for number in range(500)]

    def beside(source):
        learnt = learn(source, catalogue.nothing())
        keys = learnt["item_keys"].tolist()
        near = learnt["near_index"][keys.index("a")]
        return [keys[place] for place in near if place >= 0]

    source = dataset.net(orders(*genuine, *flood))
    assert beside(source)[0] == "z"
    assert beside(damped(source))[0] == "b"


@pytest.mark.django_db
def test_neither_a_training_nor_a_refresh_is_moved_by_one_buyer(shop):  # noqa: F811
    fill(two_tastes())
    run.train(as_of=AS_OF)
    mallory = Visitor.objects.create(granted=YES, created_at=AS_OF, answered_at=AS_OF)
    at = [AS_OF - timedelta(days=6) + timedelta(minutes=number) for number in range(500)]
    Event.objects.bulk_create(
        Event(
            kind="purchase",
            occurred_at=when,
            received_at=when,
            visitor=mallory,
            item_key="forged",
            quantity=1,
            price=Decimal("0.01"),
            transaction_id=f"forged-{number}",
        )
        for number, when in enumerate(at)
    )
    for version in (refresh(as_of=AS_OF + timedelta(hours=1)), run.train(as_of=AS_OF + timedelta(hours=2))):
        found = load(personalize.ARTIFACTS / version.directory, version.manifest_sha256)
        assert found.sold[found.index["forged"], 0] == 5
        assert "One buyer makes" in version.verdict  # the gate sees what came in
