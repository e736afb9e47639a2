"""Proposing a mapping: detect, ask what only a human knows, print what can be pasted. No file is touched."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import CommandError

from django_personalize.management.questions import Questions
from django_personalize.management.telling import plural
from django_personalize.shop.detection import lines, proposal, ready, states, tables
from django_personalize.shop.detection.block import block, by_hand, describe, setting
from django_personalize.shop.detection.lines import Sales
from django_personalize.shop.detection.proposal import Proposal
from django_personalize.shop.detection.states import Answer, State

BEGIN = "# --- for the settings: begin " + "-" * 40
END = "# --- for the settings: end " + "-" * 42
NOTHING_FOUND = (
    "No table looks like one of order lines, whose rows lead to a product and to an order.\n"
    "Fill in the lines that are comments, or name the table: --lines app.Model. Where lines keep a product's code\n"
    "instead of its key, or orders keep what was sold as text or JSON, write a subclass of\n"
    'django_personalize.shop.mapping.MappedShop, and name it: "SHOP": "yourshop.personal.YourShop".\n'
    "docs/shop.md has one of either kind to start from."
)


def propose(questions: Questions, stdout: Any, *, label: str = "") -> None:
    """Print the proposal; `label` names the model of the order lines, where a human knows better."""
    adapter = None if label else ready.setting()
    if adapter is not None:
        stdout.write("A ready adapter fits this shop; it needs no mapping.")
        stdout.write(f"\n{BEGIN}\n{setting(adapter)}\n{END}\n")
        return
    chosen = _choose(questions, label)
    if chosen is None:
        stdout.write(f"{NOTHING_FOUND}\n\n{BEGIN}\n{by_hand(proposal.product_alone())}\n{END}\n")
        return
    sales, others = chosen
    guessed = proposal.propose(sales, others=others)
    _tell(stdout, guessed)
    if questions.asks:
        stdout.write("\nAn order row is a sale in some shops, and a cart or an unpaid try in others.")
        sold = _ask(questions, "Which orders count as sold?", guessed.sold, guessed.states)
        back = _ask(
            questions,
            "Which of them were cancelled, or came back, as a whole?",
            guessed.cancelled,
            guessed.states,
            none=True,
        )
        guessed = proposal.propose(sales, others=others, answers=(sold or guessed.sold[0], back))
    stdout.write(f"\n{BEGIN}\n{block(guessed)}\n{END}\n")
    for remark in guessed.remarks:
        stdout.write(remark)
    for other in guessed.others:
        stdout.write(f"{_named(other)} may be the lines as well: --lines {other.model._meta.label}")
    if not questions.asks:
        stdout.write(
            'Which orders count as sold ("placed") was guessed: only you can know. Compare the counts above it.'
        )


def _choose(questions: Questions, label: str) -> tuple[Sales, list[Sales]] | None:
    """Return the table of order lines, and those that may be it as well; None where there is none."""
    found = proposal.candidates()
    close = lines.close(found)
    if label:
        close = [sales for sales in found if sales.model._meta.label_lower == label.lower()]
        if not close:
            known = ", ".join(sales.model._meta.label for sales in found) or "none"
            raise CommandError(f"{_refused(label)} Found: {known}.")
    if not close:
        return None
    chosen = 0
    if len(close) > 1:
        chosen = questions.one("Which table holds the lines of orders?", [_named(sales) for sales in close])
    return close[chosen], [sales for sales in close if sales is not close[chosen]]


def _refused(label: str) -> str:
    try:
        apps.get_model(label)
    except (LookupError, ValueError):
        return f"--lines {label}: there is no such model; wanted app.Model."
    return f"{label} does not lead to both a product and an order, as order lines would."


def _named(sales: Sales) -> str:
    rows = f"{plural(sales.rows, 'row')}" if sales.rows < tables.LIMIT else f"{tables.LIMIT:,} rows or more"
    product, order = sales.link.product._meta.label, sales.order._meta.label
    return f"{sales.model._meta.label} ({rows}), which leads to {product} and {order}"


def _tell(stdout: Any, guessed: Proposal) -> None:
    sales = guessed.sales
    stdout.write(f"Products:     {sales.link.product._meta.label}")
    if sales.link.variants is not None:
        stdout.write(f"Variants:     {sales.link.variants._meta.label}")
    stdout.write(f"Order lines:  {_named(sales)}")
    if any(state.rows == tables.LIMIT for state in guessed.states):
        stdout.write(f"Counts below are of {tables.LIMIT:,} rows of each table, those with the highest keys.")


def _ask(
    questions: Questions, question: str, answers: list[Answer], found: list[State], *, none: bool = False
) -> Answer | None:
    """Ask for one of the guesses, for values that a column has, or, where `none` is one, for nothing."""
    pickable = [state for state in found if state.kind == "state" and len(state.values) > 1]
    choices = [each.words if each.rows is None else f"{each.words} ({plural(each.rows, 'row')})" for each in answers]
    choices += ["none: the shop does not say so"] if none else []
    choices += [f"by its value in {describe(state)}" for state in pickable]
    chosen = questions.one(question, choices) if len(choices) > 1 else 0
    if chosen < len(answers):
        return answers[chosen]
    if chosen < len(choices) - len(pickable):
        return None
    state = pickable[chosen - len(choices)]
    values = [value for value, _said, _rows in state.values]
    said = [f"{label or value} ({plural(rows, 'row')})" for value, label, rows in state.values]
    picked = questions.several(f"Which values of {state.where}?", said)
    return states.answer(state, [values[place] for place in picked])
