"""What the guides to the set-up and to consent show can be typed and pasted."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import get_commands
from django.template import Context, Engine
from django.test import RequestFactory

from django_personalize.integrations.cookie_consent import create_groups

DOCS = Path(__file__).resolve().parents[2] / "docs"
CONSENT = (DOCS / "consent.md").read_text()
TEMPLATES = re.findall(r"^```django\n(.*?)^```", CONSENT, re.M | re.S)
[STYLE] = re.findall(r"^```css\n(.*?)^```", CONSENT, re.M | re.S)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_every_command_of_ours_that_a_guide_names_exists(page):
    text = page.read_text()
    named = set(re.findall(r"manage\.py (personalize_\w+)", text)) | set(re.findall(r"`(personalize_\w+)[ `]", text))
    others = {"personalize_artifacts", "personalize_script", "personalize_product", "personalize_search"}
    assert named - others <= set(get_commands())


@pytest.mark.django_db
def test_the_banner_asks_once_its_purposes_are_made_and_wears_the_class_that_the_style_sheet_knows():
    banner, *_others = TEMPLATES
    request = RequestFactory().get("/somewhere/?page=2")
    request.user = AnonymousUser()
    engine = Engine(libraries={"cookie_consent_tags": "cookie_consent.templatetags.cookie_consent_tags"})
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
    _banner, link, override = TEMPLATES
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
