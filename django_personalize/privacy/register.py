"""Every model of ours: how the rows about a person are found and erased, or why it is about nobody.

A test fails for a model without an entry, so that none can come to hold a person unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet

from django_personalize.consent import ledger
from django_personalize.events import quarantine
from django_personalize.events.vocabulary import ORDER_KINDS
from django_personalize.models import (
    Cart,
    ConsentKey,
    ConsentRecord,
    Credit,
    Cursor,
    DailyCount,
    Decision,
    Event,
    FeedItem,
    FeedLine,
    Finding,
    Forgotten,
    Impression,
    Intake,
    Membership,
    ModelVersion,
    OrderLink,
    Promotion,
    Quarantined,
    Rule,
    StockOut,
    TrainingRun,
    Visitor,
)
from django_personalize.privacy.person import Person

Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class AboutPeople:
    """How one model's rows about a person are found, exported and erased. Every column of theirs is exported."""

    section: str
    """What the export calls them."""
    rows: Callable[[Person], Rows]
    erase: Callable[[Person, Rows], int] = lambda person, rows: rows.delete()[0]
    """Takes the person and their rows, and returns how many ended."""


@dataclass(frozen=True, slots=True)
class AboutNobody:
    why: str


def _events(person: Person) -> Rows:
    theirs = Q(visitor__in=person.ids) | Q(transaction_id__in=person.orders, kind__in=ORDER_KINDS)
    return Event.objects.filter(theirs).order_by("occurred_at", "pk")


def _quarantined(person: Person) -> Rows:
    """By the visitor's column, or where that could not be read by the id in the line itself."""
    marks = [visitor.pk.hex.encode() for visitor in person.visitors]
    unread = Quarantined.objects.filter(visitor_id=None).values_list("pk", "payload")
    named = [
        pk for pk, payload in unread.iterator(chunk_size=500) if any(mark in bytes(payload).lower() for mark in marks)
    ]
    return Quarantined.objects.filter(Q(visitor_id__in=person.ids) | Q(pk__in=named)).order_by("pk")


def _erase_quarantined(person: Person, rows: Rows) -> int:
    return quarantine.erase(rows)


def _erase_answers(person: Person, rows: Rows) -> int:
    """Fields and keys go; that there was an answer stays in the chain, and says of nobody that it was theirs."""
    return sum(ledger.erase(subject) for subject in person.subjects)


def _credits(person: Person) -> Rows:
    theirs = Q(decision__visitor__in=person.ids) | Q(purchase__visitor__in=person.ids)
    return Credit.objects.filter(theirs | Q(purchase__transaction_id__in=person.orders)).order_by("bought_at", "pk")


REGISTER: Mapping[type[Model], AboutPeople | AboutNobody] = {
    Credit: AboutPeople("credits", _credits),
    Impression: AboutPeople(
        "impressions", lambda person: Impression.objects.filter(decision__visitor__in=person.ids).order_by("seen_at")
    ),
    Decision: AboutPeople(
        "decisions", lambda person: Decision.objects.filter(visitor__in=person.ids).order_by("decided_at")
    ),
    Event: AboutPeople("events", _events),
    Cart: AboutPeople("carts", lambda person: Cart.objects.filter(visitor__in=person.ids)),
    OrderLink: AboutPeople(
        "order_links",
        lambda person: OrderLink.objects.filter(Q(visitor__in=person.ids) | Q(order_key__in=person.orders)),
    ),
    FeedLine: AboutPeople(
        "order_lines",
        lambda person: FeedLine.objects.filter(order_key__in=person.orders).order_by("placed_at", "pk"),
    ),
    Quarantined: AboutPeople("set_aside", _quarantined, _erase_quarantined),
    ConsentRecord: AboutPeople(
        "answers", lambda person: ConsentRecord.objects.filter(subject__in=person.subjects), _erase_answers
    ),
    ConsentKey: AboutPeople(
        "answer_keys", lambda person: ConsentKey.objects.filter(subject__in=person.subjects), lambda person, rows: 0
    ),
    Membership: AboutPeople(
        "segments", lambda person: Membership.objects.filter(visitor__in=person.ids).order_by("since", "pk")
    ),
    Visitor: AboutPeople("visitors", lambda person: Visitor.objects.filter(pk__in=person.ids).order_by("created_at")),
    Cursor: AboutNobody("How far a file, a stream or our own facts have been read."),
    DailyCount: AboutNobody("Sums per day and item, of people of whom nothing was stored."),
    FeedItem: AboutNobody("A product."),
    Finding: AboutNobody("What of the shop's tables could not be read, counted per day."),
    Forgotten: AboutNobody(
        "Keyed hashes of what was erased: nobody can be read out of them, and nothing else keeps them gone."
    ),
    Intake: AboutNobody("Sums per day of what came in."),
    ModelVersion: AboutNobody("What was learnt of items; a model holds no people."),
    Promotion: AboutNobody("What the merchandiser shows on the homepage, and to whom, by their segments."),
    Rule: AboutNobody("What the merchandiser wants of placements."),
    StockOut: AboutNobody("An item that was sold out."),
    TrainingRun: AboutNobody("How a training went: times, counts and figures over everybody."),
}
"""In the order in which rows are erased: what points at others goes before them. The keys go with the answers."""
