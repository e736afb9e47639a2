from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce, Upper
from django.utils import translation

from django_personalize.exceptions import ShopError
from django_personalize.shop.mapping import MappedShop
from django_personalize.testing.contracts import ShopContract
from django_personalize.testing.override import override_personalize
from tests.shop.odd.models import (
    Boot,
    Cut,
    Gadget,
    Label,
    Lamp,
    LampTranslation,
    Picture,
    Poster,
    Sale,
    SaleLine,
    Shirt,
    Shop,
    Tile,
    TileLine,
)

pytestmark = pytest.mark.django_db

BOOTS = {"model": "odd.Boot", "title": "slug", "price": "price", "group": "parent"}
SHIRTS = {
    "model": "odd.Shirt",
    "title": "name",
    "price": "cuts__price",
    "stock": "cuts__stock",
    "in_stock": Q(cuts__stock__gt=0),
    "variant": "odd.Cut",
    "group": "shirt",
}


def boot(slug, parent=None, **changes):
    return Boot._base_manager.create(slug=slug, parent=parent, **({"price": Decimal("40"), "stock": 1} | changes))


def shirt(slug, *cuts):
    made = Shirt.objects.create(name=slug.title(), slug=slug)
    for size, price, stock in cuts:
        Cut.objects.create(shirt=made, size=size, price=price, stock=stock)
    return made


class TestCompositeKeys(ShopContract):
    @pytest.fixture
    def shop(self, mapped):
        return mapped(
            PRODUCT={"model": "odd.Tile", "price": "price", "visible": Q(is_visible=True)},
            ORDER_LINES={"model": "odd.TileLine", "item": "tile", "order": "order_number", "date": "date"},
        )

    @pytest.fixture
    def sellable(self):
        Tile.objects.create(series="a,b", number=7)
        TileLine.objects.create(order_number="A", position=1, tile="a%2Cb,7", date=date(2026, 1, 1))
        return "a%2Cb,7"

    @pytest.fixture
    def sold_out(self):
        Tile.objects.create(series="a,b", number=8, is_visible=False)
        return "a%2Cb,8"


class TestVariantsInTheSameModel(ShopContract):
    @pytest.fixture
    def shop(self, mapped):
        return mapped(
            PRODUCT={**BOOTS, "in_stock": Q(stock__gt=0) | Q(children__stock__gt=0)},
            ORDER_LINES={"model": "odd.SaleLine", "item": "boot", "order": "sale_id", "date": "sale__placed_at"},
        )

    @pytest.fixture
    def sellable(self):
        child = boot("tall-42", made := boot("tall", stock=0), stock=3)
        order = Sale.objects.create(number="A", placed_at=datetime(2026, 1, 1, tzinfo=UTC))
        for each in (made, child):
            SaleLine.objects.create(sale=order, boot=each)
        return str(made.pk)

    @pytest.fixture
    def sold_out(self):
        boot("low-42", made := boot("low", stock=0), stock=0)
        return str(made.pk)


class TestVariantsInAModelOfTheirOwn(ShopContract):
    @pytest.fixture
    def shop(self, mapped):
        return mapped(
            PRODUCT=SHIRTS,
            ORDER_LINES={
                "model": "odd.SaleLine", "item": "cut__shirt_id", "variant": "cut_id", "order": "sale_id",
                "date": "sale__placed_at",
            },
        )  # fmt: skip

    @pytest.fixture
    def sellable(self):
        made = shirt("polo", ("S", 9, 0), ("M", 8, 2), ("L", 7, 3))
        order = Sale.objects.create(number="A", placed_at=datetime(2026, 1, 1, tzinfo=UTC))
        for cut in (*made.cuts.all(), None):
            SaleLine.objects.create(sale=order, cut=cut)
        return str(made.pk)

    @pytest.fixture
    def sold_out(self):
        return str(shirt("plain", ("S", 9, 0)).pk)


# Keys


def test_a_key_is_found_however_it_is_spelt(mapped):
    shop, made = mapped(PRODUCT={"model": "odd.Gadget", "title": "name"}), Gadget.objects.create(name="Timer")
    key = str(made.pk)
    for spelt in (key, made.pk.hex, key.upper()):
        assert list(shop.items([spelt])) == [key]
        assert shop.group_of([spelt]) == {spelt: key}


def test_sellable_keeps_the_given_order_and_costs_one_query(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT={**BOOTS, "visible": Q(deleted=False), "in_stock": Q(stock__gt=0)})
    keys = [str(boot(f"b{number}", stock=number % 3).pk) for number in range(7)]
    wanted = [keys[5], "x", keys[1], keys[0], "999999", keys[4], keys[1]]
    with django_assert_num_queries(1):
        assert shop.sellable(wanted) == [keys[5], keys[1], keys[4]]
    with django_assert_num_queries(0):
        assert shop.sellable([]) == shop.sellable(["x"]) == []


# Variants


def test_a_variant_is_shown_as_its_parent_wherever_its_key_comes_in(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT=BOOTS)
    parent = boot("tall")
    child, alone = boot("tall-42", parent), boot("low")
    keys = [str(each.pk) for each in (parent, child, alone)]
    with django_assert_num_queries(1):
        assert shop.group_of([*keys, "999999", "x"]) == {keys[0]: keys[0], keys[1]: keys[0], keys[2]: keys[2]}
    with django_assert_num_queries(0):
        assert [shop.item_key(each) for each in (parent, child, alone)] == [keys[0], keys[0], keys[2]]
        assert [shop.variant_key(each) for each in (parent, child, alone)] == ["", keys[1], ""]
    assert set(shop.items(keys)) == {keys[0], keys[2]}
    assert shop.sellable(keys) == [keys[0], keys[2]]
    assert {item.key for item in shop.newest(9)} == {key for key, *_ in shop.facts()} == {keys[0], keys[2]}


@pytest.mark.parametrize("group", ["parent", "parent_id", "parent__pk"])
def test_the_group_may_be_named_as_field_or_as_column(mapped, group):
    shop = mapped(PRODUCT={**BOOTS, "group": group})
    child = boot("tall-42", parent := boot("tall"))
    assert shop.item_key(child) == str(parent.pk)
    assert shop.group_of([str(child.pk)]) == {str(child.pk): str(parent.pk)}
    assert shop.find("slug", "tall-42") == str(parent.pk)


def test_a_slug_of_a_child_finds_the_parent_and_one_of_two_items_finds_none(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT=BOOTS)
    parent = boot("tall")
    boot("tall", parent), boot("tall-42", parent), boot("twice"), boot("twice")
    with django_assert_num_queries(1):
        assert shop.find("slug", "tall") == str(parent.pk)
    assert shop.find("slug", "tall-42") == str(parent.pk)
    assert shop.find("slug", "twice") is None
    assert shop.find("no_such_field", "x") is None
    assert shop.find("slug", "a\x00b") is None
    assert shop.find("stock", "9" * 30) is None


def test_a_separate_variant_is_shown_as_its_item(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT=SHIRTS)
    made = shirt("polo", ("S", 9, 1))
    cut = made.cuts.get()
    with django_assert_num_queries(0):
        assert (shop.item_key(cut), shop.variant_key(cut)) == (str(made.pk), str(cut.pk))
        assert (shop.item_key(made), shop.variant_key(made)) == (str(made.pk), "")
    with django_assert_num_queries(1):
        assert shop.parents_of([str(cut.pk), "999999"]) == {str(cut.pk): str(made.pk)}
    assert shop.group_of([str(made.pk)]) == {str(made.pk): str(made.pk)}
    with pytest.raises(ShopError, match=r"is no saved odd\.Shirt"):
        shop.item_key(Cut(size="S"))
    with pytest.raises(ShopError, match=r"is no saved odd\.Shirt"):
        shop.variant_key("polo")


@pytest.mark.parametrize(
    ("product", "obj"),
    [
        ({"model": "odd.Shirt", "variant": "odd.SaleLine", "group": "cut__shirt"},
         lambda made: SaleLine(pk=7, cut=made.cuts.get())),
        ({"model": "odd.Shop", "variant": "odd.Sale", "group": "shop"}, lambda made: Sale(pk=7, shop=Shop(pk=made.pk))),
    ],
)  # fmt: skip
def test_the_way_to_the_item_may_be_long_or_lead_to_another_column(mapped, product, obj):
    shop, made = mapped(PRODUCT=product), shirt("polo", ("S", 9, 1))
    found = obj(made)
    assert (shop.item_key(found), shop.variant_key(found)) == (str(made.pk), "7")
    with pytest.raises(ShopError, match="is no saved"):
        shop.item_key(type(found)(pk=7))


def test_what_only_variants_carry_is_put_together_in_the_same_number_of_queries(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT=SHIRTS)
    keys = [str(shirt(f"s{n}", ("S", Decimal("9.50"), 0), ("M", None, 2), ("L", 8, 3)).pk) for n in range(5)]
    for asked in (keys[:1], keys):
        with django_assert_num_queries(2):
            items = shop.items(asked)
        assert {(item.price, item.stock) for item in items.values()} == {(Decimal(8), 5)}


def test_a_condition_may_ask_for_any_variant(mapped):
    cuts = Cut.objects.filter(shirt=OuterRef("pk"), stock__gt=0)
    shop = mapped(PRODUCT={**SHIRTS, "in_stock": Exists(cuts)})
    there, gone = shirt("a", ("S", 1, 1), ("M", 1, 1)), shirt("b", ("S", 1, 0))
    assert shop.sellable([str(gone.pk), str(there.pk)]) == [str(there.pk)]
    assert [item.key for item in shop.newest(5)] == [str(there.pk)]


def test_a_group_kept_as_text_is_none_where_it_is_empty(mapped):
    # As a feed keeps it: no foreign key, and '' instead of NULL.
    shop = mapped(PRODUCT={"model": "odd.Poster", "group": "price"})
    for slug, group in (("a", ""), ("a-red", "a")):
        Poster.objects.create(slug=slug, price=group)
    assert [item.key for item in shop.newest(5)] == ["a"]
    assert shop.group_of(["a", "a-red"]) == {"a": "a", "a-red": "a"}
    assert shop.item_key(Poster(slug="a-red", price="a")) == shop.item_key(Poster(slug="a", price="")) == "a"


# Values


def test_rows_that_a_manager_hides_are_read_and_only_conditions_filter(mapped):
    hidden = boot("old", deleted=True)
    assert mapped(PRODUCT=BOOTS).sellable([str(hidden.pk)]) == [str(hidden.pk)]
    assert mapped(PRODUCT={**BOOTS, "visible": Q(deleted=False)}).sellable([str(hidden.pk)]) == []
    assert [key for key, *_ in MappedShop().facts()] == [str(hidden.pk)]


@pytest.mark.parametrize(
    ("typed", "price"),
    [("12.50", "12.50"), (" 7 ", "7"), ("", None), ("on request", None), ("NaN", None), ("Infinity", None),
     ("9" * 20, None)],
)  # fmt: skip
def test_a_price_that_is_no_number_is_none_and_told_once(mapped, caplog, typed, price):
    Poster.objects.create(slug="sun", price=typed)
    shop = mapped(PRODUCT={"model": "odd.Poster", "price": "price"})
    for _ in range(2):
        assert shop.items(["sun"])["sun"].price == (price and Decimal(price))
    told = [record.getMessage() for record in caplog.records]
    wrong = ["product_not_readable: price_not_a_number, first odd.Poster sun"]
    assert told == (wrong if typed and price is None else [])


@pytest.mark.parametrize(
    ("typed", "price", "told"), [(["free", "5"], 5, 0), (["free", ""], None, 1), (["", ""], None, 0)]
)
def test_the_lowest_of_prices_that_are_no_numbers_is_none_and_told(mapped, caplog, typed, price, told):
    made = shirt("polo")
    for each in typed:
        SaleLine.objects.create(shirt=made, price=each)
    [item] = mapped(PRODUCT={"model": "odd.Shirt", "price": "saleline__price"}).items([str(made.pk)]).values()
    assert (item.price, len(caplog.records)) == (price, told)


@pytest.mark.parametrize(
    ("kept", "price"), [(0.1 + 0.2, "0.3"), (19.99, "19.99"), (None, None), (5.0, "5"), (1e300, None)]
)
def test_a_float_is_a_price(mapped, kept, price):
    made = Gadget.objects.create(name="Timer", price=kept)
    [item] = mapped(PRODUCT={"model": "odd.Gadget", "price": "price"}).items([str(made.pk)]).values()
    assert item.price == (price and Decimal(price))


def lamp(code="L1", **changes):
    made = Lamp.objects.create(code=code, **changes)
    for language, name in (("en", "Lamp"), ("ru", "Лампа")):
        LampTranslation.objects.create(lamp=made, language_code=language, name=f"{name} {code}")
    return made


def read(shop, made, request=None):
    return shop.items([str(made.pk)], request=request)[str(made.pk)]


def test_a_translated_title_is_read_in_the_active_language_with_one_query_more(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT={"model": "odd.Lamp", "title": "name"})
    keys = [str(lamp(f"L{number}").pk) for number in range(4)]
    with translation.override("ru"), django_assert_num_queries(2):
        assert {item.title for item in shop.items(keys).values()} == {f"Лампа L{number}" for number in range(4)}
    with translation.override("en"):
        assert shop.items(keys[:1])[keys[0]].title == "Lamp L0"


def test_a_translated_slug_finds_its_item_in_every_language(mapped):
    shop, made = mapped(PRODUCT={"model": "odd.Lamp"}), lamp()
    assert shop.find("name", "Lamp L1") == shop.find("name", "Лампа L1") == str(made.pk)


def test_a_field_of_its_own_goes_before_a_translated_one(mapped):
    made = lamp("code")
    LampTranslation.objects.filter(lamp=made, language_code="en").update(name="L9")
    shop = mapped(PRODUCT={"model": "odd.Lamp", "title": "code"})
    assert (shop.find("code", "code"), shop.find("code", "L9")) == (str(made.pk), None)


def test_a_key_of_several_columns_is_found_by_one_of_them(mapped):
    shop = mapped(PRODUCT={"model": "odd.Tile"})
    Tile.objects.create(series="a", number=7), Tile.objects.create(series="a", number=8)
    assert (shop.find("number", "8"), shop.find("series", "a"), shop.find("number", "x")) == ("a,8", None, None)


def test_a_translated_category_is_one_category_to_whoever_learns(mapped):
    shop = mapped(PRODUCT={"model": "odd.Lamp", "category": "name"})
    made = lamp()
    with translation.override("ru"):
        assert list(shop.facts()) == [(str(made.pk), "Lamp L1", "", None, "")]
        assert read(shop, made).category == "Лампа L1"


def test_a_method_gets_the_request_where_it_asks_for_it(mapped):
    shop = mapped(
        PRODUCT={"model": "odd.Lamp", "title": "code", "price": "get_price", "brand": "get_brand", "image": "shot"}
    )
    made = lamp()
    item = read(shop, made, SimpleNamespace(price="7.25"))
    assert (item.price, item.brand) == (Decimal("7.25"), "Lux")
    assert item.image == "/L1-small-namespace(price='7.25').png"


def price_of(obj, request):
    return Decimal(len(obj.code)) + (request or 0)


def test_a_function_gets_the_object_and_the_request(mapped):
    shop = mapped(PRODUCT={"model": "odd.Lamp", "price": f"{__name__}.price_of"})
    assert read(shop, lamp(), 5).price == Decimal(7)


def test_an_expression_is_worked_out_by_the_database(mapped, django_assert_num_queries):
    shop = mapped(
        PRODUCT={
            "model": "odd.Lamp", "title": Upper("code"), "price": F("watts") * 2, "created": Coalesce("added", "added"),
            "category": Upper("code"),
        }
    )  # fmt: skip
    made = lamp("l1", watts=4, added=datetime(2026, 1, 1, tzinfo=UTC))
    with django_assert_num_queries(1):
        item = read(shop, made)
    assert (item.title, item.price, item.created) == ("L1", Decimal(8), datetime(2026, 1, 1, tzinfo=UTC))
    assert list(shop.facts()) == [(str(made.pk), "L1", "", datetime(2026, 1, 1, tzinfo=UTC), "L1")]
    assert [each.key for each in shop.newest(1)] == [str(made.pk)]


def test_code_of_the_shop_that_fails_costs_its_value_and_nothing_else(mapped, caplog):
    shop = mapped(PRODUCT={"model": "odd.Lamp", "title": "code", "price": "broken", "url": "broken"})
    first, second = lamp("L1"), lamp("L2")
    items = shop.items([str(first.pk), str(second.pk)])
    assert {(item.title, item.price, item.url) for item in items.values()} == {("L1", None, ""), ("L2", None, "")}
    assert [record.msg for record in caplog.records] == ["product_value_unreadable"] * 2


class Lost:
    @property
    def url(self):
        raise ValueError("no file")


def lost(obj, request):
    return Lost()


def away(obj, request):
    raise OperationalError("the database is away")


def test_a_picture_without_a_file_is_none(mapped):
    assert read(mapped(PRODUCT={"model": "odd.Lamp", "image": f"{__name__}.lost"}), lamp()).image == ""


@pytest.mark.parametrize("key", ["price", "url"])
def test_a_database_that_is_away_is_no_odd_value(mapped, key):
    with pytest.raises(OperationalError):
        read(mapped(PRODUCT={"model": "odd.Lamp", key: f"{__name__}.away"}), lamp())


def test_the_first_of_many_comes_in_the_order_of_its_own_model(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT={"model": "odd.Lamp", "image": "picture_set__file", "category": "labels__name"})
    made = lamp()
    for place, name in ((3, "c.png"), (2, "b.png"), (1, "")):
        Picture.objects.create(lamp=made, place=place, file=name)
    made.labels.add(*(Label.objects.create(name=name) for name in ("Tall", "Brass")))
    with django_assert_num_queries(3):
        item = read(shop, made)
    assert (item.image, item.category) == (f"{django_settings.MEDIA_URL}b.png", "Brass")
    assert list(shop.facts()) == [(str(made.pk), "Brass", "", None, "")]


@pytest.mark.parametrize("path", ["picture__file", "picture_set__file"])
def test_a_relation_without_a_name_answers_to_both_of_its_names(mapped, path):
    made = lamp()
    Picture.objects.create(lamp=made, place=1, file="a.png")
    assert read(mapped(PRODUCT={"model": "odd.Lamp", "image": path}), made).image.endswith("/a.png")


def test_many_categories_and_brands_name_an_item_once(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT={"model": "odd.Lamp", "category": "labels__name", "brand": "translations__name"})
    first, second = lamp("L1"), lamp("L2")
    first.labels.add(*(Label.objects.create(name=name) for name in ("Tall", "Brass")))
    with django_assert_num_queries(1):
        found = list(shop.facts())
    assert found == [(str(first.pk), "Brass", "Lamp L1", None, ""), (str(second.pk), "", "Lamp L2", None, "")]


def test_stock_cost_and_attributes(mapped):
    shop = mapped(
        PRODUCT={
            "model": "odd.Lamp", "stock": "watts", "cost": "watts", "attributes": {"Code": "code", "Watts": "watts"},
        }
    )  # fmt: skip
    lit = read(shop, lamp("L1", watts=4))
    assert (lit.stock, lit.cost, lit.attributes) == (4, Decimal(4), {"Code": "L1", "Watts": "4"})
    assert read(shop, lamp("L0", watts=-3)).stock == 0
    dark = read(shop, lamp("L2"))
    assert (dark.stock, dark.cost, dark.attributes) == (None, None, {"Code": "L2"})


def test_a_page_may_be_named_by_a_path_or_by_a_view(mapped):
    made = lamp()
    assert read(mapped(PRODUCT={"model": "odd.Lamp", "url": "shot"}), made).url == "/L1-small-None.png"
    assert read(mapped(PRODUCT={"model": "odd.Lamp", "url": ("shop:category", "slug", "code")}), made).url == (
        "/categories/L1/"
    )
    assert read(mapped(PRODUCT={"model": "odd.Lamp", "url": ("no-such-view", "slug", "code")}), made).url == ""
    assert read(mapped(PRODUCT={"model": "odd.Lamp"}), made).url == ""


# Scope


@pytest.mark.parametrize(("scope", "shown"), [("1", ["here"]), ("2", ["there"]), ("3", []), ("b2b", [])])
def test_only_items_of_the_requests_scope_are_shown(mapped, scope, shown):
    shop = mapped(PRODUCT={"model": "odd.Shirt", "title": "name", "scope": "site"}, SCOPE=f"{__name__}.scope_of")
    for name, site in (("here", 1), ("there", 2), ("nowhere", None)):
        Shirt.objects.create(name=name, slug=name, site=site)
    request = SimpleNamespace(wanted=scope)
    keys = [key for key, *_ in shop.facts()]
    assert [item.title for item in shop.newest(5, request=request)] == shown
    assert [item.title for item in shop.items(keys, request=request).values()] == shown
    assert len(shop.sellable(keys, request=request)) == len(shown)
    assert len(keys) == len(shop.sellable(keys)) == 3


def scope_of(request):
    return request.wanted


def test_there_is_no_scope_until_somebody_names_one(mapped):
    assert mapped().scope(SimpleNamespace()) == ""
    assert mapped(SCOPE=f"{__name__}.scope_of").scope(None) == ""
    assert mapped(SCOPE=f"{__name__}.scope_of").scope(SimpleNamespace(wanted="x" * 40)) == "x" * 32


def test_the_scope_may_be_the_current_site(mapped, settings, rf):
    settings.SITE_ID = 1
    shop = mapped(PRODUCT={"model": "odd.Shirt", "title": "name", "scope": "site"}, SCOPE="site")
    assert shop.scope(rf.get("/")) == "1"


# An adapter


class ShirtShop(MappedShop):
    PRODUCT = {**SHIRTS, "title": "slug"}

    def queryset(self, request):
        return super().queryset(request).prefetch_related("cuts").annotate(shouted=Upper("name"))

    def conditions(self, request):
        return [*super().conditions(request), ~Q(name="Secret")]

    def value(self, name, obj, request):
        return f"{obj.shouted}!" if name == "brand" else super().value(name, obj, request)

    def url(self, obj, request):
        return f"/s/{obj.slug}"


def test_an_adapter_overrides_what_differs_and_the_settings_go_before_its_mapping(django_assert_num_queries):
    made, secret = shirt("polo", ("S", 9, 1)), shirt("secret", ("S", 9, 1))
    with override_personalize(PRODUCT={"title": "name"}, SHOP=f"{__name__}.ShirtShop"):
        shop = ShirtShop()
        with django_assert_num_queries(2):
            [item] = shop.items([str(made.pk), str(secret.pk)]).values()
        assert (item.title, item.brand, item.url, item.price) == ("Polo", "POLO!", "/s/polo", Decimal(9))
        with django_assert_num_queries(1):
            assert shop.sellable([str(secret.pk), str(made.pk)]) == [str(made.pk)]
        assert {brand for _, _, brand, *_ in shop.facts()} == {"POLO!", "SECRET!"}


def test_a_product_whose_own_code_fails_costs_what_it_does_not_say_and_is_told(mapped, monkeypatch, caplog):
    def broken(self):
        raise AttributeError("'NoneType' object has no attribute 'slug'")

    for name in ("__str__", "get_absolute_url"):
        monkeypatch.setattr(Boot, name, broken)
    made = boot("tall")
    shop = mapped(PRODUCT={"model": "odd.Boot", "price": "price", "image": f"{__name__}.unreachable"})
    for [item] in (shop.newest(1), shop.samples(1)[0], shop.items([str(made.pk)]).values()):
        assert (item.key, item.title, item.url, item.image, item.price) == (str(made.pk), "", "", "", 40)
    assert {record.reason for record in caplog.records} == {
        "product_without_address", "product_without_image", "product_without_name"
    }  # fmt: skip


class Unreachable:
    @property
    def url(self):
        raise RuntimeError("the storage does not answer")


def unreachable(obj, request):
    return Unreachable()
