"""A learner gets the log and the shelf; nothing in either tells what only the truth knows."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import numpy as np

from django_personalize.core.types import History
from django_personalize.simulator.behaviour import Life, live
from django_personalize.simulator.log import Back, Deed, Line, Log
from django_personalize.simulator.policies import Personal, Popular, Random
from django_personalize.simulator.truth import Truth, Visit
from django_personalize.simulator.world import World, moment
from tests.simulator.small import SMALL

HIDDEN = (Truth, World, Visit, Life)


def reachable(value, found):
    """Collect every object that can be reached from `value` by fields, attributes and elements."""
    if id(value) in found or isinstance(value, str | bytes | int | float | bool | type(None)):
        return found
    found[id(value)] = value
    inner = []
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inner = list(value)
    elif is_dataclass(value):
        inner = [getattr(value, each.name) for each in fields(value)]
    elif hasattr(value, "__dict__"):
        inner = list(vars(value).values())
    for one in inner:
        reachable(one, found)
    return found


def test_nothing_that_a_learner_holds_leads_to_the_truth():
    truth = Truth(SMALL, 0)
    life = Life(truth)
    for visit in life.until(60.0):
        life.happen(visit, truth.shelf.item_keys[:4])
    latent = [value for value in vars(truth).values() if isinstance(value, np.ndarray)]
    assert len(latent) > 5
    for policy in (Personal(seed=0), Popular(), Random(seed=0)):
        policy.learn(life.log, truth.shelf, moment(60.0))
        held = reachable(policy, {})
        assert id(truth.shelf.catalogue) in held or isinstance(policy, Random)
        assert not [value for value in held.values() if isinstance(value, HIDDEN)]
        arrays = [value for value in held.values() if isinstance(value, np.ndarray)]
        assert not [array for array in arrays if any(np.shares_memory(array, hidden) for hidden in latent)]
        assert not [array for array in arrays if any(np.array_equal(array, hidden) for hidden in latent)]


def test_the_log_has_the_columns_of_a_shop_and_no_other():
    columns = {kind: {each.name for each in fields(kind)} for kind in (Line, Back, Deed)}
    assert columns == {
        Line: {"order", "shopper", "item", "quantity", "price", "list_price", "at"},
        Back: {"order", "item", "quantity", "at"},
        Deed: {"kind", "shopper", "at", "item", "slot", "term", "milliseconds"},
    }


def test_orders_are_those_known_at_the_moment():
    log = live(SMALL, seed=0)
    middle = moment(60.0)
    known = [line for line in log.lines if line.at <= middle]
    orders = log.orders(middle)
    assert (len(orders), orders.as_of) == (len(known), middle)
    assert len(known) < len(log.lines)


def test_a_history_is_newest_first_without_what_came_back():
    log = Log(consenting={"ann"})
    log.bought(
        Line(order="1", shopper="ann", item=item, quantity=2, price=1.0, list_price=1.0, at=5.0) for item in ("a", "b")
    )
    log.did(Deed(kind="view_item", shopper="ann", at=7.0, item="c"))
    log.did(Deed(kind="add_to_cart", shopper="ann", at=8.0, item="c"))
    log.returned(Back(order="1", item="b", quantity=2, at=9.0))
    assert log.history("ann") == History(
        item_keys=("c", "a"), kinds=("view_item", "purchase"), times=(7.0, 5.0), quantities=(1, 2)
    )
