from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest

from django_personalize.core import clock
from django_personalize.models import Decision, Event, Impression
from django_personalize.placements.defaults import PLACEMENTS
from django_personalize.training import blocks
from tests.people import visitor
from tests.shops import user

pytestmark = pytest.mark.django_db
BLOCKS = ("row:personal", "category:k", "promotion:5")
"""Two slots each, but for the promotion's one: slots 1 and 2, 3 and 4, and 5."""


def decision(who, order=BLOCKS, *, ago=timedelta(hours=1), placement=blocks.HOME):
    slots = []
    for block in order:
        for _ in range(1 if block.startswith("promotion") else 2):
            slots.append({"slot": len(slots) + 1, "item_key": str(len(slots) + 1), "block": block})
    return Decision.objects.create(visitor=who, placement=placement, decided_at=clock.now() - ago, slots=slots)


def seen(chosen, *slots):
    for slot in slots:
        Impression.objects.create(decision=chosen, slot=slot, item_key=str(slot), seen_at=chosen.decided_at)


def event(kind, chosen, slot=None, *, item="", after=timedelta(), **values):
    at = chosen.decided_at + after
    Event.objects.create(
        uid=uuid4(), kind=kind, visitor=chosen.visitor, decision_id=None if slot is None else chosen.pk, index=slot,
        item_key=item, occurred_at=at, received_at=at, **values,
    )  # fmt: skip


def learnt(as_of=None):
    found = blocks.load(as_of or clock.now())
    return {name: round(float(lift), 4) for name, lift in zip(found["blocks"], found["block_lift"], strict=True)}


@pytest.fixture
def me():
    return visitor("personalization")


def test_it_is_of_the_homepage():
    assert blocks.HOME in PLACEMENTS


def test_without_a_look_there_is_nothing(me):
    decision(me)
    assert learnt() == {}
    assert {name: array.dtype for name, array in blocks.none().items()} == {
        "blocks": np.dtype("U1"), "block_lift": np.dtype("f4"),
    }  # fmt: skip


def test_a_block_that_is_taken_up_more_than_its_place_usually_is_rises(me):
    """Second places: k seen eight times and taken in four, l seen eight times and never taken; a place brings 0.25."""
    for number in range(8):
        ours = decision(me, ("row:personal", "category:k"))
        seen(ours, 3)
        if number % 2:
            event("select_item", ours, 4, item="4", after=timedelta(seconds=5))
            event("user_engagement", ours, item="4", after=timedelta(seconds=60), engagement_time_msec=10_000)
        seen(decision(me, ("row:personal", "category:l")), 3, 4)
    assert learnt() == {"category:k": round((4 + 10) / (2 + 10), 4), "category:l": round((0 + 10) / (2 + 10), 4)}


def test_a_click_that_was_not_stayed_with_is_half_and_two_in_a_block_are_one(me):
    ours = decision(me)
    seen(ours, 1, 3)
    event("select_item", ours, 3, item="3")
    event("select_item", ours, 4, item="4")
    event("user_engagement", ours, item="4", after=timedelta(minutes=1), engagement_time_msec=9_999)
    event("user_engagement", ours, item="4", after=timedelta(minutes=61), engagement_time_msec=99_999)
    other = decision(me)
    seen(other, 3)
    # k: two looks, half a click; its place usually brings a quarter of a look, and nothing else ever stood there
    assert learnt() == {"category:k": 1.0, "row:personal": 1.0}
    event("user_engagement", ours, item="4", after=timedelta(minutes=59), engagement_time_msec=99_999)
    late = decision(me, ("category:l", "category:k"))
    seen(late, 3)
    assert learnt()["category:k"] == 1.0


def test_a_promotion_is_a_block_by_its_own_events(me):
    for number in range(4):
        ours = decision(me, ("promotion:5", "row:personal") if number < 2 else ("promotion:6", "row:personal"))
        event("view_promotion", ours, 1, promotion_id="5")
        if number < 2:
            event("select_promotion", ours, 1, promotion_id="5")
    assert learnt() == {"promotion:5": round(11.5 / 10.75, 4), "promotion:6": round(10 / 10.75, 4)}


def test_who_takes_the_yes_back_is_staff_or_is_long_ago_does_not_count(me):
    theirs = decision(visitor("email"))
    boss = user("boss")
    boss.is_staff = True
    boss.save()
    others = [
        theirs,
        decision(visitor("personalization", user_key=str(boss.pk))),
        decision(me, ago=timedelta(days=31)),
        decision(me, placement="you-may-also-like"),
    ]
    for each in others:
        seen(each, 1)
    assert learnt() == {}
    seen(decision(visitor("analytics")), 1)
    assert learnt() == {"row:personal": 1.0}
    assert learnt(clock.now() - timedelta(days=40)) == {}


def test_it_costs_few_queries_however_many_pages(me, django_assert_num_queries):
    for _ in range(5):
        ours = decision(me)
        seen(ours, 1, 2, 3)
        event("select_item", ours, 1, item="1")
    with django_assert_num_queries(6):  # five, and one for who is staff
        blocks.load(clock.now())
