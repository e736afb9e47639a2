"""Every text for people is there in all three languages, and what is compiled is what is written."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from django.utils import translation

from django_personalize.core.types import Reason
from django_personalize.placements.reasons import sentence

PACKAGE = Path(__file__).resolve().parent.parent / "django_personalize"
LANGUAGES = ("ru", "uz")


def catalogue(language):
    with (PACKAGE / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
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


def test_the_code_marks_texts():
    assert {"You may also like", "Because you bought %(title)s"} <= marked()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_text_is_translated(language):
    assert {text for text, translated in written(language).items() if translated} >= marked()


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
