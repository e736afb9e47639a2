from __future__ import annotations

from dataclasses import replace

import pytest

from django_personalize.core.types import Candidate, Item, Reason
from django_personalize.placements.decide import NOTHING_SET, Block, Decision
from django_personalize.placements.defaults import PLACEMENTS, is_reduced
from django_personalize.placements.fill import fill
from django_personalize.placements.resolve import first_lots, keys_of, whole

HOME = replace(PLACEMENTS["personal-home"], categories=2)


def item(key, **changes):
    return Item(key=key, title=key.upper(), url=f"/{key}/", **changes)


def block(name, n, keys, step="personal"):
    reason = Reason(code="similar_to", anchor="z")
    return Block(
        name=name,
        kind="category" if name else "row",
        n=n,
        candidates=tuple(
            (Candidate(item_key=key, score=1.0, source="s", reason=reason if key == "a" else Reason(code="new")), step)
            for key in keys
        ),
    )


def decision(*blocks, context=()):
    return Decision(placement="p", pipeline="personal", rung="popular", model_version=None, context=context, rules=(),
                    experiment="", variant="", blocks=blocks, newest=True, desk=NOTHING_SET, brought=(),
                    asked="")  # fmt: skip


def filled(chosen, there, *, taken=(), placement=HOME, lots=None, newest=()):
    items = {key: item(key) for key in there}
    found = fill(placement, chosen, items, taken, whole(chosen) if lots is None else lots, newest=newest)
    return found, ["".join(each.item.key for each in row.slots) for row in found.rows]


def test_the_best_that_can_be_sold_stand_in_order_and_are_numbered_over_the_rows():
    chosen = decision(block("", 2, "abcd"), block("x", 3, "abcdefg"))
    found, rows = filled(chosen, "acdefg")
    assert rows == ["ac", "def"]
    assert [each.slot.slot for each in found.slots] == [1, 2, 3, 4, 5]
    assert [each.slot.block for each in found.slots] == ["", "", "x", "x", "x"]


def test_nothing_stands_twice_nor_what_is_taken_nor_what_the_page_is_about():
    chosen = decision(block("", 3, "abcd"), context=("b",))
    assert filled(chosen, "abcd", taken="a")[1] == ["cd"]


def test_a_category_of_one_gives_its_row_to_the_next():
    chosen = decision(block("", 1, "a"), block("x", 2, "bc"), block("y", 2, "de"), block("z", 2, "fg"))
    assert filled(chosen, "abdefg")[1] == ["a", "de", "fg"]


def test_the_newest_fill_the_first_row_alone():
    chosen = decision(block("", 3, "ab"), block("x", 3, "cd"))
    found, rows = filled(chosen, "acd", newest=[item("a"), item("n"), item("m"), item("o")])
    assert rows == ["anm", "cd"]
    assert [(each.step, each.slot.source) for each in found.slots][1] == ("newest", "newest")
    assert found.short == 0


def test_what_a_placement_asks_of_an_item_holds_for_the_newest_too():
    only = replace(HOME, only=is_reduced)
    assert filled(decision(block("", 2, "ab")), "ab", placement=only, newest=[item("n")])[1] == []


def test_the_first_question_is_about_half_as_many_again_and_about_what_rows_above_leave():
    letters = "abcdefghijklmnopqrstuvwxyz"
    chosen = decision(block("", 8, letters), block("x", 6, letters))
    first, second = first_lots(chosen)
    assert ["".join(each.item_key for each, _ in lot) for lot in (first, second)] == [letters[:14], letters[:19]]
    assert set(keys_of([first], chosen)) == {*letters[:14], "z"}  # and the anchor, to be named


@pytest.mark.parametrize(("there", "more"), [("abcdefgh", False), ("bcd", True)])
def test_it_says_whether_asking_for_more_could_fill_a_place(there, more):
    chosen = decision(block("", 4, "abcdefghijklmn"))
    assert filled(chosen, there, lots=first_lots(chosen))[0].more is more
    assert filled(chosen, there)[0].more is False
