import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import numpy as np
import pytest
from django.http import HttpResponse
from django.utils import timezone

from django_personalize.core.types import CartLine, DecisionDraft
from django_personalize.events import store
from django_personalize.events.collector import collector_of
from django_personalize.models import StockOut
from django_personalize.placements import present
from django_personalize.placements.present import Asked, is_personal, show, show_all
from django_personalize.testing.contracts import event
from django_personalize.testing.doubles import MemoryStep
from django_personalize.testing.override import override_personalize
from django_personalize.visitors import session_tier
from tests.conftest import NOON
from tests.people import request_of, visitor
from tests.shops import user
from tests.training.small import model, orders

pytestmark = pytest.mark.django_db


def drafts(request):
    return [draft for draft in collector_of(request).drafts if isinstance(draft, DecisionDraft)]


def keys(presented):
    return [shown.item.key for shown in presented]


def test_without_any_data_the_newest_fill_the_place(memory_shop, answers):
    presented = show(request_of(), "you-may-also-like", item=memory_shop.stock["2"])
    assert keys(presented) == ["1", "3"]
    assert [shown.reason for shown in presented] == ["New in the shop"] * 2
    assert [shown.slot for shown in presented] == [1, 2]


def test_what_is_bought_together_is_never_padded(memory_shop, answers):
    presented = show(request_of(), "frequently-bought-together", item=memory_shop.stock["2"])
    assert keys(presented) == []
    assert not presented
    assert presented.__html__() == ""


def test_nobody_without_a_yes_is_decided_for_on_the_record(memory_shop, answers):
    for state in ("denied", "unknown"):
        answers(personalization=state, analytics=state)
        request = request_of(visitor("personalization"))
        presented = show(request, "personal-home")
        assert presented.decision is None
        assert drafts(request) == []
        assert not is_personal(request)


def test_a_render_for_a_visitor_leaves_one_decision_with_everything_it_rests_on(memory_shop, answers, frozen):
    answers(personalization="granted")
    me = visitor("personalization")
    request = request_of(me)
    presented = show(request, "you-may-also-like", item=memory_shop.stock["2"], n=1)
    [draft] = drafts(request)
    assert presented.decision == draft.uid
    assert isinstance(draft.uid, UUID)
    assert (draft.visitor_id, draft.placement, draft.pipeline) == (me.pk, "you-may-also-like", "similar")
    assert (draft.rung, draft.model_version, draft.context) == ("newest", None, ("2",))
    assert (draft.rules, draft.experiment, draft.variant) == (("exclude:context",), "", "")
    assert draft.consent == ("personalization",)
    [slot] = draft.slots
    assert (slot.slot, slot.item_key, slot.source, slot.propensity, slot.reason.code) == (1, "1", "newest", 1.0, "new")
    assert is_personal(request)


def test_a_page_shows_an_item_once(memory_shop, answers):
    answers(analytics="granted")
    request = request_of(visitor("analytics"))
    first = show(request, "you-may-also-like", item=memory_shop.stock["2"], n=1)
    second = show(request, "you-may-also-like", item=memory_shop.stock["2"], n=1)
    assert (keys(first), keys(second)) == (["1"], ["3"])
    assert [draft.rules for draft in drafts(request)] == [
        ("exclude:context",),
        ("exclude:context", "exclude:shown-on-page"),
    ]


@pytest.mark.parametrize("reason", ["not_interested", "have_it", "was_a_gift"])
def test_what_a_person_dismissed_leaves_every_row_of_theirs_at_the_next_page(memory_shop, answers, reason):
    answers(personalization="granted")
    me = visitor("personalization")
    assert keys(show(request_of(me), "you-may-also-like", item=memory_shop.stock["2"])) == ["1", "3"]
    store.insert_events(
        [event(1, visitor_id=me.pk, kind="dismiss", item_key="1", reason=reason)], received_at=timezone.now()
    )
    request = request_of(me)
    assert keys(show(request, "you-may-also-like", item=memory_shop.stock["2"])) == ["3"]
    [draft] = drafts(request)
    assert draft.rules == ("exclude:context", "exclude:dismissed")
    assert keys(show(request_of(visitor("personalization")), "you-may-also-like", item=memory_shop.stock["2"])) == [
        "1",
        "3",
    ]


def test_a_placement_that_shows_nothing_leaves_no_decision(memory_shop, answers):
    answers(personalization="granted")
    request = request_of(visitor("personalization"))
    assert show(request, "frequently-bought-together", item=memory_shop.stock["2"]).decision is None
    assert drafts(request) == []


def test_a_broken_shop_costs_the_row_and_not_the_page(memory_shop, answers, caplog):
    presented = show(request_of(), "you-may-also-like", item="no item")
    assert not presented
    assert str(presented) == ""
    [record] = caplog.records
    assert (record.msg, record.placement) == ("placement_failed", "you-may-also-like")


def test_a_shared_computer_shows_nobody_the_last_ones_page(memory_shop, answers):
    answers(personalization="granted")
    request = request_of(visitor("personalization", user_key="7"))
    assert show(request, "personal-home").decision is None
    assert not is_personal(request)


def test_a_person_costs_a_visitor_query_and_a_history_query_however_many_places(
    memory_shop, answers, django_assert_num_queries
):
    answers(personalization="granted")
    request = request_of(visitor("personalization"))
    show(request, "personal-home")
    with django_assert_num_queries(2):  # the savepoint that the test's own transaction asks for, and nothing else
        show(request, "you-may-also-like", item=memory_shop.stock["2"])


PAGE = ("personal-home", "recently-viewed", "buy-it-again", "best-sellers", "trending", "on-sale-for-you")


@pytest.fixture
def learnt(memory_shop, tmp_path, monkeypatch):
    """A shop of forty items of which some are sold out, and a model of its orders, live."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
    base = memory_shop.stock["1"]
    memory_shop.stock = {
        key: replace(base, key=key, title=f"Item {key}", list_price=Decimal("5") if key in "bcd" else None)
        for key in letters
    }
    memory_shop.sold_out = set("ghijkl")
    baskets = [(float(day), "", f"{letters[day % 20]}{letters[day % 20 + 1]}") for day in range(1, 60)]
    rising = [(float(day), "", "m") for day in (1, 2, 3, 4, 100)]
    known = model(orders(*baskets, *rising, as_of=timezone.now().timestamp()))
    monkeypatch.setattr(present, "live", lambda: known)
    return memory_shop


def did(me, *rows):
    store.insert_events(
        [
            event(at, visitor_id=me.pk, kind=kind, item_key=key, occurred_at=timezone.now() - timedelta(days=days),
                  transaction_id=str(at) if kind == "purchase" else "")
            for at, (kind, key, days) in enumerate(rows, start=900)
        ],
        received_at=timezone.now(),
    )  # fmt: skip


SAVEPOINTS = 2
"""Of the transaction that the test's own is; none where the shop opens none."""


def test_a_placement_asks_the_shop_once_and_once_more_where_that_was_too_little(learnt, answers, monkeypatch):
    asked, items = [], learnt.items

    def ask(self, keys, **more):
        asked.append(keys)
        return items(self, keys, **more)

    monkeypatch.setattr(learnt, "items", ask)
    assert len(keys(show(request_of(), "best-sellers"))) == 8
    assert [len(each) for each in asked] == [8 + 4 + 2]
    asked.clear()
    learnt.sold_out = set("abcdefghijklmn")
    assert len(keys(show(request_of(), "best-sellers"))) == 7  # all that is left of what ever sold
    assert len(asked) == 2
    assert len({*asked[0], *asked[1]}) == sum(map(len, asked)) <= 8 * 4 + 12


def test_six_placements_of_a_page_cost_a_visitor_a_history_and_what_was_seen_in_vain_once(
    learnt, answers, django_assert_max_num_queries
):
    """The shop's own queries are counted with them in the journey through the example shop."""
    answers(personalization="granted")
    me = visitor("personalization")
    did(me, ("view_item", "a", 1), ("purchase", "b", 40), ("purchase", "b", 80), ("view_item", "x", 2))
    request = request_of(me)
    with django_assert_max_num_queries(3 + len(PAGE) * SAVEPOINTS):
        for slug in PAGE:
            show(request, slug)
    with django_assert_max_num_queries(3 + SAVEPOINTS):
        together = show_all(request_of(me), [Asked(slug=slug) for slug in PAGE])
    shown = [key for placement in together for key in keys(placement)]
    assert len(shown) == len(set(shown)) > 10


def test_several_at_once_are_what_they_are_one_by_one(learnt, answers):
    answers(personalization="granted")
    me = visitor("personalization")
    did(me, ("view_item", "a", 1), ("purchase", "n", 40), ("purchase", "n", 80))
    request = request_of(me)
    alone = [keys(show(request, slug)) for slug in PAGE]
    at_once = show_all(request_of(me), [Asked(slug=slug) for slug in PAGE])
    # One that comes later is chosen without knowing what those before it will show, so it may go less far down.
    assert [keys(each) for each in at_once][0] == alone[0]
    assert not set(keys(at_once[0])) & {key for each in at_once[1:] for key in keys(each)}


def test_one_that_cannot_be_chosen_costs_no_other(learnt, answers, caplog):
    found = show_all(request_of(), [Asked(slug="you-may-also-like", item="none"), Asked(slug="best-sellers")])
    assert [bool(each) for each in found] == [False, True]
    assert [record.placement for record in caplog.records] == ["you-may-also-like"]


def test_a_placement_that_there_is_none_of_is_told_and_shows_nothing(memory_shop, answers, caplog):
    assert not show(request_of(), "best-seller")
    assert [(record.msg, record.placement) for record in caplog.records] == [("placement_unknown", "best-seller")]


def test_a_pipeline_of_the_settings_is_a_placement(memory_shop, answers, monkeypatch):
    monkeypatch.setattr(MemoryStep, "keys", ("3", "4", "1"))
    with override_personalize(PIPELINES={"summer_gifts": ["django_personalize.testing.doubles.MemoryStep"]}):
        found = show(request_of(), "summer-gifts")
        assert (found.title, keys(found)) == ("Summer gifts", ["3", "1"])


def test_what_is_in_the_cart_or_was_bought_just_now_is_in_no_row(learnt, answers):
    answers(personalization="granted")
    me = visitor("personalization")
    everything = keys(show(request_of(me), "best-sellers", n=30))
    assert {"a", "b"} <= set(everything)
    learnt.basket = [CartLine(item_key="a", quantity=1)]
    did(me, ("purchase", "b", 1))
    request = request_of(me)
    assert set(keys(show(request, "best-sellers", n=30))) == set(everything) - {"a", "b"}
    [draft] = drafts(request)
    assert draft.rules == ("exclude:had",)


def test_a_page_that_the_cart_has_changed_is_kept_out_of_caches(learnt, answers):
    request = request_of()
    show(request, "best-sellers")
    assert not is_personal(request)
    learnt.basket = [CartLine(item_key="a", quantity=1)]
    show(request := request_of(), "best-sellers")
    assert is_personal(request)


def test_bought_together_is_about_the_product_the_basket_or_the_shops_own_cart(learnt, answers):
    one, two = learnt.stock["a"], learnt.stock["c"]
    asked = {"item": one}, {"basket": [one, two]}, {}
    learnt.basket = [CartLine(item_key="m", quantity=1)]
    contexts = []
    answers(analytics="granted")
    for given in asked:
        request = request_of(visitor("analytics"))
        show(request, "you-may-also-like", n=1, **given) if given else show(request, "customers-also-viewed", n=1)
        contexts.append([draft.context for draft in drafts(request)])
    assert contexts == [[("a",)], [("a", "c")], []]


def test_on_sale_is_what_costs_less_than_it_did_at_this_moment(learnt, answers):
    found = show(request_of(), "on-sale-for-you")
    assert (found.title, sorted(keys(found))) == ("On sale", ["b", "c", "d"])
    learnt.stock["b"] = replace(learnt.stock["b"], list_price=None)
    assert sorted(keys(show(request_of(), "on-sale-for-you"))) == ["c", "d"]


def test_what_came_back_is_shown_for_two_weeks(learnt, answers, frozen):
    StockOut.objects.create(item_key="a", out_since=NOON - timedelta(days=9), back_at=NOON - timedelta(days=1))
    StockOut.objects.create(item_key="b", out_since=NOON - timedelta(days=90), back_at=NOON - timedelta(days=15))
    found = show(request_of(), "back-in-stock")
    assert [(shown.item.key, shown.reason) for shown in found] == [("a", "In stock again")]


def test_new_arrivals_are_new(memory_shop, answers, frozen):
    memory_shop.stock["2"] = replace(memory_shop.stock["2"], created=NOON - timedelta(days=61))
    assert keys(show(request_of(), "new-arrivals")) == ["1", "3"]


def test_a_search_inspires_only_whoever_says_yes_to_a_personal_shop(learnt, answers, monkeypatch):
    known = present.live()
    words = {"lantern": 0}
    index = np.array([[known.index["a"]]], dtype=np.int32)
    rare = np.ones(1, dtype=np.float32)
    monkeypatch.setattr(present, "live", lambda: replace(known, words=words, word_index=index, word_rarity=rare))
    for purpose, shown in (("personalization", ["a"]), ("analytics", [])):
        answers(**{purpose: "granted"})
        me = visitor(purpose)
        store.insert_events(
            [event(hash(purpose) % 10**6, visitor_id=me.pk, kind="search", item_key="", search_term="lanterns",
                   occurred_at=timezone.now())],
            received_at=timezone.now(),
        )  # fmt: skip
        assert keys(show(request_of(me), "inspired-by-your-search")) == shown


@pytest.mark.parametrize(("purpose", "heeded"), [("personalization", True), ("analytics", False)])
def test_cards_can_be_taken_away_only_where_that_will_be_heeded(memory_shop, answers, purpose, heeded):
    """Without a yes to a personal shop nothing is shown from what somebody did, not even less: nobody is asked."""
    answers(**{purpose: "granted"})
    me = visitor(purpose)
    dismissed = event(1, visitor_id=me.pk, kind="dismiss", item_key="1", reason="not_interested")
    assert show(request_of(me), "personal-home").dismissable is heeded
    store.insert_events([dismissed], received_at=timezone.now())
    assert ("1" not in keys(show(request_of(me), "personal-home"))) is heeded
    assert not show(request_of(), "personal-home").dismissable


def test_as_json_says_what_a_page_needs_and_nothing_of_the_inside(memory_shop, answers):
    memory_shop.stock["1"] = replace(memory_shop.stock["1"], list_price=Decimal("3.00"), cost=Decimal("1.00"))
    found = show(request_of(), "personal-home", n=1).as_json()
    assert json.loads(json.dumps(found)) == found
    slot = {
        "slot": 1,
        "key": "1",
        "title": "Lantern",
        "url": "/products/1/",
        "image": "",
        "price": "2.50",
        "list_price": "3.00",
        "currency": "GBP",
        "reason": "New in the shop",
    }
    rows = [{"title": "", "url": "", "slots": [slot]}]
    assert found == {"slug": "personal-home", "title": "New in the shop", "decision": None, "rows": rows}


def logged_in(account, *, session_read=True, here=None, **extra):
    """A request of an account, on a page that looked at the session or did not."""
    request = request_of(here, user=account, **extra)
    request.session = SimpleNamespace(accessed=session_read)
    return request


def bought(by, *keys):
    store.insert_events(
        [event(int(key), visitor_id=by.pk, kind="purchase", item_key=key, transaction_id=key) for key in keys]
        + [event(100, visitor_id=by.pk, kind="view_item", item_key="1")],
        received_at=timezone.now(),
    )


@pytest.fixture
def elsewhere(db):
    """An account, and its visitor in another browser, who said yes there and bought a mug."""
    account = user("mia")
    other = visitor("personalization", user_key=str(account.pk))
    bought(other, "3")
    return account, other


def is_shown_from_a_history(request):
    shown = show(request, "personal-home")
    assert is_personal(request) is (shown.personal or shown.decision is not None)
    return shown.personal


def test_an_account_that_said_yes_elsewhere_is_shown_its_own_orders_where_it_is_logged_in(
    memory_shop, answers, elsewhere
):
    request = logged_in(elsewhere[0])
    shown = show(request, "personal-home")
    assert shown.personal
    assert is_personal(request)
    assert (shown.decision, drafts(request)) == (None, [])  # and nothing is kept of this browser


def test_of_an_accounts_past_elsewhere_only_its_orders_count(memory_shop, answers, elsewhere):
    _, other = elsewhere
    other.events.filter(kind="purchase").delete()
    assert not is_shown_from_a_history(logged_in(elsewhere[0]))


def test_a_page_that_asked_nobody_who_is_logged_in_stays_everybodys(memory_shop, answers, elsewhere):
    assert not is_shown_from_a_history(logged_in(elsewhere[0], session_read=False))


def test_this_browsers_own_no_wins_over_the_accounts_yes(memory_shop, answers, elsewhere):
    answers(personalization="denied")
    assert not is_shown_from_a_history(logged_in(elsewhere[0]))
    answers()
    assert not is_shown_from_a_history(logged_in(elsewhere[0], HTTP_SEC_GPC="1"))


def test_statistics_here_and_a_yes_elsewhere_are_each_what_they_permit(memory_shop, answers, elsewhere):
    answers(analytics="granted")
    here = visitor("analytics", user_key=str(elsewhere[0].pk))
    request = logged_in(elsewhere[0], here=here)
    assert show(request, "personal-home").personal
    assert [draft.consent for draft in drafts(request)] == [("analytics",)]


@pytest.mark.parametrize("switch", ["paused_at", "objected_at"])
def test_what_an_account_has_switched_off_is_off_everywhere(memory_shop, answers, elsewhere, switch):
    visitor("personalization", user_key=str(elsewhere[0].pk), **{switch: timezone.now()})
    assert not is_shown_from_a_history(logged_in(elsewhere[0]))


def test_nobody_elses_yes_is_anybodys(memory_shop, answers, elsewhere):
    assert not is_shown_from_a_history(logged_in(user("leo")))
    elsewhere[1].delete()
    assert not is_shown_from_a_history(logged_in(elsewhere[0]))


def test_an_account_of_this_project_is_nobody_of_a_shop_that_runs_elsewhere(memory_shop, answers, elsewhere):
    memory_shop.accounts_elsewhere = True
    try:
        assert not is_shown_from_a_history(logged_in(elsewhere[0]))
    finally:
        del memory_shop.accounts_elsewhere


def test_a_visit_that_its_shopper_chose_to_have_remembered_is_shown_from(memory_shop, answers):
    request = request_of()
    response = HttpResponse()
    session_tier.write(request, response, ["3"])
    request.COOKIES[session_tier.NAME] = response.cookies[session_tier.NAME].value
    assert not is_shown_from_a_history(request_of())
    with override_personalize(SESSION_TIER=True):
        shown = show(request, "personal-home")
        assert shown.personal
        assert is_personal(request)
        assert (shown.decision, drafts(request)) == (None, [])
