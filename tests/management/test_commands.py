import io

import pytest
from django.core.management import CommandError, call_command

from django_personalize.management.progress import Progress
from django_personalize.models import Event, ModelVersion
from django_personalize.testing.override import override_personalize
from tests.conftest import line

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def write(self, text, ending="\n"):
        return super().write(text + ending)


class Pipe(Terminal):
    def isatty(self):
        return False


def test_a_back_fill_says_what_it_read_and_wrote(memory_shop, capsys):
    memory_shop.orders = [line("1", "A", "1", quantity=2, cancelled_quantity=1), line("2", "B", "2")]
    for written in (3, 0):
        call_command("personalize_backfill")
        assert capsys.readouterr().out.splitlines()[-1] == (
            f"2 orders with 2 lines read, 1 lines given back; {written} rows written, 0 removed, 0 lines refused."
        )
    assert Event.objects.count() == 3


def test_set_up_makes_the_purposes_reads_the_orders_and_learns(memory_shop, capsys, tmp_path):
    memory_shop.orders = [line("1", "A", "1"), line("2", "B", "2")]
    with override_personalize(ARTIFACTS=str(tmp_path)):
        call_command("personalize_setup")
        first = capsys.readouterr().out
        call_command("personalize_setup")
    assert "Purposes made: personalization, analytics." in first
    assert "2 orders with 2 lines read" in first
    assert "The ladder stands on 'popular'." in first
    assert "The banner has its purposes already." in capsys.readouterr().out
    assert ModelVersion.objects.filter(status="live").count() == 1


def test_set_up_of_a_shop_without_orders_ends_well(memory_shop, capsys):
    call_command("personalize_setup")
    assert "Train again when there are orders" in capsys.readouterr().out


def test_training_on_nothing_is_told_and_not_a_traceback(memory_shop):
    memory_shop.stock = {}
    with pytest.raises(CommandError, match="No order line is left to learn from"):
        call_command("personalize_train")


def test_a_bar_is_drawn_in_place_on_a_terminal():
    out = Terminal()
    with Progress(out, "Lines") as progress:
        progress.update(1, 4)
        progress.update(4, 4)
    bars = out.getvalue().split("\r")[1:]
    assert [bar.split("]")[1].strip() for bar in bars] == ["25%", "100%"]
    assert out.getvalue().endswith("\n")


def test_a_log_gets_one_line_a_stage():
    out = Pipe()
    with Progress(out) as progress:
        for title in ("Reading", "Learning"):
            progress.stage(title, 1, 2)
            progress.stage(title, 2, 2)
    assert out.getvalue() == "Reading: 2\nLearning: 2\n"


def test_a_stage_without_work_is_complete():
    out = Terminal()
    with Progress(out, "Lines") as progress:
        progress.update(0, 0)
    assert "100%" in out.getvalue()
