"""Threat S13: a changed token is none, and a token of one purpose is none for another."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from django.core import signing
from django.test import RequestFactory

import django_personalize
from django_personalize.visitors import cookie, session_tier
from tests.people import token, visitor

pytestmark = pytest.mark.django_db
PACKAGE = Path(django_personalize.__file__).parent
SALTS = sorted({found for path in PACKAGE.rglob("*.py") for found in re.findall(r'salt="([^"]+)"', path.read_text())})
FLIPS = 1_000


def with_cookie(name: str, value: str):
    request = RequestFactory().get("/")
    request.COOKIES[name] = value
    return request


def flips(value: str):
    """A thousand values that differ from this one in a single bit, spread over all of it."""
    raw = bytearray(value, "ascii")
    places = [(at, bit) for at in range(len(raw)) for bit in range(8)]
    for at, bit in random.Random(1).choices(places, k=FLIPS):
        changed = bytearray(raw)
        changed[at] ^= 1 << bit
        yield changed.decode("latin-1")


def test_no_changed_bit_of_a_visitor_cookie_is_accepted():
    value = token(visitor("personalization"))
    assert cookie.read(with_cookie(cookie.NAME, value)) is not None
    accepted = [each for each in flips(value) if cookie.read(with_cookie(cookie.NAME, each)) is not None]
    assert accepted == []


def test_no_changed_bit_of_a_visits_cookie_is_accepted(settings, answers):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SESSION_TIER": True}
    answers()
    value = signing.Signer(salt="django_personalize.visit").sign_object(["1", "2"], compress=True)
    assert session_tier.seen(with_cookie(session_tier.NAME, value)) == ("1", "2")
    accepted = [each for each in flips(value) if session_tier.seen(with_cookie(session_tier.NAME, each)) is not None]
    assert accepted == []


@pytest.mark.parametrize("salt", [*SALTS, "", "django.core.signing", "django.contrib.sessions.backends.signed_cookies"])
def test_a_token_of_another_purpose_is_no_visitor(salt):
    value = token(visitor("personalization")).rpartition(":")[0]
    signed = signing.Signer(salt=salt or None).sign(value)
    found = cookie.read(with_cookie(cookie.NAME, signed))
    assert (found is not None) is (salt == "django_personalize.visitor")


def test_each_purpose_has_a_salt_of_its_own():
    used = [
        found for path in PACKAGE.rglob("*.py") for found in re.findall(r'Signer\(salt="([^"]+)"', path.read_text())
    ]
    assert len(used) == len(set(used))
    assert all(salt.startswith("django_personalize.") for salt in used)
    bare = [
        path.name for path in PACKAGE.rglob("*.py") if re.search(r"Signer\(\)|signing\.(dumps|loads)", path.read_text())
    ]
    assert bare == ["oscar.py"]  # which reads a cookie of that store's own


def test_the_cookie_outlives_a_change_of_the_secret_while_the_old_one_is_kept(settings):
    value = token(visitor("personalization"))
    before = cookie.read(with_cookie(cookie.NAME, value))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "z" * 60
    assert before is not None
    assert cookie.read(with_cookie(cookie.NAME, value)) == before


def test_whoever_has_another_secret_is_nobody(settings):
    value = token(visitor("personalization"))
    settings.SECRET_KEY = "x" * 60
    assert cookie.read(with_cookie(cookie.NAME, value)) is None
    settings.SECRET_KEY_FALLBACKS = []
    forged = signing.Signer(key="y" * 60, salt="django_personalize.visitor").sign(value.rpartition(":")[0])
    assert cookie.read(with_cookie(cookie.NAME, forged)) is None
