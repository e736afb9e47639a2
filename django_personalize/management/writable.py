"""Whether models can be published: a directory that cannot be written is told by the name of its setting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django_personalize.conf import settings
from django_personalize.exceptions import PersonalizeError


class Unwritable(PersonalizeError):
    """The directory of published models cannot be written."""


@contextmanager
def writing() -> Iterator[None]:
    """Say of an error of the file system which setting leads there."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise  # of a connection, not of a file
        raise Unwritable(_said(error.strerror or str(error))) from error


def unwritable() -> str:
    """Return why nothing could be written, without trying; '' where nothing stands in the way."""
    path = settings.ARTIFACTS
    nearest = next(each for each in (path, *path.parents) if each.exists())
    if not nearest.is_dir():
        return _said(f"{nearest} is no directory")
    return "" if os.access(nearest, os.W_OK | os.X_OK) else _said(f"{nearest} may not be written to")


def _said(why: str) -> str:
    return (
        f'PERSONALIZE["ARTIFACTS"] is {settings.ARTIFACTS}, which cannot be written: {why}. '
        "Set it to a directory that web and training processes share."
    )
