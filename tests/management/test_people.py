import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from django_personalize.core import clock
from django_personalize.models import Event, Visitor
from tests.people import visitor
from tests.shops import user

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(memory_shop):
    me = visitor("personalization", user_key="7")
    visitor("analytics", user_key="7")
    Event.objects.create(
        kind="purchase", occurred_at=clock.now(), received_at=clock.now(), visitor=me, transaction_id="A"
    )
    return me


def answering(monkeypatch, answer):
    monkeypatch.setattr("builtins.input", lambda prompt: answer)


def test_an_account_is_exported_with_all_its_browsers(me, capsys):
    call_command("personalize_export", "--user", "7")
    told = json.loads(capsys.readouterr().out)
    assert (told["account"], len(told["visitors"]), len(told["events"])) == ("7", 2, 1)


def test_a_visitor_stands_for_their_account(me, capsys):
    call_command("personalize_export", "--visitor", me.pk.hex)
    assert json.loads(capsys.readouterr().out)["account"] == "7"


def test_erasing_asks_and_does_it_at_a_yes(me, capsys, monkeypatch):
    answering(monkeypatch, "y")
    call_command("personalize_erase", "--user", "7")
    assert capsys.readouterr().out.splitlines() == [
        "2 visitors and 1 order: all that is kept of them here is erased. It cannot be undone.",
        "2 visitors and 1 order: 3 rows erased.",
    ]
    assert not Visitor.objects.exists()


def test_erasing_does_nothing_at_anything_else(me, monkeypatch):
    answering(monkeypatch, "")
    with pytest.raises(CommandError, match=r"Nothing was erased\."):
        call_command("personalize_erase", "--user", "7")
    assert Visitor.objects.count() == 2


def test_erasing_without_asking(me, capsys):
    call_command("personalize_erase", "--visitor", str(me.pk), "--noinput")
    assert capsys.readouterr().out == "2 visitors and 1 order: 3 rows erased.\n"


def test_an_account_of_whom_only_baskets_are_kept_is_erased_too(memory_shop, capsys):
    call_command("personalize_erase", "--user", "7", "--noinput")
    assert capsys.readouterr().out == "0 visitors and 0 orders: 0 rows erased.\n"


def test_a_visitor_who_is_nobody_is_named(memory_shop):
    nobody = uuid4()
    with pytest.raises(CommandError, match=f"Nothing is kept under {nobody}"):
        call_command("personalize_export", "--visitor", str(nobody))


def test_an_id_that_is_none_is_said_to_be(memory_shop):
    with pytest.raises(CommandError, match="'x' is no visitor's id; wanted 32 hex digits"):
        call_command("personalize_export", "--visitor", "x")


def test_the_purge_tells_what_went(memory_shop, capsys):
    user("somebody")
    visitor("analytics", user_key="0")
    Event.objects.create(kind="view_item", occurred_at=clock.now() - timedelta(days=396), received_at=clock.now())
    call_command("personalize_purge")
    call_command("personalize_purge")
    assert capsys.readouterr().out.splitlines() == [
        "Deleted: 1 events, 1 accounts that the shop no longer has.",
        "Nothing is older than it may be.",
    ]
    assert User.objects.count() == 1
