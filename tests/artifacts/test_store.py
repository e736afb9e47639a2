from __future__ import annotations

import json
import logging
import pickle
import threading
import time
from datetime import UTC, datetime

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, connection

from django_personalize.artifacts import promote, store
from django_personalize.artifacts.model import ARRAYS
from django_personalize.artifacts.publish import MANIFEST, UNFINISHED, publish, tidy
from django_personalize.artifacts.read import load
from django_personalize.exceptions import ArtifactError
from django_personalize.models import ModelVersion
from tests.training.small import NOW, arrays, orders

WHEN = datetime.fromtimestamp(NOW, UTC)
SHOP = orders((3, "ann", "abc"), (2, "bob", "ab"))
FACTS = {"as_of": NOW, "fold": "mean", "rungs": {"popular": {"on": True}}}


@pytest.fixture
def root(settings, tmp_path):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "ARTIFACTS": str(tmp_path)}
    return tmp_path


@pytest.fixture
def tick(monkeypatch):
    """The monotonic clock stands still; call the value to move it on."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def move(seconds):
        now[0] += seconds

    return move


def put(root):
    return publish(arrays(SHOP), FACTS, root)


def version(root, **changes):
    directory, digest = put(root)
    values = {
        "directory": directory,
        "manifest_sha256": digest,
        "as_of": WHEN,
        "created_at": WHEN,
        "fingerprint": "f",
        "seconds": 1.0,
    }
    return ModelVersion.objects.create(**(values | changes))


def test_what_was_published_is_read_back_mapped_and_read_only(root):
    directory, digest = put(root)
    model = load(root / directory, digest, number=7)
    assert model.item_keys == ("a", "b", "c")
    assert model.index == {"a": 0, "b": 1, "c": 2}
    assert (model.number, model.rung) == (7, "popular")
    assert isinstance(model.popularity, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        model.popularity[0, 0] = 1.0


def test_equal_arrays_have_equal_manifests_and_directories_of_their_own(root):
    (first, digest), (second, again) = put(root), put(root)
    assert digest == again
    assert first != second


@pytest.mark.parametrize("name", [*(f"{name}.npy" for name in ARRAYS), MANIFEST])
def test_a_flipped_bit_is_refused_wherever_it_is(root, name):
    directory, digest = put(root)
    path = root / directory / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="sha256"):
        load(root / directory, digest)


def test_a_truncated_file_is_refused(root):
    directory, digest = put(root)
    path = root / directory / "popularity.npy"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ArtifactError, match="sha256"):
        load(root / directory, digest)


@pytest.mark.parametrize("name", ["price.npy", MANIFEST])
def test_a_missing_file_is_refused(root, name):
    directory, digest = put(root)
    (root / directory / name).unlink()
    with pytest.raises(ArtifactError, match="cannot be read"):
        load(root / directory, digest)


class Bomb:
    fired = False

    def __reduce__(self):
        return (setattr, (Bomb, "fired", True))


def forge(directory, **entry):
    """Rewrite the manifest as an attacker would who can write the directory and knows the digest that the row holds."""
    path = directory / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["files"]["price.npy"] |= entry
    path.write_text(json.dumps(manifest))
    from django_personalize.artifacts.publish import sha256

    return sha256(path)


def test_a_pickle_is_never_opened_even_with_every_digest_right(root):
    from django_personalize.artifacts.publish import sha256

    name, _ = put(root)
    path = root / name / "price.npy"
    np.save(path, np.array([Bomb()], dtype=object), allow_pickle=True)
    digest = forge(root / name, sha256=sha256(path), shape=[1], dtype="|O")
    with pytest.raises(ArtifactError, match="no plain array"):
        load(root / name, digest)
    path.write_bytes(pickle.dumps(Bomb()))
    digest = forge(root / name, sha256=sha256(path))
    with pytest.raises(ArtifactError, match="no plain array"):
        load(root / name, digest)
    assert not Bomb.fired


def test_an_array_of_another_shape_is_refused(root):
    from django_personalize.artifacts.publish import sha256

    name, _ = put(root)
    path = root / name / "price.npy"
    np.save(path, np.zeros(2, dtype=np.float32))
    digest = forge(root / name, sha256=sha256(path), shape=[2])
    with pytest.raises(ArtifactError, match="2 items; others have 3"):
        load(root / name, digest)


def test_a_kill_while_publishing_leaves_nothing_that_is_read(root, monkeypatch):
    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        put(root)
    assert list(root.iterdir()) == []


def test_tidying_keeps_the_newest_and_what_is_live(root):
    names = [put(root)[0] for _ in range(6)]
    (root / f"{UNFINISHED}x").mkdir()
    gone = tidy(root, keep=[names[0]])
    assert sorted(gone) == sorted([names[1], f"{UNFINISHED}x"])


@pytest.mark.django_db
def test_without_a_version_there_is_no_model(root):
    assert store.live() is None


@pytest.mark.django_db
def test_a_candidate_does_not_serve(root):
    version(root)
    assert store.live() is None


@pytest.mark.django_db
def test_promotion_makes_one_version_live_and_retires_the_other(root):
    first, second = version(root), version(root)
    promote.promote(first)
    promote.promote(second)
    first.refresh_from_db()
    assert (first.status, second.status) == ("retired", "live")
    assert store.live().number == second.pk
    assert promote.roll_back() == first
    assert store.live().number == first.pk


@pytest.mark.django_db
def test_a_damaged_version_cannot_be_promoted_and_nothing_changes(root):
    first, second = version(root), version(root)
    promote.promote(first)
    (root / second.directory / "price.npy").unlink()
    with pytest.raises(ArtifactError):
        promote.promote(second)
    first.refresh_from_db()
    assert first.status == "live"


@pytest.mark.django_db
def test_a_promotion_that_fails_half_way_leaves_the_old_one_live(root, monkeypatch):
    first, second = version(root), version(root)
    promote.promote(first)

    def fails(self, **kwargs):
        raise IntegrityError("half way")

    monkeypatch.setattr(ModelVersion, "save", fails)
    with pytest.raises(ArtifactError, match=f"Another version went live while #{second.pk} was being promoted"):
        promote.promote(second)
    assert list(ModelVersion.objects.filter(status="live")) == [first]


@pytest.mark.django_db
def test_of_two_promotions_at_once_one_is_told_in_words_that_the_other_won(root, monkeypatch):
    mine, theirs = version(root), version(root)
    real = ModelVersion.save

    def late(self, **kwargs):
        ModelVersion.objects.filter(pk=theirs.pk).update(status="live", promoted_at=WHEN)
        real(self, **kwargs)

    monkeypatch.setattr(ModelVersion, "save", late)
    with pytest.raises(ArtifactError, match="look which one, and promote again"):
        promote.promote(mine)


@pytest.mark.django_db
def test_there_is_nothing_to_roll_back_to_without_an_earlier_version(root):
    promote.promote(version(root))
    with pytest.raises(ArtifactError, match="nothing to roll back to"):
        promote.roll_back()


@pytest.mark.django_db
def test_a_version_promoted_elsewhere_serves_after_the_next_look_without_a_restart(
    root, tick, django_assert_num_queries
):
    first, second = version(root), version(root)
    promote.promote(first)
    assert store.live().number == first.pk
    ModelVersion.objects.filter(pk=first.pk).update(status="retired")
    ModelVersion.objects.filter(pk=second.pk).update(status="live", promoted_at=WHEN)
    tick(store.POLL_SECONDS - 0.1)
    with django_assert_num_queries(0):
        assert store.live().number == first.pk
    tick(0.2)
    with django_assert_num_queries(1):
        assert store.live().number == second.pk


@pytest.mark.django_db
def test_the_previous_version_serves_for_a_damaged_one_and_the_log_says_so_once(root, tick, caplog):
    first, second = version(root), version(root)
    promote.promote(first)
    promote.promote(second)
    (root / second.directory / "price.npy").write_bytes(b"torn")
    store.forget()
    with caplog.at_level(logging.ERROR, logger="django_personalize"):
        assert store.live().number == first.pk
        tick(2 * store.POLL_SECONDS)
        assert store.live().number == first.pk
    assert len([record for record in caplog.records if "damaged" in record.message]) == 1


@pytest.mark.django_db
def test_files_that_are_put_right_serve_from_the_next_look_on(root, tick):
    first, second = version(root), version(root)
    promote.promote(first)
    promote.promote(second)
    path = root / second.directory / "price.npy"
    content = path.read_bytes()
    path.write_bytes(b"torn")
    store.forget()
    assert store.live().number == first.pk
    path.write_bytes(content)
    tick(store.POLL_SECONDS)
    assert store.live().number == second.pk


@pytest.mark.django_db
def test_where_no_copy_is_whole_there_is_no_model_and_no_error(root):
    only = version(root)
    promote.promote(only)
    (root / only.directory / MANIFEST).unlink()
    store.forget()
    assert store.live() is None


@pytest.mark.django_db
def test_a_database_that_fails_leaves_the_loaded_model_serving(root, tick, caplog):
    only = promote.promote(version(root))
    assert store.live().number == only.pk
    tick(2 * store.POLL_SECONDS)

    def broken(execute, sql, params, many, context):
        raise DatabaseError("gone")

    with connection.execute_wrapper(broken):
        assert store.live().number == only.pk
    assert "could not be looked up" in caplog.text


@pytest.mark.django_db
def test_the_old_model_serves_while_another_request_loads_the_new_one(root, tick, monkeypatch):
    first, second = version(root), version(root)
    promote.promote(first)
    store.live()
    promote.promote(second)
    seen = []
    real = store.load

    def slow(*args, **kwargs):
        other = threading.Thread(target=lambda: seen.append(store.live()))
        other.start()
        other.join(5)
        assert not other.is_alive()
        return real(*args, **kwargs)

    monkeypatch.setattr(store, "load", slow)
    assert store.live().number == second.pk
    assert [model.number for model in seen] == [first.pk]
