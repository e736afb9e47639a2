"""What keeps nothing for longer than it may be kept. It trains nothing, so that any process may enqueue it."""

from __future__ import annotations

import math

from celery import shared_task

from django_personalize.privacy.departed import sweep_accounts
from django_personalize.privacy.retention import purge as run


@shared_task(name="personalize.purge", ignore_result=False)
def purge() -> dict[str, int]:
    """Delete what is older than `RETENTION` allows, and whoever's account the shop has deleted; return the counts."""
    return run(seconds=math.inf) | {"accounts": sweep_accounts()}
