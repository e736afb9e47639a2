"""Who is gone leaves nothing behind, and what stood in a slot is said by our own decision."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import router

from django_personalize.core import clock
from django_personalize.core.hashing import digest
from django_personalize.core.types import DecisionDraft, ImpressionDraft, Reason, Slot
from django_personalize.events.deposit import deposit
from django_personalize.events.intake import Outcome
from django_personalize.events.quarantine import POISON
from django_personalize.models import Decision, Event, Forgotten, Impression
from django_personalize.testing.contracts import MOMENT, event
from django_personalize.visitors.forgotten import forget
from tests.people import visitor

pytestmark = pytest.mark.django_db


def decision(of, *keys, uid=None):
    slots = tuple(
        Slot(slot=n, item_key=key, source="popular", score=1.0, propensity=1.0, reason=Reason(code="popular"))
        for n, key in enumerate(keys, 1)
    )
    return DecisionDraft(
        uid=uid or uuid4(), visitor_id=of, placement="home", decided_at=MOMENT, pipeline="x", rung="popular",
        model_version=None, context=(), rules=(), experiment="", variant="", consent=(), slots=slots,
    )  # fmt: skip


def put(*batch):
    return dict(deposit(batch, received_at=MOMENT).ends)


def seen(of, uid, slot, **changes):
    return ImpressionDraft(decision_id=uid, slot=slot, seen_at=MOMENT, visitor_id=of, **changes)


def test_facts_of_every_kind_about_somebody_who_is_gone_are_erased_ones():
    me, gone = visitor("analytics"), uuid4()
    uid = uuid4()
    ends = put(
        event(1, visitor_id=gone), event(2, visitor_id=me.pk), event(3), decision(gone, "1", uid=uid),
        seen(gone, uid, 1), seen(gone, uid, 1, item_key="1"),
    )  # fmt: skip
    assert ends == {(Outcome.STORED, ""): 2, (Outcome.ERASED, ""): 4}
    assert (Event.objects.count(), Decision.objects.count(), Impression.objects.count()) == (2, 0, 0)


def test_a_decision_and_what_is_told_of_it_may_come_in_one_batch():
    me, uid = visitor("analytics"), uuid4()
    clicked = event(1, kind="select_item", item_key="", decision_id=uid, index=2, visitor_id=me.pk)
    assert put(seen(me.pk, uid, 2), clicked, decision(me.pk, "7", "8", uid=uid)) == {(Outcome.STORED, ""): 3}
    assert Impression.objects.get().item_key == "8"
    stored = Event.objects.get()
    assert (stored.item_key, stored.item_list_id, stored.index) == ("8", "home", 2)


def test_a_decision_of_another_visitors_says_nothing():
    me, other, uid = visitor("analytics"), visitor("analytics"), uuid4()
    put(decision(other.pk, "7", uid=uid))
    assert put(seen(me.pk, uid, 1)) == {(Outcome.REFUSED, "unknown_decision"): 1}


def test_what_stands_in_a_slot_without_an_item_is_no_item_that_was_seen():
    me, uid = visitor("analytics"), uuid4()
    put(decision(me.pk, "", uid=uid))
    assert put(seen(me.pk, uid, 1)) == {(Outcome.REFUSED, "unknown_slot"): 1}


def test_what_was_seen_of_a_decision_that_was_removed_goes_with_it():
    me, uid = visitor("analytics"), uuid4()
    put(decision(me.pk, "7", "8", uid=uid), seen(me.pk, uid, 1))
    assert put(seen(me.pk, uid, 2, item_key="8")) == {(Outcome.STORED, ""): 1}
    Decision.objects.all().delete()
    assert put(seen(me.pk, uid, 2, item_key="8")) == {(Outcome.ERASED, ""): 1}
    assert not Impression.objects.exists()


def test_kinds_about_no_item_need_no_decision():
    me = visitor("analytics")
    assert put(event(1, kind="search", item_key="", search_term="mug", visitor_id=me.pk)) == {(Outcome.STORED, ""): 1}


def test_an_event_takes_the_arrival_of_its_visit_unless_it_tells_its_own():
    me = visitor("analytics", referrer="search", campaign="", arrived_at=MOMENT - timedelta(hours=1))
    put(
        event(1, visitor_id=me.pk),
        event(2, visitor_id=me.pk, referrer="mail", campaign="spring"),
        event(3, visitor_id=me.pk, occurred_at=MOMENT - timedelta(hours=2)),
        event(4, visitor_id=me.pk, occurred_at=MOMENT + timedelta(hours=24)),
    )
    stored = Event.objects.order_by("uid").values_list("referrer", "campaign")
    assert list(stored) == [("search", ""), ("mail", "spring"), ("", ""), ("", "")]


def test_what_was_forgotten_does_not_come_back_although_the_shop_tells_of_them_again(settings):
    me = visitor("analytics", pk=UUID(int=7))
    Forgotten.objects.create(kind="visitor", digest=digest("visitor", me.pk.hex), forgotten_at=MOMENT)
    before, after = event(1, visitor_id=me.pk), event(2, visitor_id=me.pk, occurred_at=MOMENT + timedelta(seconds=1))
    assert put(before, after) == {(Outcome.STORED, ""): 1, (Outcome.ERASED, ""): 1}
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one, since keys are changed now and then"
    assert put(event(3, visitor_id=me.pk)) == {(Outcome.ERASED, ""): 1}


def test_nothing_of_a_batch_stays_where_one_of_it_fails():
    with pytest.raises(POISON):
        deposit([event(1), event(2, quantity=2**70)], received_at=clock.now())
    assert not Event.objects.exists()


def test_people_their_decisions_and_their_erasure_are_looked_for_where_they_are_written(monkeypatch):
    me, erased, uid = visitor("analytics"), visitor("analytics"), uuid4()
    put(decision(me.pk, "1", uid=uid))
    forget(Forgotten.Kind.VISITOR, [erased.pk.hex], MOMENT)
    monkeypatch.setattr(router, "db_for_read", lambda model, **hints: "a copy that lags")
    ends = put(event(1, visitor_id=me.pk), event(2, visitor_id=erased.pk), seen(me.pk, uid, 1))
    assert ends == {(Outcome.STORED, ""): 2, (Outcome.ERASED, ""): 1}
