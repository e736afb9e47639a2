"""Presenting: who asks, what is chosen, what of it is true now, and the decision on its way to the sink."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from django.db import DatabaseError
from django.http import HttpRequest

from django_personalize.artifacts.store import live
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.memo import once
from django_personalize.core.types import DecisionDraft, Item, Query
from django_personalize.events.collector import collector_of
from django_personalize.events.isolation import isolated
from django_personalize.placements.asker import Asker, asker_of, passed_over_of
from django_personalize.placements.decide import Decision, decide
from django_personalize.placements.defaults import Placement, placement_of
from django_personalize.placements.draw import Presented, Row, Shown, nothing, presented_on
from django_personalize.placements.fill import Filled, FilledRow, Filling, fill
from django_personalize.placements.reasons import sentence
from django_personalize.placements.resolve import Lots, Resolved, first_lots, keys_of, resolved_of, whole
from django_personalize.visitors.resolve import permitted

__all__ = ["Asked", "Presented", "is_personal", "show", "show_all"]
logger = logging.getLogger("django_personalize.placements")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One placement that a page wants."""

    slug: str
    item: object = None
    """The shop's own product object that the placement is about."""
    context: tuple[str, ...] = ()
    """Keys of the items that it is about, where no object is at hand."""
    n: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class _Chosen:
    asked: Asked
    placement: Placement
    query: Query
    decision: Decision


def show(request: HttpRequest, slug: str, *, item: object = None, n: int | None = None, title: str = "") -> Presented:
    """Choose and present the placement `slug`. Never raises: what goes wrong is logged and nothing is shown."""
    return show_all(request, [Asked(slug=slug, item=item, n=n, title=title)])[0]


def show_all(request: HttpRequest, wanted: Sequence[Asked]) -> list[Presented]:
    """Choose and present several placements of one page, in this order, with the queries of one.

    An item stands in the first of them that wants it. Never raises: what goes wrong costs one placement, or all that
    the shop's query was for.
    """
    try:
        with isolated():
            shown = _show(request, wanted)
    except Exception:
        slugs = ", ".join(asked.slug for asked in wanted)
        logger.exception("placement_failed", extra={"placement": slugs, "stage": "resolve"})
        shown = [nothing(request, asked.slug) for asked in wanted]
    presented_on(request).extend(shown)
    return shown


def is_personal(request: HttpRequest) -> bool:
    """Say whether this response holds something made for one visitor, so that no shared cache may keep it."""
    return "_personalize_personal" in vars(request)


def _keep_out_of_caches(request: HttpRequest) -> None:
    """Have the middleware mark the response `private`, and keep `cache_page`, which acts before it, from storing it."""
    vars(request)["_personalize_personal"] = True
    vars(request)["_cache_update_cache"] = False  # how Django's cache marks what not to store


def _show(request: HttpRequest, wanted: Sequence[Asked]) -> list[Presented]:
    chosen = [_choose(request, asked) for asked in wanted]
    decided = [each for each in chosen if each is not None]
    done = iter(_filled(request, decided))
    return [
        nothing(request, asked.slug) if each is None else _present(request, each, next(done))
        for asked, each in zip(wanted, chosen, strict=True)
    ]


def _choose(request: HttpRequest, asked: Asked) -> _Chosen | None:
    """Decide for one placement; what goes wrong is logged, and costs this one alone."""
    try:
        placement = placement_of(asked.slug)
        if placement is None:
            logger.error("placement_unknown", extra={"placement": asked.slug})
        elif asked.n is None or asked.n >= 1:
            who = asker_of(request)
            query = _query(request, placement, asked, who)
            decision = decide(placement, query, live(), experiment=who.experiment, variant=who.variant)
            return _Chosen(asked, placement, query, decision)
    except DatabaseError:
        raise  # the savepoint around all of them is spent
    except Exception:
        logger.exception("placement_failed", extra={"placement": asked.slug, "stage": "decide"})
    return None


def _query(request: HttpRequest, placement: Placement, asked: Asked, who: Asker) -> Query:
    now, history = clock.now(), who.history
    if placement.pipeline == "personal" and history:
        history = replace(history, passed_over=passed_over_of(request, who.visitor, now))
    return Query(
        placement=placement.slug,
        n=placement.n if asked.n is None else asked.n,
        as_of=now,
        context=asked.context if asked.item is None else (settings.shop.item_key(asked.item),),
        history=history,
        exclude=frozenset(_shown_on_page(request)),
    )


def _filled(request: HttpRequest, decided: Sequence[_Chosen]) -> list[Filling]:
    """Fill all of them from one question to the shop, and from one more where that was too little.

    What rules say of items that can be sold is said in `fill`, which every round goes through.
    """
    items = resolved_of(request)
    lots = [first_lots(each.decision) for each in decided]
    items.ask(key for each in lots for key in keys_of(each))
    found = _round(request, decided, lots)
    if any(filling.more for filling in found):
        lots = [
            whole(each.decision) if filling.more else lot
            for each, filling, lot in zip(decided, found, lots, strict=True)
        ]
        items.ask(key for each in lots for key in keys_of(each))
        found = _round(request, decided, lots)
    wanting = [each for each, filling in zip(decided, found, strict=True) if filling.short and each.decision.newest]
    if wanting:
        left_out = set(_shown_on_page(request)).union(
            *(_left_out(each) | set(each.decision.context) for each in wanting),
            *({filled.item.key for filled in filling.slots} for filling in found),
        )
        newest = settings.shop.newest(sum(filling.short for filling in found) + len(left_out), request=request)
        items.add(newest)
        found = _round(request, decided, lots, newest=newest)
    return found


def _round(
    request: HttpRequest, decided: Sequence[_Chosen], lots: Sequence[Lots], *, newest: Sequence[Item] = ()
) -> list[Filling]:
    """Fill one placement after the other, each without what the page shows before it."""
    items, taken = resolved_of(request), set(_shown_on_page(request))
    found = []
    for each, lot in zip(decided, lots, strict=True):
        fresh = newest if each.decision.newest else ()
        filling = fill(each.placement, each.decision, items, taken | _left_out(each), lot, newest=fresh)
        taken.update(filled.item.key for filled in filling.slots)
        found.append(filling)
    return found


def _left_out(chosen: _Chosen) -> frozenset[str]:
    """Return what no row may show, the shop's newest included."""
    return chosen.query.exclude | chosen.query.history.dismissed


def _present(request: HttpRequest, chosen: _Chosen, filling: Filling) -> Presented:
    placement, query, decision, asked = chosen.placement, chosen.query, chosen.decision, chosen.asked
    who, items, slots = asker_of(request), resolved_of(request), filling.slots
    _shown_on_page(request).update(filled.item.key for filled in slots)
    uid = None
    if who.visitor is not None or who.history:
        _keep_out_of_caches(request)
        if slots and who.visitor is not None:
            uid = uuid4()
            collector_of(request).add(_draft(uid, request, who, query, decision, slots))
    rows = tuple(_row(row, items) for row in filling.rows)
    personal = bool(query.history)
    title = asked.title or str(_title(placement, slots, personal))
    return Presented(placement.slug, title, rows, uid, personal, request)


def _title(placement: Placement, slots: Sequence[Filled], personal: bool) -> object:
    first = slots[0].step if slots else ""
    if first in placement.titles:
        return placement.titles[first]
    return placement.title if personal or not placement.impersonal_title else placement.impersonal_title


def _row(row: FilledRow, items: Resolved) -> Row:
    shown = tuple(Shown(filled.slot.slot, filled.item, sentence(filled.slot.reason, items)) for filled in row.slots)
    return Row(row.name, shown[0].item.category_url if row.name else "", shown)


def _shown_on_page(request: HttpRequest) -> set[str]:
    return once(request, "shown", set[str])


def _draft(
    uid: UUID, request: HttpRequest, who: Asker, query: Query, decision: Decision, slots: Sequence[Filled]
) -> DecisionDraft:
    assert who.visitor is not None
    return DecisionDraft(
        uid=uid,
        visitor_id=who.visitor.pk,
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
        slots=tuple(filled.slot for filled in slots),
    )
