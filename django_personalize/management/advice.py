"""What to do about a kind of event that nobody has seen yet: the likely cause first, and the line to add."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings as django_settings

from django_personalize.capture import page_views, searches
from django_personalize.capture.drafts import captured_here
from django_personalize.conf import settings
from django_personalize.core.types import Purpose
from django_personalize.events.vocabulary import (
    ADD_TO_CART,
    CART_KINDS,
    LOGIN,
    PURCHASE,
    REFUND,
    REMOVE_FROM_CART,
    SEARCH,
    SELECT_ITEM,
    USER_ENGAGEMENT,
    VIEW_ITEM,
    VIEW_ITEM_LIST,
)
from django_personalize.management.standing import MIDDLEWARE
from django_personalize.models import Event, Visitor

EXPECTED = (VIEW_ITEM, ADD_TO_CART, REMOVE_FROM_CART, SEARCH, LOGIN, PURCHASE, REFUND, VIEW_ITEM_LIST, SELECT_ITEM,
            USER_ENGAGEMENT)  # fmt: skip
"""Kinds that are captured without a line in the shop's code; the others exist where the shop tells them."""
TOLD_BY_SCRIPT = {VIEW_ITEM_LIST, SELECT_ITEM, USER_ENGAGEMENT}
SCRIPT = "Put {% load personalize %}{% personalize_script %} into the base template, once."


def advice(missing: set[str]) -> Iterator[str]:
    """Yield what stands in the way of several kinds, then a line for each expected kind in `missing`."""
    if missing - {PURCHASE, REFUND} and (nobody := _nobody()):
        yield nobody
    if missing >= TOLD_BY_SCRIPT:
        yield f"The script was not heard. {SCRIPT}"
    for kind in EXPECTED:
        if kind in missing:
            yield f"{kind}: {_about(kind)}"
    if told_by_shop := sorted(missing - set(EXPECTED)):
        yield f"Only where the shop tells them, by track() or the data layer: {', '.join(told_by_shop)}."


def _nobody() -> str:
    """Return why nothing of any browser can be there."""
    if MIDDLEWARE not in django_settings.MIDDLEWARE:
        return f'Add "{MIDDLEWARE}" to MIDDLEWARE, last: without it nothing of a browser is captured.'
    granting = (Visitor.objects.granting(purpose).exists() for purpose in (Purpose.PERSONALIZATION, Purpose.ANALYTICS))
    if not any(granting):
        return "No browser says yes: open the shop, and agree to the banner. Without a yes nothing is recorded."
    return ""


def _about(kind: str) -> str:
    if kind in (PURCHASE, REFUND):
        return _order(kind)
    if kind in CART_KINDS:
        return _cart(kind)
    return {VIEW_ITEM: _view, SEARCH: _search}[kind]() if kind in (VIEW_ITEM, SEARCH) else PLAIN[kind]


PLAIN = {
    LOGIN: "log in.",
    VIEW_ITEM_LIST: "open a page with {% you_may_also_like product %} or another row, and scroll to it.",
    SELECT_ITEM: "follow a product of such a row.",
    USER_ENGAGEMENT: "stay on a page for some seconds, then leave it.",
}


def _view() -> str:
    if not captured_here(VIEW_ITEM):
        return f"open a product's page. CAPTURE is {settings.CAPTURE!r}, so the script tells it: {SCRIPT}"
    if not page_views.learn_all([list(items) for items in settings.shop.samples(page_views.SAMPLE)]):
        return (
            'no URL pattern of product pages is known. Set PRODUCT["url"] = (view name, argument, field), or put '
            "{% personalize_product product %} into the template of the page."
        )
    return "open a product's page. It must answer 200 with HTML."


def _search() -> str:
    names = ", ".join(settings.SEARCH.get("params", searches.PARAMS))
    told = f'search for something. The address must name the words {names}; else set "SEARCH": {{"params": ("name",)}}.'
    return (
        told if captured_here(SEARCH) else f"{told} CAPTURE is {settings.CAPTURE!r}, so the script tells it: {SCRIPT}"
    )


def _cart(kind: str) -> str:
    if not captured_here(kind):
        return "the cart is not known. Set CART; manage.py personalize_setup --propose looks for it."
    if kind == REMOVE_FROM_CART:
        return "take something out of the cart."
    return "put something into the cart. What was in it before the first yes counts as seen already."


def _order(kind: str) -> str:
    if kind == PURCHASE and not Event.objects.filter(kind=PURCHASE).exists() and settings.shop.count_lines():
        return "the shop has orders that were never read: run manage.py personalize_sync."
    if kind == PURCHASE:
        return 'place an order. It counts once ORDER_LINES["placed"] is true of it.'
    return (
        'cancel an order, or a part of it. What counts is ORDER_LINES["cancelled"] and ["cancelled_qty"]; what no '
        "request of the shop changed is found by manage.py personalize_sync."
    )
