"""The account of what came in: every fact has one end, and the sum closes.

received = stored + duplicate + refused + erased + quarantined + waiting
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connections, router, transaction
from django.db.models import CharField, QuerySet, Sum, Value

from django_personalize.conf import settings
from django_personalize.models import Intake, Quarantined

SHARDS = 8
SHUT = "quarantined"
"""Stands for rows of quarantine beside the outcomes that are counted."""
EXPIRED, QUARANTINE_FULL, SPOOL_FULL, OVER_LIMIT = "expired", "quarantine_full", "spool_full", "over_limit"
LOST = "lost_on_the_way"
"""The reason of facts that were acknowledged and that their stream has lost since."""
REFUSED = {
    EXPIRED: "It lay in quarantine for longer than `RETENTION` allows.",
    QUARANTINE_FULL: "It could not be stored, and quarantine holds as much as it may.",
    SPOOL_FULL: "More waited to be stored than `SPOOL_BYTES` allows.",
    OVER_LIMIT: "One request of the shop's made more facts than any honest page.",
}
"""Why something is refused behind the door; those at the door are `capture.refusals.REFUSALS`."""
Outcome = Intake.Outcome


def add(day: date, sink: str, ends: Counter[tuple[str, str]]) -> None:
    """Count these ends, by (outcome, reason). Call it in the transaction that decides them."""
    rows = sorted((outcome, reason, count) for (outcome, reason), count in ends.items() if count)
    if not rows:
        return
    connection = connections[router.db_for_write(Intake)]
    table, shard = Intake._meta.db_table, os.getpid() % SHARDS
    sql = (
        f"INSERT INTO {table} (day, sink, outcome, reason, shard, count) VALUES "
        f"{', '.join(['(%s, %s, %s, %s, %s, %s)'] * len(rows))} "
        "ON CONFLICT (day, sink, outcome, reason, shard) "
        f"DO UPDATE SET count = {table}.count + excluded.count"
    )
    stamp = connection.ops.adapt_datefield_value(day)
    with connection.cursor() as cursor:
        values = [(stamp, sink, outcome, reason, shard, count) for outcome, reason, count in rows]
        cursor.execute(sql, [value for row in values for value in row])


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The sum as it stands, over all days."""

    received: int
    stored: int
    duplicate: int
    refused: dict[str, int] = field(default_factory=dict)
    erased: int
    quarantined: dict[str, int] = field(default_factory=dict)
    waiting: int

    @property
    def difference(self) -> int:
        """0 where the sum closes; otherwise so many facts have come to no end."""
        ends = self.stored + self.duplicate + sum(self.refused.values()) + self.erased
        return self.received - ends - sum(self.quarantined.values()) - self.waiting


def account() -> Account:
    """Return the sum. What waits is asked of the sink, which holds its drainer still for the moment."""
    sink = settings.sink
    held = getattr(sink, "standing_still", transaction.atomic)
    with held():
        waiting = getattr(sink, "waiting", int)()
        found = Counter[str]()
        refused = Counter[str]()
        shut = Counter[str]()
        for outcome, reason, count in _ends():
            if outcome == SHUT:
                shut[reason] += count
                continue
            found[outcome] += count
            if outcome == Outcome.REFUSED:
                refused[reason] += count
    return Account(
        received=found[Outcome.RECEIVED] + waiting,
        stored=found[Outcome.STORED],
        duplicate=found[Outcome.DUPLICATE],
        refused=dict(sorted(refused.items())),
        erased=found[Outcome.ERASED],
        quarantined=dict(sorted(shut.items())),
        waiting=waiting,
    )


def _ends() -> QuerySet[Any, Any]:
    """Return (outcome, reason, facts) by one statement, so that what moves meanwhile stands on one side."""
    counted = Intake.objects.values_list("outcome", "reason").annotate(n=Sum("count"))
    kept = Quarantined.objects.annotate(outcome=Value(SHUT, output_field=CharField()))
    return counted.union(kept.values_list("outcome", "reason").annotate(n=Sum("facts")), all=True)
