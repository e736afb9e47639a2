"""What is kept of whoever asks, and the ways to change, take along or end it: what their own page does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from django.http import HttpRequest, HttpResponseBase

from django_personalize.api.refusals import Busy, Refusal, shown
from django_personalize.conf import settings
from django_personalize.privacy import switches
from django_personalize.privacy.asking import asks_password, is_them
from django_personalize.privacy.erase import erase as erase_all
from django_personalize.privacy.erase import forget_browser
from django_personalize.privacy.interests import insight
from django_personalize.privacy.person import Person, person_of
from django_personalize.privacy.remove import remove_item
from django_personalize.visitors.resolve import acts_for

logger = logging.getLogger("django_personalize.api")
SWITCHES: dict[tuple[str, bool], Callable[[Person], None]] = {
    ("paused", True): switches.pause,
    ("paused", False): switches.resume,
    ("objected", True): switches.object_to_profiling,
    ("objected", False): switches.allow_profiling,
}
NAMES = ("paused", "objected")


class DealingTold(TypedDict):
    item: str
    title: str
    url: str
    kinds: list[str]
    last: Annotated[str, "date-time"]


class WhyTold(TypedDict):
    title: str
    url: str
    reason: str
    at: Annotated[str, "date-time"]


class SegmentTold(TypedDict):
    slug: str
    name: str
    told: str


class SwitchesTold(TypedDict):
    paused: bool
    objected: bool


class MyDataTold(SwitchesTold):
    kept: bool
    since: Annotated[str, "date-time"] | None
    kept_for_days: dict[str, int]
    categories: list[str]
    brands: list[str]
    segments: list[SegmentTold]
    reasons: list[WhyTold]
    history: list[DealingTold]


def tell(request: HttpRequest) -> MyDataTold:
    """Return what is kept; where nothing is, `kept` says so."""
    person = person_of(request)
    found = insight(person, request=request) if person else None
    since = min((visitor.created_at for visitor in person.visitors), default=None)
    return {
        "kept": bool(person),
        "since": None if since is None else since.isoformat(),
        **_switches(person),
        "kept_for_days": settings.RETENTION,
        "categories": [] if found is None else [str(each) for each in found.categories],
        "brands": [] if found is None else [str(each) for each in found.brands],
        "segments": []
        if found is None
        else [{"slug": each.slug, "name": str(each.name), "told": str(each.told)} for each in found.segments],
        "reasons": []
        if found is None
        else [
            {"title": str(why.title), "url": why.url, "reason": why.reason, "at": why.at.isoformat()}
            for why in found.reasons
        ],
        "history": []
        if found is None
        else [
            {
                "item": each.item_key,
                "title": str(each.title),
                "url": each.url,
                "kinds": list(each.kinds),
                "last": each.last.isoformat(),
            }
            for each in found.dealings
        ],
    }


def switch(request: HttpRequest, response: HttpResponseBase, body: dict[str, Any]) -> SwitchesTold:
    """Switch off or on what `{"paused": true, "objected": false}` names, for all browsers of whoever asks."""
    for name, value in body.items():
        if not isinstance(value, bool):
            raise Refusal(400, found=f"{name!r}: {shown(value)}", wanted="true or false", do="Send one of the two.")
    person = _somebody(request)
    for name, value in body.items():
        SWITCHES[name, value](person)
    person = person_of(request)
    if not acts_for(request):
        switches.tell_the_cookie(request, response, person)
    return _switches(person)


def remove(request: HttpRequest, item_key: str) -> None:
    """Take one item out of the history of whoever asks, and a dismissal of it too; one that is not in it is none."""
    if "\0" not in item_key:
        remove_item(_somebody(request), item_key)


def erase(request: HttpRequest, response: HttpResponseBase, password: object) -> None:
    """Erase everything and take this browser's yes back; of whoever logged in a while ago only with their password."""
    asked = not acts_for(request) and asks_password(request)
    if asked and not is_them(request, password if isinstance(password, str) else ""):
        raise Refusal(
            403,
            found="a log-in of a while ago, and no password that fits",
            wanted="the account's password, as nobody can undo this",
            do='Send {"password": "…"}, or log in again.',
        )
    try:
        erase_all(person_of(request))
    except TimeoutError as error:
        logger.exception("erase_waits")
        raise Busy from error
    if not acts_for(request):
        forget_browser(request, response)


def _somebody(request: HttpRequest) -> Person:
    person = person_of(request)
    if not person:
        raise Refusal(404, found="nobody of whom anything is kept", wanted="somebody who said yes", do="Leave it.")
    return person


def _switches(person: Person) -> SwitchesTold:
    return {
        "paused": any(visitor.paused_at for visitor in person.visitors),
        "objected": any(visitor.objected_at for visitor in person.visitors),
    }
