"""Opening one of the small shops: its own settings, and what a shop that becomes personal adds to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from django.test import Client

from django_personalize.models import Event
from tests.settings import PERSONALIZE as OURS

HERE = Path(__file__).resolve().parent
SHOPS = (
    "session_shop",
    "order_is_cart",
    "cookie_shop",
    "keyed_by_session",
    "uuid_variants",
    "translated",
    "drf_shop",
    "composite",
)
PLAIN = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
PERSONAL = [*PLAIN, "django_personalize.middleware.PersonalizeMiddleware"]
CACHED = [
    "django.middleware.cache.UpdateCacheMiddleware",
    *PERSONAL,
    "django.middleware.cache.FetchFromCacheMiddleware",
]
CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
SETTINGS: dict[str, dict[str, Any]] = {
    "drf_shop": {"MIDDLEWARE": CACHED},
    "translated": {"SITE_ID": None},  # the site is told by the host
}
"""What a shop's own settings say besides."""
SHOPS_CONTEXT = {"session_shop": ["tests.small_shops.session_shop.cart.cart"]}


def personal(name: str) -> dict[str, Any]:
    """The shop's `PERSONALIZE`."""
    return dict(import_module(f"tests.small_shops.{name}.personal").PERSONALIZE)


def settings_of(name: str) -> dict[str, Any]:
    """The settings of a shop that has become personal."""
    return {
        "ROOT_URLCONF": f"tests.small_shops.{name}.urls_personal",
        "MIDDLEWARE": PERSONAL,
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [HERE / name / "personal_templates"],
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": [*CONTEXT_PROCESSORS, *SHOPS_CONTEXT.get(name, [])]},
            }
        ],
        "PERSONALIZE": {**personal(name), **{key: OURS[key] for key in ("ARTIFACTS", "SPOOL", "SINK")}},
        "LOGIN_URL": "/login/",
        "LOGIN_REDIRECT_URL": "/",
        "ALLOWED_HOSTS": ["testserver", "other.example"],
    } | SETTINGS.get(name, {})


Told = tuple[str, str, int | None]
"""(kind, item, quantity); of a search the words and how much was found."""


Sold = tuple[object, int, int]
"""(order, pieces, pieces given back) of one line, by the shop's own tables."""


@dataclass(frozen=True)
class Step:
    """What a visit has just done, and how that changes what is recorded."""

    name: str
    came: tuple[Told, ...] = ()
    went: tuple[Told, ...] = ()


Visit = Callable[[Client, Callable[[], object]], Iterator[Step]]
"""Takes the shopper's browser and the nightly `personalize_sync`."""


def visit_of(name: str) -> Visit:
    visit: Visit = import_module(f"tests.small_shops.{name}.visit").visit
    return visit


def sold_by(name: str) -> list[Sold]:
    lines: list[Sold] = import_module(f"tests.small_shops.{name}.visit").sold()
    return lines


def seed(name: str) -> None:
    import_module(f"tests.small_shops.{name}.seed").seed()


def told(name: str, **having: Any) -> list[Told]:
    """All recorded events by the names of things, in their order."""
    names: dict[str, str] = import_module(f"tests.small_shops.{name}.visit").names()
    rows = Event.objects.filter(**having).order_by("pk")
    return [
        (row.kind, row.search_term, row.results)
        if row.kind == "search"
        else (row.kind, "/".join(names.get(key, key) for key in (row.item_key, row.item_variant) if key), row.quantity)
        for row in rows
    ]
