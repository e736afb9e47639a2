"""Why: the reasons of a decision, for whom it was made and for nobody else."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from django_personalize.core import clock
from django_personalize.models import Decision
from tests.api.shoppers import ask, browser, front_end, ok
from tests.people import visitor

pytestmark = pytest.mark.django_db
SLOTS = [
    {"slot": 1, "item_key": "2", "anchor": "1", "reason": "because_viewed"},
    {"slot": 2, "item_key": "gone", "anchor": "", "reason": "popular"},
]


@pytest.fixture(autouse=True)
def _shop(memory_shop, answers):
    answers(personalization="granted")


def decision(of):
    return Decision.objects.create(
        visitor=of, placement="personal-home", decided_at=clock.now(), pipeline="personal", rung="ranker", slots=SLOTS
    )


@pytest.mark.parametrize("of", [browser, front_end])
def test_each_slot_has_its_reason(of):
    me = visitor("personalization")
    made = decision(me)
    assert ok(of(me), "get", f"why/{made.pk}/") == {
        "decision": str(made.pk),
        "placement": "personal-home",
        "decided_at": made.decided_at.isoformat(),
        "slots": [
            {
                "slot": 1,
                "item": "2",
                "title": "Candle",
                "url": "/products/2/",
                "code": "because_viewed",
                "anchor": "1",
                "reason": "Because you looked at Lantern",
            },
            {
                "slot": 2,
                "item": "gone",
                "title": "",
                "url": "",
                "code": "popular",
                "anchor": "",
                "reason": "Popular right now",
            },
        ],
    }


@pytest.mark.parametrize("who", ["stranger", "other", "front end of another"])
def test_a_strangers_decision_is_refused_as_one_that_is_not_there(who):
    made, other = decision(visitor("personalization")), visitor("personalization")
    client = {"stranger": Client, "other": lambda: browser(other), "front end of another": lambda: front_end(other)}[
        who
    ]()
    theirs, none = ask(client, "get", f"why/{made.pk}/"), ask(client, "get", f"why/{uuid4()}/")
    assert (theirs.status_code, theirs.json()) == (404, none.json())
