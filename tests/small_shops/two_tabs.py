"""Two tabs of one browser put things into one cart at the same time, each in a thread of its own. Prints what was told.

Run as a process of its own, so that the threads have a database on disk to meet in.
"""

from __future__ import annotations

import json
import sys
from threading import Event as Signal
from threading import Thread

import django
from django.core.management import call_command
from django.http import HttpRequest
from django.test.utils import override_settings, setup_test_environment

first_has_looked, second_is_done = Signal(), Signal()


def read_cart(request: HttpRequest) -> list[tuple[int, int]]:
    """`CART`: the rows of the cart. The first tab dawdles once it has looked, as a busy server might."""
    from tests.small_shops.order_is_cart.models import OrderItem

    rows = OrderItem.objects.filter(user_id=request.user.pk, ordered=False)
    held = list(rows.values_list("item_id", "quantity"))
    if "dawdle" in request.GET and not first_has_looked.is_set():
        first_has_looked.set()
        second_is_done.wait(timeout=2)
    return held


def main() -> None:
    django.setup()
    from tests.small_shops.opening import settings_of

    setup_test_environment()
    call_command("migrate", run_syncdb=True, verbosity=0)
    settings = settings_of("order_is_cart")
    settings["PERSONALIZE"]["CART"] = {"callable": f"{read_cart.__module__}.read_cart"}
    with override_settings(**settings):
        json.dump(race(), sys.stdout)


def race() -> list[tuple[str, str, int | None]]:
    from django.db import connection
    from django.test import Client

    from django_personalize.integrations.cookie_consent import create_groups
    from tests.small_shops.conftest import accept
    from tests.small_shops.opening import seed, told

    create_groups()
    seed("order_is_cart")
    first, second = Client(), Client()
    accept(first)
    first.post("/login/", {"username": "member0", "password": "pw"}, follow=True)
    second.cookies.update(first.cookies)
    failed: list[BaseException] = []

    def tab(client: Client, url: str) -> None:
        try:
            client.get(url)
        except BaseException as problem:
            failed.append(problem)
        finally:
            connection.close()

    slow = Thread(target=tab, args=(first, "/add-to-cart/linen-shirt/?dawdle"))
    slow.start()
    first_has_looked.wait(timeout=20)
    quick = Thread(target=tab, args=(second, "/add-to-cart/coat/"))
    quick.start()
    quick.join(timeout=20)
    second_is_done.set()
    slow.join(timeout=20)
    if failed:
        raise failed[0]
    first.get("/order-summary/")
    return told("order_is_cart")
