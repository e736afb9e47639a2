from datetime import timedelta

import pytest

from django_personalize.capture.orders import reconcile
from django_personalize.conf import settings as ours
from django_personalize.core import clock
from django_personalize.events.history import history_of
from django_personalize.models import Credit, Decision, Event, Impression, Membership
from django_personalize.privacy.person import of_account, of_visitor
from django_personalize.privacy.remove import remove_item
from tests.conftest import line
from tests.people import visitor
from tests.privacy.canaries import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(memory_shop):
    memory_shop.orders = [line("1", "A", "1", user_key="7"), line("2", "A", "2", user_key="7")]
    me = visitor("personalization", user_key="7")
    reconcile()
    ours.sink.write([told(me.pk, item_key="1"), told(me.pk, item_key="3")])
    return me


def decision(me, **slot):
    values = {"slot": 1, "item_key": "9", "anchor": "", "reason": "popular"}
    made = Decision.objects.create(
        visitor=me, placement="x", decided_at=clock.now(), pipeline="x", rung="popular", slots=[values | slot]
    )
    Impression.objects.create(decision=made, slot=1, item_key=(values | slot)["item_key"], seen_at=clock.now())
    return made


def test_what_was_done_with_it_goes_and_the_purchase_is_nobodys(me):
    remove_item(of_account("7"), "1")
    assert set(Event.objects.values_list("kind", "item_key", "visitor")) == {
        ("purchase", "1", None),
        ("purchase", "2", me.pk),
        ("view_item", "3", me.pk),
    }
    assert set(history_of(me).item_keys) == {"2", "3"}


def test_no_sync_links_it_again(me):
    remove_item(of_account("7"), "1")
    reconcile()
    reconcile(user_key="7")
    assert dict(Event.objects.filter(kind="purchase").values_list("item_key", "visitor")) == {"1": None, "2": me.pk}


def test_a_late_view_of_it_is_not_stored(me, frozen):
    late = told(me.pk, item_key="1", occurred_at=clock.now() - timedelta(minutes=1))
    remove_item(of_account("7"), "1")
    assert ours.sink.write([late]) == 0


def test_what_is_done_with_it_later_is_new(me, frozen):
    remove_item(of_account("7"), "1")
    frozen(timedelta(days=300))
    assert ours.sink.write([told(me.pk, item_key="1")]) == 1


def test_what_was_shown_because_of_it_goes_too(me):
    because, shown, other = decision(me, anchor="1"), decision(me, item_key="1"), decision(me)
    remove_item(of_account("7"), "1")
    assert list(Decision.objects.values_list("pk", flat=True)) == [other.pk]
    assert Impression.objects.count() == 1
    assert {because.pk, shown.pk}.isdisjoint(Decision.objects.values_list("pk", flat=True))


def test_nobody_elses_dealings_with_it_are_touched(me, memory_shop):
    other = visitor("personalization", user_key="8")
    memory_shop.orders = [*memory_shop.orders, line("3", "B", "1", user_key="8")]
    reconcile()
    remove_item(of_account("7"), "1")
    reconcile()
    assert list(Event.objects.filter(visitor=other).values_list("item_key", flat=True)) == ["1"]


def test_a_guest_removes_what_only_their_browser_knows(memory_shop):
    guest = visitor("personalization")
    ours.sink.write([told(guest.pk, item_key="1"), told(guest.pk, item_key="2")])
    remove_item(of_visitor(guest.pk), "1")
    assert list(Event.objects.values_list("item_key", flat=True)) == ["2"]


def test_segments_that_may_rest_on_it_end(me):
    Membership.objects.create(visitor=me, segment="loyal", since=clock.now(), as_of=clock.now())
    remove_item(of_account("7"), "1")
    assert not Membership.objects.exists()


def test_the_credits_of_its_purchases_go_and_others_stay(me):
    other = decision(me, item_key="9")
    for item in ("1", "2"):
        Credit.objects.create(
            purchase=Event.objects.get(kind="purchase", item_key=item), decision=other, slot=1, placement="x", share=1,
            clicked_at=clock.now(), bought_at=clock.now(), credited_at=clock.now(),
        )  # fmt: skip
    remove_item(of_account("7"), "1")
    assert [credit.purchase.item_key for credit in Credit.objects.all()] == ["2"]
