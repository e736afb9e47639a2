import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from django_personalize.models import Event
from django_personalize.testing.doubles import MemoryShop
from django_personalize.testing.override import override_personalize
from tests.conftest import line

pytestmark = pytest.mark.django_db


class Interrupted(MemoryShop):
    """Somebody presses Ctrl-C while it is read."""

    def lines(self, **asked):
        raise KeyboardInterrupt

    def facts(self):
        raise KeyboardInterrupt


def test_training_on_nothing_is_told_and_not_a_traceback(memory_shop):
    memory_shop.stock = {}
    with pytest.raises(CommandError, match="No order line is left to learn from"):
        call_command("personalize_train")


def test_without_a_mapping_it_names_the_next_step(settings):
    settings.PERSONALIZE = {}
    with pytest.raises(CommandError, match=r"Run manage\.py personalize_setup"):
        call_command("personalize_train")


def test_before_migrate_it_names_the_next_step():
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {Event._meta.db_table} RENAME TO elsewhere")
    with pytest.raises(CommandError, match=r"run manage\.py migrate first"):
        call_command("personalize_train")


@pytest.mark.parametrize("command", ["personalize_train", "personalize_sync"])
def test_ctrl_c_ends_in_words(command, memory_shop):
    memory_shop.orders = [line("1", "A", "1")]
    with override_personalize(SHOP="tests.management.test_train.Interrupted"), pytest.raises(CommandError) as ended:
        call_command(command)
    assert str(ended.value).startswith("Interrupted. Nothing is half done")
    assert ended.value.returncode == 130
