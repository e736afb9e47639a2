from __future__ import annotations

from collections.abc import Callable, Iterator

from django.test import Client

from tests.small_shops.opening import Sold, Step
from tests.small_shops.translated.models import Order, PosterTranslation, SoldPoster


def names() -> dict[str, str]:
    return {text.master_id: text.name for text in PosterTranslation.objects.filter(language_code="en")}


def sold() -> list[Sold]:
    return [(piece.order_id, 1, int(piece.cancelled)) for piece in SoldPoster.objects.all()]


def visit(client: Client, sync: Callable[[], object]) -> Iterator[Step]:
    client.get("/en/")
    client.get("/en/poster/the-sea/")
    yield Step("opens a product", (("view_item", "The sea", None),))
    client.get("/ru/poster/more/")
    yield Step("opens it in another language", (("view_item", "The sea", None),))
    client.get("/ru/search/?search=Лес")
    yield Step("searches", (("search", "Лес", None),))
    for _ in range(2):
        client.post("/en/cart/put/p-sea/", follow=True)
        yield Step("adds one", (("add_to_cart", "The sea", 1),))
    client.post("/ru/cart/put/p-wood/", follow=True)
    yield Step("adds another", (("add_to_cart", "A wood", 1),))
    client.post("/en/login/", {"username": "member", "password": "pw"}, follow=True)
    yield Step("logs in, and keeps the cart", (("login", "", None),))
    client.post("/en/cart/drop/p-wood/", follow=True)
    yield Step("takes it out", (("remove_from_cart", "A wood", 1),))
    client.post("/en/check-out/", follow=True)
    yield Step("orders two, which are two rows", (("purchase", "The sea", 1), ("purchase", "The sea", 1)))
    cancel = f"/en/orders/{Order.objects.latest('pk').number}/cancel/p-sea/"
    client.post(cancel, follow=True)
    yield Step("cancels one", (("refund", "The sea", 1),))
    client.post(cancel, {"undo": "1"}, follow=True)
    yield Step("keeps it after all", went=(("refund", "The sea", 1),))
