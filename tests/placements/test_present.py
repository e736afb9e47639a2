from uuid import UUID

import pytest

from django_personalize.core.types import DecisionDraft
from django_personalize.events.collector import collector_of
from django_personalize.placements.present import is_personal, show
from tests.people import request_of, visitor

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
