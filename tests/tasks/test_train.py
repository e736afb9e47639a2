import fcntl

import pytest

from django_personalize.conf import settings
from django_personalize.models import Event, ModelVersion
from django_personalize.tasks.train import train
from django_personalize.testing.override import override_personalize
from django_personalize.training.lease import LOCK
from tests.conftest import line

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_artefacts(tmp_path):
    with override_personalize(ARTIFACTS=str(tmp_path)):
        yield


def test_it_reads_the_orders_before_it_learns(memory_shop):
    memory_shop.orders = [line("1", "A", "1"), line("2", "B", "2")]
    number = train()
    assert Event.objects.count() == 2
    assert ModelVersion.objects.get().pk == number


def test_nothing_to_learn_from_is_no_error(memory_shop):
    assert train() is None


def test_a_second_training_at_the_same_time_gives_way(memory_shop):
    memory_shop.orders = [line("1", "A", "1")]
    settings.ARTIFACTS.mkdir(parents=True, exist_ok=True)
    with (settings.ARTIFACTS / LOCK).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert train() is None
    assert not ModelVersion.objects.exists()
