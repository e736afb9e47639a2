"""Whatever is sent, it is taken or refused with a reason; nothing that is sent is a fault of ours."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from tests.api.conftest import line, order, product, told, view

pytestmark = pytest.mark.django_db

VALID: dict[str, Any] = {
    "products/": {
        "feed": "monday",
        "products": [
            product("1", sale_price="2 GBP", availability="in_stock", brand="Kiln", product_type="Mugs",
                    image_link="/x.jpg", created="2026-01-01T00:00:00Z", updated="2026-01-02T00:00:00Z"),
            product("red", item_group_id="mug"),
            product("mug"),
        ],
    },
    "feeds/": {"feed": "monday", "count": 3, "force": True},
    "orders/": {
        "orders": [
            order("A", user="77", visitor="b1", status="placed", cancelled_at="2026-02-03T00:00:00Z",
                  updated="2026-02-03T00:00:00Z",
                  lines=[line("1", quantity=2, cancelled_quantity=1, cancelled_at="2026-02-03T00:00:00Z",
                              list_price=3)]),
            order("B", "red", "mug"),
        ]
    },
    "events/": told(
        "b1",
        view(1, "1"),
        {"id": "00000000-0000-0000-0000-000000000002", "name": "search", "ago": 5.5,
         "params": {"search_term": "mug", "results": 3}},
        {"id": "00000000-0000-0000-0000-000000000003", "name": "add_to_cart",
         "params": {"currency": "GBP", "items": [{"item_id": "red", "quantity": 2, "price": "6.50", "index": 1}]}},
        {"id": "00000000-0000-0000-0000-000000000004", "name": "view_item_list",
         "params": {"decision": "00000000-0000-0000-0000-000000000005", "slots": [1]}},
        user="77",
    ) | {"context": {"device": "mobile", "referrer": "search", "campaign": "spring", "scope": "uk"}},
}  # fmt: skip
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 2**64, 10**400, 1e308, "", " ", "x", "x" * 5000, "0", "-1", "1e999",
    "NaN", "Infinity", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202e", "\n", "é", "😀", "%s", "' OR 1=1 --",
    [], {}, [[]], [None], [{}], {"": ""}, {"id": {}}, {"\x00": 1}, {"\ud800": 1}, "2026-02-30T00:00:00Z",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00.123456789Z", "1 GBP",
    "1" * 40 + " GBP", "1E+9999999", "http://", "https://[", "//x",
)  # fmt: skip


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a body."""
    found = []
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        found += [(node, key), *places(node[key])]
    return found


def mutated(body: Any, chance: random.Random) -> bytes:
    body = copy.deepcopy(body)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        container, key = chance.choice(places(body))
        match chance.randrange(5):
            case 0 if isinstance(container, dict):
                del container[key]
            case 1 if isinstance(container, list):
                container.append(container[key])
            case 2 if isinstance(container, dict):
                container[chance.choice(["x", "id", "", "\x00", "\ud800", "__class__"])] = copy.deepcopy(
                    chance.choice(JUNK)
                )
            case 3:
                container[key] = [container[key]]
            case _:
                container[key] = copy.deepcopy(chance.choice(JUNK))
        if not places(body):
            break
    raw = json.dumps(body, ensure_ascii=chance.random() < 0.7).encode("utf-8", "surrogatepass")
    match chance.randrange(20):
        case 0:
            return raw[: chance.randrange(len(raw))]
        case 1:
            at = chance.randrange(len(raw))
            return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
        case _:
            return raw


@pytest.mark.parametrize("path", VALID)
@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_mutations_of_a_valid_body_are_taken_or_refused_with_a_reason(send, settings, path, seed):
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"personalize": None}}
    chance = random.Random(f"{path}{seed}")
    for each, body in VALID.items():
        assert send(each, body).status_code == 200
    seen = set()
    for _ in range(200):
        raw = mutated(VALID[path], chance)
        response = send(path, raw=raw, method="PUT" if path == "products/" and chance.random() < 0.2 else "POST")
        assert response.status_code in (200, 400, 409, 413), (response.content, raw)
        answer = response.json()
        if response.status_code != 200:
            assert answer["found"], raw
            assert answer["wanted"], raw
            assert answer["do"], raw
        for error in answer.get("errors", ()):
            assert error["found"], raw
            assert error["wanted"], raw
        seen.add(response.status_code)
    assert {200, 400} <= seen
    assert send("status/", method="GET").status_code == 200
