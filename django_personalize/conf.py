"""The `PERSONALIZE` dict as typed, lazy attributes. A change of the setting (as tests make) takes effect at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from django_personalize.core import loading
from django_personalize.core.protocols import Attribution, ConsentSource, Shop, Sink
from django_personalize.exceptions import ConfigurationError

DEFAULTS: dict[str, Any] = {
    "SHOP": "django_personalize.shop.mapping.MappedShop",
    "PRODUCT": {},
    "ORDER_LINES": {},
    "CART": None,
    "SEARCH": {},
    "SCOPE": None,
    "CAPTURE": "server",
    "INGEST_KEYS": (),
    "CONSENT": "django_personalize.integrations.cookie_consent.CookieConsent",
    "SIGNALS": ("gpc", "dnt"),
    "MINOR": None,
    "SESSION_TIER": False,
    "SINK": "django_personalize.events.sinks.SpoolSink",
    "SPOOL": None,
    "SPOOL_BYTES": 1024**3,
    "FSYNC_MS": 200,
    "DRAIN": "thread",
    "REDIS": "redis://127.0.0.1:6379/0",
    "RETENTION": {},
    "HOLDOUT": 0.0,
    "ATTRIBUTION": "django_personalize.attribution.rules.LastClick",
    "ATTRIBUTION_DAYS": 7,
    "BUDGET": {},
    "TRAINERS": ("django_personalize.integrations.lightfm.LightFMTrainer",),
    "PIPELINES": {},
    "ARTIFACTS": None,
    "EASE_BYTES": 512 * 1024**2,
    "EXPLORE": 0.05,
    "THREADS": 1,
    "SEED": 0,
}

RETENTION = {"events": 395, "orders": 760, "aggregates": 760, "quarantine": 90}
"""Days that each is kept for, where `RETENTION` does not say: 13 and 25 months, and a season for a look."""

BUDGET = {"placement": 200, "page": 500}
"""Milliseconds that one row and all rows of a page may take, where `BUDGET` does not say."""

FUNCTION_CONSENT = "django_personalize.consent.function.FunctionConsent"
"""Named, since it lives above."""
SHORTEST_KEY = 32
"""Characters that one of `INGEST_KEYS` has at least, blanks around it aside; a shorter one opens nothing."""


class Settings:
    """Reads `django.conf.settings.PERSONALIZE` at the first access, and again once Django says that it has changed."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"PERSONALIZE has no setting {name!r}.")  # those that there are, are properties below

    _given: dict[str, Any] | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The dict as the shop wrote it; empty where there is none or it is not a dict (a check says so)."""
        if self._given is None:
            given = getattr(django_settings, "PERSONALIZE", {})
            self._given = given if isinstance(given, dict) else {}
        return self._given

    def forget(self) -> None:
        """Read the dict again at the next look."""
        self._given = None

    @property
    def ARTIFACTS(self) -> Path:  # noqa: N802
        """The directory of published models; beside the project unless the setting says otherwise."""
        return self._directory("ARTIFACTS", "personalize_artifacts", "that web and training processes share")

    @property
    def SPOOL(self) -> Path:  # noqa: N802
        """The directory of facts on their way; beside the project unless the setting says otherwise."""
        return self._directory("SPOOL", "personalize_spool", "on a disk of this host, which outlives the process")

    @property
    def RETENTION(self) -> dict[str, int]:  # noqa: N802
        """Days that each kind of row is kept for: events, orders, aggregates, quarantine."""
        return RETENTION | dict(self.given.get("RETENTION") or {})

    @property
    def BUDGET(self) -> dict[str, int]:  # noqa: N802
        """Milliseconds that one row (`placement`) and all rows of a page (`page`) may take."""
        return BUDGET | dict(self.given.get("BUDGET") or {})

    def _directory(self, name: str, default: str, meant: str) -> Path:
        given = self.given.get(name)
        if given:
            return Path(given)
        base = getattr(django_settings, "BASE_DIR", None)
        if base is None:
            raise ConfigurationError(
                f'PERSONALIZE["{name}"] is not set and there is no BASE_DIR to fall back on: '
                f'set it to a directory {meant}, such as "/var/lib/shop/{default}".'
            )
        return Path(base) / default

    @property
    def shop(self) -> Shop:
        shop: Shop = loading.instance(self.SHOP)
        return shop

    @property
    def consent(self) -> ConsentSource:
        source: ConsentSource = loading.instance(self.CONSENT, FUNCTION_CONSENT)
        return source

    @property
    def sink(self) -> Sink:
        sink: Sink = loading.instance(self.SINK)
        return sink

    @property
    def attribution(self) -> Attribution:
        rule: Attribution = loading.instance(self.ATTRIBUTION)
        return rule


def _plain(name: str) -> property:
    """Return the setting as it is given, or its default; as a property, since every page asks for some twenty."""
    default = DEFAULTS[name]
    return property(lambda self: self.given.get(name, default))


for _name in DEFAULTS:
    if not hasattr(Settings, _name):
        setattr(Settings, _name, _plain(_name))
settings = Settings()


def _reset(*, setting: str, **kwargs: Any) -> None:
    if setting == "PERSONALIZE":
        settings.forget()
        loading.instance.cache_clear()


setting_changed.connect(_reset)
