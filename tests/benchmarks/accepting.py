"""How many events a second are accepted: ten in a request, by a real server, into the default sink, checks and all.

    python -m tests.benchmarks.accepting --seconds 20 --workers 2 --clients 2

Clients and server share the machine; what the clients take of it is told beside. Draining is left to a later moment,
and measured apart (tests.benchmarks.ingest), unless --drain says otherwise.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import socket
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.faults.stand import BATCH, Stand

VISITORS = 4_000
"""So many that none of them tells more than one visitor may in a minute."""


def body() -> bytes:
    events = [
        {"id": str(uuid4()), "name": "view_item", "ago": 0, "params": {"items": [{"item_id": str(n)}]}}
        for n in range(BATCH)
    ]
    return json.dumps({"events": events}, separators=(",", ":")).encode()


def request(cookie: str) -> bytes:
    told = body()
    return (
        f"POST /personalize/events/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Sec-Fetch-Site: same-origin\r\nUser-Agent: Mozilla/5.0 Firefox/128.0\r\nCookie: pz_vid={cookie}\r\n"
        f"Content-Length: {len(told)}\r\n\r\n"
    ).encode() + told


def client(port: int, cookies: list[str], seconds: float, found: Any) -> None:
    """Send requests one after the other on one connection, each made beforehand; how many were answered with 204."""
    ready = [request(cookie) for cookie in cookies]
    done, waits, place = 0, [], 0
    connection = socket.create_connection(("127.0.0.1", port))
    until = time.monotonic() + seconds
    while (began := time.monotonic()) < until:
        connection.sendall(ready[place % len(ready)])
        place += 1
        answer = connection.recv(65_536)
        waits.append(time.monotonic() - began)
        done += answer.startswith(b"HTTP/1.1 204")
        if b"connection: close" in answer.lower():
            connection.close()
            connection = socket.create_connection(("127.0.0.1", port))
    connection.close()
    waits.sort()
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    found.put((done, place, waits[len(waits) // 2], waits[len(waits) * 99 // 100], cpu.ru_utime + cpu.ru_stime))


def cpu_of(server: int) -> float:
    """Return the seconds that the server and its workers have spent on processors."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in (str(server), *children)]
    return sum(int(each[11]) + int(each[12]) for each in stats) / os.sysconf("SC_CLK_TCK")


def measure(seconds: float, workers: int, threads: int, clients: int, drain: bool) -> dict[str, Any]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as state:
        stand = Stand(
            Path(state),
            workers=workers,
            threads=threads,
            visitors=VISITORS,
            PERSONALIZE_TEST_DRAIN="thread" if drain else "command",
        )
        try:
            stand.start_web()
            assert stand.web is not None
            cookies = [cookie for cookie, _ in stand.people]
            share = len(cookies) // clients
            found: Any = multiprocessing.Queue()
            run = [
                multiprocessing.Process(
                    target=client, args=(stand.port, cookies[n * share : (n + 1) * share], seconds, found)
                )
                for n in range(clients)
            ]
            before = cpu_of(stand.web.pid)
            [each.start() for each in run]
            told = [found.get() for _ in run]
            [each.join() for each in run]
            used = cpu_of(stand.web.pid) - before
        finally:
            stand.stop()
        began = time.monotonic()
        kept = stand.reckon()
        accepted = sum(each[0] for each in told) * BATCH
        return {
            "events_a_second": round(accepted / seconds),
            "requests": sum(each[1] for each in told),
            "accepted": accepted,
            "stored": kept["stored"] + kept["duplicate"],
            "difference": kept["difference"],
            "p50_ms": round(1000 * max(each[2] for each in told), 2),
            "p99_ms": round(1000 * max(each[3] for each in told), 2),
            "server_cpu_us_a_request": round(1e6 * used / sum(each[1] for each in told)),
            "clients_cpu_share": round(sum(each[4] for each in told) / seconds, 2),
            "drained_afterwards_in": round(time.monotonic() - began, 1),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--drain", action="store_true")
    print(json.dumps(measure(**vars(parser.parse_args())), indent=1))


if __name__ == "__main__":
    main()
