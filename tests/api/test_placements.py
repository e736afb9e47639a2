"""Rows by request: several of one page at once, each for whoever asks."""

from __future__ import annotations

import pytest
from django.test import Client

from django_personalize.api.openapi import document
from django_personalize.models import Decision
from tests.api.shoppers import ask, browser, front_end, ok
from tests.people import visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(memory_shop, answers):
    memory_shop.variants = {"1-red": "1"}
    answers(personalization="granted", analytics="granted")


def placements(client, *asked):
    return ok(client, "post", "placements/", {"placements": list(asked)})["placements"]


def keys(placement):
    return [slot["key"] for row in placement["rows"] for slot in row["slots"]]


def test_a_row_has_all_that_a_card_needs():
    [row] = placements(Client(), {"slug": "personal-home", "n": 1})
    slot = {
        "slot": 1,
        "key": "1",
        "title": "Lantern",
        "url": "/products/1/",
        "image": "",
        "price": "2.50",
        "list_price": None,
        "currency": "GBP",
        "reason": "New in the shop",
    }
    rows = [{"title": "", "url": "", "slots": [slot], "promotions": []}]
    assert row == {"slug": "personal-home", "title": "New in the shop", "decision": None, "rows": rows}


def test_a_pipeline_of_the_shops_own_has_a_slug_and_stands_in_the_document(settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "PIPELINES": {"summer_gifts": ["newest"]}}
    [row] = placements(Client(), {"slug": "summer-gifts"})
    assert (row["title"], keys(row)) == ("Summer gifts", ["1", "2", "3"])
    asked = document()["paths"]["/placements/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "summer-gifts" in asked["properties"]["placements"]["items"]["properties"]["slug"]["enum"]


def test_no_item_stands_in_two_rows_of_one_request():
    first, second = placements(
        Client(), {"slug": "personal-home", "n": 2}, {"slug": "you-may-also-like", "items": ["1"]}
    )
    assert (keys(first), keys(second)) == (["1", "2"], ["3"])
    assert keys(placements(Client(), {"slug": "you-may-also-like", "items": ["1"]})[0]) == ["2", "3"]


def test_what_the_page_is_about_is_named_by_the_key_of_an_item_or_a_variant_and_an_unknown_one_says_nothing():
    slug = {"slug": "you-may-also-like"}
    assert keys(placements(Client(), {**slug, "items": ["1-red"]})[0]) == ["2", "3"]
    assert keys(placements(Client(), {**slug, "items": ["2", "3"]})[0]) == ["1"]
    me = browser(visitor("personalization"))
    assert keys(placements(me, {**slug, "items": ["anna@example.com", 3]})[0]) == ["1", "2"]
    assert Decision.objects.get().context == ["3"]


def test_what_is_sold_out_is_in_no_row(memory_shop):
    memory_shop.sold_out = {"1", "4"}
    assert keys(placements(Client(), {"slug": "personal-home"})[0]) == ["2", "3"]


@pytest.mark.parametrize("of", [browser, front_end])
def test_for_somebody_who_said_yes_the_decision_is_stored_and_named(of):
    me = visitor("personalization")
    [row] = placements(of(me), {"slug": "personal-home"})
    stored = Decision.objects.get()
    assert (row["decision"], stored.visitor, stored.placement) == (str(stored.pk), me, "personal-home")
    assert [slot["item_key"] for slot in stored.slots] == keys(row)


def test_the_shown_may_then_be_told_by_slot():
    me = front_end(visitor("personalization"))
    [row] = placements(me, {"slug": "personal-home"})
    seen = {"id": "0d9a6a52-51f1-4f0c-9d0b-0c6f3a1f7c55", "name": "view_item_list"}
    seen["params"] = {"decision": row["decision"], "slots": [1, 2]}
    assert ok(me, "post", "events/", {"events": [seen]}) == {"stored": 2, "refused": {}}


@pytest.mark.parametrize(
    ("asked", "found", "wanted"),
    [
        ({"slug": "no-such"}, 'placements[0].slug: "no-such"', "one of you-may-also-like, "),
        ({"slug": "personal-home", "n": 0}, "placements[0].n: 0", "how many slots: a whole number from 1 to 48"),
        ({"slug": "personal-home", "n": 49}, "placements[0].n: 49", "how many"),
        ({"slug": "personal-home", "items": "8"}, 'placements[0].items: "8"', "what the page is about"),
        ({"slug": "personal-home", "items": ["8"] * 26}, "placements[0].items: ", "what the page is about"),
        ({"slug": "personal-home", "item": "8"}, 'placements[0].item: "8"', "no such name; did you mean 'items'?"),
        ({}, "placements[0].slug: nothing", "one of"),
        (None, "placements[0]: null", "an object with slug, items, n"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_was_found(asked, found, wanted):
    response = ask(Client(), "post", "placements/", {"placements": [asked]})
    assert response.status_code == 400
    assert response.json()["found"].startswith(found)
    assert response.json()["wanted"].startswith(wanted)


def test_more_than_twenty_at_once_are_too_many():
    assert ask(Client(), "post", "placements/", {"placements": [{"slug": "personal-home"}] * 21}).status_code == 413
