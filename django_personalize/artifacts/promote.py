"""Which version is live, pinned or in the shadow: rows flip, nothing else moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from django_personalize.artifacts import store
from django_personalize.artifacts.read import load
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.exceptions import ArtifactError
from django_personalize.models import ModelVersion

Status = ModelVersion.Status


def promote(version: ModelVersion, *, pin: bool = False) -> ModelVersion:
    """Make `version` live and retire the one that was, in one transaction; its files are verified first.

    It is done by somebody, so it is done whatever is pinned; with `pin` this version stays live until somebody says
    otherwise. Raises `ArtifactError` where the files are not whole, or where another process promoted another version
    at the same moment: then this one has changed nothing. Promoting what is live changes nothing but the pin.
    """
    _verify(version)
    with _one(version):
        row = _flip(version)
        if pin and not row.pinned:
            row.pinned = True
            row.save(update_fields=["pinned"])
    return row


def succeed(version: ModelVersion) -> ModelVersion | None:
    """Make `version` live as `promote` does, unless one is pinned: then return that one, and nothing has changed."""
    _verify(version)
    with _one(version):
        pinned = ModelVersion.objects.select_for_update().filter(pinned=True).exclude(pk=version.pk).first()
        if pinned is None:
            _flip(version)
    return pinned


def unpin() -> ModelVersion | None:
    """Let the next good version take the pinned one's place; return the one that was pinned, None where none was."""
    with transaction.atomic():
        version = ModelVersion.objects.select_for_update().filter(pinned=True).first()
        if version is not None:
            version.pinned = False
            version.save(update_fields=["pinned"])
        return version


def shadow(version: ModelVersion) -> ModelVersion:
    """Have each training from now on measure `version` on what is bought meanwhile, and show it to nobody.

    The shadow that was is a candidate again. Raises `ArtifactError` for the live one, and where files are not whole.
    """
    _verify(version)
    with transaction.atomic():
        row = ModelVersion.objects.select_for_update().get(pk=version.pk)
        if row.status == Status.LIVE:
            raise ArtifactError(
                f"Version {row.pk} is live: make another one live before this one goes into the shadow."
            )
        ModelVersion.objects.filter(status=Status.SHADOW).exclude(pk=row.pk).update(status=Status.CANDIDATE)
        row.status = Status.SHADOW
        row.save(update_fields=["status"])
    version.refresh_from_db()
    return row


def roll_back(*, pin: bool = False) -> ModelVersion:
    """Make the version that was live before the present one live again, and return it.

    The newest retired version whose files are whole is taken, refreshes of the present one's own weights left out;
    `ArtifactError` where there is none.
    """
    live = ModelVersion.objects.filter(status=Status.LIVE).first()
    weights = None if live is None else live.weights_of_id or live.pk
    for version in ModelVersion.objects.filter(status=Status.RETIRED).order_by("-promoted_at", "-pk"):
        if (version.weights_of_id or version.pk) == weights:
            continue
        try:
            return promote(version, pin=pin)
        except ArtifactError:
            continue
    raise ArtifactError("There is no earlier version whose files are whole, so there is nothing to roll back to.")


def _verify(version: ModelVersion) -> None:
    load(settings.ARTIFACTS / version.directory, version.manifest_sha256)


@contextmanager
def _one(version: ModelVersion) -> Iterator[None]:
    """A transaction that flips; at most one row is live, so that of two at once one is told that the other won."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise ArtifactError(
            f"Another version went live while #{version.pk} was being promoted; look which one, and promote again."
        ) from error
    version.refresh_from_db()
    store.look_again()


def _flip(version: ModelVersion) -> ModelVersion:
    row = ModelVersion.objects.select_for_update().get(pk=version.pk)
    if row.status != Status.LIVE:
        ModelVersion.objects.filter(status=Status.LIVE).update(status=Status.RETIRED, pinned=False)
        row.status, row.promoted_at = Status.LIVE, clock.now()
        row.save(update_fields=["status", "promoted_at"])
    return row
