"""The register and the code say the same, in both directions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.urls import URLPattern

import django_personalize
from django_personalize import urls
from django_personalize.templatetags.personalize import register
from tests.security.register import ADDRESSES, MODELS, TAGS, THREATS

PACKAGE = Path(django_personalize.__file__).parent
TESTS = Path(__file__).resolve().parent.parent
SOURCES = {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in PACKAGE.rglob("*.py")}
DOCUMENT = (TESTS.parent / "docs" / "security.md").read_text()


def addresses(patterns: Any, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield here
        else:
            yield from addresses(pattern.url_patterns, here)


def test_every_address_has_an_entry():
    assert list(addresses(urls.urlpatterns)) == list(ADDRESSES)


def test_every_model_has_an_entry():
    assert {model.__name__ for model in apps.get_app_config("personalize").get_models()} == set(MODELS)


def test_every_tag_has_an_entry():
    assert set(register.tags) == set(TAGS)


def test_every_threat_of_the_table_has_a_row():
    assert [name for name in THREATS if name.startswith("S")] == [f"S{number}" for number in range(1, 17)]


@pytest.mark.parametrize("name", THREATS)
def test_a_threat_has_tests_that_exist_or_no_surface(name):
    threat = THREATS[name]
    assert threat.tests or threat.absent
    for test in threat.tests:
        assert_exists(test)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_has_tests_that_exist(address):
    assert_exists(ADDRESSES[address].tests)


def assert_exists(test: str) -> None:
    path, _, function = test.partition("::")
    tree = ast.parse((TESTS / path).read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert any(each.startswith("test_") for each in names)
    assert not function or function in names, test


@pytest.mark.parametrize(
    ("name", "what", "pattern"),
    [(name, what, pattern) for name, threat in THREATS.items() for what, pattern in threat.absent.items()],
)
def test_what_has_no_tests_yet_is_not_there(name, what, pattern):
    """Where this fails, the surface has come: write the threat's tests, and name them in the register instead."""
    found = [path for path, text in SOURCES.items() if re.search(pattern, text)]
    assert found == [], f"{name}: {what}"


def test_what_is_left_to_the_shop_is_written_down():
    for word in ("SECRET_KEY", "HTTPS", "REMOTE_ADDR", "ALLOWED_HOSTS", "INGEST_KEYS", "personalize.W007"):
        assert word in DOCUMENT
