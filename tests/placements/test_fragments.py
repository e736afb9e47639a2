import timeit

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks

from django_personalize.placements.fragments import cached_tags
from django_personalize.templatetags.personalize import register

TAGS = frozenset(register.tags) - {"personalize_script"}
ROW = "{% personal_home %}"


@pytest.fixture
def write(settings, tmp_path):
    """Write a template of the shop's."""
    settings.TEMPLATES = [{**django_settings.TEMPLATES[0], "DIRS": [str(tmp_path)], "APP_DIRS": True}]

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{{% load personalize cache %}}\n{text}")

    return write


def found():
    return [(each.template, each.line, each.tag, each.cached_by) for each in cached_tags(TAGS)]


def warned():
    return [message for message in run_checks(tags=["personalize"]) if message.id == "personalize.W007"]


@pytest.mark.parametrize(
    "text",
    [
        ROW,
        "{% cache 300 menu %}menu{% endcache %}" + ROW,
        ROW + "{% cache 300 menu %}menu{% endcache %}",
        "{% cache 300 menu %}{% personalize_script %}{% endcache %}",
        "{% cache 300 menu %}{% personal_home n=4 defer=True %}{% endcache %}",
        "{% cache 300 menu %}{# {% personal_home %} #}{% endcache %}",
        "{% cache 300 menu %}{% comment %}{% personal_home %}{% endcomment %}{% endcache %}",
        "{% cache 300 menu %}{% verbatim %}{% personal_home %}{% endverbatim %}{% endcache %}",
        "{% endcache %}" + ROW,
        "{% broken",
    ],
)
def test_a_tag_outside_of_every_fragment_is_well(write, text):
    write("home.html", text)
    assert found() == []


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_a_tag_inside_a_fragment_is_found(write, tag):
    write("shop/home.html", f"{{% cache 300 home %}}\n{{% {tag} product as row %}}{{% endcache %}}")
    assert found() == [("shop/home.html", 3, tag, "shop/home.html")]


def test_a_tag_behind_an_include_is_found(write):
    write("home.html", '{% cache 300 home %}{% include "part.html" with n=3 only %}{% endcache %}')
    write("part.html", "{% include 'row.html' %}")
    write("row.html", ROW)
    write("other.html", '{% include "row.html" %}')
    assert found() == [("row.html", 2, "personal_home", "home.html")]


def test_a_tag_in_a_block_of_a_fragment_is_found(write):
    write(
        "base.html", "{% cache 300 base %}{% block aside %}{% endblock %}{% endcache %}{% block main %}{% endblock %}"
    )
    write("mid.html", '{% extends "base.html" %}')
    write("home.html", '{% extends "mid.html" %}{% block aside %}{% personal_home %}{% endblock %}')
    write("well.html", '{% extends "mid.html" %}{% block main %}{% personal_home %}{% endblock %}')
    write("part.html", '{% extends "base.html" %}{% block aside %}{% include "row.html" %}{% endblock %}')
    write("row.html", ROW)
    assert found() == [
        ("home.html", 2, "personal_home", "base.html"),
        ("row.html", 2, "personal_home", "base.html"),
    ]


def test_templates_that_lead_to_one_another_end(write):
    write("a.html", '{% extends "b.html" %}{% cache 300 a %}{% include "c.html" %}{% endcache %}')
    write("b.html", '{% extends "a.html" %}')
    write("c.html", '{% include "c.html" %}' + ROW)
    assert found() == [("c.html", 2, "personal_home", "a.html")]


def test_a_template_that_another_of_its_name_hides_is_not_drawn(write, settings, tmp_path):
    write("front/home.html", ROW)
    write("back/home.html", "{% cache 300 home %}" + ROW + "{% endcache %}")
    settings.TEMPLATES = [
        {**django_settings.TEMPLATES[0], "DIRS": [str(tmp_path / "front"), str(tmp_path / "back")], "APP_DIRS": True}
    ]
    assert found() == []


def test_the_check_says_where_and_what_to_do(write):
    write("home.html", "{% cache 300 home %}" + ROW + "{% endcache %}")
    [message] = warned()
    assert message.msg == (
        "home.html, line 2: {% personal_home %} stands inside {% cache %}: "
        "what it shows to one visitor is shown to all."
    )
    assert message.hint.startswith("Move it out of the {% cache %} block")


def test_the_shops_that_are_tested_here_have_none():
    assert warned() == []


def test_no_file_is_too_odd(write, tmp_path):
    (tmp_path / "picture.png").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "large.html").write_bytes(b"{% cache 1 a %}{% personal_home %}" + b" " * 2**20)
    (tmp_path / "gone.html").symlink_to(tmp_path / "nowhere.html")
    write("home.html", "{%%}{% %}{% cache %}{% include part %}{% extends base %}{% block %}{% endcache %}")
    assert found() == []


def test_many_templates_take_no_time(write):
    for number in range(300):
        write(f"{number}.html", "<p>{% if a %}{{ b }}{% endif %}</p>\n" * 100 + "{% cache 1 a %}b{% endcache %}")
    assert timeit.timeit(found, number=1) < 5.0
