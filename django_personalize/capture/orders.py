"""Orders are reconciled: their lines are read again through the mapping, and our rows follow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from django_personalize.capture.findings import keep, keep_soon
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.tally import Tally
from django_personalize.core.types import EventDraft, Line, Purpose
from django_personalize.events import store
from django_personalize.events.vocabulary import ORDER_KINDS, PURCHASE, REFUND
from django_personalize.exceptions import ConfigurationError
from django_personalize.models import Event, OrderLink, Visitor
from django_personalize.shop.keys import LONGEST
from django_personalize.shop.problems import KEY_TOO_LONG
from django_personalize.visitors.forgotten import Kind, forgotten, item_of

Key = TypeVar("Key", str, UUID)
CHUNK = 10_000
"""Lines per transaction: nobody's log-in waits for longer than one of them takes."""
SWEPT, SWEPT_FAR = timedelta(hours=6), timedelta(days=60)
"""How old an order may be that the drainer looks at again every few minutes, and every day."""
FEW = 500
"""Keys per query."""


@dataclass(slots=True)
class Reconciled:
    """What one run saw in the shop, and how many of our rows it wrote."""

    lines: int = 0
    orders: int = 0
    refunds: int = 0
    written: int = 0
    """Rows that were new or differed; 0 when everything was there already."""
    removed: int = 0
    """Rows of lines and returns that the shop no longer has, or no longer counts as sold."""
    tally: Tally = field(default_factory=Tally)
    """What could not be used, by name."""


def reconcile(
    *,
    user_key: str | None = None,
    since: datetime | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Reconciled:
    """Bring our purchases and refunds in line with the shop's orders: all, one account's, or those placed `since`.

    Idempotent: ids are derived from order and line. Each chunk is a transaction of its own, in which the visitors that
    it links are locked, so that nobody who withdraws meanwhile is linked again. A buyer is linked only while a browser
    of theirs grants `personalization`; everyone else's lines carry no visitor. An account's run removes nothing; the
    others remove what the shop no longer has. `progress` gets (done, total).

    What was erased stays so, and nothing is kept of an order older than `RETENTION["orders"]`, whatever is asked.
    """
    shop, started = settings.shop, clock.now()
    since = None if since is None else max(since, oldest_kept())
    total = shop.count_lines(since=since) if progress is not None else 0
    report, orders, seen = Reconciled(), set[str](), bytearray()
    lines = iter(shop.lines(user_key=user_key, since=since, tally=report.tally))
    while chunk := list(islice(lines, CHUNK)):
        report.lines += len(chunk)
        orders.update(line.order_key for line in chunk)
        drafts = _write(_usable(chunk, report.tally), report)
        seen += b"".join(draft.uid.bytes for draft in drafts)
        if progress is not None:
            progress(report.lines, max(total, report.lines))
    report.orders = len(orders)
    if since is not None:
        _remove_within(orders, since, bytes(seen), started, report)
    elif user_key is None:
        _remove_except(bytes(seen), started, report)
    if user_key is None:
        keep(report.tally, again=True)
    return report


def oldest_kept() -> datetime:
    """Return the moment before which nothing of an order is kept."""
    return clock.now() - timedelta(days=settings.RETENTION["orders"])


def sweep(age: timedelta = SWEPT) -> None:
    """Find what a kill between the shop's commit and our look left behind among the latest orders."""
    try:
        reconcile(since=clock.now() - age)
    except ConfigurationError:
        return  # a shop that is not described yet; a system check says so


def sweep_far() -> None:
    """The same, far enough back for payments and returns that are told late."""
    sweep(SWEPT_FAR)


def reconcile_orders(order_keys: Collection[str], *, tie: Callable[[Sequence[Line]], None] | None = None) -> list[Line]:
    """Bring what we have of these orders in line with the shop, and return their lines, `sold` or not.

    The live feed: for the orders that one request or one message touched. What is no longer there is removed. `tie` is
    given the lines before they are written, to say who made them.
    """
    report = Reconciled()
    lines = _reconcile_some(order_keys, report, tie)
    keep_soon(report.tally)
    return lines


def sold_before(order_keys: Collection[str]) -> set[str]:
    """Return which of these orders we know as sold already."""
    rows = Event.objects.filter(transaction_id__in=sorted(order_keys), kind=PURCHASE)
    return set(rows.values_list("transaction_id", flat=True))


def _reconcile_some(
    order_keys: Collection[str], report: Reconciled, tie: Callable[[Sequence[Line]], None] | None = None
) -> list[Line]:
    lines: list[Line] = []
    for some in _few(order_keys):
        found = _usable(list(settings.shop.lines(order_keys=some, tally=report.tally)), report.tally)
        with transaction.atomic():
            found = _remembered(found)
            if tie is not None:
                tie(found)
            wanted = {draft.uid for draft in _upsert([line for line in found if line.sold], report)}
            ours = Event.objects.filter(transaction_id__in=some, kind__in=ORDER_KINDS).values_list("uid", flat=True)
            _delete([uid for uid in ours if uid not in wanted], report)
        lines += found
    return lines


def _usable(lines: Sequence[Line], tally: Tally) -> list[Line]:
    """Leave out what no column of ours can hold; an adapter of the shop's own may not know."""
    kept = []
    for line in lines:
        if max(len(line.item_key), len(line.variant_key), len(line.order_key)) > LONGEST:
            tally.add(KEY_TOO_LONG, f"order line {line.key}")
        else:
            kept.append(line)
    return kept


def _remembered(lines: Sequence[Line]) -> list[Line]:
    """Leave out lines older than anything is kept, and those of orders that were erased, or whose buyer was."""
    kept_since = oldest_kept()
    lines = [line for line in lines if line.placed_at >= kept_since]
    found = forgotten(
        {
            Kind.ORDER: {line.order_key for line in lines},
            Kind.USER: {line.user_key for line in lines if line.user_key},
        }
    )
    orders, accounts = found[Kind.ORDER], found[Kind.USER]
    if not orders and not accounts:
        return lines
    return [
        line
        for line in lines
        if not any(
            since is not None and line.placed_at <= since
            for since in (orders.get(line.order_key), accounts.get(line.user_key))
        )
    ]


@transaction.atomic
def _write(lines: Sequence[Line], report: Reconciled) -> list[EventDraft]:
    return _upsert(_remembered(lines), report)


def _upsert(lines: Sequence[Line], report: Reconciled) -> list[EventDraft]:
    carrier, drafts = _carriers(lines), list[EventDraft]()
    for gone in (False, True):
        some = list(_drafts((line for line in lines if line.gone is gone), carrier))
        report.written += store.upsert_order_events(some, received_at=clock.now(), gone=gone)
        drafts += some
    report.refunds += sum(draft.kind == REFUND for draft in drafts)
    return drafts


def _carriers(lines: Sequence[Line]) -> Callable[[Line], UUID | None]:
    """Return what says who carries a line: the visitor in whose request the order was made, else the oldest browser of
    the account; only while they say yes.
    """
    granting = Visitor.objects.granting(Purpose.PERSONALIZATION)
    if not lines or not granting.exists():
        return lambda line: None
    made: dict[str, UUID] = {}
    if OrderLink.objects.exists():
        for some in _few({line.order_key for line in lines}):
            made |= dict(OrderLink.objects.filter(order_key__in=some).values_list("order_key", "visitor_id"))
    people = set(made.values())
    for some in _few({line.user_key for line in lines if line.user_key}):
        people.update(granting.filter(user_key__in=some).values_list("pk", flat=True))
    found: dict[UUID, tuple[str, datetime]] = {}
    for few in _few(people):
        # Locked in one order everywhere, so that nobody waits in a circle.
        rows = granting.filter(pk__in=few).order_by("pk").select_for_update()
        found |= {pk: (account, made_at) for pk, account, made_at in rows.values_list("pk", "user_key", "created_at")}
    oldest = sorted(found.items(), key=lambda each: (each[1][1], each[0]), reverse=True)
    accounts = {user_key: pk for pk, (user_key, _) in oldest}

    def carrier(line: Line) -> UUID | None:
        link = made.get(line.order_key)
        if link in found and found[link][0] in ("", line.user_key or found[link][0]):
            return link
        return accounts.get(line.user_key) if line.user_key else None

    removed = _removed(lines, carrier)
    return (lambda line: None if removed(line) else carrier(line)) if removed else carrier


def _removed(lines: Sequence[Line], carrier: Callable[[Line], UUID | None]) -> Callable[[Line], bool] | None:
    """Return what says whether its buyer has removed a line's item from their history; None where nobody has."""

    def names(line: Line) -> list[str]:
        who = carrier(line)
        owners = (line.user_key, who.hex) if who is not None else ()
        return [item_of(owner, line.item_key) for owner in owners if owner]

    found = forgotten({Kind.ITEM: {name for line in lines for name in names(line)}})[Kind.ITEM]
    if not found:
        return None
    return lambda line: any(name in found and line.placed_at <= found[name] for name in names(line))


def _few(keys: Collection[Key]) -> Iterator[list[Key]]:
    ordered = sorted(keys)
    return (ordered[start : start + FEW] for start in range(0, len(ordered), FEW))


def _uid(kind: str, line: Line) -> UUID:
    """Return the id that this line's event has for ever, whoever reads it and whenever."""
    return UUID(bytes=blake2b(f"{kind}:{line.order_key}:{line.key}".encode(), digest_size=16).digest())


def _remove_except(seen: bytes, started: datetime, report: Reconciled) -> None:
    """Delete what stands for no line any more; what came in since `started` stays.

    All of `seen`, sixteen bytes a line, is stored, so equal counts mean that nothing else is.
    """
    rows = Event.objects.filter(kind__in=ORDER_KINDS)
    if rows.count() * 16 == len(seen):
        return
    wanted = _uids(seen)
    before = rows.filter(received_at__lt=started).values_list("uid", flat=True)
    _delete([uid for uid in before.iterator() if uid.bytes not in wanted], report)


def _remove_within(orders: set[str], since: datetime, seen: bytes, started: datetime, report: Reconciled) -> None:
    """Look again, as a whole, at orders of which we have rows that were not seen: lines may be gone or of an earlier
    date, the order may no longer count as sold, or bear another date by now.
    """
    wanted, again = _uids(seen), set[str]()
    for some in _few(orders):
        rows = Event.objects.filter(transaction_id__in=some, kind__in=ORDER_KINDS, received_at__lt=started)
        again |= {key for uid, key in rows.values_list("uid", "transaction_id") if uid.bytes not in wanted}
    ours = Event.objects.filter(kind=PURCHASE, occurred_at__gte=since, received_at__lt=started)
    again |= set(ours.values_list("transaction_id", flat=True)) - orders
    _reconcile_some(again, report)


def _uids(seen: bytes) -> set[bytes]:
    return {seen[start : start + 16] for start in range(0, len(seen), 16)}


def _delete(stale: list[UUID], report: Reconciled) -> None:
    for start in range(0, len(stale), FEW):
        rows = Event.objects.filter(uid__in=stale[start : start + FEW])
        again = list(rows.filter(kind=REFUND).values_list("transaction_id", flat=True))
        rows.delete()
        # A return that was taken back leaves no row of its own to tell of it.
        for some in _few(set(again)):
            Event.objects.filter(transaction_id__in=some, kind=PURCHASE).update(changed_at=clock.now())
    report.removed += len(stale)


def _drafts(lines: Iterable[Line], carrier: Callable[[Line], UUID | None]) -> Iterator[EventDraft]:
    for line in lines:
        visitor_id = carrier(line)
        yield _draft(PURCHASE, line, visitor_id, line.quantity, line.placed_at)
        if line.cancelled_quantity:
            at = line.cancelled_at or line.placed_at
            yield _draft(REFUND, line, visitor_id, line.cancelled_quantity, at)


def _draft(kind: str, line: Line, visitor_id: UUID | None, quantity: int, at: datetime) -> EventDraft:
    return EventDraft(
        uid=_uid(kind, line),
        kind=kind,
        occurred_at=at,
        visitor_id=visitor_id,
        item_key=line.item_key,
        item_variant=line.variant_key,
        quantity=quantity,
        price=line.price,
        list_price=line.list_price,
        currency=line.currency if len(line.currency) == 3 else "",
        transaction_id=line.order_key,
        scope=line.scope,
    )
