from datetime import timedelta

import pytest

from django_personalize.capture import findings
from django_personalize.core.tally import Tally
from django_personalize.models import Finding
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def tally(n=1, sample=""):
    made = Tally()
    made.add("product_gone", sample, n)
    return made


def kept():
    return list(Finding.objects.values_list("day", "reason", "count", "sample"))


def test_findings_of_requests_add_up_by_day(frozen):
    findings.keep(tally(2, "line 1"), again=False)
    findings.keep(tally(3, "line 9"), again=False)
    assert kept() == [(NOON.date(), "product_gone", 5, "line 9")]
    frozen(timedelta(days=1))
    findings.keep(tally(1, "line 2"), again=False)
    assert [count for _, _, count, _ in kept()] == [1, 5]


def test_a_run_over_everything_counts_again_from_the_beginning(frozen):
    for count in (4, 2, 5):
        findings.keep(tally(count), again=True)
    assert kept() == [(NOON.date(), "product_gone", 5, "")]


def test_pages_keep_their_findings_once_a_minute_and_lose_none(monkeypatch, caplog):
    findings.keep_soon(tally(1))
    findings.keep_soon(tally(1))
    findings.keep_soon(Tally())
    assert [count for _, _, count, _ in kept()] == [1]
    monkeypatch.setattr(findings, "EVERY_SECONDS", -1.0)
    findings.keep_soon(tally(1))
    assert [count for _, _, count, _ in kept()] == [3]
    assert [record.reason for record in caplog.records] == ["product_gone", "product_gone"]
