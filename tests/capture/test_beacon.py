from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID, uuid4

import pytest

from django_personalize.capture import refusals
from django_personalize.capture.beacon import NotABatch, accept
from django_personalize.capture.orders import reconcile
from django_personalize.core.types import DecisionDraft, EventDraft, Purpose, Reason, RefusalDraft, Slot
from django_personalize.events import store
from django_personalize.events.intake import account
from django_personalize.events.quarantine import replay_undecided
from django_personalize.models import Event, Impression
from django_personalize.testing.doubles import MemoryShop
from tests.conftest import NOON, line
from tests.people import visitor

pytestmark = pytest.mark.django_db
YES = frozenset({Purpose.ANALYTICS})


class Shop(MemoryShop):
    """A mug comes in two colours, neither with a page of its own; nobody can read the cart."""

    variants = {"3-red": "3", "3-blue": "3"}
    asked: list[list[str]] = []

    def group_of(self, keys):
        self.asked.append(list(keys))
        return super().group_of(keys)


class ShopWithCart(Shop):
    basket = []


class ShopWithTables(Shop):
    """The variants are in a table of their own, where other things have the keys of the items."""

    def parents_of(self, keys):
        return {key: parent for key, parent in {"1": "3", "2": "1", "77": "3"}.items() if key in keys}


class Counting:
    """A sink that says yes to everything."""

    def write(self, batch):
        return sum(not isinstance(each, RefusalDraft) for each in batch)


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, frozen):
    Shop.asked = []
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SHOP": f"{__name__}.Shop", "CAPTURE": "beacon"}


@pytest.fixture
def me():
    return visitor("analytics")


def event(name, **changes):
    params = changes.pop("params", {})
    return {"id": str(uuid4()), "name": name, "ago": 0, "params": params} | changes


def about(*keys, **params):
    return {"items": [{"item_id": key} for key in keys], **params}


def made(me, kind, **fields):
    return EventDraft(kind=kind, visitor_id=me.pk, scope="en", device="mobile", **fields)


def take(me, *events, granted=YES, trusted=False):
    return accept(
        {"events": list(events)},
        visitor_id=me.pk,
        browser=me.browser,
        granted=granted,
        make=partial(made, me),
        trusted=trusted,
    )


def decision(me, *keys, placement="you-may-also-like", uid=None, slots=()):
    slots = slots or tuple(
        Slot(slot=n, item_key=key, source="popular", score=1.0, propensity=1.0, reason=Reason(code="popular"))
        for n, key in enumerate(keys, 1)
    )
    uid = uid or uuid4()
    store.insert_decisions(
        [
            DecisionDraft(
                uid=uid, visitor_id=me.pk, placement=placement, decided_at=NOON, pipeline="x", rung="popular",
                model_version=None, context=(), rules=(), experiment="", variant="", consent=(), slots=slots,
            )
        ]
    )  # fmt: skip
    return uid


def rows(*fields):
    return list(Event.objects.order_by("occurred_at", "item_key", "item_variant").values_list(*fields))


# What is stored


def test_an_event_is_stored_with_its_time_and_circumstances(me):
    accepted = take(me, event("view_item", ago=90_000.5, params=about("1")))
    assert (accepted.stored, accepted.refused) == (1, Counter())
    stored = Event.objects.get()
    assert (stored.kind, stored.item_key, stored.visitor_id) == ("view_item", "1", me.pk)
    assert (stored.scope, stored.device) == ("en", "mobile")
    assert stored.occurred_at == NOON - timedelta(milliseconds=90_000.5)


def test_every_item_of_an_event_is_a_row(me):
    items = [
        {"item_id": "1", "quantity": 2, "price": 2.5},
        {"item_id": 2, "quantity": "3", "price": "1.20000", "index": 4, "item_list_id": "search"},
        {"item_id": "3"},
    ]
    assert take(me, event("add_to_cart", params={"items": items, "currency": "gbp"})).stored == 3
    assert rows("item_key", "quantity", "price", "currency", "index", "item_list_id") == [
        ("1", 2, Decimal("2.5"), "GBP", None, ""),
        ("2", 3, Decimal("1.2"), "GBP", 4, "search"),
        ("3", 1, None, "GBP", None, ""),
    ]


def test_what_is_told_twice_is_stored_once(me):
    batch = [event("view_item", params=about("1")), event("add_to_wishlist", params=about("1", "2"))]
    assert take(me, *batch).stored == 3
    again = take(me, *batch)
    assert (again.stored, again.refused) == (0, Counter())
    assert Event.objects.count() == 3


def test_an_item_that_is_refused_first_and_known_later_gets_the_id_that_it_would_have_had(me):
    batch = event("view_item", params=about("1", "9", "2"))
    assert take(me, batch).stored == 2
    MemoryShop.stock["9"] = MemoryShop.stock["1"]
    assert take(me, batch).stored == 1
    assert rows("item_key") == [("1",), ("2",), ("9",)]


@pytest.mark.parametrize(
    ("item", "stored"),
    [
        ({"item_id": "3-red"}, ("3", "3-red")),
        ({"item_id": "3", "item_variant": "3-red"}, ("3", "3-red")),
        ({"item_id": "3-red", "item_variant": "3-blue"}, ("3", "3-red")),
        ({"item_id": "1", "item_variant": "3-red"}, ("1", "")),
        ({"item_id": "3", "item_variant": "3"}, ("3", "")),
        ({"item_id": "3", "item_variant": "red"}, ("3", "")),
    ],
)
def test_a_variant_is_rolled_up_and_remembered(me, item, stored):
    take(me, event("view_item", params={"items": [item]}))
    assert rows("item_key", "item_variant") == [stored]


@pytest.mark.parametrize(("variant", "stored"), [("77", "77"), ("1", "1"), ("2", ""), ("red", "")])
def test_a_variant_of_a_table_of_its_own_is_asked_for_there(me, settings, variant, stored):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SHOP": f"{__name__}.ShopWithTables"}
    take(me, event("view_item", params={"items": [{"item_id": "3", "item_variant": variant}]}))
    assert rows("item_key", "item_variant") == [("3", stored)]


def test_a_search_keeps_its_words_and_how_much_it_found(me):
    take(me, event("search", params={"search_term": "  red \n mug ", "results": 0}))
    assert rows("kind", "search_term", "results", "item_key") == [("search", "red mug", 0, "")]


def test_attention_is_for_an_item_or_for_none(me):
    take(
        me,
        event("user_engagement", ago=1, params={"engagement_time_msec": 4_000}),
        event("user_engagement", params=about("2", engagement_time_msec=1_500)),
    )
    assert rows("engagement_time_msec", "item_key") == [(4_000, ""), (1_500, "2")]


def test_kinds_about_no_item_are_one_row_whatever_they_list(me):
    take(me, event("begin_checkout", params=about("1", "2", "not there")))
    assert rows("kind", "item_key") == [("begin_checkout", "")]


def test_a_dismissal_has_its_reason_and_a_promotion_its_id(me):
    take(
        me,
        event("dismiss", params=about("1", reason="have_it")),
        event("select_promotion", params={"promotion_id": "summer"}),
    )
    assert sorted(rows("kind", "reason", "promotion_id")) == [
        ("dismiss", "have_it", ""),
        ("select_promotion", "", "summer"),
    ]


def test_a_value_is_kept_only_of_the_kind_that_it_belongs_to(me):
    told = about("1", search_term="mug", engagement_time_msec=5, reason="have_it", promotion_id="x", results=3)
    take(me, event("view_item", params=told))
    fields = ("search_term", "engagement_time_msec", "reason", "promotion_id", "results")
    assert rows(*fields) == [("", None, "", "", None)]


# What we chose ourselves


def test_a_seen_slot_is_an_impression_and_nothing_else(me):
    uid = decision(me, "1", "2", "3")
    told = {"decision": str(uid), "slots": [3, 1, 3]}
    assert take(me, event("view_item_list", ago=1_000, params=told)).stored == 2
    assert take(me, event("view_item_list", params=told)).stored == 0
    assert list(Impression.objects.order_by("slot").values_list("decision_id", "slot", "item_key", "seen_at")) == [
        (uid, 1, "1", NOON - timedelta(seconds=1)),
        (uid, 3, "3", NOON - timedelta(seconds=1)),
    ]
    assert not Event.objects.exists()


@pytest.mark.parametrize("kind", ["select_item", "add_to_wishlist"])
def test_what_stood_in_a_slot_is_said_by_our_decision_and_never_by_the_page(me, kind):
    uid = decision(me, "1", "2")
    told = about("4", decision=str(uid), slots=[2], item_list_id="mine", index=9)
    assert take(me, event(kind, params=told)).stored == 1
    assert rows("kind", "item_key", "decision_id", "item_list_id", "index", "quantity") == [
        (kind, "2", uid, "you-may-also-like", 2, None)
    ]
    assert Shop.asked == []


def test_what_is_put_into_the_cart_from_a_slot_is_one_piece(me):
    take(me, event("add_to_cart", params={"decision": str(decision(me, "1")), "slots": [1]}))
    assert rows("item_key", "quantity") == [("1", 1)]


def test_a_decision_for_somebody_else_is_as_good_as_none(me):
    theirs = decision(visitor("analytics"), "1")
    told = {"decision": str(theirs), "slots": [1, 2]}
    accepted = take(me, event("view_item_list", params=told), event("select_item", params=told))
    assert (accepted.stored, accepted.refused) == (0, Counter(unknown_decision=4))
    assert not Impression.objects.exists()


def test_a_slot_that_was_not_chosen_is_refused_alone(me):
    told = {"decision": str(decision(me, "1")), "slots": [1, 2]}
    accepted = take(me, event("view_item_list", params=told))
    assert (accepted.stored, accepted.refused) == (1, Counter(unknown_slot=1))


def home(me):
    """A decision with a promotion in slot 1 and an item in slot 2."""
    slots = tuple(
        Slot(
            slot=n, item_key=key, source="s", score=1.0, propensity=1.0, reason=Reason(code="picked"), block=block
        )
        for n, (key, block) in enumerate([("", "promotion:7"), ("1", "row:personal")], 1)
    )  # fmt: skip
    return decision(me, placement="personal-home", slots=slots)


@pytest.mark.parametrize("kind", ["view_promotion", "select_promotion"])
def test_what_is_told_of_a_promotion_of_ours_says_where_it_stood(me, kind):
    uid = home(me)
    told = {"promotion_id": "7", "decision": str(uid), "slots": [1]}
    assert take(me, event(kind, params=told)).stored == 1
    assert rows("kind", "promotion_id", "decision_id", "item_list_id", "index", "item_key") == [
        (kind, "7", uid, "personal-home", 1, "")
    ]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("view_promotion", {"promotion_id": "8", "slots": [1]}),
        ("view_promotion", {"promotion_id": "7", "slots": [2]}),
        ("view_promotion", {"promotion_id": "7", "slots": [3]}),
        ("view_item_list", {"slots": [1]}),
        ("select_item", {"slots": [1]}),
    ],
)
def test_a_promotion_is_no_item_and_an_item_is_no_promotion(me, name, params):
    accepted = take(me, event(name, params={"decision": str(home(me)), **params}))
    assert (accepted.stored, accepted.refused) == (0, Counter(unknown_slot=1))


def test_a_promotion_may_be_told_of_before_its_decision_is_stored(me):
    uid = uuid4()
    take(me, event("view_promotion", params={"promotion_id": "7", "decision": str(uid), "slots": [4]}))
    assert rows("promotion_id", "decision_id", "index") == [("7", uid, 4)]


# Who may tell what


@pytest.mark.parametrize("kind", ["purchase", "refund", "login"])
def test_money_and_identity_are_not_told_by_a_page(me, kind):
    assert take(me, event(kind, params=about("1"))).refused == Counter(not_claimable=1)


@pytest.mark.parametrize(("kind", "stored"), [("purchase", 0), ("refund", 0), ("login", 1)])
def test_money_is_not_told_by_a_trusted_server_either(me, kind, stored):
    accepted = take(me, event(kind, params=about("1")), trusted=True)
    assert accepted.stored == stored
    assert accepted.refused.total() == 1 - stored


@pytest.mark.parametrize("kind", ["view_item", "search"])
def test_what_the_middleware_records_is_told_by_a_trusted_server_only(me, settings, kind):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CAPTURE": "server"}
    told = event(kind, params=about("1", search_term="mug"))
    assert take(me, told).refused == Counter(captured_here=1)
    assert take(me, told, trusted=True).stored == 1


@pytest.mark.parametrize("kind", ["add_to_cart", "remove_from_cart"])
def test_a_cart_that_is_compared_is_told_by_a_trusted_server_only(me, settings, kind):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SHOP": f"{__name__}.ShopWithCart"}
    told = event(kind, params=about("1"))
    assert take(me, told).refused == Counter(captured_here=1)
    assert take(me, told, trusted=True).stored == 1


@pytest.mark.parametrize("granted", [(), (Purpose.OFFERS, Purpose.EMAIL)])
def test_without_a_yes_nothing_is_taken_and_nothing_looked_up(me, granted, django_assert_num_queries):
    batch = [event("view_item", params=about("1")), "rubbish"]
    with django_assert_num_queries(0):
        accepted = take(me, *batch, granted=granted, trusted=True)
    assert (accepted.stored, accepted.refused) == (0, Counter(no_consent=2))
    assert Shop.asked == []


# What is refused, each alone


BAD = [
    ("not_an_event", "view_item"),
    ("not_an_event", None),
    ("not_an_event", ["view_item"]),
    ("unknown_name", {"name": "page_view"}),
    ("unknown_name", {"name": ["view_item"]}),
    ("unknown_name", {"name": None}),
    ("bad_id", {"id": "7"}),
    ("bad_id", {"id": None}),
    ("bad_id", {"id": 7}),
    ("bad_id", {"id": "x" * 36}),
    ("too_old", {"ago": 72 * 3_600_000 + 1}),
    ("too_old", {"ago": float("inf")}),
    ("in_the_future", {"ago": -1}),
    ("bad_value", {"ago": "0"}),
    ("bad_value", {"ago": True}),
    ("bad_value", {"ago": float("nan")}),
    ("bad_value", {"params": [1]}),
    ("bad_value", {"params": "x"}),
    ("no_item", {"params": {}}),
    ("no_item", {"params": None}),
    ("no_item", {"params": {"items": []}}),
    ("no_item", {"params": {"items": [{}]}}),
    ("no_item", {"params": {"items": [None]}}),
    ("no_item", {"params": {"items": [{"item_id": ""}]}}),
    ("bad_value", {"params": {"items": {"item_id": "1"}}}),
    ("bad_value", {"params": {"items": "1"}}),
    ("bad_value", {"params": {"items": ["1"]}}),
    ("bad_value", {"params": {"items": [{"item_id": ["1"]}]}}),
    ("bad_value", {"params": {"items": [{"item_id": 1.5}]}}),
    ("bad_value", {"params": {"items": [{"item_id": True}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1\0"}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "\ud800"}]}}),
    ("too_long", {"params": about("1" * 65)}),
    ("too_long", {"params": about(10**100)}),
    ("unknown_item", {"params": about("5")}),
    ("unknown_item", {"params": about("' OR 1=1 --")}),
    ("too_many_items", {"params": about(*["1"] * 26)}),
    ("bad_value", {"params": about("1", currency="Pounds")}),
    ("bad_value", {"params": about("1", currency="£££")}),
    ("bad_value", {"params": about("1", currency=826)}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "quantity": 0}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "quantity": 1.5}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "quantity": 10**9}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "quantity": "many"}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "quantity": [1]}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "price": -1}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "price": float("inf")}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "price": "1e99"}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "price": "1E+9999999"}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "index": "1E-9999999"}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "price": "9" * 40}]}}),
    ("bad_value", {"params": {"items": [{"item_id": "1", "index": 40_000}]}}),
    ("too_long", {"params": {"items": [{"item_id": "1", "item_variant": "x" * 65}]}}),
    ("too_long", {"params": about("1", item_list_id="x" * 65)}),
    ("missing_value", {"name": "search"}),
    ("missing_value", {"name": "search", "params": {"search_term": " \n "}}),
    ("too_long", {"name": "search", "params": {"search_term": "x" * 101}}),
    ("bad_value", {"name": "search", "params": {"search_term": {"a": 1}}}),
    ("bad_value", {"name": "search", "params": {"search_term": "mug", "results": -1}}),
    ("missing_value", {"name": "dismiss", "params": about("1")}),
    ("bad_value", {"name": "dismiss", "params": about("1", reason="too ugly")}),
    ("missing_value", {"name": "view_promotion", "params": about("1")}),
    ("missing_value", {"name": "user_engagement", "params": about("1")}),
    ("bad_value", {"name": "user_engagement", "params": {"engagement_time_msec": 0}}),
    ("bad_value", {"name": "user_engagement", "params": {"engagement_time_msec": 86_400_001}}),
    ("unknown_item", {"name": "user_engagement", "params": about("5", engagement_time_msec=9)}),
    ("too_many_items", {"name": "user_engagement", "params": about("1", "2", engagement_time_msec=9)}),
    ("no_decision", {"name": "view_item_list", "params": about("1")}),
    ("no_decision", {"name": "view_item_list", "params": {"decision": str(UUID(int=1)), "slots": []}}),
    ("bad_value", {"name": "view_item_list", "params": {"decision": "x", "slots": [1]}}),
    ("bad_value", {"name": "view_item_list", "params": {"decision": str(UUID(int=1)), "slots": "12"}}),
    ("bad_value", {"name": "view_item_list", "params": {"decision": str(UUID(int=1)), "slots": [0]}}),
    ("bad_value", {"name": "view_item_list", "params": {"decision": str(UUID(int=1)), "slots": [None]}}),
    ("no_decision", {"name": "select_item", "params": about("1", decision=str(UUID(int=1)))}),
]


@pytest.mark.parametrize(("reason", "bad"), BAD)
def test_a_bad_event_is_refused_by_name_and_its_neighbours_are_stored(me, reason, bad):
    bad = event("view_item", params=about("1")) | bad if isinstance(bad, dict) else bad
    accepted = take(me, event("view_item", params=about("1")), bad, event("view_item", params=about("2")))
    assert accepted.refused == Counter({reason: 1})
    assert accepted.stored == 2
    assert rows("item_key") == [("1",), ("2",)]


def test_a_bad_item_is_refused_and_the_others_of_its_event_are_stored(me):
    items = [{"item_id": "1"}, {"item_id": "5"}, {"item_id": "2", "price": "free"}, {"item_id": "3"}]
    accepted = take(me, event("view_item", params={"items": items}))
    assert (accepted.stored, accepted.refused) == (2, Counter(unknown_item=1, bad_value=1))
    assert rows("item_key") == [("1",), ("3",)]


def test_what_goes_past_fifty_events_is_refused(me):
    accepted = take(me, *(event("view_item", params=about("1")) for _ in range(53)))
    assert (accepted.stored, accepted.refused) == (50, Counter(too_many_events=3))


def test_what_goes_past_two_hundred_facts_of_a_page_is_refused(me):
    batch = [event("add_to_wishlist", params=about(*["1"] * 25)) for _ in range(9)]
    accepted = take(me, *batch)
    assert (accepted.stored, accepted.refused) == (200, Counter(too_many_events=25))
    assert take(visitor("analytics"), *batch, trusted=True).stored == 225


def test_every_reason_is_explained_and_every_explanation_is_one_of_a_reason(me):
    named = {value for name, value in vars(refusals).items() if name.isupper() and isinstance(value, str)}
    assert set(refusals.REFUSALS) == named
    elsewhere = {
        "bot",
        "prefetch",
        "no_consent",
        "not_claimable",
        "captured_here",
        "unknown_slot",
        "too_many_events",
        "unknown_decision",
    }
    assert {reason for reason, _ in BAD} | elsewhere == named


@pytest.mark.parametrize("payload", [None, [], 7, "x", {}, {"events": None}, {"events": {}}, {"events": "x"}])
def test_what_is_no_batch_is_said_to_be_none(me, payload):
    with pytest.raises(NotABatch, match=r'Wanted \{"events"'):
        accept(payload, visitor_id=me.pk, browser=me.browser, granted=YES, make=partial(made, me))


def test_an_empty_batch_is_one(me):
    assert take(me).stored == 0


# What nobody can do to others


def test_no_page_can_take_the_id_that_an_order_is_going_to_have(me):
    MemoryShop.orders = [line("1", "A", "1")]
    reconcile()
    order = Event.objects.get().uid
    Event.objects.all().delete()
    take(me, event("view_item", id=str(order), params=about("1")))
    reconcile()
    assert sorted(rows("kind")) == [("purchase",), ("view_item",)]


def test_nobody_can_keep_out_what_another_one_tells(me):
    told = event("view_item", params=about("1"))
    assert take(visitor("analytics"), told).stored == 1
    assert take(me, told).stored == 1


# What is on its way


@pytest.mark.parametrize("kind", ["view_item_list", "select_item"])
def test_a_fact_waits_for_the_decision_that_it_is_about(me, kind, frozen):
    late = uuid4()
    accepted = take(me, event(kind, params={"decision": str(late), "slots": [2, 9]}))
    assert (accepted.refused, Impression.objects.count(), Event.objects.count()) == (Counter(), 0, 0)
    assert account().quarantined == {"unknown_decision": 2}
    decision(me, "1", "2", uid=late)
    replay_undecided()
    seen = [*Impression.objects.values_list("item_key", flat=True), *Event.objects.values_list("item_key", flat=True)]
    assert seen == ["2"]
    assert (account().refused, account().quarantined, account().difference) == ({"unknown_slot": 1}, {}, 0)


def test_a_decision_that_never_comes_is_refused_by_name_after_an_hour(me, frozen):
    take(me, event("view_item_list", params={"decision": str(uuid4()), "slots": [1]}))
    frozen(timedelta(minutes=59))
    replay_undecided()
    assert account().quarantined == {"unknown_decision": 1}
    frozen(timedelta(minutes=2))
    replay_undecided()
    assert (account().refused, account().quarantined, account().difference) == ({"unknown_decision": 1}, {}, 0)


def test_a_late_decision_of_somebody_elses_is_as_good_as_none(me, frozen):
    late = uuid4()
    take(me, event("select_item", params={"decision": str(late), "slots": [1]}))
    decision(visitor("analytics"), "1", uid=late)
    replay_undecided()
    assert not Event.objects.exists()
    assert account().refused == {"unknown_decision": 1}


# What it costs


def test_a_batch_asks_the_shop_once_and_reads_decisions_once(me, settings, django_assert_num_queries):
    decisions = [decision(me, "1", "2") for _ in range(5)]
    batch = [event("view_item", params=about("1", "2", "5")) for _ in range(20)]
    batch += [event("view_item_list", params={"decision": str(uid), "slots": [1, 2]}) for uid in decisions]

    settings.PERSONALIZE = {**settings.PERSONALIZE, "SINK": f"{__name__}.Counting"}
    with django_assert_num_queries(1):
        assert take(me, *batch).stored == 50
    assert Shop.asked == [["1", "2", "5"]]
