"""Refresh: today's sales and catalogue with the live model's factors, ranker and ladder; in seconds, for nothing is
fitted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from django_personalize.artifacts import store
from django_personalize.artifacts.model import Model
from django_personalize.conf import settings
from django_personalize.exceptions import NotEnoughData, NothingNew
from django_personalize.models import ModelVersion
from django_personalize.models.training_run import AskedBy, Kind
from django_personalize.training import browsing, cold, dataset, feedback, ladder
from django_personalize.training import catalogue as catalogues
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.damping import damped
from django_personalize.training.learn import learn
from django_personalize.training.lease import hold
from django_personalize.training.release import OF_ITEMS, Arrays, Learnt, release
from django_personalize.training.run import Progress, counts
from django_personalize.training.shares import shares


def refresh(
    *,
    as_of: datetime | None = None,
    progress: Progress | None = None,
    asked_by: str = AskedBy.COMMAND,
    task_id: str = "",
) -> ModelVersion:
    """Return a version with popularity, item statistics and neighbours of this moment, and the live model's weights.

    It passes the gate as any other does, but for quality: no weight of it is new. Raises `NothingNew` where no order
    line, no look at an item, nothing that was shown and nothing in the catalogue is new, `NotEnoughData` where there is
    no live model yet or no order line is left, and what `train` raises where another process trains. `progress` is
    called with read, count and publish.
    """
    with hold(settings.ARTIFACTS, kind=Kind.REFRESH, asked_by=asked_by, as_of=as_of, task_id=task_id) as lease:

        def tell(stage: str, done: int, total: int) -> None:
            lease.tell(stage, done, total)
            if progress is not None:
                progress(stage, done, total)

        tell("read", 0, 1)
        moment = lease.run.as_of
        store.look_again()
        live = store.live()
        row = ModelVersion.objects.select_related("weights_of").filter(status=ModelVersion.Status.LIVE).first()
        if live is None or row is None or live.number != row.pk:
            raise NotEnoughData("There is no live model whose weights could be kept: run personalize_train first.")
        orders = dataset.load(moment)
        looked = browsing.load(moment)
        facts = catalogues.before(catalogues.load(), moment.timestamp() + 1.0)
        shown = feedback.load(moment)
        fingerprint = browsing.fingerprint(dataset.fingerprint(orders), looked)
        fingerprint = feedback.fingerprint(fingerprint, shown)
        if fingerprint == row.fingerprint and _knows(live, facts):
            raise NothingNew(
                f"No order line and no item has changed since version {row.pk} was made, nor what was looked at or "
                "shown: it stays."
            )
        lease.note(fingerprint=fingerprint)
        tell("read", 1, 1)
        tell("count", 0, 1)
        purchases = dataset.net(orders)
        if not len(purchases):
            raise NotEnoughData("No order line is left to learn from: the live model stays.")
        arrays = _with_weights(learn(damped(purchases), facts, looked, shown), live, facts)
        verdicts = {name: ladder.Rung(**rung) for name, rung in live.manifest["rungs"].items()}
        people = int(live.manifest["counts"]["ranker_people"])
        learnt = Learnt(
            arrays=arrays,
            verdicts=verdicts,
            fold=live.fold,
            counts=counts(purchases, arrays, ladder.count(purchases, people)),
            metrics=_carried_metrics(live),
            shares=shares(purchases),
            weights_of=row.weights_of or row,
        )
        tell("count", 1, 1)
        lease.note(counts=learnt.counts)
        tell("publish", 0, 1)
        version = release(learnt, lease, as_of=moment, fingerprint=fingerprint, live=live)
        tell("publish", 1, 1)
    return version


def _knows(live: Model, facts: Catalogue) -> bool:
    """Say whether the catalogue lists what the live model lists, each item in the category that the model has it in."""
    if not len(facts):
        return True
    known = {
        live.item_keys[place]: live.categories[category] if category >= 0 else ""
        for place, category in enumerate(live.item_category.tolist())
        if live.listed[place]
    }
    return known == facts.category


def _with_weights(arrays: Arrays, live: Model, facts: Catalogue) -> Arrays:
    """Return `arrays` with the live model's vectors and ranker; an item new since is placed by its facts."""
    keys = arrays["item_keys"].tolist()
    pairs = [(place, live.index[key]) for place, key in enumerate(keys) if key in live.index]
    here, there = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    vectors = np.zeros((len(keys), live.vectors.shape[1]), dtype=np.float32)
    biases = np.zeros(len(keys), dtype=np.float32)
    vectors[here], biases[here] = live.vectors[there], live.biases[there]
    if vectors.size:
        vectors, biases = cold.place(vectors, biases, here, keys, facts, arrays["price"])
    als = np.zeros((len(keys), live.als_vectors.shape[1]), dtype=np.float32)
    als[here] = live.als_vectors[there]
    ranker = {name: np.asarray(getattr(live, name)) for name in arrays if name not in OF_ITEMS}
    return {**arrays, **ranker, "vectors": vectors, "biases": biases, "als_vectors": als}


def _carried_metrics(live: Model) -> dict[str, Any]:
    """Return the figures that the weights were judged by, for the next training to be held against."""
    kept = ("window_days", "judges", "judged_by", "rungs")
    return {name: live.manifest["metrics"][name] for name in kept if name in live.manifest["metrics"]}
