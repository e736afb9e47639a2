"""Presenting: what can be sold now, drawn with the shop's templates, and the decision on its way to the sink."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import select_template
from django.utils.safestring import SafeString

from django_personalize.artifacts.store import live
from django_personalize.capture.bots import is_bot
from django_personalize.conf import settings
from django_personalize.consent.states import states
from django_personalize.core import clock
from django_personalize.core.memo import once
from django_personalize.core.types import (
    Candidate,
    ConsentState,
    DecisionDraft,
    History,
    Item,
    Purpose,
    Query,
    Reason,
    Slot,
)
from django_personalize.events.collector import collector_of
from django_personalize.events.history import history_of, passed_over
from django_personalize.events.isolation import isolated
from django_personalize.events.vocabulary import ORDER_KINDS, VIEW_ITEM
from django_personalize.models import Visitor
from django_personalize.placements.decide import PLACEMENTS, Block, Decision, Placement, decide
from django_personalize.placements.reasons import sentence
from django_personalize.visitors.resolve import account_of, permitted, session_was_read, visitor_of
from django_personalize.visitors.session_tier import seen

logger = logging.getLogger("django_personalize.placements")


@dataclass(frozen=True, slots=True)
class Shown:
    """One filled slot, for templates."""

    slot: int
    item: Item
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """The slots of one block; `title` and `url` are a category's, empty for the first row."""

    title: str
    url: str
    slots: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Presented:
    """A placement ready to be drawn: as HTML where it is printed, as slots where a template iterates over it."""

    slug: str
    title: str
    rows: tuple[Row, ...]
    decision: UUID | None
    """The recorded decision's id; None where nothing was recorded."""
    personal: bool
    """Whether a history had a say."""
    request: HttpRequest

    def __iter__(self) -> Iterator[Shown]:
        return (shown for row in self.rows for shown in row.slots)

    def __bool__(self) -> bool:
        return any(row.slots for row in self.rows)

    def __html__(self) -> SafeString:
        if not self:
            return SafeString("")
        try:
            template, card = (select_template(names) for names in _templates(self.slug))
            with isolated():
                return SafeString(template.render({"placement": self, "card": card}, self.request))
        except Exception:
            logger.exception("placement_failed", extra={"placement": self.slug, "stage": "render"})
            return SafeString("")

    __str__ = __html__


def _templates(slug: str) -> Iterator[list[str]]:
    """Yield the names that a placement's template, and then its card's, may have; the first that exists is drawn.

    An adapter that names a folder in `templates` has ones that look as the rest of its shop does.
    """
    folder = getattr(settings.shop, "templates", "")
    for part in ("placement", "card"):
        own = [f"{folder}/{part}.html"] if folder else []
        yield [f"personalize/{part}/{slug}.html", *own, f"personalize/{part}.html"]


def show(
    request: HttpRequest,
    slug: str,
    *,
    item: object = None,
    keys: Sequence[str] = (),
    n: int | None = None,
    title: str = "",
) -> Presented:
    """Choose and present the placement `slug`. Never raises: what goes wrong is logged and nothing is shown.

    The page is about `item`, the shop's own object, or about the items of these `keys`.
    """
    placement = PLACEMENTS[slug]
    try:
        with isolated():
            return _show(request, placement, tuple(keys) if item is None else (settings.shop.item_key(item),), n, title)
    except Exception:
        logger.exception("placement_failed", extra={"placement": slug, "stage": "decide"})
        return Presented(slug, "", (), None, False, request)


def is_personal(request: HttpRequest) -> bool:
    """Say whether this response holds something made for one visitor, so that no shared cache may keep it."""
    return "_personalize_personal" in vars(request)


def _keep_out_of_caches(request: HttpRequest) -> None:
    """Have the middleware mark the response `private`, and keep `cache_page`, which acts before it, from storing it."""
    vars(request)["_personalize_personal"] = True
    vars(request)["_cache_update_cache"] = False  # how Django's cache marks what not to store


def _show(request: HttpRequest, placement: Placement, context: tuple[str, ...], n: int | None, title: str) -> Presented:
    if n is not None and n < 1:
        return Presented(placement.slug, "", (), None, False, request)
    visitor, history = _person(request)
    now = clock.now()
    if placement.pipeline == "personal" and history:
        history = replace(history, passed_over=_passed_over(request, visitor, now))
    shown_already = _shown_on_page(request)
    query = Query(
        placement=placement.slug,
        n=placement.n if n is None else n,
        as_of=now,
        context=context,
        history=history,
        exclude=frozenset(shown_already),
    )
    decision = decide(placement, query, live())
    items = settings.shop.items(_wanted(decision), request=request)
    slots, rows = _place(request, placement, decision, items, shown_already | history.dismissed)
    shown_already.update(slot.item_key for slot in slots)
    uid = None
    if visitor is not None or history:
        _keep_out_of_caches(request)
        if slots and visitor is not None:
            uid = uuid4()
            collector_of(request).add(_draft(uid, visitor, request, decision, query, slots))
    own = placement.title if history or not placement.impersonal_title else placement.impersonal_title
    return Presented(placement.slug, title or str(own), rows, uid, bool(history), request)


def _person(request: HttpRequest) -> tuple[Visitor | None, History]:
    """Return the visitor and, with a yes to `personalization` now, their history; read once per request."""
    return once(request, "person", lambda: _look_up(request))


def _passed_over(request: HttpRequest, visitor: Visitor | None, now: datetime) -> Mapping[str, int]:
    """Return what this person saw in vain; read once per request, and by pages with a personal row alone."""
    if visitor is None or Purpose.PERSONALIZATION not in permitted(request):
        return {}
    return once(request, "passed_over", lambda: passed_over(visitor, now))


def _look_up(request: HttpRequest) -> tuple[Visitor | None, History]:
    if is_bot(request):
        return None, History()
    visitor = visitor_of(request)
    if visitor is not None and Purpose.PERSONALIZATION in permitted(request):
        return visitor, history_of(visitor)
    return visitor, _of_this_visit(request) or _of_the_account(request)


def _of_this_visit(request: HttpRequest) -> History:
    """Return what somebody who chose this visit only has looked at in it."""
    keys = seen(request) or ()
    now = clock.now().timestamp()
    return History(
        item_keys=keys,
        kinds=(VIEW_ITEM,) * len(keys),
        times=tuple(now - place for place in range(len(keys))),
        quantities=(1,) * len(keys),
    )


def _of_the_account(request: HttpRequest) -> History:
    """Return the own orders of an account that is logged in and said yes elsewhere, where this browser said nothing.

    Only on pages that have looked at the session themselves: others may lie in a cache.
    """
    unanswered = states(request)[Purpose.PERSONALIZATION] is ConsentState.UNKNOWN
    if not unanswered or not session_was_read(request) or getattr(settings.shop, "accounts_elsewhere", False):
        return History()
    account = account_of(request)
    theirs = Visitor.objects.filter(user_key=account)
    granting = theirs.granting(Purpose.PERSONALIZATION).order_by("pk").first() if account else None
    if granting is None or theirs.filter(Q(paused_at__isnull=False) | Q(objected_at__isnull=False)).exists():
        return History()
    return history_of(granting, kinds=ORDER_KINDS)


def _shown_on_page(request: HttpRequest) -> set[str]:
    return once(request, "shown", set[str])


def _wanted(decision: Decision) -> list[str]:
    """Return every key that render may need, anchors of the reasons included, so that one query answers them all."""
    keys: dict[str, None] = {}
    for candidates in (*(block.candidates for block in decision.blocks), decision.spare):
        for candidate in candidates:
            keys[candidate.item_key] = None
            if candidate.reason.anchor:
                keys[candidate.reason.anchor] = None
    return list(keys)


def _place(
    request: HttpRequest,
    placement: Placement,
    decision: Decision,
    items: Mapping[str, Item],
    shown_already: set[str],
) -> tuple[list[Slot], tuple[Row, ...]]:
    taken = set(shown_already) | set(decision.context)
    slots: list[Slot] = []
    rows: list[Row] = []
    for block in decision.blocks:
        if block.name and sum(bool(row.title) for row in rows) >= placement.categories:
            break
        chosen = _sellable(block.candidates, block.n, items, taken)
        if block.fill and len(chosen) < block.n:
            chosen += _sellable(decision.spare, block.n - len(chosen), items, taken)
        if block.fill and len(chosen) < block.n:
            chosen += _newest(request, block, block.n - len(chosen), taken)
        if not chosen or (block.name and len(chosen) < 2):
            continue
        start = len(slots)
        for slot, (candidate, _) in enumerate(chosen, start=start + 1):
            slots.append(
                Slot(
                    slot=slot,
                    item_key=candidate.item_key,
                    source=candidate.source,
                    score=candidate.score,
                    propensity=candidate.propensity,
                    reason=candidate.reason,
                    block=block.name,
                )
            )
        shown = tuple(
            Shown(slot, item, sentence(candidate.reason, items))
            for slot, (candidate, item) in enumerate(chosen, start=start + 1)
        )
        rows.append(Row(block.name, shown[0].item.category_url if block.name else "", shown))
    return slots, tuple(rows)


def _sellable(
    candidates: tuple[Candidate, ...], n: int, items: Mapping[str, Item], taken: set[str]
) -> list[tuple[Candidate, Item]]:
    chosen = []
    for candidate in candidates:
        item = items.get(candidate.item_key)
        if item is None or candidate.item_key in taken:
            continue
        taken.add(candidate.item_key)
        chosen.append((candidate, item))
        if len(chosen) == n:
            break
    return chosen


def _newest(request: HttpRequest, block: Block, n: int, taken: set[str]) -> list[tuple[Candidate, Item]]:
    """The ladder's first rung: what the shop has newly got, which needs no data at all."""
    newest = {item.key: item for item in settings.shop.newest(n + len(taken), request=request)}
    fresh = [item for key, item in newest.items() if key not in taken][:n]
    taken.update(item.key for item in fresh)
    return [
        (Candidate(item_key=item.key, score=0.0, source="newest", reason=Reason(code="new")), item) for item in fresh
    ]


def _draft(
    uid: UUID, visitor: Visitor, request: HttpRequest, decision: Decision, query: Query, slots: list[Slot]
) -> DecisionDraft:
    return DecisionDraft(
        uid=uid,
        visitor_id=visitor.pk,
        placement=decision.placement,
        decided_at=query.as_of,
        pipeline=decision.pipeline,
        rung=decision.rung,
        model_version=decision.model_version,
        context=decision.context,
        rules=decision.rules,
        experiment=decision.experiment,
        variant=decision.variant,
        consent=tuple(sorted(permitted(request))),
        slots=tuple(slots),
    )
