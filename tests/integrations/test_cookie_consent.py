"""The banner's cookie as the answer: what it means, what it costs, how long it lasts, and which text it is about."""

import time
from http.cookies import SimpleCookie

import pytest
from cookie_consent.cache import get_cookie_group
from cookie_consent.models import Cookie, CookieGroup
from cookie_consent.processor import CookiesProcessor
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from django_personalize.conf import settings as ours
from django_personalize.core.types import ConsentState, Purpose
from django_personalize.integrations import cookie_consent
from django_personalize.integrations.cookie_consent import NO_LASTS, CookieConsent, create_groups
from django_personalize.testing.contracts import ConsentContract

pytestmark = pytest.mark.django_db
DAY = 24 * 60 * 60
NEVER = "personalization=9999-01-01T00:00:00+00:00"
"""A yes to whatever is added to the group."""


class TestCookieConsent(ConsentContract):
    @pytest.fixture
    def source(self):
        create_groups()
        return CookieConsent()

    @pytest.fixture
    def request_without_answer(self):
        return RequestFactory().get("/")

    @pytest.mark.parametrize(
        ("raw", "state"),
        [
            ("personalization=-1", ConsentState.DENIED),
            ("personalization=2000-01-01T00:00:00+00:00", ConsentState.UNKNOWN),
            (NEVER, ConsentState.GRANTED),
            ("personalization", ConsentState.UNKNOWN),
            ("|||=|=", ConsentState.UNKNOWN),
            ("", ConsentState.UNKNOWN),
            (f"{NEVER}|pz=", ConsentState.GRANTED),
            (f"{NEVER}|pz=:.:personalization", ConsentState.GRANTED),
            (f"{NEVER}|pz=personalization.of-another-text", ConsentState.UNKNOWN),
            ("personalization=-1|pz=personalization.of-another-text", ConsentState.UNKNOWN),
            ("personalization=-1|pz=analytics.of-another-text", ConsentState.DENIED),
            (f"{NEVER}|{'x' * 4000}=1", ConsentState.GRANTED),
        ],
    )
    def test_the_banners_cookie_is_the_answer(self, source, request_without_answer, raw, state):
        request_without_answer.COOKIES["cookie_consent"] = raw
        for _ in range(2):  # read, and remembered
            assert source.states(request_without_answer)[Purpose.PERSONALIZATION] is state


def test_groups_are_made_once_with_their_cookies_and_never_altered():
    assert create_groups() == ["personalization", "analytics"]
    CookieGroup.objects.filter(varname="analytics").update(name="Ours")
    assert create_groups() == []
    assert CookieGroup.objects.get(varname="analytics").name == "Ours"
    listed = [sorted(group.cookie_set.values_list("name", flat=True)) for group in CookieGroup.objects.all()]
    assert listed == [["pz_vid", "pz_yes"]] * 2


class Browser:
    """Keeps the banner's cookie, and answers in one request with the package's own processor."""

    def __init__(self):
        self.raw, self.life = "", None

    def request(self):
        request = RequestFactory().get("/")
        if self.raw:
            request.COOKIES["cookie_consent"] = self.raw
        ours.consent.before(request)
        return request

    def answer(self, action, *purposes):
        request, response = self.request(), HttpResponse()
        CookiesProcessor(request, response).process(CookieGroup.objects.filter(varname__in=purposes), action)
        ours.consent.after(request, response)
        given = SimpleCookie(response.cookies["cookie_consent"].OutputString())["cookie_consent"]
        self.raw, self.life = given.value, int(given["max-age"])

    def says(self, *purposes):
        states = ours.consent.states(self.request())
        return [states[Purpose(purpose)].value for purpose in purposes or ("personalization", "analytics")]


@pytest.fixture
def browser():
    create_groups()
    return Browser()


def reword(purpose, **texts):
    group = CookieGroup.objects.get(varname=purpose)
    for name, text in texts.items():
        setattr(group, name, text)
    group.save()


@pytest.mark.parametrize("action", ["accept", "decline"])
@pytest.mark.parametrize("field", ["name", "description"])
def test_an_answer_to_another_text_is_none_whatever_it_was(browser, action, field):
    browser.answer(action, "personalization", "analytics")
    told = {"accept": "granted", "decline": "denied"}[action]
    assert browser.says() == [told, told]
    reword("personalization", **{field: "Something else is meant now."})
    assert browser.says() == ["unknown", told]
    browser.answer("decline", "personalization")
    assert browser.says() == ["denied", told]


def test_a_text_that_reads_as_before_asks_nobody_again(browser):
    browser.answer("decline", "personalization")
    group = CookieGroup.objects.get(varname="personalization")
    reword("personalization", description=f"  {group.description.replace(' ', '  ')}\n", ordering=3)
    assert browser.says("personalization") == ["denied"]


def test_a_text_that_is_taken_back_makes_the_old_answer_count_again(browser):
    browser.answer("decline", "personalization")
    group = CookieGroup.objects.get(varname="personalization")
    reword("personalization", name="Else")
    reword("personalization", name=group.name)
    assert browser.says("personalization") == ["denied"]


def test_an_answer_of_which_nobody_knows_the_text_stands(browser):
    browser.raw = "personalization=-1"
    reword("personalization", name="Else")
    assert browser.says("personalization") == ["denied"]


def test_the_shops_own_groups_are_left_as_they_were_answered(browser):
    CookieGroup.objects.create(varname="marketing", name="Marketing")
    browser.answer("decline", "personalization", "marketing")
    reword("personalization", name="Else")
    assert browser.request().COOKIES["cookie_consent"] == "marketing=-1"


def test_a_refusal_of_everything_lasts_half_a_year_and_a_yes_as_long_as_the_banner_says(browser):
    browser.answer("decline", "personalization", "analytics")
    assert (browser.life, NO_LASTS) == (182 * DAY, 182 * DAY)
    browser.answer("accept", "analytics")
    assert browser.life == 365 * DAY
    browser.answer("decline", "analytics")
    assert browser.life == 182 * DAY


def test_a_yes_counts_for_13_months_at_most_and_a_shorter_life_is_left(browser, settings):
    settings.COOKIE_CONSENT_MAX_AGE = 1000 * DAY
    browser.answer("accept", "analytics")
    assert browser.life == 390 * DAY
    settings.COOKIE_CONSENT_MAX_AGE = 30 * DAY
    browser.answer("decline", "analytics")
    assert browser.life == 30 * DAY


@pytest.mark.parametrize("month", range(14))
def test_nobody_is_asked_again_before_half_a_year_after_a_no_or_a_year_after_a_yes(browser, month):
    days = month * 30.4
    for action, lasts in (("decline", 182), ("accept", 365)):
        browser.answer(action, "personalization", "analytics")
        if days * DAY > browser.life:
            browser.raw = ""  # as a browser does with a cookie whose time is over
        assert (browser.says() == ["unknown", "unknown"]) is (days > lasts)


def test_the_end_of_its_life_is_told_to_old_browsers_too(browser, frozen):
    browser.answer("accept", "analytics")
    request, response = browser.request(), HttpResponse()
    CookiesProcessor(request, response).process(CookieGroup.objects.all(), "decline")
    ours.consent.after(request, response)
    assert response.cookies["cookie_consent"]["expires"] == "Sun, 30 Aug 2026 12:00:00 GMT"


def test_a_response_that_gives_no_answer_is_left_alone(browser):
    response = HttpResponse()
    response.set_cookie("other", "1", max_age=1000 * DAY)
    response.delete_cookie("cookie_consent")
    ours.consent.after(browser.request(), response)
    assert response.cookies["other"]["max-age"] == 1000 * DAY
    assert response.cookies["cookie_consent"].value == ""


def test_whatever_changes_here_counts_at_once(browser):
    browser.answer("accept", "personalization", "analytics")
    assert browser.says() == ["granted", "granted"]
    Cookie.objects.create(cookiegroup=CookieGroup.objects.get(varname="analytics"), name="another")
    assert browser.says() == ["granted", "unknown"]
    CookieGroup.objects.get(varname="personalization").delete()
    assert browser.says() == ["unknown", "unknown"]
    browser.raw = "offers=-1"
    assert browser.says("offers") == ["unknown"]
    CookieGroup.objects.create(varname="offers", name="Offers")
    assert browser.says("offers") == ["denied"]


def test_what_another_process_changes_counts_within_seconds(browser, monkeypatch):
    browser.answer("accept", "personalization")
    assert browser.says("personalization") == ["granted"]
    assert get_cookie_group("personalization").name == "Personal recommendations"
    with connection.cursor() as cursor:  # no signal is heard here, and the library's own cache knows nothing of it
        cursor.execute("UPDATE cookie_consent_cookiegroup SET name = 'Else' WHERE varname = 'personalization'")
    assert cookie_consent.EVERY_SECONDS <= 5
    monkeypatch.setattr(cookie_consent, "EVERY_SECONDS", 0)
    assert browser.says("personalization") == ["unknown"]
    assert get_cookie_group("personalization").name == "Else"  # what the banner shows


def test_a_look_costs_no_query_and_no_way_to_the_cache_and_next_to_no_time(
    browser, django_assert_num_queries, settings
):
    browser.answer("accept", "personalization")
    request = browser.request()
    source = ours.consent
    source.states(request)
    with django_assert_num_queries(0):
        times = []
        for _ in range(50):
            began = time.perf_counter()
            for _ in range(200):
                source.states(request)
            times.append((time.perf_counter() - began) / 200)
    assert min(times) < 3e-6


def test_what_is_remembered_has_a_bound(browser, monkeypatch):
    monkeypatch.setattr(cookie_consent, "REMEMBERED", 10)
    for number in range(100):
        browser.raw = f"personalization=-1|own={number}"
        assert browser.says("personalization") == ["denied"]
    browser.raw = f"personalization=-1|own={'x' * 600}"
    assert browser.says("personalization") == ["denied"]
    kept = ours.consent._groups.meanings
    assert len(kept) <= 10
    assert browser.raw not in kept
