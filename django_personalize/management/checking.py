"""`personalize_setup --check`: what is set, what is missing, what is wrong; nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core import checks

from django_personalize.conf import settings
from django_personalize.core.tally import Tally
from django_personalize.exceptions import PersonalizeError
from django_personalize.management import reporting
from django_personalize.management.progress import Progress
from django_personalize.management.telling import NEXT_IS_SETUP, described, errors, found, plural, problems, said

OPTIONAL = {
    "PRODUCT": ("price", "currency", "image", "category", "brand", "created", "visible", "in_stock"),
    "ORDER_LINES": ("qty", "price", "currency", "user", "placed", "cancelled"),
}
"""What a shop that leaves it out may have forgotten."""


def check(stdout: Any) -> bool:
    """Write the findings; return whether nothing is wrong."""
    messages = found()
    wrong = errors(messages)
    for title, some in (("Wrong", wrong), ("To look at", [each for each in messages if each.level == checks.WARNING])):
        if some:
            stdout.write(f"{title}:")
            for message in some:
                stdout.write(said(message))
    if not described():
        stdout.write(f"Nothing is known of the shop. {NEXT_IS_SETUP}")
        return False
    if wrong:
        return False
    for name, own in (("PRODUCT", "product"), ("ORDER_LINES", "line")):
        _told(stdout, name, getattr(settings.shop, own, getattr(settings, name)))
    stdout.write(f"Cart: {reporting.cart()}")
    return _reads(stdout)


def _told(stdout: Any, name: str, mapping: Mapping[str, Any]) -> None:
    """Write what a mapping, the settings' or an adapter's own, says and leaves out."""
    given = [key for key, value in mapping.items() if value is not None]
    missing = [key for key in OPTIONAL[name] if key not in given]
    stdout.write(f"{name}: {', '.join(given) or 'empty'}" + (f"; not said: {', '.join(missing)}" if missing else ""))


def _reads(stdout: Any) -> bool:
    """Read what a back-fill would read, and write nothing of it down."""
    tally, orders, lines = Tally(), set[str](), 0
    try:
        with Progress(stdout, "Order lines") as progress:
            total = settings.shop.count_lines()
            for line in settings.shop.lines(tally=tally):
                lines += 1
                orders.add(line.order_key)
                if lines % 10_000 == 0:
                    progress.update(lines, total)
            progress.update(lines, lines)
        products = sum(1 for _facts in settings.shop.facts())
        shown = bool(settings.shop.newest(1))
        pages = reporting.pages()
    except PersonalizeError as error:
        stdout.write(f"Wrong: {error}")
        return False
    stdout.write(f"Catalogue: {plural(products, 'product')}.")
    if products and not shown:
        stdout.write('Wrong: no product can be shown now; see PRODUCT["visible"] and ["in_stock"].')
    stdout.write(f"Orders: {plural(len(orders), 'order')} with {plural(lines, 'line')} count as sold.")
    stdout.write(f"Product pages: {pages}")
    for problem in problems(tally):
        stdout.write(problem)
    return shown or not products
