from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

from django.test import Client

from tests.small_shops.drf_shop.models import Order, Product
from tests.small_shops.opening import Sold, Step

JSON = {"content_type": "application/json"}


def names() -> dict[str, str]:
    return {str(product.pk): product.name for product in Product.objects.all()}


def sold() -> list[Sold]:
    orders = Order.objects.exclude(status="created")
    return [(order.pk, 1, int(order.status == "refunded")) for order in orders for _ in order.cart.products.all()]


def script(client: Client, name: str, params: dict[str, object]) -> None:
    """What `personalize.js` sends; it stays silent by itself where nobody said yes."""
    event = {"id": str(uuid4()), "name": name, "ago": 0, "params": params}
    client.post("/personalize/events/", {"events": [event]}, headers={"Sec-Fetch-Site": "same-origin"}, **JSON)


def visit(client: Client, sync: Callable[[], object]) -> Iterator[Step]:
    kite, drum = Product.objects.get(name="Kite"), Product.objects.get(name="Drum")
    client.get("/")
    page = client.get(f"/shop/{kite.pk}/")
    client.get(f"/api/products/{kite.pk}/")
    client.get("/api/products/?search=kite")
    yield Step("looks at pages that a cache keeps, which tell nothing by themselves")
    item = re.search(r'data-pz-item="(\w+)"', page.content.decode())
    if item is not None:
        script(client, "view_item", {"items": [{"item_id": item[1]}]})
    yield Step("the product page's script tells of it", (("view_item", "Kite", None),))
    script(client, "search", {"search_term": "kite", "results": 1})
    yield Step("and the app of its search", (("search", "kite", 1),))
    for _ in range(2):
        client.post("/api/cart/", {"product": kite.pk}, **JSON)
    yield Step("adds one, twice: carts know no quantities here", (("add_to_cart", "Kite", 1),))
    client.post("/api/cart/", {"product": drum.pk}, **JSON)
    yield Step("adds another", (("add_to_cart", "Drum", 1),))
    client.delete(f"/api/cart/{drum.pk}/")
    yield Step("takes it out", (("remove_from_cart", "Drum", 1),))
    client.post("/api/login/", {"username": "member", "password": "pw"}, **JSON)
    yield Step("logs in", (("login", "", None),))
    client.post("/api/cart/", {"product": drum.pk}, **JSON)
    yield Step("adds it again", (("add_to_cart", "Drum", 1),))
    order = client.post("/api/checkout/", {"email": "mia@example.com"}, **JSON).json()["id"]
    client.get("/api/cart/")
    yield Step("orders, and has not paid yet")
    hook = f"/api/orders/{order}/status/"
    Client().post(hook, {"status": "paid"}, **JSON)
    yield Step("paid", (("purchase", "Drum", 1), ("purchase", "Kite", 1)))
    Client().post(hook, {"status": "refunded"}, **JSON)
    yield Step("gets the money back", (("refund", "Drum", 1), ("refund", "Kite", 1)))
    Client().post(hook, {"status": "shipped"}, **JSON)
    yield Step("does not after all", went=(("refund", "Drum", 1), ("refund", "Kite", 1)))
