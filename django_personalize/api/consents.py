"""What a browser has answered for each purpose, and its next answer, given as the banner's buttons give it."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import get_token

from django_personalize.api.refusals import Refusal, shown
from django_personalize.conf import settings
from django_personalize.consent.states import answers, answers_after, granted, note_answer, states, states_after
from django_personalize.core.types import ConsentState, Purpose
from django_personalize.visitors import cookie
from django_personalize.visitors.asking import should_ask
from django_personalize.visitors.resolve import acts_for, permits

State = Literal["granted", "denied", "unknown"]


class ConsentTold(TypedDict):
    answers: dict[str, State]
    permitted: list[str]
    texts: dict[str, str]
    ask: bool
    csrf: str


def tell(request: HttpRequest, response: HttpResponseBase | None = None) -> ConsentTold:
    """Return what was answered, what of it counts now, what may be asked, and the token by which to answer.

    With `response` as it is once the browser has taken that response's cookies.
    """
    known = answers(request) if response is None else answers_after(request, response)
    counts = granted(states(request) if response is None else states_after(request, response))
    texts = {} if acts_for(request) else settings.consent.texts()
    open_ = any(known[purpose] is ConsentState.UNKNOWN for purpose in texts)
    return {
        "answers": {purpose.value: _word(known[purpose]) for purpose in Purpose},
        "permitted": sorted(permits(counts, cookie.read(request))),
        "texts": {purpose.value: text for purpose, text in texts.items()},
        "ask": open_ and should_ask(request),
        "csrf": "" if acts_for(request) else get_token(request),
    }


def _word(state: ConsentState) -> State:
    return state.value


def answer(request: HttpRequest, response: HttpResponseBase, body: dict[str, Any]) -> None:
    """Have this browser answer `{"analytics": true, ...}` from `response` on; the middleware does what follows."""
    if acts_for(request):
        raise Refusal(
            409,
            found="an answer of another shop's visitor",
            wanted="that shop's word for it, as it asks and keeps the answers",
            do="Send it by its back end: POST events/ with the visitor's granted purposes.",
        )
    source = getattr(settings.consent, "answer", None)
    if source is None:
        raise Refusal(
            409,
            found=f'PERSONALIZE["CONSENT"] = {shown(settings.CONSENT)}, which only reads answers',
            wanted="a source that can be answered",
            do="Answer where that banner keeps its answers, or give the source a method "
            "answer(request, response, answers).",
        )
    asked = settings.consent.texts()
    for name, value in body.items():
        if not isinstance(value, bool):
            raise Refusal(400, found=f"{name!r}: {shown(value)}", wanted="true or false", do="Send a yes or a no.")
        if Purpose(name) not in asked:
            raise Refusal(
                409,
                found=f"an answer to {name!r}, which nobody is asked",
                wanted=f"one of {', '.join(asked)}" if asked else "a purpose that the banner asks for",
                do="Make a cookie group of that name, with the text that shoppers are asked.",
            )
    note_answer(request)
    source(request, response, {Purpose(name): value for name, value in body.items()})
