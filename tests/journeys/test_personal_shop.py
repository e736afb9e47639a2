"""From orders to a personal page, through the example shop with nothing replaced."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from django_personalize.artifacts import store
from django_personalize.capture.orders import reconcile
from django_personalize.core import clock
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.models import Decision, Event, Impression, Visitor
from django_personalize.testing.override import override_personalize
from django_personalize.training.run import train
from django_personalize.visitors import cookie
from example_shop.shop.models import Order, Product
from tests.conftest import undone
from tests.small_shop import CATEGORIES, PER_CATEGORY, fill


@pytest.fixture(scope="module")
def learnt(django_db_setup, django_db_blocker, tmp_path_factory):
    """A trained small shop; the rows are undone after the module."""
    with (
        django_db_blocker.unblock(),
        override_personalize(ARTIFACTS=str(tmp_path_factory.mktemp("artifacts"))),
        undone(),
    ):
        fill()
        create_groups()
        reconcile()
        yield train()


@pytest.fixture(autouse=True)
def _fresh(learnt, db):
    store.forget()


def accept(client, *groups):
    return client.post("/cookies/accept/", {"cookie_groups": list(groups) or ["personalization"]})


def rows(response):
    """The titles of the homepage's rows, in order."""
    import re

    return [
        re.sub("<[^>]+>", "", title).strip()
        for title in re.findall(r"<h2[^>]*>(.*?)</h2>", response.content.decode(), re.S)
    ]


def log_in(client, number):
    user = User.objects.get(username=f"customer-{number}")
    client.force_login(user)
    return user


SESSION_AND_USER = 2
"""What any page of a logged-in customer costs; the plain page is asked for as a guest."""


def plain_templates():
    """The shop's templates without those that personalisation puts before them."""
    return [{**settings.TEMPLATES[0], "DIRS": settings.TEMPLATES[0]["DIRS"][1:]}]


def test_the_model_is_live_and_stands_on_more_than_popularity(learnt):
    assert learnt.status == "live"
    assert {"neighbours", "factors"} <= store.live().rungs


def test_a_product_page_shows_what_its_buyers_buy(client, assert_placement):
    product = Product.objects.filter(category__name="Candles").first()
    page = client.get(product.get_absolute_url())
    together = Product.objects.in_bulk(assert_placement(page, "frequently-bought-together").never_shows(product).keys)
    categories = [each.category.name for each in together.values()]
    assert categories.count("Candles") > categories.count("Toys")
    assert "You may also like" in page.content.decode()


def test_two_customers_with_different_pasts_see_different_homepages(as_shopper, assert_placement):
    seen = {}
    for number in (1, 2):
        shopper = as_shopper(consent=["personalization"], user=User.objects.get(username=f"customer-{number}"))
        seen[number] = rows(shopper.get("/"))
        assert_placement(shopper, "personal-home").is_personal()
    assert [titles[0] for titles in seen.values()] == ["Picked for you"] * 2
    assert {number: titles[1] for number, titles in seen.items()} == {1: CATEGORIES[1], 2: CATEGORIES[2]}


def test_a_visitor_who_declined_sees_best_sellers_and_leaves_no_row(client):
    client.post("/cookies/decline/", {"cookie_groups": ["personalization", "analytics"]})
    before = (Visitor.objects.count(), Event.objects.count())
    log_in(client, 1)
    home = client.get("/")
    assert rows(home)[0] == "Best sellers"
    client.get(Product.objects.first().get_absolute_url())
    assert (Visitor.objects.count(), Event.objects.count()) == before
    assert not Decision.objects.exists()
    assert not Event.objects.filter(visitor__isnull=False).exists()
    assert cookie.NAME not in client.cookies


def test_the_next_click_changes_the_next_page(client):
    accept(client)
    before = rows(client.get("/"))
    garden = Product.objects.filter(category__name="Garden")
    for product in garden[:4]:
        client.get(product.get_absolute_url())
    after = rows(client.get("/"))
    assert (before[0], after[0]) == ("Best sellers", "Picked for you")
    assert before[1] != "Garden"
    assert after[1] == "Garden"


def test_what_is_seen_again_and_again_with_nothing_done_makes_room_until_it_is_looked_at(client):
    log_in(client, 1)
    accept(client)

    def row():
        client.get("/")
        first = Decision.objects.latest("decided_at")
        return first, [slot["item_key"] for slot in first.slots if slot["block"] == "row:personal"]

    decision, before = row()
    now = clock.now()
    for _ in range(40):
        again = Decision.objects.create(visitor=decision.visitor, placement=decision.placement, decided_at=now)
        Impression.objects.create(decision=again, slot=1, item_key=before[0], seen_at=now)
    assert before[0] not in row()[1]
    client.get(Product.objects.get(pk=before[0]).get_absolute_url())
    assert before[0] in row()[1]


def seen(decision, *slots):
    params = {"decision": str(decision.pk), "slots": list(slots)}
    return {"id": str(uuid4()), "name": "view_item_list", "ago": 0, "params": params}


def test_a_decision_says_what_was_shown_and_why_and_takes_impressions(client):
    log_in(client, 3)
    accept(client, "personalization", "analytics")
    client.get("/")
    decision = Decision.objects.get()
    assert decision.placement == "personal-home"
    assert decision.model_version == store.live().number
    assert decision.rung == store.live().rung
    assert decision.consent == ["analytics", "personalization"]
    assert [slot["slot"] for slot in decision.slots] == list(range(1, len(decision.slots) + 1))
    assert {slot["propensity"] for slot in decision.slots} == {1.0}
    assert all(slot["reason"] and slot["source"] for slot in decision.slots)
    client.post(
        "/personalize/events/",
        {"events": [seen(decision, 1, 3)]},
        content_type="application/json",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert set(Impression.objects.values_list("slot", "item_key")) == {
        (slot, decision.slots[slot - 1]["item_key"]) for slot in (1, 3)
    }


@pytest.mark.parametrize("slug", ["frequently-bought-together", "you-may-also-like"])
def test_what_sold_out_a_second_ago_is_not_shown(client, assert_placement, slug):
    page = Product.objects.filter(category__name="Toys").first().get_absolute_url()
    shown = assert_placement(client.get(page), slug).keys
    assert shown
    gone = Product.objects.filter(pk__in=shown)
    gone.update(stock=0)
    after = client.get(page)
    assert_placement(after, slug).never_shows(*shown)
    assert not [each for each in gone if f'href="{each.get_absolute_url()}"' in after.content.decode()]


def test_a_price_is_the_price_of_now(client):
    product = Product.objects.filter(category__name="Toys").first()
    Product.objects.update(price="77.01")
    assert client.get(product.get_absolute_url()).content.decode().count("77.01") > 4


def test_a_no_takes_the_accounts_orders_out_again(client):
    user = log_in(client, 1)
    accept(client)
    client.get("/")
    orders = Order.objects.filter(user=user).count()
    assert Event.objects.filter(visitor__isnull=False).values("transaction_id").distinct().count() == orders
    client.post("/cookies/decline/", {"cookie_groups": ["personalization"]})
    assert not Event.objects.filter(visitor__isnull=False).exists()
    assert not Visitor.objects.exists()
    assert rows(client.get("/"))[0] == "Best sellers"


@pytest.mark.parametrize(("path", "placements", "person", "written"), [("home", 1, 3, 1), ("product", 4, 2, 2)])
def test_a_placement_costs_one_query_and_a_person_two_or_with_a_row_of_their_own_three(
    client, path, placements, person, written
):
    """Besides, with the sink that stores at once: the batch after the page asks who of its visitors is there and who
    was erased, inserts per kind of fact, and adds to the account.
    """
    url = "/" if path == "home" else Product.objects.filter(category__name="Bags").first().get_absolute_url()
    counts = []
    for answer in ("decline", "accept"):
        log_in(client, 1)
        client.post(f"/cookies/{answer}/", {"cookie_groups": ["personalization"]})
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(sum("SAVEPOINT" not in query["sql"] for query in queries))
        client.logout()
    with override_settings(TEMPLATES=plain_templates()), CaptureQueriesContext(connection) as queries:
        client.get(url)
    without = sum("SAVEPOINT" not in query["sql"] for query in queries) + SESSION_AND_USER
    assert counts[0] - without == placements
    assert counts[1] - counts[0] == person + 3 + written


def test_a_model_that_is_gone_leaves_the_newest(client):
    with override_personalize(ARTIFACTS="/nowhere"):
        store.forget()
        home = client.get("/")
    assert home.status_code == 200
    assert home.content.decode().count("data-pz-slot") >= 8


def test_every_category_has_its_items(learnt):
    assert Product.objects.count() == len(CATEGORIES) * PER_CATEGORY
