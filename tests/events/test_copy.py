"""What goes into PostgreSQL by COPY is what goes in row by row."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from django_personalize.core.types import DecisionDraft, ImpressionDraft, Reason, Slot
from django_personalize.events import copy, store
from django_personalize.models import Decision, Event, Impression
from django_personalize.testing.contracts import MOMENT, event
from tests.people import visitor

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs DATABASE_URL to name a PostgreSQL"),
]
WORDS = (
    "",
    "a",
    "'",
    '"',
    "\\",
    "\\N",
    "\\.",
    "\t",
    "a\nb",
    "\r",
    "ö",
    "ქართული",
    "🦄",
    "%s",
    "{}",
    "NULL",
    ",",
    ";--",
)


def some(seed: int, visitors: list[UUID], n: int = 300):
    """Events of every shape, a fifth of them there twice."""
    chance = random.Random(seed)
    return [
        event(
            chance.randrange(n),
            kind=chance.choice(["view_item", "purchase", "search"]),
            occurred_at=MOMENT + timedelta(microseconds=chance.randrange(10**12)),
            visitor_id=chance.choice([None, *visitors]),
            item_key=chance.choice(WORDS),
            item_variant=chance.choice(WORDS),
            quantity=chance.choice([None, 0, -3, 2**31 - 1]),
            price=chance.choice([None, Decimal("0"), Decimal("12.3456"), Decimal("-1E+2")]),
            currency=chance.choice(["", "GBP"]),
            transaction_id=chance.choice(WORDS),
            decision_id=chance.choice([None, UUID(int=7)]),
            index=chance.choice([None, 1]),
            search_term=chance.choice(WORDS),
            results=chance.choice([None, 3]),
            campaign="spring",
        )
        for _ in range(n)
    ]


def kept(model, *without: str):
    names = [field.attname for field in model._meta.concrete_fields if field.name not in ("id", *without)]
    return list(model.objects.order_by(names[0], *names[1:2]).values_list(*names))


def both_ways(monkeypatch, write, models):
    """Run `write` row by row and in bulk; return both answers and both tables."""
    found = []
    for least in (10**9, 1):
        with transaction.atomic():
            monkeypatch.setattr(copy, "FROM", least)
            answer = write()
            found.append((answer, [kept(model) for model in models]))
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_events_are_the_same_both_ways(seed, monkeypatch):
    visitors = [visitor("analytics").pk for _ in range(3)]
    first, second = some(seed, visitors), some(seed + 100, visitors)

    def write():
        return [store.insert_events(drafts, received_at=MOMENT) for drafts in (first, second, first)]

    plain, bulk = both_ways(monkeypatch, write, [Event])
    assert bulk == plain
    assert plain[0][0] < 300
    assert plain[0][2] == 0


@pytest.mark.parametrize("seed", range(3))
def test_orders_are_the_same_both_ways_whether_a_line_is_there_twice_or_not(seed, monkeypatch):
    visitors = [visitor("personalization").pk]
    twice = some(seed, visitors)
    once = list({draft.uid: draft for draft in some(seed + 50, visitors)}.values())

    def write():
        return [store.upsert_order_events(drafts, received_at=MOMENT) for drafts in (once, twice, once, once)]

    plain, bulk = both_ways(monkeypatch, write, [Event])
    assert bulk == plain
    assert plain[0][0] == len(once)
    assert plain[0][3] == 0


def test_decisions_and_impressions_are_the_same_both_ways(monkeypatch):
    who = visitor("personalization").pk
    decisions = [
        DecisionDraft(
            uid=UUID(int=n % 70), visitor_id=who, placement="p", decided_at=MOMENT, pipeline="similar",
            rung="popular", model_version=None if n % 2 else n, context=(WORDS[n % len(WORDS)],), rules=(),
            experiment="", variant="", consent=("analytics",),
            slots=(Slot(slot=1, item_key=WORDS[n % len(WORDS)], source="s", score=n / 7, propensity=1.0,
                        reason=Reason(code="popular", anchor=WORDS[-n % len(WORDS)])),),
        )
        for n in range(100)
    ]  # fmt: skip
    seen = [
        ImpressionDraft(decision_id=UUID(int=n % 70), slot=1 + n % 3, item_key=WORDS[n % len(WORDS)], seen_at=MOMENT)
        for n in range(400)
    ]

    def write():
        return store.insert_decisions(decisions), store.insert_impressions(seen)

    plain, bulk = both_ways(monkeypatch, write, [Decision, Impression])
    assert bulk == plain
    assert plain[0] == (70, 210)


def test_a_column_of_one_value_needs_no_copy_even_where_all_are(monkeypatch):
    monkeypatch.setattr(copy, "FROM", 1)
    assert store.insert_events([event(1)] * 60, received_at=MOMENT) == 1
    assert Event.objects.get().item_key == "1"


def test_a_batch_that_fails_leaves_nothing_and_the_next_one_stands(monkeypatch):
    monkeypatch.setattr(copy, "FROM", 1)
    for bad, problem in (
        ({"kind": None}, IntegrityError),
        ({"currency": "pounds"}, DataError),
        ({"item_key": "\0"}, (DataError, ValueError)),
    ):
        with pytest.raises(problem), transaction.atomic():
            store.insert_events([event(1), event(2), event(3, **bad)], received_at=MOMENT)
    assert Event.objects.count() == 0
    assert store.insert_events([event(1), event(2)], received_at=MOMENT) == 2


def test_few_rows_go_one_by_one(django_assert_num_queries):
    with django_assert_num_queries(1):
        store.insert_events([event(n) for n in range(copy.FROM - 1)], received_at=MOMENT)
    assert copy.pays(connection, copy.FROM)
    assert Event.objects.count() == copy.FROM - 1
