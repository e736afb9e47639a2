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


def is_the_shops_transaction() -> bool:
    """Say whether a transaction is open that is more than the one around a test."""
    return not all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
