"""The proposal as a block of Python, ready to paste into the settings, with what was guessed beside each line."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from django_personalize.shop.detection import tables
from django_personalize.shop.detection.catalogue import Guess
from django_personalize.shop.detection.proposal import Proposal
from django_personalize.shop.detection.source import imports, source
from django_personalize.shop.detection.states import State

WIDTH = 110
ORDER_LINES = """\
    # No order lines were found: name the table whose rows lead to a product and to an order.
    # "ORDER_LINES": {
    #     "model": "shop.OrderLine",
    #     "item": "product_id",  # each is a path from a row of this model
    #     "order": "order_id",
    #     "date": "order__created",
    #     "qty": "quantity",
    #     "price": "price",  # of a piece
    #     "user": "order__user_id",
    #     "placed": Q(order__paid=True),  # which of them were sold
    # },"""
PRODUCT = """\
    # No products were found: name the model.
    # "PRODUCT": {
    #     "model": "shop.Product",
    #     "title": "name",
    #     "price": "price",
    #     "currency": "EUR",
    #     "image": "image",
    #     "category": "category__name",
    #     "visible": Q(is_visible=True),
    # },"""
CART = '    # "CART": {"session": "cart"},  # no cart was found: say where it is kept'
MISSING = {"currency": ('"EUR"', "no currency was found: name yours")}


def block(proposal: Proposal) -> str:
    """Return the whole setting as source. It runs as it stands; a piece that was not found is there as a comment."""
    body = [
        "PERSONALIZE = {",
        *_mapping("PRODUCT", _with_missing(proposal.product, "price")),
        *_mapping("ORDER_LINES", _with_missing(proposal.lines, "price"), _states(proposal.states)),
    ]
    body += [f"    # {line}" for remark in proposal.about_cart for line in wrap(remark, WIDTH - 6)]
    if proposal.cart:
        value = proposal.cart[0] if len(proposal.cart) == 1 else proposal.cart
        body += _value("CART", Guess(value), "    ")
    else:
        body.append(CART)
    if proposal.scope:
        body.append(f'    "SCOPE": {source(proposal.scope)},')
    return _whole(body)


def by_hand(product: dict[str, Guess] | None) -> str:
    """Return the setting of a shop of which no order lines, or nothing at all, were found: what to fill in."""
    body = [*_mapping("PRODUCT", _with_missing(product, "price"))] if product else PRODUCT.split("\n")
    return _whole(["PERSONALIZE = {", *body, *ORDER_LINES.split("\n"), CART])


def _whole(body: list[str]) -> str:
    text = "\n".join([*body, "}"])
    return "\n".join([*imports(text), "", text] if imports(text) else [text])


def setting(value: dict[str, Any]) -> str:
    """Return a whole setting that needs no explanation, a key a line."""
    return "\n".join(["PERSONALIZE = {", *(f"    {source(key)}: {source(held)}," for key, held in value.items()), "}"])


def _with_missing(pieces: dict[str, Guess], before: str) -> Iterator[tuple[str, Guess | None]]:
    """Put the currency, where none was found, behind the price."""
    for name, guess in pieces.items():
        yield name, guess
        if name == before and "currency" not in pieces:
            yield "currency", None


def _mapping(name: str, pieces: Iterator[tuple[str, Guess | None]], states: list[str] | None = None) -> Iterator[str]:
    yield f'    "{name}": {{'
    for key, guess in pieces:
        if key == "placed" and states:
            yield from states
        if guess is None:
            value, note = MISSING[key]
            yield f'        # "{key}": {value},  # {note}'
        else:
            yield from _value(key, guess, "        ")
    yield "    },"


def _value(key: str, guess: Guess, indent: str) -> Iterator[str]:
    note = f"  # {guess.note}" if guess.note else ""
    if guess.value is None:
        yield f'{indent}# "{key}": ...,{note}'
        return
    line = f'{indent}"{key}": {source(guess.value)},'
    if len(line) + len(note) <= WIDTH:
        yield line + note
        return
    if guess.note:
        yield f"{indent}# {guess.note}"
    yield from [line] if len(line) <= WIDTH else _broken(key, guess.value, indent)


def _broken(key: str, value: object, indent: str) -> Iterator[str]:
    """Write a long dict or list with an element a line."""
    if isinstance(value, dict):
        yield f'{indent}"{key}": {{'
        for name, held in value.items():
            yield f"{indent}    {source(name)}: {source(held)},"
        yield f"{indent}}},"
    elif isinstance(value, list):
        yield f'{indent}"{key}": ['
        for held in value:
            yield f"{indent}    {source(held)},"
        yield f"{indent}],"
    else:
        yield f'{indent}"{key}": {source(value)},'


def _states(states: list[State]) -> list[str]:
    told = [describe(state) for state in states if state.values]
    return [f"        # {line}" for said in told for line in wrap(said, WIDTH - 10, subsequent_indent="  ")]


def describe(state: State) -> str:
    """Return what a column holds, as a human reads it: each value with its rows."""
    often = ", ".join(f"{_said(state, value, label)} {count:,}" for value, label, count in state.values)
    among = f"of {state.rows:,}" if state.rows < tables.LIMIT else f"of {tables.LIMIT:,} rows that were looked at"
    return f"{state.where}, {among}: {often}"


def _said(state: State, value: object, label: str) -> str:
    if state.kind == "date":
        return "set" if value else "empty"
    if state.kind == "flag":
        return {True: "true", False: "false"}.get(value is True, str(value)) if value is not None else "empty"
    if value in ("", None):
        return "empty"
    return f"{value} ({label})" if label and label.lower() != str(value).lower() else str(value)
