"""A spool of one's own, which only the test drains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from django_personalize.conf import settings as ours
from django_personalize.events.sinks import SpoolSink


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spooled(settings: Any, directory: Path) -> Iterator[SpoolSink]:
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "SINK": "django_personalize.events.sinks.SpoolSink",
        "SPOOL": str(directory),
        "DRAIN": "command",
    }
    sink = ours.sink
    assert isinstance(sink, SpoolSink)
    yield sink
    sink.spool.rotate()
