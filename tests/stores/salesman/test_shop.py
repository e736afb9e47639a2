"""The adapter against a store with two product types, one of them variants of something that is none."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models import Q
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext, isolate_apps
from salesman.core.utils import get_salesman_model

from django_personalize.capture.orders import reconcile
from django_personalize.checks import check_settings
from django_personalize.conf import settings
from django_personalize.core.tally import Tally
from django_personalize.exceptions import ConfigurationError, ShopError
from django_personalize.integrations.salesman import detected
from django_personalize.models import Event
from django_personalize.testing.contracts import ShopContract
from django_personalize.testing.override import override_personalize
from tests.stores.salesman import fill
from tests.stores.salesman.shop.models import Accessory, Category, Phone, PhoneVariant
from tests.stores.salesman.shopping import key

pytestmark = pytest.mark.django_db
Order, OrderItem, Basket = map(get_salesman_model, ("Order", "OrderItem", "Basket"))
MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _goods(db):
    fill.stock()


@pytest.fixture
def guest():
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    return request


class TestSalesmanShop(ShopContract):
    @pytest.fixture(
        params=[("phone", "photo-phone-2"), ("accessory", "photo-phone-3"), ("phone", "bare")],
        ids=["sold out in every colour", "hidden", "without variants"],
    )
    def case(self, request):
        return request.param

    @pytest.fixture
    def shop(self):
        fill.orders()
        return settings.shop

    @pytest.fixture
    def sellable(self, case):
        return key({"phone": Phone, "accessory": Accessory}[case[0]].objects.first())

    @pytest.fixture
    def sold_out(self, case):
        Phone.objects.create(name="B", slug="bare", base_price=1, category=Category.objects.first(), created=MOMENT)
        return key(Phone.objects.get(slug=case[1]))


def phone(slug="office-phone-0"):
    return Phone.objects.get(slug=slug)


def variant(color="black", slug="office-phone-0"):
    return PhoneVariant.objects.get(phone__slug=slug, color=color)


def ordered(ref, thing, *, status="COMPLETED", paid=False, **changes):
    order = Order.objects.create(ref=ref, status=status, user=changes.pop("user", None))
    values = {"quantity": 1, "unit_price": Decimal("9.50")} | changes
    values |= {"subtotal": values["quantity"] * values["unit_price"]}
    values.setdefault("total", values["subtotal"])
    kind = ContentType.objects.get_for_model(thing)
    OrderItem.objects.create(
        order=order, product_type=thing._meta.label, product_content_type=kind, product_id=thing.pk, **values
    )
    if paid:
        order.pay(Decimal("9.50"), "T")
    return order


def lines(**asked):
    return list(settings.shop.lines(**asked))


# What is sold, and as what it is shown.


def test_a_phone_says_what_its_own_fields_are_named_for(guest):
    [item] = settings.shop.items([key(phone())], request=guest).values()
    assert (item.title, item.url, item.category, item.brand) == (
        "Office phone 0", "/phones/office-phone-0/", "Office", "Nokia"
    )  # fmt: skip
    assert (item.image, item.currency, item.created) == ("", "", phone().created)
    assert item.obj == phone()


def test_an_accessory_has_a_picture(guest):
    thing = Accessory.objects.get(name="Office case 1")
    assert settings.shop.items([key(thing)], request=guest)[key(thing)].image == thing.image


def test_a_phone_costs_what_its_cheapest_variant_that_can_be_bought_costs(guest):
    """The gold one would be 120, the others cost what the phone does; who is a member pays a tenth less."""
    one, member = phone("office-phone-2"), RequestFactory().get("/")
    member.user = User.objects.create_user("mia")
    prices = [settings.shop.items([key(one)], request=each)[key(one)].price for each in (guest, member, None)]
    assert prices == [Decimal("120.00"), Decimal("108.00"), None]
    one.variants.exclude(color="gold").update(price=150)
    assert settings.shop.items([key(one)], request=guest)[key(one)].price == Decimal("120.00")
    one.variants.filter(color="gold").update(stock=0)
    assert settings.shop.items([key(one)], request=guest)[key(one)].price == Decimal("150.00")


def test_a_product_whose_price_cannot_be_told_costs_nothing_known(guest, monkeypatch, caplog):
    monkeypatch.setattr(Accessory, "get_price", lambda self, request: 1 / 0)
    thing = Accessory.objects.first()
    assert settings.shop.items([key(thing)], request=guest)[key(thing)].price is None
    assert "product_value_unreadable" in caplog.text


def test_the_number_of_queries_is_that_of_the_types_and_not_of_the_keys(guest):
    few, many = ([key(each) for model in (Phone, Accessory) for each in model.objects.all()[:n]] for n in (1, 12))
    counts = Counter()
    for keys in (few, many):
        for name in ("items", "sellable", "group_of"):
            asked = {} if name == "group_of" else {"request": guest}
            with CaptureQueriesContext(connection) as queries:
                getattr(settings.shop, name)(keys, **asked)
            counts[name, len(keys)] = len(queries)
    assert counts == {
        ("items", 2): 3, ("items", 24): 3,  # phones, their variants, accessories
        ("sellable", 2): 2, ("sellable", 24): 2,
        ("group_of", 2): 2, ("group_of", 24): 2,
    }  # fmt: skip


def test_sellable_keeps_the_order_and_names_each_key_once():
    keys = [key(Accessory.objects.get(name="Music case 3")), key(phone()), key(phone("photo-phone-3"))]
    assert settings.shop.sellable([*keys, "shop.Category:1", "7", keys[0]]) == keys[:2]


def test_what_is_newest_comes_from_all_types(guest):
    Phone.objects.filter(slug="music-phone-1").update(created=datetime(2026, 2, 2, tzinfo=UTC))
    Accessory.objects.filter(name="Music case 1").update(created=datetime(2026, 2, 1, tzinfo=UTC))
    assert [item.title for item in settings.shop.newest(3, request=guest)] == [
        "Music phone 1", "Music case 1", "Photo case 5"
    ]  # fmt: skip


def test_a_variant_is_shown_as_its_phone_and_remembered():
    black, thing = variant(), Accessory.objects.first()
    shop = settings.shop
    assert (shop.item_key(black), shop.variant_key(black)) == (key(phone()), key(black))
    assert (shop.item_key(phone()), shop.variant_key(phone())) == (key(phone()), "")
    assert (shop.item_key(thing), shop.variant_key(thing)) == (key(thing), "")
    assert shop.group_of([key(black), key(phone()), key(thing), "shop.PhoneVariant:999", "shop.Category:1", "x"]) == {
        key(black): key(phone()), key(phone()): key(phone()), key(thing): key(thing)
    }  # fmt: skip


def test_the_key_of_an_object_costs_no_query(django_assert_num_queries):
    black = PhoneVariant.objects.get(pk=variant().pk)
    with django_assert_num_queries(0):
        settings.shop.item_key(black), settings.shop.variant_key(black)


def test_a_price_may_be_said_of_the_variants(guest):
    with types(**{"shop.PhoneVariant": {"group": "phone", "price": "stock"}}):
        assert settings.shop.items([key(phone())], request=guest)[key(phone())].price == Decimal(10)
        assert settings.shop.items([key(phone())])[key(phone())].price is None


@pytest.mark.parametrize("thing", ["Lantern", Category(pk=1), Phone(name="unsaved")])
def test_something_else_than_a_product_has_no_key(thing):
    with pytest.raises(ShopError, match=r"is no saved object of what this store sells \(shop\.Accessory, shop\.Phone,"):
        settings.shop.item_key(thing)


def test_an_item_is_found_among_the_rows_of_one_model_or_of_all():
    thing = Accessory.objects.get(name="Office case 0")
    assert settings.shop.find("slug", "office-phone-0") == key(phone())
    assert settings.shop.find("code", "OF0") == key(thing)
    thing.pk, twin = 10_000, phone()
    twin.pk, twin.slug = 10_000, "twin"
    thing.save(), twin.save()
    assert settings.shop.find("pk", "10000") is None
    assert settings.shop.find("pk", "10000", model=Phone) == key(twin)
    assert settings.shop.find("base_price", "100.00", model=Phone) is None


def test_facts_are_of_all_items():
    facts = {key: rest for key, *rest in settings.shop.facts()}
    assert len(facts) == Phone.objects.count() + Accessory.objects.count()
    assert facts[key(phone("photo-phone-3"))] == ["Photo", "Fairphone", phone("photo-phone-3").created, "Photo phone 3"]


# What the settings may say.


def types(**given):
    return override_personalize(PRODUCT={"types": given})


def test_without_a_group_each_variant_is_an_item_of_its_own(guest):
    with override_personalize(PRODUCT={}):
        shop = settings.shop
        assert sorted(shop.kinds) == ["shop.Accessory", "shop.PhoneVariant"]
        assert shop.item_key(variant()) == key(variant())
        keys = [key(variant()), key(variant("gold"))]
        assert [item.title for item in shop.items(keys, request=guest).values()] == ["Office phone 0, black"]
        assert shop.items(keys, request=guest)[keys[0]].price == Decimal("100.00")


def test_what_is_said_of_a_model_goes_before_its_names(guest):
    shown, thing = key(phone("photo-phone-3")), Accessory.objects.get(name="Office case 1")
    given = {
        "shop.PhoneVariant": {"group": "phone", "in_stock": None},
        "shop.Phone": {"visible": None, "title": "slug", "price": "base_price"},
        "shop.Accessory": {"image": None, "list_price": "price", "in_stock": Q(pk=thing.pk)},
    }
    with override_personalize(PRODUCT={"types": given, "currency": "EUR"}):
        item = settings.shop.items([shown], request=guest)[shown]
        assert (item.title, item.price, item.currency) == ("photo-phone-3", Decimal("130.00"), "EUR")
        assert key(phone("photo-phone-2")) in settings.shop.items([key(phone("photo-phone-2"))])
        assert [item.image for item in settings.shop.newest(99) if item.obj._meta.model is Accessory] == [""]
        ordered("2026-1", thing)
        assert lines()[0].currency == "EUR"


def test_a_parent_that_is_sold_itself_needs_no_variant(guest, monkeypatch):
    bare = Phone.objects.create(name="B", slug="b", base_price=1, category=Category.objects.first(), created=MOMENT)
    from salesman.conf import app_settings

    product_types = {**app_settings.SALESMAN_PRODUCT_TYPES, "shop.Phone": None}
    monkeypatch.setitem(vars(app_settings), "SALESMAN_PRODUCT_TYPES", product_types)
    monkeypatch.setattr(Phone, "get_price", lambda self, request: Decimal("80.00"), raising=False)
    with types(**{"shop.PhoneVariant": {"group": "phone"}}):
        items = settings.shop.items([key(bare), key(phone())], request=guest)
        assert {key: item.price for key, item in items.items()} == dict.fromkeys([key(bare), key(phone())], Decimal(80))
        assert settings.shop.item_key(variant()) == key(phone())


VARIANT = {"group": "phone"}
KNOWN = "Known keys: group, in_stock, price, visible."


@pytest.mark.parametrize(
    ("product", "code", "message", "hint"),
    [
        ({"title": "name"}, "E003", "unknown key 'title'.", "Known keys: currency, types."),
        ({"types": {"shop.Accesory": {}}}, "E003", "unknown key 'shop.Accesory'.", "Did you mean 'shop.Accessory'?"),
        ({"types": {"shop.Accessory": {"titel": "name"}}}, "E003", "unknown key 'titel'.", "Did you mean 'title'?"),
        ({"types": {"shop.PhoneVariant": VARIANT | {"image": "x"}}}, "E003", "unknown key 'image'.", KNOWN),
        ({"types": {"shop.PhoneVariant": {"group": "fone"}}}, "E005", "It has: phone.", '"group": "phone"'),
        ({"types": {"shop.PhoneVariant": {"group": "color"}}}, "E005", "It has: phone.", '"group": "phone"'),
        ({"types": {"shop.PhoneVariant": VARIANT | {"visible": "x"}}}, "E008", "wanted a condition", '"visible": Q(x'),
        ({"types": {"shop.Accessory": {"brand": "nmae"}}}, "E005", 'no field "nmae"', 'Did you mean "name"?'),
    ],
)
def test_a_wrong_mapping_is_told_with_what_mends_it(product, code, message, hint):
    with override_personalize(PRODUCT={"types": {"shop.PhoneVariant": VARIANT}, **product}):
        found = [each for each in check_settings() if each.id == f"personalize.{code}"]
        assert len(found) == 1
        assert message in found[0].msg
        assert hint in found[0].hint
        labels = [label for label in product.get("types", {}) if label != "shop.Accesory"]
        assert all(f'PERSONALIZE["PRODUCT"]["types"]["{label}"]' in found[0].msg for label in labels)


@pytest.mark.parametrize("given", [["shop.Accessory"], "shop.Accessory", {"shop.Accessory": "brand"}])
def test_types_that_are_no_dict_of_dicts_are_told(given):
    with override_personalize(PRODUCT={"types": given}):
        [found] = [each for each in check_settings() if each.id == "personalize.E007"]
    assert f"is {given!r}; wanted a dict of dicts" in found.msg


def test_the_basket_is_the_accounts_or_ends_with_the_session(rf):
    request = rf.get("/")
    request.user = AnonymousUser()
    assert (settings.shop.cart_in_session(request), settings.shop.cart_of_account(request)) == (True, False)
    request.user = User(pk=1)
    assert (settings.shop.cart_in_session(request), settings.shop.cart_of_account(request)) == (False, True)


def test_a_key_that_is_written_otherwise_is_the_same_item():
    key = settings.shop.newest(1)[0].key
    label, _, own = key.partition(":")
    assert settings.shop.group_of([f"{label}:0{own}"]) == {f"{label}:0{own}": key}


def test_a_group_that_leads_nowhere_says_so_where_it_is_read():
    with types(**{"shop.PhoneVariant": {"group": "fone"}}), pytest.raises(ConfigurationError, match=r"It has: phone\."):
        settings.shop.newest(1)


# What was sold.


def test_the_back_fill_counts_what_the_store_counts():
    fill.orders()
    report = reconcile()
    statuses = Counter(Order.objects.values_list("status", flat=True))
    paid = Q(status__in=fill.PAID) | Q(status="CANCELLED", payments__isnull=False)
    sold = Order.objects.filter(paid)
    came_back = sold.filter(status__in=("REFUNDED", "CANCELLED"))
    assert set(statuses) == set(fill.STATUSES)
    assert report.orders == sold.count() == 245
    assert report.lines == OrderItem.objects.filter(order__in=sold).count() == settings.shop.count_lines()
    assert report.refunds == OrderItem.objects.filter(order__in=came_back).count()
    assert Event.objects.filter(kind="purchase").count() == report.lines
    assert Event.objects.values("transaction_id").distinct().count() == report.orders
    assert not report.tally
    assert reconcile().written == 0


def test_the_lines_are_one_query_and_one_per_type_for_what_they_are_shown_as(django_assert_num_queries):
    fill.orders()
    with django_assert_num_queries(3):
        lines()


def test_a_line_says_what_when_who_and_as_what_it_is_shown():
    mia = User.objects.create_user("mia")
    order = ordered("2026-1", variant(), user=mia, quantity=3)
    [line] = lines()
    assert (line.key, line.order_key) == (str(order.items.get().pk), "2026-1")
    assert (line.item_key, line.variant_key) == (key(phone()), key(variant()))
    assert (line.quantity, line.cancelled_quantity, line.cancelled_at) == (3, 0, None)
    assert (line.price, line.list_price, line.currency, line.user_key) == (Decimal("9.50"), None, "", str(mia.pk))
    assert line.placed_at == order.date_created


def test_a_line_that_was_reduced_costs_what_was_paid_and_says_what_it_would_have():
    ordered("2026-1", variant(), quantity=2, total=Decimal("15.00"))
    [line] = lines()
    assert (line.price, line.list_price) == (Decimal("7.5"), Decimal("9.50"))


@pytest.mark.parametrize(
    ("status", "paid", "sold", "back"),
    [
        ("NEW", False, False, 0),
        ("CREATED", False, False, 0),
        ("HOLD", True, False, 0),
        ("FAILED", False, False, 0),
        ("PROCESSING", False, True, 0),
        ("SHIPPED", True, True, 0),
        ("COMPLETED", False, True, 0),
        ("REFUNDED", False, True, 2),
        ("CANCELLED", False, False, 2),
        ("CANCELLED", True, True, 2),
    ],
)
def test_what_a_status_means(status, paid, sold, back):
    order = ordered("2026-1", variant(), status=status, paid=paid, quantity=2)
    [line] = lines(order_keys=["2026-1"])
    assert (line.sold, line.cancelled_quantity) == (sold, back)
    assert line.cancelled_at == (order.date_updated if back else None)
    assert len(lines()) == settings.shop.count_lines() == int(sold)


def test_the_store_may_count_an_order_from_its_making_on():
    ordered("2026-1", variant(), status="HOLD")
    with override_personalize(ORDER_LINES={"placed": ~Q(order__status__in=["NEW", "CREATED", "FAILED"])}):
        assert [line.sold for line in lines()] == [True]


def test_a_line_whose_product_is_gone_is_counted():
    ordered("2026-1", variant("gold"))
    variant("gold").delete()
    ordered("2026-2", Category.objects.first())  # a type that is no longer sold
    tally = Tally()
    assert len(list(settings.shop.lines(tally=tally))) == 2
    assert tally.counts == {"product_gone": 2}


# What is in the basket.


def asked(method="post", *, user=None, **session):
    request = getattr(RequestFactory(), method)("/")
    request.user, request.session = user or AnonymousUser(), session
    return request


def held(request, **how):
    found = settings.shop.cart(request, **how)
    return None if found is None else [(each.item_key, each.variant_key, each.quantity) for each in found]


def test_a_basket_is_read_and_none_is_made(django_assert_num_queries):
    thing, black = Accessory.objects.first(), variant()
    one = Basket.objects.create()
    one.add(black, 2), one.add(thing), one.add(black, 3, ref="engraved")
    expected = [(key(thing), "", 1), (key(phone()), key(black), 5)]
    assert held(asked(BASKET_ID=one.pk)) == expected
    with django_assert_num_queries(1):
        assert held(asked(BASKET_ID=one.pk)) == expected
    with django_assert_num_queries(0):
        assert held(asked()) == []
    assert held(asked(BASKET_ID=one.pk + 1)) == held(asked(BASKET_ID="what")) == []
    assert Basket.objects.count() == 1


def test_an_accounts_baskets_and_the_one_it_brings_are_one_already():
    mia, black, thing = User.objects.create_user("mia"), variant(), Accessory.objects.first()
    theirs, other, brought = Basket.objects.create(user=mia), Basket.objects.create(user=mia), Basket.objects.create()
    theirs.add(black, 1), other.add(thing, 1), brought.add(black, 1)
    before = held(asked(user=mia, BASKET_ID=brought.pk))
    assert before == [(key(thing), "", 1), (key(phone()), key(black), 2)]
    request = asked(user=mia, BASKET_ID=brought.pk)
    Basket.objects.get_or_create_from_request(request)
    assert held(request) == before


def test_somebody_elses_basket_is_not_read_by_its_number():
    theirs = Basket.objects.create(user=User.objects.create_user("mia"))
    theirs.add(variant())
    assert held(asked(BASKET_ID=theirs.pk)) == []


def test_a_page_that_touched_no_basket_is_not_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert held(asked("get"), touched=False) is None
        assert held(asked("get"), touched=True) is None  # nobody has looked at the session


def test_what_is_no_product_is_left_out_of_the_basket_and_counted():
    one, tally = Basket.objects.create(), Tally()
    one.add(variant()), one.add(Category.objects.first())
    assert held(asked(BASKET_ID=one.pk), tally=tally) == [(key(phone()), key(variant()), 1)]
    assert tally.counts == {"cart_names_no_item": 1}


def test_the_adapter_is_what_the_settings_name():
    assert django_settings.PERSONALIZE["SHOP"] == "django_personalize.integrations.salesman.SalesmanShop"
    assert settings.shop.has_cart
    assert {watched.model._meta.label for watched in settings.shop.watched()} == {
        "salesmanbasket.Basket", "salesmanbasket.BasketItem", "salesmanorders.Order", "salesmanorders.OrderItem",
        "salesmanorders.OrderPayment",
    }  # fmt: skip


# What the models' own names say.


@isolate_apps("tests.stores.salesman.shop")
def test_names_that_say_what_hides_and_what_is_sold_out_are_read():
    class Book(models.Model):
        title = models.CharField(max_length=20)
        genre = models.CharField(max_length=20)
        cover = models.ImageField() if find_spec("PIL") else models.FileField()
        published = models.BooleanField()
        is_hidden = models.BooleanField()
        archived_at = models.DateTimeField(null=True)
        num_in_stock = models.IntegerField(null=True)

        class Meta:
            app_label = "shop"

        def __str__(self):
            return self.title

    assert detected(Book) == {
        "title": "title",
        "image": "cover",
        "category": "genre",
        "stock": "num_in_stock",
        "visible": Q(published=True, is_hidden=False, archived_at__isnull=True),
        "in_stock": Q(num_in_stock__gt=0) | Q(num_in_stock__isnull=True),
    }
