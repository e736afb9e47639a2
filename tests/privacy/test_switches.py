from datetime import timedelta

import pytest
from django.http import HttpResponse

from django_personalize.capture.accounts import join, successor
from django_personalize.capture.arrivals import note_arrival
from django_personalize.capture.orders import reconcile
from django_personalize.conf import settings as ours
from django_personalize.core import clock
from django_personalize.events import intake
from django_personalize.events.history import history_of
from django_personalize.models import Cart, Event, Membership, Visitor
from django_personalize.privacy import switches
from django_personalize.privacy.person import of_account, of_visitor
from django_personalize.segments.membership import segments_of
from django_personalize.training import dataset
from django_personalize.visitors.register import register
from django_personalize.visitors.resolve import browser_of
from tests.conftest import line
from tests.people import request_of, visitor
from tests.privacy.canaries import told

pytestmark = pytest.mark.django_db
YES = ("personalization", "analytics")


@pytest.fixture
def both(memory_shop):
    """Two browsers of one account, with a past."""
    mine, phone = visitor(*YES, user_key="7"), visitor(*YES, user_key="7")
    memory_shop.orders = [line("1", "A", "1", user_key="7")]
    reconcile()
    return mine, phone


def people_who_are_learnt_from():
    return dataset.load(clock.now()).person_keys


@pytest.mark.parametrize(
    ("off", "on"),
    [(switches.pause, switches.resume), (switches.object_to_profiling, switches.allow_profiling)],
)
def test_no_history_is_used_and_no_row_learnt_until_it_is_taken_back(both, off, on):
    mine, _ = both
    assert history_of(mine)
    assert people_who_are_learnt_from() == ("user:7",)
    off(of_account("7"))
    for each in both:
        each.refresh_from_db()
        assert not history_of(each)
    assert people_who_are_learnt_from() == ()
    on(of_account("7"))
    mine.refresh_from_db()
    assert history_of(mine).item_keys == ("1",)
    assert people_who_are_learnt_from() == ("user:7",)


def test_nothing_is_added_while_paused_by_any_browser_of_theirs(both):
    mine, phone = both
    switches.pause(of_account("7"))
    assert ours.sink.write([told(mine.pk), told(phone.pk)]) == 0
    assert not Event.objects.filter(kind="view_item").exists()
    assert intake.account().refused == {"no_consent": 2}


def test_what_happened_before_the_pause_is_still_stored(both, frozen):
    mine, _ = both
    before = told(mine.pk)
    frozen(timedelta(seconds=1))
    switches.pause(of_account("7"))
    assert ours.sink.write([before]) == 1


def test_a_pause_begins_again_with_the_cart_as_it_then_is(both):
    mine, _ = both
    Cart.objects.create(visitor=mine, lines=[["1", "", 1]], changed_at=clock.now())
    switches.pause(of_account("7"))
    assert not Cart.objects.exists()


def test_statistics_go_on_for_somebody_who_objects_to_profiling(both):
    mine, _ = both
    switches.object_to_profiling(of_account("7"))
    assert ours.sink.write([told(mine.pk)]) == 1


def test_nothing_is_added_for_an_objector_who_says_yes_to_nothing_else(memory_shop):
    me = visitor("personalization")
    switches.object_to_profiling(of_visitor(me.pk))
    assert ours.sink.write([told(me.pk)]) == 0
    assert intake.account().refused == {"no_consent": 1}


def test_an_arrival_of_a_paused_shopper_is_not_noted(both, rf):
    mine, _ = both
    switches.pause(of_account("7"))
    page = HttpResponse("", content_type="text/html")
    request = rf.get("/?utm_campaign=spring", headers={"Referer": "https://search.example/"})
    note_arrival(request, page, mine.pk)
    assert Visitor.objects.get(pk=mine.pk).arrived_at is None
    switches.resume(of_account("7"))
    note_arrival(request, page, mine.pk)
    assert Visitor.objects.get(pk=mine.pk).campaign == "spring"


def test_a_repeated_wish_keeps_its_first_moment(both, frozen):
    switches.pause(of_account("7"))
    first = Visitor.objects.values_list("paused_at", flat=True).first()
    frozen(timedelta(days=1))
    switches.pause(of_account("7"))
    assert Visitor.objects.values_list("paused_at", flat=True).first() == first


def test_a_new_device_of_the_account_has_it_switched_off_too(both, answers):
    switches.object_to_profiling(of_account("7"))
    assert register(["personalization"], user_key="7").objected_at is not None
    guest = visitor(*YES)
    join(guest, "7")
    assert Visitor.objects.get(pk=guest.pk).objected_at is not None


def test_whom_a_browser_becomes_at_logging_out_has_it_switched_off_too(both):
    mine, _ = both
    switches.pause(of_account("7"))
    mine.refresh_from_db()
    assert successor(mine, "").paused_at is not None


def test_another_browser_is_nobody_to_a_page_though_its_cookie_does_not_say_so(both, answers):
    answers(personalization="granted")
    _, phone = both
    request = request_of(phone)
    assert browser_of(request) == phone
    switches.pause(of_account("7"))
    request = request_of(Visitor(pk=phone.pk, browser=phone.browser, granted=phone.granted))
    assert browser_of(request) is None


def test_nobody_else_is_switched_off(both):
    other = visitor(*YES)
    switches.pause(of_account("7"))
    switches.object_to_profiling(of_account("7"))
    assert Visitor.objects.get(pk=other.pk).paused_at is None
    assert of_visitor(other.pk).visitors == (other,)


def in_a_segment(who):
    return Membership.objects.create(visitor=who, segment="loyal", since=clock.now(), as_of=clock.now())


def test_an_objection_ends_every_segment_at_once_and_nobody_elses(both):
    mine, phone = both
    other = visitor(*YES)
    for each in (mine, phone, other):
        in_a_segment(each)
    switches.object_to_profiling(of_account("7"))
    assert Membership.objects.get().visitor_id == other.pk


def test_segments_are_not_used_while_paused_and_are_there_on_resuming(both):
    mine, _ = both
    in_a_segment(mine)
    switches.pause(of_account("7"))
    mine.refresh_from_db()
    assert segments_of(mine) == frozenset()
    switches.resume(of_account("7"))
    mine.refresh_from_db()
    assert segments_of(mine) == {"loyal"}
