from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from django_personalize.models import Promotion

RIGHT = {"name": "p", "texts": {"en": {"title": "Summer"}}, "link": "/sale/"}


def problems(**values):
    try:
        Promotion(**(RIGHT | values)).full_clean()
    except ValidationError as error:
        return {name: " ".join(told) for name, told in error.message_dict.items()}
    return {}


@pytest.mark.parametrize(
    "link", ["/", "/sale/?a=b#c", "https://example.com/sale/", "http://example.com", "?q=x", "#new"]
)
def test_a_link_is_an_address(link):
    assert problems(link=link) == {}


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//evil.test/", "/\\evil.test", "sale", "https://", "/a b"]
)
def test_what_a_browser_would_run_or_mistake_is_no_link(link):
    assert problems(link=link) == {"link": f"{link!r} is no address; wanted /sale/ or https://example.com/sale/."}


@pytest.mark.parametrize("image", ["", "shop/a.jpg", "/media/a.jpg", "https://cdn.test/a.jpg"])
def test_an_image_is_a_file(image):
    assert problems(image=image) == {}


@pytest.mark.parametrize(
    "image", ["javascript:x", "//evil.test/a.jpg", "../secret", "shop/../../a", "data:x", "a b.jpg"]
)
def test_what_is_no_file_is_no_image(image):
    assert list(problems(image=image)) == ["image"]


def test_it_says_something_in_one_language_and_not_too_much():
    assert problems(texts={}) == {"texts": "It says nothing; wanted a title in one language at least."}
    assert problems(texts={"en": {"text": "no title"}})["texts"].startswith("It says nothing")
    said = problems(texts={"en": {"title": "a", "button": "b" * 41}})
    assert said == {"texts": "The button in en has 41 letters; wanted at most 40."}
    assert problems(most_views=0) == {"most_views": "0; wanted 1 or more."}
