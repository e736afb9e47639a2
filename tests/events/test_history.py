from datetime import timedelta
from uuid import UUID

import pytest

from django_personalize.core import clock
from django_personalize.core.types import DecisionDraft, History, ImpressionDraft
from django_personalize.events import store
from django_personalize.events.history import history_of, passed_over
from django_personalize.models import Visitor
from django_personalize.testing.contracts import MOMENT, event

pytestmark = pytest.mark.django_db


def visitor(**changes):
    values = {"granted": {"personalization": True}, "created_at": MOMENT, "answered_at": clock.now()}
    return Visitor.objects.create(**(values | changes))


def keep(*drafts):
    store.insert_events(drafts, received_at=MOMENT)


def test_history_is_newest_first():
    me = visitor()
    keep(
        event(1, visitor_id=me.pk, item_key="old", occurred_at=MOMENT - timedelta(days=2)),
        event(2, visitor_id=me.pk, item_key="new", occurred_at=MOMENT),
    )
    assert history_of(me) == History(
        item_keys=("new", "old"),
        kinds=("view_item", "view_item"),
        times=(MOMENT.timestamp(), (MOMENT - timedelta(days=2)).timestamp()),
        quantities=(1, 1),
    )


def test_what_came_back_is_not_owned():
    me = visitor()
    bought = {"kind": "purchase", "visitor_id": me.pk, "transaction_id": "A"}
    keep(
        event(1, **bought, item_key="kept", quantity=5),
        event(2, **bought, item_key="gone", quantity=2),
        event(3, **(bought | {"kind": "refund"}), item_key="kept", quantity=2),
        event(4, **(bought | {"kind": "refund"}), item_key="gone", quantity=2),
    )
    history = history_of(me)
    assert dict(zip(history.item_keys, history.quantities, strict=True)) == {"kept": 3}


def test_without_a_yes_there_is_no_history_and_no_query(django_assert_num_queries):
    me = visitor(granted={"analytics": True})
    keep(event(1, visitor_id=me.pk))
    with django_assert_num_queries(0):
        assert history_of(me) == History()


def test_the_browsers_of_one_account_share_a_past_each_by_its_own_yes(django_assert_num_queries):
    here, there = visitor(user_key="7"), visitor(user_key="7")
    refused = visitor(user_key="7", granted={"analytics": True})
    stranger = visitor()
    keep(
        event(1, visitor_id=here.pk, item_key="here"),
        event(2, visitor_id=there.pk, item_key="there"),
        event(3, visitor_id=refused.pk, item_key="refused"),
        event(4, visitor_id=stranger.pk, item_key="stranger"),
    )
    with django_assert_num_queries(1):
        assert set(history_of(here).item_keys) == {"here", "there"}


def told(number, me, kind, days, **changes):
    """An event of `me` about the mug, so many days ago."""
    values = {"visitor_id": me.pk, "kind": kind, "item_key": "mug", "occurred_at": MOMENT - timedelta(days=days)}
    return event(number, **(values | changes))


@pytest.mark.parametrize(
    ("reason", "left"), [("not_interested", ["cup"]), ("was_a_gift", ["cup"]), ("have_it", ["mug", "cup", "mug"])]
)
def test_a_dismissal_silences_what_was_done_with_the_item_before_unless_it_is_owned(
    reason, left, django_assert_num_queries
):
    me = visitor()
    keep(
        told(1, me, "view_item", 5),
        told(2, me, "view_item", 4, item_key="cup"),
        told(3, me, "purchase", 3, transaction_id="A", quantity=1),
        told(4, me, "dismiss", 2, reason=reason),
    )
    with django_assert_num_queries(1):
        history = history_of(me)
    assert (list(history.item_keys), history.dismissed) == (left, {"mug"})


def test_what_is_done_after_a_dismissal_counts_and_a_purchase_ends_it():
    me = visitor()
    keep(
        told(1, me, "purchase", 5, transaction_id="A", quantity=1),
        told(2, me, "dismiss", 4, reason="was_a_gift"),
        told(3, me, "view_item", 3),
    )
    assert (history_of(me).kinds, history_of(me).dismissed) == (("view_item",), {"mug"})
    keep(told(4, me, "purchase", 2, transaction_id="B", quantity=1))
    assert (history_of(me).kinds, history_of(me).dismissed) == (("purchase", "view_item"), frozenset())


def test_a_purchase_that_came_back_does_not_end_a_dismissal():
    me = visitor()
    keep(
        told(1, me, "dismiss", 4, reason="not_interested"),
        told(2, me, "purchase", 3, transaction_id="A", quantity=1),
        told(3, me, "refund", 2, transaction_id="A", quantity=1),
    )
    assert history_of(me) == History(dismissed=frozenset({"mug"}))


def test_a_dismissal_counts_for_its_own_person_only_and_not_without_a_yes():
    me, other, refused = visitor(), visitor(), visitor(granted={"analytics": True})
    keep(told(1, me, "dismiss", 1, reason="have_it"), told(2, refused, "dismiss", 1, reason="have_it"))
    assert [history_of(each).dismissed for each in (me, other, refused)] == [{"mug"}, frozenset(), frozenset()]


def shown(number, me, *keys, days):
    """A decision for `me` with these items in its slots, each of which was seen so many days ago."""
    at = MOMENT - timedelta(days=days)
    draft = DecisionDraft(
        uid=UUID(int=number), visitor_id=me.pk, placement="x", decided_at=at, pipeline="x", rung="popular",
        model_version=None, context=(), rules=(), experiment="", variant="", consent=(), slots=(),
    )  # fmt: skip
    store.insert_decisions([draft])
    store.insert_impressions(
        [
            ImpressionDraft(decision_id=draft.uid, slot=slot, item_key=key, seen_at=at)
            for slot, key in enumerate(keys, start=1)
        ]
    )


def test_what_was_seen_with_nothing_done_since_was_passed_over(django_assert_num_queries):
    me, other = visitor(), visitor()
    for number, days in enumerate((9, 6, 3), start=1):
        shown(number, me, "mug", "cup", days=days)
    shown(4, other, "mug", "jug", days=2)
    with django_assert_num_queries(1):
        assert passed_over(me, MOMENT) == {"mug": 3, "cup": 3}


@pytest.mark.parametrize("kind", ["select_item", "view_item", "add_to_wishlist", "add_to_cart", "purchase"])
def test_a_click_an_add_and_a_purchase_make_up_for_what_was_seen_before(kind):
    me = visitor()
    for number, days in enumerate((9, 6, 3), start=1):
        shown(number, me, "mug", "cup", days=days)
    keep(told(1, me, kind, 5))
    assert passed_over(me, MOMENT) == {"mug": 1, "cup": 3}


def test_what_is_done_in_the_moment_in_which_it_is_seen_makes_up_for_it():
    me = visitor()
    shown(1, me, "mug", "cup", days=5)
    keep(told(1, me, "add_to_cart", 5))
    assert passed_over(me, MOMENT) == {"cup": 1}


def test_neither_what_others_did_nor_what_was_taken_out_of_the_cart_makes_up_for_it():
    me, other = visitor(), visitor()
    shown(1, me, "mug", days=9)
    keep(told(1, other, "view_item", 5), told(2, me, "remove_from_cart", 5))
    assert passed_over(me, MOMENT) == {"mug": 1}


def test_what_was_seen_more_than_thirty_days_ago_is_forgotten():
    me = visitor()
    shown(1, me, "mug", days=31)
    shown(2, me, "mug", days=29)
    assert passed_over(me, MOMENT) == {"mug": 1}


def test_only_the_newest_decisions_are_looked_at(monkeypatch):
    monkeypatch.setattr("django_personalize.events.history.DECISIONS", 2)
    me = visitor()
    for number, (key, days) in enumerate((("old", 9), ("mug", 6), ("mug", 3)), start=1):
        shown(number, me, key, days=days)
    assert passed_over(me, MOMENT) == {"mug": 2}


def test_the_browsers_of_one_account_see_with_the_same_eyes_each_by_its_own_yes(django_assert_num_queries):
    here, there = visitor(user_key="7"), visitor(user_key="7")
    refused = visitor(user_key="7", granted={"analytics": True})
    for number, each in enumerate((here, there, refused), start=1):
        shown(number, each, "mug", "cup", days=9)
    keep(told(1, there, "view_item", 5, item_key="cup"), told(2, refused, "view_item", 5))
    with django_assert_num_queries(1):
        assert passed_over(here, MOMENT) == {"mug": 2}
    with django_assert_num_queries(0):
        assert passed_over(refused, MOMENT) == {}
