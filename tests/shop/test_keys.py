from uuid import UUID

import pytest
from django.db import models

from django_personalize.shop.keys import key_held, key_of, pk_of, pks_of, value_of
from example_shop.shop.models import Product
from tests.shop.odd.models import Gadget, Poster, Tile

HEX = "0123456789abcdef0123456789abcdef"
DASHED = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("pk", "key"),
    [(7, "7"), (UUID(HEX), DASHED), ("red-lamp", "red-lamp"), (("a,b", 7), "a%2Cb,7"), (("ü/%", 1), "%C3%BC%2F%25,1")],
)
def test_a_key_is_the_text_of_a_primary_key(pk, key):
    assert key_of(pk) == key


@pytest.mark.parametrize(
    ("model", "key", "pk"),
    [
        (Product, "7", 7),
        (Gadget, DASHED, UUID(HEX)),
        (Gadget, HEX, UUID(HEX)),
        (Gadget, HEX.upper(), UUID(HEX)),
        (Poster, "red-lamp", "red-lamp"),
        (Tile, "a%2Cb,7", ("a,b", 7)),
        (Tile, "%C3%BC%2F%25,1", ("ü/%", 1)),
    ],
)
def test_a_key_leads_back_to_the_primary_key(model, key, pk):
    assert pk_of(model, key) == pk
    assert key_of(pk) == key or model is Gadget


@pytest.mark.parametrize("model", [Product, Gadget, Poster, Tile])
@pytest.mark.parametrize("key", ["", "\x00", "a\x00b", "\ud800"])
def test_nonsense_is_no_key_and_no_error(model, key):
    assert pk_of(model, key) is None


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (Product, "x"),
        (Product, "1.5"),
        (Product, "9" * 30),
        (Product, "-" + "9" * 30),
        (Product, "9" * 5_000),
        (Product, "nan"),
        (Gadget, "7"),
        (Gadget, HEX[1:]),
        (Tile, "a"),
        (Tile, ","),
        (Tile, ",7"),
        (Tile, "a,"),
        (Tile, "a,b"),
        (Tile, "a,1,2"),
        (Tile, "a,%00"),
    ],
)
def test_what_the_column_cannot_hold_is_no_key(model, key):
    assert pk_of(model, key) is None


@pytest.mark.parametrize("text", ["1e1000000", "12345678901.5", "1.005", "nan", "1e-1000000"])
def test_a_decimal_key_is_one_that_the_column_can_hold(text):
    field = models.DecimalField(max_digits=6, decimal_places=2)
    assert value_of(Product, field, text) is None
    assert str(value_of(Product, field, "12.5")) == "12.50"


def test_half_of_a_surrogate_pair_in_a_key_of_several_columns_is_no_error():
    assert pk_of(Tile, key_of(("\ud800", 7))) == ("\ufffd" * 3, 7)


def test_keys_are_given_once_each_and_in_order():
    assert list(pks_of(Product, ["7", "x", "8", "7"])) == ["7", "8"]


def test_what_a_row_holds_has_a_key_even_before_it_is_read_again():
    assert key_held(Gadget._meta.pk, HEX) == DASHED
    assert key_held(Product._meta.pk, "7") == "7"
    assert key_held(Tile._meta.pk, ("a", "7")) == "a,7"
    assert key_held(Tile._meta.pk, ("a", None)) == ""
    assert key_held(Product._meta.pk, None) == ""
