"""What the windows that teach the ranker gain by what people looked at, and what its scores mean.

    python -m tests.benchmarks.teaching calibration
    python -m tests.benchmarks.teaching windows --seeds 4

`calibration` reads the example shop's orders: the ranker is fitted on the window from 90 to 60 days before the
validation window ends, its line on the one from 60 to 30, and the last 30 days say whether the chances hold.

`windows` lives in a simulated shop like the matched one, with twice its shoppers: after 240 days a ranker is fitted on
the last two windows with and without looks and the model's `sequence`, and the visits of the 20 days after it say, by
the world's truth, how many clicks each row of eight is worth.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from typing import Any

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
django.setup()

from django_personalize.artifacts.model import Model  # noqa: E402
from django_personalize.core.arrays import DAY  # noqa: E402
from django_personalize.recommend.features import NAMES, rows  # noqa: E402
from django_personalize.recommend.generators import top  # noqa: E402
from django_personalize.recommend.personal import order_by  # noqa: E402
from django_personalize.recommend.profile import profile  # noqa: E402
from django_personalize.simulator.behaviour import Life  # noqa: E402
from django_personalize.simulator.readings import browsing_of  # noqa: E402
from django_personalize.simulator.truth import Truth  # noqa: E402
from django_personalize.simulator.world import moment  # noqa: E402
from django_personalize.simulator.worlds import WORLDS  # noqa: E402
from django_personalize.training import browsing, calibration, dataset, evaluate, ranker, split  # noqa: E402
from django_personalize.training.damping import damped  # noqa: E402
from django_personalize.training.factors import interactions  # noqa: E402
from django_personalize.training.learn import learn, with_als, with_factors  # noqa: E402
from example_shop.data.cleaning import clean  # noqa: E402
from example_shop.data.raw import read  # noqa: E402
from example_shop.demo.learning import catalogue_of, orders_of  # noqa: E402
from example_shop.demo.trainer import QuickLightFM  # noqa: E402
from tests.benchmarks.quality import RUNGS, learn_at  # noqa: E402

DAYS, AFTER, SLOTS = 240.0, 20.0, 8
KINDS = {"no looks": (False, True), "looks": (True, True), "looks, without sequence": (True, False)}


def reliability(seed: int) -> None:
    shop = clean(read())
    source, facts = orders_of(shop), catalogue_of(shop)
    end = float(np.ceil(source.placed.max() / DAY) * DAY) - 30 * DAY
    source = dataset.until(source, end)
    cuts = [end - days * DAY for days in (90, 60, 30)]
    arrays = [learn_at(source, facts, cut, seed) for cut in cuts]
    held = [split.hold(source, cut, 30.0) for cut in cuts]
    plain = ranker.fit([ranker.examples(held[0], evaluate.in_memory(arrays[0], cuts[0], RUNGS[:3]))], seed=seed)
    told = calibration.calibrated(plain, held[1], evaluate.in_memory({**arrays[1], **plain}, cuts[1], RUNGS))
    for name, fitted in (("as fitted", plain), ("calibrated", told)):
        score, bought = calibration.scores(held[2], evaluate.in_memory({**arrays[2], **fitted}, cuts[2], RUNGS))
        chance = 1 / (1 + np.exp(-score))
        tenths = np.array_split(np.argsort(chance, kind="stable"), 10)
        pairs = [(float(chance[part].mean()), float(bought[part].mean())) for part in tenths]
        print(f"\n{name}: {len(score):,} candidates; what the score says and the share that was bought, by tenths")
        print("  ".join(f"{said:.3f}/{was:.3f}" for said, was in pairs))
        print(f"mean gap {np.mean([abs(said - was) for said, was in pairs]):.4f}")


def simulated(seed: int) -> dict[str, float]:
    truth = Truth(replace(WORLDS["matched"], shoppers=800), seed)
    life = Life(truth)
    for visit in life.until(DAYS):
        life.happen(visit)
    now = moment(DAYS)
    orders, looked = life.log.orders(now), browsing_of(life.log, now)

    def learnt(cut: float) -> dict[str, Any]:
        purchases, facts = damped(dataset.before(orders, cut)), truth.shelf.at(cut)
        found = with_als(learn(purchases, facts, browsing.before(looked, cut), together=False), purchases, seed=seed)
        return with_factors(found, purchases, facts, QuickLightFM().fit(interactions(purchases), seed=seed, threads=1))

    arrays = {days: learnt(now - days * DAY) for days in (0, 30, 60)}
    models: dict[str, Model] = {"factors": evaluate.in_memory(arrays[0], now, RUNGS[:3])}
    for name, (looks, sequence) in KINDS.items():
        parts = []
        known = {days: each if sequence else _without_sequence(each) for days, each in arrays.items()}
        for days in (30, 60):
            cut = now - days * DAY
            held = split.hold(orders, cut, 30.0, looked.looks if looks else None)
            parts.append(ranker.examples(held, evaluate.in_memory(known[days], cut, RUNGS[:3])))
        fitted = ranker.fit([part for part in parts if part], seed=seed)
        models[name] = evaluate.in_memory({**known[0], **fitted}, now, RUNGS)
        weights = [float(fitted["ranker"][NAMES.index(f"sequence:{part}")]) for part in ("score", "rank")]
        asked = np.isin(fitted["tree_feature"], [NAMES.index("sequence:score"), NAMES.index("sequence:rank")])
        print(f"  seed {seed}, {name}: sequence {weights[0]:+.3f} / {weights[1]:+.3f}, in {int(asked.sum())} splits")
    worth: dict[str, list[float]] = {name: [] for name in models}
    for visit in life.until(DAYS + AFTER):
        key = truth.shopper_keys[visit.shopper]
        for name, model in models.items():
            person = profile(model, life.log.history(key), moment(visit.at))
            if person:
                rung = "ranker" if name != "factors" and not person.unseen else "factors"
                stands = order_by(model, rows(model, person), rung, unseen=person.unseen)
                shown = [model.item_keys[place] for place in stands.item[top(stands.score, SLOTS)].tolist()]
                worth[name].append(life.expect(visit, shown).clicks)
        life.happen(visit)
    return {name: float(np.mean(each)) for name, each in worth.items()}


def _without_sequence(arrays: dict[str, Any]) -> dict[str, Any]:
    return {**arrays, "next_index": arrays["next_index"][:, :0], "next_weight": arrays["next_weight"][:, :0]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["calibration", "windows"])
    options.add_argument("--seeds", type=int, default=1)
    given = options.parse_args()
    if given.what == "calibration":
        reliability(0)
        return
    found = [simulated(seed) for seed in range(given.seeds)]
    for name in found[0]:
        each = np.array([one[name] for one in found])
        gain = each - np.array([one["no looks"] for one in found])
        error = gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else float("nan")
        print(f"{name:24} {each.mean():.4f}  {gain.mean():+.4f} (standard error over seeds {error:.4f})")


if __name__ == "__main__":
    main()
