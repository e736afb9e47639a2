"""The named segments: what each claims of a person, tested over columns, with the numbers that it stands on.

No rule names a date or a sum of money: all are relative to what is usual in this shop, and a rule waits while that is
not known. Who may be in two at once, a test says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from django_personalize.core.arrays import Double
from django_personalize.segments.features import Features
from django_personalize.segments.yardstick import ENOUGH, Yardstick, expected_gap

LATE, GONE = 2.0, 4.0
"""Times the gap that is to be expected of somebody."""
LOYAL_GAPS = 3
STEADY = 1.0
"""Irregularity of orders that come at random; below it they come with some rhythm."""
SALE_LINES, SALE_SHARE, ONLY_SHARE = 3, 0.5, 0.95
CERTAIN = 1.645
"""Standard deviations: a share is clearly above the usual where its one-sided 95 % bound is."""
FEWEST_LOOKS = 5
TOO_MANY_LOOKS = 3_000
"""In 30 days: no person looks a hundred times a day."""
FORGOTTEN_AFTER = 1.0
"""Days that a filled cart may lie before it counts as abandoned."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One rule, as data."""

    slug: str
    name: Promise
    claim: Promise
    """What it says of a person, with its thresholds, for the merchandiser."""
    told: Promise
    """The same for the shopper who is in it."""
    test: Callable[[Features, Yardstick], Mask]
    shows: tuple[str, ...]
    """The columns that a membership keeps as its reason."""
    waits: Callable[[Yardstick], str] = lambda usual: ""
    """What is still to be known before it can be said of anybody, in words; '' once it is."""


def members(segment: Segment, features: Features, usual: Yardstick) -> Mask:
    """Return who is in `segment`; nobody while it waits."""
    if segment.waits(usual):
        return np.zeros(len(features), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        return segment.test(features, usual)


def _lateness(features: Features, usual: Yardstick) -> Double:
    """Return the silence since the last order, in gaps that were to be expected; nan without an order."""
    return features.recency / expected_gap(features, usual)


def _new(features: Features, usual: Yardstick) -> Mask:
    lately: Mask = features.recency <= usual.gap
    found: Mask = (features.orders == 1) & lately
    return found


def _loyal(features: Features, usual: Yardstick) -> Mask:
    steady = (features.gaps >= LOYAL_GAPS) & (features.irregularity <= STEADY)
    return steady & (_lateness(features, usual) <= LATE)


def _at_risk(features: Features, usual: Yardstick) -> Mask:
    late = _lateness(features, usual)
    return (features.gaps >= 1) & (late > LATE) & (late <= GONE)


def _lapsed(features: Features, usual: Yardstick) -> Mask:
    return _lateness(features, usual) > GONE


def _spends(features: Features, usual: Yardstick) -> Mask:
    spent: Mask = features.money >= usual.much
    return spent


def share_reduced(features: Features) -> Double:
    """Return the share of a person's judged lines that were below the list price; 0 where none is judged."""
    none = np.zeros(len(features))
    share: Double = np.divide(features.reduced, features.judged, out=none, where=features.judged > 0)
    return share


def _thrifty(features: Features, usual: Yardstick) -> Mask:
    """Half of the lines, and clearly more than usual here by the lower bound of Wilson (1927)."""
    n, share, z = np.maximum(features.judged, 1), share_reduced(features), CERTAIN
    centre = share + z * z / (2 * n)
    spread = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    clear = (centre - spread) / (1 + z * z / n) > usual.reduced
    return (features.judged >= SALE_LINES) & (share >= SALE_SHARE) & clear


def _sale_only(features: Features, usual: Yardstick) -> Mask:
    return _thrifty(features, usual) & (share_reduced(features) >= ONLY_SHARE) & (features.orders >= 2)


def _bargains(features: Features, usual: Yardstick) -> Mask:
    return _thrifty(features, usual) & ~_sale_only(features, usual)


def _looks_only(features: Features, usual: Yardstick) -> Mask:
    looks = features.views + features.searches
    idle = np.isnan(features.recency) | (features.recency > 30)
    much: Mask = (looks >= max(FEWEST_LOOKS, usual.looks)) & (looks <= TOO_MANY_LOOKS)
    found: Mask = much & idle & (features.basket == 0)
    return found


def _abandons(features: Features, usual: Yardstick) -> Mask:
    return (features.basket > 0) & (features.basket_age >= FORGOTTEN_AFTER)


def _for_rhythm(usual: Yardstick) -> str:
    return _needed(usual.gap, usual.repeaters, "people who ordered on three days or more")


def _for_money(usual: Yardstick) -> str:
    return _needed(usual.much, usual.buyers, "people with an order whose price is known")


def _for_prices(usual: Yardstick) -> str:
    return _needed(usual.reduced, usual.judged, "people with three lines whose usual price is known")


def _for_looks(usual: Yardstick) -> str:
    return _needed(usual.looks, usual.lookers, "people who looked around in the last 30 days")


def _needed(value: float, there: int, whom: str) -> str:
    return f"waits for {ENOUGH} {whom}; there are {there}" if np.isnan(value) else ""


SEGMENTS: tuple[Segment, ...] = (
    Segment(
        slug="new",
        name=_("New"),
        claim=_("One order so far, no longer ago than the usual gap between two orders here."),
        told=_("You are new here: one order so far, and lately."),
        test=_new,
        shows=("orders", "recency"),
        waits=_for_rhythm,
    ),
    Segment(
        slug="loyal",
        name=_("Loyal repeat buyers"),
        claim=_("Ordered on four days or more, with a rhythm of their own, and the next order is not late."),
        told=_("You order again and again, with some regularity."),
        test=_loyal,
        shows=("orders", "gap", "irregularity", "recency"),
        waits=_for_rhythm,
    ),
    Segment(
        slug="at-risk",
        name=_("At risk"),
        claim=_("Ordered more than once, and silent for two to four times as long as was to be expected."),
        told=_("Your last order is longer ago than your orders used to be apart."),
        test=_at_risk,
        shows=("orders", "gap", "recency"),
        waits=_for_rhythm,
    ),
    Segment(
        slug="lapsed",
        name=_("Lapsed"),
        claim=_("Ordered before, and silent for more than four times as long as was to be expected."),
        told=_("You have not ordered for a long time."),
        test=_lapsed,
        shows=("orders", "gap", "recency"),
        waits=_for_rhythm,
    ),
    Segment(
        slug="big-spenders",
        name=_("Big spenders"),
        claim=_("Spent as much as the highest tenth, and at least twice as much as the middle one; returns taken off."),
        told=_("You have spent more here than most."),
        test=_spends,
        shows=("money", "orders", "average"),
        waits=_for_money,
    ),
    Segment(
        slug="bargain-hunters",
        name=_("Bargain hunters"),
        claim=_("At least half of three lines or more below the list price, clearly more than is usual here."),
        told=_("Much of what you buy is reduced."),
        test=_bargains,
        shows=("reduced", "judged", "reduced_money"),
        waits=_for_prices,
    ),
    Segment(
        slug="sale-only",
        name=_("Sale-only buyers"),
        claim=_("Two orders or more of three lines or more, and practically all of it below the list price."),
        told=_("You buy what is reduced, and hardly anything else."),
        test=_sale_only,
        shows=("reduced", "judged", "reduced_money"),
        waits=_for_prices,
    ),
    Segment(
        slug="window-shoppers",
        name=_("Window shoppers"),
        claim=_(
            "Looks and searches at least as much as usual here, five times or more in 30 days, and orders nothing."
        ),
        told=_("You have looked around lately, and ordered nothing in this time."),
        test=_looks_only,
        shows=("views", "searches", "recency"),
        waits=_for_looks,
    ),
    Segment(
        slug="basket-abandoners",
        name=_("Basket abandoners"),
        claim=_("Something has lain in the cart for a day to 30 days, and nothing was ordered since."),
        told=_("Something lies in your cart that you have not ordered."),
        test=_abandons,
        shows=("basket", "basket_age"),
    ),
)
BY_SLUG: Mapping[str, Segment] = {segment.slug: segment for segment in SEGMENTS}
DAYS = frozenset({"recency", "gap", "basket_age"})


def why(segment: Segment, features: Features, person: int) -> dict[str, Any]:
    """Return the numbers that one membership stands on: counts as they are, days to a tenth, shares to a hundredth."""
    found: dict[str, Any] = {}
    for name in segment.shows:
        value = getattr(features, name)[person].item()
        if isinstance(value, int):
            found[name] = value
        elif np.isfinite(value):
            found[name] = round(value, 1 if name in DAYS else 2)
    return found
