"""Shoppers of tests are what real ones would be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from django_personalize.consent.ledger import verify
from django_personalize.core import clock
from django_personalize.exceptions import PersonalizeError
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.models import ConsentRecord, Event, Membership, Visitor
from django_personalize.testing.override import override_personalize
from django_personalize.visitors import cookie
from tests.shops import bought, order, product, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def lantern():
    return product("Lantern")


def test_a_shopper_is_what_the_banners_button_makes_of_a_browser(as_shopper, lantern):
    create_groups()
    made, real = as_shopper(), Client()
    real.post("/cookies/accept/", {"cookie_groups": ["personalization", "analytics"]})
    told = [sorted(client.cookies["cookie_consent"].value.split("|pz=")[0].split("|")) for client in (made, real)]
    assert told[0] == told[1]
    assert {cookie.NAME, cookie.LEAVE} <= set(made.cookies)
    rows = Visitor.objects.order_by("created_at").values_list("granted", "user_key")
    assert rows[0] == rows[1] == ({"analytics": True, "personalization": True}, "")
    fields = ConsentRecord.objects.values_list("fields__granted", "fields__text", "fields__source")
    assert fields[0] == fields[1]
    assert verify().wrong == ()
    made.get(lantern.get_absolute_url())
    assert Event.objects.get().visitor == made.visitor


def test_the_first_page_changes_neither_answer_nor_visitor(as_shopper):
    shopper = as_shopper(consent=["analytics"])
    before = shopper.cookies.output()
    shopper.post("/i18n/setlang/", {"language": "en"})
    assert Visitor.objects.get() == shopper.visitor
    assert cookie.read(shopper.response.wsgi_request).granted == {"analytics"}
    assert f"{cookie.NAME}=" in before
    assert len(ConsentRecord.objects.all()) == 1


@pytest.mark.parametrize(("consent", "asks"), [([], False), (None, True)])
def test_without_a_yes_nobody_comes_into_being(as_shopper, lantern, consent, asks):
    create_groups()
    shopper = as_shopper(consent=consent)
    assert (b'class="consent"' in shopper.get("/").content) is asks
    assert (shopper.visitor, Visitor.objects.count(), Event.objects.count()) == (None, 0, 0)


def test_a_past_lies_a_minute_apart_in_the_order_that_was_given(as_shopper, frozen_clock, lantern):
    mug, candle = product("Mug"), product("Candle")
    shopper = as_shopper(bought=[mug], viewed=[lantern, str(candle.pk)], carted=[mug], dismissed=[candle])
    rows = Event.objects.filter(visitor=shopper.visitor).order_by("occurred_at")
    now = clock.now()
    assert [(row.kind, row.item_key, (now - row.occurred_at) // timedelta(minutes=1)) for row in rows] == [
        ("purchase", str(mug.pk), 5),
        ("view_item", str(lantern.pk), 4),
        ("view_item", str(candle.pk), 3),
        ("add_to_cart", str(mug.pk), 2),
        ("dismiss", str(candle.pk), 1),
    ]


def test_an_accounts_orders_are_theirs(as_shopper, lantern):
    anna = user("anna")
    bought(order("A", user="anna"), lantern)
    shopper = as_shopper(user=anna)
    assert shopper.visitor.user_key == str(anna.pk)
    assert Event.objects.get(kind="purchase").visitor == shopper.visitor
    assert shopper.get("/").wsgi_request.user == anna


def test_a_segment_is_one_that_there_is(as_shopper):
    shopper = as_shopper(segments=["loyal"])
    assert Membership.objects.get().visitor == shopper.visitor
    with pytest.raises(PersonalizeError, match=r"\['loyle'\]; known are .*loyal"):
        as_shopper(segments=["loyle"])


@pytest.mark.parametrize("past", [{"viewed": ["1"]}, {"segments": ["loyal"]}])
def test_a_past_without_a_yes_is_an_error(as_shopper, past):
    with pytest.raises(PersonalizeError, match="nothing is kept"):
        as_shopper(consent=[], **past)


def test_a_purpose_that_the_banner_does_not_ask_for_is_an_error(as_shopper):
    with pytest.raises(PersonalizeError, match="yes to offers: the banner does not ask"):
        as_shopper(consent=["offers"])


def test_a_source_that_only_reads_is_an_error_that_says_what_to_do(as_shopper):
    with (
        override_personalize(CONSENT="tests.testing.test_shoppers.nobody_said"),
        pytest.raises(PersonalizeError, match="StaticConsent"),
    ):
        as_shopper()


def nobody_said(request):
    return {}


def test_the_double_answers_alike_for_everybody(as_shopper, answers):
    answers()
    as_shopper(consent=["analytics"])
    assert as_shopper(consent=None, headers={"Accept-Language": "ru"}).visitor is None
    from django_personalize.testing.doubles import StaticConsent

    assert {purpose for purpose, state in StaticConsent.answers.items() if state == "granted"} == {"analytics"}
