import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def test_training_on_nothing_is_told_and_not_a_traceback(memory_shop):
    memory_shop.stock = {}
    with pytest.raises(CommandError, match="No order line is left to learn from"):
        call_command("personalize_train")
