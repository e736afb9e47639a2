"""`kill -9` at random, under load; `python -m tests.faults.kills` does the same for an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.kills import harass

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("preload", [False, True])
def test_nothing_acknowledged_is_lost_or_stored_twice_whatever_is_killed(tmp_path: Path, preload: bool) -> None:
    found = harass(tmp_path, kills=10, events=3_000, preload=preload, seed=7)
    assert (found["lost"], found["twice"], found["difference"], found["waiting"]) == (0, 0, 0, 0)
    assert found["acknowledged"] >= 3_000
    assert found["kills"] >= 10
    assert found["quarantined"] == {}
