"""The table of purposes against everything that reads or writes anything of a visitor: every set, every cell.

The specification is the design's table: what a yes permits, and what is so without it. Whatever in the package asks for
a purpose stands in `REGISTER` below, with the cells that hold it to the table; a module that is new to it fails here.
"""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.contrib.auth import authenticate, login
from django.http import HttpResponse
from django.template import Context, Template
from django.urls import include, path
from django.utils import timezone

import django_personalize
from django_personalize.api import orders, people
from django_personalize.attribution.attribute import attribute
from django_personalize.capture.orders import reconcile
from django_personalize.capture.visit import current
from django_personalize.core.types import CartLine, ConsentState, Purpose, Reference
from django_personalize.events.counts import keep
from django_personalize.models import (
    Cart,
    ConsentRecord,
    Credit,
    DailyCount,
    Decision,
    Event,
    FeedLine,
    Impression,
    Membership,
    OrderLink,
    Promotion,
    Visitor,
)
from django_personalize.placements.present import show
from django_personalize.placements.promotions import views_of
from django_personalize.reports.placements import placement_report
from django_personalize.segments.membership import census, refresh, segments_of
from django_personalize.shortcuts import track
from django_personalize.testing.doubles import MemoryShop, StaticConsent
from django_personalize.testing.override import override_personalize
from django_personalize.training import blocks, browsing, dataset, feedback
from django_personalize.visitors import cookie, session_tier
from tests.conftest import line
from tests.people import request_of, visitor
from tests.shops import user

ALL = tuple(Purpose)
SETS = [frozenset(chosen) for size in range(len(ALL) + 1) for chosen in combinations(ALL, size)]
TRACED = {Purpose.ANALYTICS, Purpose.PERSONALIZATION}


def product(request, pk):
    return HttpResponse(f"Item {pk}")


def home(request):
    request.user.is_authenticated  # noqa: B018  the page greets whoever is logged in
    html = Template("{% load personalize %}{% personal_home %}").render(Context({"request": request}))
    return HttpResponse(html + ("[personal]" if show(request, "personal-home", n=1).personal else ""))


def search(request):
    return HttpResponse("found")


def answer(request):
    return HttpResponse("noted")


def add(request):
    MemoryShop.basket = [CartLine(item_key="2", quantity=1)]
    return HttpResponse("added")


def enter(request):
    login(request, authenticate(username="mia", password="pw"))
    return HttpResponse("in")


def check_out(request):
    MemoryShop.orders = [*MemoryShop.orders, line("9", "GUEST", "2", placed_at=timezone.now())]
    current().refer(Reference("", "GUEST", created=True))
    return HttpResponse("bought")


def tell(request):
    return HttpResponse("told" if track(request, "add_to_wishlist", MemoryShop.stock["3"]) else "")


urlpatterns = [
    path("products/<int:pk>/", product, name="product"),
    path("", home),
    path("search/", search),
    path("answer/", answer),
    path("add/", add),
    path("in/", enter),
    path("check-out/", check_out),
    path("tell/", tell),
    path("personalize/", include("django_personalize.urls")),
]


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, answers):
    settings.ROOT_URLCONF = __name__
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]
    memory_shop.basket = []
    with override_personalize(SEARCH={"params": ["q"]}, SESSION_TIER=True, HOLDOUT=1e-9):
        yield


def give(granted, otherwise):
    StaticConsent.answers = {purpose: ConsentState.GRANTED if purpose in granted else otherwise for purpose in Purpose}


def report(client, name, **params):
    events = [{"id": str(uuid4()), "name": name, "ago": 0, "params": params}]
    client.post(
        "/personalize/events/", {"events": events}, content_type="application/json", HTTP_SEC_FETCH_SITE="same-origin"
    )


def expected(granted, otherwise):
    """The design's table, cell by cell."""
    traced, personal = bool(TRACED & granted), Purpose.PERSONALIZATION in granted
    counted = Purpose.ANALYTICS in granted
    return {
        # Anybody's, always: what goes with the page, and purchases as baskets that no key joins.
        "purchases": 2,
        # `analytics` or `personalization`: an id, and what happens under it.
        "visitor_cookie": traced,
        "visitor_row": traced,
        "arrival": traced,
        "view": traced,
        "search": traced,
        "beacon": traced,
        "tracked": traced,
        "cart": traced,
        "cart_row": traced,
        "log_in": traced,
        "decision": traced,
        "impression": traced,
        "ledger": traced,
        "api_visitor": traced,
        "learnt_as_a_session_of_nobody": traced,
        "block_counted": traced,
        "what_came_of_it_is_counted": traced,
        # `personalization`: whose past it is.
        "order_link": personal,
        "bought_here": personal,
        "bought_by_the_account": personal,
        "history": personal,
        "learnt_under_their_own_row": personal,
        "whose_looks_they_are": personal,
        "what_they_turned_down": personal,
        "in_a_segment": personal,
        "promotion_views": personal,
        # `analytics`: what is counted of them.
        "drawn": counted,
        "reported": counted,
        # Both: their own order, tied to a click that may be counted.
        "credited": counted and personal,
        "api_account": personal,
        "api_order_link": personal,
        # Without any of them: a number of the day, and no more.
        "counted": not traced,
        # Where this browser says nothing of it, the account's own yes allows the account's own orders.
        "history_of_the_account": personal or otherwise is ConsentState.UNKNOWN,
        # An answer of its own, where there is no other.
        "this_visit_only": not traced and otherwise is ConsentState.UNKNOWN,
    }


def observed(client, granted, otherwise):
    """Do everything that a shopper does, and see what is left of it."""
    account = str(user("mia").pk)
    MemoryShop.orders = [line("1", "ACCOUNT", "3", user_key=account)]
    give(granted, otherwise)
    client.post("/answer/")
    client.get("/products/1/?utm_source=letter")
    client.get("/search/?q=lantern")
    report(client, "user_engagement", engagement_time_msec=1000)
    told = client.get("/tell/").content == b"told"
    client.post("/add/")
    client.post("/check-out/")
    client.post("/in/")
    page = client.get("/").content.decode()
    named = re.search(r'data-pz-decision="([^"]+)"', page)
    report(client, "view_item_list", decision=named[1] if named else str(uuid4()), slots=[1])
    keep()
    kinds = set(Event.objects.filter(visitor__isnull=False).values_list("kind", flat=True))
    linked = set(Event.objects.filter(kind="purchase", visitor__isnull=False).values_list("transaction_id", flat=True))
    views = Event.objects.filter(kind="view_item").count()
    counted = sum(DailyCount.objects.filter(kind="view_item", item_key="1").values_list("count", flat=True))
    assert views + counted == 1  # never both, never neither
    found = {
        "purchases": Event.objects.filter(kind="purchase").count() if linked else _reconciled(),
        "visitor_cookie": bool(client.cookies.get(cookie.NAME) and client.cookies[cookie.NAME].value),
        "visitor_row": Visitor.objects.exists(),
        "arrival": Visitor.objects.exclude(referrer="").exists(),
        "view": "view_item" in kinds,
        "search": "search" in kinds,
        "beacon": "user_engagement" in kinds,
        "tracked": told and "add_to_wishlist" in kinds,
        "cart": "add_to_cart" in kinds,
        "cart_row": Cart.objects.exists(),
        "log_in": "login" in kinds,
        "decision": Decision.objects.exists() and named is not None,
        "impression": Impression.objects.exists(),
        "ledger": ConsentRecord.objects.exists(),
        "order_link": OrderLink.objects.exists(),
        "bought_here": "GUEST" in linked,
        "bought_by_the_account": "ACCOUNT" in linked,
        "history": "[personal]" in page,
        "learnt_under_their_own_row": dataset.load(timezone.now()).person_keys != (),
        "counted": counted == 1,
        "in_a_segment": _in_a_segment(),
        "learnt_as_a_session_of_nobody": _in_a_session(),
        "promotion_views": _views_of_promotions(),
        "block_counted": len(blocks.load(timezone.now())["blocks"]) > 0,
        "drawn": Decision.objects.filter(holdout__isnull=False).exists(),
        "reported": _in_a_report(),
        "credited": _with_a_credit(),
        "whose_looks_they_are": browsing.load(timezone.now()).looks.person_keys != (),
        **_passed_over(),
    }
    return found | _in_another_shop(granted) | _of_the_account(client, account) | _for_this_visit(client.__class__())


def _in_a_segment():
    """Whoever has a row leaves something in the cart, and two days later their segments are asked for."""
    now = timezone.now()
    for each in Visitor.objects.all():
        Event.objects.create(kind="add_to_cart", visitor=each, item_key="1", occurred_at=now, received_at=now)
    refresh(census(now + timedelta(days=2)))
    asked = [segments_of(each) for each in Visitor.objects.all()]
    assert any(asked) == Membership.objects.exists()
    return any(asked)


def _in_a_session():
    """Whoever has a row looks at one item after the other."""
    now = timezone.now()
    for each in Visitor.objects.all():
        for item_key in ("1", "2"):
            Event.objects.create(kind="view_item", visitor=each, item_key=item_key, occurred_at=now, received_at=now)
    return len(browsing.load(now)) > 0


def _views_of_promotions():
    """Whoever has a row has seen a promotion that one shopper sees a few times only."""
    promotion = Promotion.objects.create(name="p", texts={"en": {"title": "p"}}, link="/", most_views=3)
    now = timezone.now()
    counted = []
    for each in Visitor.objects.all():
        Event.objects.create(
            kind="view_promotion", visitor=each, promotion_id=promotion.pk, occurred_at=now, received_at=now
        )
        counted += views_of(request_of(each), each)
    promotion.delete()
    return bool(counted)


def _in_a_report():
    """Whether what was decided for them stands in the sums."""
    now = timezone.now()
    rows = placement_report(now - timedelta(days=1), now + timedelta(days=1)).rows
    assert sum(row.decisions for row in rows) in (0, Decision.objects.count())
    return bool(rows)


def _with_a_credit():
    """Whoever has a decision clicks on what they bought here, whether the order is known as theirs or not."""
    now = timezone.now()
    for decision in Decision.objects.all():
        Event.objects.create(
            kind="select_item", visitor=decision.visitor, item_key="2", decision_id=decision.pk, index=1,
            occurred_at=now - timedelta(hours=1), received_at=now,
        )  # fmt: skip
    attribute()
    return Credit.objects.exists()


def _passed_over():
    """Whoever has a row is shown an item, and turns it down."""
    now = timezone.now()
    for each in Visitor.objects.all():
        made = Decision.objects.create(visitor=each, placement="home", decided_at=now, slots=[])
        Impression.objects.create(decision=made, slot=1, item_key="1", seen_at=now)
        Event.objects.create(
            kind="dismiss", visitor=each, item_key="1", occurred_at=now, received_at=now, reason="not_interested"
        )
    found = feedback.load(now)
    return {"what_came_of_it_is_counted": len(found) > 0, "what_they_turned_down": found.person_keys != ()}


def _reconciled():
    """Read the shop's orders as the nightly sync does: where nobody is linked, no log-in has."""
    reconcile()
    return Event.objects.filter(kind="purchase").count()


def _in_another_shop(granted):
    """What the shop elsewhere tells of a browser and an account."""
    refused = TRACED.isdisjoint(granted)
    here = people.settle("their-browser", "their-account", granted, refused=refused)
    order = {
        "id": "THEIRS",
        "visitor": "their-browser",
        "user": "their-account",
        "placed_at": timezone.now().isoformat(),
        "lines": [{"line": "1", "item": "2", "quantity": 1}],
    }
    assert orders.take([order]).accepted == 1
    line = FeedLine.objects.get()
    assert line.user_key in ("", "their-account")
    tied = OrderLink.objects.filter(order_key="THEIRS").exists()
    line.delete()
    return {"api_visitor": here is not None, "api_account": line.user_key != "", "api_order_link": tied}


def _of_the_account(client, account):
    """What is shown where the account said yes in another browser, and bought there."""
    other = visitor("personalization", user_key=account)
    Event.objects.filter(transaction_id="ACCOUNT").update(visitor=other)
    return {"history_of_the_account": "[personal]" in client.get("/").content.decode()}


def _for_this_visit(client):
    client.post("/personalize/visit/")
    return {"this_visit_only": session_tier.NAME in client.cookies}


@pytest.mark.django_db
@pytest.mark.parametrize("otherwise", [ConsentState.UNKNOWN, ConsentState.DENIED])
@pytest.mark.parametrize("granted", SETS, ids=lambda chosen: "+".join(sorted(chosen)) or "nothing")
def test_every_reader_and_writer_does_what_the_table_says(client, granted, otherwise):
    assert observed(client, granted, otherwise) == expected(granted, otherwise)


def test_the_table_has_every_set_of_purposes():
    assert len(set(SETS)) == 2 ** len(Purpose)


@pytest.mark.django_db
@pytest.mark.parametrize("granted", SETS, ids=lambda chosen: "+".join(sorted(chosen)) or "nothing")
def test_after_a_no_nothing_of_it_is_left_on_the_next_request(client, granted):
    observed(client, granted, ConsentState.UNKNOWN)
    here = client.cookies[cookie.NAME].value if cookie.NAME in client.cookies else ""
    token = cookie.read(_bearing(here)) if here else None
    give(frozenset(), ConsentState.DENIED)
    page = client.get("/")
    assert "data-pz-decision" not in page.content.decode()
    assert "[personal]" not in page.content.decode()
    mine = UUID(int=0) if token is None else token.browser
    assert not Visitor.objects.filter(browser=mine).exists()
    assert not Event.objects.filter(visitor__browser=mine).exists()
    assert (Impression.objects.count(), Decision.objects.count(), Cart.objects.count()) == (0, 0, 0)
    assert not OrderLink.objects.filter(visitor__browser=mine).exists()
    assert Event.objects.filter(kind="purchase").count() == 2  # baskets


def _bearing(value):
    request = request_of()
    request.COOKIES[cookie.NAME] = value
    return request


# The register

ASK = frozenset(
    {
        "permitted", "permits", "token_of", "browser_of", "visitor_of", "granting", "grants", "history_of", "states",
        "states_after", "answers_after", "granted", "TRACED", "PROFILING", "NOT_FOR_CHILDREN", "may_be_chosen", "seen",
    }
)  # fmt: skip
FROM = tuple(f"django_personalize.{name}" for name in ("consent", "visitors", "models", "events.history"))
"""By these names, from there, a module asks what is allowed; naming a purpose is asking too."""
ELSEWHERE = ("privacy", "web.my_data")
"""What ends or hands out what is kept has a register and tests of its own."""
SOURCE = "is how answers are read, and decides nothing by itself"
REGISTER: dict[str, tuple[str, ...] | str] = {
    "api.consents": SOURCE,
    "api.events": ("api_visitor",),
    "api.orders": ("api_account", "api_order_link"),
    "api.people": ("api_visitor", "api_account"),
    "attribution.touches": ("credited",),
    "capture.accounts": ("bought_by_the_account",),
    "capture.beacon": ("beacon", "impression"),
    "capture.carts": ("cart", "cart_row"),
    "capture.live": ("order_link", "bought_here"),
    "capture.orders": ("bought_here", "bought_by_the_account", "purchases"),
    "consent.rules": SOURCE,
    "consent.states": SOURCE,
    "events.deposit": ("view", "beacon", "decision", "impression"),
    "events.history": ("history",),
    "experiments.holdout": ("drawn",),
    "integrations.cookie_consent": SOURCE,
    "integrations.http": ("api_account",),
    "middleware": ("visitor_cookie", "visitor_row", "ledger", "view", "search", "log_in", "arrival", "counted"),
    "models.visitor": SOURCE,
    "placements.asker": ("history", "history_of_the_account"),
    "placements.desk": ("in_a_segment",),
    "placements.facts": ("history",),
    "placements.promotions": ("promotion_views",),
    "placements.present": ("decision", "history", "history_of_the_account"),
    "reports.placements": ("reported",),
    "segments.membership": ("in_a_segment",),
    "segments.people": ("in_a_segment",),
    "shortcuts": ("tracked",),
    "training.blocks": ("block_counted",),
    "training.browsing": ("learnt_as_a_session_of_nobody",),
    "training.dataset": ("learnt_under_their_own_row", "whose_looks_they_are"),
    "training.feedback": ("what_came_of_it_is_counted", "what_they_turned_down"),
    "visitors.asking": ("this_visit_only",),
    "visitors.resolve": SOURCE,
    "visitors.session_tier": ("this_visit_only",),
    "web.visit": ("this_visit_only",),
}
PACKAGE = Path(django_personalize.__file__).parent


def asking(source):
    """Whether a module asks for a purpose, or for what somebody permits."""
    tree = ast.parse(source)
    bound = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(FROM)
        for name in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr in ("granting", "grants", "may_be_chosen"):
                return True
            if isinstance(node.value, ast.Name) and node.value.id == "Purpose" and node.attr.isupper():
                return True
    return not ASK.isdisjoint(bound)


def test_whatever_asks_for_a_purpose_stands_in_the_register():
    ask = set()
    for file in PACKAGE.rglob("*.py"):
        module = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
        if module.split(".")[0] not in ("testing", "migrations", "management") and asking(file.read_text()):
            ask.add(module)
    ask = {module for module in ask if not module.startswith(ELSEWHERE)}
    assert ask == set(REGISTER), "Add the module with its cells, and the cells to the table."


def test_whatever_stands_in_the_register_has_its_cells():
    cells = set(expected(frozenset(), ConsentState.UNKNOWN))
    held = {cell for each in REGISTER.values() if isinstance(each, tuple) for cell in each}
    assert held == cells
