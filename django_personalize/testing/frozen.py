"""A clock that stands, and a model that was learnt from baskets of the test's own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.db import connection, transaction

from django_personalize.artifacts import store
from django_personalize.artifacts.publish import publish
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.models import ModelVersion
from django_personalize.testing.keys import key_of
from django_personalize.testing.override import override_personalize
from django_personalize.training import catalogue, dataset, evaluate
from django_personalize.training.dataset import Gathering, Orders
from django_personalize.training.learn import learn

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
APART = timedelta(minutes=1)
"""Between one basket and the next."""
RUNGS = ("popular", "neighbours")


class FrozenClock:
    """What `django_personalize` takes for now; Django's own clock and the shop's go on."""

    def __init__(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError("The moment needs a time zone: datetime(2026, 3, 1, 12, tzinfo=UTC).")
        self.moment = moment

    def move(self, by: timedelta) -> None:
        """Let so much time pass at once; less than nothing goes back."""
        self.moment += by


@contextmanager
def frozen_clock(moment: datetime = MOMENT) -> Iterator[FrozenClock]:
    """Have the clock stand at `moment` within the block."""
    frozen = FrozenClock(moment)
    with patch.object(clock, "now", lambda: frozen.moment):
        yield frozen


@contextmanager
def frozen_model(baskets: Iterable[Iterable[object]] | None = None) -> Iterator[ModelVersion]:
    """Have a model be live within the block that was learnt from `baskets`, and from no person; yields its row.

    Each basket is one order, of the shop's own products or of their keys, placed a minute after the one before it, the
    last one a minute ago; None takes the orders that the shop's tables hold. Equal baskets and an equal clock give
    equal arrays. It orders by what is bought together and by popularity, needs no LightFM, and takes a fraction of a
    second. What was live before is live again afterwards.
    """
    as_of = clock.now()
    orders = dataset.load(as_of) if baskets is None else _of(baskets, as_of)
    purchases = dataset.net(orders)
    arrays = learn(purchases, catalogue.load())
    facts = {"as_of": as_of.timestamp(), "fold": evaluate.FOLD, "rungs": {name: {"on": True} for name in RUNGS}}
    with (
        tempfile.TemporaryDirectory(prefix="personalize-frozen-") as directory,
        override_personalize(ARTIFACTS=directory),
    ):
        name, digest = publish(arrays, facts, settings.ARTIFACTS)
        before = list(ModelVersion.objects.filter(status=ModelVersion.Status.LIVE))
        with transaction.atomic():
            _have(before, ModelVersion.Status.RETIRED)
            version = ModelVersion.objects.create(
                status=ModelVersion.Status.LIVE,
                directory=name,
                manifest_sha256=digest,
                as_of=as_of,
                created_at=as_of,
                promoted_at=as_of,
                fingerprint=dataset.fingerprint(orders),
                seconds=0.0,
                verdict="Made for a test.",
            )
        store.forget()
        try:
            yield version
        finally:
            store.forget()
            if not connection.needs_rollback:  # else the test's transaction is given up, and these rows with it
                version.delete()
                _have(before, ModelVersion.Status.LIVE)


def _have(versions: Iterable[ModelVersion], status: str) -> None:
    ModelVersion.objects.filter(pk__in=[version.pk for version in versions]).update(status=status)


def _of(baskets: Iterable[Iterable[object]], as_of: datetime) -> Orders:
    gathering, told = Gathering(), [[key_of(item) for item in basket] for basket in baskets]
    for number, basket in enumerate(told):
        placed = (as_of - APART * (len(told) - number)).timestamp()
        for key in basket:
            gathering.bought(f"frozen-{number:06}", key, 1, None, placed)
    return gathering.finish(as_of.timestamp())
