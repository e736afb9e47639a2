import pytest
from cookie_consent.models import CookieGroup
from django.test import RequestFactory

from django_personalize.core.types import ConsentState, Purpose
from django_personalize.integrations.cookie_consent import CookieConsent, create_groups
from django_personalize.testing.contracts import ConsentContract

pytestmark = pytest.mark.django_db


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
            ("personalization=9999-01-01T00:00:00+00:00", ConsentState.GRANTED),
            ("personalization", ConsentState.UNKNOWN),
            ("|||=|=", ConsentState.UNKNOWN),
            ("", ConsentState.UNKNOWN),
        ],
    )
    def test_the_banners_cookie_is_the_answer(self, source, request_without_answer, raw, state):
        request_without_answer.COOKIES["cookie_consent"] = raw
        assert source.states(request_without_answer)[Purpose.PERSONALIZATION] is state


def test_groups_are_made_once_with_their_cookies_and_never_altered():
    assert create_groups() == ["personalization", "analytics"]
    CookieGroup.objects.filter(varname="analytics").update(name="Ours")
    assert create_groups() == []
    assert CookieGroup.objects.get(varname="analytics").name == "Ours"
    listed = [sorted(group.cookie_set.values_list("name", flat=True)) for group in CookieGroup.objects.all()]
    assert listed == [["pz_vid", "pz_yes"]] * 2
