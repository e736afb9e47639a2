"""Each word about a row can fail."""

from __future__ import annotations

import pytest
from django.test import Client

from django_personalize.exceptions import ShopError
from django_personalize.placements.present import show
from tests.people import request_of
from tests.shops import product

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf():
    return [product(name, created=f"2026-01-0{day}T00:00:00Z") for day, name in enumerate(("A", "B", "C"), start=1)]


@pytest.fixture
def home(shelf, client, assert_placement):
    return assert_placement(client.get("/"), "personal-home")


def test_what_holds_is_said_in_one_breath(home, shelf):
    a, b, c = shelf
    told = home.shows(a, str(b.pk)).shows_first(c, b.pk, a).never_shows("77").is_impersonal().says(a, "New in the shop")
    assert told.keys == [str(each.pk) for each in (c, b, a)]


@pytest.mark.parametrize(
    ("say", "text"),
    [
        (lambda home, a, b: home.shows(a, "77"), "lacks '77'. It shows "),
        (lambda home, a, b: home.shows_first(a, b), "does not begin with "),
        (lambda home, a, b: home.never_shows("77", b), "'personal-home' shows "),
        (lambda home, a, b: home.is_empty(), "is not empty"),
        (lambda home, a, b: home.is_personal(), "is what everybody gets"),
        (lambda home, a, b: home.says(a, "Because"), "'New in the shop', and not 'Because'"),
        (lambda home, a, b: home.says("77", "New"), "lacks '77'"),
    ],
)
def test_what_does_not_hold_fails_and_says_what_is_there(home, shelf, say, text):
    with pytest.raises(AssertionError) as failed:
        say(home, shelf[0], shelf[1])
    assert text in str(failed.value)


def test_a_personal_row_is_not_impersonal(shelf, as_shopper, assert_placement):
    shopper = as_shopper(viewed=[shelf[0]])
    shopper.get("/")
    row = assert_placement(shopper, "personal-home").is_personal()
    with pytest.raises(AssertionError, match="is made for one shopper"):
        row.is_impersonal()


def test_a_row_that_is_not_on_the_page_proves_nothing(shelf, client, assert_placement):
    page = client.get("/")
    with pytest.raises(AssertionError, match=r"no placement 'personal-hom'\. It has 'personal-home'"):
        assert_placement(page, "personal-hom")


def test_an_empty_row_is_empty(shelf, client, assert_placement):
    page = client.get(shelf[0].get_absolute_url())
    assert_placement(page, "frequently-bought-together").is_empty().never_shows(shelf[1])


def test_rows_of_the_api_and_of_a_call_are_rows(shelf, assert_placement):
    body = {"placements": [{"slug": "personal-home"}]}
    response = Client().post("/personalize/api/v1/placements/", body, content_type="application/json")
    assert_placement(response, "personal-home").shows(*shelf)
    assert_placement(show(request_of(), "personal-home"), "personal-home").shows(*shelf)


def test_what_is_no_page_and_what_is_no_product_is_said(home, assert_placement):
    with pytest.raises(TypeError, match="wanted a response"):
        assert_placement("<html>", "personal-home")
    with pytest.raises(ShopError):
        home.shows(object())
