"""Several tabs at once, over a real database on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from django_personalize.events.vocabulary import CART_KINDS
from tests.processes import environment, run


@pytest.mark.slow
def test_two_tabs_that_add_at_once_report_each_piece_once(tmp_path: Path) -> None:
    told = json.loads(run("from tests.small_shops import two_tabs; two_tabs.main()", environment(tmp_path)))
    assert sorted(tuple(each) for each in told if each[0] in CART_KINDS) == [
        ("add_to_cart", "Linen shirt", 1),
        ("add_to_cart", "Rain coat", 1),
    ]
