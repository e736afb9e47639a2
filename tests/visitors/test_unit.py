from datetime import timedelta

import pytest

from django_personalize.models import Visitor
from django_personalize.testing.contracts import MOMENT
from django_personalize.visitors.register import register, take_over
from django_personalize.visitors.unit import unit_of
from tests.people import visitor

pytestmark = pytest.mark.django_db


def test_an_accounts_unit_is_the_accounts_wherever_it_says_yes_first():
    first = register([], user_key="7")
    second = register([], user_key="7")
    assert unit_of(first) == unit_of(second)
    Visitor.objects.all().delete()
    assert unit_of(register([], user_key="7")) == unit_of(first)


def test_guests_have_units_of_their_own_which_name_nobody():
    first, second = register([]), register([])
    assert unit_of(first) != unit_of(second)
    assert len(first.unit) == 32
    assert first.pk.hex not in first.unit


def test_a_guest_who_logs_in_keeps_the_earlier_unit_and_gives_it_to_the_account():
    guest = register([])
    before = guest.unit
    take_over(guest, "7")
    assert Visitor.objects.get(pk=guest.pk).unit == before
    assert register([], user_key="7").unit == before


def test_the_account_that_is_known_from_another_browser_wins():
    known, guest = register([], user_key="7"), register([])
    take_over(guest, "7")
    assert guest.unit == known.unit


def test_to_log_in_again_changes_nothing():
    me = register([], user_key="7")
    before = me.unit
    take_over(me, "7")
    assert me.unit == before


def test_a_row_from_before_has_the_unit_that_it_would_have_been_given():
    old = visitor(user_key="7", created_at=MOMENT - timedelta(days=9))
    assert old.unit == ""
    assert unit_of(old) == register([], user_key="7").unit
    guest = visitor()
    before = unit_of(guest)
    take_over(guest, "8")
    assert guest.unit == before
