from dataclasses import replace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import clear_script_prefix, path, resolve, set_script_prefix

from django_personalize.capture.page_views import (
    Pattern,
    Shown,
    item_of,
    learn,
    learn_all,
    learn_each,
    say,
    shown_by,
    view_of,
)
from django_personalize.core.types import Item
from tests.shop.odd.models import Boot, Poster, Shirt


def page(request, **kwargs):
    return HttpResponse()


urlpatterns = [
    path("products/<int:pk>/", page, name="product"),
    path("by-title/<title>/", page, name="by-title"),
    path("<int:category>/<int:pk>/", page, name="nested"),
    path("about/", page, name="about"),
    path("sets/<slug:code>/", page, name="set"),
    path("models/<slug:slug>/", page, name="model"),
    path("boots/<str:pk>/", page, name="boot"),
]


@pytest.fixture(autouse=True)
def _urls(settings):
    settings.ROOT_URLCONF = __name__


def visit(url, method="GET", status=200, content_type="text/html; charset=utf-8", **headers):
    request = RequestFactory().generic(method, url, headers=headers)
    request.resolver_match = resolve(url)
    shown = view_of(request, HttpResponse(status=status, content_type=content_type))
    return None if shown is None else shown.item_key


def test_the_page_of_an_item_is_learnt_from_its_url(memory_shop):
    assert visit("/products/1/") == "1"
    assert visit("/products/4/") == "4"  # sold out, and looked at all the same
    assert visit("/products/77/") is None
    assert visit("/about/") is None


def test_a_url_that_names_a_field_is_looked_up(memory_shop):
    for key, item in memory_shop.stock.items():
        obj = type("Row", (), {"title": item.title})()
        memory_shop.stock[key] = replace(item, url=f"/by-title/{item.title}/", obj=obj)
    assert visit("/by-title/Mug/") == "3"
    assert visit("/by-title/Nothing/") is None


def item(key, url, **fields):
    return Item(key=key, title="x", url=url, obj=type("Row", (), fields)())


def test_a_url_that_tells_no_items_apart_is_not_learnt():
    assert learn([item("1", "/about/")]) is None
    assert learn([item("1", "/elsewhere/")]) is None
    assert learn([]) is None
    assert learn([item("1", "https://shop.example/products/1/?a=b")]) == Pattern("product", "pk", "")


def test_one_item_that_agrees_by_chance_does_not_decide():
    both = [item("7", "/7/7/"), item("8", "/7/8/")]
    assert learn(both) == learn(both[::-1]) == Pattern("nested", "pk", "")


def test_a_slug_outside_ascii_is_learnt():
    assert learn([item("1", "/by-title/%D0%A1%D0%B2%D0%B5%D1%87%D0%B0/", title="Свеча")]) == Pattern(
        "by-title", "title", "title"
    )


def test_a_shop_below_a_prefix_is_learnt():
    set_script_prefix("/shop/")
    try:
        assert learn([item("1", "/shop/products/1/")]) == Pattern("product", "pk", "")
    finally:
        clear_script_prefix()


PRODUCT = Pattern("product", "pk", "")
TWO = [item("1", "/products/1/"), item("2", "/products/2/")]


class Failing:
    @property
    def pk(self):
        raise RuntimeError("no category")


@pytest.mark.parametrize(
    "odd",
    [
        item("3", ""),
        item("3", "/nowhere/"),
        item("3", "https://[half/an/address"),
        item("3", "/about/"),
        item("3", "/by-title/Set/", title="Another"),
        replace(item("3", "/products/3/"), obj=Failing()),
    ],
)
def test_one_odd_item_costs_no_other_its_views(odd):
    assert learn_all([[*TWO, odd]]) == learn_all([[odd, *TWO]]) == {"product": PRODUCT}


def test_items_of_one_model_may_have_pages_in_several_views():
    sets = [item(str(key), f"/sets/{code}/", code=code) for key, code in ((3, "a"), (4, "b"))]
    assert learn_all([[*TWO, *sets]]) == {"product": PRODUCT, "set": Pattern("set", "code", "code")}


def test_a_single_item_among_others_decides_by_what_is_its_alone():
    poster = replace(item("red", "/models/red/"), obj=Poster(slug="red"))
    shirt = replace(item("9", "/models/polo/"), obj=Shirt(pk=9, slug="polo"))
    boot = replace(item("9", "/models/polo/"), obj=Boot(pk=9, slug="polo"))
    assert learn_each([*TWO, item("3", "/boots/3/")]) == [PRODUCT, Pattern("boot", "pk", "")]
    assert learn_each([*TWO, poster]) == [PRODUCT, Pattern("model", "slug", "")]
    assert learn_each([*TWO, shirt]) == [PRODUCT, Pattern("model", "slug", "slug")]
    assert learn_each([*TWO, boot]) == [PRODUCT]  # two boots may have the same slug
    assert learn_each([boot]) == [Pattern("model", "slug", "slug")]
    assert learn_each([*TWO, item("7", "/7/7/")]) == [PRODUCT]  # which of the two is the key?


def test_a_view_of_rows_of_several_models_is_left_out_and_no_other():
    others = [replace(item(key, url), obj=Boot(pk=key)) for key, url in (("3", "/products/3/"), ("4", "/boots/4/"))]
    assert learn_all([TWO, others]) == {"boot": Pattern("boot", "pk", "", Boot)}


@pytest.mark.django_db
def test_a_product_whose_address_fails_costs_no_other_its_views(settings, monkeypatch, django_assert_num_queries):
    def address(self):
        if self.slug == "odd":
            raise ValueError("no category")
        return f"/boots/{self.pk}/"

    monkeypatch.setattr(Boot, "get_absolute_url", address)
    made = [Boot._base_manager.create(slug=slug) for slug in ("tall", "low", "odd")]
    settings.PERSONALIZE = {**settings.PERSONALIZE, "PRODUCT": {"model": "odd.Boot"}}
    request = RequestFactory().get(f"/boots/{made[0].pk}/")
    request.resolver_match = resolve(request.path)
    with django_assert_num_queries(2):  # all samples, and this one
        assert item_of(request) == str(made[0].pk)


@pytest.mark.django_db
def test_an_address_that_writes_the_key_otherwise_is_no_variants_page(settings, monkeypatch):
    monkeypatch.setattr(Boot, "get_absolute_url", lambda self: f"/boots/{self.pk}/")
    parent = Boot._base_manager.create(slug="tall", pk=7)
    Boot._base_manager.create(slug="tall-42", pk=8, parent=parent)
    settings.PERSONALIZE = {**settings.PERSONALIZE, "PRODUCT": {"model": "odd.Boot", "group": "parent"}}
    for url, shown in (("07", Shown("7")), (" 7", Shown("7")), ("08", Shown("7", "8")), ("8", Shown("7", "8"))):
        request = RequestFactory().get("/")
        request.resolver_match = resolve(f"/boots/{url}/")
        assert shown_by(request) == shown


@pytest.mark.parametrize(
    "visited",
    [
        {"method": "POST"},
        {"method": "HEAD"},
        {"status": 404},
        {"content_type": "application/json"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
    ],
)
def test_what_nobody_looked_at_is_no_view(memory_shop, visited):
    assert visit("/products/1/", **visited) is None


def test_a_shop_without_items_is_asked_again_later_not_on_every_page(memory_shop, monkeypatch):
    stock, memory_shop.stock = memory_shop.stock, {}
    assert visit("/products/1/") is None
    memory_shop.stock = stock
    assert visit("/products/1/") is None
    monkeypatch.setattr("django_personalize.capture.page_views.RETRY_SECONDS", -1.0)
    assert visit("/products/1/") == "1"


def test_what_the_page_says_itself_goes_before_what_its_address_tells(memory_shop):
    request = RequestFactory().get("/about/")
    request.resolver_match = resolve("/about/")
    assert item_of(request) is None
    say(request, "2", "2-red")
    assert (item_of(request), shown_by(request).variant_key) == ("2", "2-red")


def test_an_item_is_asked_for_once_in_a_while_and_not_at_every_page(memory_shop, monkeypatch):
    assert visit("/products/1/") == "1"
    memory_shop.stock.pop("1")
    assert visit("/products/1/") == "1"
    monkeypatch.setattr("django_personalize.capture.page_views.REMEMBER_SECONDS", -1.0)
    assert visit("/products/1/") is None
