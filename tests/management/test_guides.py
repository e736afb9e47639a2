"""What the guides to the set-up and to consent show can be typed and pasted."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import get_commands
from django.template import Context, Engine
from django.test import RequestFactory
from django.urls import path

from django_personalize.checks import check_settings
from django_personalize.consent.function import FunctionConsent
from django_personalize.core.types import Purpose
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.testing.override import override_personalize
from django_personalize.visitors import session_tier

DOCS = Path(__file__).resolve().parents[2] / "docs"
CONSENT = (DOCS / "consent.md").read_text()
TEMPLATES = re.findall(r"^```django\n(.*?)^```", CONSENT, re.M | re.S)
PYTHON = re.findall(r"^```python\n(.*?)^```", CONSENT, re.M | re.S)
LIBRARIES = {
    "cookie_consent_tags": "cookie_consent.templatetags.cookie_consent_tags",
    "personalize": "django_personalize.templatetags.personalize",
}
[STYLE] = re.findall(r"^```css\n(.*?)^```", CONSENT, re.M | re.S)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_every_command_of_ours_that_a_guide_names_exists(page):
    text = page.read_text()
    named = set(re.findall(r"manage\.py (personalize_\w+)", text)) | set(re.findall(r"`(personalize_\w+)[ `]", text))
    others = {
        "personalize_artifacts",
        "personalize_spool",
        "personalize_ask",
        "personalize_script",
        "personalize_product",
        "personalize_search",
    }
    assert named - others <= set(get_commands())


@pytest.mark.django_db
def test_the_banner_asks_once_its_purposes_are_made_and_wears_the_class_that_the_style_sheet_knows():
    banner, *_others = TEMPLATES
    request = RequestFactory().get("/somewhere/?page=2")
    request.user = AnonymousUser()
    engine = Engine(libraries=LIBRARIES)
    context = {"request": request, "csrf_token": "t"}
    assert "<form" not in engine.from_string(banner).render(Context(context))
    create_groups()
    page = engine.from_string(banner).render(Context(context))
    assert page.count("<p><strong>") == 2
    assert 'value="/somewhere/?page=2"' in page
    assert "style=" not in page
    assert len(STYLE.splitlines()) == 6
    for rule in STYLE.splitlines():
        assert rule.startswith((".consent", "@media"))
    assert 'class="consent"' in page


@pytest.mark.django_db
def test_the_page_of_choices_wears_the_shops_base_template_with_three_lines(settings, tmp_path, client):
    _banner, link, override, _button = TEMPLATES
    assert len(override.splitlines()) == 3
    (tmp_path / "cookie_consent").mkdir()
    (tmp_path / "cookie_consent" / "base.html").write_text(override)
    blocks = "<title>{% block title %}{% endblock %}</title>{% block content %}{% endblock %}"
    base = f"{blocks}<footer>{link}</footer>"
    (tmp_path / "base.html").write_text(base)
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path]}]
    create_groups()
    page = client.get("/cookies/").content.decode()
    assert "<title>Your privacy choices</title>" in page
    assert page.count("cookie-group-title") == 2
    assert '<a href="/cookies/">Your privacy choices</a>' in page


@pytest.mark.django_db
def test_the_button_for_this_visit_only_goes_into_the_banner_and_ends_its_asking(client):
    banner, *_others, button = TEMPLATES
    create_groups()
    request = RequestFactory().get("/")
    context = Context({"request": request, "csrf_token": "t"})
    template = Engine(libraries=LIBRARIES).from_string(banner.replace("</form>", f"{button}</form>"))
    with override_personalize(SESSION_TIER=True):
        [address] = re.findall(r'formaction="([^"]+visit[^"]+)"', template.render(context))
        client.post(address)
        request.COOKIES[session_tier.NAME] = client.cookies[session_tier.NAME].value
        assert "<form" not in template.render(context)


def test_what_the_guide_to_consent_shows_in_python_can_be_pasted(rf):
    given = {"urlpatterns": [], "path": path}
    for block in PYTHON:
        exec(block.replace("    # ...\n", ""), given)
    assert [str(pattern.pattern) for pattern in given["urlpatterns"]] == [".well-known/gpc.json"]
    request = rf.get("/")
    request.user = AnonymousUser()
    assert given["is_child"](request) is None
    request.COOKIES["our_banner"] = "statistics"
    states = FunctionConsent(given["answers"]).states(request)
    assert [states[purpose].value for purpose in (Purpose.ANALYTICS, Purpose.PERSONALIZATION)] == ["granted", "unknown"]
    with override_personalize(**(given["PERSONALIZE"] | {"MINOR": "tests.consent.test_rules.child"})):
        assert check_settings() == []
