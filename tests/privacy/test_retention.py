from datetime import timedelta
from uuid import uuid4

import pytest

from django_personalize.capture.orders import reconcile, reconcile_orders
from django_personalize.conf import settings as ours
from django_personalize.consent import ledger
from django_personalize.core import clock
from django_personalize.core.types import ImpressionDraft, Purpose
from django_personalize.events import intake, quarantine
from django_personalize.events.quarantine import Carried
from django_personalize.models import (
    ConsentRecord,
    Credit,
    Cursor,
    DailyCount,
    Decision,
    Event,
    FeedLine,
    Finding,
    Impression,
    Intake,
    Membership,
    OrderLink,
    Quarantined,
    Visitor,
)
from django_personalize.models.membership import MEMBERSHIP_LASTS
from django_personalize.privacy import retention
from django_personalize.privacy.retention import purge
from tests.conftest import NOON, line
from tests.people import visitor
from tests.privacy.canaries import told

pytestmark = pytest.mark.django_db
EVENTS, ORDERS, COUNTS, SHUT = (timedelta(days=days) for days in (395, 760, 760, 90))
SECOND = timedelta(seconds=1)


@pytest.fixture
def me(memory_shop, frozen):
    return visitor("personalization", "analytics")


def awake(me):
    """They answered just now, so that they are not silent themselves."""
    Visitor.objects.filter(pk=me.pk).update(answered_at=clock.now())


def test_events_go_after_thirteen_months_and_not_before(me, frozen):
    ours.sink.write([told(me.pk)])
    frozen(EVENTS)
    awake(me)
    assert purge() == {}
    frozen(SECOND)
    assert purge() == {"events": 1}
    assert not Event.objects.exists()


def test_orders_go_after_twenty_five_months_with_their_links_and_lines(me, frozen, memory_shop):
    OrderLink.objects.create(order_key="A", visitor=me, linked_at=NOON)
    FeedLine.objects.create(order_key="A", line_key="1", item_key="1", quantity=1, placed_at=NOON)
    memory_shop.orders = [line("1", "A", "1", placed_at=NOON)]
    reconcile()
    frozen(ORDERS)
    awake(me)
    assert purge() == {}
    frozen(SECOND)
    assert purge() == {"order_events": 1, "order_links": 1, "order_lines": 1}


def test_no_sync_reaches_further_back_than_orders_are_kept(memory_shop, frozen):
    memory_shop.orders = [line("1", "old", "1", placed_at=NOON - ORDERS - SECOND), line("2", "new", "2")]
    for run in (
        lambda: reconcile(),
        lambda: reconcile(user_key=""),
        lambda: reconcile(since=NOON - 2 * ORDERS),
        lambda: reconcile_orders(["old", "new"]),
    ):
        Event.objects.all().delete()
        run()
        assert list(Event.objects.values_list("transaction_id", flat=True)) == ["new"]


def test_a_shorter_time_is_the_shops_choice(me, frozen, settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "RETENTION": {"events": 30}}
    ours.sink.write([told(me.pk)])
    frozen(timedelta(days=31))
    assert purge() == {"events": 1, "visitors": 1}


def test_decisions_go_with_what_was_seen_of_them(me, frozen):
    for placement in ("a", "b"):
        made = Decision.objects.create(
            visitor=me, placement=placement, decided_at=NOON, pipeline="x", rung="popular", slots=[]
        )
        Impression.objects.create(decision=made, slot=1, item_key="1", seen_at=NOON)
    frozen(EVENTS + SECOND)
    awake(me)
    purge()
    assert (Decision.objects.count(), Impression.objects.count()) == (0, 0)


def test_who_was_silent_for_as_long_goes_and_their_orders_are_nobodys(me, frozen, memory_shop):
    Visitor.objects.filter(pk=me.pk).update(user_key="7")
    memory_shop.orders = [line("1", "A", "1", placed_at=NOON, user_key="7")]
    FeedLine.objects.create(order_key="A", line_key="1", item_key="1", quantity=1, placed_at=NOON, user_key="7")
    reconcile()
    frozen(EVENTS + SECOND)
    assert purge() == {"visitors": 1}
    assert list(Event.objects.values_list("transaction_id", "visitor")) == [("A", None)]
    assert FeedLine.objects.get().user_key == ""


def test_who_was_heard_of_since_stays(me, frozen):
    frozen(EVENTS)
    ours.sink.write([told(me.pk)])
    frozen(SECOND)
    assert purge() == {}


def test_the_sum_closes_after_its_days_are_gone(me, frozen):
    ours.sink.write([told(me.pk), told(me.pk)])
    frozen(timedelta(days=1))
    quarantine.store_counted([Carried(None, b"{}", 1, "bad_field")], received_at=clock.now(), sink="db")
    before = intake.account()
    assert (before.received, before.stored, before.quarantined) == (3, 2, {"bad_field": 1})
    frozen(SHUT + SECOND)
    assert purge() == {"set_aside": 1}
    frozen(COUNTS)
    purge()
    after = intake.account()
    assert (after.received, after.stored, after.refused, after.difference) == (3, 2, {"expired": 1}, 0)
    assert set(Intake.objects.values_list("day", flat=True)) == {
        retention.LONG_AGO,
        (NOON + SHUT + timedelta(1)).date(),
    }
    frozen(timedelta(days=200))
    purge()
    assert set(Intake.objects.values_list("day", flat=True)) == {retention.LONG_AGO}
    assert intake.account() == after


def test_counts_per_day_go(memory_shop, frozen):
    for model in (DailyCount, Finding):
        for day in (NOON.date(), NOON.date() + timedelta(days=1)):
            key = {"kind": "view_item"} if model is DailyCount else {"reason": "x"}
            model.objects.create(day=day, count=1, **key)
    frozen(COUNTS + timedelta(days=1))
    assert purge() == {"daily_counts": 1, "findings": 1}


def test_the_place_in_a_segment_that_still_lies_here_is_kept(settings, tmp_path, memory_shop, frozen):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SPOOL": str(tmp_path)}
    (tmp_path / "here.facts").touch()
    for name in ("here.facts", "gone.facts", "a-stream"):
        Cursor.objects.create(name=name, moved_at=NOON)
    frozen(timedelta(days=30) + SECOND)
    assert purge() == {"cursors": 1}
    assert set(Cursor.objects.values_list("name", flat=True)) == {"here.facts", "a-stream"}


def test_proof_goes_five_years_after_the_last_answer_and_the_chain_holds(memory_shop, frozen):
    once, often = visitor("analytics").browser, visitor("analytics").browser
    for subject in (once, often):
        ledger.record(subject, [Purpose.ANALYTICS], [], source="x")
    frozen(timedelta(days=4 * 365))
    ledger.record(often, [], [Purpose.ANALYTICS], source="x")
    frozen(timedelta(days=365) + SECOND)
    assert purge()["answers"] == 1
    assert list(ConsentRecord.objects.values_list("subject", flat=True)) == [None, often, often]
    found = ledger.verify()
    assert (found.records, found.erased, found.wrong) == (3, 1, ())


def test_a_run_is_made_of_small_steps_and_ends_in_time(me, frozen, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    ours.sink.write([told(me.pk) for _ in range(5)])
    frozen(EVENTS + SECOND)
    awake(me)
    assert purge(seconds=0) == {"events": 2}
    assert purge() == {"events": 3}


def test_nothing_to_do_is_a_few_queries(memory_shop, django_assert_max_num_queries):
    with django_assert_max_num_queries(17):
        assert purge() == {}


def test_what_was_set_aside_is_kept_for_a_season(me, frozen):
    Quarantined.objects.create(arrived_at=NOON, sink="db", reason="bad_field", payload=b"", facts=1)
    frozen(SHUT)
    assert purge() == {}


def test_a_fact_whose_decision_never_came_is_given_up_also_where_no_thread_drains(me, frozen):
    ours.sink.write([ImpressionDraft(decision_id=uuid4(), slot=1, seen_at=clock.now(), visitor_id=me.pk)])
    frozen(timedelta(hours=1) + SECOND)
    purge()
    assert not Quarantined.objects.exists()
    assert (intake.account().refused, intake.account().difference) == ({"unknown_decision": 1}, 0)


def test_a_membership_that_no_refresh_confirms_goes(me, frozen):
    Membership.objects.create(visitor=me, segment="loyal", since=clock.now(), as_of=clock.now())
    frozen(MEMBERSHIP_LASTS)
    assert purge() == {}
    frozen(SECOND)
    assert purge() == {"memberships": 1}
    assert not Membership.objects.exists()


def test_the_credits_of_whoever_was_silent_go_with_their_name_on_the_purchase(memory_shop, frozen):
    """The click was another browser's of the account, which is still heard of."""
    phone, desk = (visitor("personalization", "analytics", user_key="7") for _ in range(2))
    memory_shop.orders = [line("1", "A", "1", user_key="7")]
    reconcile()
    bought = Event.objects.get()
    silent, awake_one = (phone, desk) if bought.visitor_id == phone.pk else (desk, phone)
    made = Decision.objects.create(
        visitor=awake_one, placement="x", decided_at=clock.now() + EVENTS, pipeline="x", rung="popular"
    )
    Credit.objects.create(
        purchase=bought, decision=made, slot=1, placement="x", share=1, clicked_at=clock.now(), bought_at=clock.now(),
        credited_at=clock.now(),
    )  # fmt: skip
    frozen(EVENTS + SECOND)
    awake(awake_one)
    purge()
    assert list(Visitor.objects.values_list("pk", flat=True)) == [awake_one.pk]
    assert Event.objects.get().visitor_id is None
    assert (Decision.objects.count(), Credit.objects.count()) == (1, 0)
    assert silent.pk != awake_one.pk
