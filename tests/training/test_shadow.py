from __future__ import annotations

from datetime import timedelta

import pytest

from django_personalize.artifacts.promote import promote, shadow
from django_personalize.conf import settings as personalize
from django_personalize.core import clock
from django_personalize.models import ModelVersion
from django_personalize.training import dataset, run
from django_personalize.training.shadow import measure, pair
from tests.training.small import two_tastes
from tests.training.test_run import AS_OF, fill, shop  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(shop, monkeypatch):  # noqa: F811
    """What was live four weeks ago, and what was learnt three weeks ago and is the shadow."""
    fill(two_tastes(people=60))
    now = [AS_OF - timedelta(weeks=4)]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    live = run.train(evaluate=False)
    now[0] += timedelta(weeks=1)
    shade = run.train(evaluate=False)
    now[0] += timedelta(days=1)
    promote(live)
    shadow(shade)
    now[0] = AS_OF
    return live, shade


def test_the_shadow_is_measured_beside_what_was_live_then_on_what_was_bought_since(two):
    live, shade = two
    measure(dataset.load(AS_OF), seed=0)
    shade.refresh_from_db()
    found = shade.metrics["since"]
    assert (found["beside"], found["people"]) == (live.pk, 60)
    assert found["difference"]["low"] <= found["ndcg"] - found["other"] <= found["difference"]["high"]


def test_later_versions_and_refreshes_are_not_what_it_is_measured_beside(two):
    live, shade = two
    assert pair() == (shade, live)
    for changes in ({"weights_of": live}, {}):
        ModelVersion.objects.create(
            directory=f"another {len(changes)}", manifest_sha256="0" * 64, as_of=AS_OF, created_at=AS_OF,
            fingerprint="f", seconds=1, promoted_at=AS_OF, **changes,
        )  # fmt: skip
    assert pair() == (shade, live)


def test_without_later_orders_or_with_damaged_files_there_is_no_figure_and_no_error(two):
    _, shade = two
    measure(dataset.load(shade.as_of), seed=0)
    (personalize.ARTIFACTS / shade.directory / "price.npy").write_bytes(b"torn")
    measure(dataset.load(AS_OF), seed=0)
    shade.refresh_from_db()
    assert "since" not in shade.metrics


def test_each_training_measures_it_and_keeps_its_files_and_those_of_what_was_live(two):
    _, shade = two
    for _ in range(6):
        run.train(evaluate=False)
    shade.refresh_from_db()
    assert shade.status == "shadow"
    assert shade.metrics["since"]["people"] == 60
    for one in two:
        assert (personalize.ARTIFACTS / one.directory).is_dir()
