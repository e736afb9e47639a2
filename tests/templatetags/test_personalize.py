from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.template import Context, Template, engines

from django_personalize.models import Visitor
from tests.people import request_of, visitor

pytestmark = pytest.mark.django_db


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
    assert "2.50 GBP" in html


def test_size_and_title_can_be_given(memory_shop, answers):
    html = render('{% you_may_also_like item n=1 title="More light" %}', request_of(), item=memory_shop.stock["2"])
    assert "More light" in html
    assert html.count("<li") == 1


def test_the_as_form_gives_the_slots(memory_shop, answers):
    source = "{% personal_home as home %}{% for shown in home %}{{ shown.slot }}:{{ shown.item.title }} {% endfor %}"
    assert render(source, request_of()) == "1:Lantern 2:Candle 3:Mug "


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


def test_the_script_is_one_external_module(memory_shop, answers):
    html = render("{% personalize_script %}", request_of())
    assert html == (
        '<script type="module" src="/static/personalize/personalize.js" data-pz-endpoint="/personalize/seen/"></script>'
    )


def test_without_our_urls_there_is_no_script(settings, memory_shop, answers):
    settings.ROOT_URLCONF = "example_shop.urls"
    assert render("{% personalize_script %}", request_of()) == ""
