"""Why each slot of a decision holds what it holds, for whom it was made."""

from __future__ import annotations

from typing import Annotated, TypedDict
from uuid import UUID

from django.http import HttpRequest

from django_personalize.api.refusals import Refusal
from django_personalize.conf import settings
from django_personalize.core.types import Reason
from django_personalize.models import Decision
from django_personalize.placements.reasons import sentence
from django_personalize.privacy.person import person_of


class ReasonTold(TypedDict):
    slot: int
    item: str
    title: str
    url: str
    code: str
    anchor: str
    reason: str


class DecisionTold(TypedDict):
    decision: Annotated[str, "uuid"]
    placement: str
    decided_at: Annotated[str, "date-time"]
    slots: list[ReasonTold]


def tell(request: HttpRequest, decision: UUID) -> DecisionTold:
    """Return the reasons, in the reader's language; a stranger's decision is refused as one that is not there."""
    found = Decision.objects.filter(pk=decision, visitor__in=person_of(request).ids).first()
    if found is None:
        raise Refusal(
            404,
            found="no such decision of yours",
            wanted="the id of a decision that was made for whoever asks",
            do="A new one is stored within a second or so: ask again.",
        )
    keys = [key for slot in found.slots for key in (slot["item_key"], slot["anchor"]) if key]
    items = settings.shop.items(list(dict.fromkeys(keys)), request=request)
    return {
        "decision": str(found.pk),
        "placement": found.placement,
        "decided_at": found.decided_at.isoformat(),
        "slots": [
            {
                "slot": slot["slot"],
                "item": slot["item_key"],
                "title": str(items[slot["item_key"]].title) if slot["item_key"] in items else "",
                "url": items[slot["item_key"]].url if slot["item_key"] in items else "",
                "code": slot["reason"],
                "anchor": slot["anchor"],
                "reason": sentence(Reason(code=slot["reason"], anchor=slot["anchor"]), items),
            }
            for slot in found.slots
        ],
    }
