from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from django_personalize.core.types import DecisionDraft, ImpressionDraft, Reason, Slot
from django_personalize.events import store
from django_personalize.models import Decision, Event, Impression, Visitor
from django_personalize.testing.contracts import MOMENT, event

pytestmark = pytest.mark.django_db


def test_an_event_is_stored_field_by_field():
    draft = event(
        1,
        kind="purchase",
        quantity=3,
        price=Decimal("1.25"),
        currency="GBP",
        transaction_id="A-1",
        decision_id=UUID(int=9),
    )
    assert store.insert_events([draft], received_at=MOMENT + timedelta(seconds=2)) == 1
    row = Event.objects.get()
    assert (row.uid, row.kind, row.occurred_at, row.received_at) == (
        UUID(int=1), "purchase", MOMENT, MOMENT + timedelta(seconds=2)
    )  # fmt: skip
    assert (row.item_key, row.quantity, row.price, row.currency) == ("1", 3, Decimal("1.25"), "GBP")
    assert (row.transaction_id, row.decision_id, row.visitor_id) == ("A-1", UUID(int=9), None)


def test_an_insert_never_alters_what_is_there():
    store.insert_events([event(1, quantity=1)], received_at=MOMENT)
    assert store.insert_events([event(1, quantity=9)], received_at=MOMENT) == 0
    assert Event.objects.get().quantity == 1


def test_an_upsert_brings_changed_rows_in_line_and_counts_only_those():
    first, second = event(1, quantity=1), event(2, quantity=1)
    assert store.upsert_order_events([first, second], received_at=MOMENT) == 2
    assert store.upsert_order_events([first, replace(second, quantity=5)], received_at=MOMENT) == 1
    assert dict(Event.objects.values_list("uid", "quantity")) == {UUID(int=1): 1, UUID(int=2): 5}


def test_an_upsert_says_when_the_shop_told_something_new_and_keeps_when_it_was_first_told():
    first, later = event(1, quantity=1), MOMENT + timedelta(days=1)
    store.upsert_order_events([first, event(2)], received_at=MOMENT)
    store.upsert_order_events([replace(first, quantity=2), event(2)], received_at=later)
    rows = Event.objects.order_by("uid").values_list("received_at", "changed_at")
    assert list(rows) == [(MOMENT, later), (MOMENT, MOMENT)]
    store.insert_events([event(3)], received_at=later)
    assert Event.objects.get(uid=UUID(int=3)).changed_at is None


def test_an_upsert_cuts_a_visitor_loose_who_is_no_longer_linked():
    visitor = Visitor.objects.create(created_at=MOMENT, answered_at=MOMENT)
    linked = event(1, visitor_id=visitor.pk)
    store.upsert_order_events([linked], received_at=MOMENT)
    assert store.upsert_order_events([replace(linked, visitor_id=None)], received_at=MOMENT) == 1
    assert Event.objects.get().visitor_id is None


def test_more_rows_than_one_statement_takes(monkeypatch):
    monkeypatch.setattr(store, "CHUNK", 7)
    assert store.insert_events((event(n) for n in range(50)), received_at=MOMENT) == 50
    assert Event.objects.count() == 50


def test_a_row_that_breaks_a_column_fails_loudly_and_whole():
    with pytest.raises(IntegrityError), transaction.atomic():
        store.insert_events([event(1), event(2, kind=None)], received_at=MOMENT)
    assert Event.objects.count() == 0


def test_a_decision_is_stored_with_its_slots_and_an_impression_once():
    visitor = Visitor.objects.create(created_at=MOMENT, answered_at=MOMENT)
    slot = Slot(slot=1, item_key="7", source="neighbours", score=0.25, propensity=1.0, reason=Reason(code="popular"))
    draft = DecisionDraft(
        uid=UUID(int=5), visitor_id=visitor.pk, placement="you-may-also-like", decided_at=MOMENT, pipeline="similar",
        rung="neighbours", model_version=3, context=("1",), rules=("exclude:context",), experiment="", variant="",
        consent=("personalization",), slots=(slot,), page="shop:product", scope="de", device="tablet", language="uz",
        wanted=8, candidates=40, holdout=False, took_ms=3,
    )  # fmt: skip
    assert store.insert_decisions([draft, draft]) == 1
    row = Decision.objects.get()
    assert row.slots == [
        {"slot": 1, "item_key": "7", "source": "neighbours", "score": 0.25, "propensity": 1.0, "reason": "popular",
         "anchor": "", "block": ""}
    ]  # fmt: skip
    assert (row.context, row.rules, row.consent, row.model_version) == (
        ["1"],
        ["exclude:context"],
        ["personalization"],
        3,
    )
    assert (row.surface, row.page, row.scope, row.device, row.language) == (
        "page",
        "shop:product",
        "de",
        "tablet",
        "uz",
    )
    assert (row.wanted, row.candidates, row.holdout, row.took_ms) == (8, 40, False, 3)
    seen = ImpressionDraft(decision_id=UUID(int=5), slot=1, item_key="7", seen_at=MOMENT)
    assert store.insert_impressions([seen, replace(seen, seen_at=MOMENT + timedelta(hours=1))]) == 1
    assert Impression.objects.get().seen_at == MOMENT
