import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db.models import Exists, F, OuterRef, Q
from django.test import override_settings

from django_personalize.checks import _sqlite, check_settings, check_surroundings
from django_personalize.shop.mapping import MappedShop
from django_personalize.shop.validation import check_carts, check_lines
from django_personalize.shop.validation_values import check_path, check_user
from django_personalize.testing.override import override_personalize
from example_shop.shop.models import OrderLine
from tests.shop.odd.models import Bonus


def found(check):
    return {(message.id, message.msg, message.hint) for message in check()}


def test_the_example_shop_is_set_up_right():
    assert found(check_settings) == set()
    assert {code for code, *_ in found(check_surroundings)} <= {"personalize.W004"}


def test_no_setting_is_a_warning_so_that_migrate_still_runs():
    with override_settings():
        del django_settings.PERSONALIZE
        [(code, message, _)] = found(check_settings)
    assert (code, message) == ("personalize.W006", "PERSONALIZE is not set: nothing is known of the shop.")


def test_a_setting_that_is_no_dict_is_an_error():
    with override_settings(PERSONALIZE=["PRODUCT"]):
        [(code, message, _)] = found(check_settings)
    assert (code, message) == ("personalize.E001", "PERSONALIZE is a list; wanted a dict.")


def test_a_misspelt_key_is_named_with_the_right_one():
    with override_personalize(PRODUKT={}):
        [(code, message, hint)] = found(check_settings)
    assert code == "personalize.E002"
    assert "'PRODUKT'" in message
    assert hint == "Did you mean 'PRODUCT'?"


@pytest.mark.parametrize(
    ("setting", "change", "code", "words", "hint"),
    [
        ("PRODUCT", {"titel": "name"}, "E003", "unknown key 'titel'", "Did you mean 'title'?"),
        ("PRODUCT", {"model": "shop.Prodct"}, "E004", "shop.Prodct", 'Did you mean "shop.Product"?'),
        ("PRODUCT", {"price": "prise"}, "E005", 'has no field "prise"', 'Did you mean "price"?'),
        ("PRODUCT", {"in_stock": Q(stok__gt=0)}, "E005", 'has no field "stok"', 'Did you mean "stock"?'),
        ("PRODUCT", {"category": "category__nam"}, "E005", 'shop.Category has no field "nam"', 'Did you mean "name"?'),
        ("PRODUCT", {"created": "get_absolute_url"}, "E005", 'has no field "get_absolute_url"', None),
        ("PRODUCT", {"attributes": {"maker": "maker"}}, "E005", '["attributes"]["maker"] is \'maker\'', None),
        ("PRODUCT", {"attributes": ["maker"]}, "E007", "wanted a dict", '"attributes": {"material": "material__name"}'),
        ("PRODUCT", {"price": "example_shop.shop.models.no_price"}, "E006", "has no 'no_price'", None),
        ("PRODUCT", {"price": "example_shop.shop.models.catalogue.INVENTED"}, "E006", "is no function", None),
        ("PRODUCT", {"url": ("shop:product", "slug")}, "E007", "wanted (view name, argument, field)", None),
        ("PRODUCT", {"url": ("shop:product", "slug", "slog")}, "E005", 'has no field "slog"', 'Did you mean "slug"?'),
        ("PRODUCT", {"scope": "is_low"}, "E005", 'has no field "is_low"', None),
        ("PRODUCT", {"price": F("prise")}, "E005", 'has no field "prise"', 'Did you mean "price"?'),
        ("PRODUCT", {"group": "categori"}, "E005", 'has no field "categori"', 'Did you mean "category"?'),
        (
            "PRODUCT",
            {"group": "category"},
            "E010",
            "which leads to shop.Category",
            '"model": "shop.Category", "variant": "shop.Product"',
        ),
        (
            "PRODUCT",
            {"variant": "shop.OrderLine"},
            "E003",
            'has "variant" but no "group"',
            'Add "group": the path from shop.OrderLine to its item.',
        ),
        (
            "PRODUCT",
            {"variant": "shop.OrderLin", "group": "product"},
            "E004",
            '["variant"] is',
            'Did you mean "shop.OrderLine"?',
        ),
        (
            "PRODUCT",
            {"variant": "shop.OrderLine", "group": "order"},
            "E010",
            "which leads to shop.Order",
            "It should lead to shop.Product.",
        ),
        ("ORDER_LINES", {"item": "order_id"}, "E010", "which leads to shop.Order", "It should lead to shop.Product."),
        (
            "ORDER_LINES",
            {"also_watch": ["shop.Order"]},
            "E007",
            "wanted (model, path to its order)",
            '"also_watch": [("payment.Payment", "order_id")]',
        ),
        ("ORDER_LINES", {"also_watch": [("shop.Ordr", "pk")]}, "E004", "shop.Ordr", 'Did you mean "shop.Order"?'),
        ("ORDER_LINES", {"also_watch": [("shop.Order", "nr")]}, "E005", 'has no field "nr"', None),
        ("ORDER_LINES", {"price": "is_low"}, "E005", 'has no field "is_low"', None),
        ("PRODUCT", {"visible": "is_visible"}, "E008", "wanted a condition", '"visible": Q(is_visible=True)'),
        ("ORDER_LINES", {"cancelled": True}, "E008", "wanted a condition", '"cancelled": Q(...)'),
        ("ORDER_LINES", {"order": None}, "E003", 'lacks "order"', 'Add "order": a path from shop.OrderLine.'),
        (
            "ORDER_LINES",
            {"user": "product__category_id"},
            "E010",
            "which leads to shop.Category",
            "It should lead to auth.User.",
        ),
        ("ORDER_LINES", {"user": "order__pk"}, "E010", "which leads to shop.Order", '"user": "order__user_id"'),
        ("ORDER_LINES", {"user": "order__usr"}, "E005", 'has no field "usr"', 'Did you mean "user"?'),
        (
            "ORDER_LINES",
            {"price": "product__price__amount"},
            "E005",
            "shop.Product.price has no 'amount' in the database",
            '"product__price"',
        ),
        ("PRODUCT", {"in_stock": Q(stock__more=0)}, "E005", "shop.Product.stock has no 'more'", '"stock"'),
        ("PRODUCT", {"url": (5, "slug", "slug")}, "E007", "wanted (view name, argument, field)", None),
        ("ORDER_LINES", {"placed": Q(order__stat="x")}, "E005", 'has no field "stat"', 'Did you mean "status"?'),
    ],
)
def test_a_wrong_mapping_is_told_with_the_line_that_mends_it(setting, change, code, words, hint):
    with override_personalize(**{setting: {**django_settings.PERSONALIZE[setting], **change}}):
        messages = found(check_settings)
    [(found_code, message, found_hint)] = messages
    assert found_code == f"personalize.{code}"
    assert words in message
    assert found_hint == hint or hint is None


def price_of(product, request):
    return product.price


@pytest.mark.parametrize("value", [5, True, [], ["price"], {"name": "price"}, object(), lambda product, request: 5])
@pytest.mark.parametrize(("setting", "name"), [("PRODUCT", "price"), ("PRODUCT", "created"), ("ORDER_LINES", "qty")])
def test_what_is_neither_a_path_nor_an_expression_is_told(setting, name, value):
    with override_personalize(**{setting: {**django_settings.PERSONALIZE[setting], name: value}}):
        [(code, message, hint)] = found(check_settings)
    wanted = (
        "Write it in a module, and name it by its dotted path." if callable(value) else "Name it by its path, as text."
    )
    assert (code, hint) == ("personalize.E007", wanted)
    assert message.startswith(f'PERSONALIZE["{setting}"]["{name}"] is {value!r}; wanted a path')


@pytest.mark.parametrize(
    "change",
    [
        {"PRODUCT": {**django_settings.PERSONALIZE["PRODUCT"], "price": price_of}},
        {"SEARCH": {"results": price_of}},
        {"CART": {"callable": price_of}},
    ],
)
def test_a_function_that_is_not_named_but_given_is_told_with_its_name(change):
    with override_personalize(**change):
        [(code, message, hint)] = found(check_settings)
    assert (code, "wanted a" in message) == ("personalize.E007", True)
    assert hint == f'Name it by its dotted path: "{__name__}.price_of".'


@pytest.mark.parametrize("value", [5, 0, True, [], {}, b"x", ("a.b",), object()])
def test_what_counts_results_is_named_by_a_dotted_path(value):
    with override_personalize(SEARCH={"results": value}):
        [(code, message, _)] = found(check_settings)
    assert (code, "wanted a dotted path" in message) == ("personalize.E007", True)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("order__customer_id", '"user": "order__customer__user_id"'),
        ("order__customer", '"user": "order__customer__user_id"'),
        ("order__customer__pk", '"user": "order__customer__user_id"'),
        ("order__customer__id", '"user": "order__customer__user_id"'),
        ("order__customer__user_id", None),
        ("order__customer__user", None),
        ("order__customer__user__pk", None),
        ("order__customer__user__id", None),
        ("order__customer__name", None),
    ],
)
def test_the_key_of_a_customer_is_not_that_of_an_account(path, hint):
    mapping = {"model": "cookie_shop.OrderItem", "item": "product", "order": "order", "date": "order__date_ordered"}
    cart = {"model": "cookie_shop.OrderItem", "item": "product", "user": path}
    told = [check_lines({**mapping, "user": path}, {}), check_carts(cart, {})]
    for messages in told:
        assert [(each.id, each.hint) for each in messages] == ([("personalize.E010", hint)] if hint else [])


@pytest.mark.parametrize(
    ("model", "path"), [("admin.LogEntry", "user_id"), ("odd.Bonus", "member"), ("odd.Bonus", "member__pk")]
)
def test_what_is_keyed_by_an_account_is_as_good_as_one(model, path):
    assert list(check_user("user", path, apps.get_model(model))) == []


def test_steps_that_the_database_can_take_are_told_nothing():
    conditions = Q(created__year__gt=2020, name__icontains="a", pk__in=[1], category__pk__gt=1, category__isnull=False)
    with override_personalize(PRODUCT={**django_settings.PERSONALIZE["PRODUCT"], "visible": conditions}):
        assert found(check_settings) == set()
    assert list(check_path("date", "facts__price__amount", Bonus)) == []


def test_times_without_a_zone_are_told():
    with override_settings(USE_TZ=False):
        told = [each for each in found(check_surroundings) if each[0] == "personalize.E011"]
    assert told == [
        ("personalize.E011", "USE_TZ is False; wanted True: every moment is kept with its time zone.", "USE_TZ = True")
    ]


ROWS = {"model": "shop.OrderLine", "item": "product_id", "user": "order__user_id"}


@pytest.mark.parametrize(
    ("cart", "code", "words", "hint"),
    [
        ("basket", "E009", "is 'basket'; wanted a dict, or a list of dicts", '"CART": {"session": "cart"}'),
        (["basket"], "E009", '["CART"][0] is \'basket\'; wanted a dict', '"CART": {"session": "cart"}'),
        ({"session": "a", "cookie": "b"}, "E009", "exactly one of session, cookie, model, callable", None),
        ({"session": ""}, "E009", "wanted a name", None),
        ({"session": "a", "quantity": "n"}, "E003", "unknown key 'quantity'", "Did you mean 'qty'?"),
        ({"session": "a", "where": "n"}, "E003", "'where'", "Known keys: item, keys, qty, session, variant."),
        ({"session": "a", "qyt": "n"}, "E003", "unknown key 'qyt'", "Did you mean 'qty'?"),
        ({"session": "a", "keys": "variants"}, "E009", 'wanted "item" or "variant"', None),
        ({"session": "a", "keys": "variant"}, "E009", "variants have no model of their own", None),
        ([{"cookie": "a"}, ROWS | {"model": "shop.Line"}], "E004", '["CART"][1]["model"]', None),
        (ROWS | {"item": None}, "E009", 'wanted "item", the path to the product', '"item": "product_id"'),
        (ROWS | {"item": "order"}, "E010", "which leads to shop.Order", "It should lead to shop.Product."),
        (ROWS | {"user": None}, "E009", "whose rows they are: user, session_key, session_value", None),
        (ROWS | {"user": "order__usr"}, "E005", 'has no field "usr"', 'Did you mean "user"?'),
        (ROWS | {"qty": "quantty"}, "E005", 'has no field "quantty"', 'Did you mean "quantity"?'),
        (ROWS | {"where": Q(order__stat=1)}, "E005", 'has no field "stat"', 'Did you mean "status"?'),
        (ROWS | {"where": "order"}, "E008", "wanted a condition", '"where": Q(order=True)'),
        (ROWS | {"session_value": "cart_id"}, "E009", "wanted (name in the session, path)", None),
        (ROWS | {"session_value": ("a", "cart")}, "E005", 'has no field "cart"', None),
        ({"callable": "example_shop.shop.basket.Baskt"}, "E006", "has no 'Baskt'", None),
        ({"callable": "example_shop.shop.basket.Basket", "watch": ["shop.Lines"]}, "E004", "shop.Lines", None),
        ({"callable": "example_shop.shop.basket.Basket", "watch": "shop.Order"}, "E009", "wanted a list of models",
         '"watch": ["shop.Order"]'),
        ({"callable": "example_shop.shop.basket.Basket", "watch": 5}, "E009", "wanted a list of models", None),
        ({"callable": "example_shop.shop.basket.Basket", "watch": True}, "E009", "wanted a list of models", None),
        ({"session": "a", "item": ["id"]}, "E009", "wanted a name in each entry", '"item": "item"'),
        (ROWS | {"item": ()}, "E007", "wanted a path", None),
        (ROWS | {"item": ("product_id", 5)}, "E007", "is 5; wanted a path", None),
        (ROWS | {"qty": 5}, "E007", "is 5; wanted a path", None),
        (ROWS | {"user": "order_id"}, "E010", "which leads to shop.Order", '"user": "order__user_id"'),
    ],
)  # fmt: skip
def test_a_wrong_cart_is_told_with_the_line_that_mends_it(cart, code, words, hint):
    with override_personalize(CART=cart):
        [(found_code, message, found_hint)] = found(check_settings)
    assert (found_code, words in message) == (f"personalize.{code}", True), message
    assert found_hint == hint or hint is None


@pytest.mark.parametrize(
    "cart",
    [
        {"session": "basket.lines", "item": "id", "qty": "n"},
        [ROWS | {"where": Q(order__status="cart"), "qty": "quantity"}, {"cookie": "cart"}],
        ROWS | {"session_key": "order__number", "session_value": ("order_id", "order__pk"), "variant": "product_id"},
        {"callable": "example_shop.shop.basket.Basket", "watch": ["shop.OrderLine"]},
    ],
)
def test_a_right_cart_is_told_nothing(cart):
    with override_personalize(CART=cart):
        assert found(check_settings) == set()


@pytest.mark.parametrize(
    ("setting", "value", "code", "words"),
    [
        ("SEARCH", ["q"], "E003", "is a list; wanted a dict"),
        ("SEARCH", {"param": ["q"]}, "E003", "unknown key 'param'"),
        ("SEARCH", {"params": "q"}, "E007", "wanted a list of names"),
        ("SEARCH", {"results": "example_shop.no_such.thing"}, "E006", "Could not import 'example_shop.no_such'"),
        ("SCOPE", "channel", "E007", 'wanted "site", or the dotted path of a function'),
        ("SCOPE", "example_shop.shop.channel_of", "E006", "has no 'channel_of'"),
        ("CAPTURE", "script", "E007", 'wanted "server" or "beacon"'),
        ("HOLDOUT", 5, "E007", "is 5; wanted a share from 0 to 0.5"),
        ("HOLDOUT", -0.1, "E007", "is -0.1; wanted a share from 0 to 0.5"),
        ("HOLDOUT", float("nan"), "E007", "is nan; wanted a share from 0 to 0.5"),
        ("HOLDOUT", True, "E007", "is True; wanted a share from 0 to 0.5"),
        ("HOLDOUT", "5 %", "E007", "is '5 %'; wanted a share from 0 to 0.5"),
        ("ATTRIBUTION", "example_shop.FirstClick", "E006", "has no 'FirstClick'"),
        ("ATTRIBUTION_DAYS", 0, "E007", "is 0; wanted a whole number of days from 1 to 90"),
        ("ATTRIBUTION_DAYS", 7.5, "E007", "is 7.5; wanted a whole number of days from 1 to 90"),
        ("SESSION_TIER", "yes", "E007", "is 'yes'; wanted True or False"),
        ("DRAIN", "thraed", "E007", 'is \'thraed\'; wanted "thread" or "command"'),
        ("SPOOL_BYTES", "1 GB", "E007", "is '1 GB'; wanted a whole number from 1 on"),
        ("FSYNC_MS", -1, "E007", "is -1; wanted a whole number from 0 on"),
        ("SPOOL", 7, "E007", "int"),
        ("RETENTION", ["events"], "E007", "is ['events']; wanted a dict of days"),
        ("RETENTION", {"event": 30}, "E003", "unknown key 'event'"),
        ("RETENTION", {"events": "30"}, "E007", "is '30'; wanted a whole number of days from 1 to 36,500"),
        ("RETENTION", {"events": 10**9}, "E007", "is 1000000000; wanted a whole number of days"),
        ("BUDGET", 200, "E007", "is 200; wanted a dict of milliseconds"),
        ("BUDGET", {"row": 200}, "E003", "unknown key 'row'"),
        ("BUDGET", {"placement": 0}, "E007", "is 0; wanted a whole number of milliseconds from 1 to 3,600,000"),
        ("SIGNALS", "gpc", "E007", 'is \'gpc\'; wanted a list of "gpc" and "dnt", which may be empty'),
        ("SIGNALS", ["gpc", "Sec-GPC"], "E007", "names 'Sec-GPC', which is no signal"),
        ("MINOR", "example_shop.shop.is_child", "E006", "has no 'is_child'"),
        ("MINOR", True, "E007", "wanted a dotted path"),
        ("CONSENT", "example_shop.settings.ROOT_URLCONF", "E006", "is neither a class nor a function"),
        ("INGEST_KEYS", "s" * 40, "E007", "is a str; wanted a list of secrets"),
        ("INGEST_KEYS", ["s" * 40, "secret"], "E007", '["INGEST_KEYS"][1]; wanted a list of secrets'),
    ],
)
def test_a_wrong_value_is_told(setting, value, code, words):
    with override_personalize(**{setting: value}):
        [(found_code, message, hint)] = found(check_settings)
    assert (found_code, words in message) == (f"personalize.{code}", True), message
    assert hint
    assert "secret" not in message.replace("secrets", "")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("gpc", '"SIGNALS": ["gpc"]'),
        (True, '"SIGNALS": ["gpc", "dnt"]'),
        (["GPC"], 'Did you mean "gpc"?'),
        (["Do Not Track"], 'Did you mean "dnt"?'),
        (["p3p"], 'Known are "gpc" and "dnt".'),
    ],
)
def test_a_wrong_signal_is_told_with_the_right_one(value, hint):
    with override_personalize(SIGNALS=value):
        [(_, _, told)] = found(check_settings)
    assert told == hint


def test_no_signal_at_all_and_a_function_as_the_source_are_fine():
    with override_personalize(SIGNALS=[], CONSENT="tests.consent.test_function.banner", SESSION_TIER=True):
        assert found(check_settings) == set()


def test_the_site_is_a_scope_where_sites_are_installed(settings):
    with override_personalize(SCOPE="site"):
        assert found(check_settings) == set()
        settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django.contrib.sites"]
        [(code, message, _)] = found(check_settings)
    assert (code, "django.contrib.sites is not installed" in message) == ("personalize.E007", True)


class Ready(MappedShop):
    PRODUCT = {"model": "shop.Product", "title": "nam"}
    ORDER_LINES = {"model": "shop.OrderLine", "item": "product", "order": "order", "date": "order__placed_at"}


class Own(MappedShop):
    """Reads products and lines by no mapping."""


class Unmade(MappedShop):
    def __init__(self):
        raise RuntimeError("no database today")


@pytest.mark.parametrize(
    ("name", "codes"), [("Ready", {"personalize.E005"}), ("Own", set()), ("Unmade", {"personalize.E006"})]
)
def test_the_mapping_of_an_adapter_is_checked_too(name, codes):
    with override_personalize(SHOP=f"{__name__}.{name}", PRODUCT=None, ORDER_LINES=None):
        assert {code for code, *_ in found(check_settings)} == codes


def test_relations_may_be_named_in_any_way_that_can_be_read():
    for value in ("picture_set__file", "picture__file", "labels__name", "name", "shot"):
        with override_personalize(PRODUCT={"model": "odd.Lamp", "image": value}, ORDER_LINES=None, CART=None):
            assert {code for code, *_ in found(check_settings)} == {"personalize.E004"}, value  # the lines' model


def test_conditions_may_be_more_than_a_q():
    lines = OrderLine.objects.filter(product=OuterRef("pk"))
    for condition in (
        Exists(lines),
        Q(Exists(lines)),
        Q(category__isnull=False),
        Q(order_lines__in=[1]),
        Q(stock__gt=F("pk")),
        Q(is_visible=True) & ~Q(stock=0),
    ):
        with override_personalize(PRODUCT={**django_settings.PERSONALIZE["PRODUCT"], "visible": condition}):
            assert found(check_settings) == set()


def test_a_dotted_path_that_leads_nowhere_is_an_error():
    with override_personalize(SINK="django_personalize.events.sinks.DatabaseSing"):
        [(code, message, hint)] = found(check_settings)
    assert code == "personalize.E006"
    assert "has no 'DatabaseSing'" in message
    assert hint == 'Its default is "django_personalize.events.sinks.SpoolSink".'


@pytest.mark.parametrize("value", [(), [], 7, "django_personalize.integrations.lightfm.LightFMTrainer", {"a": 1}])
def test_trainers_that_are_no_list_or_none_at_all_are_an_error_and_crash_no_other_check(value):
    with override_personalize(TRAINERS=value):
        [(code, message, hint)] = found(check_settings)
        found(check_surroundings)
    assert code == "personalize.E006"
    assert f'PERSONALIZE["TRAINERS"] is {value!r}; wanted a list' in message
    assert hint.startswith('"TRAINERS": [')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("THREADS", 0),
        ("THREADS", True),
        ("SEED", -1),
        ("SEED", "7"),
        ("EASE_BYTES", -1),
        ("EASE_BYTES", 0.5),
        ("EXPLORE", 0.6),
        ("EXPLORE", -0.1),
        ("EXPLORE", True),
    ],
)
def test_a_number_out_of_range_is_an_error(name, value):
    with override_personalize(**{name: value}):
        [(code, message, _)] = found(check_settings)
    assert code == "personalize.E007"
    assert f'PERSONALIZE["{name}"] is {value!r}' in message


def test_a_missing_middleware_is_told():
    with override_settings(MIDDLEWARE=[m for m in django_settings.MIDDLEWARE if "personalize" not in m]):
        assert "personalize.W001" in {code for code, *_ in found(check_surroundings)}


def test_a_middleware_that_the_page_cache_hides_is_told():
    order = ["django.middleware.cache.FetchFromCacheMiddleware", *django_settings.MIDDLEWARE]
    with override_settings(MIDDLEWARE=order):
        assert "personalize.W002" in {code for code, *_ in found(check_surroundings)}


def test_a_middleware_before_the_log_in_is_told():
    ours = "django_personalize.middleware.PersonalizeMiddleware"
    order = [ours, *(m for m in django_settings.MIDDLEWARE if m != ours)]
    with override_settings(MIDDLEWARE=order):
        messages = [m for code, m, _ in found(check_surroundings) if code == "personalize.W002"]
    assert sorted(messages) == [
        "PersonalizeMiddleware stands before AuthenticationMiddleware: it cannot tell who logs in.",
        "PersonalizeMiddleware stands before SessionMiddleware: it cannot tell who logs in.",
    ]


@override_settings(ROOT_URLCONF="example_shop.urls")
def test_missing_urls_are_told():
    assert "personalize.W003" in {code for code, *_ in found(check_surroundings)}


def test_sqlite_defaults_are_told():
    assert _sqlite({"ENGINE": "django.db.backends.postgresql"}) == []
    assert _sqlite(django_settings.DATABASES["default"]) == []
    [message] = _sqlite({"ENGINE": "django.db.backends.sqlite3", "NAME": "x"})
    assert message.id == "personalize.W005"


def described(**changes):
    return override_personalize(PRODUCT={**django_settings.PERSONALIZE["PRODUCT"], **changes})


@pytest.mark.parametrize("method", ["delete", "save"])
def test_a_method_that_changes_the_shop_is_refused(method):
    with described(brand=method):
        [error] = [each for each in check_settings() if each.id == "personalize.E005"]
    assert (
        error.msg
        == f'PERSONALIZE["PRODUCT"]["brand"] is {method!r}, but shop.Product.{method}() changes the shop\'s data.'
    )


def test_a_condition_that_the_database_cannot_be_asked_is_told():
    with described(visible=Q(is_visible__eq=True)):
        assert {each.id for each in check_settings()} == {"personalize.E005"}


def test_a_condition_that_nothing_fulfils_is_none_to_complain_of():
    with described(visible=Q(pk__in=[])):
        assert check_settings() == []


@pytest.mark.parametrize(
    ("url", "ids"),
    [
        (("shop:prodct", "pk", "pk"), ["personalize.E006"]),
        (("nowhere:product", "pk", "pk"), ["personalize.E006"]),
        (("shop:product", "slug", "slug"), []),  # there is such a page; what else it takes shows when it is asked for
        (("shop:category", "slug", "slug"), []),
    ],
)
def test_the_view_of_a_products_page_must_have_that_name(url, ids):
    with described(url=url):
        assert [each.id for each in check_settings()] == ids


def test_a_middleware_named_twice_is_told():
    with override_settings(MIDDLEWARE=[*django_settings.MIDDLEWARE, django_settings.MIDDLEWARE[-1]]):
        [warning] = check_surroundings()
    assert warning.msg == "PersonalizeMiddleware is installed twice: everything is recorded twice."


def test_a_pattern_that_takes_our_addresses_is_told():
    with override_settings(ROOT_URLCONF="tests.catch_all_urls"):
        [warning] = check_surroundings()
    assert warning.msg == "/personalize/events/ leads to another view: a pattern before ours takes our addresses."


class Elsewhere:
    def db_for_write(self, model, **hints):
        return "other" if model._meta.app_label == "personalize" else None


def test_tables_in_a_database_of_their_own_are_told():
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.Elsewhere"]):
        [error] = check_surroundings()
    assert (error.id, error.msg) == (
        "personalize.E012",
        "A router sends the tables of django-personalize to 'other'; wanted 'default'.",
    )
