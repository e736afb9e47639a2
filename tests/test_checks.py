import pytest
from django.conf import settings as django_settings
from django.db.models import Exists, F, OuterRef, Q
from django.test import override_settings

from django_personalize.checks import _sqlite, check_settings, check_surroundings
from django_personalize.testing.override import override_personalize
from example_shop.shop.models import OrderLine


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
        ("PRODUCT", {"category": "get_absolute_url"}, "E005", 'has no field "get_absolute_url"', None),
        ("PRODUCT", {"visible": "is_visible"}, "E008", "wanted a condition", '"visible": Q(is_visible=True)'),
        ("ORDER_LINES", {"cancelled": True}, "E008", "wanted a condition", '"cancelled": Q(...)'),
        ("ORDER_LINES", {"order": None}, "E003", 'lacks "order"', 'Add "order": a path from shop.OrderLine.'),
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


def test_conditions_may_be_more_than_a_q():
    lines = OrderLine.objects.filter(product=OuterRef("pk"))
    for condition in (Exists(lines), Q(Exists(lines)), Q(stock__gt=F("pk")), Q(is_visible=True) & ~Q(stock=0)):
        with override_personalize(PRODUCT={**django_settings.PERSONALIZE["PRODUCT"], "visible": condition}):
            assert found(check_settings) == set()


def test_a_dotted_path_that_leads_nowhere_is_an_error():
    with override_personalize(SINK="django_personalize.events.sinks.DatabaseSing"):
        [(code, message, hint)] = found(check_settings)
    assert code == "personalize.E006"
    assert "has no 'DatabaseSing'" in message
    assert hint == 'Its default is "django_personalize.events.sinks.DatabaseSink".'


@pytest.mark.parametrize("value", [(), [], 7, "django_personalize.integrations.lightfm.LightFMTrainer", {"a": 1}])
def test_trainers_that_are_no_list_or_none_at_all_are_an_error_and_crash_no_other_check(value):
    with override_personalize(TRAINERS=value):
        [(code, message, hint)] = found(check_settings)
        found(check_surroundings)
    assert code == "personalize.E006"
    assert f'PERSONALIZE["TRAINERS"] is {value!r}; wanted a list' in message
    assert hint.startswith('"TRAINERS": [')


@pytest.mark.parametrize(("name", "value"), [("THREADS", 0), ("THREADS", True), ("SEED", -1), ("SEED", "7")])
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
