from __future__ import annotations

from collections.abc import Callable, Iterator

from django.test import Client

from tests.small_shops.keyed_by_session.models import CartItem, Order, OrderProduct, Product
from tests.small_shops.opening import Sold, Step


def names() -> dict[str, str]:
    return {str(product.pk): product.product_name for product in Product._base_manager.all()}


def sold() -> list[Sold]:
    lines = OrderProduct.objects.filter(ordered=True)
    return [(line.order_id, line.quantity, line.quantity * (line.order.status == "Cancelled")) for line in lines]


def visit(client: Client, sync: Callable[[], object]) -> Iterator[Step]:
    jeans, shirt = Product.objects.get(slug="blue-jeans"), Product.objects.get(slug="red-shirt")
    client.get("/")
    client.get(shirt.get_absolute_url())
    yield Step("opens a product", (("view_item", "Red shirt", None),))
    client.get("/store/search/?keyword=jeans")
    yield Step("searches", (("search", "jeans", 1),))
    client.post(f"/cart/add_cart/{shirt.pk}/", {"color": "red"}, follow=True)
    yield Step("adds a red one", (("add_to_cart", "Red shirt", 1),))
    client.post(f"/cart/add_cart/{shirt.pk}/", {"size": "large"}, follow=True)
    yield Step("adds a large one, a line of its own", (("add_to_cart", "Red shirt", 1),))
    client.get(f"/cart/add_cart/{jeans.pk}/", follow=True)
    yield Step("adds another, by a link", (("add_to_cart", "Blue jeans", 1),))
    client.get(f"/cart/add_cart/{jeans.pk}/", follow=True)
    yield Step("and another one", (("add_to_cart", "Blue jeans", 1),))
    line = CartItem.objects.get(product=jeans)
    client.get(f"/cart/remove_cart/{jeans.pk}/{line.pk}/", follow=True)
    yield Step("takes one out", (("remove_from_cart", "Blue jeans", 1),))
    line = CartItem.objects.filter(product=shirt).earliest("pk")
    client.get(f"/cart/remove_cart_item/{shirt.pk}/{line.pk}/", follow=True)
    yield Step("takes a line out", (("remove_from_cart", "Red shirt", 1),))
    key = client.session.session_key
    client.post("/accounts/login/", {"username": "member", "password": "pw"}, follow=True)
    assert client.session.session_key != key
    yield Step("logs in, and keeps the cart", (("login", "", None),))
    client.get(f"/cart/add_cart/{jeans.pk}/", follow=True)
    yield Step("adds as a member", (("add_to_cart", "Blue jeans", 1),))
    client.post("/orders/place_order/", {"email": "mia@example.com"})
    yield Step("says where to")
    order = Order.objects.latest("pk")
    paid = {"orderID": order.order_number, "transID": "t1", "status": "COMPLETED"}
    client.post("/orders/payments/", paid, content_type="application/json")
    client.get("/cart/")
    yield Step("pays", (("purchase", "Blue jeans", 2), ("purchase", "Red shirt", 1)))
    Order.objects.filter(pk=order.pk).update(status="Cancelled")
    client.get("/")
    yield Step("is cancelled, by an update that no signal tells of")
    sync()
    yield Step("the night comes", (("refund", "Blue jeans", 2), ("refund", "Red shirt", 1)))
    Order.objects.filter(pk=order.pk).update(status="Completed")
    sync()
    yield Step("is not cancelled after all", went=(("refund", "Blue jeans", 2), ("refund", "Red shirt", 1)))
