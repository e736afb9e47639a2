"""What was acknowledged and cannot be stored is found one by one, kept, and can be tried again."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from django_personalize.core.types import CountDraft
from django_personalize.events import quarantine, store
from django_personalize.events.intake import account
from django_personalize.events.lines import encode
from django_personalize.events.quarantine import Carried, expire, replay, store_counted
from django_personalize.events.sinks import DatabaseSink
from django_personalize.models import DailyCount, Event, Intake, Quarantined
from django_personalize.testing.contracts import MOMENT, event
from tests.people import visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def picky(monkeypatch):
    """The database takes no event of the item 'bad'; give a set to say which items those are."""
    refused, insert = {"bad"}, store.insert_events

    def strict(drafts, *, received_at):
        batch = list(drafts)
        if any(draft.item_key in refused for draft in batch):
            raise IntegrityError("not this one")
        return insert(batch, received_at=received_at)

    monkeypatch.setattr(store, "insert_events", strict)
    return refused


def closed():
    found = account()
    assert found.difference == 0
    return found


def test_one_bad_in_a_thousand_is_found_and_the_others_are_stored(picky, django_assert_max_num_queries):
    batch = [event(number, item_key="bad" if number == 637 else "1") for number in range(1_000)]
    with django_assert_max_num_queries(120):
        DatabaseSink().write(batch)
    assert (Event.objects.count(), closed().quarantined) == (999, {"not_storable": 1})


def test_ten_bad_in_a_thousand_are_found_too(picky):
    DatabaseSink().write([event(number, item_key="1" if number % 100 else "bad") for number in range(1_000)])
    assert (Event.objects.count(), closed().quarantined) == (990, {"not_storable": 10})


def test_what_is_set_aside_can_be_stored_once_its_trouble_is_gone(picky):
    me = visitor("analytics")
    DatabaseSink().write([event(1, item_key="bad", visitor_id=me.pk), event(2)])
    row = Quarantined.objects.get()
    assert (row.visitor_id, row.facts, row.detail) == (me.pk, 1, "IntegrityError")
    assert (replay([row.pk]).ended, Quarantined.objects.get().tries) == (0, 1)
    picky.clear()
    assert replay([row.pk]).ended == 1
    assert (closed().stored, closed().quarantined, Event.objects.count()) == (2, {}, 2)
    assert Event.objects.get(item_key="bad").visitor_id == me.pk


def test_what_was_set_aside_of_somebody_who_is_gone_is_erased_by_the_next_try(picky):
    me = visitor("analytics")
    DatabaseSink().write([event(1, item_key="bad", visitor_id=me.pk)])
    me.delete()
    replay(Quarantined.objects.values_list("pk", flat=True))
    assert (closed().erased, closed().quarantined, Event.objects.count()) == (1, {}, 0)


def test_a_full_quarantine_refuses_by_name(picky, monkeypatch):
    monkeypatch.setattr(quarantine, "MOST", 2)
    DatabaseSink().write([event(number, item_key="bad") for number in range(5)])
    assert (closed().quarantined, closed().refused) == ({"not_storable": 2}, {"quarantine_full": 3})


def test_nobody_takes_the_room_of_all(picky, monkeypatch):
    monkeypatch.setattr(quarantine, "SHARE", 3)
    me, other = visitor("analytics"), visitor("analytics")
    for start in (0, 2):
        DatabaseSink().write(
            [event(start + n, item_key="bad", visitor_id=me.pk) for n in range(2)]
            + [event(10 + start, item_key="bad", visitor_id=other.pk), event(20 + start, item_key="bad")]
        )
    assert (closed().quarantined, closed().refused) == ({"not_storable": 7}, {"quarantine_full": 1})
    assert Quarantined.objects.filter(visitor_id=me.pk).count() == 3


def test_what_is_given_up_is_counted_as_refused(picky, frozen):
    DatabaseSink().write([event(1, item_key="bad")])
    frozen(timedelta(days=91))
    assert expire(Quarantined.objects.all()) == 1
    assert (closed().quarantined, closed().refused) == ({}, {"expired": 1})


def test_a_line_with_a_wrong_checksum_is_never_taken_for_a_fact():
    store_counted([Carried(None, b"[1,", 1, "bad_checksum")], received_at=MOMENT, sink="spool")
    assert replay(Quarantined.objects.values_list("pk", flat=True)).ended == 0
    assert closed().quarantined == {"bad_checksum": 1}


def test_somebody_erased_between_look_and_commit_costs_nothing(monkeypatch):
    """The database's own constraint speaks up; the second look sees that they are gone."""
    me, calls = visitor("analytics"), []
    insert = store.insert_events

    def late(drafts, *, received_at):
        if not calls:
            calls.append(1)
            raise IntegrityError("FOREIGN KEY constraint failed")
        return insert(drafts, received_at=received_at)

    monkeypatch.setattr(store, "insert_events", late)
    DatabaseSink().write([event(1, visitor_id=me.pk), event(2, visitor_id=me.pk)])
    assert (Event.objects.count(), closed().quarantined) == (2, {})


def test_the_command_lists_and_tries_again(picky, capsys):
    call_command("personalize_quarantine")
    assert capsys.readouterr().out == "Nothing is in quarantine.\n"
    DatabaseSink().write([event(1, item_key="bad"), event(2, item_key="bad")])
    call_command("personalize_quarantine")
    assert "not_storable: 2 (" in capsys.readouterr().out
    with pytest.raises(CommandError, match="2 rows cannot be stored yet"):
        call_command("personalize_quarantine", "--replay")
    picky.clear()
    capsys.readouterr()
    call_command("personalize_quarantine", "--replay", "--reason", "not_storable")
    assert capsys.readouterr().out == "2 rows tried, 2 facts left quarantine.\n"


@pytest.mark.parametrize("changes", [{"item_key": "x\0y"}, {"quantity": 2**70}, {"item_key": "x" * 300}])
def test_what_only_the_database_finds_out_is_set_aside_too(changes):
    """A sink is handed values that no door checked; PostgreSQL minds what SQLite lets pass."""
    DatabaseSink().write([event(1), event(2, **changes), event(3, visitor_id=None), event(uuid4().int)])
    found = closed()
    assert found.stored + sum(found.quarantined.values()) == 4
    if connection.vendor == "postgresql" or "quantity" in changes:
        assert found.quarantined == {"not_storable": 1}


def test_what_a_later_version_set_aside_keeps_nothing_else_from_being_tried_or_purged():
    newer = Quarantined.objects.create(
        arrived_at=MOMENT, sink="db", reason=quarantine.NOT_STORABLE, payload=b'[2,"event",{}]', facts=1
    )
    ours = Quarantined.objects.create(
        arrived_at=MOMENT, sink="db", reason=quarantine.NOT_STORABLE, payload=encode(event(1)), facts=1
    )
    done = replay([newer.pk, ours.pk])
    assert (done.tried, done.ended) == (2, 1)
    assert Quarantined.objects.values_list("pk", "tries").get() == (newer.pk, 1)


def test_a_line_that_stood_for_missing_ones_too_is_stored_once_and_they_are_counted_as_lost():
    counted = CountDraft(day=MOMENT.date(), kind="view_item", item_key="1", count=1)
    row = Quarantined.objects.create(
        arrived_at=MOMENT, sink="spool", reason="bad_field", payload=encode(counted), facts=3
    )
    assert [replay([row.pk]).ended for _ in range(2)] == [3, 0]
    assert DailyCount.objects.get().count == 1
    ends = Intake.objects.order_by("outcome").values_list("outcome", "reason", "count")
    assert list(ends) == [("refused", "lost_on_the_way", 2), ("stored", "", 1)]
