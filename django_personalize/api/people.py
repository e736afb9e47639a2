"""The people of another shop: pseudonyms of its pseudonyms, made with a yes, changed with every answer, gone with a no.

The other shop asks and says what was answered. Its id of a browser is never stored: ours is derived from it under this
project's secret key.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from django_personalize.capture.accounts import join, link_orders
from django_personalize.consent.ledger import record
from django_personalize.consent.states import TRACED
from django_personalize.core import clock
from django_personalize.core.types import Purpose
from django_personalize.models import FeedLine, Visitor
from django_personalize.privacy.withdraw import change
from django_personalize.visitors.register import answer

SOURCE = "api"
"""Who answered, in the words of the consent ledger: the other shop has asked, and tells it here."""
REPEATED = timedelta(days=1)
"""After how long the same answer, said again, counts from then on."""


def browsers_of(opaque_id: str) -> list[UUID]:
    """Return our ids of the browser that the other shop knows as `opaque_id`: ours now, then those of older keys."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_derived(f"browser:{opaque_id}", secret) for secret in secrets]


def settle(opaque_id: str, account: str, granted: Collection[Purpose], *, refused: bool) -> Visitor | None:
    """Bring our row in line with what this browser answers, and return who is here; None without a yes.

    `account` is whoever is logged in, '' for nobody. The same browser under another account is another visitor.
    """
    browser, *former = browsers_of(opaque_id)
    known = list(Visitor.objects.filter(browser__in=[browser, *former]).values_list("granted", flat=True))
    wanted = dict.fromkeys(sorted(granted), True)
    changed = refused or any(each != wanted for each in known)
    if changed if known else not set(granted).isdisjoint(TRACED):
        record(browser, granted, set(TRACED) - set(granted) if refused else (), source=SOURCE)
    return _settled(browser, former, opaque_id, account, granted, refused=refused)


@transaction.atomic
def _settled(
    browser: UUID,
    former: Collection[UUID],
    opaque_id: str,
    account: str,
    granted: Collection[Purpose],
    *,
    refused: bool,
) -> Visitor | None:
    if former:
        # Or a no would not reach what was kept before the project changed its key.
        Visitor.objects.filter(browser__in=former).update(browser=browser)
    visitors = list(Visitor.objects.select_for_update().filter(browser=browser).order_by("pk"))
    if visitors:
        change(visitors[0].pk, granted, refused=refused)
        if Purpose.PERSONALIZATION not in granted:
            _forget_accounts({visitor.user_key for visitor in visitors})
    if set(granted).isdisjoint(TRACED):
        return None
    visitor = _here(browser, opaque_id, account, granted)
    if clock.now() - visitor.answered_at > REPEATED:
        answer(visitor, granted)
    return visitor


def _here(browser: UUID, opaque_id: str, account: str, granted: Collection[Purpose]) -> Visitor:
    visitors = list(Visitor.objects.filter(browser=browser).order_by("created_at", "pk"))
    for visitor in visitors:
        if visitor.user_key == account:
            return visitor
    if len(visitors) == 1 and not visitors[0].user_key:
        # The first log-in on this browser: what came before it was theirs. After that nobody can say whose it was.
        join(visitors[0], account)
        return visitors[0]
    visitor = _made(browser, opaque_id, account, granted, len(visitors))
    link_orders(visitor)
    return visitor


def _made(browser: UUID, opaque_id: str, account: str, granted: Collection[Purpose], first: int) -> Visitor:
    """Create the row under an id that a request at the same moment derives too, so that both mean one visitor."""
    now = clock.now()
    values: dict[str, Any] = {
        "browser": browser,
        "user_key": account,
        "granted": dict.fromkeys(sorted(granted), True),
        "created_at": now,
        "answered_at": now,
    }
    for number in count(first):
        visitor, _ = Visitor.objects.get_or_create(
            pk=_derived(f"visitor:{number}:{opaque_id}", settings.SECRET_KEY), defaults=values
        )
        if visitor.user_key == account:
            return visitor
    raise AssertionError("count() does not end")


def _forget_accounts(accounts: Collection[str]) -> None:
    """Take the accounts off their orders, except those of whom another browser still says yes."""
    mine = {account for account in accounts if account}
    yes = Visitor.objects.granting(Purpose.PERSONALIZATION).filter(user_key__in=mine).values_list("user_key", flat=True)
    FeedLine.objects.filter(user_key__in=mine - set(yes)).update(user_key="")


def _derived(value: str, secret: str | bytes) -> UUID:
    digest = salted_hmac("django_personalize.api.people", value, secret=secret, algorithm="sha256").digest()
    return UUID(bytes=digest[:16])
