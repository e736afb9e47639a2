"""Which orders count as sold: the columns that say so, the rows of each value, and a guess for a human to judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import models
from django.db.models import Q

from django_personalize.shop.detection import tables, words
from django_personalize.shop.detection.lines import Sales
from django_personalize.shop.detection.tables import Model
from django_personalize.shop.detection.words import says, stem, tokens

MOST_VALUES = 30
"""A column with more different values is no state."""


@dataclass(frozen=True, slots=True)
class State:
    """A column of the order, of its line or of its payment that may say how far the order is."""

    path: str
    """From the line."""
    where: str
    """The table and the column, as a human says it."""
    kind: str
    """flag (a boolean), date (empty or not) or state (a few values)."""
    values: tuple[tuple[Any, str, int], ...]
    """(value, what the shop calls it, rows) each, the most frequent first; declared ones that no row has included."""
    rows: int
    """How many rows were looked at; `tables.LIMIT` at most."""
    watch: tuple[str, str] | None = None
    """(model, path to the order's key) where the column is in a table beside the order."""

    @property
    def column(self) -> str:
        return self.path.rpartition("__")[2]

    def count(self, *wanted: Any) -> int:
        return sum(rows for value, _words, rows in self.values if value in wanted)

    def having(self, wanted: frozenset[str], without: frozenset[str] = frozenset()) -> list[Any]:
        """Return the values whose name or label says one of the words, and none of `without`."""
        said = {value: {*tokens(str(value)), *tokens(label)} for value, label, _rows in self.values}
        return [value for value, found in said.items() if found & wanted and not found & without]


@dataclass(frozen=True, slots=True)
class Answer:
    """A condition on the line, and in words what it keeps."""

    condition: Q
    words: str
    rows: int | None = None
    """Rows of the column's table that it keeps, among those looked at; None where nobody counted."""
    cart: Q | None = None
    """Of an order that is also the cart: the lines that are still one."""
    watch: tuple[str, str] | None = None


def states(sales: Sales) -> list[State]:
    """Return the columns that may say which orders count: the order's, the line's, those of a payment beside it."""
    found = list(_of(sales.order, sales.prefix))
    if not sales.prefix:
        return found
    own = list(_of(sales.model, ""))
    # Where a line may be in several orders, what the line itself says is surer.
    found = own + found if tables.crosses_many(sales.model, sales.prefix) else found + own
    for relation in tables.incoming(sales.order):
        beside = relation.related_model
        if beside is not sales.model and says(tables.name_of(beside), {"payment", "transaction", "charge"}):
            watch = (tables.label(beside), tables.key_path(relation.field))
            found += [
                replace(state, watch=watch)
                for state in _of(beside, sales.on_order(relation.name))
                if state.kind == "state" or stem(state.column) in words.SOLD_FLAGS
            ]
    return found


def _of(model: Model, prefix: str) -> Iterator[State]:
    candidates = list(_columns(model))
    rows = tables.latest(model, *(path for path, _kind, _labels in candidates)) if candidates else []
    for place, (path, kind, labels) in enumerate(candidates):
        counted = Counter(row[place] is not None if kind == "date" else row[place] for row in rows)
        if len(counted) > MOST_VALUES:
            continue
        for value in labels if kind == "state" else (True, False):
            counted.setdefault(value, 0)
        yield State(
            path=f"{prefix}__{path}" if prefix else path,
            where=f"{tables.label(model)}.{path.replace('__', '.')}",
            kind=kind,
            values=tuple((value, labels.get(value, ""), count) for value, count in counted.most_common()),
            rows=len(rows),
        )


def _columns(model: Model) -> Iterator[tuple[str, str, dict[Any, str]]]:
    """Yield (path, kind, declared values with what the shop calls them)."""
    for field in tables.columns(model):
        choices = {value: str(said) for value, said in field.flatchoices if value not in (None, "")}
        if isinstance(field, models.BooleanField):
            yield field.name, "flag", {}
        elif isinstance(field, models.DateField):
            if field.null and field.name in (*words.SOLD_DATES, *words.CANCELLED_AT):
                yield field.name, "date", {}
        elif isinstance(field, models.CharField | models.IntegerField) and _names_state(field.name):
            address = field.name == "state" and not choices and tables.pick(model, words.ADDRESS)
            if not address:
                yield field.name, "state", choices
    for relation in tables.forward(model):
        target: Any = relation.related_model
        title = tables.title_of(target)
        if _names_state(relation.name) and tables.pick(target, (title,)):
            yield f"{relation.name}__{title}", "state", {}


def _names_state(name: str) -> bool:
    return name in words.STATUS or tokens(name)[-1:] in (("status",), ("state",))


def sold(found: list[State], *, nullable: str = "", several: bool = False) -> list[Answer]:
    """Return what may be meant by sold, the best guess first; the last one is always "all".

    `nullable` is the lookup to an order that a line has only once it is ordered, and `several` says that it may have
    more than one.
    """
    answers = [*_by_flag(found), *_by_state(found, several), *_by_payment(found), *_by_date(found)]
    if not nullable:
        return [*answers, Answer(Q(), "every order", next((state.rows for state in found if not state.watch), None))]
    inside, outside = (Q(**{f"{nullable}__isnull": empty}) for empty in (False, True))
    narrowed = [
        replace(each, cart=each.cart or outside)
        if not each.condition.negated
        else replace(each, condition=inside & each.condition, words=f"it has an order, and {each.words}", cart=outside)
        for each in answers
    ]
    return [*narrowed, Answer(inside, "it has an order", cart=outside)]


def _by_flag(found: list[State]) -> list[Answer]:
    """A flag that no row has raised says nothing about what was sold, unless there is no order yet."""
    flags = [state for state in found if state.kind == "flag" and stem(state.column) in words.SOLD_FLAGS]
    told = [state for state in flags if state.count(True) or not state.rows]
    return [
        Answer(
            Q(**{state.path: True}),
            f"{state.where} is true",
            state.count(True),
            cart=Q(**{state.path: False}) if stem(state.column) in words.CART_FLAGS else None,
            watch=state.watch,
        )
        for state in sorted(told, key=lambda state: words.SOLD_FLAGS.index(stem(state.column)))
    ]


def _by_state(found: list[State], several: bool) -> list[Answer]:
    answers = []
    for state in found:
        if state.kind != "state" or state.watch:
            continue
        unsold = state.having(words.NOT_SOLD_STATES)
        if state.having(words.PAID_STATES & {"paid", "payed"}):
            unsold += state.having(words.BEFORE_PAID, words.NOT_SOLD_STATES)
        kept = [value for value, _said, _rows in state.values if value not in unsold]
        alive = [value for value in kept if value not in state.having(words.CANCELLED_STATES, words.NOT_YET)]
        if not unsold or not kept or (state.rows and not state.count(*alive)):
            continue  # what would be left is nothing, or only what was cancelled
        rest = answer(state, kept)
        if not several:  # over several orders, "not" would mean that none of them is
            rest = replace(rest, condition=~among(state.path, unsold), words=f"{state.where} is not {listed(unsold)}")
        answers.append(rest)
    return answers


def _by_payment(found: list[State]) -> list[Answer]:
    """An order may see several payments, so only what one of them must say can be asked."""
    asked = [(state, state.having(words.PAID_STATES)) for state in found if state.kind == "state" and state.watch]
    return [answer(state, values) for state, values in asked if values]


def _by_date(found: list[State]) -> list[Answer]:
    return [
        Answer(Q(**{f"{state.path}__isnull": False}), f"{state.where} is set", state.count(True))
        for name in words.SOLD_DATES
        for state in found
        if state.kind == "date" and state.column == name and state.count(True)
    ]


def cancelled(found: list[State]) -> list[Answer]:
    """Return what may be meant by cancelled whole, the best guess first; empty where nothing says so."""
    flags = [state for state in found if state.kind == "flag" and stem(state.column) in words.CANCELLED_FLAGS]
    answers = [Answer(Q(**{state.path: True}), f"{state.where} is true", state.count(True)) for state in flags]
    for state in found:
        values = (
            state.having(words.CANCELLED_STATES, words.NOT_YET) if state.kind == "state" and not state.watch else []
        )
        if values:
            answers.append(answer(state, values))
    if len(answers) > 1:
        whole = Q()
        for each in answers:
            whole |= each.condition
        answers.insert(0, Answer(whole, ", or ".join(each.words for each in answers)))
    if answers:
        return answers
    return [
        Answer(Q(**{f"{state.path}__isnull": False}), f"{state.where} is set", state.count(True))
        for state in found
        if state.kind == "date" and state.column in words.CANCELLED_AT and "__" in state.path
    ][:1]


def among(path: str, values: list[Any]) -> Q:
    return Q(**({path: values[0]} if len(values) == 1 else {f"{path}__in": sorted(values, key=str)}))


def answer(state: State, values: list[Any]) -> Answer:
    """Return the answer "one of these values", as a guess or as a human picks them."""
    carts = [value for value in state.having(words.CART_STATES) if value not in values]
    return Answer(
        among(state.path, values),
        f"{state.where} is {listed(values)}",
        state.count(*values),
        cart=among(state.path, carts) if carts else None,
        watch=state.watch,
    )


def listed(values: list[Any]) -> str:
    return " or ".join(map(str, values))
