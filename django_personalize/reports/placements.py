"""What each placement showed and earned, of the shoppers who let it be counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat

from django_personalize.core.types import Purpose
from django_personalize.events.vocabulary import PURCHASE, SELECT_ITEM
from django_personalize.models import Credit, Decision, Event, Impression, Visitor
from django_personalize.visitors.staff import staff_accounts

NONE = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What was bought in one currency; empty for a shop that names none."""

    currency: str
    purchases: Decimal
    """Credited lines, those included that came back since; whole where one click earns a line."""
    revenue: Decimal
    """Net of what came back."""
    refunds: Decimal
    """What of the credited lines came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementRow:
    placement: str
    decisions: int
    impressions: int
    """Items that were seen."""
    clicks: int
    """Slots that were chosen from, each once."""
    money: tuple[Money, ...]
    """One per currency, by its name."""

    @property
    def click_rate(self) -> float | None:
        """Clicks per item seen; None where none was."""
        return self.clicks / self.impressions if self.impressions else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One side of the holdout, in counts: whether they differ by more than chance is not said here."""

    browsers: int
    decisions: int
    clicks: int
    buyers: int
    """Of these browsers, how many bought something in the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementReport:
    since: datetime
    until: datetime
    rows: tuple[PlacementRow, ...]
    """By the placement's name."""
    sold: int
    """Order lines bought in the period by anybody."""
    traceable: int
    """Those of them that belong to somebody who can have credits."""
    held: Arm | None
    treated: Arm | None
    """None for both where nobody was drawn."""


def placement_report(since: datetime, until: datetime) -> PlacementReport:
    """Return what was chosen in [since, until), what of it was seen and clicked, and what was bought in that time.

    Only of visitors who say yes to `analytics` now, the shop's staff aside: a yes that is taken back leaves past
    periods too. A click belongs to the day of its decision, revenue to that of the purchase, whenever its click was.
    """
    visitors = Visitor.objects.granting(Purpose.ANALYTICS).exclude(user_key__in=staff_accounts())
    decisions = Decision.objects.filter(decided_at__gte=since, decided_at__lt=until, visitor__in=visitors.values("pk"))
    made = _counts(decisions.values("placement").annotate(n=Count("pk")), "placement")
    seen = Impression.objects.filter(decision__in=decisions.values("pk")).values("decision__placement")
    impressions = _counts(seen.annotate(n=Count("pk")), "decision__placement")
    clicked = _counts(
        _clicks(decisions, since).values("item_list_id").annotate(n=Count(_slot(), distinct=True)), "item_list_id"
    )
    money = _money(since, until, visitors)
    bought = Event.objects.filter(kind=PURCHASE, occurred_at__gte=since, occurred_at__lt=until)
    own = visitors & Visitor.objects.granting(Purpose.PERSONALIZATION)
    held, treated = (_arm(decisions.filter(holdout=arm), since, until) for arm in (True, False))
    drawn = bool(held.decisions or treated.decisions)
    return PlacementReport(
        since=since,
        until=until,
        rows=tuple(
            PlacementRow(
                placement=placement,
                decisions=made.get(placement, 0),
                impressions=impressions.get(placement, 0),
                clicks=clicked.get(placement, 0),
                money=tuple(money.get(placement, ())),
            )
            for placement in sorted({*made, *impressions, *clicked, *money})
        ),
        sold=bought.count(),
        traceable=bought.filter(visitor__in=own.values("pk")).exclude(item_key="").count(),
        held=held if drawn else None,
        treated=treated if drawn else None,
    )


def _counts(rows: Any, name: str) -> dict[str, int]:
    return {row[name]: row["n"] for row in rows.order_by()}


def _clicks(decisions: QuerySet[Decision], since: datetime) -> QuerySet[Event]:
    return Event.objects.filter(kind=SELECT_ITEM, occurred_at__gte=since, decision_id__in=decisions.values("pk"))


def _slot() -> Concat:
    """One text per slot, so that the database counts each once."""
    decision = Cast("decision_id", CharField(max_length=36))
    return Concat(decision, Value("/"), Cast("index", CharField(max_length=6)), output_field=CharField())


def _money(since: datetime, until: datetime, visitors: QuerySet[Visitor]) -> Mapping[str, list[Money]]:
    credits = Credit.objects.filter(
        Q(decision__visitor__in=visitors.values("pk")), bought_at__gte=since, bought_at__lt=until
    )
    rows = credits.values("placement", "currency").annotate(
        purchases=Sum("share"), revenue=Sum("amount"), refunds=Sum("refunded")
    )
    found: defaultdict[str, list[Money]] = defaultdict(list)
    for row in rows.order_by("placement", "currency"):
        found[row["placement"]].append(
            Money(
                currency=row["currency"],
                # A database without decimals adds up as it can.
                purchases=round(row["purchases"], 6),
                revenue=round(row["revenue"] or NONE, 4),
                refunds=round(row["refunds"] or NONE, 4),
            )
        )
    return found


def _arm(decisions: QuerySet[Decision], since: datetime, until: datetime) -> Arm:
    totals = decisions.aggregate(browsers=Count("visitor", distinct=True), decisions=Count("pk"))
    bought = Event.objects.filter(
        kind=PURCHASE, occurred_at__gte=since, occurred_at__lt=until, visitor__in=decisions.values("visitor")
    )
    return Arm(
        browsers=totals["browsers"],
        decisions=totals["decisions"],
        clicks=_clicks(decisions, since).aggregate(n=Count(_slot(), distinct=True))["n"],
        buyers=bought.aggregate(n=Count(F("visitor"), distinct=True))["n"],
    )
