"""The database is stopped, or crashes, under load: what was acknowledged is stored later, and no page waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import need
from tests.faults.away import without_database
from tests.faults.servers import postgres_binaries

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_what_is_acknowledged_while_the_database_is_away_is_stored_when_it_is_back(tmp_path: Path, how: str) -> None:
    need("postgres", postgres_binaries() is not None, "install the server's package")
    found = without_database(tmp_path, how=how, seconds=4.0)
    assert (found["lost"], found["twice"], found["difference"], found["waiting"]) == (0, 0, 0, 0)
    assert found["acknowledged_while_away"] > 100
    assert set(found["statuses"]) == {204}
    assert found["errors"] == 0
