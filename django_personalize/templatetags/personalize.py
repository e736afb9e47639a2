"""{% load personalize %}: placements on the shop's own pages, and what these pages tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import template
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from django_personalize.capture import page_views, searches
from django_personalize.capture.drafts import captured_here
from django_personalize.conf import settings
from django_personalize.events.isolation import isolated
from django_personalize.events.vocabulary import CLAIMABLE, SEARCH
from django_personalize.placements.present import Presented, show
from django_personalize.visitors.asking import should_ask

logger = logging.getLogger("django_personalize.templatetags")
register = template.Library()
T = TypeVar("T")


@register.simple_tag(takes_context=True)
def you_may_also_like(
    context: template.Context, item: Any, n: int | None = None, title: str = "", defer: bool = False
) -> Presented:
    """What goes with or instead of `item`, the shop's own product object."""
    return show(_request(context), "you-may-also-like", item=item, n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def frequently_bought_together(
    context: template.Context,
    item: Any = None,
    basket: Iterable[Any] | None = None,
    n: int | None = None,
    title: str = "",
    defer: bool = False,
) -> Presented:
    """What the same baskets held as `item`, as all of `basket`, or without either as the shop's own cart; nothing where
    the orders do not show it.
    """
    return show(
        _request(context), "frequently-bought-together", item=item, basket=basket, n=n, title=title, defer=defer
    )


@register.simple_tag(takes_context=True)
def customers_also_bought(
    context: template.Context, item: Any, n: int | None = None, title: str = "", defer: bool = False
) -> Presented:
    """What those who bought `item` took besides, in the same order and in others."""
    return show(_request(context), "customers-also-bought", item=item, n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def based_on_your_history(
    context: template.Context, n: int | None = None, title: str = "", defer: bool = False
) -> Presented:
    """What this shopper's past suggests; nothing for everybody else."""
    return show(_request(context), "based-on-your-history", n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def recently_viewed(context: template.Context, n: int | None = None, title: str = "", defer: bool = False) -> Presented:
    """What this shopper looked at, last first; nothing for everybody else."""
    return show(_request(context), "recently-viewed", n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def buy_it_again(context: template.Context, n: int | None = None, title: str = "", defer: bool = False) -> Presented:
    """What this shopper bought and is likely to need again by now; nothing for everybody else."""
    return show(_request(context), "buy-it-again", n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def personal_home(context: template.Context, n: int | None = None, title: str = "", defer: bool = False) -> Presented:
    """The homepage in this shopper's own order, or best sellers in the shop's order for everybody else."""
    return show(_request(context), "personal-home", n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def best_sellers(context: template.Context, n: int | None = None, title: str = "", defer: bool = False) -> Presented:
    """What sells now."""
    return show(_request(context), "best-sellers", n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def trending(context: template.Context, n: int | None = None, title: str = "", defer: bool = False) -> Presented:
    """What sells faster these days than it usually does."""
    return show(_request(context), "trending", n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def new_arrivals(context: template.Context, n: int | None = None, title: str = "", defer: bool = False) -> Presented:
    """What the shop has newly got."""
    return show(_request(context), "new-arrivals", n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def placement(
    context: template.Context,
    slug: str,
    item: Any = None,
    basket: Iterable[Any] | None = None,
    n: int | None = None,
    title: str = "",
    defer: bool = False,
) -> Presented:
    """Any placement by its slug: the shipped ones, and one for each of the shop's own `PIPELINES`."""
    return show(_request(context), slug, item=item, basket=basket, n=n, title=title, defer=defer)


@register.simple_tag(takes_context=True)
def personalize_script(context: template.Context, datalayer: bool = False) -> SafeString:
    """The script that reports what is seen and done, and the one that helps rows along: once per page, anywhere in it,
    the same for every visitor.

    With `datalayer` it also reads what the page tells GA4.
    """
    try:
        endpoint = reverse("personalize:events")
    except NoReverseMatch:
        return SafeString("")  # a system check says so
    captured = _safely("personalize_script", lambda: sorted(kind for kind in CLAIMABLE if captured_here(kind)))
    if captured is None:
        return SafeString("")
    attributes = {
        "data-pz-endpoint": endpoint,
        "data-pz-captured": " ".join(captured),
        "data-pz-datalayer": datalayer,
        **(_safely("personalize_script", lambda: _page(_request(context))) or {}),
    }
    return format_html(
        '<script type="module" src="{}"{}></script><script type="module" src="{}" data-pz-placements="{}"></script>',
        static("personalize/personalize.js"),
        flatatt(attributes),
        static("personalize/placement.js"),
        reverse("personalize:placements"),
    )


@register.simple_tag(takes_context=True)
def personalize_product(context: template.Context, product: Any) -> SafeString:
    """Say which product this page is about, where its address does not say so. Shows nothing."""

    def say() -> SafeString:
        item_key, variant_key = settings.shop.item_key(product), settings.shop.variant_key(product)
        page_views.say(_request(context), item_key, variant_key)
        return _mark({"data-pz-item": item_key, "data-pz-variant": variant_key or None})

    return _safely("personalize_product", say) or SafeString("")


@register.simple_tag(takes_context=True)
def personalize_search(context: template.Context, term: Any, results: int | None = None) -> SafeString:
    """Say that this page answers a search for `term`, and how much was found. Shows nothing."""

    def say() -> SafeString:
        words = searches.say(_request(context), str(term or ""), results)
        return _mark({"data-pz-search": words, "data-pz-results": results})

    return _safely("personalize_search", say) or SafeString("")


@register.simple_tag(takes_context=True)
def personalize_ask(context: template.Context) -> bool:
    """Whether a banner should ask: not where the browser signals a no, nor where the shopper chose this visit only."""
    return _safely("personalize_ask", lambda: should_ask(_request(context))) is not False


def _page(request: HttpRequest) -> dict[str, Any]:
    """Return what the address says that this page is about."""
    shown = page_views.shown_by(request)
    about: dict[str, Any] = {}
    if shown is not None:
        about |= {"data-pz-item": shown.item_key, "data-pz-variant": shown.variant_key or None}
    if not captured_here(SEARCH):
        about["data-pz-search"] = searches.searched(request)
    return about


def _mark(attributes: dict[str, Any]) -> SafeString:
    """Return an element that no page shows, and that may stand wherever a tag may."""
    return format_html("<template{}></template>", flatatt(attributes))


def _safely(tag: str, work: Callable[[], T]) -> T | None:
    """Do the tag's work; what goes wrong is logged and costs what the tag prints, never the page."""
    try:
        with isolated():
            return work()
    except Exception:
        logger.exception("tag_failed", extra={"tag": tag})
        return None


def _request(context: template.Context) -> HttpRequest:
    request = context.get("request")
    # Pages rendered without a request (a mail, an error page) are nobody's: they show what is popular.
    return request if isinstance(request, HttpRequest) else HttpRequest()
