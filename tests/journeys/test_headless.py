"""A shop in a process of its own posts products, orders and events; ours learns from them, whatever is killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.headless_recipe import blocks, client_snippet
from tests.processes import ROOT, environment, free_port, get, run, running, until

KEY = "the-key-of-a-shop-in-another-process"
CATEGORIES = ("Candles", "Kitchen", "Toys", "Garden", "Cards", "Bags")
PER_CATEGORY = 10
ORDERS = 600
VISITORS = (
    {"id": "browser-1", "user": "customer-0", "granted": ["analytics", "personalization"]},
    {"id": "browser-2", "user": "", "granted": ["analytics"]},
)
ROWS = """
import django; django.setup()
import hashlib, json
from django_personalize.models import Event, FeedItem, FeedLine, ModelVersion, Visitor
def rows(model, *without):
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in ("id", *without)]
    return sorted(map(str, model.objects.values_list(*names)))
everything = [rows(Event), rows(FeedItem, "received_at"), rows(FeedLine), rows(Visitor)]
events = Event.objects.exclude(kind__in=("purchase", "refund"))
print(json.dumps({
    "digest": hashlib.sha256(str(everything).encode()).hexdigest(),
    "visitors": Visitor.objects.count(),
    "views": events.count(),
    "purchases": Event.objects.filter(kind="purchase").count(),
    "refunds": Event.objects.filter(kind="refund").count(),
    "linked": Event.objects.filter(kind="purchase", visitor__user_key="customer-0").count(),
    "tied": Event.objects.filter(kind="purchase", visitor__isnull=False).count(),
    "orders": sorted(set(Event.objects.filter(kind="purchase").values_list("transaction_id", flat=True))),
    "models": list(ModelVersion.objects.values_list("status", flat=True)),
}))
"""


def plan(**changes: Any) -> dict[str, Any]:
    """Sixty products, six hundred orders of customers with tastes, and what two visitors looked at."""
    now = datetime.now(UTC).replace(microsecond=0)
    products = [
        {
            "id": f"{category.lower()}-{number}",
            "title": f"{category} {number}",
            "link": f"https://shop.example/{category.lower()}/{number}",
            "price": f"{number + 1}.50 GBP",
            "availability": "in_stock",
            "product_type": category,
            "created": (now - timedelta(days=200)).isoformat(),
        }
        for category in CATEGORIES
        for number in range(PER_CATEGORY)
    ]
    orders = []
    for number in range(ORDERS):
        customer = number * 7 % 60
        taste = CATEGORIES[customer % len(CATEGORIES)].lower()
        bought = {f"{taste}-{(number * step + customer) % PER_CATEGORY}" for step in (1, 3, 7)}
        bought.add(products[number * 11 % len(products)]["id"])
        orders.append(
            {
                "id": f"order-{number}",
                "placed_at": (now - timedelta(days=180 * (1 - number / ORDERS), hours=1)).isoformat(),
                "currency": "GBP",
                "user": f"customer-{customer}" if customer < 45 else "",
                "status": "cancelled" if number % 50 == 49 else "placed",
                "lines": [
                    {
                        "line": str(place),
                        "item": item,
                        "quantity": 2,
                        "cancelled_quantity": number % 25 == 7,
                        "price": "2.50",
                    }
                    for place, item in enumerate(sorted(bought))
                ],
            }
        )
        for line in orders[-1]["lines"]:
            line["cancelled_quantity"] = int(line["cancelled_quantity"])
    events = [
        {
            "visitor": VISITORS[number % 2]["id"],
            "event": {
                "id": str(UUID(int=number)),
                "name": "view_item",
                "ago": 1000 * number,
                "params": {"items": [{"item_id": products[number % len(products)]["id"]}]},
            },
        }
        for number in range(200)
    ]
    values: dict[str, Any] = {
        "feed": "first",
        "products": products,
        "orders": orders,
        "events": events,
        "visitors": VISITORS,
        "events_at_once": 40,
        "orders_at_once": 200,
    }
    return values | changes


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("empty")
    run(["migrate", "--verbosity", "0"], environment(state, DJANGO_SETTINGS_MODULE="tests.served_settings"))
    return state / "db.sqlite3"


class Stage:
    """One database, the server in front of it, and the other shop."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.env = environment(state, DJANGO_SETTINGS_MODULE="tests.headless_settings", PERSONALIZE_KEY=KEY)
        self.root = f"http://127.0.0.1:{free_port()}"
        self.base = f"{self.root}/personalize/api/v1"
        (state / "client.py").write_text(client_snippet())

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        where = self.root.removeprefix("http://")
        log = self.state / "web.log"
        with running(["manage.py", "runserver", "--noreload", "--skip-checks", where], self.env, log) as process:
            until(lambda: get(f"{self.root}/process/") is not None, 60, log)
            yield process

    def shop(self, what: dict[str, Any]) -> subprocess.Popen[str]:
        (self.state / "plan.json").write_text(json.dumps(what))
        script = [str(ROOT / "tests" / "headless_client.py"), str(self.state / "client.py"), self.base]
        with (self.state / "answers").open("w") as answers, (self.state / "shop.log").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-I", *script, str(self.state / "plan.json")],
                env={"PERSONALIZE_KEY": KEY, "PATH": os.environ["PATH"]},
                stdout=answers,
                stderr=log,
                text=True,
            )

    def send(self, what: dict[str, Any]) -> list[Any]:
        """Play the shop to its end; what it was answered."""
        process = self.shop(what)
        assert process.wait(timeout=120) == 0, (self.state / "shop.log").read_text()
        return self.answers()

    def answers(self) -> list[Any]:
        """What was answered so far; a line that is being written is no answer yet."""
        *lines, _ = (self.state / "answers").read_text().split("\n")
        return [json.loads(line) for line in lines]

    def status(self) -> Any:
        request = urllib.request.Request(f"{self.base}/status/", headers={"Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def rows(self) -> dict[str, Any]:
        """What is stored, once nothing waits any more."""
        run(["personalize_drain"], self.env)
        found: dict[str, Any] = json.loads(run(ROWS, self.env))
        return found


@pytest.fixture
def stage(empty: Path, tmp_path: Path) -> Stage:
    shutil.copy(empty, tmp_path / "db.sqlite3")
    return Stage(tmp_path)


def wanted(what: dict[str, Any]) -> dict[str, Any]:
    """What has to be there when all of the plan was sent."""
    lines = [(order, line) for order in what["orders"] for line in order["lines"]]
    return {
        "visitors": 2,
        "views": len(what["events"]),
        "purchases": len(lines),
        "refunds": sum(order["status"] == "cancelled" or line["cancelled_quantity"] > 0 for order, line in lines),
        "linked": sum(order["user"] == "customer-0" for order, _ in lines),
        "tied": sum(order["user"] == "customer-0" for order, _ in lines),
        "orders": sorted(order["id"] for order in what["orders"]),
    }


@pytest.mark.slow
def test_a_shop_in_another_process_is_learnt_from_and_shown(stage):
    what = plan()
    with stage.serving():
        answers = stage.send(what)
        assert [each[1:] for each in answers if each[0] == "catalogue"] == [[{"listed": 60, "unlisted": 0}, []]]
        assert [each[2:] for each in answers if each[0] == "orders"] == [[200, []]] * 3
        assert stage.status() == {
            "products": {"listed": 60, "unlisted": 0},
            "orders": ORDERS,
            "lines": wanted(what)["purchases"],
        }
        first = stage.rows()
        assert first | wanted(what) == first
        again = stage.send(what)
        assert sum(each[2]["stored"] for each in again if each[0] == "events") == len(what["events"])
        assert stage.rows() == first  # taken again, and stored once

        assert show(stage, "candles-3")  # the newest, as nothing is learnt yet
        run(["personalize_train"], stage.env)
        assert stage.rows()["models"] == ["live"]
        assert stage.rows()["digest"] == first["digest"]  # the orders were in line already
        until(lambda: get(f"{stage.root}/process/")["version"] is not None, 30, stage.state / "web.log")
        links = show(stage, "candles-3")
        assert sum("/candles/" in link for link in links) >= 3
        assert "https://shop.example/candles/3" not in links
        assert get(f"{stage.root}/process/")["loaded"] == []

        smaller = [each for each in what["products"] if each["id"] != "candles-1"]
        stage.send(plan(feed="second", products=smaller, orders=[], events=[]))
        assert stage.status()["products"] == {"listed": 59, "unlisted": 1}
        assert "https://shop.example/candles/1" not in show(stage, "candles-3")


def show(stage: Stage, key: str) -> list[str]:
    """The links that the documented fragment holds."""
    try:
        with urllib.request.urlopen(f"{stage.root}/beside/{key}/", timeout=30) as response:
            page = response.read().decode()
    except urllib.error.HTTPError as error:
        error.close()
        pytest.fail((stage.state / "web.log").read_text()[-4000:])
    links = list(dict.fromkeys(re.findall(r'href="(https://shop\.example/[^"]+)"', page)))
    assert links, page
    return links


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost_when_the_server_is_killed(stage):
    what = plan(events_at_once=4, orders_at_once=10)
    shop, kills = None, 0
    try:
        while shop is None or shop.poll() is None:
            with stage.serving() as server:
                shop = shop or stage.shop(what)
                before = len(stage.answers())
                moved = until_moved(stage, shop, before)
                if moved and kills < 5:
                    server.send_signal(signal.SIGKILL)
                    server.wait()
                    kills += 1
                    acknowledged(stage, what)
                elif shop.poll() is None:
                    shop.wait(timeout=120)
        assert shop.returncode == 0, (stage.state / "shop.log").read_text()
    finally:
        if shop is not None:
            shop.kill()
            shop.wait()
    assert kills == 5
    found = stage.rows()
    assert found | wanted(what) == found


def until_moved(stage: Stage, shop: subprocess.Popen[str], before: int) -> bool:
    """Wait until the shop has had some more answers; False where it came to its end."""
    deadline = time.monotonic() + 60
    while len(stage.answers()) < before + 12:
        if shop.poll() is not None:
            return False
        assert time.monotonic() < deadline, stage.answers()[-3:]
        time.sleep(0.01)
    return True


def acknowledged(stage: Stage, what: dict[str, Any]) -> None:
    """Everything that the shop was answered for is there, though nobody had time to put anything away."""
    answers, found = stage.answers(), stage.rows()
    sent = {each["event"]["id"] for each in what["events"]}
    events = {each for kind, keys, *_ in answers if kind == "events" for each in keys}
    orders = {each for kind, keys, *_ in answers if kind == "orders" for each in keys}
    assert events <= sent
    assert found["views"] >= len(events)
    assert orders <= set(found["orders"])


@pytest.mark.slow
def test_the_commands_of_the_recipe_work_as_they_stand(stage):
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not there")
    env = {"BASE": stage.base, "KEY": KEY, "PATH": os.environ["PATH"]}
    answers: list[Any] = []
    with stage.serving():
        for command in blocks("bash"):
            done = subprocess.run(
                ["bash", "-euc", command], env=env, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            answers.append(json.loads(done.stdout))
    kept = {"accepted": 1, "stale": 0, "errors": []}
    assert answers == [
        {"products": {"listed": 0, "unlisted": 0}, "orders": 0, "lines": 0},
        kept,
        kept,
        {"stored": 2, "refused": {}},
    ]
