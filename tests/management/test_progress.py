import io

from django.core.management.base import OutputWrapper

from django_personalize.management.progress import Progress
from tests.management.streams import Terminal


def test_a_bar_is_drawn_in_place_on_a_terminal():
    out = Terminal()
    with Progress(OutputWrapper(out), "Lines") as progress:
        progress.update(1, 4)
        progress.update(4, 4)
    bars = out.getvalue().split("\r")[1:]
    assert [bar.split("]")[1].strip() for bar in bars] == ["25%", "100%"]
    assert out.getvalue().endswith("\n")


def test_a_log_gets_one_line_a_stage():
    out = io.StringIO()
    with Progress(OutputWrapper(out)) as progress:
        for title in ("Reading", "Learning"):
            progress.stage(title, 1, 2)
            progress.stage(title, 2, 2)
    assert out.getvalue() == "Reading: 2\nLearning: 2\n"


def test_a_stage_without_work_is_complete():
    out = Terminal()
    with Progress(OutputWrapper(out), "Lines") as progress:
        progress.update(0, 0)
    assert "100%" in out.getvalue()
