"""Erase, sync, drain, learn: what is learnt then is what a shop would learn that never had that person."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from django_personalize.capture.orders import reconcile
from django_personalize.conf import settings as ours
from django_personalize.core import clock
from django_personalize.events.drain import drain
from django_personalize.models import Event, ModelVersion, Visitor
from django_personalize.privacy.erase import erase
from django_personalize.privacy.person import of_account
from django_personalize.training import run
from tests.conftest import line
from tests.privacy.canaries import dump, told
from tests.training.small import NOW, two_tastes

AS_OF = datetime.fromtimestamp(NOW, UTC)
CANARY = "canary-person"
TRAINER = (
    "django_personalize.integrations.lightfm.LightFMTrainer"
    if find_spec("lightfm")
    else "django_personalize.testing.doubles.SingularTrainer"
)


@pytest.fixture
def shop(settings, memory_shop, spooled, monkeypatch):
    """Forty people's orders and what they looked at; the clock stands where learning ends."""
    monkeypatch.setattr(clock, "now", lambda: AS_OF)
    source = two_tastes(people=40, weeks=20)
    memory_shop.stock = {}
    memory_shop.orders = [
        line(
            f"{number:06}",
            source.order_keys[order],
            source.item_keys[item],
            placed_at=datetime.fromtimestamp(source.placed[order], UTC),
            user_key=source.person_keys[source.buyer[order]],
        )
        for number, (order, item) in enumerate(zip(source.order.tolist(), source.item.tolist(), strict=True))
    ]
    for number, name in enumerate(source.person_keys):
        looked(yes(name), "ABCDEFab"[number % 5 :], days=1 + number % 7)
    settings.PERSONALIZE = {**settings.PERSONALIZE, "TRAINERS": (TRAINER,), "THREADS": 1}
    return memory_shop


def yes(account):
    return Visitor.objects.create(
        user_key=account, granted={"personalization": True}, created_at=AS_OF, answered_at=AS_OF
    )


def looked(who, items, *, days):
    """Store a look a minute at each of `items`."""
    at = [AS_OF - timedelta(days=days) + timedelta(minutes=place) for place in range(len(items))]
    Event.objects.bulk_create(
        Event(kind="view_item", occurred_at=moment, received_at=moment, visitor=who, item_key=item)
        for moment, item in zip(at, items, strict=True)
    )


def orders_of_the_canary():
    placed = [AS_OF - timedelta(days=days) for days in (3, 20, 50, 90)]
    return [
        line(f"c{number}", f"canary-order-{number}", item, placed_at=at, user_key=CANARY)
        for number, (at, item) in enumerate(zip(placed, "AabD", strict=True))
    ]


def learnt(settings, directory: Path):
    """Train into `directory`; the digests of the arrays by name, and what the manifest says but for names and times."""
    settings.PERSONALIZE = {**settings.PERSONALIZE, "ARTIFACTS": str(directory)}
    version = run.train(as_of=AS_OF)
    home = directory / version.directory
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(home.glob("*.npy"))}
    return version, files, home


@pytest.mark.django_db(transaction=True)
def test_the_retrained_artefact_is_that_of_a_shop_that_never_had_them(shop, settings, spooled, directory, tmp_path):
    reconcile()
    before, wanted, _ = learnt(settings, tmp_path / "never")
    ModelVersion.objects.all().delete()

    me = yes(CANARY)
    shop.orders = [*shop.orders, *orders_of_the_canary()]
    looked(me, "FaFbA", days=3)
    spooled.write([told(me.pk, item_key="A", occurred_at=AS_OF - timedelta(hours=1))])
    reconcile()
    _, with_them, _ = learnt(settings, tmp_path / "with")
    for name in ("popularity.npy", "next_weight.npy"):
        assert with_them[name] != wanted[name]
    ModelVersion.objects.all().delete()

    spooled.write([told(me.pk, item_key="B", occurred_at=AS_OF - timedelta(minutes=1))])
    erase(of_account(CANARY))
    reconcile()
    reconcile(since=AS_OF - timedelta(days=60))
    drain(ours.SPOOL)
    after, files, home = learnt(settings, tmp_path / "again")
    assert files == wanted
    assert after.fingerprint == before.fingerprint
    assert not Event.objects.filter(transaction_id__startswith="canary").exists()
    for text in (dump(), *(path.read_bytes().decode("latin-1") for path in [*home.iterdir(), *directory.iterdir()])):
        assert "canary" not in text
        assert me.pk.hex not in text
        assert str(me.pk) not in text
    assert json.loads((home / "manifest.json").read_text())
