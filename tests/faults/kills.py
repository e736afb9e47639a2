"""Kills on purpose, at random moments, under load, for as long as is asked for.

python -m tests.faults.kills --kills 500 --events 200000
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.faults.stand import Stand

CLIENTS = 3


def harass(
    state: Path, *, kills: int, events: int, preload: bool = False, seed: int = 0, pause: float = 0.3, **env: str
) -> dict[str, Any]:
    """Kill web workers, whole servers and the drainer until both numbers are reached; the figures."""
    choice = random.Random(seed)
    stand = Stand(state, preload=preload, **env)
    done = {"worker": 0, "server": 0, "drainer": 0}
    began = time.monotonic()
    try:
        stand.start_web()
        stand.start_drainer()
        clients = stand.clients(CLIENTS)
        while sum(done.values()) < kills or len(stand.told.acknowledged) < events:
            time.sleep(choice.uniform(0.02, pause))
            what = choice.choices(["worker", "drainer", "server"], [6, 3, 1])[0]
            if what == "worker" and not stand.kill_worker(choice):
                continue
            if what == "drainer":
                stand.kill_drainer()
                stand.start_drainer()
            if what == "server":
                stand.kill_web()
                stand.start_web()
            done[what] += 1
        stand._stop.set()
        for client in clients:
            client.join(30)
    finally:
        stand.stop()
    return {"kills": sum(done.values()), **done, **stand.reckon(), "seconds": round(time.monotonic() - began)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--preload", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        print(json.dumps(harass(Path(state), **vars(given)), indent=1))


if __name__ == "__main__":
    main()
