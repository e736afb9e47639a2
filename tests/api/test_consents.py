"""Answers by request, as the banner's own buttons give them."""

from __future__ import annotations

import pytest
from django.test import Client

from django_personalize.consent.ledger import verify
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.models import ConsentRecord, DailyCount, Visitor
from django_personalize.testing.override import override_personalize
from django_personalize.visitors import cookie
from tests.api.shoppers import ask, front_end, ok
from tests.people import visitor

pytestmark = pytest.mark.django_db
CONSENT = "django_personalize.integrations.cookie_consent.CookieConsent"


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CONSENT": CONSENT}
    create_groups()


def answer(client, **answers):
    return ok(client, "put", "consent/", answers)


def test_before_an_answer_everything_is_unknown_and_the_banner_asks(client):
    told = ok(client, "get", "consent/")
    assert set(told["answers"].values()) == {"unknown"}
    assert (told["permitted"], told["ask"]) == ([], True)
    assert set(told["texts"]) == {"analytics", "personalization"}
    assert told["texts"]["analytics"].startswith("Statistics\n")
    assert set(client.cookies) == {"csrftoken"}
    assert not Visitor.objects.exists()


def test_a_yes_makes_a_visitor_with_proof_as_the_banners_button_does(client):
    told = answer(client, analytics=True, personalization=False)
    assert (told["answers"]["analytics"], told["answers"]["personalization"]) == ("granted", "denied")
    assert (told["permitted"], told["ask"]) == (["analytics"], False)
    me, record = Visitor.objects.get(), ConsentRecord.objects.get()
    assert me.granted == {"analytics": True}
    assert (record.subject, record.fields["granted"], record.fields["refused"], record.fields["source"]) == (
        me.browser,
        ["analytics"],
        ["personalization"],
        CONSENT,
    )
    assert verify().wrong == ()
    assert client.cookies[cookie.NAME].value
    by_button = Client()
    by_button.post("/cookies/accept/", {"cookie_groups": ["analytics"]})
    by_button.post("/cookies/decline/", {"cookie_groups": ["personalization"]})
    assert by_button.cookies["cookie_consent"].value.split("|pz=")[0].split("|") == sorted(
        client.cookies["cookie_consent"].value.split("|pz=")[0].split("|")
    )


def test_one_purpose_may_be_answered_and_the_others_stay(client):
    answer(client, analytics=True, personalization=True)
    told = answer(client, analytics=False)
    assert told["permitted"] == ["personalization"]
    assert Visitor.objects.get().granted == {"personalization": True}
    assert ok(client, "get", "consent/")["answers"] == told["answers"]


def test_a_no_deletes_what_was_kept(client):
    answer(client, analytics=True)
    assert Visitor.objects.exists()
    answer(client, analytics=False, personalization=False)
    assert not Visitor.objects.exists()
    assert client.cookies[cookie.NAME].value == ""


def test_a_no_of_a_stranger_is_one_of_a_days(client):
    from django_personalize.events.counts import keep

    answer(client, analytics=False, personalization=False)
    keep()
    assert DailyCount.objects.get().kind == "refusal"
    assert (Visitor.objects.count(), ConsentRecord.objects.count()) == (0, 0)


def test_what_a_browser_signals_counts_until_it_answers(client):
    signal = {"headers": {"Sec-GPC": "1"}}
    assert ok(client, "get", "consent/", **signal)["ask"] is False
    told = ok(client, "put", "consent/", {"analytics": True}, **signal)
    assert told["permitted"] == ["analytics"]


def test_what_a_shopper_has_paused_is_not_permitted(client):
    answer(client, analytics=True)
    ok(client, "patch", "my-data/", {"paused": True})
    told = ok(client, "get", "consent/")
    assert (told["answers"]["analytics"], told["permitted"]) == ("granted", [])


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        ({"analytics": "yes"}, 400, "'analytics': \"yes\""),
        ({"statistics": True}, 400, 'an unknown name, "statistics"'),
        ({"offers": True}, 409, "an answer to 'offers', which nobody is asked"),
        ({}, 400, "no body, or an empty one"),
    ],
)
def test_what_is_no_answer_is_refused_and_nothing_is_answered(client, body, status, found):
    response = ask(client, "put", "consent/", {"analytics": True, **body} if status == 409 else body)
    assert (response.status_code, response.json()["found"]) == (status, found)
    assert not Visitor.objects.exists()
    assert "cookie_consent" not in client.cookies


def test_a_source_that_only_reads_says_where_to_answer(client):
    with override_personalize(CONSENT="tests.api.test_consents.nobody_said"):
        response = ask(client, "put", "consent/", {"analytics": True})
    assert response.status_code == 409
    assert "nobody_said" in response.json()["found"]


def nobody_said(request):
    return {}


def test_another_shops_visitor_is_answered_for_by_that_shop():
    client = front_end(visitor("personalization"))
    told = ok(client, "get", "consent/")
    assert (told["answers"]["personalization"], told["permitted"], told["csrf"]) == ("granted", ["personalization"], "")
    response = ask(client, "put", "consent/", {"personalization": False})
    assert (response.status_code, "POST events/" in response.json()["do"]) == (409, True)
    assert Visitor.objects.get().granted == {"personalization": True}


def test_the_answer_of_a_machine_makes_nobody():
    client = Client(headers={"User-Agent": "Googlebot/2.1"})
    ok(client, "put", "consent/", {"analytics": True})
    assert not Visitor.objects.exists()
