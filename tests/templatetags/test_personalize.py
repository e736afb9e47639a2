import re
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.template import Context, Template, engines
from django.urls import include, path, resolve
from django.utils import translation

from django_personalize.capture.page_views import item_of, shown_by
from django_personalize.capture.searches import search_of
from django_personalize.events import store
from django_personalize.models import Visitor
from django_personalize.placements.present import is_personal
from django_personalize.testing.contracts import event
from django_personalize.visitors import cookie
from tests.conftest import NOON
from tests.people import request_of, token, visitor

pytestmark = pytest.mark.django_db
urlpatterns = [
    path("products/<int:pk>/", lambda request, pk: HttpResponse()),
    path("find/", lambda request: HttpResponse()),
    path("personalize/", include("django_personalize.urls")),
]


def render(source, request, **context):
    return Template("{% load personalize %}" + source).render(Context({"request": request, **context}))


@pytest.fixture(autouse=True)
def _own_templates(settings):
    """The package's templates alone, without those that the example shop puts before them."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]


def test_a_row_has_a_title_cards_and_links(memory_shop, answers):
    html = render("{% you_may_also_like item %}", request_of(), item=memory_shop.stock["2"])
    assert '<h2 class="pz-title">You may also like</h2>' in html
    assert html.count('<li class="pz-slot"') == 2
    assert '<a class="pz-link" href="/products/1/">' in html
    assert "2.50\N{NO-BREAK SPACE}GBP" in html
    assert '<section class="pz-block" aria-label="You may also like">' in html
    assert " style=" not in html


def test_size_and_title_can_be_given(memory_shop, answers):
    html = render('{% you_may_also_like item n=1 title="More light" %}', request_of(), item=memory_shop.stock["2"])
    assert "More light" in html
    assert html.count("<li") == 1


def test_the_as_form_gives_the_slots(memory_shop, answers):
    source = "{% personal_home as home %}{% for shown in home %}{{ shown.slot }}:{{ shown.item.title }} {% endfor %}"
    assert render(source, request_of()) == "1:Lantern 2:Candle 3:Mug "


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{% best_sellers as row %}", ""),
        ("{% trending as row %}", ""),
        ("{% new_arrivals as row %}", "123"),
        ("{% recently_viewed as row %}", "2"),
        ("{% buy_it_again as row %}", ""),
        ("{% based_on_your_history as row %}", ""),
        ("{% customers_also_bought item as row %}", ""),
        ("{% frequently_bought_together as row %}", ""),
        ("{% frequently_bought_together basket=basket as row %}", ""),
        ('{% placement "recently-viewed" n=1 title="Yours" as row %}', "2"),
        ('{% placement "you-may-also-like" item=item as row %}', "13"),
        ('{% placement "you-may-also-like" basket=basket as row %}', "3"),
        ('{% placement "no-such-place" as row %}', ""),
    ],
)
def test_every_row_has_its_tag_and_shows_nothing_where_nobody_can_know_anything(
    memory_shop, answers, frozen, source, shown
):
    answers(personalization="granted")
    me = visitor("personalization")
    store.insert_events([event(1, visitor_id=me.pk, item_key="2", occurred_at=NOON)], received_at=NOON)
    one, two = memory_shop.stock["1"], memory_shop.stock["2"]
    source += "{% for shown in row %}{{ shown.item.key }}{% endfor %}"
    assert render(source, request_of(me), item=two, basket=[one, two]) == shown


def test_a_reduced_price_says_what_it_was(memory_shop, answers):
    memory_shop.stock["1"] = replace(memory_shop.stock["1"], list_price=Decimal("1234.50"))
    with translation.override("ru"):
        html = render("{% personal_home n=1 %}", request_of())
    assert "2,50\N{NO-BREAK SPACE}GBP" in html
    assert "1\N{NO-BREAK SPACE}234,50\N{NO-BREAK SPACE}GBP</s>" in html


def test_only_whoever_will_be_heeded_can_take_a_card_away(memory_shop, answers):
    for purpose, offered in (("personalization", 1), ("analytics", 0)):
        answers(**{purpose: "granted"})
        assert render("{% personal_home %}", request_of(visitor(purpose))).count("<template data-pz-menu>") == offered


def test_a_stranger_gets_no_mark_of_a_decision(memory_shop, answers):
    assert "data-pz-decision" not in render("{% personal_home %}", request_of())


def test_a_visitors_row_carries_its_decision(memory_shop, answers):
    answers(personalization="granted")
    request = request_of(visitor("personalization"))
    html = render("{% personal_home %}", request)
    from django_personalize.events.collector import collector_of

    assert f'data-pz-decision="{collector_of(request).drafts[0].uid}"' in html
    assert 'data-pz-slot="1"' in html


def test_what_the_shop_wrote_is_escaped(memory_shop, answers):
    memory_shop.stock["1"] = replace(memory_shop.stock["1"], title="<script>x</script>", url='/"><b>')
    html = render("{% personal_home %}", request_of())
    assert "<script>" not in html
    assert "<b>" not in html


def test_a_template_of_the_shops_own_replaces_ours(memory_shop, answers, settings, tmp_path):
    (tmp_path / "personalize" / "placement").mkdir(parents=True)
    (tmp_path / "personalize" / "placement" / "personal-home.html").write_text(
        "{% for shown in placement %}[{{ shown.item.key }}]{% endfor %}"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    assert render("{% personal_home %}", request_of()) == "[1][2][3]"


def test_a_template_that_fails_costs_the_row_and_not_the_page(memory_shop, answers, settings, tmp_path, caplog):
    (tmp_path / "personalize").mkdir()
    (tmp_path / "personalize" / "card.html").write_text("{% url 'nowhere' %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    assert render("a{% personal_home %}b", request_of()) == "ab"
    assert [(r.msg, r.stage) for r in caplog.records] == [("placement_failed", "render")]


class Broken:
    """A product whose card asks the database something that fails."""

    @property
    def reviews(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")


def test_a_card_whose_query_fails_does_not_poison_the_shops_transaction(
    memory_shop, answers, settings, tmp_path, caplog
):
    (tmp_path / "personalize").mkdir()
    (tmp_path / "personalize" / "card.html").write_text("{{ shown.item.obj.reviews }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    memory_shop.stock["1"] = replace(memory_shop.stock["1"], obj=Broken())
    with transaction.atomic():
        assert render("{% personal_home %}", request_of()) == ""
        assert Visitor.objects.count() == 0  # the shop's next query still works
    assert [r.stage for r in caplog.records] == ["render"]


def test_a_page_without_a_request_is_nobodys(memory_shop, answers):
    assert "Lantern" in engines["django"].from_string("{% load personalize %}{% personal_home %}").render({})


def page_of(url="/", **kwargs):
    request = request_of(url=url)
    request.resolver_match = resolve(request.path_info)
    return request


def attributes_of(html):
    """The data attributes of the one element in `html`."""
    found = dict(re.findall(r'data-pz-([a-z]+)="([^"]*)"', html))
    return found | dict.fromkeys(re.findall(r"data-pz-([a-z]+)(?=[ >])", html), True)


@pytest.fixture
def _pages(settings):
    settings.ROOT_URLCONF = __name__


def test_the_scripts_are_two_external_modules(memory_shop, answers):
    html = render("{% personalize_script %}", request_of())
    assert html == (
        '<script type="module" src="/static/personalize/personalize.js" data-pz-captured="search view_item"'
        ' data-pz-endpoint="/personalize/events/"></script>'
        '<script type="module" src="/static/personalize/placement.js"'
        ' data-pz-placements="/personalize/placements/"></script>'
    )


def test_the_script_is_told_what_the_server_sees_by_itself(memory_shop, answers, settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CAPTURE": "beacon"}
    assert attributes_of(render("{% personalize_script %}", request_of()))["captured"] == ""
    memory_shop.basket = []
    found = attributes_of(render("{% personalize_script %}", request_of()))["captured"]
    assert found == "add_to_cart remove_from_cart"


@pytest.mark.usefixtures("_pages")
def test_on_an_items_page_the_script_is_told_which(memory_shop, answers):
    assert attributes_of(render("{% personalize_script %}", page_of("/products/3/")))["item"] == "3"
    assert "item" not in attributes_of(render("{% personalize_script %}", page_of("/find/")))


@pytest.mark.usefixtures("_pages")
def test_the_script_is_told_of_a_search_only_where_nobody_else_sees_it(memory_shop, answers, settings):
    page = page_of("/find/?q=red++%22mug%22")
    assert "search" not in attributes_of(render("{% personalize_script %}", page))
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CAPTURE": "beacon"}
    assert 'data-pz-search="red &quot;mug&quot;"' in render("{% personalize_script %}", page)


def test_the_data_layer_is_read_when_asked_for(memory_shop, answers):
    assert "data-pz-datalayer" not in render("{% personalize_script %}", request_of())
    assert attributes_of(render("{% personalize_script datalayer=True %}", request_of()))["datalayer"] is True


@pytest.mark.usefixtures("_pages")
def test_the_script_is_the_same_for_everybody(memory_shop, answers, settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CAPTURE": "beacon"}
    source = "{% personalize_product product %}{% personalize_search 'mug' 3 %}{% personalize_script datalayer=True %}"
    known, stranger = page_of("/products/3/?q=mug"), page_of("/products/3/?q=mug")
    answers(personalization="granted")
    known.COOKIES[cookie.NAME] = token(visitor("personalization"))
    htmls = [render(source, request, product=memory_shop.stock["2"]) for request in (known, stranger)]
    assert htmls[0] == htmls[1]
    assert not is_personal(known)


def test_a_product_can_be_named(memory_shop, answers):
    request = request_of()
    html = render("{% personalize_product product %}", request, product=memory_shop.stock["3"])
    assert html == '<template data-pz-item="3"></template>'
    assert item_of(request) == "3"


def test_a_variant_is_named_with_its_item(memory_shop, answers, monkeypatch):
    monkeypatch.setattr(memory_shop, "variants", {"3-red": "3"})
    request = request_of()
    html = render("{% personalize_product product %}", request, product=replace(memory_shop.stock["3"], key="3-red"))
    assert attributes_of(html) == {"item": "3", "variant": "3-red"}
    assert shown_by(request).variant_key == "3-red"


def test_a_product_that_is_none_costs_the_mark_and_not_the_page(memory_shop, answers, caplog):
    assert render("a{% personalize_product product %}b", request_of(), product="Lantern") == "ab"
    assert [(r.msg, r.tag) for r in caplog.records] == [("tag_failed", "personalize_product")]


@pytest.mark.parametrize(
    ("source", "said", "attributes"),
    [
        ("{% personalize_search '  red  mug ' 3 %}", ("red mug", 3), {"search": "red mug", "results": "3"}),
        ("{% personalize_search 'mug' 0 %}", ("mug", 0), {"search": "mug", "results": "0"}),
        ("{% personalize_search 'mug' %}", ("mug", None), {"search": "mug"}),
        ("{% personalize_search nothing %}", ("", None), {"search": ""}),
    ],
)
@pytest.mark.usefixtures("_pages")
def test_a_search_can_be_named_and_denied(memory_shop, answers, source, said, attributes):
    request = page_of("/find/?q=elsewhere")
    assert attributes_of(render(source, request)) == attributes
    assert search_of(request, HttpResponse()) == (said if said[0] else None)


def test_what_somebody_searched_for_is_escaped(memory_shop, answers):
    html = render("{% personalize_search term %}", request_of(), term='"><script>alert(1)</script>')
    assert html == ('<template data-pz-search="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"></template>')


@pytest.mark.usefixtures("_pages")
def test_a_page_that_cannot_be_looked_up_keeps_its_script(memory_shop, answers, monkeypatch, caplog):
    monkeypatch.setattr(memory_shop, "group_of", None)
    assert "personalize.js" in render("{% personalize_script %}", page_of("/products/3/"))
    assert [(r.msg, r.tag) for r in caplog.records] == [("tag_failed", "personalize_script")]


def test_without_our_urls_there_is_no_script(settings, memory_shop, answers):
    settings.ROOT_URLCONF = "example_shop.urls"
    assert render("{% personalize_script %}", request_of()) == ""
