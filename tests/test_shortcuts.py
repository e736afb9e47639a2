from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from django_personalize.exceptions import PersonalizeError, ShopError
from django_personalize.models import Event
from django_personalize.placements.present import is_personal
from django_personalize.shortcuts import placement, track
from tests.people import request_of, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(memory_shop):
    return memory_shop.stock["3"]


def test_what_the_shop_tells_is_stored_when_it_returns_true(answers, mug):
    answers(analytics="granted")
    mia = visitor("analytics")
    assert track(request_of(mia), "add_to_wishlist", mug, quantity=2) is True
    event = Event.objects.get()
    assert (event.kind, event.item_key, event.quantity, event.visitor_id) == ("add_to_wishlist", "3", 2, mia.pk)


@pytest.mark.django_db(transaction=True)
def test_nothing_of_ours_holds_up_a_transaction_of_the_shops(answers, mug):
    answers(analytics="granted")
    here = request_of(visitor("analytics"))
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        assert track(here, "add_to_wishlist", mug) is False
    assert [each["sql"] for each in asked if "INSERT" in each["sql"] or "UPDATE" in each["sql"]] == []
    assert Event.objects.count() == 1
    with transaction.atomic():
        track(here, "add_to_wishlist", mug)
        transaction.set_rollback(True)
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_erase_before_its_commit_does_not_make_the_shops_transaction_fail(answers, mug):
    answers(analytics="granted")
    mia = visitor("analytics")
    with transaction.atomic():
        track(request_of(mia), "add_to_wishlist", mug)
        mia.delete()
    assert not Event.objects.exists()


@pytest.mark.parametrize("state", ["unknown", "denied"])
def test_without_a_yes_nothing_is_stored(answers, mug, state):
    answers(analytics=state, personalization=state)
    assert track(request_of(visitor("analytics")), "add_to_wishlist", mug) is False
    assert not Event.objects.exists()


def test_what_the_middleware_records_by_itself_is_not_recorded_twice(answers, mug, memory_shop):
    answers(analytics="granted")
    here = request_of(visitor("analytics"))
    assert track(here, "add_to_cart", mug) is True
    memory_shop.basket = []
    assert track(here, "add_to_cart", mug) is False
    assert track(here, "view_item", mug) is False
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        ("veiw_item", {}, "was given the kind 'veiw_item'; wanted one of add_to_cart"),
        ("purchase", {}, "was given the kind 'purchase'"),
        ("view_item_list", {}, "was given the kind 'view_item_list'"),
        ("add_to_wishlist", {}, "needs item="),
        ("begin_checkout", {"amount": 3}, r"was given \['amount'\]; known are currency"),
    ],
)
def test_what_can_never_be_right_is_told(memory_shop, kind, arguments, words):
    with pytest.raises(PersonalizeError, match=words):
        track(request_of(), kind, **arguments)


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (
            "dismiss",
            {"reason": "because"},
            "a reason that cannot be kept. A value is of the wrong type or out of range.",
        ),
        ("add_to_wishlist", {"quantity": "two"}, "a quantity that cannot be kept"),
        ("add_to_wishlist", {"currency": "EURO"}, "a currency that cannot be kept"),
        ("view_promotion", {"promotion_id": "x" * 65}, "A text is longer than what is kept of it."),
    ],
)
def test_a_value_that_cannot_be_kept_is_told_on_every_database(answers, mug, kind, fields, words):
    answers(analytics="granted")
    item = mug if kind in ("dismiss", "add_to_wishlist") else None
    with pytest.raises(PersonalizeError, match=words):
        track(request_of(visitor("analytics")), kind, item, **fields)


def test_what_is_told_is_kept_in_one_form(answers, mug):
    answers(analytics="granted")
    assert track(request_of(visitor("analytics")), "add_to_wishlist", mug, price="2.500", currency="gbp") is True
    assert list(Event.objects.values_list("price", "currency")) == [(Decimal("2.5"), "GBP")]


def test_an_item_that_is_none_is_told(memory_shop):
    with pytest.raises(ShopError):
        track(request_of(), "add_to_wishlist", object())


class BrokenSink:
    def write(self, batch):
        raise OSError("disk full")


def test_a_sink_that_fails_is_logged_and_false(answers, mug, settings, caplog):
    answers(analytics="granted")
    settings.PERSONALIZE = settings.PERSONALIZE | {"SINK": f"{__name__}.BrokenSink"}
    assert track(request_of(visitor("analytics")), "add_to_wishlist", mug) is False
    assert [(record.msg, record.reason) for record in caplog.records] == [("not_tracked", "sink_failed")]


def test_a_placement_is_what_its_tag_shows(answers, memory_shop):
    answers(personalization="granted")
    request = request_of(visitor("personalization"))
    found = placement(request, "you-may-also-like", item=memory_shop.stock["2"], n=1, title="More light")
    assert (found.title, [shown.item.key for shown in found], bool(found)) == ("More light", ["1"], True)
    assert found.as_json()["rows"][0]["slots"][0]["key"] == "1"
    assert is_personal(request)
    assert not placement(request, "no-such-place")
    assert [each.item.key for each in placement(request, "you-may-also-like", basket=["2"])] == ["3"]
