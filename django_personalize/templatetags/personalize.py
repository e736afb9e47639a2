"""{% load personalize %}: placements on the shop's own pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from django_personalize.placements.present import Presented, show

register = template.Library()


@register.simple_tag(takes_context=True)
def you_may_also_like(context: template.Context, item: Any, n: int | None = None, title: str = "") -> Presented:
    """What goes with or instead of `item`, the shop's own product object."""
    return show(_request(context), "you-may-also-like", item=item, n=n, title=title)


@register.simple_tag(takes_context=True)
def frequently_bought_together(
    context: template.Context, item: Any, n: int | None = None, title: str = ""
) -> Presented:
    """What the same baskets held as `item`; nothing where the orders do not show it."""
    return show(_request(context), "frequently-bought-together", item=item, n=n, title=title)


@register.simple_tag(takes_context=True)
def personal_home(context: template.Context, n: int | None = None, title: str = "") -> Presented:
    """The homepage in this shopper's own order, or best sellers in the shop's order for everybody else."""
    return show(_request(context), "personal-home", n=n, title=title)


@register.simple_tag
def personalize_script() -> SafeString:
    """The script that reports which slots were seen; once per page, anywhere in it."""
    try:
        endpoint = reverse("personalize:seen")
    except NoReverseMatch:
        return SafeString("")
    return format_html(
        '<script type="module" src="{}" data-pz-endpoint="{}"></script>',
        static("personalize/personalize.js"),
        endpoint,
    )


def _request(context: template.Context) -> HttpRequest:
    request = context.get("request")
    # Pages rendered without a request (a mail, an error page) are nobody's: they show what is popular.
    return request if isinstance(request, HttpRequest) else HttpRequest()
