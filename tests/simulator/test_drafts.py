"""What is simulated, once stored, reads back through the very code that reads a shop's own past."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from django_personalize.events import store
from django_personalize.events.history import history_of
from django_personalize.models import Event
from django_personalize.simulator.behaviour import live
from django_personalize.simulator.drafts import drafts
from django_personalize.training import dataset
from tests.people import visitor
from tests.simulator.small import SMALL

END = datetime.fromtimestamp(SMALL.end, UTC)


@pytest.fixture
def log():
    return live(SMALL, seed=0)


@pytest.fixture
def people(db, log):
    return {key: visitor("personalization") for key in sorted(log.consenting) if key.startswith("shopper")}


def stored(log, people):
    rows = list(drafts(log, {key: each.pk for key, each in people.items()}))
    assert store.insert_events(rows, received_at=END) == len(rows)
    return rows


def test_training_reads_the_orders_that_the_simulator_hands_over(log, people):
    stored(log, people)
    read, handed = dataset.load(END), log.orders(SMALL.end)
    assert read.item_keys == handed.item_keys
    assert read.placed == pytest.approx(handed.placed, abs=1e-3)
    for column in ("order", "item", "quantity", "back_order", "back_item", "back_quantity"):
        assert (getattr(read, column) == getattr(handed, column)).all()
    assert read.price == pytest.approx(handed.price)
    names = {f"visitor:{each.pk}": key for key, each in people.items()}
    linked = np.flatnonzero(handed.buyer >= 0)
    assert linked.tolist() == np.flatnonzero(read.buyer >= 0).tolist()
    assert [names[read.person_keys[buyer]] for buyer in read.buyer[linked]] == [
        handed.person_keys[buyer] for buyer in handed.buyer[linked]
    ]


def test_serving_reads_the_history_that_the_simulator_hands_over(log, people):
    stored(log, people)
    assert sum(len(log.history(key).item_keys) for key in list(people)[:5]) > 100
    for key, each in list(people.items())[:5]:
        read, handed = history_of(each), log.history(key)
        rows = [
            Counter(zip(past.item_keys, past.kinds, np.round(past.times, 2).tolist(), past.quantities, strict=True))
            for past in (read, handed)
        ]
        assert rows[0] == rows[1]


def test_a_deed_keeps_what_it_tells_and_what_was_merely_seen_is_left_out(log, people):
    rows = stored(log, people)
    kinds = Counter(row.kind for row in rows)
    assert kinds["purchase"] == len(log.lines)
    assert "view_item_list" not in kinds
    search = Event.objects.filter(kind="search").first()
    assert (search.search_term[:9], search.item_key) == ("category ", "")
    assert Event.objects.filter(kind="user_engagement", engagement_time_msec__gt=0).exists()


def test_the_same_log_gives_the_same_rows_and_is_stored_once(log, people):
    rows = stored(log, people)
    assert store.insert_events(rows, received_at=END) == 0
    assert rows == list(drafts(log, {key: each.pk for key, each in people.items()}))
