from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import transaction

from django_personalize.api.orders import take
from django_personalize.capture import budget, carts
from django_personalize.capture.orders import reconcile, reconcile_orders
from django_personalize.conf import settings as ours
from django_personalize.core import clock
from django_personalize.core.types import DecisionDraft, ImpressionDraft, Reason, Slot
from django_personalize.events import intake
from django_personalize.models import ConsentRecord, Event, FeedLine, Forgotten, OrderLink, Quarantined, Visitor
from django_personalize.privacy.erase import drain, erase
from django_personalize.privacy.person import of_account, of_visitor
from tests.conftest import line
from tests.people import visitor
from tests.privacy.canaries import ACCOUNT, dump, marks_in, person, told

pytestmark = pytest.mark.django_db


def test_nothing_is_left_in_any_table(memory_shop):
    me = person()
    erase(of_account(ACCOUNT))
    left = dump()
    assert marks_in(left) == set()
    assert me.pk.hex not in left
    assert me.browser.hex not in left


def test_what_ended_is_told_by_name(memory_shop):
    person()
    assert erase(of_account(ACCOUNT)) == {
        "credits": 1,
        "impressions": 1,
        "decisions": 1,
        "events": 2,
        "carts": 1,
        "segments": 1,
        "order_links": 1,
        "order_lines": 1,
        "set_aside": 2,
        "answers": 1,
        "visitors": 1,
    }


def test_only_keyed_hashes_stay(memory_shop):
    person()
    erase(of_account(ACCOUNT))
    assert sorted(Forgotten.objects.values_list("kind", flat=True)) == ["order", "user", "visitor"]


def test_it_can_be_repeated(memory_shop):
    person()
    erase(of_account(ACCOUNT))
    assert erase(of_account(ACCOUNT)) == {}


def test_nothing_of_a_cart_stays_in_the_process(memory_shop, monkeypatch):
    me = person()
    monkeypatch.setitem(carts._looked_at, me.pk, (1, float("inf")))
    erase(of_account(ACCOUNT))
    assert carts._looked_at == {}


def test_nobody_elses_rows_are_touched(memory_shop):
    other = visitor("personalization", user_key="other")
    Event.objects.create(kind="view_item", occurred_at=clock.now(), received_at=clock.now(), visitor=other)
    person()
    erase(of_account(ACCOUNT))
    assert list(Event.objects.values_list("visitor", flat=True)) == [other.pk]


def test_the_answers_of_a_browser_that_somebody_else_uses_too_stay(memory_shop):
    me = person()
    visitor("personalization", user_key="other", browser=me.browser)
    erase(of_account(ACCOUNT))
    assert list(ConsentRecord.objects.values_list("subject", flat=True)) == [me.browser]


def test_what_was_set_aside_counts_as_erased(memory_shop):
    me = visitor("analytics")
    ours.sink.write([ImpressionDraft(decision_id=me.pk, slot=1, seen_at=clock.now(), visitor_id=me.pk)])
    assert Quarantined.objects.count() == 1
    erase(of_visitor(me.pk))
    account = intake.account()
    assert (account.received, account.erased, account.quarantined, account.difference) == (1, 1, {}, 0)


def test_what_the_cache_counts_of_them_goes_too(memory_shop, rf):
    me = visitor("analytics")
    budget.is_too_much(rf.get("/"), me.pk)
    kept = [key for key in cache._cache if me.pk.hex in key]
    assert kept
    erase(of_visitor(me.pk))
    assert [key for key in cache._cache if me.pk.hex in key] == []


# --- nothing comes back


def bought(memory_shop, *lines):
    memory_shop.orders = list(lines)
    reconcile()


def test_no_sync_brings_an_erased_account_back(memory_shop, frozen):
    visitor("personalization", user_key="7")
    bought(memory_shop, line("1", "A", "1", user_key="7"), line("2", "B", "2"))
    erase(of_account("7"))
    reconcile()
    reconcile(user_key="7")
    reconcile_orders(["A", "B"])
    assert list(Event.objects.values_list("transaction_id", flat=True)) == ["B"]


def test_orders_from_before_the_yes_go_with_the_account(memory_shop):
    bought(memory_shop, line("1", "A", "1", user_key="7"))
    erase(of_account("7"))
    reconcile()
    assert not Event.objects.exists()


def test_a_guests_orders_do_not_come_back(memory_shop):
    me = visitor("personalization")
    OrderLink.objects.create(order_key="A", visitor=me, linked_at=clock.now())
    bought(memory_shop, line("1", "A", "1"), line("2", "B", "2"))
    erase(of_visitor(me.pk))
    reconcile()
    assert list(Event.objects.values_list("transaction_id", flat=True)) == ["B"]


def test_an_order_whose_account_the_shop_has_taken_off_does_not_come_back(memory_shop):
    visitor("personalization", user_key="7")
    bought(memory_shop, line("1", "A", "1", user_key="7"))
    erase(of_account("7"))
    bought(memory_shop, line("1", "A", "1"))
    assert not Event.objects.exists()


def test_what_they_order_later_is_new_and_nobodys_without_a_new_yes(memory_shop, frozen):
    visitor("personalization", user_key="7")
    erase(of_account("7"))
    frozen(timedelta(days=1))
    bought(memory_shop, line("1", "A", "1", user_key="7", placed_at=clock.now()))
    assert list(Event.objects.values_list("transaction_id", "visitor")) == [("A", None)]
    me = visitor("personalization", user_key="7")
    reconcile()
    assert list(Event.objects.values_list("transaction_id", "visitor")) == [("A", me.pk)]


def test_the_projects_older_keys_are_honoured(memory_shop, settings):
    visitor("personalization", user_key="7")
    memory_shop.orders = [line("1", "A", "1", user_key="7")]
    erase(of_account("7"))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    reconcile()
    assert not Event.objects.exists()


def test_a_late_fact_about_them_is_counted_as_erased(memory_shop):
    me = visitor("analytics")
    late = told(me.pk)
    erase(of_visitor(me.pk))
    assert ours.sink.write([late]) == 0
    assert not Event.objects.exists()
    assert intake.account().erased == 1


def test_an_order_is_not_taken_from_another_shop_again(settings, frozen):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SHOP": "django_personalize.integrations.http.FeedShop"}
    visitor("personalization", user_key="7")
    at = clock.now() - timedelta(days=1)

    def tell(key, user, placed_at=at):
        lines = [{"line": "1", "item": "1", "quantity": 1}]
        return take([{"id": key, "placed_at": placed_at.isoformat(), "user": user, "lines": lines}])

    tell("A", "7")
    tell("B", "")
    assert erase(of_account("7")) == {"events": 1, "order_lines": 1, "visitors": 1}
    taken = [tell("A", "7"), tell("A", ""), tell("C", "7")]
    assert [(each.accepted, each.stale) for each in taken] == [(0, 1)] * 3
    assert list(FeedLine.objects.values_list("order_key", flat=True)) == ["B"]
    frozen(timedelta(days=1))
    assert tell("D", "7", clock.now()).accepted == 1


# --- the spool


def decided(me):
    return DecisionDraft(
        uid=me.browser, visitor_id=me.pk, placement="x", decided_at=clock.now(), pipeline="x", rung="popular",
        model_version=None, context=(), rules=(), experiment="", variant="", consent=(),
        slots=(Slot(slot=1, item_key="1", source="x", score=1, propensity=1, reason=Reason(code="new")),),
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_in_the_spool_and_the_sum_closes(memory_shop, spooled, directory):
    me, other = visitor("analytics"), visitor("analytics")
    spooled.write([decided(me), told(me.pk), told(other.pk)])
    spooled.write([ImpressionDraft(decision_id=me.browser, slot=1, seen_at=clock.now(), visitor_id=me.pk)])
    spooled.drain()
    spooled.write([told(me.pk), told(other.pk)])
    erase(of_visitor(me.pk))
    left = b"".join(path.read_bytes() for path in directory.iterdir())
    assert me.pk.hex.encode() not in left
    spooled.write([told(me.pk)])
    spooled.drain()
    assert me.pk.hex not in dump()
    assert set(Event.objects.values_list("visitor", flat=True)) == {other.pk}
    account = intake.account()
    assert (account.erased, account.waiting, account.difference) == (2, 0, 0)  # what waited, and what came later
    assert not Visitor.objects.filter(pk=me.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_the_spool_is_left_alone_inside_of_a_transaction_that_may_be_rolled_back(memory_shop, spooled):
    me = visitor("analytics")
    spooled.write([told(me.pk)])
    with transaction.atomic():
        drain()
        transaction.set_rollback(True)
    assert (spooled.waiting(), Event.objects.count()) == (1, 0)
    drain()
    assert (spooled.waiting(), Event.objects.count()) == (0, 1)
