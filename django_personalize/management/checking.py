"""`personalize_setup --check`: what is set, what is missing, what is wrong; nothing is changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core import checks
from django.db import transaction

from django_personalize.conf import settings
from django_personalize.core.tally import Tally
from django_personalize.exceptions import PersonalizeError
from django_personalize.management import reporting
from django_personalize.management.carting import readable
from django_personalize.management.progress import Progress
from django_personalize.management.telling import NEXT_IS_SETUP, described, errors, found, plural, problems, said
from django_personalize.management.writable import unwritable
from django_personalize.shop.items import is_code
from django_personalize.shop.mapping import MappedShop
from django_personalize.shop.paths import expression
from django_personalize.shop.vocabulary import CONDITIONS

OPTIONAL = {
    "PRODUCT": ("price", "currency", "image", "category", "brand", "created", "visible", "in_stock"),
    "ORDER_LINES": ("qty", "price", "currency", "user", "placed", "cancelled"),
}
"""What a shop that leaves it out may have forgotten."""
NO_VALUES = ("model", "variant", "group", "attributes", "url", "also_watch", "scope")
"""Keys of the mappings that no column is read by, or not by itself."""
SAMPLE = 5


def check(stdout: Any) -> bool:
    """Write the findings; return whether nothing is wrong. What the reading logs is told at the end."""
    with heard() as records:
        good = _check(stdout)
    for line in dict.fromkeys(map(_logged, records)):
        stdout.write(f"Logged while reading: {line}")
    return good


def _check(stdout: Any) -> bool:
    try:
        messages = found()
    except Exception as error:
        # A mapping may be anything; whatever it makes a check raise is an answer too.
        stdout.write(f"Wrong: the settings cannot be checked: {_raised(error)}")
        return False
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
    told = [_read(stdout, part) for part in (_mapped, _cart, _catalogue, _orders, _pages, _artifacts)]
    return all(told)


def _read(stdout: Any, part: Callable[[Any], bool]) -> bool:
    """Write what one part says; return whether nothing is wrong with it."""
    try:
        with transaction.atomic():
            return part(stdout)
    except PersonalizeError as error:
        stdout.write(f"Wrong: {error}")
    except Exception as error:
        # The shop's tables by the shop's mapping: anything may be raised, and a check must answer.
        stdout.write(f"Wrong: {culprit() or SETTINGS[part]} cannot be read: {_raised(error)}")
    return False


def _raised(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def culprit() -> str:
    """Return the first mapped value that the database refuses by itself, as its setting is written; '' for none."""
    shop = settings.shop
    if not isinstance(shop, MappedShop):
        return ""
    for name, mapping, rows in (
        ("PRODUCT", shop.product, lambda: shop.model._base_manager.all()),
        ("ORDER_LINES", shop.line, lambda: shop.line_model._base_manager.all()),
    ):
        for key, value in mapping.items():
            read_in_hand = name == "PRODUCT" and isinstance(value, str)
            if value is None or key in NO_VALUES or read_in_hand or is_code(value) or isinstance(value, list | tuple):
                continue
            try:
                with transaction.atomic():
                    asked = rows()
                    asked = asked.filter(value) if key in CONDITIONS else asked.annotate(asked=expression(value))
                    list(asked.values_list("pk", *(() if key in CONDITIONS else ("asked",)))[:1])
            except Exception:
                # This is what is looked for.
                return f'PERSONALIZE["{name}"]["{key}"]'
    return ""


def _mapped(stdout: Any) -> bool:
    shop = settings.shop
    _told(stdout, "PRODUCT", getattr(shop, "product", settings.PRODUCT))
    if isinstance(shop, MappedShop) and type(shop).lines is not MappedShop.lines and not shop.line:
        stdout.write("ORDER_LINES: read by the adapter.")
    else:
        _told(stdout, "ORDER_LINES", getattr(shop, "line", settings.ORDER_LINES))
    return True


def _told(stdout: Any, name: str, mapping: Mapping[str, Any]) -> None:
    """Write what a mapping, the settings' or an adapter's own, says and leaves out."""
    given = [key for key, value in mapping.items() if value is not None]
    missing = [key for key in OPTIONAL[name] if key not in given]
    stdout.write(f"{name}: {', '.join(given) or 'empty'}" + (f"; not said: {', '.join(missing)}" if missing else ""))


def _cart(stdout: Any) -> bool:
    stdout.write(f"Cart: {reporting.cart()}")
    for line in readable():
        stdout.write(f"    {line}")
    return True


def _catalogue(stdout: Any) -> bool:
    keys, shown = reporting.catalogue()
    settings.shop.newest(SAMPLE)  # reads every value of some
    stdout.write(f"Catalogue: {reporting.shown_of(len(keys), shown)}.")
    for line in reporting.prices():
        stdout.write(f"  {line}")
    if keys and not shown:
        stdout.write(reporting.NONE_SHOWN)
    return bool(shown or not keys)


def _pages(stdout: Any) -> bool:
    stdout.write(f"Product pages: {reporting.pages()}")
    return True


def _orders(stdout: Any) -> bool:
    """Read what a back-fill would read, and write nothing of it down."""
    tally, orders, lines = Tally(), set[str](), 0
    with Progress(stdout, "Order lines") as progress:
        total = settings.shop.count_lines()
        for line in settings.shop.lines(tally=tally):
            lines += 1
            orders.add(line.order_key)
            if lines % 10_000 == 0:
                progress.update(lines, total)
        if stdout.isatty():
            progress.update(lines, lines)
    stdout.write(f"Orders: {plural(len(orders), 'order')} with {plural(lines, 'line')} count as sold.")
    for problem in problems(tally):
        stdout.write(problem)
    shop = settings.shop
    wrong = reporting.nowhere(lines, tally)
    for said_of_all in wrong:
        stdout.write(said_of_all)
    there = shop.line_queryset().count() if not lines and isinstance(shop, MappedShop) and shop.line else total
    if lines or not there:
        return not wrong
    why = "" if total else ', since ORDER_LINES["placed"] is true of none'
    stdout.write(f"Wrong: 0 of {plural(there, 'order line')} can be used{why}.")
    return False


def _artifacts(stdout: Any) -> bool:
    if why := unwritable():
        stdout.write(f"Wrong: {why}")
    return not why


SETTINGS: dict[Callable[[Any], bool], str] = {
    _mapped: 'PERSONALIZE["PRODUCT"] or ["ORDER_LINES"]',
    _cart: 'PERSONALIZE["CART"]',
    _catalogue: 'PERSONALIZE["PRODUCT"]',
    _pages: 'PERSONALIZE["PRODUCT"]["url"]',
    _orders: 'PERSONALIZE["ORDER_LINES"]',
    _artifacts: 'PERSONALIZE["ARTIFACTS"]',
}
"""What each part reads by."""


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def heard() -> Iterator[list[logging.LogRecord]]:
    """Keep what we log meanwhile out of the report's lines; the value has it afterwards."""
    logger, kept = logging.getLogger("django_personalize"), _Kept()
    before, logger.handlers, logger.propagate = (logger.handlers, logger.propagate), [kept], False
    try:
        yield kept.records
    finally:
        logger.handlers, logger.propagate = before


def _logged(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return record.getMessage() + (f": {type(error).__name__}: {error}" if error is not None else "")
