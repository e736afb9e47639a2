from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from django_personalize.core import clock
from django_personalize.management.commands.personalize_segments import moment
from django_personalize.models import Membership
from tests.segments.small import AS_OF, shopper, sold, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at(memory_shop, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: AS_OF)


def said(**options):
    out = StringIO()
    call_command("personalize_segments", stdout=out, **options)
    return out.getvalue()


def test_it_says_how_many_are_in_each_and_what_cannot_be_known_yet():
    for number in range(3):
        sold(shopper(str(number)), str(number), days=20)
    told(shopper("9"), "add_to_cart", "1", days=5)
    text = said()
    assert "As of 2026-03-01 00:00 UTC: 4 people who say yes to personalization, staff aside; 3 kept an order." in text
    assert "Recency, frequency and money are not banded yet" in text
    assert (
        "lapsed             not known yet: waits for 20 people who ordered on three days or more; there are 0" in text
    )
    assert "basket-abandoners          1   25.0%" in text
    assert "in none                    3   75.0%" in text
    assert "Memberships: 1 began, 0 stayed, 0 ended." in text
    assert Membership.objects.count() == 1


def test_a_look_into_the_past_stores_nothing():
    told(shopper("9"), "add_to_cart", "1", days=5)
    text = said(as_of=moment("2026-02-26"))
    assert "basket-abandoners          1  100.0%" in text
    assert "Nothing is stored of a look into the past." in text
    assert "basket-abandoners          0    0.0%" in said(as_of=moment("2026-02-20"))
    assert not Membership.objects.exists()


def test_what_is_usual_is_said_once_it_is_known():
    for number in range(100):
        who = shopper(f"{number:02}")
        for order, days in enumerate((125, 95, 65, 35)):
            sold(who, f"{number}-{order}", days=days + 0.5, price="10")
    text = said()
    assert "Between two orders of one person usually lie 30 days (100 people)." in text
    assert "Usually 0% of a person's lines are below the list price, by the items' own price history" in text
    assert "Recency, frequency, money in 5 bands: 0 stand highest in all three." in text


def test_a_day_is_looked_at_from_its_end_and_nonsense_is_refused():
    assert moment("2026-03-01") == datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=UTC)
    assert moment("2026-03-01T12:00+05:00") == datetime(2026, 3, 1, 7, tzinfo=UTC)
    for nonsense in ("2026-02-30", "yesterday"):
        with pytest.raises(CommandError, match="is no day"):
            call_command("personalize_segments", f"--as-of={nonsense}")


def test_an_empty_shop_is_said_in_numbers():
    assert "0 people who say yes" in said()
