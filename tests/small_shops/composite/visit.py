from __future__ import annotations

from collections.abc import Callable, Iterator

from django.test import Client

from tests.small_shops.composite.models import Order, OrderPosition
from tests.small_shops.opening import Sold, Step


def names() -> dict[str, str]:
    return {"ACME,7": "Hammer", "ACME,8": "Nails", "B%2C%20100%25,7": "Saw"}


def sold() -> list[Sold]:
    return [(line.order_id, line.pieces, 0) for line in OrderPosition.objects.filter(order__state="F")]


def visit(client: Client, sync: Callable[[], object]) -> Iterator[Step]:
    client.get("/")
    client.get("/articles/ACME/7/")
    yield Step("opens an article", (("view_item", "Hammer", None),))
    client.post("/cart/ACME/7/", {"pieces": 2})
    yield Step("adds two", (("add_to_cart", "Hammer", 2),))
    client.post("/cart/ACME/7/", {"pieces": 3})
    yield Step("adds one more", (("add_to_cart", "Hammer", 1),))
    client.post("/cart/ACME/8/", {"pieces": 5})
    yield Step("adds others", (("add_to_cart", "Nails", 5),))
    client.post("/cart/ACME/8/", {"pieces": 0})
    yield Step("takes them out", (("remove_from_cart", "Nails", 5),))
    client.post("/cart/ACME/7/", {"pieces": 1})
    yield Step("wants fewer", (("remove_from_cart", "Hammer", 2),))
    client.post("/order/", {"customer": "Mia"})
    client.get("/")
    yield Step("orders", (("purchase", "Hammer", 1),))
    number = Order.objects.latest("pk").pk
    Client().post(f"/order/{number}/state/", {"state": "S"})
    yield Step("it is scrapped, which is as if it had never been", went=(("purchase", "Hammer", 1),))
