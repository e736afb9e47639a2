"""The sum that closes, as a command and as a page."""

import json
from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_personalize.core.types import RefusalDraft
from django_personalize.events import intake
from django_personalize.events.intake import Outcome, account
from django_personalize.events.sinks import DatabaseSink
from django_personalize.models import Intake, Quarantined
from django_personalize.testing.contracts import MOMENT, event

pytestmark = pytest.mark.django_db


def test_nothing_came_in_and_that_closes():
    found = account()
    assert (found.received, found.difference) == (0, 0)


def test_ends_add_up_over_processes_and_days(monkeypatch):
    for pid in (8, 9, 16):
        monkeypatch.setattr(intake.os, "getpid", lambda pid=pid: pid)
        intake.add(MOMENT.date(), "db", Counter({(Outcome.STORED, ""): 2, (Outcome.RECEIVED, ""): 2}))
    assert sorted(Intake.objects.filter(outcome="stored").values_list("shard", "count")) == [(0, 4), (1, 2)]
    assert (account().stored, account().difference) == (6, 0)


def test_what_came_to_no_end_is_said_and_the_command_ends_with_one(capsys):
    intake.add(MOMENT.date(), "db", Counter({(Outcome.RECEIVED, ""): 3, (Outcome.STORED, ""): 1}))
    with pytest.raises(SystemExit) as ended:
        call_command("personalize_intake")
    assert ended.value.code == 1
    assert "The sum does not close: 2 facts have come to no end." in capsys.readouterr().out


def test_the_sum_is_asked_for_by_one_statement_so_that_nothing_moves_in_between():
    intake.add(MOMENT.date(), "db", Counter({(Outcome.RECEIVED, ""): 9, (Outcome.STORED, ""): 5}))
    for reason, facts in (("bad_field", 1), ("bad_field", 2), ("bad_checksum", 1)):
        Quarantined.objects.create(arrived_at=MOMENT, sink="db", reason=reason, payload=b"", facts=facts)
    with CaptureQueriesContext(connection) as asked:
        found = account()
    assert (found.quarantined, found.stored, found.difference) == ({"bad_checksum": 1, "bad_field": 3}, 5, 0)
    assert len([each for each in asked if "personalize_" in each["sql"]]) == 1


def test_the_command_says_every_end(capsys):
    DatabaseSink().write([event(1), event(1), RefusalDraft(reason="bad_id", count=3)])
    call_command("personalize_intake", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "received": 5, "stored": 1, "duplicate": 1, "refused": {"bad_id": 3}, "quarantined": {}, "erased": 0,
        "waiting": 0, "difference": 0,
    }  # fmt: skip
    call_command("personalize_intake")
    assert "The sum closes." in capsys.readouterr().out


def test_the_page_shows_the_sum_and_each_day(client):
    client.force_login(User.objects.create_superuser("boss"))
    DatabaseSink().write([event(1), RefusalDraft(reason="bad_id", count=3)])
    page = client.get("/admin/personalize/intake/").content.decode()
    assert "The sum closes." in page
    assert "`id` is no UUID." in page
    intake.add(MOMENT.date(), "db", Counter({(Outcome.RECEIVED, ""): 2}))
    assert "2 facts have come to no end" in client.get("/admin/personalize/intake/").content.decode()
