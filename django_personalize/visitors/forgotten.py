"""What was erased at somebody's wish, known by keyed hashes only: whoever is about to write asks here first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import islice

from django.db import router

from django_personalize.core.hashing import digest, digests
from django_personalize.models import Forgotten

AT_ONCE = 10_000
"""Hashes per query."""
Kind = Forgotten.Kind


def forget(kind: str, values: Collection[str], moment: datetime) -> None:
    """Leave a mark for each: nothing about it from before `moment` comes back. A later moment replaces an earlier."""
    marks = (Forgotten(kind=kind, digest=digest(kind, value), forgotten_at=moment) for value in sorted(set(values)))
    while some := list(islice(marks, AT_ONCE)):
        Forgotten.objects.bulk_create(
            some,
            update_conflicts=True,
            unique_fields=["kind", "digest"],
            update_fields=["forgotten_at"],
            batch_size=500,
        )


def forgotten(wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, datetime]]:
    """Return, by kind, those of the `wanted` values whose earlier past is forgotten, and since when.

    One look and no hash where nothing was ever forgotten; one indexed query per ten thousand hashes else.
    """
    found: dict[str, dict[str, datetime]] = {kind: {} for kind in wanted}
    marks = Forgotten.objects.using(router.db_for_write(Forgotten))  # a copy that lags misses the newest
    if not any(wanted.values()) or not marks.exists():
        return found
    for named in _hashed(wanted):
        rows = marks.filter(kind__in=wanted, digest__in=named).order_by("forgotten_at")
        for kind, mark, at in rows.values_list("kind", "digest", "forgotten_at"):
            found[kind][named[mark]] = at
    return found


def _hashed(wanted: Mapping[str, Collection[str]]) -> Iterator[dict[str, str]]:
    pairs = ((mark, value) for kind, values in wanted.items() for value in values for mark in digests(kind, value))
    while some := dict(islice(pairs, AT_ONCE)):
        yield some


def item_of(owner: str, item_key: str) -> str:
    """Return how one person's dealings with one item are named; `owner` is an account, or a visitor's id in hex."""
    return f"{owner}:{item_key}"
