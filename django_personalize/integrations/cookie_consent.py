"""django-cookie-consent as the source of answers: one cookie group per purpose, named like the purpose."""

from __future__ import annotations

import copy
import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cookie_consent.cache import delete_cache
from cookie_consent.conf import settings as django_settings
from cookie_consent.models import Cookie, CookieGroup
from cookie_consent.processor import CookiesProcessor
from cookie_consent.util import dict_to_cookie_str, parse_cookie_str, set_cookie_dict_to_response
from django.db import DatabaseError, transaction
from django.db.models import Max
from django.db.models.signals import post_delete, post_save
from django.utils.http import http_date
from django.utils.translation import gettext as _

from django_personalize.core import clock
from django_personalize.core.types import Consents, ConsentState, Purpose
from django_personalize.events.isolation import isolated
from django_personalize.visitors.cookie import LEAVE, MAX_AGE, NAME

logger = logging.getLogger("django_personalize.consent")
settings: Any = django_settings
"""With the library's own, which no type knows of."""
EVERY_SECONDS = 5.0
"""How soon this process sees what another one changed in the groups."""
NO_LASTS = 182 * 24 * 60 * 60
"""Half a year, in seconds: after that somebody who refused everything may be asked again, and not before."""
ASKED = "pz"
"""The name under which the banner's cookie says which text was answered."""
REMEMBERED, LONGEST = 2_048, 512
"""Cookie values whose meaning a process remembers, and characters of one of them."""
NO_ANSWER: Consents = dict.fromkeys(Purpose, ConsentState.UNKNOWN)
_changes = 0
"""How often this process has changed a group or a cookie of one."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one value of the banner's cookie means."""

    states: Consents
    counts: str
    """The value without the answers that no longer count."""


@dataclass(frozen=True, slots=True)
class _Groups:
    """What is asked, as last read."""

    by_purpose: Mapping[Purpose, CookieGroup]
    since: Mapping[Purpose, str]
    """From which version of a group on a yes to it counts, in the words of its library."""
    asked: Mapping[Purpose, str]
    """A digest of each text: an answer to another text is none."""
    meanings: dict[str, _Answer] = field(default_factory=dict, compare=False)

    def answer(self, raw: str) -> _Answer:
        known = self.meanings.get(raw)
        if known is not None:
            return known
        found = self._read(raw)
        if len(raw) <= LONGEST:
            if len(self.meanings) >= REMEMBERED:
                self.meanings.clear()
            self.meanings[raw] = found
        return found

    def _read(self, raw: str) -> _Answer:
        pairs = parse_cookie_str(raw)
        asked = dict(each.split(".", 1) for each in pairs.pop(ASKED, "").split(":") if "." in each)
        stale = {purpose for purpose, text in self.asked.items() if asked.get(purpose, text) != text}
        if stale.isdisjoint(pairs):
            return _Answer(self._states(pairs), raw)
        # The other answers are to the text as it is, and the next answer says so again of all of them.
        counting = {name: value for name, value in pairs.items() if name not in stale}
        return _Answer(self._states(counting), dict_to_cookie_str(counting))

    def _states(self, pairs: Mapping[str, str]) -> Consents:
        states = dict(NO_ANSWER)
        for purpose, since in self.since.items():
            told = pairs.get(purpose.value)
            if told == settings.COOKIE_CONSENT_DECLINE:
                states[purpose] = ConsentState.DENIED
            elif told is not None and told >= since:
                states[purpose] = ConsentState.GRANTED
        return states


class CookieConsent:
    """Reads the banner's cookie, each value of it once. A purpose without a group of that name is UNKNOWN."""

    def __init__(self) -> None:
        self._groups: _Groups | None = None
        self._looked_at = float("-inf")
        self._saw = _changes

    def states(self, request: Any) -> Consents:
        raw = request.COOKIES.get(settings.COOKIE_CONSENT_NAME)
        return self._current().answer(raw).states if raw else NO_ANSWER

    def before(self, request: Any) -> None:
        raw = request.COOKIES.get(settings.COOKIE_CONSENT_NAME)
        if raw and (counts := self._current().answer(raw).counts) != raw:
            request.COOKIES[settings.COOKIE_CONSENT_NAME] = counts

    def after(self, request: Any, response: Any) -> None:
        """Note in the banner's cookie which texts were answered, and let a refusal of everything last half a year."""
        given = response.cookies.get(settings.COOKIE_CONSENT_NAME)
        if given is None or not given.value:
            return
        pairs = parse_cookie_str(given.value)
        pairs.pop(ASKED, None)
        refused = bool(pairs) and set(pairs.values()) == {settings.COOKIE_CONSENT_DECLINE}
        asked = self._current().asked
        texts = [f"{purpose.value}.{text}" for purpose, text in sorted(asked.items()) if purpose.value in pairs]
        response.cookies[settings.COOKIE_CONSENT_NAME] = dict_to_cookie_str(
            pairs | ({ASKED: ":".join(texts)} if texts else {})
        )
        longest = NO_LASTS if refused else MAX_AGE
        if given["max-age"] != "" and int(given["max-age"]) > longest:
            given["max-age"] = longest
            given["expires"] = http_date(clock.now().timestamp() + longest)

    def decline(self, request: Any, response: Any) -> None:
        """Have this browser say no to every purpose from this response on; its other answers stay."""
        pairs = parse_cookie_str(request.COOKIES.get(settings.COOKIE_CONSENT_NAME, ""))
        no = {purpose.value: settings.COOKIE_CONSENT_DECLINE for purpose in self._current().by_purpose}
        set_cookie_dict_to_response(response, pairs | no)
        self.after(request, response)

    def answer(self, request: Any, response: Any, answers: Mapping[Purpose, bool]) -> None:
        """Have this browser answer as its banner's buttons do, from this response on; its other answers stay.

        A purpose without a group of its name cannot be answered, and is left out.
        """
        answered, groups = copy.copy(request), self._current().by_purpose
        for wanted in (True, False):
            chosen = [groups[purpose] for purpose, yes in answers.items() if yes is wanted and purpose in groups]
            if chosen:
                CookiesProcessor(answered, response).process(chosen, "accept" if wanted else "decline")
                given = response.cookies[settings.COOKIE_CONSENT_NAME].value
                answered.COOKIES = {**answered.COOKIES, settings.COOKIE_CONSENT_NAME: given}
        self.after(request, response)

    def texts(self) -> Mapping[Purpose, str]:
        return {purpose: f"{group.name}\n{group.description}" for purpose, group in self._current().by_purpose.items()}

    def prepare(self) -> list[str]:
        return create_groups()

    def _current(self) -> _Groups:
        now = time.monotonic()
        if self._groups is not None and self._saw == _changes and now - self._looked_at < EVERY_SECONDS:
            return self._groups
        self._saw, self._looked_at = _changes, now
        try:
            with isolated():
                found = _read_groups()
        except DatabaseError:
            if self._groups is None:
                raise
            logger.warning("groups_not_read")
            return self._groups
        if self._groups is None:
            self._groups = found
        elif found != self._groups:
            # The library remembers them for an hour, in a cache that may be this process's own.
            delete_cache()
            self._groups = found
        return self._groups


def _read_groups() -> _Groups:
    rows = list(
        CookieGroup.objects.filter(is_required=False, varname__in=[purpose.value for purpose in Purpose])
        .annotate(since=Max("cookie__created"))
        .order_by("pk")
    )
    named = {Purpose(group.varname): group for group in rows}
    return _Groups(
        by_purpose=named,
        since={purpose: group.since.isoformat() if group.since else "" for purpose, group in named.items()},
        asked={purpose: _text(group) for purpose, group in named.items()},
    )


def _text(group: CookieGroup) -> str:
    """Return a digest of what is asked, in all languages that the row has columns for."""
    names = [field.attname for field in CookieGroup._meta.concrete_fields]
    told = [name for name in names if name.split("_")[0] in ("name", "description")]
    words = "\0".join(" ".join(str(vars(group).get(name) or "").split()) for name in told)
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def _note_change(**kwargs: Any) -> None:
    global _changes
    _changes += 1
    transaction.on_commit(_note_commit)


def _note_commit() -> None:
    global _changes
    _changes += 1


for _model in (CookieGroup, Cookie):
    for _signal in (post_save, post_delete):
        _signal.connect(_note_change, sender=_model, dispatch_uid="django_personalize.cookie_consent")


@transaction.atomic
def create_groups(purposes: tuple[Purpose, ...] = (Purpose.PERSONALIZATION, Purpose.ANALYTICS)) -> list[str]:
    """Create the missing cookie groups with the rows for our cookies, and return their names; never alters a group.

    A group and its cookies are made together: a cookie added later asks everybody again. The groups are not deletable
    by the banner, since two purposes share one cookie and only this package knows when both are gone.
    """
    texts = {
        Purpose.PERSONALIZATION: (
            _("Personal recommendations"),
            _("We use your orders and the products you look at to show what fits you. Nothing leaves this shop."),
        ),
        Purpose.ANALYTICS: (
            _("Statistics"),
            _("We store which pages you visit in this shop, under a random number, to learn what works."),
        ),
    }
    made = []
    for ordering, purpose in enumerate(purposes, start=10):
        name, description = texts[purpose]
        group, created = CookieGroup.objects.get_or_create(
            varname=purpose.value,
            defaults={
                "name": name,
                "description": description,
                "is_required": False,
                "is_deletable": False,
                "ordering": ordering,
            },
        )
        if created:
            for cookie, text in (
                (NAME, _("A random number that stands for this browser.")),
                (LEAVE, _("Says that there was a yes, and no more.")),
            ):
                Cookie.objects.create(cookiegroup=group, name=cookie, description=text)
            made.append(purpose.value)
    return made
