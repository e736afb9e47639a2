"""A picture for every product: well-formed, always the same, and to be kept for a year."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from example_shop.data import assortment
from example_shop.data.cleaning import CleanShop
from example_shop.shop import pictures
from example_shop.shop.pictures import icons
from example_shop.shop.pictures.motifs import motifs_of, pieces_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def without_icons(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def absent(package: str) -> None:
        raise ModuleNotFoundError(package)

    icons.lucide.cache_clear()
    icons.shapes.cache_clear()
    monkeypatch.setattr(icons.resources, "files", absent)
    yield
    icons.lucide.cache_clear()
    icons.shapes.cache_clear()


def test_every_product_has_a_well_formed_picture_of_some_thing(real_shop: CleanShop) -> None:
    drawings = set()
    for product in real_shop.products:
        svg = pictures.picture(product.code, product.name, assortment.category_of(product.name))
        root = ElementTree.fromstring(svg)
        assert root.tag == f"{SVG}svg"
        assert root.findtext(f"{SVG}title") == product.name
        assert root.find(f"{SVG}text") is None
        drawings.add(svg.split("</title>")[1])
    assert len(drawings) > 0.95 * len(real_shop.products)


def test_a_picture_is_always_the_same_for_the_same_product() -> None:
    assert pictures.picture("22423", "Regency Cakestand 3 Tier") == pictures.picture(
        "22423", "Regency Cakestand 3 Tier"
    )


@pytest.mark.parametrize(
    ("name", "motifs"),
    [
        ("Regency Cakestand 3 Tier", ("cake-stand", "rose")),
        ("Jumbo Bag Strawberry", ("handbag", "strawberry")),
        ("White Hanging Heart T-Light Holder", ("tealight-hanging", "heart")),
        ('Letter "L" Bling Key Ring', ("key", "sparkle")),
        ("Skull Hot Water Bottle", ("hot-water-bottle", "skull")),
        ("Grey Owl", ("bird", None)),
        ("Quite Unheard of", ("gift", None)),
    ],
)
def test_names_tell_what_is_drawn(name: str, motifs: tuple[str, str | None]) -> None:
    assert motifs_of(name, "") == motifs


@pytest.mark.parametrize(
    ("name", "pieces"),
    [("Set of 6 Paper Cups", 6), ("Set of Three Gift Wraps", 3), ("4 Candles", 4), ("Cakestand 3 Tier", 1), ("Mug", 1)],
)
def test_names_tell_how_many_are_drawn(name: str, pieces: int) -> None:
    assert pieces_of(name) == pieces


def test_without_the_icon_package_there_is_a_monogram_and_one_warning(
    without_icons: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        first = ElementTree.fromstring(pictures.picture("22000", "Red & Retro <Mug>"))
        pictures.picture("22001", "Blue Mug")
    assert first.findtext(f"{SVG}text") == "RR"
    assert [record.getMessage() for record in caplog.records] == [
        "Product pictures are plain monograms, because the icon package is not installed: pip install lucide"
    ]


def test_a_picture_is_kept_for_a_year_under_the_address_that_pages_use(make_product: Any, client: Client) -> None:
    product = make_product("Red Retrospot Mug", code="22000A")
    answer = client.get(product.picture_url)
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Cookie" not in answer.get("Vary", "")
    assert client.get(product.picture_url, headers={"if-none-match": answer["ETag"]}).status_code == 304
    assert client.get("/pictures/22000A.svg")["Cache-Control"] == "public, max-age=300"
    assert client.get("/pictures/99999.svg").status_code == 404


def test_a_new_name_gives_a_new_address(make_product: Any) -> None:
    product = make_product("Red Mug")
    before = product.picture_url
    product.name = "Blue Mug"
    assert product.picture_url != before
