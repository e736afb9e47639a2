from datetime import timedelta

import pytest

from django_personalize.core import clock
from django_personalize.models import Event
from django_personalize.tasks.sync import sync
from example_shop.shop.models import Order
from tests.processes import environment, run
from tests.shops import bought, order, product

ENQUEUE = """
import django, sys; django.setup()
from django_personalize.tasks.sync import sync
tops = {name.partition(".")[0] for name in sys.modules}
print(sync.name, sorted(tops & {"lightfm", "scipy", "sklearn"}), "django_personalize.training" in sys.modules)
"""


@pytest.mark.django_db
def test_it_keeps_two_days_true_or_as_many_as_it_is_told():
    for number, days in (("old", 10), ("new", 1)):
        bought(order(number, placed_at=clock.now() - timedelta(days=days)), product("Lantern"), returned_quantity=1)
    done = {"orders": 1, "lines": 1, "written": 2, "removed": 0, "problems": 0}
    assert sync() == done
    assert sync(days=11) == done | {"orders": 2, "lines": 2}
    assert sync(days=11) == done | {"orders": 2, "lines": 2, "written": 0}
    Order.objects.get(number="old").delete()
    assert sync(days=None) == done | {"written": 0, "removed": 2}
    assert set(Event.objects.values_list("transaction_id", flat=True)) == {"new"}


def test_a_process_that_enqueues_it_loads_nothing_that_trains(tmp_path):
    assert run(ENQUEUE, environment(tmp_path)) == "personalize.sync [] False\n"
