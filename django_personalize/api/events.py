"""Taking in what a visitor of another shop answered, and what they did."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.exceptions import Throttled

from django_personalize.api import people
from django_personalize.api.body import listed
from django_personalize.api.fields import Opaque, Problem, Record, Word, invalid, problem
from django_personalize.api.refusals import Busy, Refusal, shown
from django_personalize.capture import beacon
from django_personalize.capture.beacon import accept
from django_personalize.capture.budget import MINUTE, is_too_much
from django_personalize.capture.claims import MAX_EVENTS
from django_personalize.capture.refusals import NO_CONSENT
from django_personalize.consent.states import TRACED
from django_personalize.core.text import impersonal
from django_personalize.core.types import EventDraft, Purpose
from django_personalize.exceptions import SpoolFull
from django_personalize.visitors import bearer
from django_personalize.visitors.resolve import token_here

WANTED = 'a list of every purpose with a yes; or "refused": true, beside purposes that permit no id at most'
logger = logging.getLogger("django_personalize.api")


class Truth(serializers.Field[bool, Any, Any, Any]):
    def to_internal_value(self, data: Any) -> bool:
        return data if isinstance(data, bool) else invalid()


class VisitorRecord(Record):
    id = Opaque("the browser's id, and nobody's address")
    user = Opaque(
        "the id of the account that is logged in, and nobody's address",
        required=False,
        allow_blank=True,
        allow_null=True,
    )
    granted = serializers.ListField(
        child=Word(*Purpose), required=False, help_text=f"a list of {', '.join(Purpose)}: every purpose with a yes now"
    )
    refused = Truth(required=False, help_text="true where the answer was no; otherwise leave it out")


class ContextRecord(Record):
    device = Word("desktop", "mobile", "tablet", required=False)
    referrer = Word("direct", "search", "social", "mail", "campaign", "referral", required=False)
    campaign = Opaque("the campaign's name, and nobody's address", required=False, allow_blank=True)
    scope = serializers.CharField(
        max_length=32,
        required=False,
        allow_blank=True,
        help_text="the site or channel: a text of at most 32 characters",
    )


class EventsTold(TypedDict):
    stored: int
    refused: dict[str, int]
    token: NotRequired[str | None]


def hear(request: HttpRequest, body: dict[str, Any]) -> EventsTold:
    """Keep what a front end tells of the one visitor whom it acts for; no more may be told than by a page of ours."""
    batch = listed(body, "events", MAX_EVENTS)
    token = token_here(request)
    if token is None:
        return {"stored": 0, "refused": {NO_CONSENT: len(batch)}}
    if is_too_much(request, token.visitor_id):
        raise Throttled(wait=MINUTE)
    try:
        accepted = beacon.hear(request, token, {"events": batch})
    except (OperationalError, InterfaceError, OSError, SpoolFull) as error:
        logger.exception("events_not_acknowledged")
        raise Busy from error
    return {"stored": accepted.stored, "refused": dict(accepted.refused)}


def take(body: dict[str, Any]) -> EventsTold:
    """Keep the answer, then the events where it permits; what is returned as stored is in the sink.

    With `"token": true` also a token by which a front end may act for this visitor; null without a yes.
    """
    wants_token = body.get("token", False)
    if not isinstance(wants_token, bool):
        raise Refusal(400, found=f"token: {shown(wants_token)}", wanted="true or false", do="Leave it out for false.")
    visitor = _read(VisitorRecord(), body, "visitor")
    context = _read(ContextRecord(), body, "context") if body.get("context") is not None else {}
    if context.get("campaign"):
        context["campaign"] = impersonal(context["campaign"])
    if _contradicts(visitor):
        raise _refusal("visitor", [problem("granted", body["visitor"].get("granted", ...), WANTED)])
    batch = listed(body, "events", MAX_EVENTS) if body.get("events") else []
    granted = frozenset(Purpose(word) for word in visitor.get("granted", ()))
    here = people.settle(visitor["id"], visitor.get("user") or "", granted, refused=visitor.get("refused", False))
    if here is None:
        nothing: EventsTold = {"stored": 0, "refused": {NO_CONSENT: len(batch)} if batch else {}}
        return {**nothing, "token": None} if wants_token else nothing
    try:
        accepted = accept(
            {"events": batch},
            visitor_id=here.pk,
            browser=here.browser,
            granted=granted,
            make=partial(_draft, here.pk, context),
            trusted=True,
        )
    except (OperationalError, InterfaceError, OSError, SpoolFull) as error:
        logger.exception("events_not_acknowledged")
        raise Busy from error
    stored: EventsTold = {"stored": accepted.stored, "refused": dict(accepted.refused)}
    return {**stored, "token": bearer.issue(here)} if wants_token else stored


def _draft(visitor_id: UUID, context: dict[str, Any], kind: str, **fields: Any) -> EventDraft:
    return EventDraft(kind=kind, visitor_id=visitor_id, **context, **fields)


def _contradicts(visitor: dict[str, Any]) -> bool:
    """Say whether this is no answer, or two: without one nobody may be followed, and with both nobody knows."""
    if visitor.get("refused"):
        return not set(TRACED).isdisjoint(visitor.get("granted", ()))
    return "granted" not in visitor


def _read(record: Record, body: dict[str, Any], name: str) -> dict[str, Any]:
    values, wrong = record.check(body.get(name, ...))
    if wrong:
        raise _refusal(name, wrong)
    return values


def _refusal(where: str, wrong: list[Problem]) -> Refusal:
    first = wrong[0]
    name = f"{where}.{first['name']}".rstrip(".")
    return Refusal(
        400, found=f"{name}: {first['found']}", wanted=first["wanted"], do="Correct it and send it again.", errors=wrong
    )
