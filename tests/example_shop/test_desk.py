from __future__ import annotations

import pytest

from django_personalize.models import Promotion, Rule
from example_shop.data.assortment import CATEGORIES
from example_shop.demo.desk import PROMOTIONS, prepare
from example_shop.shop.models import Category

pytestmark = pytest.mark.django_db


def test_the_demos_promotions_are_right_in_every_language_and_made_once():
    Category.objects.create(name="Candles & Lanterns", slug="candles-lanterns")
    assert prepare() == 4
    for promotion in Promotion.objects.all():
        promotion.full_clean()
        assert sorted(promotion.texts) == ["en", "ru", "uz"]
    lights = Promotion.objects.get(name="Long evenings")
    assert (lights.link, lights.categories) == ("/categories/candles-lanterns/", [])
    assert Promotion.objects.get(name="For those who garden").categories == ["Garden & Outdoors"]
    Rule.objects.get().full_clean()
    lights.is_on = False
    lights.save()
    assert prepare() == 0
    lights.refresh_from_db()
    assert not lights.is_on


def test_what_the_demo_is_about_is_sold_there():
    assert {told["about"] for told in PROMOTIONS} <= set(CATEGORIES)
