from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest

from django_personalize.core.arrays import DAY
from django_personalize.models import Event, Visitor
from django_personalize.training import browsing
from tests.training.small import NOW, looks

AS_OF = datetime.fromtimestamp(NOW, UTC)
MINUTE = 60.0


def sessions(found):
    """What was looked at, by session."""
    walks = [""] * (int(found.session.max(initial=-1)) + 1)
    for session, item in zip(found.session.tolist(), found.item.tolist(), strict=True):
        walks[session] += found.item_keys[item]
    return walks


def gathered(*rows, as_of=NOW):
    """Browsing of (minutes ago, visitor number, item), newest first."""
    gathering = browsing.Gathering()
    for ago, number, item in rows:
        gathering.looked(UUID(int=number), item, as_of - ago * MINUTE)
    return gathering.finish(as_of)


def visitor(user_key="", **granted):
    return Visitor.objects.create(user_key=user_key, granted=granted, created_at=AS_OF, answered_at=AS_OF)


def looked(who, items, *, kind="view_item", days=1.0):
    """Store a look a minute at each of `items`, beginning `days` ago."""
    for place, item in enumerate(items):
        at = AS_OF - timedelta(days=days) + timedelta(minutes=place)
        Event.objects.create(kind=kind, occurred_at=at, received_at=at, visitor=who, item_key=item)


def test_a_gap_of_more_than_half_an_hour_ends_a_session():
    assert sessions(gathered((0, 1, "d"), (30, 1, "c"), (61, 1, "b"), (91, 1, "a"))) == ["ab", "cd"]


def test_visitors_share_no_session_and_sessions_stand_in_order_of_their_first_looks():
    found = gathered((1, 1, "b"), (2, 2, "d"), (3, 2, "c"), (4, 1, "a"))
    assert sessions(found) == ["ab", "cd"]
    assert found.time.tolist() == [NOW - ago * MINUTE for ago in (4, 1, 3, 2)]


def test_repeats_are_one_look_at_the_first_moment_and_keep_the_session_going():
    found = gathered((0, 1, "b"), (20, 1, "a"), (45, 1, "a"))
    assert sessions(found) == ["ab"]
    assert found.time.tolist() == [NOW - 45 * MINUTE, NOW]


def test_an_item_that_was_come_back_to_stands_twice():
    assert sessions(looks((1, "ann", "aba"))) == ["aba"]


def test_a_session_of_one_item_says_nothing_and_leaves_no_key():
    found = looks((2, "ann", "zz"), (1, "bob", "ab"))
    assert sessions(found) == ["ab"]
    assert found.item_keys == ("a", "b")


def test_of_a_session_that_nobody_has_the_first_looks_count(monkeypatch):
    monkeypatch.setattr(browsing, "LONGEST", 3)
    assert sessions(looks((1, "machine", "abcdef"))) == ["abc"]


def test_a_cut_knows_what_was_looked_at_before_it_and_no_key_from_later():
    whole = looks((3, "ann", "ab"), (2, "bob", "cde"), (1, "ann", "xy"))
    cut = NOW - 2 * DAY + 2 * MINUTE
    found, then = browsing.before(whole, cut), looks((3, "ann", "ab"), (2, "bob", "cd"))
    assert sessions(found) == ["ab", "cd"]
    assert (found.item_keys, found.time.tolist(), found.as_of) == (then.item_keys, then.time.tolist(), cut)
    assert sessions(browsing.before(whole, NOW - 2 * DAY + MINUTE)) == ["ab"]


def test_among_some_items_a_walk_leads_past_the_others():
    assert sessions(browsing.among(looks((1, "ann", "axab"), (1, "bob", "bx")), {"a", "b"})) == ["ab"]


def test_of_nothing_there_are_no_sessions():
    assert sessions(browsing.nothing()) == []
    assert browsing.nothing().item_keys == ()


def test_equal_looks_have_equal_fingerprints_whoever_made_them_and_none_at_all_that_of_the_orders():
    walks = (2, "ann", "ab"), (2, "bob", "cd"), (1, "ann", "ba")
    first = browsing.fingerprint("orders", looks(*walks))
    assert browsing.fingerprint("orders", looks(*walks)) == first
    assert browsing.fingerprint("others", looks(*walks)) != first
    assert browsing.fingerprint("orders", looks(*walks[:2], (1, "ann", "bc"))) != first
    assert browsing.fingerprint("orders", browsing.nothing()) == "orders"


def test_one_browser_that_walks_the_same_way_all_week_counts_for_a_few():
    walks = [(6 - number / 10, "machine", "ab") for number in range(50)]
    found = looks(*walks, *[(5, name, "ab") for name in ("ann", "bob", "eve")])
    assert len(sessions(found)) == 3 + 5
    assert len(sessions(looks(*walks[:5]))) == 5


@pytest.mark.django_db
def test_whose_looks_they_are_is_known_of_those_alone_who_agreed_to_be_known():
    here, there = visitor("7", personalization=True), visitor("7", personalization=True)
    alone, counted = visitor(personalization=True), visitor("8", analytics=True)
    looked(here, "b", days=3)
    looked(there, "a", days=2, kind="add_to_cart")
    looked(alone, "a", days=1)
    looked(counted, "ab", days=1)
    found = browsing.load(AS_OF)
    assert sessions(found) == ["ab"]
    assert found.looks.person_keys == ("user:7", f"visitor:{alone.pk}")
    assert [found.looks.item_keys[item] for item in found.looks.item] == ["b", "a", "a"]
    assert (found.looks.person.tolist(), found.looks.viewed.tolist()) == ([0, 0, 1], [True, False, True])
    Visitor.objects.filter(user_key="7").update(granted={"analytics": True})
    assert browsing.load(AS_OF).looks.person_keys == (f"visitor:{alone.pk}",)


@pytest.mark.django_db
def test_views_choices_and_what_went_into_the_basket_are_looks_and_nothing_else_is():
    who = visitor(personalization=True)
    kinds = ("view_item", "select_item", "add_to_cart", "add_to_wishlist", "remove_from_cart", "purchase", "dismiss")
    for place, (kind, item) in enumerate(zip(kinds, "abcdefg", strict=True)):
        looked(who, item, kind=kind, days=1 - place / 24 / 60)
    looked(who, [""], days=1)
    assert sessions(browsing.load(AS_OF)) == ["abcd"]


@pytest.mark.django_db
def test_only_who_says_yes_now_is_read():
    known, counted, refused = visitor(personalization=True), visitor(analytics=True), visitor(offers=True)
    for who, items in ((known, "ab"), (counted, "cd"), (refused, "ef")):
        looked(who, items)
    assert sorted(sessions(browsing.load(AS_OF))) == ["ab", "cd"]
    Visitor.objects.filter(pk=counted.pk).update(granted={})
    assert sessions(browsing.load(AS_OF)) == ["ab"]
    Visitor.objects.filter(pk=known.pk).update(paused_at=AS_OF)
    assert sessions(browsing.load(AS_OF)) == []


@pytest.mark.django_db
def test_what_is_later_than_as_of_is_not_read():
    who = visitor(personalization=True)
    looked(who, "abcd", days=1 / 24 / 60)
    assert sessions(browsing.load(AS_OF)) == ["ab"]


@pytest.mark.django_db
def test_staff_who_look_at_their_own_shop_are_left_out(django_user_model):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    looked(visitor(str(clerk.pk), personalization=True), "ab")
    looked(visitor(personalization=True), "cd")
    assert sessions(browsing.load(AS_OF)) == ["cd"]


@pytest.mark.django_db
def test_the_newest_rows_are_read_and_no_more(monkeypatch):
    monkeypatch.setattr(browsing, "NEWEST", 3)
    looked(visitor(personalization=True), "ab", days=2)
    looked(visitor(personalization=True), "cd", days=1)
    assert sessions(browsing.load(AS_OF)) == ["cd"]


@pytest.mark.django_db
def test_the_looks_are_read_in_one_query_who_may_be_known_in_one_and_who_is_staff_in_one(django_assert_num_queries):
    for _ in range(5):
        looked(visitor(personalization=True, analytics=True), [str(uuid4()), str(uuid4())])
    with django_assert_num_queries(3):
        found = browsing.load(AS_OF)
    assert len(np.unique(found.session)) == 5
