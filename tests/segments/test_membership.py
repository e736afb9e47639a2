from collections import Counter
from datetime import timedelta

import pytest

from django_personalize.core import clock
from django_personalize.models import Membership, Visitor
from django_personalize.models.membership import MEMBERSHIP_LASTS
from django_personalize.segments import membership
from django_personalize.segments.membership import census, refresh, segments_of
from django_personalize.visitors.register import take_over
from tests.segments.small import AS_OF, shopper, sold, told

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _at(memory_shop, monkeypatch):
    """The clock stands at the moment that all ages are taken from."""
    monkeypatch.setattr(clock, "now", lambda: AS_OF)


@pytest.fixture
def me():
    """Somebody whose cart has lain for five days, a rule that waits for nobody else."""
    visitor = shopper("7")
    told(visitor, "add_to_cart", "1", days=5)
    return visitor


def stored():
    return {
        (row.visitor.user_key, row.segment, (row.since - AS_OF).days, (row.as_of - AS_OF).days)
        for row in Membership.objects.select_related("visitor")
    }


def everything():
    return list(Membership.objects.order_by("pk").values())


def test_a_membership_begins_stays_and_ends_with_what_it_says(me):
    assert refresh(census(AS_OF)).began == Counter({"basket-abandoners": 1})
    assert stored() == {("7", "basket-abandoners", 0, 0)}
    assert Membership.objects.get().why == {"basket": 1, "basket_age": 5.0}
    assert refresh(census(AS_OF + DAY)).stayed == Counter({"basket-abandoners": 1})
    assert stored() == {("7", "basket-abandoners", 0, 1)}
    assert Membership.objects.get().why == {"basket": 1, "basket_age": 6.0}
    sold(me, "a", days=-2)
    assert refresh(census(AS_OF + 3 * DAY)).ended == Counter({"basket-abandoners": 1})
    assert stored() == set()


def test_the_same_moment_twice_changes_nothing(me):
    refresh(census(AS_OF))
    before = everything()
    changes = refresh(census(AS_OF))
    assert (changes.began.total(), changes.stayed.total(), changes.ended.total()) == (0, 1, 0)
    assert everything() == before


def test_the_same_moment_again_follows_what_has_come_to_light_since(me):
    refresh(census(AS_OF))
    sold(me, "a", days=1)
    assert refresh(census(AS_OF)).ended == Counter({"basket-abandoners": 1})
    assert stored() == set()


def test_two_browsers_of_an_account_make_one_membership_with_the_oldest_and_both_have_it(me):
    phone = shopper("7", created_at=AS_OF - DAY)
    refresh(census(AS_OF))
    assert list(Membership.objects.values_list("visitor", flat=True)) == [phone.pk]
    assert segments_of(me) == segments_of(phone) == {"basket-abandoners"}


def test_an_older_browser_that_logs_in_takes_the_memberships_over_and_leaves_its_own(me):
    guest = shopper(created_at=AS_OF - DAY)
    told(guest, "add_to_cart", "2", days=4)
    refresh(census(AS_OF))
    assert Membership.objects.count() == 2
    take_over(guest, "7")
    assert Membership.objects.get().visitor_id == me.pk
    changes = refresh(census(AS_OF + DAY))
    assert stored() == {("7", "basket-abandoners", 0, 1)}
    assert Membership.objects.get().visitor_id == guest.pk
    assert (changes.began.total(), changes.stayed.total(), changes.ended.total()) == (0, 1, 0)


def test_logging_in_again_takes_nothing_away(me):
    refresh(census(AS_OF))
    take_over(me, "7")
    assert stored() == {("7", "basket-abandoners", 0, 0)}


def test_serving_asks_one_query_and_none_of_somebody_without_a_yes(me, django_assert_num_queries):
    refresh(census(AS_OF))
    with django_assert_num_queries(1):
        assert segments_of(me) == {"basket-abandoners"}
    me.granted = {"analytics": True}
    with django_assert_num_queries(0):
        assert segments_of(me) == frozenset()


def test_another_browser_whose_yes_has_lapsed_says_nothing(me):
    phone = shopper("7", created_at=AS_OF + DAY)
    refresh(census(AS_OF))
    assert segments_of(phone) == {"basket-abandoners"}
    Visitor.objects.filter(pk=me.pk).update(granted={})
    assert segments_of(phone) == frozenset()


def test_what_no_refresh_has_confirmed_for_long_counts_no_more(me, monkeypatch):
    refresh(census(AS_OF))
    monkeypatch.setattr(clock, "now", lambda: AS_OF + MEMBERSHIP_LASTS)
    assert segments_of(me) == {"basket-abandoners"}
    monkeypatch.setattr(clock, "now", lambda: AS_OF + MEMBERSHIP_LASTS + timedelta(seconds=1))
    assert segments_of(me) == frozenset()


def test_whoever_takes_their_yes_back_while_a_refresh_runs_gets_none(me):
    other = shopper("8")
    told(other, "add_to_cart", "1", days=5)
    taken = census(AS_OF)
    Visitor.objects.filter(pk=other.pk).update(objected_at=AS_OF)
    refresh(taken)
    assert stored() == {("7", "basket-abandoners", 0, 0)}
    taken = census(AS_OF + DAY)
    me.delete()
    refresh(taken)
    assert stored() == set()


def test_one_browser_that_says_no_leaves_the_account_to_the_next_refresh(me):
    phone = shopper("7", created_at=AS_OF + DAY)
    taken = census(AS_OF)
    Visitor.objects.filter(pk=phone.pk).update(granted={})
    refresh(taken)
    assert stored() == set()
    refresh(census(AS_OF))
    assert stored() == {("7", "basket-abandoners", 0, 0)}


def test_people_who_are_nobody_any_more_lose_theirs_with_the_next_refresh(me):
    refresh(census(AS_OF))
    Visitor.objects.update(paused_at=AS_OF)
    assert refresh(census(AS_OF + DAY)).ended == Counter({"basket-abandoners": 1})
    assert stored() == set()


def test_a_refresh_that_was_overtaken_undoes_nothing(me):
    late = census(AS_OF)
    refresh(census(AS_OF + DAY))
    before = everything()
    changes = refresh(late)
    assert everything() == before
    assert (changes.began.total(), changes.stayed.total(), changes.ended.total()) == (0, 0, 0)


def test_small_transactions_give_the_same(me, monkeypatch):
    for number in range(5):
        told(shopper(f"1{number}"), "add_to_cart", "1", days=2 + number)
    refresh(census(AS_OF))
    whole = stored()
    Membership.objects.all().delete()
    monkeypatch.setattr(membership, "AT_ONCE", 2)
    assert refresh(census(AS_OF)).began.total() == 6
    assert stored() == whole


def test_the_reason_has_the_scores_once_there_are_bands():
    for number in range(40):
        sold(shopper(f"{number:02}"), str(number), days=number + 0.5, currency="EUR")
    told(Visitor.objects.get(user_key="39"), "add_to_cart", "1", days=3)
    refresh(census(AS_OF))
    assert Membership.objects.get(segment="basket-abandoners").why["rfm"] == "122"
