"""The shadow: a version that is shown to nobody and measured, beside the live one, on what was bought since."""

from __future__ import annotations

from django_personalize.artifacts.model import Model
from django_personalize.artifacts.read import load
from django_personalize.conf import settings
from django_personalize.exceptions import ArtifactError
from django_personalize.models import ModelVersion
from django_personalize.training import compare
from django_personalize.training.dataset import Orders


def measure(orders: Orders, *, seed: int) -> None:
    """Note in the shadow's row how it does beside the live version on orders that are later than what either knows.

    A live refresh knows everything up to a moment ago, so the full training whose weights it serves stands for it.
    """
    shadow = ModelVersion.objects.filter(status=ModelVersion.Status.SHADOW).first()
    live = ModelVersion.objects.select_related("weights_of").filter(status=ModelVersion.Status.LIVE).first()
    if shadow is None or live is None:
        return
    try:
        found = compare.since(orders, _loaded(shadow), _loaded(live.weights_of or live), seed=seed)
    except ArtifactError:
        return  # files that are not whole are told where they are to serve
    if found is not None:
        shadow.metrics["since"] = {**found, "beside": (live.weights_of or live).pk}
        shadow.save(update_fields=["metrics"])


def _loaded(version: ModelVersion) -> Model:
    return load(settings.ARTIFACTS / version.directory, version.manifest_sha256, number=version.pk)
