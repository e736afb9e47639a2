"""From a plain oscar store to also-bought on its product pages: what changes, what it costs, and what is there."""

from __future__ import annotations

import re
from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from django_personalize.conf import settings as ours
from django_personalize.models import Event
from django_personalize.testing.override import override_personalize
from tests.processes import environment, run
from tests.stores.oscar.fill import Line, Order, Product
from tests.stores.oscar.fill import line as bought
from tests.stores.oscar.shopper import Shopper

HERE = Path(__file__).parent
DOCS = (HERE.parents[2] / "docs" / "oscar.md").read_text()
TEMPLATES = sorted(path for path in (HERE / "templates").rglob("*") if path.is_file())
ADDED = r"# --- personalisation: begin -*\n(.*?)# --- personalisation: end"

MEMORY = "django_personalize.testing.doubles.MemorySink"

CAPTURE = 0
"""Queries of a product page that is being recorded: the cookie says who is here, and the event waits in the spool."""
TAG = 4
"""Queries of a row of products: themselves, the parents' children, their stock, their pictures."""
PERSON = 2
"""And of one that is a visitor's own: who they are, and their history."""


def added(name: str) -> list[str]:
    """The lines between the marks."""
    [lines] = re.findall(ADDED, (HERE / name).read_text(), re.S)
    return [line.removesuffix("  # noqa: F405") for line in lines.splitlines() if line.strip()]


def test_a_plain_store_becomes_personal_with_fifteen_changed_lines_or_fewer():
    assert [path.relative_to(HERE).as_posix() for path in TEMPLATES] == ["templates/oscar/catalogue/detail.html"]
    changed = [*added("settings.py"), *added("urls.py"), *TEMPLATES[0].read_text().splitlines()]
    assert len(changed) == 9
    blocks = re.findall(r"^```(?:python|django)\n(.*?)^```", DOCS, re.S | re.M)
    assert [line for block in blocks[:3] for line in block.splitlines()] == changed


def test_the_set_up_proposes_the_very_line_that_the_store_adds(capsys):
    with override_settings(PERSONALIZE={}), pytest.raises(SystemExit):
        call_command("personalize_setup", "--noinput")
    output = capsys.readouterr().out
    assert output.startswith("A ready adapter fits this shop; it needs no mapping.\n")
    given: dict[str, Any] = {}
    exec(added("settings.py")[-1], given)
    made: dict[str, Any] = {}
    exec(output.split("begin", 1)[1].split("\n", 1)[1].split("# --- for the settings: end")[0], made)
    assert made["PERSONALIZE"] == given["PERSONALIZE"]


def test_no_file_of_oscars_and_none_of_the_plain_stores_knows_of_it():
    plain = (HERE / "plain.py").read_text() + (HERE / "plain_urls.py").read_text()
    assert "personalize" not in plain


def test_the_store_has_nothing_to_migrate_and_no_check_complains(tmp_path):
    env = environment(
        tmp_path, DJANGO_SETTINGS_MODULE="tests.stores.oscar.settings", OSCAR_STORE_STATE=str(tmp_path)
    )  # fmt: skip
    assert "No changes" in run(["makemigrations", "--check", "--dry-run"], env)
    assert run(["check", "--fail-level", "WARNING"], env)


def test_the_back_fill_counts_what_the_stores_own_tables_count(capsys):
    call_command("personalize_sync")
    assert Event.objects.filter(kind="purchase").count() == Line.objects.count()
    sold = Event.objects.filter(kind="purchase")
    assert sold.values("transaction_id").distinct().count() == Order.objects.count() == 400
    pieces = Counter()
    for line in Line.objects.select_related("order").prefetch_related("shipping_event_quantities"):
        back = sum(each.quantity for each in line.shipping_event_quantities.all())
        if "Cancelled" in (line.status, line.order.status):
            back = line.quantity
        pieces["sold"] += line.quantity
        pieces["back"] += back
        pieces["lines back"] += bool(back)
    kept = Counter()
    for event in Event.objects.filter(kind__in=["purchase", "refund"]):
        kept["sold" if event.kind == "purchase" else "back"] += event.quantity
        kept["lines back"] += event.kind == "refund"
    assert kept == pieces
    assert min(pieces.values()) > 50
    before = list(Event.objects.order_by("pk").values())
    call_command("personalize_sync")
    assert list(Event.objects.order_by("pk").values()) == before


def bought_together() -> dict[str, set[str]]:
    """For each item those that were in two or more baskets with it, and in more than independence expects.

    What is shown is proven beyond that, so these are more than the pages show.
    """
    baskets: dict[str, set[str]] = {}
    for line in ours.shop.lines():
        if line.item_key and line.cancelled_quantity < line.quantity:
            baskets.setdefault(line.order_key, set()).add(line.item_key)
    held = Counter(item for basket in baskets.values() for item in basket)
    shared = Counter(pair for basket in baskets.values() for pair in permutations(sorted(basket), 2))
    found: dict[str, set[str]] = {}
    for (item, other), count in shared.items():
        if count >= 2 and count * len(baskets) > held[item] * held[other]:
            found.setdefault(item, set()).add(other)
    return found


def test_product_pages_show_what_is_also_bought_and_can_be_had():
    together, client = bought_together(), Client()
    pages = Product.objects.filter(is_public=True).exclude(parent__is_public=False)
    assert pages.count() > 80
    shown = 0
    for product in pages:
        item = ours.shop.item_key(product)
        sellable = set(ours.shop.sellable(sorted(together.get(item, ()))))
        html = client.get(product.get_absolute_url()).content.decode()
        row = html.partition('data-pz-placement="frequently-bought-together"')[2].partition("</section>")[0]
        keys = set(re.findall(r'action="/basket/add/(\d+)/"|href="/catalogue/[^"]+_(\d+)/"', row))
        keys = {key for pair in keys for key in pair if key}
        assert keys <= sellable, product
        shown += bool(keys)
    assert shown > 70


def test_a_card_is_oscars_own(client, product):
    html = client.get(product("Pots-0").get_absolute_url()).content.decode()
    row = html.partition('data-pz-placement="frequently-bought-together"')[2].partition("</section>")[0]
    assert row.count('<article class="product_pod">') == row.count("data-pz-slot") == 3
    assert row.count("Add to basket") == row.count("In stock") == 3
    assert "Often bought with Pot no. 0" in row


def plain_templates():
    return [{**settings.TEMPLATES[0], "DIRS": []}]


def queries_of(url, *, answer="", plain=False, tag=False):
    """How many queries the page makes when it is looked at for the third time.

    Without savepoints and the question whether a visitor is still there: both are asked only inside a transaction that
    is open around the page, as a test's is. `tests/test_middleware.py` pins what is asked outside of one.
    """
    middleware = settings.MIDDLEWARE[:-1] if plain else settings.MIDDLEWARE
    templates = settings.TEMPLATES if tag else plain_templates()
    # Like this sink, the default one asks the database for nothing while a page is made.
    with override_settings(MIDDLEWARE=middleware, TEMPLATES=templates), override_personalize(SINK=MEMORY):
        shopper = Shopper()
        if answer:
            shopper.says(answer)
        for _ in range(2):
            shopper.get(url)
        with CaptureQueriesContext(connection) as queries:
            shopper.get(url)
    asked_in_tests = ("SAVEPOINT", "RELEASE", 'SELECT "personalize_visitor"."id" AS "pk" FROM')
    return sum(not query["sql"].startswith(asked_in_tests) for query in queries)


@pytest.mark.parametrize(
    ("upc", "tag"),
    [("Pots-0", TAG - 1), ("Shirts-2", TAG), ("Shirts-2-0", TAG)],  # beside a pot stand no parents
    ids=["a product", "a parent", "a child"],
)
def test_what_a_product_page_costs(product, upc, tag):
    url = product(upc).get_absolute_url()
    plain = queries_of(url, plain=True)
    assert queries_of(url) == queries_of(url, answer="decline") == plain
    assert queries_of(url, answer="accept") == plain + CAPTURE
    assert queries_of(url, tag=True) == queries_of(url, answer="decline", tag=True) == plain + tag
    assert queries_of(url, answer="accept", tag=True) == plain + CAPTURE + tag + PERSON


def test_the_documentation_tells_what_the_pages_cost_and_its_other_lines_can_be_pasted():
    costs = DOCS.partition("## What it costs")[2]
    assert re.findall(r"^\| .*\| (\d+)[ ,|]", costs, re.M) == ["0", str(CAPTURE), str(TAG), str(PERSON)]
    brand, words, placed = re.findall(r"^```python\n(.*?)^```", DOCS, re.S | re.M)[2:]
    for block in (brand, placed):
        given: dict[str, dict[str, Any]] = {}
        exec(block, given)
        with override_personalize(**given["PERSONALIZE"]):
            assert list(ours.shop.check()) == []
    given = {}
    exec(words, given)
    made = Order.objects.create(number="900001", total_incl_tax=0, total_excl_tax=0, status="Storniert")
    bought(made, Product.objects.get(upc="Pots-0"), 2).save()
    assert [each.cancelled_quantity for each in given["Shop"]().lines(order_keys=["900001"])] == [2]
