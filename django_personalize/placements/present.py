"""Presenting: who asks, what is chosen, what of it is true now, and the decision on its way to the sink."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.http import HttpRequest
from django.utils.translation import get_language

from django_personalize.artifacts.store import live
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.memo import once
from django_personalize.core.types import DecisionDraft, History, Item, Purpose, Query
from django_personalize.events.collector import collector_of
from django_personalize.models.promotion import Look
from django_personalize.placements import about, facts
from django_personalize.placements.asked import Asked
from django_personalize.placements.asker import NOBODY, Asker, asker_of
from django_personalize.placements.budget import Deadline, Spent, limited
from django_personalize.placements.decide import Decision, decide
from django_personalize.placements.defaults import Placement, placement_of
from django_personalize.placements.desk import desk_of
from django_personalize.placements.draw import Presented, Row, Shown, nothing, presented_on
from django_personalize.placements.fill import Filled, FilledRow, Filling, fill
from django_personalize.placements.promotions import shown
from django_personalize.placements.reasons import sentence
from django_personalize.placements.resolve import Lots, Resolved, first_lots, keys_of, resolved_of, whole
from django_personalize.placements.surroundings import count_of, surroundings
from django_personalize.visitors.resolve import permitted

__all__ = ["Asked", "Presented", "is_personal", "show", "show_all"]
logger = logging.getLogger("django_personalize.placements")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Chosen:
    asked: Asked
    placement: Placement
    query: Query
    decision: Decision
    began: float
    """By the process's own clock."""


def show(
    request: HttpRequest,
    slug: str,
    *,
    item: object = None,
    basket: Iterable[Any] | None = None,
    n: int | None = None,
    title: str = "",
    defer: bool = False,
) -> Presented:
    """Choose and present the placement `slug`. Never raises: what goes wrong is logged and nothing is shown.

    With `defer` it is what everybody gets, and the script puts this visitor's own in its place: the page stays one that
    any cache may keep.
    """
    asked = Asked(slug=slug, item=item, basket=basket, n=n, title=title)
    return _defer(request, asked) if defer else show_all(request, [asked])[0]


def show_all(request: HttpRequest, wanted: Sequence[Asked]) -> list[Presented]:
    """Choose and present several placements of one page, in this order, with the queries of one.

    An item stands in the first of them that wants it. Never raises: what goes wrong costs a rung, and at worst all that
    the shop's query was for.
    """
    shown = _present_all(request, wanted, lambda: _who(request))
    presented_on(request).extend(shown)
    _stays(request).update(each.item.key for presented in shown for each in presented)
    return shown


def _defer(request: HttpRequest, asked: Asked) -> Presented:
    """Present what everybody gets, with what the script needs to ask again for one visitor."""
    [presented] = _present_all(request, [asked], lambda: NOBODY)
    try:
        context = asked.context or _context(asked)
        return replace(presented, deferred=asked.about(context, tuple(_stays(request)), get_language() or ""))
    except Exception:
        logger.exception("placement_failed", extra={"placement": asked.slug, "stage": "defer"})
        return presented


def _present_all(request: HttpRequest, wanted: Sequence[Asked], who: Callable[[], Asker]) -> list[Presented]:
    try:
        live()  # before the clock runs: a new process reads its model once
        asker = who()
        with limited(request, "rows") as deadline:
            return _show(request, wanted, asker, deadline)
    except Spent:
        stage = "budget"
        logger.warning("placement_late", extra={"placement": _slugs(wanted)})
    except Exception:
        stage = "resolve"
        logger.exception("placement_failed", extra={"placement": _slugs(wanted), "stage": stage})
    _keep_out_of_caches(request)  # the next visitor may get more
    return [nothing(request, asked.slug) for asked in wanted]


def _slugs(wanted: Sequence[Asked]) -> str:
    return ", ".join(asked.slug for asked in wanted)


def _who(request: HttpRequest) -> Asker:
    """Return who asks, once per request; nobody where that cannot be said in time."""
    return once(request, "who", lambda: _known(request, "history", lambda: asker_of(request), NOBODY))


def _known(request: HttpRequest, part: str, read: Callable[[], T], otherwise: T) -> T:
    """Read something about whoever asks; the rows go a rung down where that fails."""
    try:
        with limited(request, part):
            return read()
    except Spent:
        logger.warning("placement_late", extra={"part": part})
    except Exception:
        logger.exception("placement_failed", extra={"stage": part})
    _keep_out_of_caches(request)
    return otherwise


def is_personal(request: HttpRequest) -> bool:
    """Say whether this response holds something made for one visitor, so that no shared cache may keep it."""
    return "_personalize_personal" in vars(request)


def _keep_out_of_caches(request: HttpRequest) -> None:
    """Have the middleware mark the response `private`, and keep `cache_page`, which acts before it, from storing it."""
    vars(request)["_personalize_personal"] = True
    vars(request)["_cache_update_cache"] = False  # how Django's cache marks what not to store


def _show(request: HttpRequest, wanted: Sequence[Asked], who: Asker, deadline: Deadline) -> list[Presented]:
    _shown_on_page(request).update(key for asked in wanted for key in asked.shown)
    chosen = [_choose(request, asked, who) for asked in wanted]
    deadline.check()
    decided = [each for each in chosen if each is not None]
    done = iter(_filled(request, decided))
    return [
        nothing(request, asked.slug) if each is None else _present(request, each, next(done), who)
        for asked, each in zip(wanted, chosen, strict=True)
    ]


def _choose(request: HttpRequest, asked: Asked, who: Asker) -> _Chosen | None:
    """Decide for one placement: what goes wrong is logged, and costs this one alone a rung, its history first."""
    began = time.perf_counter()
    placement = placement_of(asked.slug)
    if placement is None:
        logger.error("placement_unknown", extra={"placement": asked.slug})
        return None
    if asked.n is not None and asked.n < 1:
        return None
    model = live()
    try:
        query = _query(request, placement, asked, who)
        # Without the merchandiser's rules nothing is shown: what they keep out must stay out.
        desk = desk_of(request, placement, who, query.as_of, None if model is None else model.number)
    except Exception:
        logger.exception("placement_failed", extra={"placement": asked.slug, "stage": "query"})
        return None
    stranger = replace(query, history=History())
    for asking, learnt in ((query, model), (stranger, model), (stranger, None)):
        try:
            decision = decide(
                placement,
                asking,
                learnt,
                desk=desk,
                experiment=who.experiment,
                variant=who.variant,
                asked=_moment(query, who),
            )
            return _Chosen(asked, placement, asking, decision, began)
        except Exception:
            logger.exception("placement_failed", extra={"placement": asked.slug, "stage": "decide"})
            _keep_out_of_caches(request)
    return None


def _moment(query: Query, who: Asker) -> str:
    """Return what settles chance here; '' where nobody's decision is recorded, and no propensity could be kept."""
    if who.visitor is None:
        return ""
    return f"{who.visitor.pk} {query.as_of.isoformat()} {query.placement} {' '.join(query.context)}"


def _query(request: HttpRequest, placement: Placement, asked: Asked, who: Asker) -> Query:
    now, history = clock.now(), who.history
    cart = () if who is NOBODY else about.cart_of(request, who)
    if cart:
        _keep_out_of_caches(request)
    unseen: Mapping[str, int] = {}
    in_vain = unseen
    if history and facts.heeds(placement.pipeline):
        in_vain = once(
            request,
            "in_vain",
            lambda: _known(request, "passed_over", lambda: facts.passed_over_of(request, who, now), unseen),
        )
    context = asked.context or _context(asked)
    if placement.about and not context:
        context = cart[: about.MOST] or (about.last_order(history, now) if "order" in placement.about else ())
    return Query(
        placement=placement.slug,
        n=placement.n if asked.n is None else asked.n,
        as_of=now,
        context=context,
        history=replace(history, passed_over=in_vain) if in_vain else history,
        exclude=frozenset(_shown_on_page(request)),
        had=frozenset(cart) | about.just_bought(history, now),
        told=facts.told(request, placement.pipeline, who, now),
    )


def _context(asked: Asked) -> tuple[str, ...]:
    """Return the keys of the shop's objects that were named; none where none was."""
    if asked.basket is not None:
        return about.keys_of(asked.basket)
    return () if asked.item is None else (settings.shop.item_key(asked.item),)


def _filled(request: HttpRequest, decided: Sequence[_Chosen]) -> list[Filling]:
    """Fill all of them from one question to the shop, and from one more where that was too little.

    What rules say of items that can be sold is said in `fill`, which every round goes through.
    """
    items = resolved_of(request)
    lots = [first_lots(each.decision) for each in decided]
    items.ask(key for each, lot in zip(decided, lots, strict=True) for key in keys_of(lot, each.decision))
    found = _round(request, decided, lots)
    if any(filling.more for filling in found):
        lots = [
            whole(each.decision) if filling.more else lot
            for each, filling, lot in zip(decided, found, lots, strict=True)
        ]
        items.ask(key for each, lot in zip(decided, lots, strict=True) for key in keys_of(lot, each.decision))
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
    return chosen.query.exclude | chosen.query.had | chosen.query.history.dismissed


def _present(request: HttpRequest, chosen: _Chosen, filling: Filling, who: Asker) -> Presented:
    placement, query, asked = chosen.placement, chosen.query, chosen.asked
    items, slots = resolved_of(request), filling.slots
    _shown_on_page(request).update(filled.item.key for filled in slots)
    uid = None
    if who.visitor is not None or who.history:
        _keep_out_of_caches(request)
        if filling.rows and who.visitor is not None:
            uid = uuid4()
            collector_of(request).add(_draft(uid, request, who, chosen, filling))
    rows = tuple(_rows(filling.rows, items))
    personal = bool(query.history)
    title = asked.title or str(_title(placement, slots, personal))
    heeded = uid is not None and who.personal and Purpose.PERSONALIZATION in permitted(request)
    return Presented(placement.slug, title, rows, uid, personal, request, dismissable=heeded)


def _title(placement: Placement, slots: Sequence[Filled], personal: bool) -> object:
    first = slots[0].step if slots else ""
    if first in placement.titles:
        return placement.titles[first]
    return placement.title if personal or not placement.impersonal_title else placement.impersonal_title


def _rows(rows: Sequence[FilledRow], items: Resolved) -> Iterator[Row]:
    """Yield what templates draw; cards of promotions that follow one another are one row."""
    for look, group in groupby(rows, key=lambda row: row.block.promotion and row.block.promotion.look):
        if look:
            said = [
                shown(row.block.promotion, row.promotion.slot)
                for row in group
                if row.block.promotion is not None and row.promotion is not None
            ]
            yield from (
                [Row(promotions=tuple(said))] if look == Look.CARD else [Row(promotions=(each,)) for each in said]
            )
            continue
        for row in group:
            slots = [Shown(each.slot.slot, each.item, sentence(each.slot.reason, items)) for each in row.slots]
            url = slots[0].item.category_url if row.block.kind == "category" else ""
            yield Row(title=row.block.title, url=url, slots=tuple(slots))


def _shown_on_page(request: HttpRequest) -> set[str]:
    return once(request, "shown", set[str])


def _stays(request: HttpRequest) -> set[str]:
    """Return what the page shows in rows that nothing is put in the place of."""
    return once(request, "stays", set[str])


def _draft(uid: UUID, request: HttpRequest, who: Asker, chosen: _Chosen, filling: Filling) -> DecisionDraft:
    assert who.visitor is not None
    query, decision = chosen.query, chosen.decision
    return DecisionDraft(
        uid=uid,
        visitor_id=who.visitor.pk,
        placement=decision.placement,
        decided_at=query.as_of,
        pipeline=decision.pipeline,
        rung=decision.rung,
        model_version=decision.model_version,
        context=decision.context,
        rules=tuple(dict.fromkeys((*decision.rules, *filling.rules))),
        experiment=decision.experiment,
        variant=decision.variant,
        holdout=who.held,
        consent=tuple(sorted(permitted(request))),
        slots=filling.recorded,
        wanted=query.n,
        candidates=count_of(decision),
        took_ms=round((time.perf_counter() - chosen.began) * 1000),
        **surroundings(request),
    )
