from datetime import timedelta

import pytest

from django_personalize.core import clock
from django_personalize.tasks.attribute import attribute
from tests.attribution.world import HOUR, bought, clicked, money, shopper, shown


@pytest.mark.django_db
def test_it_credits_what_was_bought_and_says_how_much(memory_shop, frozen):
    frozen(timedelta(minutes=30))
    me = shopper()
    clicked(me, shown(me, "1"), "1", at=clock.now() - HOUR)
    bought("A", "1", key="1")
    bought("A", "2", key="2")
    assert attribute() == {"orders": 1, "lines": 2, "credited": 1, "written": 1, "removed": 0}
    assert attribute() == {"orders": 1, "lines": 2, "credited": 1, "written": 0, "removed": 0}
    assert attribute(rebuild=True)["written"] == 0
    assert len(money()) == 1
