"""A world that takes milliseconds."""

from __future__ import annotations

from dataclasses import replace

from django_personalize.simulator.worlds import MATCHED

SMALL = replace(
    MATCHED,
    name="small",
    days=120.0,
    items=80,
    categories=5,
    brands=5,
    shoppers=40,
    present=0.6,
    visits=25.0,
    visits_spread=0.4,
    basket=5.0,
    basket_spread=0.5,
    churn=0.02,
    returns=0.1,
    consent=0.6,
)
