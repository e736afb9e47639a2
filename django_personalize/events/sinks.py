"""Where facts in flight become stored facts."""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction

from django_personalize.core import clock
from django_personalize.core.types import Batch, DecisionDraft, EventDraft, ImpressionDraft
from django_personalize.events import store
from django_personalize.models import Visitor


class DatabaseSink:
    """`db`: one transaction per batch, in the process that saw it happen. Durable when `write` returns.

    Facts about a visitor who is gone (erased while their browser still held the cookie) are left out. That is seen by
    the database's own constraint, so that it costs no query where everybody is there; inside an open transaction, whose
    constraints speak up too late, by asking first.
    """

    def write(self, batch: Batch) -> int:
        if connection.in_atomic_block:
            return self._insert(_of_known_visitors(batch))
        try:
            return self._insert(batch)
        except IntegrityError:
            return self._insert(_of_known_visitors(batch))

    @staticmethod
    def _insert(batch: Batch) -> int:
        with transaction.atomic():
            return (
                store.insert_decisions(draft for draft in batch if isinstance(draft, DecisionDraft))
                + store.insert_impressions(draft for draft in batch if isinstance(draft, ImpressionDraft))
                + store.insert_events(
                    (draft for draft in batch if isinstance(draft, EventDraft)), received_at=clock.now()
                )
            )


def _of_known_visitors(batch: Batch) -> Batch:
    named = {visitor for draft in batch if (visitor := getattr(draft, "visitor_id", None)) is not None}
    if not named:
        return batch
    known = set(Visitor.objects.filter(pk__in=named).values_list("pk", flat=True))
    return [draft for draft in batch if getattr(draft, "visitor_id", None) in known | {None}]
