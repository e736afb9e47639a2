"""The demo command where it meets trouble; that it runs whole is tried by CI, in a clone of its own."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from django_personalize.models import ModelVersion
from example_shop.data.cleaning import clean
from example_shop.data.raw import read
from example_shop.demo import learning
from example_shop.demo.management.commands import demo
from example_shop.shop.loading import ShopNotEmpty
from tests.shops import product

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_port_in_use_is_told_before_any_work_with_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"Port {port} is in use.*--port {port + 1}"):
            call_command("demo", port=port)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (KeyboardInterrupt(), "Nothing is half done: run the command again"),
        (OperationalError("database is locked"), "database is locked.*Stop it, and run this command again"),
    ],
)
def test_an_end_in_the_middle_says_that_it_is_safe_to_repeat(monkeypatch, trouble, words):
    def fail(*args, **options):
        raise trouble

    monkeypatch.setattr(demo, "call_command", fail)
    with pytest.raises(CommandError, match=words):
        call_command("demo", no_serve=True)


@pytest.mark.django_db
def test_a_shop_that_is_not_the_demos_is_left_alone(monkeypatch):
    monkeypatch.setattr(demo, "Measuring", Measured)
    product("Somebody's own")
    with pytest.raises(CommandError, match="load_shop --replace"):
        call_command("demo", no_serve=True)
    with pytest.raises(ShopNotEmpty):
        demo.load()


@pytest.mark.parametrize("code", ["import sys; sys.exit('no such file')", "print()"])
def test_a_measurement_that_failed_is_no_table(monkeypatch, tmp_path, code):
    broken = tmp_path / "manage.py"
    broken.write_text(code)
    monkeypatch.setattr(learning, "MANAGE", broken)
    with learning.Measuring() as measuring, pytest.raises(learning.MeasurementFailed, match=r"no such file|nothing"):
        measuring.table()


@pytest.mark.django_db
def test_a_failed_measurement_ends_the_demo_and_is_not_kept_as_its_result(monkeypatch):
    class Failing(Measured):
        def table(self):
            raise learning.MeasurementFailed("The measurement failed: no such file")

    version = ModelVersion.objects.create(
        directory="d", manifest_sha256="", as_of=NOW, created_at=NOW, fingerprint="", seconds=1.0, metrics={"kept": 1}
    )
    monkeypatch.setattr(demo, "Measuring", Failing)
    monkeypatch.setattr(demo.Command, "_load", lambda self: "loaded")
    monkeypatch.setattr(demo.Command, "_read_orders", lambda self: None)
    monkeypatch.setattr(demo.Command, "_train", lambda self: version)
    with pytest.raises(CommandError, match="no such file"):
        call_command("demo", no_serve=True)
    version.refresh_from_db()
    assert version.metrics == {"kept": 1}


class Measured:
    """Stands where the measuring process would: nothing in these tests gets as far as its table."""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None


def test_what_is_measured_are_the_shops_own_orders_with_their_buyers():
    shop = clean(read())
    orders = learning.orders_of(shop)
    pairs = set(zip(shop.order.tolist(), shop.product.tolist(), strict=True))
    assert (len(orders), len(orders.order_keys)) == (len(pairs), shop.counts.orders)
    assert (len(orders.person_keys), len(orders.item_keys)) == (shop.counts.customers, shop.counts.products)
    assert int(orders.quantity.sum()) == int(shop.quantity.sum())
    assert int(orders.back_quantity.sum()) == shop.counts.returned_pieces
    assert set(learning.catalogue_of(shop).category) == set(orders.item_keys)
