import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from django_personalize.consent.states import granted, states, states_after
from django_personalize.core.types import ConsentState, Purpose
from django_personalize.testing.contracts import ConsentContract
from django_personalize.testing.doubles import StaticConsent


class TestStaticConsent(ConsentContract):
    @pytest.fixture
    def source(self, answers):
        return StaticConsent()

    @pytest.fixture
    def request_without_answer(self):
        return RequestFactory().get("/")


def test_unknown_is_no(answers):
    answers(personalization="granted", analytics="unknown", offers="denied")
    assert granted(states(RequestFactory().get("/"))) == {Purpose.PERSONALIZATION}


def test_answers_are_read_once_per_request(answers):
    request = RequestFactory().get("/")
    assert states(request)[Purpose.ANALYTICS] is ConsentState.UNKNOWN
    answers(analytics="granted")
    assert states(request)[Purpose.ANALYTICS] is ConsentState.UNKNOWN


@pytest.mark.django_db
def test_an_answer_in_the_response_counts_after_it_and_not_before():
    from cookie_consent.models import CookieGroup
    from cookie_consent.processor import CookiesProcessor

    from django_personalize.integrations.cookie_consent import create_groups

    create_groups()
    request, response = RequestFactory().post("/"), HttpResponse()
    CookiesProcessor(request, response).process(CookieGroup.objects.filter(varname="personalization"), "accept")
    assert granted(states_after(request, response)) == {Purpose.PERSONALIZATION}
    assert granted(states(request)) == frozenset()
