import pytest

from django_personalize.core.types import Item, Reason
from django_personalize.placements.reasons import sentence
from django_personalize.recommend.explain import REASONS

LANTERN = {"1": Item(key="1", title="100 % Lantern", url="/1/")}


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_reason_has_a_sentence_with_and_without_its_anchor(code):
    assert sentence(Reason(code=code), {})
    assert sentence(Reason(code=code, anchor="1"), LANTERN)
    assert "%" not in sentence(Reason(code=code, anchor="gone"), LANTERN)


def test_an_anchor_is_named_as_the_shop_names_it():
    assert sentence(Reason(code="because_bought", anchor="1"), LANTERN) == "Because you bought 100 % Lantern"


def test_an_anchor_that_is_no_longer_sold_is_not_named():
    assert sentence(Reason(code="because_bought", anchor="2"), LANTERN) == "Because of your orders"
