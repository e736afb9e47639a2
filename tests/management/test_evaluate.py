from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

from django_personalize.core import clock
from tests.training.small import two_tastes
from tests.training.test_run import AS_OF, SINGULAR, fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings, memory_shop, monkeypatch):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "TRAINERS": [SINGULAR]}
    memory_shop.stock = {}
    monkeypatch.setattr(clock, "now", lambda: AS_OF)


def test_the_last_days_are_foretold_and_the_page_draws_it(shop, tmp_path, capsys):
    fill(two_tastes())
    call_command("personalize_evaluate", page=tmp_path / "page.html")
    told = capsys.readouterr().out
    assert "all items, repeats allowed: 160 people." in told
    assert "personal ranking over recent popularity (half-life 7 days), everyone linked: +0." in told
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    charts = [ElementTree.fromstring(drawn) for drawn in re.findall(r"<svg viewBox.*?</svg>", page, re.DOTALL)]
    assert [len(chart.findall("polyline")) for chart in charts] == [6, 6, 6, 6]
    assert all(len(line.get("points").split()) == 20 for chart in charts for line in chart.iter("polyline"))
    assert "style" not in page
    assert "<script" not in page


def test_without_an_order_it_says_so(shop):
    with pytest.raises(CommandError, match="There is no order line yet"):
        call_command("personalize_evaluate")


def test_too_few_people_are_told_and_not_measured(shop):
    fill(two_tastes(people=20))
    with pytest.raises(CommandError, match=r"Only 20 of the people who agreed .* 30 are wanted"):
        call_command("personalize_evaluate")


def test_people_who_said_no_measure_nothing(shop):
    fill(two_tastes(), consent=False)
    with pytest.raises(CommandError, match="Only 0 of the people who agreed"):
        call_command("personalize_evaluate")


@pytest.mark.parametrize("asked", [{"days": 0.0}, {"seeds": 0}])
def test_a_window_or_number_of_nothing_is_refused(shop, asked):
    with pytest.raises(CommandError, match="wanted more than 0 days and at least 1 seed"):
        call_command("personalize_evaluate", **asked)
