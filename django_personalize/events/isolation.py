"""Keeping what goes wrong with our SQL out of the transaction that the shop's view runs in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def isolated() -> Iterator[None]:
    """Run the block in a savepoint where a transaction is open, so that a failed query of ours does not poison it."""
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
    else:
        yield
