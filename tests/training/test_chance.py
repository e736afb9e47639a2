from __future__ import annotations

import numpy as np
from scipy import sparse

from django_personalize.training import baskets as floor
from django_personalize.training import dataset
from django_personalize.training.baskets import blocks, matrix
from django_personalize.training.chance import FALSE, associated
from tests.training.small import orders


def pairs(baskets, **options):
    found = associated(baskets, blocks(baskets), **options).tocoo()
    return set(zip(found.row.tolist(), found.col.tolist(), strict=True))


def shop(*baskets):
    purchases = dataset.net(orders(*((1, "", items) for items in baskets)))
    found = pairs(matrix(purchases)[0])
    return {purchases.item_keys[one] + purchases.item_keys[other] for one, other in found}


def world(chance, *, n_baskets=400, n_items=60, bound=()):
    """Baskets of very unequal sizes whose items are drawn independently, some far more popular than others; of the
    pairs in `bound` one brings the other along half of the time.
    """
    popular = np.log(1.0 / np.arange(3, n_items + 3))
    sizes = np.minimum(chance.geometric(0.2, n_baskets) * chance.integers(1, 4, n_baskets), n_items // 2)
    order = np.argsort(-(popular + chance.gumbel(size=(n_baskets, n_items))), axis=1)
    held = np.zeros((n_baskets, n_items))
    np.put_along_axis(held, order, (np.arange(n_items) < sizes[:, None]).astype(float), axis=1)
    for one, other in bound:
        held[:, other] = np.maximum(held[:, other], held[:, one] * (chance.random(n_baskets) < 0.5))
    return sparse.csr_array(held)


def test_a_pair_that_chance_explains_is_left_out():
    assert shop(*["ab", "cd"] * 10) == {"ab", "ba", "cd", "dc"}
    assert shop(*["ab", "cd"] * 2) == set()
    assert shop(*["ab", "cd", "ac", "bd", "ad", "bc"] * 10) == set()


def test_a_few_large_baskets_are_no_evidence_however_rare_their_items():
    single = [chr(ord("A") + place) for place in range(26)] * 4
    assert shop("abcdefgh", "abcdefgh", *single) == set()


def test_independent_baskets_make_no_pair_at_the_stated_rate():
    """Where nothing belongs together, one shop in twenty may show anything at all."""
    chance = np.random.default_rng(1)
    worlds = 40
    wrong = sum(bool(pairs(world(chance))) for _ in range(worlds))
    assert wrong <= 2 * FALSE * worlds
    assert sum(bool(pairs(world(chance), false=0.9)) for _ in range(6)) > 3


def test_what_is_bought_together_is_found_and_at_most_the_stated_share_is_chance():
    chance = np.random.default_rng(2)
    bound = [(one, 59 - one) for one in range(8, 28)]
    real, wrong = 0, 0
    for _ in range(5):
        found = {pair for pair in pairs(world(chance, n_baskets=2_000, bound=bound)) if pair[0] < pair[1]}
        real += len(found & set(bound))
        wrong += len(found - set(bound))
    assert real >= 0.95 * 5 * len(bound)
    assert wrong <= 2 * FALSE * (real + wrong)


def test_pairs_go_both_ways_and_no_item_goes_with_itself():
    found = pairs(world(np.random.default_rng(3), bound=[(8, 50), (9, 51)]))
    assert {(8, 50), (9, 51)} <= found
    assert found == {(other, one) for one, other in found}
    assert all(one != other for one, other in found)


def test_small_blocks_give_the_same_answer(monkeypatch):
    baskets = world(np.random.default_rng(3), bound=[(8, 50), (9, 51)])
    whole = pairs(baskets)
    monkeypatch.setattr(floor, "PAIRS_PER_BLOCK", 1)
    assert pairs(baskets) == whole


def test_a_shop_without_a_basket_of_two_has_no_pair():
    assert shop("a", "b", "a") == set()
