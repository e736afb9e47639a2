from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from django_personalize.artifacts import store
from django_personalize.conf import settings as personalize
from django_personalize.core.arrays import DAY
from django_personalize.exceptions import NotEnoughData, TrainerUnavailable, TrainingRunning
from django_personalize.integrations.lightfm import INSTALL
from django_personalize.models import Event, ModelVersion, TrainingRun, Visitor
from django_personalize.recommend.features import NAMES
from django_personalize.training import fits, lease, run
from tests.training.small import NOW, two_tastes

AS_OF = datetime.fromtimestamp(NOW, UTC)
YES = {"personalization": True}


SINGULAR = "django_personalize.testing.doubles.SingularTrainer"


class Absent:
    name = "absent"

    def fit(self, interactions, *, seed, threads, progress=None):
        raise TrainerUnavailable(INSTALL)


class AbsentToo(Absent):
    def fit(self, interactions, *, seed, threads, progress=None):
        raise TrainerUnavailable("the second one is not installed either")


class Exploding:
    name = "exploding"

    def fit(self, interactions, *, seed, threads, progress=None):
        from django_personalize.core.arrays import Factors

        return Factors(
            vectors=np.full((interactions.n_items, 2), 1e30, dtype=np.float32),
            biases=np.zeros(interactions.n_items, dtype=np.float32),
        )


@pytest.fixture
def shop(settings, tmp_path, memory_shop):
    def trainer(*paths):
        settings.PERSONALIZE = {**settings.PERSONALIZE, "ARTIFACTS": str(tmp_path), "TRAINERS": paths or (SINGULAR,)}

    memory_shop.stock = {}
    trainer()
    return trainer


def fill(source, *, consent=True, shift=timedelta()):
    """Store the orders of `source` as events, its people consenting or not."""
    at = [datetime.fromtimestamp(second, UTC) + shift for second in source.placed]
    people = {
        place: Visitor.objects.create(user_key=key, granted=YES, created_at=AS_OF, answered_at=AS_OF)
        for place, key in enumerate(source.person_keys)
        if consent
    }
    Event.objects.bulk_create(
        Event(
            kind="purchase",
            occurred_at=at[order],
            received_at=at[order],
            visitor=people.get(int(source.buyer[order])),
            item_key=source.item_keys[item],
            quantity=1,
            price=Decimal("2.50"),
            transaction_id=source.order_keys[order],
        )
        for order, item in zip(source.order.tolist(), source.item.tolist(), strict=True)
    )


@pytest.mark.django_db
def test_a_shop_with_people_climbs_to_the_ranker_and_goes_live(shop):
    fill(two_tastes())
    stages = []
    version = run.train(as_of=AS_OF, progress=lambda stage, done, total: stages.append(stage))
    assert version.status == "live"
    assert store.live().rung == "ranker"
    assert version.metrics["judged_by"] == "people"
    rungs = version.metrics["rungs"]
    assert rungs["ranker"]["ndcg"] >= rungs["popular"]["ndcg"]
    assert version.verdict.startswith("The ladder stands on 'ranker'.")
    assert list(dict.fromkeys(stages)) == ["read", "factors", "measure", "publish"]


def look(items, *, days, visitor=None):
    """Store a look a minute at each of `items` by somebody who agreed to be counted."""
    visitor = visitor or Visitor.objects.create(granted={"analytics": True}, created_at=AS_OF, answered_at=AS_OF)
    at = [AS_OF - timedelta(days=days) + timedelta(minutes=place) for place in range(len(items))]
    Event.objects.bulk_create(
        Event(kind="view_item", occurred_at=moment, received_at=moment, visitor=visitor, item_key=item)
        for moment, item in zip(at, items, strict=True)
    )
    return visitor


@pytest.mark.django_db
def test_what_visits_go_on_to_is_learnt_and_the_ranker_gives_it_no_say_that_it_has_not_seen_earned(shop):
    fill(two_tastes())
    plain = run.train(as_of=AS_OF)
    assert store.live().next_index.shape == (24, 0)
    look("Aab", days=2)
    version = run.train(as_of=AS_OF)
    now = store.live()
    assert version.fingerprint != plain.fingerprint
    assert [now.item_keys[place] for place in now.next_index[now.index["A"], :2]] == ["a", "b"]
    assert now.rung == "ranker"
    said = [now.ranker[NAMES.index(name)] for name in ("sequence:score", "sequence:rank")]
    assert said == [0.0, 0.0]
    assert not np.isin([NAMES.index("sequence:score"), NAMES.index("sequence:rank")], now.tree_feature).any()


@pytest.mark.django_db
def test_the_models_that_are_judged_know_no_look_from_after_their_cut(shop, monkeypatch):
    fill(two_tastes())
    look("Aab", days=70)
    look("Bcd", days=2)
    seen = []
    learn = run.learn

    def noting(purchases, catalogue, looked, **changes):
        seen.append((round((NOW - purchases.as_of) / DAY), looked.item_keys))
        return learn(purchases, catalogue, looked, **changes)

    monkeypatch.setattr(run, "learn", noting)
    run.train(as_of=AS_OF)
    assert seen == [(60, ("A", "a", "b")), (30, ("A", "a", "b")), (0, ("A", "B", "a", "b", "c", "d"))]


@pytest.mark.django_db
def test_without_any_consent_baskets_judge_and_the_ranker_waits_for_people(shop):
    fill(two_tastes(), consent=False)
    version = run.train(as_of=AS_OF)
    assert version.status == "live"
    assert version.counts["people"] == 0
    assert version.metrics["judged_by"] == "baskets"
    told = version.metrics["ladder"]["rungs"]["ranker"]
    assert not told["on"]
    assert told["why"].startswith("waits for 100 consenting people")


@pytest.mark.django_db
def test_equal_rows_give_equal_bytes(shop):
    fill(two_tastes(people=40))
    first, second = run.train(as_of=AS_OF), run.train(as_of=AS_OF)
    assert first.fingerprint == second.fingerprint
    assert first.manifest_sha256 == second.manifest_sha256
    assert first.directory != second.directory


@pytest.mark.django_db
def test_moving_every_date_by_whole_weeks_changes_no_figure(shop):
    source = two_tastes()
    fill(source)
    here = run.train(as_of=AS_OF)
    Event.objects.all().delete()
    Visitor.objects.all().delete()
    fill(source, shift=timedelta(weeks=700))
    there = run.train(as_of=AS_OF + timedelta(weeks=700))
    assert here.metrics == there.metrics


@pytest.mark.django_db
def test_an_exploding_model_is_kept_as_a_candidate_and_the_live_one_stays(shop):
    fill(two_tastes())
    sound = run.train(as_of=AS_OF)
    shop(f"{__name__}.Exploding")
    unsound = run.train(as_of=AS_OF)
    sound.refresh_from_db()
    assert (sound.status, unsound.status) == ("live", "candidate")
    assert "exploded" in unsound.verdict
    assert unsound.verdict.endswith("The live model stays.")


@pytest.mark.django_db
def test_without_the_trainers_package_the_ladder_ends_below_the_factors(shop):
    shop(f"{__name__}.Absent")
    fill(two_tastes())
    version = run.train(as_of=AS_OF)
    assert version.status == "live"
    told = version.metrics["ladder"]["rungs"]
    assert not told["factors"]["on"]
    assert told["factors"]["why"] == INSTALL
    assert told["ranker"]["on"]


@pytest.mark.django_db
@pytest.mark.parametrize("large", [0, 20_000], ids=["in processes of their own", "here"])
def test_the_first_trainer_whose_package_is_installed_learns(shop, monkeypatch, large):
    monkeypatch.setattr(fits, "LARGE", large)
    fill(two_tastes(people=40))
    alone = run.train(as_of=AS_OF)
    shop(f"{__name__}.Absent", SINGULAR, f"{__name__}.Exploding")
    assert run.train(as_of=AS_OF).manifest_sha256 == alone.manifest_sha256


@pytest.mark.django_db
def test_where_no_trainer_is_installed_the_ladder_says_what_the_last_one_said(shop):
    shop(f"{__name__}.Absent", f"{__name__}.AbsentToo")
    fill(two_tastes())
    told = run.train(as_of=AS_OF).metrics["ladder"]["rungs"]["factors"]
    assert (told["on"], told["why"]) == (False, "the second one is not installed either")


@pytest.mark.django_db
def test_a_version_older_than_the_live_one_stays_a_candidate(shop):
    fill(two_tastes())
    newer = run.train(as_of=AS_OF)
    older = run.train(as_of=AS_OF - timedelta(days=1))
    newer.refresh_from_db()
    assert (newer.status, older.status) == ("live", "candidate")
    assert older.verdict == (
        "It is stale: what it learnt from ends 1.0 days before what the live model learnt from. The live model stays."
    )


@pytest.mark.django_db
def test_beside_a_live_version_that_ends_before_the_held_out_days_it_is_measured_on_the_same_people(shop):
    fill(two_tastes())
    run.train(as_of=AS_OF - timedelta(days=40))
    version = run.train(as_of=AS_OF)
    assert version.status == "live"
    assert "Beside recent popularity NDCG@10 +0." in version.verdict
    assert "Beside the live model on the same days " in version.verdict


@pytest.mark.django_db
def test_beside_one_that_knows_the_held_out_days_their_ladders_are_told(shop):
    fill(two_tastes())
    run.train(as_of=AS_OF - timedelta(days=1))
    version = run.train(as_of=AS_OF)
    assert version.status == "live"
    assert "both cannot be compared fairly on them; by their ladders 0." in version.verdict


@pytest.mark.django_db
def test_sales_that_went_missing_are_refused(shop):
    fill(two_tastes(people=40))
    sound = run.train(as_of=AS_OF, evaluate=False)
    keys = Event.objects.order_by("pk").values_list("pk", flat=True)
    Event.objects.filter(pk__in=list(keys[: 2 * len(keys) // 3])).delete()
    version = run.train(as_of=AS_OF, evaluate=False)
    assert version.status == "candidate"
    assert version.verdict.startswith("Sales are missing: ")
    assert store.live().number == sound.pk


@pytest.mark.django_db
def test_a_training_says_in_its_row_what_it_read_and_what_it_made(shop):
    fill(two_tastes(people=110))
    version = run.train(as_of=AS_OF, evaluate=False, asked_by="admin", task_id="a-message")
    row = TrainingRun.objects.get()
    assert (row.status, row.kind, row.asked_by, row.task_id) == ("done", "full", "admin", "a-message")
    assert (row.version, row.fingerprint, row.counts) == (version, version.fingerprint, version.counts)
    assert [stage for stage, _ in row.log] == ["read", "factors", "measure", "publish"]
    assert not (personalize.ARTIFACTS / "fits").exists()


@pytest.mark.django_db
def test_without_judgement_data_alone_decides(shop):
    fill(two_tastes())
    version = run.train(as_of=AS_OF, evaluate=False)
    assert version.status == "live"
    assert version.metrics["ladder"]["rung"] == "ranker"
    assert "rungs" not in version.metrics


@pytest.mark.django_db
def test_nothing_to_learn_from_publishes_nothing(shop):
    with pytest.raises(NotEnoughData, match="newest items serve"):
        run.train(as_of=AS_OF)
    assert not ModelVersion.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("items", ["a", "ab"])
def test_a_single_order_is_enough_for_popularity(shop, items):
    from tests.training.small import orders

    fill(orders((1, "ann", items)))
    version = run.train(as_of=AS_OF)
    assert version.status == "live"
    assert version.metrics["ladder"]["rung"] == "popular"


@pytest.mark.django_db
def test_only_one_process_trains_at_a_time(shop, tmp_path):
    fill(two_tastes(people=4))
    holder = (
        "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(tmp_path / lease.LOCK)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(TrainingRunning):
            run.train(as_of=AS_OF)
        other.communicate()
    assert run.train(as_of=AS_OF).status == "live"


@pytest.mark.django_db
def test_an_artefact_holds_nothing_about_people(shop):
    source = two_tastes()
    fill(source)
    version = run.train(as_of=AS_OF)
    directory = personalize.ARTIFACTS / version.directory
    written = b"".join(path.read_bytes() for path in sorted(directory.iterdir()))
    secrets = [*source.person_keys, *source.order_keys, *map(str, Visitor.objects.values_list("pk", flat=True))]
    for secret in secrets:
        assert secret.encode() not in written
        assert "".join(secret).encode("utf-32-le") not in written
    for path in directory.glob("*.npy"):
        array = np.load(path, allow_pickle=False)
        assert len(source.person_keys) not in array.shape


@pytest.mark.django_db
def test_only_the_newest_directories_stay(shop):
    fill(two_tastes(people=10))
    versions = [run.train(as_of=AS_OF) for _ in range(6)]
    there = {path.name for path in personalize.ARTIFACTS.glob("model-*")}
    assert there == {version.directory for version in versions[-4:]}
