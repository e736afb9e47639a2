"""System checks: a wrong set-up is told with a line to paste, and never stops a command that would mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import NoReverseMatch, reverse

from django_personalize.conf import DEFAULTS, settings
from django_personalize.core.loading import load
from django_personalize.exceptions import ConfigurationError
from django_personalize.shop.mapping import LINE_KEYS, PRODUCT_KEYS, model_of
from django_personalize.shop.paths import is_condition, paths_in

CONDITIONS = ("visible", "in_stock", "placed", "cancelled")
COLUMNS = ("category", "brand", "created")
"""Read for the whole catalogue at once, so fields and paths only; the others may be properties and methods."""
MIDDLEWARE = "django_personalize.middleware.PersonalizeMiddleware"
FETCH_FROM_CACHE = "django.middleware.cache.FetchFromCacheMiddleware"


@checks.register("personalize")
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """The `PERSONALIZE` dict: its keys, its dotted paths, its mappings against the real models."""
    given = getattr(django_settings, "PERSONALIZE", None)
    hint = 'PERSONALIZE = {"PRODUCT": {"model": "shop.Product", ...}, "ORDER_LINES": {"model": "shop.OrderLine", ...}}'
    if given is None:
        # A warning, so that `migrate` works between adding the app and describing the shop.
        return [Warning("PERSONALIZE is not set: nothing is known of the shop.", hint=hint, id="personalize.W006")]
    if not isinstance(given, dict):
        found = f"PERSONALIZE is a {type(given).__name__}; wanted a dict."
        return [Error(found, hint=hint, id="personalize.E001")]
    return [
        *_unknown_keys("PERSONALIZE", given, DEFAULTS, "personalize.E002"),
        *_mapping("PRODUCT", PRODUCT_KEYS, ()),
        *_mapping("ORDER_LINES", LINE_KEYS, ("item", "order", "date")),
        *_dotted_paths(),
        *_values(),
    ]


@checks.register("personalize")
def check_surroundings(**kwargs: Any) -> list[CheckMessage]:
    """What lies around the dict: middleware and its order, URLs, the database's options, LightFM."""
    return [*_middleware(), *_urls(), *_lightfm(), *_sqlite(django_settings.DATABASES.get("default", {}))]


def _unknown_keys(where: str, given: dict[str, Any], known: Iterable[str], code: str) -> list[CheckMessage]:
    known = sorted(known)
    return [
        Error(
            f"{where} has an unknown key {key!r}.",
            hint=f"Did you mean {close[0]!r}?"
            if (close := get_close_matches(str(key), known, n=1, cutoff=0.5))
            else f"Known keys: {', '.join(known)}.",
            id=code,
        )
        for key in given
        if key not in known
    ]


def _mapping(setting: str, known: Iterable[str], needed: Iterable[str]) -> list[CheckMessage]:
    mapping = getattr(settings, setting)
    if DEFAULTS["SHOP"] != settings.SHOP:
        return []
    where = f'PERSONALIZE["{setting}"]'
    if not isinstance(mapping, dict):
        return [Error(f"{where} is a {type(mapping).__name__}; wanted a dict.", id="personalize.E003")]
    found = _unknown_keys(where, mapping, known, "personalize.E003")
    try:
        model = model_of(setting, mapping)
    except ConfigurationError as error:
        labels = [each._meta.label for each in apps.get_models()]
        close = get_close_matches(str(mapping.get("model", "")), labels, n=1, cutoff=0.5)
        hint = f'Did you mean "{close[0]}"?' if close else "Name the shop's model as app.Model."
        return [*found, Error(str(error), hint=hint, id="personalize.E004")]
    for name in needed:
        if mapping.get(name) is None:
            found.append(
                Error(
                    f'{where} lacks "{name}".',
                    hint=f'Add "{name}": a path from {model._meta.label}.',
                    id="personalize.E003",
                )
            )
    for name, value in mapping.items():
        if name in {"model", "url"} or value is None:
            continue
        if name in CONDITIONS and not is_condition(value):
            found.append(
                Error(
                    f'{where}["{name}"] is {value!r}; wanted a condition, and as it stands it would be ignored.',
                    hint=f'"{name}": Q({value}=True)' if isinstance(value, str) else f'"{name}": Q(...)',
                    id="personalize.E008",
                )
            )
            continue
        attributes = setting == "PRODUCT" and name not in COLUMNS and isinstance(value, str)
        for path in paths_in(value):
            if name == "currency" and len(path) == 3 and path.isupper():
                continue
            problem = _walk(model, path, attributes=attributes)
            if problem:
                found.append(
                    Error(
                        f'{where}["{name}"] is {path!r}, but {problem[0]}.',
                        hint=problem[1],
                        id="personalize.E005",
                    )
                )
    return found


def _walk(model: type[models.Model], path: str, *, attributes: bool) -> tuple[str, str] | None:
    """Return (what is wrong, hint) for the first step of `path` that does not exist; None where all do."""
    current: Any = model
    for part in path.split("__"):
        try:
            field = current._meta.get_field(part)
        except FieldDoesNotExist:
            if part == "pk" or (attributes and hasattr(current, part)):
                return None
            names = {field.name for field in current._meta.get_fields()} | {
                field.attname for field in current._meta.concrete_fields
            }
            if part in names:
                return None
            close = get_close_matches(part, sorted(names), n=1, cutoff=0.4)
            return (
                f'{current._meta.label} has no field "{part}"',
                f'Did you mean "{close[0]}"?' if close else f"Its fields: {', '.join(sorted(names))}.",
            )
        if field.related_model is None:
            return None  # what follows is a lookup such as __gt, or a step into JSON
        current = field.related_model
    return None


def _dotted_paths() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for setting in ("SHOP", "CONSENT", "SINK"):
        found += _loads(setting, getattr(settings, setting))
    trainers = settings.TRAINERS
    if not isinstance(trainers, list | tuple) or not trainers:
        found.append(
            Error(
                f'PERSONALIZE["TRAINERS"] is {trainers!r}; wanted a list of one or more dotted paths.',
                hint=f'"TRAINERS": ["{DEFAULTS["TRAINERS"][0]}"]',
                id="personalize.E006",
            )
        )
    else:
        for path in trainers:
            found += _loads("TRAINERS", path)
    return found


def _loads(setting: str, path: Any) -> list[CheckMessage]:
    try:
        load(path if isinstance(path, str) else repr(path))
    except ConfigurationError as error:
        default = DEFAULTS[setting] if isinstance(DEFAULTS[setting], str) else DEFAULTS[setting][0]
        return [
            Error(
                f'PERSONALIZE["{setting}"]: {error}',
                hint=f'Its default is "{default}".',
                id="personalize.E006",
            )
        ]
    return []


def _values() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    wanted: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
        ("THREADS", lambda value: type(value) is int and value >= 1, "a whole number from 1 on"),
        ("SEED", lambda value: type(value) is int and value >= 0, "a whole number from 0 on"),
    )
    for name, good, words in wanted:
        value = getattr(settings, name)
        if not good(value):
            found.append(
                Error(
                    f'PERSONALIZE["{name}"] is {value!r}; wanted {words}.',
                    hint=f'"{name}": {DEFAULTS[name]}',
                    id="personalize.E007",
                )
            )
    try:
        settings.ARTIFACTS  # noqa: B018
    except (ConfigurationError, TypeError) as error:
        found.append(Error(str(error), hint='"ARTIFACTS": BASE_DIR / "personalize_artifacts"', id="personalize.E007"))
    return found


def _middleware() -> list[CheckMessage]:
    order = list(django_settings.MIDDLEWARE)
    if MIDDLEWARE not in order:
        return [
            Warning(
                "The middleware is not installed: no answer is honoured, no visitor kept, no view recorded.",
                hint=f'MIDDLEWARE = [..., "{MIDDLEWARE}"], after the authentication middleware.',
                id="personalize.W001",
            )
        ]
    found: list[CheckMessage] = []
    here = order.index(MIDDLEWARE)
    if FETCH_FROM_CACHE in order[:here]:
        found.append(
            Warning(
                "PersonalizeMiddleware stands after FetchFromCacheMiddleware: it never sees a page from the cache.",
                hint="Move it before FetchFromCacheMiddleware.",
                id="personalize.W002",
            )
        )
    for earlier in ("SessionMiddleware", "AuthenticationMiddleware"):
        later = [at for at, path in enumerate(order) if path.endswith(f".{earlier}")]
        if later and later[0] > here:
            found.append(
                Warning(
                    f"PersonalizeMiddleware stands before {earlier}: it cannot tell who logs in.",
                    hint=f"Move it after {earlier}.",
                    id="personalize.W002",
                )
            )
    return found


def _urls() -> list[CheckMessage]:
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return []  # a process that serves no pages
    try:
        reverse("personalize:seen")
    except NoReverseMatch:
        return [
            Warning(
                "The URLs are not included: pages cannot report what was seen.",
                hint='path("personalize/", include("django_personalize.urls")), before any catch-all pattern.',
                id="personalize.W003",
            )
        ]
    return []


def _lightfm() -> list[CheckMessage]:
    trainers = settings.TRAINERS  # any other type is an error of its own, see _dotted_paths
    named = isinstance(trainers, list | tuple) and DEFAULTS["TRAINERS"][0] in trainers
    if named and find_spec("lightfm") is None:
        return [
            Warning(
                "LightFM is not installed: recommendations stand on bought-together and recent popularity alone.",
                hint='pip install "django-personalize[lightfm]" (builds it; needs a C compiler where no wheel fits).',
                id="personalize.W004",
            )
        ]
    return []


def _sqlite(database: dict[str, Any]) -> list[CheckMessage]:
    if not str(database.get("ENGINE", "")).endswith("sqlite3"):
        return []
    options = database.get("OPTIONS", {})
    wal = "wal" in str(options.get("init_command", "")).lower()
    if options.get("transaction_mode") == "IMMEDIATE" and wal:
        return []
    return [
        Warning(
            "SQLite runs with its defaults: under several writers, some writes fail with 'database is locked'.",
            hint='"OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, '
            '"init_command": "PRAGMA journal_mode=WAL;"}',
            id="personalize.W005",
        )
    ]
