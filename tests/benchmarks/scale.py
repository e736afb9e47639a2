"""How a night grows: seconds and memory of each stage at 100,000, 1 and 10 million order lines.

    DATABASE_URL=postgresql://... python -m tests.benchmarks.scale fill --lines 1000000
    DATABASE_URL=postgresql://... python -m tests.benchmarks.scale night --lines 1000000 --into figures.json
    python -m tests.benchmarks.scale shop --threads 2
    python -m tests.benchmarks.scale draw --into figures.json --page docs/scale.svg

`fill` empties the database that it is given and invents a shop there: an item for each hundred lines, a person for each
ten, a Zipf catalogue, tastes, staples, baskets of which few are long, a fifth as many looks as lines. `night` is the
nightly training, judgement and gate included, in this process, which should be a fresh one; `shop` is the same on the
example shop's orders, everyone linked, in a database of its own. Processor seconds stand beside those of the clock, which
a busy machine lengthens. `draw` makes the chart and the table of docs/scale.md of what `--into` has gathered. One shopper
is `tests.benchmarks.scoring`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import numpy as np
from django.conf import settings as django_settings
from django.core.management import call_command

from tests.benchmarks.invented import AS_OF, COLUMNS, VISITOR, World, fill, person_key, stock, write

EVERY = 0.1
"""Seconds between two looks at how much memory is held."""


def prepare(database: str, state: Path) -> None:
    """Set Django up on the database that the environment names, else on the SQLite file `database`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("PERSONALIZE_TEST_STATE", str(state))
    os.environ.setdefault("EXAMPLE_SHOP_DB", database)
    django.setup()
    django_settings.PERSONALIZE |= {"SHOP": "django_personalize.testing.doubles.MemoryShop", "DRAIN": "command"}


class Watch:
    """Times named functions where they are used, and how much memory this process and its children hold meanwhile."""

    def __init__(self) -> None:
        self.stages: dict[str, dict[str, float]] = {}
        self.peak = self.own = self.child = 0.0
        self._at: list[str] = ["before"]
        self._done = threading.Event()

    def over(self, module: Any, name: str, stage: str) -> None:
        """Count what `module.name` takes as `stage`, less what is counted as another within it."""
        wrapped = getattr(module, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            return self.run(stage, lambda: wrapped(*args, **kwargs))

        setattr(module, name, timed)

    def run(self, stage: str, do: Callable[[], Any]) -> Any:
        clock, cpu = time.perf_counter(), time.thread_time()
        self._at.append(stage)
        try:
            return do()
        finally:
            self._at.pop()
            told = f"{stage:24}{time.perf_counter() - clock:9.1f} s, {time.thread_time() - cpu:9.1f} s of CPU"
            print(f"{told}, {self.own:7.0f} MiB, with children {self.peak:7.0f}", file=sys.stderr, flush=True)
            for name, sign in ((stage, 1.0), (self._at[-1], -1.0)):
                found = self.stages.setdefault(name, {"clock": 0.0, "cpu": 0.0, "mib": 0.0})
                found["clock"] += sign * (time.perf_counter() - clock)
                found["cpu"] += sign * (time.thread_time() - cpu)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(EVERY):
            own = _resident(os.getpid())
            children = [_resident(pid) for pid in _children(os.getpid())]
            self.own, self.child = max(self.own, own), max(self.child, *children, 0.0)
            self.peak = max(self.peak, own + sum(children))
            found = self.stages.setdefault(self._at[-1], {"clock": 0.0, "cpu": 0.0, "mib": 0.0})
            found["mib"] = max(found["mib"], own)


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except (OSError, IndexError):
        return 0.0


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def night(*, threads: int, train: Callable[..., Any]) -> dict[str, Any]:
    """Run the nightly training and return what it took, by stage."""
    from django_personalize.training import (
        browsing, catalogue, compare, dataset, evaluate, fits, ladder, ranker, run, split, trees,
    )  # fmt: skip
    from django_personalize.training import als as least_squares
    from django_personalize.training import cold as ridge
    from django_personalize.training import learn as learning

    watch = Watch()
    for module, name, stage in (
        (dataset, "load", "read orders"),
        (browsing, "load", "read looks"),
        (catalogue, "load", "read catalogue"),
        (dataset, "fingerprint", "fingerprint"),
        (run, "_cut", "cut and net"),
        (learning, "neighbours", "neighbours"),
        (learning, "lately", "lately"),
        (learning, "sequence", "sequence"),
        (learning, "content", "content"),
        (learning, "ease", "EASE"),
        (run, "learn", "other arrays"),
        (least_squares, "fit", "least squares"),
        (run, "with_factors", "cold items"),
        (fits.Fits, "get", "waiting for factors"),
        (ladder, "count", "ladder"),
        (split, "hold", "windows"),
        (evaluate, "choose_fold", "choosing the fold-in"),
        (ranker, "examples", "ranker's examples"),
        (ranker, "linear", "ranker's weights"),
        (trees, "fit", "ranker's trees"),
        (evaluate, "measure_rungs", "judging the rungs"),
        (compare, "judge", "the gate"),
        (run, "shares", "shares"),
        (run, "release", "publishing"),
    ):
        watch.over(module, name, stage)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    clock, cpu = time.perf_counter(), time.process_time()
    with watch:
        version = watch.run("the rest", lambda: train(threads=threads))
        took, spent = time.perf_counter() - clock, time.process_time() - cpu
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "threads": threads,
        "load": os.getloadavg()[0],
        "clock": round(took, 1),
        "cpu": round(spent, 1),
        "children_cpu": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "own_mib": round(watch.own),
        "child_mib": round(watch.child),
        "tree_mib": round(watch.peak),
        "verdict": version.verdict,
        "counts": version.counts,
        "manifest": version.manifest_sha256,
        "rungs": {name: rung.get("ndcg") for name, rung in version.metrics.get("rungs", {}).items()},
        "stages": {
            name: {part: round(value, 1) for part, value in found.items()}
            for name, found in sorted(watch.stages.items(), key=lambda entry: -entry[1]["clock"])
        },
    }


def shop() -> None:
    """Bring the example shop's orders into the database, everyone linked to their customer number."""
    from django_personalize.core.types import Item
    from django_personalize.testing.doubles import MemoryShop
    from example_shop.data.assortment import category_of, collection_of
    from example_shop.data.cleaning import clean
    from example_shop.data.raw import read

    call_command("migrate", verbosity=0)
    data, now = clean(read()), datetime.now(UTC).isoformat()
    for product in data.products:
        MemoryShop.stock[product.code] = Item(
            key=product.code,
            title=product.name,
            url="/",
            category=category_of(product.name),
            brand=collection_of(product.name) or "",
            created=product.sold.astype("datetime64[s]").item().replace(tzinfo=UTC),
        )
    customers = sorted({order.customer for order in data.orders} - {""})
    key = {customer: str(person_key(place)) for place, customer in enumerate(customers)}
    yes = '{"personalization": true}'
    write(
        "personalize_visitor",
        VISITOR,
        ((key[who], str(UUID(int=place + 1)), who, yes, now, now, "", "") for place, who in enumerate(customers)),
    )
    placed = [order.placed.astype("datetime64[s]").item().replace(tzinfo=UTC).isoformat() for order in data.orders]
    back = [f"{at}+00:00" for at in data.returned_at.astype("datetime64[s]")]

    def rows() -> Iterator[tuple[Any, ...]]:
        columns = zip(data.order, data.product, data.quantity, data.pence, data.returned, strict=True)
        for number, (order, product, quantity, pence, returned) in enumerate(columns):
            whose, code, price = data.orders[order], data.products[product].code, int(pence) / 100
            for kind, pieces, at in (("purchase", quantity, placed[order]), ("refund", returned, back[number])):
                if pieces:
                    uid, who = str(UUID(int=2 * number + (kind == "refund"))), key.get(whose.customer)
                    yield uid, kind, at, now, who, code, int(pieces), price, "GBP", whose.number

    write("personalize_event", COLUMNS, rows())


KINDS: Mapping[str, tuple[str, ...]] = {
    "reading": ("read orders", "read looks", "read catalogue", "fingerprint"),
    "cutting and counting": ("cut and net", "windows", "ladder", "shares"),
    "tables": ("neighbours", "lately", "sequence", "content", "EASE", "other arrays", "cold items"),
    "least squares": ("least squares",),
    "ranker": ("choosing the fold-in", "ranker's examples", "ranker's weights", "ranker's trees"),
    "judging": ("judging the rungs", "the gate"),
}
"""Stages of one process that grow alike; the factor fits are those of its children."""
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640.0, 330.0, 62.0, 40.0, 14.0
STYLES = (("#1d1d1f", ""), ("#0b6e4f", ""), ("#b8336a", "6 3"), ("#726da8", ""), ("#c07f00", "2 3"), ("#2d7dd2", "6 3"),
    ("#6b6b6b", "2 3"), ("#8a3b12", ""))  # fmt: skip


def curves(nights: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Return processor seconds by kind of stage, one figure for each night."""
    found = {"the whole night": [night["cpu"] + night["children_cpu"] for night in nights]}
    found["factor fits"] = [
        night["children_cpu"] + night["stages"].get("waiting for factors", {"cpu": 0.0})["cpu"] for night in nights
    ]
    for kind, stages in KINDS.items():
        found[kind] = [
            sum(night["stages"][name]["cpu"] for name in stages if name in night["stages"]) for night in nights
        ]
    return found


def draw(nights: Sequence[Mapping[str, Any]], page: Path) -> None:
    """Write the chart, both axes logarithmic, and print the table that stands under it."""
    lines = [night["counts"]["lines"] for night in nights]
    found = curves(nights)
    low, high = 0.1, 10.0 ** np.ceil(np.log10(max(max(each) for each in found.values())))

    def x(value: float) -> float:
        share = np.log10(value / min(lines)) / max(np.log10(max(lines) / min(lines)), 1e-9)
        return float(LEFT + share * (WIDTH - LEFT - 190))

    def y(value: float) -> float:
        return float(TOP + (1 - np.log10(max(value, low) / low) / np.log10(high / low)) * (HEIGHT - TOP - BOTTOM))

    marks = []
    for power in range(-1, int(np.log10(high)) + 1):
        at = y(10.0**power)
        marks.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - 190}" y2="{at:.1f}" stroke="#ddd"/>')
        marks.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    for value in lines:
        marks.append(f'<text x="{x(value):.1f}" y="{HEIGHT - 18}" text-anchor="middle">{value:,}</text>')
    marks.append(f'<text x="{LEFT}" y="{HEIGHT - 4}">order lines; processor seconds of one night</text>')
    for place, ((name, values), (colour, dash)) in enumerate(zip(found.items(), STYLES, strict=True)):
        points = " ".join(f"{x(line):.1f},{y(value):.1f}" for line, value in zip(lines, values, strict=True))
        drawn = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}" fill="none"'
        marks.append(f'<polyline points="{points}" {drawn}/>')
        row = TOP + 16 + 20 * place
        marks.append(f'<line x1="{WIDTH - 178}" y1="{row - 4}" x2="{WIDTH - 150}" y2="{row - 4}" {drawn}/>')
        marks.append(f'<text x="{WIDTH - 144}" y="{row}">{name}</text>')
    style = 'font-family="sans-serif" font-size="12"'
    page.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" {style}>\n'
        "<title>Processor seconds of a night by order lines</title>\n"
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#fff"/>\n' + "\n".join(marks) + "\n</svg>\n",
        encoding="utf-8",
    )
    print("| |" + "".join(f" {line:,} lines |" for line in lines))
    print("|---|" + "---|" * len(lines))
    for name, values in found.items():
        print(f"| {name}, processor seconds |" + "".join(f" {value:,.1f} |" for value in values))
    for name, key in (("this process", "own_mib"), ("one fit", "child_mib"), ("all together", "tree_mib")):
        print(f"| most memory, {name}, MiB |" + "".join(f" {night[key]:,} |" for night in nights))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["fill", "night", "shop", "draw"])
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--into", type=Path, help="a file of nights, which a night is added to and draw reads")
    parser.add_argument("--page", type=Path, default=Path("docs/scale.svg"))
    asked = parser.parse_args()
    if asked.what == "draw":
        nights = [json.loads(line) for line in asked.into.read_text().splitlines()]
        draw(sorted(nights, key=lambda night: night["counts"]["lines"]), asked.page)
        return
    with tempfile.TemporaryDirectory(prefix="personalize-scale-") as directory:
        prepare(str(Path(directory) / "db.sqlite3"), Path(directory))
        clock = time.perf_counter()
        if asked.what == "fill":
            fill(World(asked.lines))
            print(f"{time.perf_counter() - clock:.0f} s")
            return
        from django_personalize.core.types import Item
        from django_personalize.models import Event
        from django_personalize.testing.doubles import MemoryShop
        from django_personalize.training.run import train

        if asked.what == "shop":
            shop()
            as_of = Event.objects.latest("occurred_at").occurred_at + timedelta(days=1)
        else:
            stock(World(asked.lines), Item, MemoryShop)
            as_of = AS_OF
        found = night(threads=asked.threads, train=lambda threads: train(as_of=as_of, threads=threads, seed=0))
    print(json.dumps(found, indent=1))
    if asked.into is not None:
        with asked.into.open("a") as file:
            file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
