"""Ready worlds: like a real shop, without any tastes, with choices that no model of tastes fits, and just opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django_personalize.simulator.summary import Summary
from django_personalize.simulator.world import Choice, World

REAL = Summary(
    basket_median=15.0,
    basket_mean=26.2,
    basket_p95=75.0,
    repeat_share=0.31,
    top_tenth=0.44,
    orders_mean=4.2,
    orders_median=2.0,
    items_mean=61.0,
    items_median=35.0,
)
"""The orders of the example shop (UCI Online Retail, cleaned as `example_shop.data` cleans them), over 373 days."""

MATCHED = World(
    name="matched",
    choice=Choice.TASTES,
    days=365.0,
    items=2_000,
    categories=12,
    brands=20,
    new_items=0.4,
    novelty=2.0,
    steepness=1.35,
    drift=2.0,
    season=0.8,
    on_sale=0.1,
    shoppers=400,
    present=0.25,
    taste=1.5,
    taste_turns=0.7,
    thrift=0.2,
    habit=0.2,
    visits=13.0,
    visits_spread=1.2,
    buying=0.5,
    basket=15.0,
    basket_spread=1.05,
    churn=0.07,
    returns=0.02,
    consent=1.0,
    bots=2,
)
"""Fitted to `REAL` by hand, with fewer shoppers and items: `basket`, `basket_spread`, `visits`, `visits_spread` and
`churn` to baskets, orders and items per person, `steepness` to the best tenth, `habit` to the repeats. `taste` and
`drift` are fitted to how well the last 30 days are foretold (NDCG@10; the world is the mean of four seeds):

                                   the real shop   this world
    everything ever sold                   0.089        0.164
    recent popularity                      0.145        0.245
    own history                            0.349        0.334
    basket neighbours                      0.264        0.310
    own history + recent popularity        0.375        0.364
"""

NULL = replace(MATCHED, name="null", choice=Choice.POPULARITY)
MISSPECIFIED = replace(MATCHED, name="misspecified", choice=Choice.RULES)
COLD = replace(
    MATCHED,
    name="cold",
    days=1_500.0,
    items=150,
    categories=8,
    brands=8,
    shoppers=20,
    present=1.0,
    visits=60.0,
    visits_spread=0.4,
    basket=4.0,
    basket_spread=0.6,
    churn=0.0,
)
"""Twenty regulars of a corner shop that opened on day 0: about thirty small orders a year each."""

DRIFTING = replace(MATCHED, name="drifting", taste_turns=6.0, drift=3.0)
"""Everybody's tastes turn once around within the year, and what is wanted swings further."""
RESERVED = replace(MATCHED, name="reserved", consent=0.3)
"""Seven in ten say no to `personalization`: their orders are baskets that no key joins."""
LARGE_NULL = replace(NULL, name="large-null", shoppers=1_100)
"""Nothing personal can help here either, and there are people enough for a ranker."""
WINDOW = replace(
    NULL,
    name="window",
    days=200.0,
    items=200,
    shoppers=150,
    present=1.0,
    visits=90.0,
    visits_spread=0.4,
    churn=0.0,
)
"""Few items, much looking, and what everybody wants drifts: for rows that learn from clicks."""
STILL = replace(WINDOW, name="still", drift=0.0, season=0.0, novelty=0.0)
"""The same, and nothing ever changes but that new items come."""

WORLDS: Mapping[str, World] = {
    world.name: world for world in (MATCHED, NULL, MISSPECIFIED, COLD, DRIFTING, RESERVED, LARGE_NULL)
}
