"""An adapter whose orders keep what was sold as text, as the documentation shows it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Q

from django_personalize.capture.live import follow_orders
from django_personalize.capture.visit import visiting
from django_personalize.conf import settings as ours
from django_personalize.models import Event
from django_personalize.testing.contracts import ShopContract
from tests.people import request_of
from tests.processes import ROOT
from tests.shop.odd.models import Boot, Slip

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


BOOTS = {"model": "odd.Boot", "title": "slug", "visible": Q(deleted=False)}


def _documented() -> Any:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "shop.md").read_text(), re.S)
    [code] = [block for block in blocks if "JsonOrderShop" in block]
    theirs = "from shop.models import Order\n"
    assert theirs in code
    made: dict[str, Any] = {}
    exec(code.replace(theirs, "from tests.shop.odd.models import Slip as Order\n"), made)
    return made["JsonOrderShop"]


JsonOrderShop = _documented()


def boot(**changes: Any) -> str:
    return str(Boot._base_manager.create(slug="tall", price=5, **changes).pk)


def slip(*held: tuple[str, int], **changes: Any) -> Slip:
    items = {key: {"qty": quantity, "price": "4.50"} for key, quantity in held}
    return Slip.objects.create(items=json.dumps(items), **({"placed_at": DAY} | changes))


@pytest.fixture(autouse=True)
def shop(settings: Any, tmp_path: Any) -> Any:
    settings.PERSONALIZE = {
        "SHOP": f"{__name__}.JsonOrderShop",
        "PRODUCT": BOOTS,
        "ARTIFACTS": str(tmp_path),
    }
    return ours.shop


class TestOrdersOfText(ShopContract):
    @pytest.fixture
    def sellable(self) -> str:
        key, mia = boot(), User.objects.create_user("mia")
        slip((key, 2), ("gone", 1), user=mia)
        slip((key, 1), cancelled=True)
        slip((key, 1), paid=False)
        return key

    @pytest.fixture
    def sold_out(self) -> str:
        return boot(deleted=True)


def said(capsys: Any, *args: str) -> tuple[str, int]:
    code = 0
    try:
        call_command(*args)
    except SystemExit as end:
        code = int(end.code or 0)
    return capsys.readouterr().out, code


def test_the_commands_read_what_the_adapter_says(capsys: Any) -> None:
    key = boot()
    slip((key, 2), ("gone", 1))
    slip((key, 3), cancelled=True)
    slip((key, 9), paid=False)
    output, code = said(capsys, "personalize_setup", "--check")
    assert code == 0
    assert "\nORDER_LINES: read by the adapter.\n" in output
    assert "\nOrders: 2 orders with 3 lines count as sold.\n" in output
    assert "\nOrders:         2 orders with 3 lines.\n" in said(capsys, "personalize_setup", "--noinput")[0]
    assert "\nOrders, 7 days: " in said(capsys, "personalize_doctor")[0]
    rows = Event.objects.order_by("pk").values_list("kind", "item_key", "quantity", "price")
    assert sorted(rows) == sorted(
        [
            ("purchase", key, 2, Decimal("4.5")),
            ("purchase", "", 1, Decimal("4.5")),
            ("purchase", key, 3, Decimal("4.5")),
            ("refund", key, 3, Decimal("4.5")),
        ]
    )


def test_a_request_that_makes_or_cancels_an_order_is_followed() -> None:
    key = boot()
    with visiting() as visit:
        made = slip((key, 2))
    follow_orders(request_of(None), visit, None)
    assert list(Event.objects.values_list("kind", "quantity")) == [("purchase", 2)]
    with visiting() as visit:
        made.cancelled = True
        made.save()
    follow_orders(request_of(None), visit, None)
    assert sorted(Event.objects.values_list("kind", "quantity")) == [("purchase", 2), ("refund", 2)]
