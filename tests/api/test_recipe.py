"""docs/headless.md says what the code does: every name and every limit, in both directions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import get_resolver

from django_personalize.api import fields, orders, products, taken
from django_personalize.api.keys import RATE
from django_personalize.api.views import Events, Orders, Products
from django_personalize.capture.claims import MAX_EVENTS, MAX_ITEMS, OLDEST
from django_personalize.capture.refusals import BOT, CAPTURED_HERE, PREFETCH, REFUSALS, TOO_MANY_EVENTS
from django_personalize.conf import SHORTEST_KEY
from django_personalize.events.vocabulary import CLAIMABLE, DISMISS_REASONS, LOGIN
from tests.api.conftest import product
from tests.headless_recipe import DOC, client_snippet

TEXT = DOC.read_text()
SHOPPERS = (DOC.parent / "api.md").read_text()


def rows(title: str, text: str = TEXT) -> list[list[set[str]]]:
    """Of each table under a heading, the names in the first column."""
    section = re.split(r"^##+ ", text.split(f"{title}\n", 1)[1], flags=re.M)[0]
    tables = re.findall(r"^\|[^\n]*\n\|-[^\n]*\n((?:\|[^\n]*\n)+)", section, re.M)
    return [
        {name for line in table.splitlines() for name in re.findall(r"`([^`]+)`", line.split("|")[1])}
        for table in tables
    ]


def test_the_names_of_a_product():
    assert rows("## Products") == [set(products.Product().fields)]


def test_the_names_of_an_order_and_of_a_line():
    assert rows("## Orders") == [set(orders.OrderRecord().fields), set(orders.LineRecord().fields)]
    assert {f"`{word}`" for word in orders.OrderRecord().fields["status"].words} <= set(re.findall(r"`\w+`", TEXT))


def test_the_events_and_why_they_are_refused():
    events, refusals = rows("## What shoppers do")
    assert events == CLAIMABLE | {LOGIN}
    assert refusals == set(REFUSALS) - {CAPTURED_HERE, TOO_MANY_EVENTS, BOT, PREFETCH}
    assert all(f"`{reason}`" in TEXT for reason in DISMISS_REASONS)


def test_the_addresses():
    patterns = get_resolver("django_personalize.api.urls").url_patterns
    ours = {
        str(each.pattern).replace("<path:key>", "<id>").replace("<uuid:decision>", "<decision>")
        for each in patterns
        if each.name
    }
    servers, shoppers = (
        {request.split()[-1] for request in found[0]}
        for found in (rows("## The addresses"), rows("## Addresses", SHOPPERS))
    )
    assert servers | shoppers == ours
    assert servers & shoppers == {"events/"}


def test_the_limits():
    for limit, unit in ((products.LIMIT, "products"), (orders.LIMIT, "orders")):
        assert f"1 to {limit:,} {unit}" in TEXT
    assert f"up to {MAX_EVENTS} events" in TEXT
    assert f"up to {MAX_ITEMS} of" in TEXT
    assert f"1 to {orders.MOST_LINES} lines" in TEXT
    assert f"more than {OLDEST.days * 24} hours" in TEXT
    assert f"{SHORTEST_KEY} characters" in TEXT
    assert f"after {taken.MOST_ERRORS} faults" in TEXT
    assert f"first {fields.MOST_FAULTS} faults" in TEXT
    assert f"{int(RATE.partition('/')[0]):,} requests a minute" in TEXT
    assert [view.max_bytes // 1024 for view in (Products, Orders, Events)] == [8 * 1024, 4 * 1024, 256]
    assert re.search(r"1,000 products, 8 MB.*200 orders, 4 MB.*50 events, 256 kB", TEXT, re.S)


@pytest.mark.django_db
def test_the_client_counts_a_product_that_its_list_names_twice_once(ok):
    names: dict[str, Any] = {}
    exec(compile(client_snippet(), "client.py", "exec"), names)
    shop = names["Personalize"]("", "")
    shop.send = lambda method, path, body=None: ok(path, body, method=method)
    batch = [product(str(number)) for number in range(1000)]
    answer, errors = shop.catalogue("monday", [*batch, product("7", title="Later"), product(7)])
    assert (answer, errors) == ({"listed": 1000, "unlisted": 0}, [])
