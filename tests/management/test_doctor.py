import signal
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError, call_command
from django.db.models import Q
from django.test import Client

from django_personalize.capture.orders import reconcile, reconcile_orders
from django_personalize.conf import settings as personalize
from django_personalize.core import clock
from django_personalize.core.types import EventDraft
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.management.captured import Watch, ago, grouped
from django_personalize.management.standing import sample_pages
from django_personalize.models import Event, Finding, Impression
from django_personalize.testing.override import override_personalize
from example_shop.shop.models import Order
from tests.people import visitor
from tests.processes import ROOT, environment, run, until
from tests.shops import bought, order, product, user
from tests.small_shops.opening import seed, settings_of


def told(capsys, *args):
    call_command("personalize_doctor", *args)
    return capsys.readouterr().out


def event(kind, *, ago=timedelta(), **fields):
    return Event.objects.create(kind=kind, occurred_at=clock.now() - ago, received_at=clock.now(), **fields)


@pytest.mark.django_db
class TestASummary:
    def test_of_a_shop_that_nobody_has_visited_says_what_to_do_about_each_kind(self, capsys):
        product("Lantern")
        output = told(capsys)
        assert output.startswith("Events            last seen         hour       day\nnone yet\n")
        assert "Consent:        browsers that say yes: 0 to personalization, 0 to analytics.\n" in output
        assert "\nSeen live in the last 7 days: nothing yet.\n" in output
        advice = output.split("Not seen in the last 7 days, and what to do about each:\n")[1].splitlines()
        assert advice[0].startswith("  No browser says yes: open the shop, and agree to the banner.")
        assert advice[1].startswith("  The script was not heard. Put {% load personalize %}{% personalize_script %}")
        assert [line.split(":")[0].strip() for line in advice[2:-1]] == [
            "view_item",
            "add_to_cart",
            "remove_from_cart",
            "search",
            "login",
            "purchase",
            "refund",
            "view_item_list",
            "select_item",
            "user_engagement",
        ]
        assert advice[-1].startswith(
            "  Only where the shop tells them, by track() or the data layer: add_to_wishlist, "
        )

    def test_counts_events_by_kind_and_says_when_the_last_one_was(self, capsys):
        event("view_item", item_key="1")
        event("view_item", item_key="1", ago=timedelta(hours=3))
        event("view_item", item_key="1", ago=timedelta(days=3))
        event("purchase", item_key="1", ago=timedelta(days=2))
        output = told(capsys)
        assert "Events            last seen         hour       day\n" in output
        assert "view_item         0 s ago              1         2\n" in output
        assert "purchase          2 d ago              0         0\n" in output
        assert "Seen live in the last 7 days: view_item, purchase.\n" in output

    def test_shows_for_some_products_what_their_pages_count_as(self, capsys):
        lantern = product("Lantern")
        output = told(capsys)
        assert f"                {lantern.get_absolute_url()} shows {lantern.pk}\n" in output

    @pytest.mark.parametrize(
        ("name", "known", "unknown"),
        [
            ("session_shop", 3, 0),
            ("order_is_cart", 1, 2),  # two items of this shop share a slug: its page names neither
            ("uuid_variants", 2, 0),
            ("translated", 3, 0),
            ("cookie_shop", 0, 0),  # has no pages of products
        ],
    )
    def test_takes_the_pages_of_any_shop_for_what_a_visit_would_count(self, name, known, unknown, settings):
        for setting, value in settings_of(name).items():
            setattr(settings, setting, value)
        seed(name)
        items = [item for item in personalize.shop.newest(5) if item.url]
        right = {f"{item.url} shows {item.key}" for item in items}
        wrong = {f"{item.url} shows nothing that is known, but it is {item.key}" for item in items}
        lines = set(sample_pages())
        assert (len(lines & right), len(lines & wrong), len(lines)) == (known, unknown, known + unknown)

    def test_holds_the_orders_of_a_week_against_the_shops_own(self, capsys):
        placed = order("A", placed_at=clock.now() - timedelta(days=1))
        bought(placed, product("Lantern"))
        bought(order("B", placed_at=clock.now() - timedelta(days=9)), product("Candle"))
        assert "Orders, 7 days: 1 order with 1 line in the shop, 0 orders with 0 lines here. They differ" in told(
            capsys
        )
        reconcile()
        output = told(capsys)
        assert "Orders, 7 days: 1 order with 1 line in the shop, 1 order with 1 line here.\n" in output

    def test_says_how_carts_are_read_searches_noticed_and_the_script_heard(self, capsys):
        event("user_engagement", ago=timedelta(minutes=5))
        with override_personalize(CART={"session": "store.cart"}, SEARCH={"params": ("words",)}):
            output = told(capsys)
        assert 'Cart:           session["store"]["cart"].\n' in output
        assert "Searches:       the words behind words in an address;" in output
        assert "Script:         last heard 5 min ago.\n" in output
        assert "Middleware:     at place 10 of 10.\n" in output
        assert "Model:          none is live: " in output

    def test_says_whether_the_cart_can_be_read_where_it_is_kept(self, capsys):
        for cart in ({"1": 2}, {}, "odd", {"1": {"price": "2.50"}}):
            session = SessionStore()
            session["store"] = {"cart": cart}
            session.save()
        carts = [
            {"session": "store.cart"},
            {"cookie": "cart"},
            {"model": "shop.OrderLine", "item": "product_id", "where": Q(quantity=1), "user": "order__user_id"},
            {"callable": "tests.small_shops.drf_shop.carts.contents"},
        ]
        bought(order("A"), product("Lantern"))
        with override_personalize(CART=carts):
            output = told(capsys)
        assert (
            "                of 4 stored sessions, 1 with something in the cart, "
            "2 of a shape that the mapping does not describe.\n"
            '                only browsers have the cookie "cart": put something into the cart, and see it arrive.\n'
            "                1 row of shop.OrderLine in carts now. "
            'Each counts as one piece, since no "qty" is said.\n'
            "                tests.small_shops.drf_shop.carts.contents() is there; it is asked in requests.\n"
        ) in output

    def test_says_where_nobody_can_look_through_the_sessions(self, capsys, settings):
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        with override_personalize(CART={"session": "basket"}):
            assert "                the stored sessions cannot be looked through: put something" in told(capsys)

    def test_lists_the_findings_of_a_week_with_their_meaning(self, capsys):
        today = clock.now().date()
        Finding.objects.create(day=today, reason="cart_of_unknown_shape", sample="session: cart", count=3)
        Finding.objects.create(day=today - timedelta(days=8), reason="product_gone", count=1)
        output = told(capsys)
        assert (
            f"  {today} cart_of_unknown_shape: 3 (session: cart). A cart of a shape that the mapping does not" in output
        )
        assert "product_gone" not in output

    def test_names_the_setting_behind_what_cannot_be_seen(self, capsys, settings):
        settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if "personalize" not in path]
        settings.ROOT_URLCONF = "tests.small_shops.cookie_shop.urls"
        product("Lantern")
        with override_personalize(CART=None, CAPTURE="server"):
            output = told(capsys)
        assert "Middleware:     missing: add " in output
        assert '  Add "django_personalize.middleware.PersonalizeMiddleware" to MIDDLEWARE, last' in output
        assert '  view_item: no URL pattern of product pages is known. Set PRODUCT["url"]' in output
        assert "  add_to_cart: the cart is not known. Set CART;" in output

    def test_orders_that_were_read_all_at_once_have_not_been_seen_to_arrive(self, capsys):
        for number in ("A", "B"):
            bought(order(number, placed_at=clock.now()), product(f"Lantern {number}"), returned_at=clock.now())
        reconcile()
        output = told(capsys)
        assert "\nSeen live in the last 7 days: nothing yet.\n" in output
        assert "  purchase: place an order." in output
        assert "never read" not in output
        bought(order("C", placed_at=clock.now()), product("Candle"))
        reconcile_orders([str(Order.objects.get(number="C").number)])
        assert "\nSeen live in the last 7 days: purchase.\n" in told(capsys)

    def test_what_was_seen_long_ago_is_not_seen(self, capsys):
        event("search", ago=timedelta(days=8))
        event("login", ago=timedelta(days=6))
        output = told(capsys)
        assert "\nSeen live in the last 7 days: login.\n" in output
        assert "\n  search: search for something." in output

    def test_a_cart_under_another_name_than_the_mapped_one_is_told(self, capsys):
        for number, name in enumerate(("bag", "bag", "basket", "locale")):
            session = SessionStore()
            session[name] = {"bag": {str(product(f"Lantern {number}").pk): 1}, "basket": {}, "locale": "uz"}[name]
            session.save()
        with override_personalize(CART={"session": "cart"}):
            output = told(capsys)
        assert (
            '                of 4 stored sessions, none has "cart", '
            'but 2 have "bag", which looks like a cart and 1 has "basket", which looks like a cart.\n'
        ) in output
        session = SessionStore()
        session["cart"] = {}
        session.save()
        with override_personalize(CART={"session": "cart"}):
            assert "                of 5 stored sessions, 0 with something in the cart.\n" in told(capsys)

    def test_names_nobody(self, capsys):
        person = user("ann.other")
        who = visitor("personalization", user_key=str(person.pk))
        placed = order("W-SECRET", user="ann.other", email="ann@example.com")
        bought(placed, product("Lantern"))
        reconcile()
        event("search", visitor=who, search_term="embarrassing words")
        output = told(capsys, "--seconds", "0")
        for secret in ("ann", "W-SECRET", "embarrassing", str(who.pk)):
            assert secret not in output

    def test_needs_a_mapping_and_says_how_to_get_one(self, settings):
        settings.PERSONALIZE = {}
        with pytest.raises(CommandError, match=r"Run manage\.py personalize_setup"):
            call_command("personalize_doctor")


@pytest.mark.django_db
class TestWatching:
    def test_tells_each_row_once_as_it_is_stored(self):
        event("view_item", item_key="1")
        watch = Watch()
        assert list(watch.new()) == []
        event("add_to_cart", item_key="7")
        event("search")
        assert [found[1:] for found in watch.new()] == [("add_to_cart", "7"), ("search", "")]
        assert list(watch.new()) == []

    def test_sees_a_row_that_was_committed_late(self):
        watch = Watch()
        late, early = event("search"), event("login")
        Event.objects.filter(pk=late.pk).delete()
        assert [found[1] for found in watch.new()] == ["login"]
        Event.objects.create(pk=late.pk, kind="search", occurred_at=clock.now(), received_at=clock.now(), uid=uuid4())
        assert [found[1] for found in watch.new()] == ["search"]
        assert early.pk > late.pk

    def test_tells_impressions_by_the_name_of_their_event(self):
        watch = Watch()
        decision = visitor("analytics").decisions.create(
            placement="home", decided_at=clock.now(), pipeline="p", rung="popular"
        )
        Impression.objects.create(decision=decision, slot=1, item_key="5", seen_at=clock.now())
        assert [found[1:] for found in watch.new()] == [("view_item_list", "5")]

    def test_a_row_that_was_seen_at_once_is_one_line(self):
        moment = clock.now()
        new = [(moment, "view_item", "1"), *((moment, "view_item_list", str(key)) for key in range(18))]
        assert grouped(new) == [(moment, "view_item", "1"), (moment, "view_item_list", "18 items")]
        assert grouped(new[:2]) == new[:2]

    def test_says_what_came_meanwhile_beside_what_came_before(self, capsys):
        event("search")
        output = told(capsys, "--seconds", "0")
        assert "\nSeen while following: nothing yet.\nSeen live in the last 7 days: search.\n" in output

    def test_a_visit_to_the_shop_arrives_in_its_order(self):
        create_groups()
        lantern = product("Lantern")
        watch, browser = Watch(), Client()
        browser.post("/cookies/accept/", {"all_groups": "true"})
        browser.get(lantern.get_absolute_url())
        assert [found[1:] for found in watch.new()] == [("view_item", str(lantern.pk))]


@pytest.mark.parametrize(
    ("age", "said"),
    [(0, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (3_600, "1 h ago"), (200_000, "2 d ago"), (-5, "0 s ago")],
)
def test_ages_are_told_in_one_unit(age, said, frozen):
    assert ago(clock.now() - timedelta(seconds=age)) == said


STORE = """
import django; django.setup()
from django_personalize.events.sinks import DatabaseSink
from tests.management.test_doctor import draft
DatabaseSink().write([draft("view_item", "41"), draft("search", "")] + [draft("login", "")] * 1)
"""


def draft(kind, item_key):
    return EventDraft(uid=uuid4(), kind=kind, occurred_at=clock.now(), item_key=item_key)


def test_a_following_process_prints_what_others_store_and_ends_cleanly_by_ctrl_c(tmp_path):
    env = environment(tmp_path)
    run(["migrate", "--verbosity", "0"], env)
    log = tmp_path / "doctor.log"
    with log.open("wb") as out:
        doctor = subprocess.Popen(
            [sys.executable, "manage.py", "personalize_doctor", "--follow"], cwd=ROOT, env=env, stdout=out, stderr=out
        )
        try:
            until(lambda: b"Following; Ctrl-C ends it." in log.read_bytes(), 60, log)
            run(STORE, env)
            until(lambda: b"login" in log.read_bytes().split(b"Following")[1], 30, log)
            doctor.send_signal(signal.SIGINT)
            assert doctor.wait(timeout=20) == 0
        finally:
            doctor.kill()
            doctor.wait()
    followed = log.read_text().split("Following; Ctrl-C ends it.\n")[1]
    assert [line.split(maxsplit=1)[1] for line in followed.splitlines()[:3]] == [
        "view_item          41",
        "search",
        "login",
    ]
    assert "\nSeen while following: view_item, search, login.\n" in followed
    assert "Traceback" not in followed
