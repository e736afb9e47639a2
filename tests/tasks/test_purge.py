from datetime import timedelta

import pytest

from django_personalize.core import clock
from django_personalize.models import Event
from django_personalize.tasks.purge import purge


@pytest.mark.django_db
def test_it_deletes_what_is_too_old_and_says_how_much(memory_shop):
    Event.objects.create(kind="view_item", occurred_at=clock.now() - timedelta(days=396), received_at=clock.now())
    assert purge() == {"events": 1, "accounts": 0}
    assert purge() == {"accounts": 0}
