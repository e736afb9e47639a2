"""What is handed over in bulk is what the bulk readers of training read of the same rows, once stored."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from django_personalize.events import store
from django_personalize.events.vocabulary import SELECT_ITEM, VIEW_ITEM_LIST
from django_personalize.simulator.behaviour import Life
from django_personalize.simulator.drafts import drafts
from django_personalize.simulator.readings import browsing_of, feedback_of
from django_personalize.simulator.truth import Truth
from django_personalize.training import browsing
from tests.people import visitor
from tests.simulator.small import SMALL

END = datetime.fromtimestamp(SMALL.end, UTC)


@pytest.fixture
def log():
    truth = Truth(SMALL, 0)
    life = Life(truth)
    for visit in life.until(SMALL.days):
        life.happen(visit, truth.shelf.item_keys[:4])
    return life.log


@pytest.mark.django_db
def test_training_reads_the_browsing_that_the_simulator_hands_over(log):
    people = {key: visitor("personalization") for key in sorted(log.consenting)}
    rows = list(drafts(log, {key: each.pk for key, each in people.items()}))
    store.insert_events(rows, received_at=END)
    read, handed = browsing.load(END), browsing_of(log, SMALL.end)
    assert (len(read), read.item_keys) == (len(handed), handed.item_keys)
    assert len(read.looks) == len(handed.looks) > 1_000
    names = {f"visitor:{each.pk}": key for key, each in people.items()}
    told = [
        Counter(
            (names.get(found.person_keys[person], found.person_keys[person]), found.item_keys[item], bool(viewed))
            for person, item, viewed in zip(found.person, found.item, found.viewed, strict=True)
        )
        for found in (read.looks, handed.looks)
    ]
    assert told[0] == told[1]


def test_every_impression_and_every_click_in_a_row_is_handed_over(log):
    found = feedback_of(log, SMALL.end)
    since = SMALL.end - 120 * 86_400
    seen = [deed for deed in log.deeds if deed.kind == VIEW_ITEM_LIST and deed.at >= since]
    clicked = [deed for deed in log.deeds if deed.kind == SELECT_ITEM and deed.slot and deed.at >= since]
    assert len(found) == len(seen) > 100
    assert int((found.clicked < SMALL.end).sum()) == len(clicked) == 4
    assert Counter(found.slot.tolist()) == Counter(deed.slot for deed in seen)
