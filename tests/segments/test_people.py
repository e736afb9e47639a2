from datetime import timedelta

import pytest

from django_personalize.core import clock
from django_personalize.models.visitor import YES_LASTS
from django_personalize.segments import people
from django_personalize.segments.people import People
from django_personalize.testing.doubles import MemoryShop
from tests.segments.small import AS_OF, shopper
from tests.shops import user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(memory_shop):
    pass


def test_an_account_is_one_person_with_its_oldest_browser_first_and_a_guest_is_one_alone():
    phone = shopper("7", created_at=AS_OF + timedelta(days=1))
    laptop, guest = shopper("7"), shopper()
    found = people.load()
    assert found.keys == ("user:7", f"visitor:{guest.pk}")
    assert found.visitors == ((laptop.pk, phone.pk), (guest.pk,))


def test_only_whoever_says_yes_to_personalization_now_is_anybody():
    shopper("1", granted={"analytics": True})
    shopper("2", paused_at=AS_OF)
    shopper("3", objected_at=AS_OF)
    shopper("4", answered_at=clock.now() - YES_LASTS - timedelta(seconds=1))
    assert people.load().keys == ()


def test_staff_are_nobody_and_their_namesakes_in_another_shop_are_somebody(monkeypatch):
    boss, buyer = user("boss"), user("buyer")
    boss.is_staff = True
    boss.save()
    for each in (boss, buyer):
        shopper(str(each.pk))
    assert people.load().keys == (f"user:{buyer.pk}",)
    monkeypatch.setattr(MemoryShop, "accounts_elsewhere", True, raising=False)
    assert len(people.load()) == 2


def test_batches_hold_so_many_browsers_and_never_part_a_person():
    found = People(keys=("a", "b", "c", "d"), visitors=((1, 2), (3,), (4, 5, 6, 7), (8,)))
    assert list(found.batches(3)) == [(0, 2), (2, 3), (3, 4)]
    assert list(People(keys=(), visitors=()).batches()) == []
