from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from django_personalize.core.types import Purpose
from django_personalize.visitors import cookie

TOKEN = cookie.Token(UUID(int=7), frozenset({Purpose.PERSONALIZATION, Purpose.ANALYTICS}))


def written(secure=False):
    response = HttpResponse()
    cookie.write(RequestFactory().get("/", secure=secure), response, TOKEN)
    return response


def request_with(value):
    request = RequestFactory().get("/")
    request.COOKIES[cookie.NAME] = value
    return request


def test_what_was_written_is_read_back():
    assert cookie.read(request_with(written().cookies[cookie.NAME].value)) == TOKEN


def test_the_cookie_is_for_this_site_only_and_no_script_reads_it():
    morsel = written(secure=True).cookies[cookie.NAME]
    assert (morsel["httponly"], morsel["secure"], morsel["samesite"]) == (True, True, "Lax")
    assert morsel["max-age"] <= 60 * 60 * 24 * 396


def test_no_cache_may_keep_a_response_that_sets_it():
    assert "no-store" in written()["Cache-Control"]
    assert "private" in written()["Cache-Control"]


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value[:-1] + ("A" if value[-1] != "A" else "B"),
        lambda value: value.replace("7", "8", 1),
        lambda value: value.partition(":")[0],
        lambda value: "",
        lambda value: "rubbish",
    ],
)
def test_a_forged_cookie_is_none(change):
    assert cookie.read(request_with(change(written().cookies[cookie.NAME].value))) is None


def test_clearing_is_not_cached_either():
    response = HttpResponse()
    cookie.clear(response)
    assert response.cookies[cookie.NAME]["max-age"] == 0
    assert "no-store" in response["Cache-Control"]
