"""System checks: a wrong set-up is told with a line to paste, and never stops a command that would mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Warning
from django.db import DEFAULT_DB_ALIAS, router
from django.urls import NoReverseMatch, resolve, reverse

from django_personalize.conf import BUDGET, DEFAULTS, RETENTION, SHORTEST_KEY, settings
from django_personalize.consent.rules import SIGNALS
from django_personalize.core.loading import load
from django_personalize.exceptions import ConfigurationError
from django_personalize.integrations import redis_checks  # noqa: F401  registers its own
from django_personalize.models import Visitor
from django_personalize.placements.fragments import cached_tags
from django_personalize.recommend.validation import check_pipelines
from django_personalize.shop.mapping import MappedShop
from django_personalize.shop.validation_values import check_loads, unknown_keys
from django_personalize.shop.vocabulary import SEARCH_KEYS
from django_personalize.templatetags.personalize import register

MIDDLEWARE = "django_personalize.middleware.PersonalizeMiddleware"
SIGNAL_NAMES = {
    "sec-gpc": "gpc",
    "global privacy control": "gpc",
    "globalprivacycontrol": "gpc",
    "do not track": "dnt",
    "donottrack": "dnt",
}
"""What else these signals are known as."""
MOST_DAYS = 36_500
"""A hundred years, which is for ever, and a date that there is."""
MOST_ATTRIBUTION_DAYS = 90
"""Past that a click says nothing of why something was bought."""
MOST_MILLISECONDS = 3_600_000
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
        *unknown_keys("PERSONALIZE", given, DEFAULTS, "personalize.E002"),
        *_mappings(),
        *_search(),
        *_dotted_paths(),
        *_values(),
    ]


@checks.register("personalize")
def check_surroundings(**kwargs: Any) -> list[CheckMessage]:
    """What lies around the dict: time zones, databases and their options, middleware and its order, URLs, LightFM."""
    sqlite = _sqlite(django_settings.DATABASES.get("default", {}))
    return [*_time_zones(), *_database(), *_middleware(), *_urls(), *_lightfm(), *sqlite, *_fragments()]


def _mappings() -> Iterator[CheckMessage]:
    """What the shop's adapter reads by: the settings, over what a ready adapter brings along."""
    given = {"PRODUCT": settings.PRODUCT, "ORDER_LINES": settings.ORDER_LINES}
    wrong = [
        Error(f'PERSONALIZE["{name}"] is a {type(value).__name__}; wanted a dict.', id="personalize.E003")
        for name, value in given.items()
        if not isinstance(value, Mapping)
    ]
    yield from wrong
    if wrong:
        return
    try:
        shop = settings.shop
    except ConfigurationError:
        return  # see _dotted_paths
    except Exception as error:
        found = f'PERSONALIZE["SHOP"]: {settings.SHOP} could not be made: {error!r}'
        yield Error(found, hint="It is made without arguments.", id="personalize.E006")
        return
    if isinstance(shop, MappedShop):
        yield from shop.check()


def _search() -> Iterator[CheckMessage]:
    where, given = 'PERSONALIZE["SEARCH"]', settings.SEARCH
    if not isinstance(given, Mapping):
        hint = '"SEARCH": {"params": ["q"]}'
        yield Error(f"{where} is a {type(given).__name__}; wanted a dict.", hint=hint, id="personalize.E003")
        return
    yield from unknown_keys(where, given, SEARCH_KEYS)
    for name in ("params", "views"):
        value = given.get(name, ())
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            hint = f'"{name}": ["{value}"]' if isinstance(value, str) else f'"{name}": ["..."]'
            yield Error(f'{where}["{name}"] is {value!r}; wanted a list of names.', hint=hint, id="personalize.E007")
    if given.get("results") is not None:
        yield from check_loads(f'{where}["results"]', given["results"])


def _dotted_paths() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for setting in ("SHOP", "CONSENT", "SINK", "ATTRIBUTION"):
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
    wanted: tuple[tuple[str, Callable[[Any], bool], str, str], ...] = (
        ("THREADS", lambda value: type(value) is int and value >= 1, "a whole number from 1 on", "1"),
        ("SEED", lambda value: type(value) is int and value >= 0, "a whole number from 0 on", "0"),
        (
            "EXPLORE",
            lambda value: type(value) in (int, float) and 0 <= value <= 0.5,
            "a share from 0 (off) to 0.5",
            "0.05",
        ),
        ("EASE_BYTES", lambda value: type(value) is int and value >= 0, "a whole number from 0 on", "512 * 1024**2"),
        ("SPOOL_BYTES", lambda value: type(value) is int and value >= 1, "a whole number from 1 on", "1024**3"),
        ("FSYNC_MS", lambda value: type(value) is int and value >= 0, "a whole number from 0 on", "200"),
        ("HOLDOUT", _is_share, "a share from 0 to 0.5", "0.05"),
        (
            "ATTRIBUTION_DAYS",
            lambda value: type(value) is int and 1 <= value <= MOST_ATTRIBUTION_DAYS,
            f"a whole number of days from 1 to {MOST_ATTRIBUTION_DAYS}",
            "7",
        ),
        ("DRAIN", lambda value: value in ("thread", "command"), '"thread" or "command"', '"thread"'),
        ("CAPTURE", lambda value: value in ("server", "beacon"), '"server" or "beacon"', '"server"'),
        ("SESSION_TIER", lambda value: isinstance(value, bool), "True or False", "False"),
        ("SCOPE", _is_scope, '"site", or the dotted path of a function', '"site"'),
    )
    for name, good, words, example in wanted:
        value = getattr(settings, name)
        if not good(value):
            found.append(
                Error(
                    f'PERSONALIZE["{name}"] is {value!r}; wanted {words}.',
                    hint=f'"{name}": {example}',
                    id="personalize.E007",
                )
            )
    found += [*_scope(), *_ingest_keys(), *_consent(), *_whole_numbers(), *check_pipelines(settings.PIPELINES)]
    for name in ("ARTIFACTS", "SPOOL"):
        try:
            getattr(settings, name)
        except (ConfigurationError, TypeError) as error:
            hint = f'"{name}": BASE_DIR / "personalize_{name.lower()}"'
            found.append(Error(str(error), hint=hint, id="personalize.E007"))
    return found


def _whole_numbers() -> Iterator[CheckMessage]:
    """A key or a number that is none would keep rows, or a page, for longer than was meant, and nobody would see it."""
    for setting, known, unit, most in (
        ("RETENTION", RETENTION, "days", MOST_DAYS),
        ("BUDGET", BUDGET, "milliseconds", MOST_MILLISECONDS),
    ):
        name, default = next(iter(known.items()))
        where, hint = f'PERSONALIZE["{setting}"]', f'"{setting}": {{"{name}": {default}}}'
        given = settings.given.get(setting) or {}
        if not isinstance(given, Mapping):
            yield Error(f"{where} is {given!r}; wanted a dict of {unit}.", hint=hint, id="personalize.E007")
            continue
        yield from unknown_keys(where, given, known)
        for name, number in given.items():
            if type(number) is not int or not 1 <= number <= most:
                found = f'{where}["{name}"] is {number!r}; wanted a whole number of {unit} from 1 to {most:,}.'
                yield Error(found, hint=hint, id="personalize.E007")


def _consent() -> Iterator[CheckMessage]:
    """Where answers come from, what stands for one, and who tells of children."""
    with suppress(ConfigurationError):  # see _dotted_paths
        if isinstance(settings.CONSENT, str) and not callable(load(settings.CONSENT)):
            found = f'PERSONALIZE["CONSENT"]: {settings.CONSENT!r} is neither a class nor a function.'
            yield Error(found, hint=f'Its default is "{DEFAULTS["CONSENT"]}".', id="personalize.E006")
    given, known = settings.SIGNALS, " and ".join(f'"{name}"' for name in SIGNALS)
    if not isinstance(given, list | tuple):
        hint = f'"SIGNALS": ["{given}"]' if given in tuple(SIGNALS) else '"SIGNALS": ["gpc", "dnt"]'
        found = f'PERSONALIZE["SIGNALS"] is {given!r}; wanted a list of {known}, which may be empty.'
        yield Error(found, hint=hint, id="personalize.E007")
    else:
        for name in given:
            if name not in SIGNALS:
                close = get_close_matches(SIGNAL_NAMES.get(str(name).lower(), str(name).lower()), SIGNALS, n=1)
                hint = f'Did you mean "{close[0]}"?' if close else f"Known are {known}."
                found = f'PERSONALIZE["SIGNALS"] names {name!r}, which is no signal.'
                yield Error(found, hint=hint, id="personalize.E007")
    if settings.MINOR is not None:
        yield from check_loads('PERSONALIZE["MINOR"]', settings.MINOR)


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 0.5  # nan is neither


def _is_scope(value: Any) -> bool:
    return value is None or value == "site" or (isinstance(value, str) and "." in value)


def _scope() -> Iterator[CheckMessage]:
    given = settings.SCOPE
    if given == "site" and not apps.is_installed("django.contrib.sites"):
        yield Error(
            'PERSONALIZE["SCOPE"] is "site", but django.contrib.sites is not installed.',
            hint='INSTALLED_APPS = [..., "django.contrib.sites"]',
            id="personalize.E007",
        )
    elif isinstance(given, str) and "." in given:
        yield from check_loads('PERSONALIZE["SCOPE"]', given)


def _ingest_keys() -> Iterator[CheckMessage]:
    """Never says a key, which is a secret."""
    given, wanted = settings.INGEST_KEYS, f"a list of secrets of {SHORTEST_KEY} characters or more"
    hint = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
    if not isinstance(given, list | tuple):
        found = f'PERSONALIZE["INGEST_KEYS"] is a {type(given).__name__}; wanted {wanted}.'
        yield Error(found, hint=hint, id="personalize.E007")
        return
    for place, key in enumerate(given):
        if not isinstance(key, str) or len(key.strip()) < SHORTEST_KEY:
            yield Error(f'PERSONALIZE["INGEST_KEYS"][{place}]; wanted {wanted}.', hint=hint, id="personalize.E007")


def _time_zones() -> list[CheckMessage]:
    if django_settings.USE_TZ:
        return []
    found = "USE_TZ is False; wanted True: every moment is kept with its time zone."
    return [Error(found, hint="USE_TZ = True", id="personalize.E011")]


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
    if order.count(MIDDLEWARE) > 1:
        found.append(
            Warning(
                "PersonalizeMiddleware is installed twice: everything is recorded twice.",
                hint="Name it once in MIDDLEWARE.",
                id="personalize.W002",
            )
        )
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
    hint = 'path("personalize/", include("django_personalize.urls")), before any catch-all pattern.'
    try:
        path = reverse("personalize:events")
    except NoReverseMatch:
        found = "The URLs are not included: pages cannot report what was seen and done."
        return [Warning(found, hint=hint, id="personalize.W003")]
    if resolve(path).view_name != "personalize:events":
        found = f"{path} leads to another view: a pattern before ours takes our addresses."
        return [Warning(found, hint=hint, id="personalize.W003")]
    return []


def _database() -> list[CheckMessage]:
    """One database for the shop's tables and ours: what is written together is written in one transaction."""
    alias = router.db_for_write(Visitor)
    if alias == DEFAULT_DB_ALIAS:
        return []
    found = f"A router sends the tables of django-personalize to {alias!r}; wanted {DEFAULT_DB_ALIAS!r}."
    return [Error(found, hint='Let db_for_write() return None for the app label "personalize".', id="personalize.E012")]


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


def _fragments() -> list[CheckMessage]:
    """Tags within `{% cache %}`; the script alone is the same for everybody."""
    try:
        found = cached_tags(frozenset(register.tags) - {"personalize_script"})
    except Exception:  # whatever a shop's own loader or file system does
        return []
    hint = "Move it out of the {% cache %} block, or end the block before it and begin another after it."
    return [
        Warning(
            f"{each.template}, line {each.line}: {{% {each.tag} %}} stands inside {{% cache %}}"
            + (f" of {each.cached_by}" if each.cached_by != each.template else "")
            + ": what it shows to one visitor is shown to all.",
            hint=hint,
            id="personalize.W007",
        )
        for each in found
    ]


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
