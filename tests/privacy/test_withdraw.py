from uuid import UUID, uuid4

import pytest

from django_personalize.core import clock
from django_personalize.core.types import DecisionDraft, ImpressionDraft, Purpose
from django_personalize.events import store
from django_personalize.events.intake import account
from django_personalize.events.sinks import DatabaseSink
from django_personalize.models import Credit, Decision, Event, Impression, Membership, Quarantined, Visitor
from django_personalize.privacy.withdraw import change
from django_personalize.testing.contracts import MOMENT, event

pytestmark = pytest.mark.django_db
BOTH = {"personalization": True, "analytics": True}


def visitor(**changes):
    return Visitor.objects.create(**({"granted": BOTH, "created_at": MOMENT, "answered_at": clock.now()} | changes))


def with_facts(me):
    store.insert_decisions(
        [
            DecisionDraft(
                uid=UUID(int=1), visitor_id=me.pk, placement="x", decided_at=MOMENT, pipeline="x", rung="popular",
                model_version=None, context=(), rules=(), experiment="", variant="", consent=(), slots=(),
            )
        ]
    )  # fmt: skip
    store.insert_impressions([ImpressionDraft(decision_id=UUID(int=1), slot=1, item_key="1", seen_at=MOMENT)])
    store.insert_events(
        [event(1, visitor_id=me.pk), event(2, visitor_id=me.pk, kind="purchase", transaction_id="A")],
        received_at=MOMENT,
    )


def test_no_yes_left_leaves_nothing_but_an_unlinked_basket():
    me = visitor()
    with_facts(me)
    assert change(me.pk, [], refused=True) is None
    assert (Visitor.objects.count(), Decision.objects.count(), Impression.objects.count()) == (0, 0, 0)
    assert list(Event.objects.values_list("kind", "visitor_id")) == [("purchase", None)]


def test_a_lost_personalization_cuts_the_orders_loose_and_keeps_the_statistics():
    me = visitor()
    with_facts(me)
    assert change(me.pk, [Purpose.ANALYTICS], refused=True).granted == {"analytics": True}
    assert sorted(Event.objects.values_list("kind", "visitor_id")) == [("purchase", None), ("view_item", me.pk)]
    assert Decision.objects.count() == 1


def test_another_browser_of_the_account_that_still_says_yes_takes_the_orders_over():
    me, other = visitor(user_key="7"), visitor(user_key="7")
    with_facts(me)
    change(me.pk, [], refused=True)
    assert Event.objects.get().visitor_id == other.pk


def test_nobody_elses_facts_are_touched():
    me, other = visitor(), visitor()
    store.insert_events([event(1, visitor_id=other.pk)], received_at=MOMENT)
    change(me.pk, [], refused=True)
    assert Event.objects.get().visitor_id == other.pk


def test_a_no_counts_for_everybody_that_this_browser_has_been():
    mine = visitor(user_key="7")
    later = visitor(browser=mine.browser)
    store.insert_events(
        [
            event(1, visitor_id=mine.pk, kind="purchase", transaction_id="A"),
            event(2, visitor_id=mine.pk),
            event(3, visitor_id=later.pk),
        ],
        received_at=MOMENT,
    )
    change(later.pk, [], refused=True)
    assert not Visitor.objects.exists()
    assert list(Event.objects.values_list("kind", "visitor_id")) == [("purchase", None)]


def test_an_answer_that_lapsed_is_kept_unused_until_it_is_repeated():
    me = visitor()
    with_facts(me)
    change(me.pk, [], refused=False)
    assert Visitor.objects.get().granted == {}
    assert sorted(Event.objects.values_list("kind", "visitor_id")) == [("purchase", None), ("view_item", me.pk)]


def test_a_visitor_who_is_gone_already_is_none():
    assert change(UUID(int=9), [Purpose.ANALYTICS], refused=True) is None


def test_what_was_set_aside_goes_with_whoever_told_it_and_the_sum_still_closes():
    me, other = visitor(), visitor()
    DatabaseSink().write(
        [ImpressionDraft(decision_id=uuid4(), slot=1, seen_at=MOMENT, visitor_id=each.pk) for each in (me, other)]
    )
    change(me.pk, [], refused=True)
    assert Quarantined.objects.get().visitor_id == other.pk
    found = account()
    assert (found.erased, found.quarantined, found.difference) == (1, {"unknown_decision": 1}, 0)


def in_segments(*visitors):
    for each in visitors:
        Membership.objects.create(visitor=each, segment="loyal", since=MOMENT, as_of=clock.now())


def test_a_lost_personalization_ends_the_segments_of_the_account_at_once():
    me, phone, other = visitor(user_key="7"), visitor(user_key="7"), visitor(user_key="8")
    in_segments(phone, other)
    change(me.pk, [Purpose.ANALYTICS], refused=True)
    assert Membership.objects.get().visitor_id == other.pk


def test_a_lost_yes_to_statistics_ends_no_segment_and_neither_does_a_no_to_what_was_never_granted():
    me, counted = visitor(user_key="7"), visitor(user_key="7", granted={"analytics": True})
    guest, stranger = visitor(), visitor(granted={"analytics": True})
    in_segments(me, guest)
    change(me.pk, [Purpose.PERSONALIZATION], refused=True)
    change(counted.pk, [], refused=True)
    change(stranger.pk, [], refused=True)
    assert set(Membership.objects.values_list("visitor", flat=True)) == {me.pk, guest.pk}


@pytest.mark.parametrize("left", [["analytics"], ["personalization"], ["analytics", "personalization"]])
def test_a_credit_needs_both_and_goes_at_once_with_either(left, memory_shop):
    me = visitor(user_key="7")
    with_facts(me)
    purchase = Event.objects.get(kind="purchase")
    Credit.objects.create(
        purchase=purchase, decision=Decision.objects.get(), slot=1, placement="x", clicked_at=MOMENT, bought_at=MOMENT,
        share=1, credited_at=MOMENT,
    )  # fmt: skip
    change(me.pk, [Purpose(name) for name in left], refused=True)
    assert Credit.objects.count() == (len(left) == 2)


def test_an_heirs_orders_are_told_anew_so_that_the_next_run_sees_them():
    me, other = visitor(user_key="7"), visitor(user_key="7")
    with_facts(me)
    change(me.pk, [], refused=True)
    assert Event.objects.get().changed_at is not None
    assert Event.objects.get().visitor_id == other.pk
