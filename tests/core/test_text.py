# ruff: noqa: RUF001  scripts of every kind
import timeit

import pytest

from django_personalize.core.text import LONGEST_READ, impersonal, impersonal_key, printable
from tests.security.personal import PERSONAL

SEARCHES = [
    # What shoppers type.
    "mug", "red mug 350ml", "100% cotton", "stainless-steel-water-bottle-500ml", "24/7", "007 james bond", "50+ spf",
    "Donaudampfschifffahrtsgesellschaftskapitän", "чашка 350 мл", "oʻzbekcha lugʻat", "茶碗", "crème brûlée 4x",
    "00 gauge model train", "(2023) diary", "puzzle 1000 pieces 50x70", "1:43 model car", "2-3 years", "a4 80g 500",
    # Sizes.
    "40x60", "120 x 200", "90x200x14", "size 38 39", "12 1/2", '1/2"', "10-15 cm", "3.5mm", "12,5 kg", "205/55 R16 91V",
    "M6x20 DIN 912", "800w 220v 50hz", "iphone 15 pro max 256gb", "28/32 jeans", "EU 42", "6 x 9 ft",
    # Article numbers, of up to eight figures, and models.
    "22423", "85123A", "lego 75192", "702.758.14", "7027 5814", "WH1000XM4", "SM-G991B", "PS5 CFI-1215A", "B07XJ8C8F5",
    "cr2032", "DW-5600E-1V", "A1 2403", "art. 1234567",
    # Codes on products: EAN-8, UPC-A, EAN-13, ISBN-13, GTIN-14.
    "73513537", "036000291452", "4006381333931", "5901234123457", "4780007230018", "9783161484100", "978-3-16-148410-0",
    "ean 4006381333931", "10012345678902",
]  # fmt: skip


@pytest.mark.parametrize("text", SEARCHES)
def test_what_a_shop_is_searched_by_is_kept(text):
    assert impersonal(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  red \t mug\n", "red mug"),
        ("mug for anna@example.com please", "mug for please"),
        ("mug anna @ example.com", "mug"),
        ("call +998 90 123 45 67 now", "call now"),
        ("tel:+998901234567 mug", "mug"),
        ("mug 4111 1111 1111 1111", "mug"),
        ("GB82 WEST 1234 5698 7654 32 mug", "mug"),
        ("key sk_live_4eC39HqLyjWDarjtT1zdp7dc", "key"),
        ("see https://shop.example/?token=1 mug", "see mug"),
        ("mug\0 \ud800cup", "mug cup"),
        ("ｍｕｇ", "mug"),
        ("mug\u200b cup", "mug cup"),
    ],
)
def test_what_may_be_personal_is_left_out_and_the_rest_is_kept(text, kept):
    assert impersonal(text) == kept


@pytest.mark.parametrize("text", ["12345678905 ", "4111111111111112", "1234567890", "04465-02220", "0-306-40615-2"])
def test_a_number_that_might_be_either_is_left_out(text):
    assert impersonal(text) == ""


@pytest.mark.parametrize("text", ["related", "promo-2026-summer", "L_10001", "7f7e0c1e-3c3b-4f57-8a2f-9be1d1f1c0aa"])
def test_a_key_of_the_shops_content_is_kept(text):
    assert impersonal_key(text) == text


@pytest.mark.parametrize("text", PERSONAL[::10])
def test_a_key_that_may_be_somebodys_is_none(text):
    kept = impersonal_key(text)
    assert kept == "" or kept.count("-") == 4  # a UUID is a key of the shop's


def test_a_long_text_is_read_up_to_a_whole_word():
    assert impersonal("mug " * 5_000) == ("mug " * (LONGEST_READ // 4)).strip()
    assert impersonal("x" * (LONGEST_READ - 6) + " anna@example.com") == "x" * (LONGEST_READ - 6)


@pytest.mark.parametrize(
    "text", ["1" * 9_000, "a" * 9_000, "1 " * 4_000, "1a" * 4_000, "gb82 " * 2_000, "@ " * 4_000, "1 ()" * 2_000]
)
def test_no_text_takes_long(text):
    assert timeit.timeit(lambda: impersonal(text), number=10) / 10 < 0.02


def test_what_no_database_keeps_is_no_text():
    assert printable("a\0b\ud800c\udfffd") == "abcd"
