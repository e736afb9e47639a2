from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import translation

from django_personalize.core import clock
from django_personalize.models import Event, Promotion
from django_personalize.placements.promotions import is_for_fans_of, open_to, shown, views_of
from tests.conftest import NOON
from tests.people import request_of, visitor


def promotion(number=1, **values):
    return Promotion(pk=number, name=str(number), link="/", **({"texts": {"en": {"title": "t"}}} | values))


def ids(promotions, segments=(), views=None, as_of=NOON):
    return [each.pk for each in open_to(promotions, segments, views or {}, as_of)]


def test_a_promotion_is_for_its_time_and_its_segments():
    found = [promotion(1, segments=["loyal"]), promotion(2, starts_at=NOON), promotion(3, ends_at=NOON), promotion(4)]
    assert ids(found) == [2, 4]
    assert ids(found, segments={"loyal", "new"}) == [1, 2, 4]
    assert ids(found, as_of=NOON - timedelta(seconds=1)) == [3, 4]
    assert ids([promotion(is_on=False)]) == []


def test_one_that_names_categories_or_brands_is_for_those_who_are_drawn_to_one():
    named = promotion(categories=["k", "l"], brands=["x"])
    assert not is_for_fans_of(named, (), ())
    assert not is_for_fans_of(named, {"x"}, {"k"})
    assert is_for_fans_of(named, {"l"}, ())
    assert is_for_fans_of(named, (), {"x", "y"})
    assert is_for_fans_of(promotion(), (), ())


def test_one_that_was_seen_often_enough_is_not_shown_again():
    found = [promotion(1, most_views=2), promotion(2, most_views=3), promotion(3)]
    assert ids(found, views={"1": 2, "2": 2, "3": 99}) == [2, 3]


@pytest.mark.django_db
def test_views_are_counted_of_the_person_in_one_query_and_of_nobody_without_a_yes(answers, django_assert_num_queries):
    limited = Promotion.objects.create(name="a", link="/", texts={"en": {"title": "t"}}, most_views=2)
    other = Promotion.objects.create(name="b", link="/", texts={"en": {"title": "t"}})
    answers(personalization="granted")
    me, too, them = (visitor("personalization", user_key=key) for key in ("7", "7", "8"))
    for who in (me, too, them):
        for each in (limited, other):
            Event.objects.create(
                uid=uuid4(), kind="view_promotion", visitor=who, promotion_id=each.pk, occurred_at=clock.now(),
                received_at=clock.now(),
            )  # fmt: skip
    request = request_of(me)
    views_of(request_of(), None)
    with django_assert_num_queries(1):
        assert views_of(request, me) == {str(limited.pk): 2}
        views_of(request, me)
    with django_assert_num_queries(0):
        assert views_of(request_of(), None) == {}
        answers(analytics="granted")
        assert views_of(request_of(me), me) == {}


@pytest.mark.django_db
def test_without_a_limit_anywhere_nothing_is_asked(answers, django_assert_num_queries):
    answers(personalization="granted")
    me = visitor("personalization")
    views_of(request_of(), None)
    with django_assert_num_queries(0):
        assert views_of(request_of(me), me) == {}


TEXTS = {
    "en": {"title": "Summer", "text": "All of it", "button": "Look"},
    "ru": {"title": "Лето"},
    "uz": {"text": "no title, so not spoken"},
}


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", ("Summer", "All of it", "Look")), ("en-gb", ("Summer", "All of it", "Look")), ("ru", ("Лето", "", "")),
     ("uz", ("Summer", "All of it", "Look")), ("fr", ("Summer", "All of it", "Look"))],
)  # fmt: skip
def test_it_speaks_one_language_the_shoppers_own_or_the_nearest(language, said):
    with translation.override(language):
        found = shown(promotion(texts=TEXTS), 3)
    assert (found.title, found.text, found.button) == said
    assert (found.slot, found.id, found.look, found.link) == (3, "1", "banner", "/")


@pytest.mark.parametrize(
    ("image", "url"),
    [("", ""), ("/media/a.jpg", "/media/a.jpg"), ("https://cdn.test/a.jpg", "https://cdn.test/a.jpg"),
     ("shop/a.svg", "/static/shop/a.svg")],
)  # fmt: skip
def test_an_image_is_an_address_or_a_static_file(image, url, settings):
    settings.STATIC_URL = "/static/"
    assert shown(promotion(image=image), 1).image == url
