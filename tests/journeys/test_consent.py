"""Answers as shoppers give them, through the example shop with its banner, and what is proven of each."""

from __future__ import annotations

import threading

import pytest
from cookie_consent.models import CookieGroup
from django.db import connection, connections
from django.test import Client

from django_personalize.consent.ledger import verify
from django_personalize.events.counts import keep
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.models import ConsentRecord, DailyCount, Visitor
from django_personalize.visitors import cookie
from tests.shops import product, user

pytestmark = pytest.mark.django_db
BOTH = ("personalization", "analytics")


@pytest.fixture(autouse=True)
def _shop():
    product("Lantern")
    create_groups()


def answer(client, action, *groups, **headers):
    return client.post(f"/cookies/{action}/", {"cookie_groups": list(groups or BOTH)}, **headers)


def asks(client, **headers):
    return b'class="consent"' in client.get("/", **headers).content


def proven():
    """What is on record, oldest first."""
    assert verify().wrong == ()
    return [(row.fields["granted"], row.fields["refused"]) for row in ConsentRecord.objects.all()]


def refusals():
    keep()
    return sum(DailyCount.objects.filter(kind="refusal").values_list("count", flat=True))


@pytest.mark.parametrize("action", ["accept", "decline"])
def test_the_banner_asks_until_it_is_answered_and_again_when_its_text_has_changed(client, action):
    assert asks(client)
    answer(client, action)
    assert not asks(client)
    group = CookieGroup.objects.get(varname="analytics")
    group.description = "We also measure how far you scroll."
    group.save()
    page = client.get("/").content.decode()
    assert "We also measure how far you scroll." in page
    assert "Personal recommendations" not in page  # that text is as it was answered
    answer(client, action, "analytics")
    assert not asks(client)


def test_an_answer_to_an_older_text_permits_nothing_until_it_is_repeated(client):
    answer(client, "accept")
    assert Visitor.objects.get().granted == {"analytics": True, "personalization": True}
    group = CookieGroup.objects.get(varname="analytics")
    group.name = "Everything"
    group.save()
    client.get("/")
    assert Visitor.objects.get().granted == {"personalization": True}
    answer(client, "accept", "analytics")
    assert Visitor.objects.get().granted == {"analytics": True, "personalization": True}
    assert [granted for granted, _ in proven()] == [
        ["analytics", "personalization"],
        ["personalization"],
        ["analytics", "personalization"],
    ]
    assert len(set(ConsentRecord.objects.values_list("fields__text", flat=True))) == 3


def test_a_refusal_lasts_half_a_year_and_a_yes_a_year(client):
    assert answer(client, "decline").cookies["cookie_consent"]["max-age"] == 182 * 24 * 60 * 60
    assert answer(client, "accept", "analytics").cookies["cookie_consent"]["max-age"] == 365 * 24 * 60 * 60


def test_a_refusal_is_one_of_a_days_and_nobodys(client):
    answer(client, "decline")
    client.get("/"), client.post("/account/log-in/", {"username": "nobody", "password": "no"})
    assert (refusals(), ConsentRecord.objects.count(), Visitor.objects.count()) == (1, 0, 0)


def test_every_change_of_an_answer_is_on_record_and_a_repeated_one_is_not(client):
    answer(client, "accept", "personalization")
    answer(client, "accept", "personalization")
    answer(client, "decline", "analytics")
    answer(client, "accept", "analytics")
    client.get("/"), client.post("/account/log-in/", {"username": "nobody", "password": "no"})
    answer(client, "decline", "personalization")
    browser = Visitor.objects.get().browser
    answer(client, "decline", "analytics")
    assert proven() == [
        (["personalization"], []),
        (["personalization"], ["analytics"]),
        (["analytics", "personalization"], []),
        (["analytics"], ["personalization"]),
        ([], ["analytics", "personalization"]),
    ]
    assert set(ConsentRecord.objects.values_list("subject", flat=True)) == {browser}
    assert (refusals(), Visitor.objects.count()) == (0, 0)


def test_what_is_on_record_names_the_source_and_the_language(client):
    answer(client, "accept", HTTP_ACCEPT_LANGUAGE="en")
    fields = ConsentRecord.objects.get().fields
    assert fields["source"] == "django_personalize.integrations.cookie_consent.CookieConsent"
    assert fields["language"] == "en"
    assert len(fields["text"]) == 64


def test_another_account_in_this_browser_is_proven_by_this_browsers_answer(client):
    user("mia")
    answer(client, "accept")
    client.post("/account/log-in/", {"username": "mia", "password": "pw"})
    client.post("/account/log-out/")
    assert Visitor.objects.values("browser").distinct().count() == 1
    assert len(proven()) == 1


def test_a_browser_that_signals_is_not_asked_and_its_own_answer_wins(client):
    signal = {"HTTP_SEC_GPC": "1"}
    assert not asks(client, **signal)
    client.post("/account/log-in/", {"username": "nobody", "password": "no"}, **signal)
    assert (refusals(), Visitor.objects.count()) == (0, 0)
    answer(client, "accept", "analytics", **signal)
    assert Visitor.objects.get().granted == {"analytics": True}
    assert proven() == [(["analytics"], ["assistant", "email", "offers", "personalization"])]


def test_a_forged_answer_counts_for_nothing_more_than_this_browser(client):
    client.cookies["cookie_consent"] = "personalization=9999-01-01|pz=personalization.ffffffff"
    client.post("/account/log-in/", {"username": "nobody", "password": "no"})
    assert (Visitor.objects.count(), cookie.NAME in client.cookies) == (0, False)


def test_the_admin_shows_the_ledger_and_lets_nobody_write_in_it(client, admin_client):
    answer(client, "accept")
    address = "/admin/personalize/consentrecord/"
    page = admin_client.get(address).content.decode()
    assert "analytics, personalization" in page
    assert admin_client.get(f"{address}1/change/").status_code == 200
    for url in (f"{address}add/", f"{address}1/delete/"):
        assert admin_client.post(url).status_code == 403
    assert admin_client.post(f"{address}1/change/", {"source": "me"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_answers_of_one_accounts_browsers_at_once_wait_for_nobody_in_a_circle(caplog):
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")
    user("mia")
    begin = threading.Barrier(6)

    def shop_about():
        try:
            client = Client()
            begin.wait()
            for _ in range(4):
                answer(client, "accept")
                client.post("/account/log-in/", {"username": "mia", "password": "pw"})
                answer(client, "decline", "analytics")
                answer(client, "decline", "personalization")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=shop_about) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [record.msg for record in caplog.records if record.levelname == "ERROR"] == []
    assert Visitor.objects.count() == 0
    assert proven().count((["analytics", "personalization"], [])) == 24
    assert ConsentRecord.objects.count() == 72
