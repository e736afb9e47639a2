from collections import Counter

import pytest
from django.db import transaction

from django_personalize.events import cursors
from django_personalize.events.cursors import Batch, Overtaken
from django_personalize.events.intake import LOST
from django_personalize.events.lines import encode
from django_personalize.events.quarantine import Carried
from django_personalize.models import Cursor, Event, Intake
from django_personalize.testing.contracts import event

pytestmark = pytest.mark.django_db


def batch(*numbers: int, position: str, received: int, lost: int = 0) -> Batch:
    drafts = [event(number) for number in numbers]
    return Batch([Carried(draft, encode(draft), 1) for draft in drafts], position, received, lost)


def told() -> Counter[tuple[str, str]]:
    return Counter(
        {(outcome, reason): n for outcome, reason, n in Intake.objects.values_list("outcome", "reason", "count")}
    )


def test_a_cursor_moves_with_what_it_brought():
    assert cursors.places(["a"]) == {}
    cursors.store("a", None, batch(1, 2, position="20", received=2), sink="spool")
    assert cursors.places(["a", "b"]) == {"a": ("20", 2)}
    cursors.store("a", ("20", 2), batch(3, position="30", received=3), sink="spool")
    assert cursors.places(["a"]) == {"a": ("30", 3)}
    assert told() == {("received", ""): 3, ("stored", ""): 3}


@pytest.mark.parametrize("place", [None, ("10", 2), ("20", 1)])
def test_who_was_overtaken_has_stored_nothing(place):
    cursors.store("a", None, batch(1, 2, position="20", received=2), sink="spool")
    with pytest.raises(Overtaken):
        cursors.store("a", place, batch(3, position="30", received=3), sink="spool")
    assert Event.objects.count() == 2
    assert cursors.places(["a"]) == {"a": ("20", 2)}
    assert told() == {("received", ""): 2, ("stored", ""): 2}


def test_what_is_lost_is_received_and_refused_by_name():
    cursors.store("a", None, batch(1, position="20", received=4, lost=3), sink="redis")
    assert told() == {("received", ""): 4, ("stored", ""): 1, ("refused", LOST): 3}


def test_places_of_many_cursors_are_read_by_the_hundred(django_assert_num_queries):
    moment = event(1).occurred_at
    Cursor.objects.bulk_create([Cursor(name=str(n), position=str(n), received=n, moved_at=moment) for n in range(600)])
    with django_assert_num_queries(2):
        assert cursors.places([str(n) for n in range(600)]) == {str(n): (str(n), n) for n in range(600)}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_stored_within_a_transaction_that_may_still_be_undone():
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        cursors.store("a", None, batch(1, position="20", received=1), sink="spool")
    assert (Event.objects.count(), Cursor.objects.count()) == (0, 0)
