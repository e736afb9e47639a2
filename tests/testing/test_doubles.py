from dataclasses import replace

import pytest

from django_personalize.core.types import CartLine, ConsentState, Purpose
from django_personalize.testing.contracts import StepContract, TrainerContract
from django_personalize.testing.doubles import MemoryStep, SingularTrainer, StaticConsent


class TestSingularTrainer(TrainerContract):
    @pytest.fixture
    def trainer(self):
        return SingularTrainer()


class TestMemoryStep(StepContract):
    @pytest.fixture
    def step(self, monkeypatch):
        monkeypatch.setattr(MemoryStep, "keys", ("2", "1", "3"))
        return MemoryStep()


def test_nothing_is_granted_until_a_test_says_so():
    assert StaticConsent().states(None) == dict.fromkeys(Purpose, ConsentState.UNKNOWN)


def test_a_memory_shop_has_variants_carts_and_orders_that_do_not_count(memory_shop):
    memory_shop.variants = {"1-red": "1"}
    memory_shop.basket = [CartLine(item_key="2", quantity=1), CartLine(item_key="1", variant_key="1-red", quantity=2)]
    memory_shop.channel = "b2b"
    shop = memory_shop()
    red = replace(memory_shop.stock["1"], key="1-red")
    assert (shop.item_key(red), shop.variant_key(red)) == ("1", "1-red")
    assert shop.group_of(["1-red", "1", "9"]) == {"1-red": "1", "1": "1"}
    assert shop.sellable(["4", "3", "1-red", "1"]) == ["3", "1"]
    assert [line.item_key for line in shop.cart(None)] == ["1", "2"]
    assert (shop.has_cart, shop.scope(None)) == (True, "b2b")
    assert shop.watched() == []
