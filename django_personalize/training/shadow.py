"""The shadow: a version that is shown to nobody, and measured on what was bought since it was learnt."""

from __future__ import annotations

from django_personalize.artifacts.model import Model
from django_personalize.artifacts.read import load
from django_personalize.conf import settings
from django_personalize.exceptions import ArtifactError
from django_personalize.models import ModelVersion
from django_personalize.training import compare
from django_personalize.training.dataset import Orders


def pair() -> tuple[ModelVersion, ModelVersion] | None:
    """Return the shadow and the full training before it that went live; None without either.

    The two are of one age, so that neither knows more, and with each day there are more orders that both can be
    measured on; those that went live since know the orders that would have to judge them.
    """
    shadow = ModelVersion.objects.filter(status=ModelVersion.Status.SHADOW).first()
    if shadow is None:
        return None
    full = ModelVersion.objects.filter(pk__lt=shadow.pk, weights_of=None, promoted_at__isnull=False)
    rival = full.order_by("-pk").first()
    return None if rival is None else (shadow, rival)


def measure(orders: Orders, *, seed: int) -> None:
    """Note in the shadow's row how it does beside its rival on orders that are later than what either knows."""
    found = pair()
    if found is None:
        return
    shadow, rival = found
    try:
        figures = compare.since(orders, _loaded(shadow), _loaded(rival), seed=seed)
    except ArtifactError:
        return  # files that are not whole are told where they are to serve
    if figures is not None:
        shadow.metrics["since"] = {**figures, "beside": rival.pk}
        shadow.save(update_fields=["metrics"])


def _loaded(version: ModelVersion) -> Model:
    return load(settings.ARTIFACTS / version.directory, version.manifest_sha256, number=version.pk)
