from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from django_personalize.core.arrays import DAY
from django_personalize.core.types import Purpose
from django_personalize.models import Event, Visitor
from django_personalize.testing.override import override_personalize
from django_personalize.training import dataset
from tests.training.small import NOW, orders

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


def rows(purchases):
    return [
        (purchases.item_keys[item], int(quantity), int(basket))
        for item, quantity, basket in zip(purchases.item, purchases.quantity, purchases.basket, strict=True)
    ]


def sold(order, item, *, days=10.0, quantity=1, visitor=None, kind="purchase", price="2.50"):
    at = AS_OF - timedelta(days=days)
    return Event.objects.create(
        kind=kind,
        occurred_at=at,
        received_at=at,
        visitor=visitor,
        item_key=item,
        quantity=quantity,
        price=Decimal(price),
        transaction_id=order,
    )


def visitor(user_key="", **granted):
    return Visitor.objects.create(user_key=user_key, granted=granted, created_at=AS_OF, answered_at=AS_OF)


def test_a_cut_nets_only_what_had_come_back_by_then():
    bought = orders((30, "", "aab"), back=[(20, 0, "a", 1), (5, 0, "a", 1), (5, 0, "b", 1)])
    assert rows(dataset.before(bought, NOW - 25 * DAY)) == [("a", 2, 0), ("b", 1, 0)]
    assert rows(dataset.before(bought, NOW - 10 * DAY)) == [("a", 1, 0), ("b", 1, 0)]
    assert rows(dataset.net(bought)) == []


def test_a_cut_does_not_know_what_was_bought_at_it_or_later():
    bought = orders((30, "", "a"), (20, "", "b"), (10, "", "c"))
    assert dataset.before(bought, NOW - 20 * DAY).item_keys == ("a",)


def test_one_order_and_item_is_one_row_with_the_mean_price_by_quantity():
    gathering = dataset.Gathering()
    gathering.bought("o", "x", 1, 4.0, NOW)
    gathering.bought("o", "x", 3, 2.0, NOW)
    gathering.bought("o", "y", 1, None, NOW)
    purchases = dataset.net(gathering.finish(NOW))
    assert rows(purchases) == [("x", 4, 0), ("y", 1, 0)]
    assert purchases.price[0] == 2.5
    assert np.isnan(purchases.price[1])


def test_baskets_are_numbered_by_time_and_equal_times_by_order_key():
    gathering = dataset.Gathering()
    for key, item, age in (("b", "x", 1), ("c", "y", 2), ("a", "z", 1)):
        gathering.bought(key, item, 1, 1.0, NOW - age)
    assert rows(dataset.net(gathering.finish(NOW))) == [("y", 1, 0), ("z", 1, 1), ("x", 1, 2)]


@pytest.mark.django_db
def test_only_a_yes_to_personalization_links_a_person_and_an_account_is_one_person():
    phone, laptop = visitor("7", personalization=True), visitor("7", personalization=True)
    counted = visitor("8", analytics=True)
    sold("o1", "1", visitor=phone)
    sold("o2", "2", visitor=laptop)
    sold("o3", "3", visitor=counted)
    sold("o4", "4")
    purchases = dataset.net(dataset.load(AS_OF))
    assert len(purchases.person_keys) == 1
    assert dict(zip(purchases.item_keys, purchases.person[np.argsort(purchases.item)].tolist(), strict=True)) == {
        "1": 0,
        "2": 0,
        "3": -1,
        "4": -1,
    }


@pytest.mark.django_db
def test_a_withdrawn_yes_unlinks_at_the_next_training():
    person = visitor("7", personalization=True)
    sold("o1", "1", visitor=person)
    assert dataset.load(AS_OF).person_keys
    Visitor.objects.granting(Purpose.PERSONALIZATION).update(granted={})
    assert dataset.load(AS_OF).person_keys == ()


@pytest.mark.django_db
def test_what_is_later_than_as_of_is_not_read():
    sold("o1", "1", quantity=2)
    sold("o1", "1", kind="refund", days=-1)
    sold("o2", "2", days=-1)
    assert rows(dataset.net(dataset.load(AS_OF))) == [("1", 2, 0)]


@pytest.mark.django_db
def test_refunds_are_netted_within_their_own_order_only():
    sold("o1", "1", quantity=2, days=20)
    sold("o2", "1", quantity=2)
    sold("o1", "1", kind="refund", quantity=2, days=3)
    assert rows(dataset.net(dataset.load(AS_OF))) == [("1", 2, 0)]


@pytest.mark.django_db
def test_the_rows_are_read_in_two_queries_and_who_is_staff_in_one(django_assert_num_queries):
    for number in range(5):
        sold(f"o{number}", str(uuid.uuid4()), visitor=visitor(personalization=True))
    with django_assert_num_queries(3):
        dataset.load(AS_OF)


@pytest.mark.django_db
def test_what_is_linked_to_staff_is_not_learnt_from(django_user_model):
    shopper = django_user_model.objects.create_user("ann")
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    for account, item in ((shopper, "wanted"), (clerk, "tried")):
        bought = visitor(str(account.pk), personalization=True)
        sold(f"order {item}", item, quantity=2, visitor=bought)
        sold(f"order {item}", item, kind="refund", days=5, visitor=bought)
    sold("o3", "unlinked")
    found = dataset.load(AS_OF)
    assert found.item_keys == ("unlinked", "wanted")
    assert found.person_keys == (f"user:{shopper.pk}",)
    assert found.back_quantity.tolist() == [1]


@pytest.mark.django_db
def test_where_accounts_live_elsewhere_the_keys_of_staff_here_are_nobodys(django_user_model):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    sold("o1", "1", visitor=visitor(str(clerk.pk), personalization=True))
    assert dataset.load(AS_OF).item_keys == ()
    with override_personalize(SHOP="django_personalize.integrations.http.FeedShop"):
        assert dataset.load(AS_OF).item_keys == ("1",)


def test_unlinking_changes_who_bought_and_nothing_else():
    bought = orders((3, "ann", "ab"), (2, "", "bc"), (1, "bob", "a"))
    assert dataset.net(bought).person.tolist() == [0, 0, -1, -1, 1]
    assert dataset.net(dataset.unlink(bought)).person.tolist() == [-1] * 5
    assert rows(dataset.net(bought)) == rows(dataset.net(dataset.unlink(bought)))


def test_equal_rows_have_equal_fingerprints_and_any_other_row_another():
    first = orders((3, "ann", "ab"), (2, "", "bc"))
    assert dataset.fingerprint(first) == dataset.fingerprint(orders((3, "ann", "ab"), (2, "", "bc")))
    others = [
        orders((3, "ann", "ab"), (2, "", "bd")),
        orders((3, "", "ab"), (2, "", "bc")),
        orders((3, "ann", "ab"), (2, "", "bc"), back=[(1, 0, "a", 1)]),
    ]
    assert len({dataset.fingerprint(each) for each in (first, *others)}) == 4


@pytest.mark.django_db
def test_what_somebody_removed_from_an_order_of_theirs_is_not_learnt_under_their_row():
    me = visitor("7", personalization=True)
    for item, whose in (("kept", me), ("removed", None), ("other", me)):
        sold("A", item, visitor=whose)
    sold("A", "removed", kind="refund", days=5)
    sold("B", "one")
    sold("B", "two")
    found = dataset.load(AS_OF)
    assert len(found.order_keys) == 3
    theirs = {
        found.item_keys[item] for order, item in zip(found.order, found.item, strict=True) if found.buyer[order] >= 0
    }
    assert theirs == {"kept", "other"}
    left = dataset.net(found)
    assert sorted(left.item_keys[item] for item in left.item) == ["kept", "one", "other", "two"]


def test_what_was_known_by_a_moment_is_what_would_have_been_read_then():
    early = [(40, "ann", "ab"), (20, "bob", "bc")]
    back = [(30, 0, "a", 1)]
    whole = orders(*early, (5, "ann", "c"), back=[*back, (4, 1, "c", 1), (3, 2, "c", 1)])
    cut = NOW - 10 * DAY
    found = dataset.net(dataset.until(whole, cut))
    then = dataset.net(orders(*early, back=back))
    for name in ("basket", "person", "item", "quantity", "price", "time"):
        assert getattr(found, name).tolist() == getattr(then, name).tolist()
    assert (found.item_keys, found.person_keys, found.as_of) == (then.item_keys, then.person_keys, cut)
