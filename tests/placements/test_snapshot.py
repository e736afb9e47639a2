from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection

from django_personalize.models import Rule
from django_personalize.placements.snapshot import RULES, SECONDS
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def tick(monkeypatch):
    """The monotonic clock stands still; call the value to move it on."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def move(seconds):
        now[0] += seconds

    return move


def names():
    return [rule.name for rule in RULES.rows()]


def test_rules_are_read_once_for_some_seconds_in_the_order_in_which_they_act(tick, django_assert_num_queries):
    for name, priority in (("low", 0), ("high", 9), ("low too", 0)):
        Rule.objects.create(name=name, kind="cap", priority=priority)
    with django_assert_num_queries(1):
        assert names() == ["high", "low", "low too"]
    tick(SECONDS - 0.1)
    with django_assert_num_queries(0):
        assert names() == ["high", "low", "low too"]
    tick(0.2)
    with django_assert_num_queries(1):
        names()


def test_what_this_process_saves_or_deletes_counts_at_once(tick):
    assert names() == []
    rule = Rule.objects.create(name="a", kind="cap")
    assert names() == ["a"]
    rule.name = "b"
    rule.save()
    assert names() == ["b"]
    rule.delete()
    assert names() == []


def test_what_another_process_saves_counts_some_seconds_later(tick):
    assert names() == []
    Rule.objects.bulk_create([Rule(name="a", kind="cap")])  # sends no signal, as another process sends none here
    assert names() == []
    tick(SECONDS)
    assert names() == ["a"]


def test_only_what_is_on_and_may_still_come_is_kept(tick, frozen):
    Rule.objects.create(name="off", kind="cap", is_on=False)
    Rule.objects.create(name="over", kind="cap", ends_at=NOON)
    Rule.objects.create(name="to come", kind="cap", starts_at=NOON + timedelta(days=1))
    assert names() == ["to come"]


def test_a_database_that_fails_keeps_what_was_known(tick, caplog):
    Rule.objects.create(name="a", kind="cap")
    assert names() == ["a"]
    tick(SECONDS)

    def fail(*args):
        raise DatabaseError("away")

    with connection.execute_wrapper(fail):
        assert names() == ["a"]
    assert "could not be read" in caplog.text
