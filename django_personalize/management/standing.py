"""How things stand: consent, pages, cart, searches, script, orders, model, findings; counts and keys only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.urls import Resolver404, get_script_prefix, resolve

from django_personalize.artifacts import store
from django_personalize.capture import page_views, searches
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.types import Purpose
from django_personalize.events.vocabulary import PURCHASE, USER_ENGAGEMENT
from django_personalize.management import reporting
from django_personalize.management.captured import ago
from django_personalize.management.carting import readable
from django_personalize.management.reporting import RUNGS
from django_personalize.management.telling import day, plural
from django_personalize.models import Event, Finding, Impression, ModelVersion, Visitor
from django_personalize.shop import counts
from django_personalize.shop.problems import PROBLEMS

WEEK = timedelta(days=7)
PAGES = 5
"""Product pages that are tried."""
MIDDLEWARE = "django_personalize.middleware.PersonalizeMiddleware"


def standing() -> Iterator[str]:
    """Yield a line for each part of the set-up, and one for each sample page."""
    yield f"Consent:        {_consent()}"
    yield f"Product pages:  {reporting.pages()}"
    yield from (f"                {line}" for line in sample_pages())
    yield from (f"Prices:         {line}" for line in reporting.prices())
    yield f"Cart:           {reporting.cart()}"
    yield from (f"                {line}" for line in readable())
    yield f"Searches:       {_searches()}"
    yield f"Script:         {_script()}"
    yield f"Middleware:     {_middleware()}"
    yield f"Orders, 7 days: {_orders()}"
    yield f"Model:          {_model()}"


def _consent() -> str:
    purposes = (Purpose.PERSONALIZATION, Purpose.ANALYTICS)
    granting = [f"{Visitor.objects.granting(purpose).count():,} to {purpose}" for purpose in purposes]
    return f"browsers that say yes: {', '.join(granting)}."


def sample_pages() -> Iterator[str]:
    """Yield the pages of a few products, each with the product that the capture takes it for."""
    samples = [list(items) for items in settings.shop.samples(page_views.SAMPLE)]
    for item in [item for items in samples for item in items][:PAGES]:
        if item.url:
            shown = _shown_at(item.url)
            right = "" if shown == item.key else f", but it is {item.key}"
            yield f"{item.url} shows {shown or 'nothing that is known'}{right}"


def _shown_at(url: str) -> str | None:
    """Return the item that a request of this address would count as a view of."""
    request = HttpRequest()
    request.method = "GET"
    request.path = request.path_info = f"/{unquote(urlsplit(url).path).removeprefix(get_script_prefix())}"
    try:
        request.resolver_match = resolve(request.path_info)
    except Resolver404:
        return None
    return page_views.item_of(request)


def _searches() -> str:
    names = ", ".join(settings.SEARCH.get("params", searches.PARAMS))
    return f"the words behind {names} in an address; with how many were found where the view's paginator says it."


def _script() -> str:
    latest = [
        Event.objects.filter(kind=USER_ENGAGEMENT)
        .order_by("-occurred_at")
        .values_list("occurred_at", flat=True)
        .first(),
        Impression.objects.order_by("-pk").values_list("seen_at", flat=True).first(),
    ]
    heard = max((moment for moment in latest if moment), default=None)
    return (
        f"last heard {ago(heard)}." if heard else "never heard: {% personalize_script %} belongs on every page, once."
    )


def _middleware() -> str:
    order = list(django_settings.MIDDLEWARE)
    if MIDDLEWARE not in order:
        return f'missing: add "{MIDDLEWARE}" to MIDDLEWARE, last.'
    return f"at place {order.index(MIDDLEWARE) + 1} of {len(order)}."


def _orders() -> str:
    since = clock.now() - WEEK
    ours = Event.objects.filter(kind=PURCHASE, occurred_at__gte=since)
    lines, kept = settings.shop.count_lines(since=since), ours.count()
    own = counts.sold(settings.shop, since=since)
    theirs = plural(lines, "line")
    if own is not None:
        theirs = f"{plural(own.orders, 'order')} with {theirs}"
    here = f"{plural(ours.values('transaction_id').distinct().count(), 'order')} with {plural(kept, 'line')}"
    hint = "" if lines == kept else ". They differ: run manage.py personalize_sync, and look at the findings"
    return f"{theirs} in the shop, {here} here{hint}."


def _model() -> str:
    live = ModelVersion.objects.filter(status=ModelVersion.Status.LIVE).first()
    if live is None:
        return "none is live: best sellers and new arrivals serve. Run manage.py personalize_train."
    loaded = store.live()
    if loaded is None or loaded.number != live.pk:
        return f"{live.pk} is live, but its files cannot be read here: see ARTIFACTS."
    return f"{live.pk} is live since {day(live.promoted_at or live.created_at)}; it shows {RUNGS[loaded.rung]}."


def findings(days: int = 7) -> Iterator[str]:
    """Yield what could not be read of the shop lately, by day and name, with what it means."""
    recent = Finding.objects.filter(day__gt=clock.now().date() - timedelta(days=days))
    for row in recent.order_by("-day", "reason"):
        where = f" ({row.sample})" if row.sample else ""
        yield f"  {row.day} {row.reason}: {row.count:,}{where}. {PROBLEMS.get(row.reason, '')}".rstrip()
