"""What every implementation of an extension point must hold. Inherit in a pytest class and give the fixture.

class TestMySink(SinkContract):
    @pytest.fixture
    def sink(self): return MySink()
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np

from django_personalize.core.arrays import Interactions
from django_personalize.core.protocols import ConsentSource, Shop, Sink, Trainer
from django_personalize.core.types import ConsentState, EventDraft, Purpose

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(number: int, **changes: Any) -> EventDraft:
    """Return a draft whose id is determined by `number`."""
    values: dict[str, Any] = {
        "uid": UUID(int=number),
        "kind": "view_item",
        "occurred_at": MOMENT,
        "item_key": "1",
    }
    return EventDraft(**(values | changes))


class SinkContract:
    """Needs a fixture `sink`."""

    def test_a_batch_counts_what_was_new(self, sink: Sink) -> None:
        assert sink.write([event(1), event(2)]) == 2

    def test_an_event_that_comes_again_is_not_stored_again(self, sink: Sink) -> None:
        sink.write([event(1), event(2)])
        assert sink.write([event(2), event(3)]) == 1

    def test_an_event_twice_in_one_batch_is_stored_once(self, sink: Sink) -> None:
        assert sink.write([event(1), event(1)]) == 1

    def test_an_empty_batch_is_nothing(self, sink: Sink) -> None:
        assert sink.write([]) == 0


class ConsentContract:
    """Needs fixtures `source` and `request_without_answer`."""

    def test_every_purpose_has_an_answer(self, source: ConsentSource, request_without_answer: Any) -> None:
        assert set(source.states(request_without_answer)) == set(Purpose)

    def test_no_answer_is_unknown(self, source: ConsentSource, request_without_answer: Any) -> None:
        assert set(source.states(request_without_answer).values()) == {ConsentState.UNKNOWN}

    def test_what_is_prepared_is_prepared_once(self, source: ConsentSource) -> None:
        source.prepare()
        assert source.prepare() == []


class ShopContract:
    """Needs fixtures `shop`, `sellable` (a key), `sold_out` (a key)."""

    def test_items_are_those_that_can_be_sold(self, shop: Shop, sellable: str, sold_out: str) -> None:
        assert set(shop.items([sellable, sold_out, "no such key"])) == {sellable}

    def test_an_item_carries_its_own_key_and_a_page(self, shop: Shop, sellable: str) -> None:
        item = shop.items([sellable])[sellable]
        assert item.key == sellable
        assert item.url.startswith("/")
        assert shop.item_key(item.obj if item.obj is not None else item) == sellable

    def test_newest_are_sellable_and_at_most_n(self, shop: Shop, sold_out: str) -> None:
        newest = [item.key for item in shop.newest(1_000)]
        assert sold_out not in newest
        assert [item.key for item in shop.newest(1)] == newest[:1]

    def test_facts_name_every_item_once_sellable_or_not(self, shop: Shop, sellable: str, sold_out: str) -> None:
        keys = [key for key, *_ in shop.facts()]
        assert len(keys) == len(set(keys))
        assert {sellable, sold_out} <= set(keys)

    def test_lines_are_counted_as_they_are_read(self, shop: Shop) -> None:
        assert shop.count_lines() == len(list(shop.lines()))

    def test_no_line_gives_back_more_than_it_bought(self, shop: Shop) -> None:
        assert all(0 <= line.cancelled_quantity <= line.quantity for line in shop.lines())


class TrainerContract:
    """Needs a fixture `trainer`."""

    interactions = Interactions(
        n_users=6,
        n_items=5,
        user=np.array([0, 0, 1, 1, 2, 3, 3, 4, 5, 5], dtype=np.int32),
        item=np.array([0, 1, 0, 1, 0, 2, 3, 2, 2, 3], dtype=np.int32),
        weight=np.ones(10, dtype=np.float32),
    )

    def test_every_item_has_a_finite_vector(self, trainer: Trainer) -> None:
        factors = trainer.fit(self.interactions, seed=0, threads=1)
        assert factors.vectors.shape[0] == factors.biases.shape[0] == 5
        assert factors.vectors.dtype == factors.biases.dtype == np.float32
        assert np.isfinite(factors.vectors).all()
        assert np.isfinite(factors.biases).all()

    def test_one_thread_and_one_seed_give_equal_bytes(self, trainer: Trainer) -> None:
        first = trainer.fit(self.interactions, seed=7, threads=1)
        second = trainer.fit(self.interactions, seed=7, threads=1)
        assert first.vectors.tobytes() == second.vectors.tobytes()
        assert first.biases.tobytes() == second.biases.tobytes()

    def test_items_bought_together_are_nearer_than_items_that_never_were(self, trainer: Trainer) -> None:
        vectors = trainer.fit(self.interactions, seed=0, threads=1).vectors
        assert vectors[0] @ vectors[1] > vectors[0] @ vectors[3]

    def test_progress_ends_at_the_total(self, trainer: Trainer) -> None:
        told: list[tuple[int, int]] = []
        trainer.fit(self.interactions, seed=0, threads=1, progress=lambda done, total: told.append((done, total)))
        assert told[-1][0] == told[-1][1]
