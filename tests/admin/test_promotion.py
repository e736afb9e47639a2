from __future__ import annotations

import pytest
from django.conf import global_settings

from django_personalize.admin.promotion import languages
from django_personalize.models import Promotion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_shop")]
LIST = "/admin/personalize/promotion/"
EMPTY = dict.fromkeys(
    ("image", "starts_at_0", "starts_at_1", "ends_at_0", "ends_at_1", "categories", "brands", "most_views"), ""
)


def post(client, where="add/", **values):
    return client.post(
        f"{LIST}{where}", EMPTY | {"name": "p", "look": "banner", "is_on": "on", "priority": "0", "link": "/"} | values
    )


def errors(response):
    return {name: told[0] for name, told in response.context["adminform"].form.errors.items()}


def test_a_promotion_is_written_in_every_language_of_the_project(admin_client):
    page = admin_client.get(f"{LIST}add/").content.decode()
    for code in ("en", "ru", "uz"):
        assert all(f'name="{part}_{code}"' in page for part in ("title", "text", "button"))
    assert "Russian" in page
    assert post(admin_client, title_en="Summer", button_en="Look", title_ru="Лето").status_code == 302
    assert Promotion.objects.get().texts == {"en": {"title": "Summer", "button": "Look"}, "ru": {"title": "Лето"}}


def test_what_is_stored_comes_back_and_a_language_that_is_no_more_stays(admin_client):
    mine = Promotion.objects.create(
        name="p", link="/", texts={"en": {"title": "Summer"}, "de": {"title": "Sommer"}, "ru": {"title": "Лето"}}
    )
    form = admin_client.get(f"{LIST}{mine.pk}/change/").context["adminform"].form
    assert (form["title_en"].value(), form["title_ru"].value(), form["title_uz"].value()) == ("Summer", "Лето", "")
    post(admin_client, f"{mine.pk}/change/", title_en="Sun", title_ru="")
    mine.refresh_from_db()
    assert mine.texts == {"en": {"title": "Sun"}, "de": {"title": "Sommer"}}


def test_what_is_wrong_is_said_where_it_is(admin_client):
    assert errors(post(admin_client, link="javascript:alert(1)", text_en="no title")) == {
        "link": "'javascript:alert(1)' is no address; wanted /sale/ or https://example.com/sale/.",
        "title_en": "It says nothing; wanted a title in one language at least.",
    }
    assert not Promotion.objects.exists()


def test_a_list_shows_states_and_troubles(admin_client):
    for name, values in (("off", {"is_on": False}), ("for nobody", {"brands": ["Acne"]})):
        Promotion.objects.create(name=name, link="/", texts={"en": {"title": "t"}}, **values)
    page = admin_client.get(LIST).content.decode()
    assert '<td class="field-state">draft</td>' in page
    assert "<strong>Does nothing</strong> No item is of Acne" in page


def test_a_project_that_has_not_said_what_it_speaks_writes_in_one_language(settings):
    assert languages() == ["en", "ru", "uz"]
    settings.LANGUAGES = global_settings.LANGUAGES
    assert languages() == ["en"]
