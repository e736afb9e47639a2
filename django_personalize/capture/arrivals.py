"""Whence a visit comes and on what kind of device, told by two short words: no address and no user agent is kept."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase

from django_personalize.core import clock
from django_personalize.core.text import impersonal
from django_personalize.models import Visitor

CAMPAIGN_LENGTH = 64
SEARCH_SITES = ("google", "bing", "duckduckgo", "yahoo", "yandex", "ecosia", "baidu", "qwant", "startpage", "brave")
SOCIAL_SITES = (
    "facebook",
    "instagram",
    "t.co",
    "twitter",
    "x.com",
    "linkedin",
    "lnkd.in",
    "pinterest",
    "reddit",
    "tiktok",
    "youtube",
    "t.me",
    "telegram",
    "vk.com",
    "ok.ru",
    "whatsapp",
    "threads",
)
MAIL_SITES = ("mail.", "outlook.", "webmail.", "e.mail.")
CLICK_IDS = ("gclid", "msclkid", "fbclid", "yclid", "dclid")
MAIL_MEDIA = ("email", "e-mail", "mail", "newsletter")


def device_of(request: HttpRequest) -> str:
    """Return 'mobile', 'tablet', 'desktop', or '' where the browser does not say."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    if not agent:
        return ""
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and "Mobile" not in agent):
        return "tablet"
    if request.META.get("HTTP_SEC_CH_UA_MOBILE") == "?1" or "Mobi" in agent:
        return "mobile"
    return "desktop"


def note_arrival(request: HttpRequest, response: HttpResponseBase, visitor_id: UUID) -> None:
    """Keep with the visitor how this visit began, where this page is how it began: one query then, none otherwise."""
    if request.method != "GET" or not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    found = arrival_of(request)
    if found is None:
        return
    referrer, campaign = found
    visitor = Visitor.objects.filter(pk=visitor_id, paused_at=None)
    visitor.update(referrer=referrer, campaign=campaign, arrived_at=clock.now())


def arrival_of(request: HttpRequest) -> tuple[str, str] | None:
    """Return (kind of referrer, campaign) of a page that was reached from outside; None for a step within the shop."""
    if request.META.get("QUERY_STRING"):
        medium = request.GET.get("utm_medium", "").lower()
        campaign = impersonal(request.GET.get("utm_campaign", ""))[:CAMPAIGN_LENGTH]
        if medium in MAIL_MEDIA:
            return "mail", campaign
        if campaign or request.GET.get("utm_source") or any(name in request.GET for name in CLICK_IDS):
            return "campaign", campaign
    host = _host(request.META.get("HTTP_REFERER", ""))
    if not host:
        # Without a referrer only the browser itself can say that the address was typed or bookmarked.
        return ("direct", "") if request.META.get("HTTP_SEC_FETCH_SITE") == "none" else None
    own = _host_of(f"//{request.META.get('HTTP_HOST', '')}")
    if host == own:
        return None
    own = request.get_host().partition(":")[0].lower().removeprefix("www.")  # which proxies may name in another header
    return None if host == own else (_kind(host), "")


def _kind(host: str) -> str:
    if host.startswith(MAIL_SITES):
        return "mail"
    labels = set(host.split("."))
    for kind, sites in (("search", SEARCH_SITES), ("social", SOCIAL_SITES)):
        if any(site in labels or host == site or host.endswith(f".{site}") for site in sites):
            return kind
    return "referral"


def _host(url: str) -> str:
    return _host_of("/".join(url.split("/", 3)[:3])) if url else ""


@lru_cache(maxsize=1024)
def _host_of(origin: str) -> str:
    try:
        return (urlsplit(origin).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""
