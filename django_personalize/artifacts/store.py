"""The live model of this process: looked up every few seconds, swapped under running requests, never half loaded."""

from __future__ import annotations

import logging
import threading
import time

from django.db import DatabaseError

from django_personalize.artifacts.model import Model
from django_personalize.artifacts.publish import publish
from django_personalize.artifacts.read import load
from django_personalize.conf import settings
from django_personalize.exceptions import ArtifactError
from django_personalize.models import ModelVersion

__all__ = ["POLL_SECONDS", "forget", "live", "load", "look_again", "publish"]

POLL_SECONDS = 5.0
CHOICES = 4
"""The live version and those to fall back on."""
logger = logging.getLogger(__name__)


class _Store:
    """What one process holds. `model` is swapped as one reference, so a request sees one version from start to end."""

    def __init__(self) -> None:
        self.model: Model | None = None
        self.asked: tuple[tuple[int, str, str], ...] = ()
        """What the rows said when `model` was chosen: (id, directory, sha256) of the live row and those behind it."""
        self.damaged: set[tuple[int, str]] = set()
        self.next_look = float("-inf")
        self.looking = threading.Lock()


_store = _Store()


def live() -> Model | None:
    """Return the live model, or None where none was ever published (or no copy of one is whole).

    Asks the database at most every `POLL_SECONDS`, in one query. While one request loads a new version the others keep
    the old one; only where there is no old one do they wait for it. A damaged live version is logged once, and the
    newest retired one that verifies serves in its place. Database errors keep what is there.
    """
    store = _store
    if time.monotonic() < store.next_look:
        return store.model
    if store.looking.acquire(blocking=store.next_look == float("-inf")):
        try:
            if time.monotonic() >= store.next_look:
                try:
                    _look(store)
                except DatabaseError:
                    logger.exception("The live model could not be looked up; what is loaded keeps serving.")
                finally:
                    store.next_look = time.monotonic() + POLL_SECONDS
        finally:
            store.looking.release()
    return store.model


def look_again() -> None:
    """Let the next `live()` of this process look at once; what is loaded serves until then."""
    _store.next_look = min(_store.next_look, 0.0)


def forget() -> None:
    """Drop what this process holds, so that the next `live()` looks at once."""
    global _store
    _store = _Store()


def _look(store: _Store) -> None:
    rows = tuple(
        ModelVersion.objects.filter(status__in=(ModelVersion.Status.LIVE, ModelVersion.Status.RETIRED))
        .order_by("status", "-promoted_at", "-pk")
        .values_list("status", "pk", "directory", "manifest_sha256")[:CHOICES]
    )
    is_live = bool(rows) and rows[0][0] == ModelVersion.Status.LIVE
    chosen = tuple(row[1:] for row in rows) if is_live else ()
    if chosen != store.asked:
        model = store.model = _first_whole(store, chosen)
        whole = not chosen or (model is not None and model.number == chosen[0][0])
        store.asked = chosen if whole else ()  # files that arrive late, or are put right, serve from the next look on


def _first_whole(store: _Store, chosen: tuple[tuple[int, str, str], ...]) -> Model | None:
    for number, directory, digest in chosen:
        held = store.model
        if held is not None and held.number == number:
            return held
        try:
            return load(settings.ARTIFACTS / directory, digest, number=number)
        except ArtifactError as error:
            if (number, digest) not in store.damaged:
                store.damaged.add((number, digest))
                logger.error("Model #%s is damaged and does not serve; looking further back. %s", number, error)
    return None
