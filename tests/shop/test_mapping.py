from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from django_personalize.core.types import CartLine
from django_personalize.exceptions import ConfigurationError, ShopError
from django_personalize.shop.mapping import MappedShop
from django_personalize.shop.paths import moment
from django_personalize.testing.contracts import ShopContract
from django_personalize.testing.doubles import MemoryShop
from django_personalize.testing.override import override_personalize
from tests.conftest import line
from tests.shops import bought, order, product, user

pytestmark = pytest.mark.django_db


class TestMappedShop(ShopContract):
    @pytest.fixture
    def shop(self):
        return MappedShop()

    @pytest.fixture
    def sellable(self):
        bought(order("A"), thing := product("Lantern"), quantity=3, returned_quantity=1)
        return str(thing.pk)

    @pytest.fixture
    def sold_out(self):
        return str(product("Teapot", stock=0).pk)


class TestMemoryShop(ShopContract):
    @pytest.fixture
    def shop(self, memory_shop):
        memory_shop.orders = [
            line("1", "A", "1", user_key="7", quantity=2, cancelled_quantity=1),
            line("2", "A", "2", user_key="7"),
            line("3", "B", "1", sold=False),
        ]
        memory_shop.basket = [CartLine(item_key="2", quantity=1), CartLine(item_key="1", quantity=1)]
        return MemoryShop()

    @pytest.fixture
    def sellable(self):
        return "1"

    @pytest.fixture
    def sold_out(self):
        return "4"


def test_an_item_is_read_by_the_mapped_paths_in_one_query(django_assert_num_queries):
    made = product("Red Lantern", price="4.95", was_price="6.25", category="Candles", collection="Retrospot")
    with django_assert_num_queries(1):
        [item] = MappedShop().items([str(made.pk)]).values()
    assert (item.title, item.price, item.list_price, item.currency) == (
        "Red Lantern", Decimal("4.95"), Decimal("6.25"), "GBP"
    )  # fmt: skip
    assert (item.category, item.brand, item.url, item.image) == (
        "Candles", "Retrospot", made.get_absolute_url(), made.picture_url
    )  # fmt: skip
    assert item.category_url == made.category.get_absolute_url()
    assert item.obj == made


def test_what_is_hidden_or_sold_out_is_left_out():
    keys = [str(product(f"P{n}", **state).pk) for n, state in enumerate(({}, {"stock": 0}, {"is_visible": False}))]
    assert set(MappedShop().items(keys)) == {keys[0]}


def test_keys_that_are_no_keys_are_left_out_and_cost_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert MappedShop().items(["x", "", "1.5"]) == {}


def test_newest_come_by_date():
    old = product("Old", created=datetime(2020, 1, 1, tzinfo=UTC))
    new = product("New", created=datetime(2026, 1, 1, tzinfo=UTC))
    assert [item.key for item in MappedShop().newest(2)] == [str(new.pk), str(old.pk)]


def test_a_line_says_what_when_who_and_what_came_back():
    placed, back = datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 9, tzinfo=UTC)
    made = bought(
        order("A-1", placed_at=placed, user="mia"), thing := product("Lantern"), quantity=5, unit_price="2.10",
        returned_quantity=2, returned_at=back,
    )  # fmt: skip
    [line] = MappedShop().lines()
    assert (line.key, line.order_key, line.item_key) == (str(made.pk), "A-1", str(thing.pk))
    assert (line.quantity, line.cancelled_quantity, line.cancelled_at, line.placed_at) == (5, 2, back, placed)
    assert (line.price, line.currency, line.user_key) == (Decimal("2.10"), "GBP", str(made.order.user_id))


def test_a_cancelled_order_gives_everything_back_when_it_was_cancelled():
    when = datetime(2026, 1, 9, tzinfo=UTC)
    bought(order("A", status="cancelled", cancelled_at=when), product("Lantern"), quantity=5)
    [line] = MappedShop().lines()
    assert (line.cancelled_quantity, line.cancelled_at) == (5, when)


def test_all_lines_are_one_query(django_assert_num_queries):
    for number in range(3):
        bought(order(f"A{number}"), product(f"P{number}"))
    with django_assert_num_queries(1):
        assert len(list(MappedShop().lines())) == 3


def test_lines_of_one_account():
    for name in ("mia", "leo"):
        bought(order(f"{name}-1", user=name), product(name))
    assert [line.order_key for line in MappedShop().lines(user_key=str(user("mia").pk))] == ["mia-1"]
    assert list(MappedShop().lines(user_key="999999")) == []


def test_an_order_that_does_not_count_is_not_read():
    bought(order("A", status="placed"), product("Lantern"))
    mapping = {**settings.PERSONALIZE["ORDER_LINES"], "placed": ~Q(order__status="placed")}
    with override_personalize(ORDER_LINES=mapping):
        assert MappedShop().count_lines() == 0


def test_a_shop_without_a_quantity_sells_one_per_line_and_without_users_knows_none():
    bought(order("A", user="mia"), product("Lantern"), quantity=7)
    mapping = {**settings.PERSONALIZE["ORDER_LINES"], "qty": None, "user": None}
    with override_personalize(ORDER_LINES=mapping):
        shop = MappedShop()
        [line] = shop.lines()
        assert (line.quantity, line.user_key) == (1, "")
        assert list(shop.lines(user_key="1")) == []


def test_a_mapping_without_an_order_says_what_is_missing():
    mapping = {**settings.PERSONALIZE["ORDER_LINES"], "order": None}
    with override_personalize(ORDER_LINES=mapping), pytest.raises(ConfigurationError, match="lacks order"):
        MappedShop().count_lines()


def test_something_else_than_a_product_has_no_key():
    with pytest.raises(ShopError, match=r"is no saved shop\.Product"):
        MappedShop().item_key("Lantern")


def test_an_item_is_found_by_a_field_only_where_it_is_the_only_one():
    one = product("Lantern")
    assert MappedShop().find("code", one.code) == str(one.pk)
    assert MappedShop().find("code", "no such") is None
    assert MappedShop().find("created", "not a date") is None
    product("Mug", price="9.99"), product("Cup", price="9.99")
    assert MappedShop().find("price", "9.99") is None


def test_facts_say_category_brand_age_and_title():
    made = product("Lantern", category="Candles", collection="Regency", created=datetime(2026, 1, 1, tzinfo=UTC))
    assert list(MappedShop().facts()) == [
        (str(made.pk), "Candles", "Regency", datetime(2026, 1, 1, tzinfo=UTC), "Lantern")
    ]
    assert timedelta(0) == MappedShop().items([str(made.pk)])[str(made.pk)].created - made.created


def test_a_condition_over_many_rows_does_not_repeat_an_item():
    made = product("Lantern")
    for number in range(3):
        bought(order(f"A{number}"), made)
    mapping = {**settings.PERSONALIZE["PRODUCT"], "in_stock": Q(order_lines__quantity__gt=0)}
    with override_personalize(PRODUCT=mapping):
        assert [item.key for item in MappedShop().newest(8)] == [str(made.pk)]


def test_a_condition_that_is_none_is_refused_and_hides_nothing_silently():
    with (
        override_personalize(PRODUCT={**settings.PERSONALIZE["PRODUCT"], "visible": "is_visible"}),
        pytest.raises(ConfigurationError, match=r"wanted a condition, such as Q\(is_visible=True\)"),
    ):
        MappedShop().newest(1)


@pytest.mark.parametrize(("was", "listed"), [("3.00", "3.00"), (None, None)])
def test_a_list_price_is_what_it_was_before_a_reduction(was, listed):
    made = product("Lantern", price="2.00", was_price=was)
    assert MappedShop().items([str(made.pk)])[str(made.pk)].list_price == (listed and Decimal(listed))


def test_a_list_price_that_is_not_higher_is_none():
    made = product("Lantern", price="2.00")
    with override_personalize(PRODUCT={**settings.PERSONALIZE["PRODUCT"], "list_price": "price"}):
        assert MappedShop().items([str(made.pk)])[str(made.pk)].list_price is None


def test_a_naive_time_is_the_projects_and_not_the_askers():
    naive = datetime(2026, 7, 1, 12)
    with timezone.override("Asia/Tashkent"):
        here = moment(naive)
    assert here == moment(naive) == datetime(2026, 7, 1, 11, tzinfo=UTC)
    assert moment(naive.date()) == datetime(2026, 6, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("2026-01-05T09:00:00Z", datetime(2026, 1, 5, 9, tzinfo=UTC)),
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
        ("soon", None),
        ("2026-13-45", None),
        (20260105, None),
        (None, None),
        (datetime(1, 1, 1, tzinfo=timezone.get_fixed_timezone(600)), None),
    ],
)
def test_what_is_no_time_is_none(kept, read):
    assert moment(kept) == read


def test_lines_are_read_page_by_page_without_an_open_cursor(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("django_personalize.shop.lines.PAGE", 2)
    made = [str(bought(order(f"A{number}"), product(f"P{number}")).pk) for number in range(5)]
    with django_assert_num_queries(3):
        assert [line.key for line in MappedShop().lines()] == made
