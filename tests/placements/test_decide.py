from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from django_personalize.core.types import History, Query
from django_personalize.placements.decide import decide
from django_personalize.placements.defaults import PLACEMENTS
from tests.recommend.test_generators import past
from tests.training.small import NOW, model, orders


def test_what_is_dismissed_is_in_no_row_and_not_among_the_best_sellers_that_fill_it():
    shop = model(orders((3, "", "ab"), (2, "", "ab"), (1, "", "abc")))
    query = Query(placement="personal-home", n=3, as_of=datetime.fromtimestamp(NOW, UTC), history=History())

    def chosen(asked):
        decision = decide(PLACEMENTS["personal-home"], asked, shop)
        return {each.item_key for block in decision.blocks for each, _ in block.candidates}, decision.rules

    assert chosen(query) == ({"a", "b", "c"}, ())
    for history in (History(dismissed=frozenset("a")), replace(past(("b", "view_item", 1)), dismissed=frozenset("a"))):
        assert chosen(replace(query, history=history)) == ({"b", "c"}, ("exclude:dismissed",))
