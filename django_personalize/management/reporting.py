"""What a set-up has achieved: orders, buyers, coverage, pages, cart, model, each as the shop itself would count it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.db.models.constants import LOOKUP_SEP
from django.urls import reverse

from django_personalize.capture import page_views
from django_personalize.capture.orders import Reconciled
from django_personalize.conf import settings
from django_personalize.core.tally import Tally
from django_personalize.core.types import Item
from django_personalize.events.vocabulary import PURCHASE
from django_personalize.management.telling import day, plural
from django_personalize.models import Event, ModelVersion
from django_personalize.shop import counts
from django_personalize.shop.items import AMOUNTS
from django_personalize.shop.paths import money
from django_personalize.shop.problems import (
    KEY_TOO_LONG,
    NO_DATE,
    NO_ORDER,
    NO_QUANTITY,
    PRICE_NOT_A_NUMBER,
    PROBLEMS,
    PRODUCT_GONE,
)
from django_personalize.shop.products import MappedProducts

RUNGS = {
    "newest": "new arrivals",
    "popular": "best sellers",
    "neighbours": "what is bought together",
    "factors": "what each shopper is likely to like",
    "ranker": "all of these together, weighed for this shop",
}
"""What each rung of the ladder shows, in words."""
AT_ONCE = 500
LOOKED_AT = 500
"""Products whose prices are looked at: a method that works one out may ask the database for each."""
LEFT_OUT = (NO_ORDER, NO_DATE, NO_QUANTITY, KEY_TOO_LONG)
"""Problems for which a line is not kept."""


def report(stdout: Any, read: Reconciled, version: ModelVersion | str) -> None:
    """Write the report of a set-up that read `read` and trained `version`."""
    stdout.write("")
    stdout.write(f"Orders:         {orders(read)}")
    for line in (*differences(read), *nowhere(read.lines, read.tally)):
        stdout.write(f"                {line}")
    stdout.write(f"Catalogue:      {coverage()}")
    for line in prices():
        stdout.write(f"                {line}")
    stdout.write(f"Product pages:  {pages()}")
    stdout.write(f"Cart:           {cart()}")
    stdout.write(f"Model:          {model(version)}")


def orders(read: Reconciled) -> str:
    """Say what was sold, to how many, and when."""
    told = f"{plural(read.orders, 'order')} with {plural(read.lines, 'line')}"
    own = counts.sold(settings.shop)
    if own is None or own.first is None or own.last is None:
        return f"{told}."
    if own.accounts is not None:
        told += f" of {plural(own.accounts, 'account')}"
        told += f" and {plural(own.guest_orders or 0, 'guest order')}," if own.guest_orders else ","
    returned = f"; {plural(read.refunds, 'line')} cancelled or given back" if read.refunds else ""
    return f"{told} from {day(own.first)} to {day(own.last)}{returned}."


def differences(read: Reconciled) -> list[str]:
    """Say where the shop's own counts and ours part, and why; nothing where they are the same."""
    own, kept = counts.sold(settings.shop), Event.objects.filter(kind=PURCHASE)
    lines, here = settings.shop.count_lines(), kept.count()
    orders = None if own is None else own.orders
    orders_here = None if own is None else kept.values("transaction_id").distinct().count()
    if (lines, orders) == (here, orders_here):
        return []
    told = [f"The shop's own tables say {_sold(lines, orders)}; here are {_sold(here, orders_here)}."]
    reasons = [f"{name} {read.tally.counts[name]:,}" for name in LEFT_OUT if read.tally.counts[name]]
    if reasons:
        told.append(f"What is left out, by name: {', '.join(reasons)}.")
    else:
        told.append("The shop sold or changed something meanwhile, or a run was interrupted: run personalize_sync.")
    return told


def nowhere(lines: int, tally: Tally) -> list[str]:
    """Say that no line at all leads to a product, which is the mapping's fault more often than the shop's."""
    if not lines or tally.counts[PRODUCT_GONE] < lines:
        return []
    return [
        f"Wrong: none of {plural(lines, 'order line')} leads to a product that is there. "
        'ORDER_LINES["item"] must give its primary key, not a number that the shop calls it by.'
    ]


def _sold(lines: int, orders: int | None) -> str:
    return plural(lines, "line") if orders is None else f"{plural(orders, 'order')} with {plural(lines, 'line')}"


def coverage() -> str:
    """Say how much of the catalogue can be shown, and how much somebody has bought."""
    bought = set(Event.objects.filter(kind=PURCHASE).values_list("item_key", flat=True).distinct().iterator())
    keys, shown = catalogue()
    if not keys:
        return "no product."
    told = f"{shown_of(len(keys), shown)}; {100 * len(bought.intersection(keys)) // len(keys)} % have been bought."
    return told if shown else f"{told} {NONE_SHOWN}"


NONE_SHOWN = 'Wrong: no product can be shown now; see PRODUCT["visible"] and ["in_stock"].'


def catalogue() -> tuple[list[str], int]:
    """Return the keys of all products, and how many of them can be shown now."""
    keys = [key for key, *_facts in settings.shop.facts()]
    parts = (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
    return keys, sum(len(settings.shop.sellable(part)) for part in parts)


def prices() -> list[str]:
    """Say of how many of the newest products a price is no number; nothing where all are, or where they have none."""
    shop = settings.shop
    if not isinstance(shop, MappedProducts) or not shop.product.get("model"):
        return []  # an adapter that reads products by no mapping
    newest = shop.newest(LOOKED_AT)
    odd = [item.key for item in newest if not all(_is_number(shop.value(name, item.obj, None)) for name in AMOUNTS)]
    if not odd:
        return []
    among = f"{len(odd):,} of {len(newest):,} products (first: product {odd[0]})"
    return [f"{PRICE_NOT_A_NUMBER}: {among}. {PROBLEMS[PRICE_NOT_A_NUMBER]}"]


def _is_number(value: Any) -> bool:
    return value is None or value == "" or money(value) is not None


def shown_of(total: int, shown: int) -> str:
    return f"{plural(total, 'product')}, {shown:,} can be shown now"


def pages() -> str:
    """Say how product pages are recognised."""
    samples = [list(items) for items in settings.shop.samples(page_views.SAMPLE)]
    told = [_pattern(pattern) for pattern in page_views.learn_all(samples).values()]
    if told:
        return f"recognised by {', and '.join(told)}."
    shown = [item for items in samples for item in items]
    urls = [item.url for item in shown if item.url]
    if not shown:
        return "there is no product to show yet."
    why = f"{urls[0]} does not say which product it shows" if urls else _no_url(shown[0])
    return f'not recognised: {why}. Set PRODUCT["url"], or put {{% personalize_product product %}} on the page.'


def _no_url(item: Item) -> str:
    """Return why a product has no address: what its method or its URL pattern says, where it says anything."""
    given = getattr(settings.shop, "product", {}).get("url")
    ask = getattr(item.obj, "get_absolute_url", None)
    try:
        if isinstance(given, list | tuple):
            reverse(given[0], kwargs={given[1]: attribute(item.obj, given[2])})
        elif given is None and ask is not None and not getattr(ask, "alters_data", False):
            ask()
    except Exception as error:
        # Whatever the shop's method raises is what has to be told.
        name = f'PRODUCT["url"], {given!r},' if given else "get_absolute_url()"
        return f"{name} fails: {type(error).__name__}: {error}"
    return "products have no URL"


def attribute(obj: Any, path: str) -> Any:
    for name in path.split(LOOKUP_SEP):
        obj = getattr(obj, name)
    return obj


def _pattern(pattern: page_views.Pattern) -> str:
    by = f"the field {pattern.field}" if pattern.field else "the key"
    return f'the URL pattern "{pattern.view_name}", whose {pattern.kwarg} is {by}'


def cart() -> str:
    """Say where the cart is read."""
    given = settings.CART or getattr(settings.shop, "CART", None)
    if given:
        return ", else ".join(map(_kind, [given] if isinstance(given, dict) else given)) + "."
    if getattr(settings.shop, "has_cart", False):
        return "read by the adapter."
    return "not known: nobody sees what is added or removed. Set CART; personalize_setup --propose looks for it."


def _kind(spec: dict[str, Any]) -> str:
    if "session" in spec:
        return 'session["{}"]'.format('"]["'.join(spec["session"].split(".")))
    if "cookie" in spec:
        return f'the cookie "{spec["cookie"]}"'
    return f"rows of {spec['model']}" if "model" in spec else f"{spec.get('callable')}()"


def model(version: ModelVersion | str) -> str:
    """Say in words what a training came to: what is shown now, from how much, and what the next step waits for."""
    if isinstance(version, str):
        return version
    told = f"{version.pk} is {version.status} after {version.seconds:.0f} s."
    ladder = version.metrics.get("ladder")
    if version.status != ModelVersion.Status.LIVE or not ladder:
        return f"{told} {version.verdict}"
    told += f" It shows {RUNGS[ladder['rung']]}, learnt from {plural(version.counts.get('lines', 0), 'order line')}."
    following = ladder["next"]
    return told if following is None else f"{told} The next step, {RUNGS[following['rung']]}, {following['why']}."


def version(number: int) -> ModelVersion:
    """Return the version of this number; `CommandError` names those that there are."""
    found = ModelVersion.objects.filter(pk=number).first()
    if found is None:
        newest = ", ".join(str(pk) for pk in ModelVersion.objects.values_list("pk", flat=True)[:5])
        raise CommandError(f"There is no version {number}. The newest are: {newest or 'none yet'}.")
    return found


def went_live(version: ModelVersion, pinned: ModelVersion | None) -> list[str]:
    """Say that `version` is live, where `pinned` was pinned before."""
    told = [f"Version {version.pk} is live. Every web process serves it within seconds."]
    if pinned is not None and pinned.pk != version.pk:
        told.append(f"Version {pinned.pk}, which was pinned, is so no more.")
    if version.pinned:
        told.append(
            "It is pinned: what is learnt from now on becomes a candidate. personalize_promote --unpin ends that."
        )
    return told
