"""Who is held out sees what a stranger sees, and is counted; nobody is drawn who may not be."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from django_personalize.capture.accounts import join
from django_personalize.core.types import DecisionDraft
from django_personalize.events import store
from django_personalize.events.collector import collector_of
from django_personalize.experiments.holdout import CONTROL, NOT_DRAWN, TREATED, arm_of, draw
from django_personalize.models import Visitor
from django_personalize.placements.present import is_personal, show
from django_personalize.testing.contracts import event
from django_personalize.testing.override import override_personalize
from django_personalize.visitors.register import register
from tests.people import request_of, visitor

pytestmark = pytest.mark.django_db
BOTH = ("analytics", "personalization")


@pytest.fixture(autouse=True)
def _shop(memory_shop, answers):
    answers(analytics="granted", personalization="granted")
    with override_personalize(HOLDOUT=0.5):
        yield


def somebody(arm, **changes):
    """A visitor who is drawn for this arm this year."""
    for _ in range(200):
        me = visitor(*BOTH, **changes)
        if draw(me, timezone.now()) == arm:
            return me
        me.delete()
    raise AssertionError("nobody in 200 was drawn: what draws is not random")


def looked(me, *items, **changes):
    drafts = [event(n, visitor_id=me.pk, item_key=item, **changes) for n, item in enumerate(items, 1)]
    store.insert_events(drafts, received_at=timezone.now())


def home(request):
    return show(request, "personal-home")


def decided(request):
    [draft] = [each for each in collector_of(request).drafts if isinstance(each, DecisionDraft)]
    return draft


def test_nobody_is_drawn_by_default():
    with override_personalize(HOLDOUT=0.0):
        me = visitor(*BOTH)
        request = request_of(me)
        home(request)
    draft = decided(request)
    assert (draft.experiment, draft.variant, draft.holdout) == ("", "", None)


def test_the_control_group_gets_a_strangers_page_and_is_recorded():
    me = somebody(CONTROL)
    looked(me, "2", "3")
    request = request_of(me)
    presented, strangers = home(request), home(request_of())
    assert [shown.item.key for shown in presented] == [shown.item.key for shown in strangers]
    assert (str(presented.title), presented.personal) == (str(strangers.title), False)
    draft = decided(request)
    assert (draft.experiment, draft.variant, draft.holdout, draft.visitor_id) == ("holdout", "control", True, me.pk)
    assert is_personal(request)  # its id is of one visitor


def test_the_treated_get_their_own_page_and_are_recorded():
    me = somebody(TREATED)
    looked(me, "2", "3")
    request = request_of(me)
    assert home(request).personal
    draft = decided(request)
    assert (draft.experiment, draft.variant, draft.holdout) == ("holdout", "treated", False)


def test_what_somebody_asked_not_to_be_shown_stays_away_from_the_control_group_too():
    me = somebody(CONTROL)
    looked(me, "1", kind="dismiss", reason="not_interested")
    assert "1" not in [shown.item.key for shown in home(request_of(me))]


@pytest.mark.parametrize(
    "granted", [{}, {"personalization": "granted"}, {"personalization": "granted", "analytics": "denied"}]
)
def test_without_a_yes_to_analytics_nobody_is_drawn(answers, granted):
    answers(**granted)
    me = somebody(CONTROL)
    assert arm_of(request_of(me), me) == NOT_DRAWN


def test_nobody_is_nobodys_arm():
    assert arm_of(request_of(), None) == NOT_DRAWN


def test_half_are_held_out_and_each_year_others():
    people = [register([]) for _ in range(400)]
    this, next_year = ([draw(each, datetime(year, 6, 1, tzinfo=UTC)) for each in people] for year in (2026, 2027))
    assert 150 < this.count(CONTROL) < 250
    assert 50 < sum(a == b == CONTROL for a, b in zip(this, next_year, strict=True)) < 150
    assert this == [draw(each, datetime(2026, 12, 31, tzinfo=UTC)) for each in people]


def test_a_larger_share_keeps_who_is_held_out():
    people = [register([]) for _ in range(300)]

    def held(share):
        with override_personalize(HOLDOUT=share):
            return {each.pk for each in people if draw(each, timezone.now()) == CONTROL}

    assert held(0.1) < held(0.3)


def test_an_arm_stays_through_a_log_in_and_on_a_second_device():
    for _ in range(20):
        guest = register([])
        before = draw(guest, timezone.now())
        account = f"a{guest.pk.hex[:6]}"
        join(guest, account)
        phone = register([], user_key=account)
        tablet = register([])
        join(tablet, account)
        stored = Visitor.objects.filter(user_key=account)
        assert [draw(each, timezone.now()) for each in stored] == [before] * 3
        assert phone.unit == guest.unit


def test_one_request_has_one_arm_whatever_the_clock_says(monkeypatch, frozen):
    me = visitor(*BOTH)
    request = request_of(me)
    first = arm_of(request, me)
    frozen(timedelta(days=366))
    assert arm_of(request, me) == first
