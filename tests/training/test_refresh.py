from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from django_personalize.artifacts import store
from django_personalize.artifacts.promote import promote, roll_back
from django_personalize.conf import settings as personalize
from django_personalize.core import clock
from django_personalize.core.types import Item
from django_personalize.exceptions import NotEnoughData, NothingNew
from django_personalize.models import Decision, Event, Impression, ModelVersion, TrainingRun
from django_personalize.training import run
from django_personalize.training.blocks import HOME
from django_personalize.training.refresh import refresh
from tests.training.small import two_tastes
from tests.training.test_run import AS_OF, fill, look, shop  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db
LATER = AS_OF + timedelta(hours=1)


def sold(item, order="order-new", at=AS_OF + timedelta(minutes=30)):
    Event.objects.create(
        kind="purchase", occurred_at=at, received_at=at, item_key=item, quantity=1, price=Decimal("2.50"),
        transaction_id=order,
    )  # fmt: skip


@pytest.fixture
def live(shop):  # noqa: F811
    fill(two_tastes())
    return run.train(as_of=AS_OF)


def test_todays_sales_go_live_with_the_weights_of_the_night(live, monkeypatch):
    monkeypatch.setattr("django_personalize.training.fits.Fits.get", None)  # nothing is fitted
    before = store.live()
    for number in range(30):
        sold("a", f"order-{number}-new")
    version = refresh(as_of=LATER)
    now = store.live()
    assert (version.status, version.weights_of, now.number) == ("live", live, version.pk)
    assert now.popularity[now.index["a"], 0] > before.popularity[before.index["a"], 0] + 1
    for name in ("vectors", "biases", "ranker"):
        assert np.array_equal(getattr(now, name), getattr(before, name))
    assert (now.rungs, now.fold, now.as_of) == (before.rungs, before.fold, LATER.timestamp())
    assert version.counts["lines"] == live.counts["lines"] + 30
    assert version.verdict.startswith(
        f"A refresh with the weights of version {live.pk}. The ladder stands on 'ranker'."
    )
    assert version.metrics["rungs"] == live.metrics["rungs"]
    row = TrainingRun.objects.get(kind="refresh")
    assert (row.status, row.version) == ("done", version)


def test_an_item_that_is_new_since_has_a_place_of_its_own(live, memory_shop):
    sold("NEW")
    refresh(as_of=LATER)
    now, names = store.live(), sorted([*"ABCDEFGHIJKLabcdefghijkl", "NEW"])
    assert now.item_keys == tuple(names)
    assert not now.vectors[now.index["NEW"]].any()  # nothing is known of it, nothing is claimed


def test_where_nothing_is_new_nothing_is_made(live):
    with pytest.raises(NothingNew, match=f"since version {live.pk} was made"):
        refresh(as_of=LATER)
    assert ModelVersion.objects.get() == live
    row = TrainingRun.objects.get(kind="refresh")
    assert (row.status, row.version) == ("skipped", None)
    assert row.why.startswith("No order line and no item has changed")


def test_what_is_looked_at_since_is_new_and_says_what_comes_next(live):
    visitor = look("Aab", days=-0.01)
    version = refresh(as_of=LATER)
    now = store.live()
    assert (version.status, now.number) == ("live", version.pk)
    assert [now.item_keys[place] for place in now.next_index[now.index["A"], :2]] == ["a", "b"]
    with pytest.raises(NothingNew):
        refresh(as_of=LATER)
    visitor.delete()
    refresh(as_of=LATER)
    assert store.live().next_index.shape == (24, 0)


def test_a_catalogue_that_changed_is_new(live, memory_shop):
    memory_shop.stock = {
        key: Item(key=key, title=key, url="/", price=Decimal(1), currency="GBP", category="Light", created=AS_OF)
        for key in "ABCDEFGHIJKLabcdefghijkl"
    }
    assert refresh(as_of=LATER).status == "live"
    with pytest.raises(NothingNew):
        refresh(as_of=LATER)
    memory_shop.stock["A"] = replace(memory_shop.stock["A"], brand="Acme")
    assert refresh(as_of=LATER).status == "live"
    now = store.live()
    assert (now.brands, now.item_brand[now.index["A"]], now.item_brand[now.index["B"]]) == (("Acme",), 0, -1)


def test_how_the_homepage_was_taken_up_is_told_with_it(live):
    visitor = look("Aab", days=-0.01)
    slots = [{"slot": 1, "item_key": "A", "block": "row:personal"}]
    shown = Decision.objects.create(visitor=visitor, placement=HOME, decided_at=AS_OF, slots=slots)
    Impression.objects.create(decision=shown, slot=1, item_key="A", seen_at=AS_OF)
    assert store.live().blocks == ()
    refresh(as_of=LATER)
    assert (store.live().blocks, store.live().block_lift.tolist()) == (("row:personal",), [1.0])


def test_without_a_live_model_there_is_nothing_to_refresh(shop):  # noqa: F811
    fill(two_tastes(people=4))
    with pytest.raises(NotEnoughData, match="run personalize_train first"):
        refresh(as_of=LATER)


def test_a_refresh_of_a_refresh_names_the_night_that_learnt(live):
    sold("a", "first")
    refresh(as_of=LATER)
    sold("a", "second")
    assert refresh(as_of=LATER + timedelta(hours=1)).weights_of == live


def test_a_flood_of_one_hour_is_refused_by_a_refresh_too(live):
    at = AS_OF + timedelta(minutes=30)
    Event.objects.bulk_create(
        Event(
            kind="purchase", occurred_at=at, received_at=at, item_key="a", quantity=1, transaction_id=f"forged-{n}"
        )
        for n in range(1_000)
    )  # fmt: skip
    version = refresh(as_of=LATER)
    assert version.status == "candidate"
    assert "One hour makes" in version.verdict
    assert version.verdict.endswith("The live model stays.")


def test_however_often_it_is_refreshed_the_nights_before_can_be_gone_back_to(live):
    second = run.train(as_of=AS_OF + timedelta(minutes=1))
    for number in range(6):
        sold("a", f"order-{number}-new")
        refresh(as_of=LATER + timedelta(minutes=number))
    there = {path.name for path in personalize.ARTIFACTS.glob("model-*")}
    assert {live.directory, second.directory} < there
    assert len(there) == 6
    assert roll_back() == live
    sold("a", "another")
    assert refresh(as_of=LATER + timedelta(hours=2)).weights_of == live


def test_a_pinned_version_stays_and_what_is_made_meanwhile_is_a_candidate(live):
    promote(live, pin=True)
    sold("a")
    version = refresh(as_of=LATER)
    assert (version.status, store.live().number) == ("candidate", live.pk)
    assert version.verdict.startswith(f"Version {live.pk} is pinned, so this one stays a candidate.")


def test_its_moment_is_now(live, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: LATER)
    sold("a")
    assert refresh().as_of == LATER
