"""Every text for people is there in all three languages, and what is compiled is what is written."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation.template import templatize

from django_personalize.core.types import Reason
from django_personalize.placements.reasons import sentence

PACKAGE = Path(__file__).resolve().parent.parent / "django_personalize"
SHOP = PACKAGE.parent / "example_shop"
LANGUAGES = ("ru", "uz")
COUNTS = (1, 2, 5, 11, 13, 21, 24)
MARK = re.compile(r"""\b(n?gettext)\((u(['"])(?:\\.|(?!\3).)*\3)(?:, (u(['"])(?:\\.|(?!\5).)*\5))?""")


def catalogue(language, folder=PACKAGE):
    with (folder / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def written(language):
    text = (PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po").read_text()
    return dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', text, re.M))


def marked():
    """The texts that the code marks for translation."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        found |= set(re.findall(r'\b_\(\s*"((?:[^"\\]|\\.)*)"\s*\)', path.read_text()))
    return found


def shown(folder):
    """The texts that the templates mark for translation, each with its plural; '' where it has none."""
    marks = [mark for path in folder.rglob("*.html") for mark in MARK.findall(templatize(path.read_text()))]
    return {(ast.literal_eval(one), ast.literal_eval(many or "''")) for _, one, _, many, _ in marks}


def test_the_code_marks_texts():
    assert {"You may also like", "Because you bought %(title)s"} <= marked()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_text_is_translated(language):
    assert {text for text, translated in written(language).items() if translated} >= marked()


def test_the_templates_mark_texts():
    assert {("Forget me", ""), ("Remove %(title)s from my history", "")} <= shown(PACKAGE)
    assert ("%(count)s product", "%(count)s products") in shown(SHOP)


@pytest.mark.parametrize("folder", [PACKAGE, SHOP], ids=lambda folder: folder.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_a_template_is_translated(language, folder):
    compiled = catalogue(language, folder)
    for one, many in shown(folder):
        forms = {compiled.ngettext(one, many, count) for count in COUNTS} if many else {compiled.gettext(one)}
        assert not forms & {one, many, ""}
        names = sorted(re.findall(r"%\(\w+\)s", one))
        assert [sorted(re.findall(r"%\(\w+\)s", form)) for form in forms] == [names] * len(forms)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language):
    compiled = catalogue(language)
    assert {text: compiled.gettext(text) for text in written(language)} == written(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_names_what_its_original_names(language):
    for text, translated in written(language).items():
        assert re.findall(r"%\(\w+\)s", text) == re.findall(r"%\(\w+\)s", translated)


@pytest.mark.parametrize(
    ("language", "text"), [("en", "Popular right now"), ("ru", "Популярно сейчас"), ("uz", "Hozir ommabop")]
)
def test_a_reason_is_told_in_the_shoppers_language(language, text):
    with translation.override(language):
        assert sentence(Reason(code="popular"), {}) == text
