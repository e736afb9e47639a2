"""What the demo learns and how it measures it. Only here are guests and customers without consent joined to their orders:
the shop may do so with its own rows to measure, and the model that it serves never sees it."""

from __future__ import annotations

from collections.abc import Callable

from django_personalize.conf import settings
from django_personalize.models import ModelVersion
from django_personalize.training import catalogue, dataset
from django_personalize.training.evaluate import report
from django_personalize.training.run import train
from example_shop.shop.models import Order

Progress = Callable[[str, int, int], None]


def learn(progress: Progress) -> ModelVersion:
    """Train on what consent allows, then measure on the last 30 days at full and at no consent; the table is kept."""
    version = train(progress=progress)
    buyers = {
        number: str(user)
        for number, user in Order.objects.exclude(user=None).values_list("number", "user_id").iterator()
    }
    orders = dataset.relink(dataset.load(version.as_of), buyers)
    found = report(
        orders, seed=settings.SEED, threads=settings.THREADS, catalogue=catalogue.load(), progress=progress
    )
    version.metrics = {**version.metrics, "table": found.table()}
    version.save(update_fields=["metrics"])
    return version
