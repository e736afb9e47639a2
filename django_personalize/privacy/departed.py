"""When the shop deletes an account, what is kept of that person here is erased."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any, NoReturn

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete

from django_personalize.capture import findings
from django_personalize.conf import settings
from django_personalize.core.tally import Tally
from django_personalize.exceptions import AccountsMissing
from django_personalize.models import Visitor
from django_personalize.privacy.erase import erase
from django_personalize.privacy.person import of_account
from django_personalize.shop.problems import ACCOUNTS_MISSING

logger = logging.getLogger("django_personalize.privacy")
AT_ONCE = 500
MANY = 20
"""Accounts that may be missing at once, less one, whatever their share: a small shop can lose half of its few."""
SHARE = 0.1
"""Of all known accounts, how many may be missing at once: each deletion by Django is seen when it happens, so that what
the sweep finds within its hour is little, unless somebody cleans up by SQL.
"""


def connect() -> None:
    """Listen to deletions of the project's users, under each of their proxies."""
    user = get_user_model()._meta.concrete_model
    for model in apps.get_models():
        if model._meta.concrete_model is user:
            uid = f"django_personalize.departed.{model._meta.label}"
            post_delete.connect(_deleted, sender=model, dispatch_uid=uid)


def _deleted(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    """No query here: this runs in the shop's transaction, which may yet be rolled back."""
    if not _elsewhere():
        # A failure is logged and the sweep makes up for it: the shop's own deletion stands.
        transaction.on_commit(partial(_erase, str(instance.pk)), using=using, robust=True)


def _erase(account: str) -> None:
    erase(of_account(account))


def sweep_accounts(*, believed: bool = False) -> int:
    """Erase the people whose account the shop no longer has: deleted in bulk, by SQL, or before a kill; say how many.

    Nothing is done where there is no account at all: then it is the wrong database, or one that is being filled. Raises
    `AccountsMissing`, having erased nobody, where so many are missing that it may be an older copy or another's, unless
    whoever deleted them says that this is `believed`.
    """
    if _elsewhere():
        return 0
    # No manager of the project's, which may hide some, and where they are written: a copy may not have the newest yet.
    users = QuerySet[Any](get_user_model(), using=router.db_for_write(get_user_model()))
    if not users.exists():
        return 0
    known, gone = 0, list[str]()
    for keys in _accounts():
        there = {str(pk) for pk in users.filter(pk__in=keys.values()).values_list("pk", flat=True)}
        known += len(keys)
        gone += sorted(keys.keys() - there)
    if not believed and len(gone) >= MANY and len(gone) > known * SHARE:
        _refuse(len(gone), known)
    for account in gone:
        _erase(account)
    return len(gone)


def _refuse(gone: int, known: int) -> NoReturn:
    """Keep it where the doctor and the admin show it, and raise."""
    found = Tally()
    found.add(ACCOUNTS_MISSING, "", gone)
    findings.keep(found, again=True)
    table = get_user_model()._meta.label
    raise AccountsMissing(
        f"{gone:,} of the {known:,} accounts that people here belong to are not in {table}. Fewer "
        f"than {MANY}, or up to {SHARE:.0%}, are erased as deleted ones; this may be an older copy of the database, or "
        "another one, so nobody was erased. Bring the accounts back, or, where the shop has deleted them, run "
        "manage.py personalize_purge --accounts-deleted."
    )


def _accounts() -> Iterator[dict[str, Any]]:
    """Yield the accounts that visitors belong to, each with the primary key that it stands for, some at a time."""
    field = get_user_model()._meta.pk
    last = ""
    while True:
        rows = Visitor.objects.filter(user_key__gt=last).order_by("user_key").values_list("user_key", flat=True)
        some = list(rows.distinct()[:AT_ONCE])
        if not some:
            return
        last, keys = some[-1], {}
        for account in some:
            try:
                keys[account] = field.to_python(account)
            except ValidationError:
                logger.warning("no_account_of_ours", extra={"field": field.name})  # never erased on a guess
        yield keys


def _elsewhere() -> bool:
    """Say whether the people here are another shop's, whom no user of this project stands for."""
    try:
        return bool(getattr(settings.shop, "accounts_elsewhere", False))
    except Exception:
        return True  # a shop that cannot be read: its accounts cannot be told from others'
