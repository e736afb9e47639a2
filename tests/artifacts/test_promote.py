from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from django_personalize.artifacts import promote, store
from django_personalize.exceptions import ArtifactError
from django_personalize.models import ModelVersion
from tests.artifacts.test_store import root, version  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db


def standing(*versions):
    rows = {row.pk: row for row in ModelVersion.objects.all()}
    return [f"{rows[one.pk].status}{' pinned' if rows[one.pk].pinned else ''}" for one in versions]


def test_a_good_version_takes_the_place_of_the_live_one_unless_that_is_pinned(root):  # noqa: F811
    first, second, third = (version(root) for _ in range(3))
    promote.promote(first)
    assert promote.succeed(second) is None
    assert standing(first, second) == ["retired", "live"]
    promote.promote(second, pin=True)
    assert promote.succeed(third) == second
    assert standing(second, third) == ["live pinned", "candidate"]
    assert promote.unpin() == second
    assert promote.unpin() is None
    assert promote.succeed(third) is None
    assert standing(second, third) == ["retired", "live"]


def test_what_somebody_does_is_done_whatever_is_pinned_and_the_pin_is_off(root):  # noqa: F811
    first, second, third = (version(root) for _ in range(3))
    promote.promote(first)
    promote.promote(second, pin=True)
    promote.promote(third, pin=True)
    assert standing(first, second, third) == ["retired", "retired", "live pinned"]
    assert promote.roll_back() == second
    assert standing(second, third) == ["live", "retired"]


def test_only_what_is_live_can_be_pinned(root):  # noqa: F811
    one = version(root)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.filter(pk=one.pk).update(pinned=True)


def test_going_back_leaves_out_the_refreshes_of_the_same_weights(root):  # noqa: F811
    night_before, night = version(root), version(root)
    refreshed = [version(root, weights_of=night) for _ in range(2)]
    for one in (night_before, night, *refreshed):
        promote.promote(one)
    assert promote.roll_back(pin=True) == night_before
    assert standing(night_before, refreshed[1]) == ["live pinned", "retired"]


def test_there_is_one_shadow_which_serves_nobody(root):  # noqa: F811
    live, first, second = (version(root) for _ in range(3))
    promote.promote(live)
    promote.shadow(first)
    promote.shadow(second)
    assert standing(live, first, second) == ["live", "candidate", "shadow"]
    assert store.live().number == live.pk
    with pytest.raises(ArtifactError, match=f"Version {live.pk} is live"):
        promote.shadow(live)
    promote.promote(second)
    assert standing(live, second) == ["retired", "live"]
