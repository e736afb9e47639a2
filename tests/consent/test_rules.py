"""What stands for an answer that was not given, and what no answer can permit."""

import pytest
from django.test import RequestFactory

from django_personalize.consent.rules import is_for_children, signal_of
from django_personalize.consent.states import states
from django_personalize.core.types import Purpose
from django_personalize.testing.override import override_personalize

GPC, DNT = {"HTTP_SEC_GPC": "1"}, {"HTTP_DNT": "1"}
GIVEN = {"analytics": "granted", "personalization": "denied"}
OPEN = ("offers", "email", "assistant")


def told(**headers):
    found = states(RequestFactory().get("/", **headers))
    assert set(found) == set(Purpose)
    return {purpose.value: state.value for purpose, state in found.items()}


@pytest.mark.parametrize(
    ("signals", "headers", "answered"),
    [
        (("gpc", "dnt"), GPC, "denied"),
        (("gpc", "dnt"), DNT, "denied"),
        (("gpc", "dnt"), GPC | DNT, "denied"),
        (("gpc", "dnt"), {}, "unknown"),
        (("gpc", "dnt"), {"HTTP_SEC_GPC": "0", "HTTP_DNT": "unspecified"}, "unknown"),
        (("gpc",), DNT, "unknown"),
        (("gpc",), GPC, "denied"),
        (("dnt",), DNT, "denied"),
        ((), GPC | DNT, "unknown"),
    ],
)
def test_a_signal_is_a_no_where_there_is_no_answer_and_an_answer_wins(answers, signals, headers, answered):
    answers(**GIVEN)
    with override_personalize(SIGNALS=signals):
        assert told(**headers) == GIVEN | dict.fromkeys(OPEN, answered)


def test_the_signal_is_named():
    assert [signal_of(RequestFactory().get("/", **headers)) for headers in (GPC, DNT, GPC | DNT, {})] == [
        "gpc",
        "dnt",
        "gpc",
        "",
    ]


def child(request):
    return True


def adult(request):
    return False


def nobody_knows(request):
    return None


def broken(request):
    raise RuntimeError("away")


@pytest.mark.parametrize(
    ("function", "left"),
    [("child", "denied"), ("adult", "granted"), ("nobody_knows", "granted"), ("broken", "unknown")],
)
def test_no_child_is_profiled_whatever_was_answered(answers, function, left):
    answers(**{purpose.value: "granted" for purpose in Purpose})
    with override_personalize(MINOR=f"{__name__}.{function}"):
        profiled = dict.fromkeys(("personalization", "offers", "email", "assistant"), left)
        assert told() == {"analytics": "granted"} | profiled
        assert is_for_children(RequestFactory().get("/")) is (left != "granted")


def test_nobody_is_asked_for_their_age_who_says_no_anyway(answers, caplog):
    answers(analytics="granted", personalization="denied")
    with override_personalize(MINOR=f"{__name__}.broken"):
        assert told()["personalization"] == "denied"
    assert caplog.records == []
