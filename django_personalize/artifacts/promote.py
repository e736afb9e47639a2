"""Which version is live: rows flip, nothing else moves."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from django_personalize.artifacts import store
from django_personalize.artifacts.read import load
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.exceptions import ArtifactError
from django_personalize.models import ModelVersion


def promote(version: ModelVersion) -> ModelVersion:
    """Make `version` live and retire the one that was, in one transaction; its files are verified first.

    Raises `ArtifactError` where they are not whole, or where another process promoted another version at the same
    moment: then this one has changed nothing. Promoting what is live changes nothing.
    """
    load(settings.ARTIFACTS / version.directory, version.manifest_sha256)
    try:
        row = _flip(version)
    except IntegrityError as error:  # at most one row is live, and another process was first
        raise ArtifactError(
            f"Another version went live while #{version.pk} was being promoted; look which one, and promote again."
        ) from error
    version.refresh_from_db()
    store.look_again()
    return row


def _flip(version: ModelVersion) -> ModelVersion:
    with transaction.atomic():
        row = ModelVersion.objects.select_for_update().get(pk=version.pk)
        if row.status != ModelVersion.Status.LIVE:
            ModelVersion.objects.filter(status=ModelVersion.Status.LIVE).update(status=ModelVersion.Status.RETIRED)
            row.status, row.promoted_at = ModelVersion.Status.LIVE, clock.now()
            row.save(update_fields=["status", "promoted_at"])
        return row


def roll_back() -> ModelVersion:
    """Make the version that was live before the present one live again, and return it.

    The newest retired version whose files are whole is taken; `ArtifactError` where there is none.
    """
    retired = ModelVersion.objects.filter(status=ModelVersion.Status.RETIRED).order_by("-promoted_at", "-pk")
    for version in retired:
        try:
            return promote(version)
        except ArtifactError:
            continue
    raise ArtifactError("There is no earlier version whose files are whole, so there is nothing to roll back to.")
