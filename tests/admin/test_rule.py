from __future__ import annotations

import pytest
from django.contrib.messages import get_messages

from django_personalize.models import Rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_shop")]
LIST = "/admin/personalize/rule/"
DATES = ("starts_at_0", "starts_at_1", "ends_at_0", "ends_at_1")
EMPTY = dict.fromkeys([field.name for field in Rule._meta.fields if field.name != "id"], "") | dict.fromkeys(DATES, "")


def post(client, where="add/", **values):
    told = EMPTY | {"name": "r", "is_on": "on", "priority": "0", "placements": [], "segments": []} | values
    return client.post(f"{LIST}{where}", told)


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def errors(response):
    return {name: told[0] for name, told in response.context["adminform"].form.errors.items()}


def test_a_rule_is_made_of_words_one_in_each_line(admin_client):
    response = post(
        admin_client,
        kind="exclude",
        item_keys="1\n2, 3\n\n1",
        categories='"Mugs, cups"\nLight',
        attributes="colour: red, blue\nsize: L",
        placements=["personal-home"],
        segments=["loyal", "new"],
    )
    assert response.status_code == 302
    rule = Rule.objects.get()
    assert rule.item_keys == ["1", "2", "3"]
    assert rule.categories == ["Mugs, cups", "Light"]
    assert rule.attributes == {"colour": ["red", "blue"], "size": ["L"]}
    assert (rule.placements, rule.segments) == (["personal-home"], ["loyal", "new"])


def test_what_is_stored_comes_back_as_it_was_written(admin_client):
    rule = Rule.objects.create(
        name="r", kind="exclude", item_keys=["1", "2"], categories=["Mugs, cups", "Light"], attributes={"a": ["b", "c"]}
    )
    page = admin_client.get(f"{LIST}{rule.pk}/change/")
    form = page.context["adminform"].form
    told = {name: form[name].value() for name in ("item_keys", "categories", "attributes")}
    assert told == {"item_keys": "1\n2", "categories": '"Mugs, cups"\nLight', "attributes": "a: b, c"}
    post(admin_client, f"{rule.pk}/change/", kind="exclude", **told)
    rule.refresh_from_db()
    assert (rule.item_keys, rule.categories, rule.attributes) == (
        ["1", "2"], ["Mugs, cups", "Light"], {"a": ["b", "c"]}
    )  # fmt: skip


def test_a_form_says_what_was_found_and_what_is_wanted(admin_client):
    assert errors(post(admin_client, kind="pin", item_keys="9")) == {
        "slot": "“pin to a slot” wants a value here.",
        "item_keys": "The shop has no item with the key 9.",
    }
    assert errors(post(admin_client, kind="exclude", attributes="red")) == {
        "attributes": "Wanted a name, a colon and values, such as “colour: red, blue”; found “red”."
    }


def test_a_list_shows_states_and_troubles_and_costs_the_same_however_long_it_is(
    admin_client, django_assert_max_num_queries
):
    for number in range(12):
        Rule.objects.create(name=f"rule {number}", kind="pin", slot=1, item_keys=["1"])
    Rule.objects.create(name="lone", kind="cap", per="brand", most=1, is_on=False)
    with django_assert_max_num_queries(15):
        page = admin_client.get(LIST).content.decode()
    assert page.count("<strong>Conflict</strong>") == 12 * 11
    assert "Slot 1 is wanted by “rule 1” too" in page
    assert page.count('<td class="field-state">draft</td>') == 1
    assert page.count('<td class="field-state">live</td>') == 12


def test_saving_warns_and_the_form_shows_what_is_wrong(admin_client):
    first = Rule.objects.create(name="first", kind="pin", slot=1, item_keys=["1"])
    response = post(admin_client, kind="pin", slot="1", item_keys="2")
    assert [text for text in said(response) if text.startswith("Conflict")] == [
        "Conflict: Slot 1 is taken: “first” goes first, and this stands there only where none of its items can be "
        "sold. Choose another slot or another time."
    ]
    page = admin_client.get(f"{LIST}{first.pk}/change/").content.decode()
    assert "Slot 1 is wanted by “r” too" in page
    assert admin_client.get(f"{LIST}add/").status_code == 200


def test_a_placement_that_is_no_more_can_be_taken_out(admin_client):
    rule = Rule.objects.create(name="r", kind="cap", per="brand", most=1, placements=["gone"])
    page = admin_client.get(f"{LIST}{rule.pk}/change/").content.decode()
    assert "gone (?)" in page
    post(admin_client, f"{rule.pk}/change/", kind="cap", per="brand", most="1")
    rule.refresh_from_db()
    assert rule.placements == []


def test_rules_are_found_by_name(admin_client):
    for name in ("Summer mugs", "Winter mugs"):
        Rule.objects.create(name=name, kind="cap", per="brand", most=1)
    page = admin_client.get(LIST, {"q": "summer"}).content.decode()
    assert "Summer mugs" in page
    assert "Winter mugs" not in page
