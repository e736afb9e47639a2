"""A function of the shop's own as the source of answers."""

import pytest
from django.test import RequestFactory

from django_personalize.conf import settings as ours
from django_personalize.consent.function import FunctionConsent
from django_personalize.core.types import Purpose
from django_personalize.testing.contracts import ConsentContract
from django_personalize.testing.override import override_personalize

ANSWER = {"yes": True, "no": False}


def banner(request):
    raw = request.COOKIES.get("banner", "")
    told = dict(pair.split(":") for pair in raw.split(",") if ":" in pair)
    return {name: ANSWER.get(word, word) for name, word in told.items()}


class TestFunctionConsent(ConsentContract):
    @pytest.fixture
    def source(self):
        return FunctionConsent(banner)

    @pytest.fixture
    def request_without_answer(self):
        return RequestFactory().get("/")


def test_nothing_but_true_is_a_yes(rf):
    request = rf.get("/")
    request.COOKIES["banner"] = "analytics:yes,personalization:no,offers:1,marketing:yes"
    with override_personalize(CONSENT=f"{__name__}.banner"):
        told = {purpose.value: state.value for purpose, state in ours.consent.states(request).items()}
    assert told == {
        "analytics": "granted",
        "personalization": "denied",
        "offers": "unknown",
        "email": "unknown",
        "assistant": "unknown",
    }


def test_it_is_made_once(rf):
    with override_personalize(CONSENT=f"{__name__}.banner"):
        assert ours.consent is ours.consent
        assert set(ours.consent.states(rf.get("/"))) == set(Purpose)
