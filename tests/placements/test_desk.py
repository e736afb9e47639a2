"""What the merchandiser has set, through a whole render."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection

from django_personalize.core import clock
from django_personalize.core.types import DecisionDraft
from django_personalize.events.collector import collector_of
from django_personalize.models import Event, Promotion, Rule
from django_personalize.placements.present import is_personal, show
from django_personalize.testing.doubles import MemoryShop
from django_personalize.testing.override import override_personalize
from tests.people import request_of, visitor

SAVEPOINTS = 3 if connection.vendor == "postgresql" else 2
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(memory_shop, answers, settings):
    """Without a model a row is the shop's newest: 1 Lantern, 2 Candle, 3 Mug; 4 Teapot is sold out."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]  # ours, as they are
    return memory_shop


def rule(kind, **values):
    return Rule.objects.create(name=kind, kind=kind, **values)


def promotion(**values):
    return Promotion.objects.create(**({"name": "p", "link": "/sale/", "texts": {"en": {"title": "Sale"}}} | values))


def drafts(request):
    return [draft for draft in collector_of(request).drafts if isinstance(draft, DecisionDraft)]


def row(request=None, slug="you-may-also-like", *, about="2", **options):
    item = None if about is None else MemoryShop.stock[about]
    return "".join(shown.item.key for shown in show(request or request_of(), slug, item=item, **options))


def test_a_rule_acts_at_the_next_render_and_the_decision_says_so(answers):
    assert row() == "13"
    pin = rule("pin", slot=1, item_keys=["3"])
    assert row() == "31"
    answers(analytics="granted")
    request = request_of(visitor("analytics"))
    assert row(request) == "31"
    [draft] = drafts(request)
    assert draft.rules == ("exclude:context", f"pin:{pin.pk}")
    assert [(slot.item_key, slot.source, slot.reason.code) for slot in draft.slots] == [
        ("3", "rule:pin", "picked"),
        ("1", "newest", "new"),
    ]


def test_nothing_that_cannot_be_sold_comes_in_by_a_rule(shop):
    rule("pin", slot=1, item_keys=["4", "3"])
    assert row() == "31"
    shop.sold_out = {"3", "4"}
    assert row() == "1"


def test_neither_what_the_page_is_about_nor_what_it_shows_nor_what_was_dismissed_is_pinned(answers):
    rule("pin", slot=1, item_keys=["2", "3", "1"])
    request = request_of()
    assert row(request, n=1) == "3"
    assert row(request, n=1) == "1"
    answers(personalization="granted")
    me = visitor("personalization")
    now = clock.now()
    Event.objects.create(
        uid=uuid4(), kind="dismiss", reason="have_it", visitor=me, item_key="3", occurred_at=now, received_at=now
    )
    assert row(request_of(me)) == "1"


def test_what_is_never_shown_and_what_alone_is_shown_hold_for_the_newest_too():
    rule("exclude", categories=["Kitchen"])
    assert row(about="1") == "2"
    rule("require", categories=["Kitchen"])
    assert row(about="1") == ""


def test_a_boost_looks_at_all_that_was_chosen():
    rule("boost", item_keys=["3"], strength=Decimal(3))
    assert row(about=None, slug="personal-home") == "312"


def test_by_the_price_of_the_product_of_the_page(shop):
    rule("price", relation="cheaper")
    shop.stock["1"] = replace(shop.stock["1"], price=Decimal(2))
    assert row(about="2") == "1"
    assert row(about=None, slug="personal-home") == "123"


def test_a_row_that_is_never_padded_is_not_padded_by_a_pin():
    rule("pin", slot=1, item_keys=["3"])
    assert row(slug="frequently-bought-together") == ""


def test_a_rule_for_a_segment_is_for_those_alone_who_are_in_it_and_say_yes(answers, django_assert_num_queries):
    rule("exclude", item_keys=["3"], segments=["loyal"])
    answers(personalization="granted")
    me, other = visitor("personalization"), visitor("personalization")
    me.memberships.create(segment="loyal", since=clock.now(), as_of=clock.now())
    assert (row(request_of(me)), row(request_of(other)), row()) == ("1", "13", "13")
    answers(analytics="granted")
    assert row(request_of(me)) == "13"


def test_segments_are_asked_for_once_per_request_and_only_where_something_names_one(
    answers, django_assert_num_queries, shop
):
    answers(personalization="granted")
    me = visitor("personalization")

    def queries(request):
        show(request, "you-may-also-like", item=shop.stock["2"])  # reads the visitor, their past, and what is set
        return request

    queries(request_of(me))
    fresh = request_of(me)
    with django_assert_num_queries(2 * SAVEPOINTS + 2):  # two savepoints with their ends, the visitor, their history
        queries(fresh)
    rule("cap", per="brand", most=3, segments=["loyal"])
    queries(request_of(me))
    fresh = request_of(me)
    with django_assert_num_queries(2 * SAVEPOINTS + 3):  # and their segments
        queries(fresh)
    with django_assert_num_queries(SAVEPOINTS):
        queries(fresh)


def test_the_homepage_shows_promotions_to_everybody_in_one_order(shop):
    promotion(name="first", priority=9, texts={"en": {"title": "<b>Sale</b>", "button": "Go"}})
    promotion(name="later", starts_at=clock.now() + timedelta(days=1))
    presented = show(request_of(), "personal-home")
    assert [[each.title for each in found.promotions] or "items" for found in presented.rows] == [
        ["<b>Sale</b>"],
        "items",
    ]
    html = str(presented)
    assert "&lt;b&gt;Sale&lt;/b&gt;" in html
    assert 'href="/sale/">Go</a>' in html
    assert html == str(show(request_of(), "personal-home"))
    assert not is_personal(presented.request)
    assert "promotion" not in str(show(request_of(), "you-may-also-like", item=shop.stock["2"]))


def test_cards_that_follow_one_another_stand_side_by_side():
    for number in range(3):
        promotion(name=str(number), look="card", priority=9 - number)
    promotion(name="banner", look="banner", priority=5)
    rows = show(request_of(), "personal-home").rows
    assert [len(found.promotions) for found in rows] == [3, 1, 0]


def test_a_promotion_has_a_slot_of_its_own_in_the_decision(answers):
    answers(analytics="granted")
    mine = promotion(priority=3)
    request = request_of(visitor("analytics"))
    presented = show(request, "personal-home", n=2)
    [draft] = drafts(request)
    assert [(slot.slot, slot.item_key, slot.block, slot.propensity) for slot in draft.slots] == [
        (1, "", f"promotion:{mine.pk}", 1.0),
        (2, "1", "row:personal", 1.0),
        (3, "2", "row:personal", 1.0),
    ]
    html = str(presented)
    assert f'data-pz-slot="1" data-pz-promotion="{mine.pk}"' in html
    assert f'data-pz-decision="{draft.uid}"' in html
    assert presented.as_json()["rows"][0]["promotions"] == [
        {
            "slot": 1, "id": str(mine.pk), "look": "banner", "title": "Sale", "text": "", "button": "",
            "link": "/sale/", "image": "",
        }
    ]  # fmt: skip


def test_a_page_of_promotions_alone_is_a_page(shop):
    shop.sold_out = set(shop.stock)
    promotion()
    presented = show(request_of(), "personal-home")
    assert presented
    assert list(presented) == []
    assert "Sale" in str(presented)


def test_what_was_seen_often_enough_is_not_shown_to_this_shopper_again(answers):
    answers(personalization="granted")
    mine = promotion(most_views=2)
    me = visitor("personalization")
    for seen in range(3):
        assert bool([found for found in show(request_of(me), "personal-home").rows if found.promotions]) is (seen < 2)
        now = clock.now()
        Event.objects.create(
            uid=uuid4(), kind="view_promotion", promotion_id=mine.pk, visitor=me, occurred_at=now, received_at=now
        )
    assert show(request_of(), "personal-home").rows[0].promotions


def order(request):
    """The blocks of the homepage by a policy that always tries another order: a promotion leads where nothing is."""
    with override_personalize(EXPLORE=1):
        rows = show(request, "personal-home", n=1).rows
    return ["promotion" if found.promotions else "row" for found in rows]


def test_other_orders_are_tried_on_people_who_say_yes_to_personalization_and_have_a_past(answers):
    promotion(priority=9)
    agrees, counts = visitor("personalization"), visitor("analytics")
    now = clock.now()
    for who in (agrees, counts):
        Event.objects.create(uid=uuid4(), kind="view_item", visitor=who, item_key="1", occurred_at=now, received_at=now)
    usual = ["promotion", "row"]
    assert order(request_of()) == usual
    answers(analytics="granted")
    assert order(request_of(counts)) == usual
    answers(personalization="granted")
    assert order(request_of(agrees, HTTP_USER_AGENT="Googlebot/2.1")) == usual
    assert order(request_of(visitor("personalization"))) == usual
    assert order(request_of(agrees)) == ["row", "promotion"]
    answers(personalization="denied")
    assert order(request_of(agrees)) == usual


def test_a_change_of_places_is_written_down_with_its_probability(answers):
    answers(personalization="granted")
    mine, me, now = promotion(priority=9), visitor("personalization"), clock.now()
    Event.objects.create(uid=uuid4(), kind="view_item", visitor=me, item_key="1", occurred_at=now, received_at=now)
    seen = {}
    for share in (1, 0):
        request = request_of(me)
        with override_personalize(EXPLORE=share):
            show(request, "personal-home", n=1)
        [draft] = drafts(request)
        seen[share] = [(slot.slot, slot.block, slot.propensity) for slot in draft.slots]
    ours = f"promotion:{mine.pk}"
    assert seen == {
        1: [(1, "row:personal", 1.0), (2, ours, 1.0)],
        0: [(1, ours, 1.0), (2, "row:personal", 1.0)],
    }
