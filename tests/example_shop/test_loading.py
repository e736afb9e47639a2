"""Filling the shop: repeatable, whole or not at all, and never at the cost of an order placed in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from example_shop.data.cleaning import CleanShop
from example_shop.shop import loading
from example_shop.shop.demo_accounts import ADMIN, DEMO_ACCOUNTS
from example_shop.shop.loading import ShopNotEmpty, load
from example_shop.shop.models import Category, DataLoad, Order, OrderLine, Product

from .conftest import raw_shop

AS_OF = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CUSTOMER = DEMO_ACCOUNTS[0].customer
ROWS = [
    ("1", "22000", "RED RETROSPOT MUG", 2, "2011-11-01 10:00:00", 2.55, CUSTOMER),
    ("1", "22001", "VANILLA CANDLE", 3, "2011-11-01 10:00:00", 1.25, CUSTOMER),
    ("2", "22000", "RED RETROSPOT MUG", 1, "2011-11-28 15:30:00", 2.55, ""),
    ("3", "22001", "VANILLA CANDLE", 4, "2011-12-05 10:00:00", 1.25, "17000"),
    ("C4", "22001", "VANILLA CANDLE", -4, "2011-12-06 11:00:00", 1.25, "17000"),
    ("5", "22002", "NEXT DAY CARRIAGE", 1, "2011-12-09 12:50:00", 15.0, "17000"),
]


@pytest.fixture
def small_data(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(loading, "read", lambda: raw_shop(ROWS))


@pytest.mark.django_db
@pytest.mark.usefixtures("small_data")
class TestLoading:
    def test_orders_are_written_as_they_were_and_moved_to_this_week(self) -> None:
        report = load(AS_OF)
        assert (report.outcome, report.weeks) == ("loaded", 780)
        rows = Order.objects.order_by("placed_at").values_list("number", "user__username", "email", "status")
        assert list(rows) == [
            ("1", "clara", "clara@example.com", "delivered"),
            ("2", None, "guest-2@example.com", "delivered"),
            ("3", "customer-17000", "customer-17000@example.com", "cancelled"),
            ("5", "customer-17000", "customer-17000@example.com", "placed"),
        ]
        placed = timezone.localtime(Order.objects.get(number="5").placed_at)
        assert f"{placed:%A %Y-%m-%d %H:%M}" == "Friday 2026-11-20 12:50"

    def test_what_went_back_stays_on_its_line_and_dates_the_cancellation(self) -> None:
        load(AS_OF)
        line = OrderLine.objects.get(order__number="3")
        assert (line.quantity, line.returned_quantity) == (4, 4)
        assert line.returned_at == line.order.cancelled_at == datetime(2026, 11, 17, 11, 0, tzinfo=UTC)

    def test_what_is_no_gift_is_hidden_but_keeps_its_orders(self) -> None:
        load(AS_OF)
        assert list(Product.objects.filter(is_visible=False).values_list("code", flat=True)) == ["22002"]
        assert OrderLine.objects.filter(product__code="22002").count() == 1

    def test_only_the_demo_accounts_can_log_in(self) -> None:
        load(AS_OF)
        for account in (*DEMO_ACCOUNTS[:1], ADMIN):
            assert authenticate(username=account.username, password=account.password) is not None
        assert not get_user_model().objects.get(username="customer-17000").has_usable_password()
        assert get_user_model().objects.get(username=ADMIN.username).is_superuser

    def test_a_second_load_finds_the_first_and_changes_nothing(self) -> None:
        load(AS_OF)
        before = list(OrderLine.objects.values_list())
        assert load(AS_OF + timedelta(days=4)).outcome == "fresh"
        assert list(OrderLine.objects.values_list()) == before

    def test_an_interrupted_load_leaves_nothing_and_the_next_one_succeeds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(loading, "_write_lines", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                load(AS_OF)
        assert not Product.objects.exists()
        assert not Order.objects.exists()
        assert not get_user_model().objects.exists()
        assert load(AS_OF).outcome == "loaded"

    def test_stale_dates_move_by_whole_weeks_and_orders_placed_here_stay(self) -> None:
        load(AS_OF)
        before = {order.number: order for order in Order.objects.all()}
        ours = Order.objects.create(email="me@example.com", placed_at=AS_OF)
        Order.objects.filter(number="5").update(status="cancelled", cancelled_at=AS_OF)
        report = load(AS_OF + timedelta(weeks=30, days=2))
        assert (report.outcome, report.weeks) == ("moved", 810)
        ours.refresh_from_db()
        assert ours.placed_at == AS_OF
        for number, was in before.items():
            now = timezone.localtime(Order.objects.get(number=number).placed_at)
            then = timezone.localtime(was.placed_at)
            assert now.replace(tzinfo=None) - then.replace(tzinfo=None) == timedelta(weeks=30)
        returned = OrderLine.objects.get(order__number="3")
        assert returned.returned_at == returned.order.cancelled_at
        assert f"{timezone.localtime(returned.returned_at):%A %H:%M}" == "Tuesday 11:00"
        assert Order.objects.get(number="5").cancelled_at == AS_OF
        assert load(AS_OF + timedelta(weeks=30, days=3)).outcome == "fresh"

    def test_a_shop_with_orders_of_its_own_is_refused_with_the_way_out(self) -> None:
        Order.objects.create(email="me@example.com")
        with pytest.raises(ShopNotEmpty, match=r"0 products and 1 orders that were not loaded.*--replace"):
            load(AS_OF)
        with pytest.raises(CommandError, match="--replace"):
            call_command("load_shop", verbosity=0)
        assert Order.objects.count() == 1

    def test_replace_empties_the_shop_first(self) -> None:
        load(AS_OF)
        Order.objects.create(email="me@example.com")
        assert load(AS_OF, replace=True).outcome == "replaced"
        assert (Order.objects.count(), DataLoad.objects.count(), Product.objects.count()) == (4, 1, 3)

    def test_existing_users_of_the_same_name_are_left_alone(self) -> None:
        mine = get_user_model().objects.create_user(ADMIN.username, "boss@example.com", "my own password")
        load(AS_OF)
        mine.refresh_from_db()
        assert mine.check_password("my own password")
        assert not mine.is_superuser

    def test_the_command_reports_every_count_and_how_to_log_in(self) -> None:
        out = StringIO()
        call_command("load_shop", stdout=out)
        text = out.getvalue()
        for part in ("exact duplicates", "not a product", "went back whole", "by guests", "log in as clara /"):
            assert part in text

    def test_inventions_are_the_same_on_every_load(self) -> None:
        load(AS_OF)
        first = list(Product.objects.order_by("code").values_list("code", "was_price", "stock"))
        load(AS_OF, replace=True)
        assert list(Product.objects.order_by("code").values_list("code", "was_price", "stock")) == first


def _interrupted(*args: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.django_db
def test_the_real_shop_loads_whole(real_shop: CleanShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "clean", lambda raw: real_shop)
    load(AS_OF)
    counts = real_shop.counts
    assert Order.objects.count() == counts.orders
    assert OrderLine.objects.count() == counts.lines
    assert Order.objects.filter(user=None).count() == counts.guest_orders
    assert Order.objects.filter(status="cancelled").count() == counts.cancelled_orders
    assert OrderLine.objects.filter(returned_quantity__gt=0).count() == counts.returned_whole + counts.returned_partly
    assert Category.objects.count() == 19
    month_ago = Order.objects.latest("placed_at").placed_at - timedelta(days=30)
    for account in DEMO_ACCOUNTS:
        orders = Order.objects.filter(user__username=account.username)
        assert orders.filter(placed_at__lt=month_ago).count() >= 8
        assert orders.filter(placed_at__gte=month_ago).count() >= 3
    reduced = Product.objects.filter(was_price__isnull=False).count() / counts.products
    sold_out = Product.objects.filter(stock=0).count() / counts.products
    assert 0.12 < reduced < 0.18
    assert 0.02 < sold_out < 0.06
    assert not Product.objects.reduced().exclude(pk__in=Product.objects.filter(was_price__isnull=False)).exists()
