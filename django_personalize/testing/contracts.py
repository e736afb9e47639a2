"""What every implementation of an extension point must hold. Inherit in a pytest class and give the fixture.

class TestMySink(SinkContract):
    @pytest.fixture
    def sink(self): return MySink()
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any
from uuid import UUID

import numpy as np
from django.http import HttpResponse
from django.test import RequestFactory

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Interactions
from django_personalize.core.protocols import Attribution, ConsentSource, Shop, Sink, Step, Trainer
from django_personalize.core.tally import Tally
from django_personalize.core.types import (
    ConsentState,
    EventDraft,
    Purpose,
    Query,
    Ranking,
    Reference,
    RefusalDraft,
    Touch,
)
from django_personalize.exceptions import ShopError
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.explain import REASONS
from django_personalize.recommend.ranking import over_fetch
from django_personalize.shop.problems import PRODUCT_GONE

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


def touch(number: int, **changes: Any) -> Touch:
    """Return a click that is determined by `number`; a later number is a later one."""
    values: dict[str, Any] = {
        "at": MOMENT + timedelta(hours=number),
        "kind": "select_item",
        "placement": "you-may-also-like",
        "decision_id": UUID(int=number),
        "slot": 1,
    }
    return Touch(**(values | changes))


class SinkContract:
    """Needs fixtures `sink`, and `kept`: a function that has what waits stored, and returns how many facts are kept."""

    def test_a_batch_is_taken_and_kept(self, sink: Sink, kept: Callable[[], int]) -> None:
        assert sink.write([event(1), event(2)]) == 2
        assert kept() == 2

    def test_an_event_that_comes_again_is_not_stored_again(self, sink: Sink, kept: Callable[[], int]) -> None:
        sink.write([event(1), event(2)])
        sink.write([event(2), event(3)])
        assert kept() == 3

    def test_an_event_twice_in_one_batch_is_stored_once(self, sink: Sink, kept: Callable[[], int]) -> None:
        sink.write([event(1), event(1)])
        assert kept() == 1

    def test_what_is_told_of_refusals_counts_for_nothing(self, sink: Sink, kept: Callable[[], int]) -> None:
        assert sink.write([event(1), RefusalDraft(reason="bad_id", count=3)]) == 1
        assert kept() == 1

    def test_an_empty_batch_is_nothing(self, sink: Sink, kept: Callable[[], int]) -> None:
        assert sink.write([]) == 0
        assert kept() == 0


class ConsentContract:
    """Needs fixtures `source` and `request_without_answer`."""

    def test_every_purpose_has_an_answer(self, source: ConsentSource, request_without_answer: Any) -> None:
        assert set(source.states(request_without_answer)) == set(Purpose)

    def test_no_answer_is_unknown(self, source: ConsentSource, request_without_answer: Any) -> None:
        assert set(source.states(request_without_answer).values()) == {ConsentState.UNKNOWN}

    def test_what_is_no_answer_stays_none_on_the_way_in_and_out(
        self, source: ConsentSource, request_without_answer: Any
    ) -> None:
        response = HttpResponse()
        source.before(request_without_answer)
        source.after(request_without_answer, response)
        assert not response.cookies
        assert set(source.states(request_without_answer).values()) == {ConsentState.UNKNOWN}

    def test_texts_are_of_purposes_that_it_can_ask_for(self, source: ConsentSource) -> None:
        source.prepare()
        texts = source.texts()
        assert set(texts) <= set(Purpose)
        assert all(text.strip() for text in texts.values())

    def test_what_is_prepared_is_prepared_once(self, source: ConsentSource) -> None:
        source.prepare()
        assert source.prepare() == []


class ShopContract:
    """Needs fixtures `shop`, `sellable` (a key), `sold_out` (a key), each of an item with nothing above it.

    What the fixtures leave in the shop's orders and carts is held to the contract too.
    """

    def test_items_are_those_that_can_be_sold(self, shop: Shop, sellable: str, sold_out: str) -> None:
        assert set(shop.items([sellable, sold_out, "no such key"])) == {sellable}

    def test_an_item_carries_its_own_key_and_a_page(self, shop: Shop, sellable: str) -> None:
        item = shop.items([sellable])[sellable]
        assert item.key == sellable
        assert item.url.startswith("/")
        obj = item.obj if item.obj is not None else item
        assert (shop.item_key(obj), shop.variant_key(obj)) == (sellable, "")

    def test_something_that_is_not_sold_has_no_key(self, shop: Shop) -> None:
        try:
            shop.item_key("a lantern")
        except ShopError:
            return
        raise AssertionError("item_key took a text for an item; wanted ShopError")

    def test_sellable_keeps_the_given_order_and_names_each_once(self, shop: Shop, sellable: str, sold_out: str) -> None:
        assert shop.sellable(["no such key", sold_out, sellable, "", sellable]) == [sellable]
        assert shop.sellable([]) == []
        newest = [item.key for item in shop.newest(1_000)]
        assert shop.sellable(newest) == newest
        assert shop.sellable(newest[::-1]) == newest[::-1]

    def test_newest_are_sellable_and_at_most_n(self, shop: Shop, sold_out: str) -> None:
        newest = [item.key for item in shop.newest(1_000)]
        assert sold_out not in newest
        assert [item.key for item in shop.newest(1)] == newest[:1]

    def test_what_is_reduced_can_be_sold_and_costs_less_than_it_did(self, shop: Shop) -> None:
        keys = shop.reduced(1_000)
        assert shop.reduced(1) == keys[:1]
        assert shop.sellable(keys) == keys
        for item in shop.items(keys).values():
            assert item.price is not None
            assert item.list_price is not None
            assert item.list_price > item.price

    def test_samples_are_sellable_items(self, shop: Shop, sellable: str) -> None:
        samples = [item.key for items in shop.samples(5) for item in items]
        assert samples
        assert shop.sellable(samples) == samples

    def test_what_exists_is_shown_under_its_own_key(self, shop: Shop, sellable: str, sold_out: str) -> None:
        assert shop.group_of([sellable, sold_out, "no such key", ""]) == {sellable: sellable, sold_out: sold_out}

    def test_nothing_is_found_by_a_field_or_a_value_that_is_none(self, shop: Shop, sellable: str) -> None:
        assert shop.find("no_such_field", sellable) is None
        assert shop.find("pk", "a\x00b") is None

    def test_facts_name_every_item_once_sellable_or_not(self, shop: Shop, sellable: str, sold_out: str) -> None:
        keys = [key for key, *_ in shop.facts()]
        assert len(keys) == len(set(keys))
        assert {sellable, sold_out} <= set(keys)
        assert shop.group_of(keys) == {key: key for key in keys}

    def test_lines_are_counted_as_they_are_read(self, shop: Shop, sellable: str) -> None:
        tally = Tally()
        lines = list(shop.lines(tally=tally))
        assert len(lines) <= shop.count_lines() <= len(lines) + tally.counts.total()

    def test_no_line_gives_back_more_than_it_bought(self, shop: Shop, sellable: str) -> None:
        for line in shop.lines():
            assert line.quantity >= 1
            assert 0 <= line.cancelled_quantity <= line.quantity

    def test_lines_are_of_items_or_counted_as_of_none(self, shop: Shop, sellable: str) -> None:
        items = {key for key, *_ in shop.facts()}
        gone = Tally()
        lines = list(shop.lines(tally=gone))
        strange = [line for line in lines if line.item_key not in items]
        assert len(strange) <= gone.counts[PRODUCT_GONE]

    def test_the_lines_of_an_order_are_all_its_lines(self, shop: Shop, sellable: str) -> None:
        sold = list(shop.lines())
        assert all(line.sold for line in sold)
        for key in {line.order_key for line in sold}:
            lines = list(shop.lines(order_keys=[key, "no such order"]))
            assert {line.order_key for line in lines} == {key}
            assert [line for line in lines if line.sold] == [line for line in sold if line.order_key == key]
        assert list(shop.lines(order_keys=[])) == []

    def test_lines_of_an_account_and_of_a_time(self, shop: Shop, sellable: str) -> None:
        sold = list(shop.lines())
        assert list(shop.lines(user_key="no such account")) == []
        for key in {line.user_key for line in sold} - {""}:
            assert list(shop.lines(user_key=key)) == [line for line in sold if line.user_key == key]
        if sold:
            first, last = min(line.placed_at for line in sold), max(line.placed_at for line in sold)
            assert list(shop.lines(since=first)) == sold
            assert shop.count_lines(since=first) >= len(sold)
            assert list(shop.lines(since=last + timedelta(days=1))) == []

    def test_what_a_watched_row_points_at_are_orders(self, shop: Shop, sellable: str) -> None:
        watched = [(each.model, each.refer) for each in shop.watched() if each.refer is not None]
        found: set[str] = set()
        for model, refer in watched:
            for row in model._base_manager.all():
                told, new = (refer(row, created) for created in (False, True))
                orders = shop.orders_of({told} if told is not None else ())
                assert orders == shop.orders_of({new} if new is not None else ())
                found |= orders
        assert not watched or {line.order_key for line in shop.lines()} <= found
        assert shop.orders_of([]) == set()
        assert shop.orders_of([Reference("", "A-1")]) == {"A-1"}

    def test_a_cart_is_unknown_or_sorted_lines(self, shop: Shop, sellable: str) -> None:
        for request in (RequestFactory().get("/"), RequestFactory().post("/")):
            lines = shop.cart(request, response=HttpResponse(), tally=Tally())
            assert lines is None or shop.has_cart
            keys = [(line.item_key, line.variant_key) for line in lines or ()]
            assert keys == sorted(set(keys))
            assert all(line.quantity >= 1 for line in lines or ())

    def test_a_scope_is_a_short_text(self, shop: Shop) -> None:
        assert len(shop.scope(RequestFactory().get("/"))) <= 32


class StepContract:
    """Needs a fixture `step`. What it puts forward for `query`, asked with `model`, is held to the contract too."""

    query = Query(placement="p", n=3, as_of=MOMENT, context=("1",))
    model: Model | None = None

    def ask(self, step: Step, **changes: Any) -> Ranking:
        return step(Asking(replace(self.query, **changes), self.model))

    def test_nobody_and_nothing_learnt_is_no_reason_to_fail(self, step: Step) -> None:
        assert isinstance(step(Asking(Query(placement="p", n=3, as_of=MOMENT), None)), Ranking)

    def test_candidates_are_each_once_best_first(self, step: Step) -> None:
        candidates = self.ask(step).candidates
        keys, scores = [each.item_key for each in candidates], [each.score for each in candidates]
        assert len(set(keys)) == len(keys) <= over_fetch(self.query.n)
        assert scores == sorted(scores, reverse=True)

    def test_neither_the_page_nor_what_is_excluded_is_put_forward(self, step: Step) -> None:
        first = frozenset(each.item_key for each in self.ask(step).candidates[:1])
        left = {each.item_key for each in self.ask(step, exclude=first).candidates}
        assert not left & {*first, *self.query.context}

    def test_reasons_are_known_and_equal_questions_have_equal_answers(self, step: Step) -> None:
        ranking = self.ask(step)
        assert {each.reason.code for each in ranking.candidates} <= set(REASONS)
        assert self.ask(step) == ranking


class AttributionContract:
    """Needs a fixture `rule`."""

    touches = tuple(
        touch(number, kind=kind, placement=placement, slot=number)
        for number, (kind, placement) in enumerate(
            [("select_item", "home"), ("add_to_cart", "home"), ("select_item", "also"), ("select_item", "home")], 1
        )
    )

    def test_every_touch_has_a_weight_and_one_is_above_nothing(self, rule: Attribution) -> None:
        for n in range(1, len(self.touches) + 1):
            weights = rule.weights(self.touches[:n])
            assert len(weights) == n
            assert all(isfinite(weight) and weight >= 0 for weight in weights)
            assert any(weights)

    def test_the_same_clicks_earn_the_same(self, rule: Attribution) -> None:
        assert list(rule.weights(self.touches)) == list(rule.weights(list(self.touches)))


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
