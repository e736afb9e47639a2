from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from django_personalize.artifacts import store
from django_personalize.events.history import history_of
from django_personalize.exceptions import NothingNew
from django_personalize.models import Decision, Event, Impression, Visitor
from django_personalize.recommend.profile import profile
from django_personalize.training import browsing, dataset, feedback, run, split
from django_personalize.training.refresh import refresh
from tests.training.small import DAY, NOW, model, orders, two_tastes
from tests.training.test_run import fill, shop  # noqa: F401  a fixture

AS_OF = datetime.fromtimestamp(NOW, UTC)
YES = {"personalization": True}


def visitor(user_key="", **granted):
    return Visitor.objects.create(user_key=user_key, granted=granted or YES, created_at=AS_OF, answered_at=AS_OF)


def shown(who, items, *, days, propensity=1.0):
    at = AS_OF - timedelta(days=days)
    slots = [{"slot": place, "item_key": item, "propensity": propensity} for place, item in enumerate(items, start=1)]
    made = Decision.objects.create(visitor=who, placement="personal-home", decided_at=at, slots=slots)
    for place, item in enumerate(items, start=1):
        Impression.objects.create(decision=made, slot=place, item_key=item, seen_at=at + timedelta(seconds=place))
    return made


def did(who, kind, item, *, days, decision=None, index=None, reason="", order=""):
    at = AS_OF - timedelta(days=days)
    return Event.objects.create(
        kind=kind, occurred_at=at, received_at=at, visitor=who, item_key=item, quantity=1, transaction_id=order,
        decision_id=decision and decision.pk, index=index, reason=reason,
    )  # fmt: skip


def told(found):
    return [
        (found.item_keys[item], slot, round((NOW - at) / DAY))
        for item, slot, at in zip(found.item.tolist(), found.slot.tolist(), found.clicked.tolist(), strict=True)
        if at < float("inf")
    ]


@pytest.mark.django_db
def test_a_click_belongs_to_the_slot_that_it_was_made_in_and_only_the_first_one_counts():
    ann = visitor("1")
    made = shown(ann, "ab", days=9)
    shown(ann, "ab", days=8)
    did(ann, "select_item", "b", days=7, decision=made, index=2)
    did(ann, "select_item", "b", days=6, decision=made, index=2)
    did(ann, "select_item", "a", days=6)
    found = feedback.load(AS_OF)
    assert told(found) == [("b", 2, 7)]
    assert (len(found), found.slot.tolist()) == (4, [1, 2, 1, 2])


@pytest.mark.django_db
def test_the_propensity_is_that_of_the_slot():
    ann = visitor()
    shown(ann, "ab", days=9, propensity=0.25)
    shown(ann, "a", days=8)
    assert feedback.load(AS_OF).propensity.tolist() == [0.25, 0.25, 1.0]


@pytest.mark.django_db
def test_only_who_says_yes_now_is_read_and_a_yes_to_analytics_names_nobody():
    known, counted, refused = visitor("1"), visitor("2", analytics=True), visitor("3", offers=True)
    for who in (known, counted, refused):
        made = shown(who, "a", days=2)
        did(who, "select_item", "a", days=1, decision=made, index=1)
        did(who, "dismiss", "b", days=1, reason="not_interested")
    found = feedback.load(AS_OF)
    assert told(found) == [("a", 1, 1), ("a", 1, 1)]
    assert [found.person_keys[person] for person in found.dismisser] == ["user:1"]
    Visitor.objects.filter(pk=known.pk).update(paused_at=AS_OF)
    found = feedback.load(AS_OF)
    assert (told(found), found.person_keys, found.dismisser.tolist()) == ([("a", 1, 1)], (), [])
    Visitor.objects.update(granted={})
    assert feedback.fingerprint("orders", feedback.load(AS_OF)) == "orders"


@pytest.mark.django_db
def test_what_is_later_than_as_of_or_older_than_any_window_is_not_read():
    ann = visitor()
    made = shown(ann, "a", days=1)
    did(ann, "select_item", "a", days=-1, decision=made, index=1)
    shown(ann, "b", days=-1)
    shown(ann, "c", days=121)
    found = feedback.load(AS_OF)
    assert (found.item_keys, told(found)) == (("a",), [])


@pytest.mark.django_db
def test_staff_are_left_out(django_user_model):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    shown(visitor(str(clerk.pk)), "a", days=1)
    shown(visitor(), "b", days=1)
    assert feedback.load(AS_OF).item_keys == ("b",)


@pytest.mark.django_db
def test_however_much_was_shown_it_takes_six_queries(django_assert_num_queries):
    for number in range(5):
        who = visitor()
        made = shown(who, "ab", days=number + 1)
        did(who, "select_item", "a", days=number, decision=made, index=1)
        did(who, "dismiss", "b", days=number)
    with django_assert_num_queries(6):
        assert len(feedback.load(AS_OF)) == 10


def test_equal_rows_have_equal_fingerprints_and_a_click_changes_it():
    def gathered(clicked):
        gathering = feedback.Gathering()
        gathering.decided(1, 1, [])
        gathering.seen(1, 1, "a", NOW - DAY)
        if clicked:
            gathering.clicked(1, 1, NOW)
        return gathering.finish(NOW)

    assert feedback.fingerprint("x", gathered(True)) == feedback.fingerprint("x", gathered(True))
    assert feedback.fingerprint("x", gathered(True)) != feedback.fingerprint("x", gathered(False)) != "x"


def columns(person):
    return {name: getattr(person, name) for name in ("item", "near", "fold", "own", "count", "since", "latest")}


@pytest.mark.django_db
def test_a_window_asks_about_a_person_as_a_page_would_have_at_that_moment():
    """One past, stored; read by the page's own reader, and in bulk for the window."""
    ann = visitor("1")
    did(ann, "purchase", "a", days=60, order="first")
    did(ann, "purchase", "b", days=60, order="first")
    did(ann, "view_item", "c", days=50)
    did(ann, "add_to_cart", "d", days=41)
    did(ann, "dismiss", "c", days=33, reason="not_interested")
    did(ann, "dismiss", "b", days=33, reason="have_it")
    did(ann, "view_item", "e", days=25)
    did(ann, "view_item", "d", days=20)
    at = AS_OF - timedelta(days=15)
    asked = model(orders((70, "", "abcde"), (65, "", "abcde"), as_of=NOW - 30 * DAY))
    history = history_of(ann)
    served = profile(asked, history, at.timestamp())
    # What follows is what the window is about, and what no page knew then.
    did(ann, "view_item", "a", days=15)
    did(ann, "purchase", "d", days=10, order="second")
    did(ann, "dismiss", "a", days=5, reason="not_interested")
    held = split.hold(dataset.load(AS_OF), NOW - 30 * DAY, 30, browsing.load(AS_OF).looks, feedback.load(AS_OF))
    (shopper,) = held.shoppers
    assert shopper.moment == NOW - 15 * DAY  # the last visit between the cut and the order begins
    (one,) = split.asked(held, asked)
    for name, mine in columns(one.person).items():
        theirs = columns(served)[name]
        if name == "latest":
            # No moment tells the lines of one order apart.
            assert [mine[:2].tolist(), set(mine[2:])] == [theirs[:2].tolist(), set(theirs[2:])]
        else:
            assert mine.tolist() == pytest.approx(theirs.tolist(), rel=1e-4)
    assert [asked.item_keys[item] for item in one.person.item] == ["a", "b", "d", "e"]
    barred = {asked.item_keys[item] for item in np.flatnonzero(~one.allowed)}
    assert barred == history.dismissed == {"b", "c"}
    assert one.truth == {asked.index["d"]}


@pytest.mark.django_db
def test_who_buys_what_they_turned_down_has_made_up_with_it():
    ann = visitor("1")
    did(ann, "purchase", "a", days=60, order="first")
    did(ann, "dismiss", "b", days=50, reason="not_interested")
    did(ann, "purchase", "b", days=40, order="second")
    did(ann, "purchase", "a", days=10, order="third")
    held = split.hold(dataset.load(AS_OF), NOW - 30 * DAY, 30, None, feedback.load(AS_OF))
    assert held.shoppers[0].dismissed == frozenset()
    assert history_of(ann).dismissed == frozenset()


@pytest.mark.django_db
def test_what_is_clicked_is_learnt_at_night_and_at_the_next_refresh(shop, monkeypatch):  # noqa: F811
    monkeypatch.setattr("django_personalize.training.clicks.FEWEST", 1)
    fill(two_tastes(people=40))
    run.train(as_of=AS_OF)
    assert not store.live().clicked.any()
    who = visitor(analytics=True)
    made = shown(who, "ABC", days=1)
    did(who, "select_item", "B", days=0.5, decision=made, index=2)
    for learn in (refresh, run.train):
        learn(as_of=AS_OF)
        now = store.live()
        rate = {key: float(now.clicked[now.index[key]]) for key in "ABCD"}
        assert rate["B"] > 0 == rate["D"] > rate["A"] == pytest.approx(rate["C"], rel=1e-4)
    with pytest.raises(NothingNew):
        refresh(as_of=AS_OF)
