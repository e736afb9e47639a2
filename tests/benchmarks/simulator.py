"""Shops with known truth: cold start beside recent popularity, and what learning again is worth, world by world.

    python -m tests.benchmarks.simulator
    python -m tests.benchmarks.simulator --seeds 5 --worlds matched --what loop

Every figure is an expectation by the world's truth of the clicks that one page of eight gets. Differences are paired by
seed; intervals are 95 % over seeds (Student). Factors are learnt as the demo does, in seven long epochs.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import django
import numpy as np
from scipy import stats

django.setup()

from django.conf import settings as django_settings  # noqa: E402

from django_personalize.simulator import cold_start, loop  # noqa: E402
from django_personalize.simulator.behaviour import live  # noqa: E402
from django_personalize.simulator.feedback import How, watch  # noqa: E402
from django_personalize.simulator.policies import Personal, Popular, Random  # noqa: E402
from django_personalize.simulator.summary import summarise  # noqa: E402
from django_personalize.simulator.world import World  # noqa: E402
from django_personalize.simulator.worlds import REAL, STILL, WINDOW, WORLDS  # noqa: E402

SIZES = (0, 100, 300, 1_000, 3_000, 10_000, 30_000)
START, EVERY, ROUNDS = 120.0, 30.0, 4
WHAT = ("match", "cold", "explore", "loop")
POLICIES = ("random", "popular", "frozen", "retrained", "oracle")


def quick() -> None:
    # What completes baskets has no say in a personal row, and takes a tenth of the time.
    django_settings.PERSONALIZE |= {"TRAINERS": ["example_shop.demo.trainer.QuickLightFM"], "EASE_BYTES": 0}


def grown(world: World, sizes: Sequence[int], seed: int) -> list[cold_start.Size]:
    quick()
    return cold_start.grow(world, sizes, seed=seed)


def looped(world: World, policies: Sequence[str], seed: int) -> dict[str, list[loop.Round]]:
    quick()
    made = {
        "random": Random(seed=seed),
        "popular": Popular(),
        "frozen": Personal(seed=seed, frozen=True),
        "retrained": Personal(seed=seed),
        "oracle": None,
    }
    beginning = loop.begin(world, seed=seed, day=START)
    return {name: loop.run(beginning, made[name], every=EVERY, rounds=ROUNDS) for name in policies}


def explored(world: World, seed: int) -> dict[How, float]:
    return {how: watch(world, how, seed=seed) for how in How}


def scaled(world: World, scale: float) -> World:
    """Return a world of the same shape with that share of the items and shoppers; a corner shop stays as it is."""
    if scale == 1.0 or world.shoppers < 100:
        return world
    return replace(world, items=round(world.items * scale), shoppers=round(world.shoppers * scale))


def against(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the mean paired difference as a share of the mean of `theirs`, with its 95 % interval."""
    gaps, base = np.subtract(ours, theirs), float(np.mean(theirs))
    wide = stats.t.ppf(0.975, len(gaps) - 1) * gaps.std(ddof=1) / np.sqrt(len(gaps)) if len(gaps) > 1 else np.nan
    return f"{gaps.mean() / base:+7.1%} [{(gaps.mean() - wide) / base:+7.1%}, {(gaps.mean() + wide) / base:+7.1%}]"


def tell_cold_start(world: str, runs: Sequence[Sequence[cold_start.Size]]) -> None:
    print(f"\n{world}: known shoppers' clicks per page, by the order lines that the shop has seen")
    heads = f"{'lines':>7} {'day':>5} {'seeds':>5} {'visits':>6} {'popular':>8} {'personal':>8}"
    print(f"{heads}  {'against popularity':26}  rungs")
    for size in SIZES:
        # A size whose week brought nobody known has no page to be judged by.
        found = [one for run in runs for one in run if one.interactions == size and one.visits]
        if not found:
            continue
        ours, theirs = [one.personal.clicks for one in found], [one.popular.clicks for one in found]
        rungs = ", ".join(f"{name} {count}" for name, count in Counter(one.rung for one in found).most_common())
        day, visits = np.mean([one.day for one in found]), np.mean([one.visits for one in found])
        print(
            f"{size:>7,} {day:>5.0f} {len(found):>5} {visits:>6.0f} {np.mean(theirs):>8.3f} {np.mean(ours):>8.3f}  "
            f"{against(ours, theirs)}  {rungs}",
            flush=True,
        )


def tell_loop(world: str, runs: Sequence[dict[str, list[loop.Round]]]) -> None:
    print(f"\n{world}: clicks per page from day {START:.0f} on, learning every {EVERY:.0f} days; {len(runs)} seeds")
    whole = {name: [per_visit(run[name]) for run in runs] for name in runs[0]}
    for name in whole:
        rounds = " ".join(
            f"{np.mean([run[name][place].outcome.clicks for run in runs]):.3f}" for place in range(ROUNDS)
        )
        print(f"{name:>10} {np.mean(whole[name]):.3f}   by round {rounds}")
    for ours, theirs in (("retrained", "frozen"), ("retrained", "popular"), ("frozen", "popular")):
        if ours in whole and theirs in whole:
            print(f"{ours:>10} against {theirs:8} {against(whole[ours], whole[theirs])}", flush=True)


def tell_exploring(world: str, runs: Sequence[dict[How, float]]) -> None:
    print(f"\n{world}: clicks per page of a row that learns from its own clicks; {len(runs)} seeds")
    for how in How:
        ours, theirs = [run[how] for run in runs], [run[How.GREEDY] for run in runs]
        print(f"{how:28} {np.mean(ours):.3f}  {against(ours, theirs)}", flush=True)


def per_visit(rounds: Sequence[loop.Round]) -> float:
    return float(np.average([one.outcome.clicks for one in rounds], weights=[one.visits for one in rounds]))


def tell_matched() -> None:
    print(f"the real shop: {REAL}")
    print(f"the matched world: {summarise(live(WORLDS['matched'], seed=0).orders(WORLDS['matched'].end))}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=30)
    options.add_argument("--loop-seeds", type=int, default=30)
    options.add_argument("--scale", type=float, default=1.0, help="the share of items and shoppers of large worlds")
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="order lines at which cold start is asked")
    options.add_argument("--policies", nargs="+", choices=POLICIES, default=POLICIES)
    options.add_argument("--worlds", nargs="+", choices=sorted(WORLDS), default=list(WORLDS))
    options.add_argument("--what", nargs="+", choices=WHAT, default=WHAT)
    options.add_argument("--jobs", type=int, default=2, help="processes")
    given = options.parse_args()
    if "match" in given.what:
        tell_matched()
    with ProcessPoolExecutor(given.jobs) as pool:
        for name in given.worlds if "cold" in given.what else ():
            grow = partial(grown, scaled(WORLDS[name], given.scale), given.sizes)
            tell_cold_start(name, list(pool.map(grow, range(given.seeds))))
        for world in (WINDOW, STILL) if "explore" in given.what else ():
            tell_exploring(world.name, list(pool.map(partial(explored, world), range(given.seeds))))
        for name in given.worlds if "loop" in given.what else ():
            go_round = partial(looped, scaled(WORLDS[name], given.scale), given.policies)
            tell_loop(name, list(pool.map(go_round, range(given.loop_seeds))))


if __name__ == "__main__":
    main()
