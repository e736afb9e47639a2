"""What the bulk readers of training would have read of a log, had its rows been stored."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

from django_personalize.events.vocabulary import SELECT_ITEM, VIEW_ITEM, VIEW_ITEM_LIST
from django_personalize.simulator.log import Log
from django_personalize.training import browsing, feedback
from django_personalize.training.browsing import Browsing
from django_personalize.training.feedback import Feedback

NAMESPACE = uuid5(NAMESPACE_URL, "django_personalize.simulator.readings")


def browsing_of(log: Log, as_of: float) -> Browsing:
    """Return what `training.browsing.load` would."""
    gathering = browsing.Gathering()
    visitors: dict[str, UUID] = {}
    deeds = [deed for deed in log.deeds if deed.kind in browsing.KINDS and deed.at <= as_of and deed.item]
    for deed in sorted(deeds, key=lambda deed: deed.at)[::-1][: browsing.NEWEST]:
        visitor = visitors.setdefault(deed.shopper, uuid5(NAMESPACE, deed.shopper))
        gathering.looked(visitor, deed.item, deed.at, deed.shopper, deed.kind == VIEW_ITEM)
    return gathering.finish(as_of)


def feedback_of(log: Log, as_of: float) -> Feedback:
    """Return what `training.feedback.load` would: each visit's row is one decision, in which nothing was drawn."""
    gathering = feedback.Gathering()
    rows: dict[tuple[str, float], UUID] = {}
    for deed in log.deeds:
        if deed.at > as_of or not deed.slot or deed.at < as_of - feedback.OLDEST.total_seconds():
            continue
        decision = rows.get((deed.shopper, deed.at))
        if decision is None:
            decision = rows[deed.shopper, deed.at] = uuid5(NAMESPACE, f"{deed.shopper} {deed.at}")
            gathering.decided(decision, uuid5(NAMESPACE, deed.shopper), ())
        if deed.kind == VIEW_ITEM_LIST:
            gathering.seen(decision, deed.slot, deed.item, deed.at)
        elif deed.kind == SELECT_ITEM:
            gathering.clicked(decision, deed.slot, deed.at)
    return gathering.finish(as_of)
