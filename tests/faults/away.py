"""What happens to events and pages while PostgreSQL is away.

python -m tests.faults.away --seconds 60
"""

from __future__ import annotations

import argparse
import http.client
import json
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults.servers import postgres
from tests.faults.stand import Stand


def without_database(state: Path, *, how: str, seconds: float) -> dict[str, Any]:
    """Load a shop, stop its database for so long, start it again; the figures. Waits are in milliseconds."""
    with postgres(state) as server:
        stand = Stand(state, PERSONALIZE_TEST_PG_PORT=str(server.port))
        try:
            stand.start_web()
            clients = stand.clients(2, pause=0.02)
            waits = {"there": _visit(stand, seconds)}
            server.stop(how)
            before = len(stand.told.acknowledged)
            waits["away"] = _visit(stand, seconds)
            away = len(stand.told.acknowledged) - before
            server.start()
            waits["back"] = _visit(stand, seconds / 4)
            stand._stop.set()
            for client in clients:
                client.join(30)
            found = stand.reckon()
        finally:
            stand.stop()
    return {"acknowledged_while_away": away, "page": {name: _told(each) for name, each in waits.items()}, **found}


def _visit(stand: Stand, seconds: float) -> list[float]:
    """Look at a page that records something, again and again; the milliseconds that each look took."""
    waits: list[float] = []
    until = time.monotonic() + seconds
    with closing(http.client.HTTPConnection("127.0.0.1", stand.port, timeout=60)) as connection:
        while time.monotonic() < until:
            began = time.monotonic()
            connection.request("GET", "/watched/", headers={"Cookie": f"pz_vid={stand.people[0][0]}"})
            body = connection.getresponse().read()
            assert body == b"told", (body, threading.get_ident())
            waits.append((time.monotonic() - began) * 1000)
            time.sleep(0.02)
    return waits


def _told(waits: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(waits, [50, 99])
    return {
        "looks": len(waits),
        "p50": round(float(p50), 1),
        "p99": round(float(p99), 1),
        "worst": round(max(waits), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--how", choices=["fast", "immediate"], default="immediate")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        print(json.dumps(without_database(Path(state), **vars(given)), indent=1))


if __name__ == "__main__":
    main()
