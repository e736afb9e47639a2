"""What a shopper and the store's staff do, through the store's own pages and salesman's API."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_personalize.models import Event
from tests.stores.salesman.shop.models import Accessory, Phone, PhoneVariant

JSON = "application/json"
BUYER = {"email": "mia@example.com", "shipping_address": "1, High Street", "billing_address": "1, High Street"}


def accept(client: Client, *purposes: str) -> None:
    assert client.post("/cookies/accept/", {"cookie_groups": list(purposes) or ["personalization"]}).status_code == 302


def decline(client: Client, *purposes: str) -> None:
    assert client.post("/cookies/decline/", {"cookie_groups": list(purposes)}).status_code == 302


def ref(thing: PhoneVariant | Accessory) -> str:
    return f"{thing._meta.label}-{thing.pk}".lower().replace(".", "")


def key(thing: Phone | PhoneVariant | Accessory) -> str:
    return f"{thing._meta.label}:{thing.pk}"


def add(client: Client, thing: PhoneVariant | Accessory, quantity: int = 1) -> None:
    data = {"product_type": thing._meta.label, "product_id": thing.pk, "quantity": quantity}
    assert client.post("/api/basket/", data, content_type=JSON).status_code == 201


def change(client: Client, thing: PhoneVariant | Accessory, quantity: int) -> None:
    assert client.put(f"/api/basket/{ref(thing)}/", {"quantity": quantity}, content_type=JSON).status_code == 200


def remove(client: Client, thing: PhoneVariant | Accessory) -> None:
    assert client.delete(f"/api/basket/{ref(thing)}/").status_code == 204


def basket(client: Client) -> dict[str, int]:
    """What the store says is in the basket."""
    items = client.get("/api/basket/").json()["items"]
    return {f"{each['product_type']}:{each['product_id']}": each["quantity"] for each in items}


def log_in(client: Client, name: str) -> User:
    user = User.objects.filter(username=name).first() or User.objects.create_user(name, password="pw")
    assert client.post("/login/", {"username": name, "password": "pw"}).status_code == 302
    return user


def check_out(client: Client, method: str = "on-delivery") -> str:
    """Order what is in the basket and return the URL that the store sends the shopper to."""
    data = {**BUYER, "payment_method": method}
    response = client.post("/api/checkout/", data, content_type=JSON)
    assert response.status_code == 201, response.content
    return str(response.json()["url"])


def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="pw"))
    return client


def told() -> list[tuple[Any, ...]]:
    """Every event in the order of arrival: what, about what, how many, and whose it is not to say."""
    rows = Event.objects.order_by("pk").values_list(
        "kind", "item_key", "item_variant", "quantity", "transaction_id", "search_term", "results"
    )
    return [tuple(value for value in row if value not in ("", None)) for row in rows]


def cost(client: Client, url: str) -> int:
    """Return how many queries the page makes at its second view."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    around = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(not query["sql"].startswith(around) for query in queries)
