"""Requests that nobody looks at: of crawlers, link previews, monitors and scripts, and of browsers that fetch ahead.

A good guess for honest machines, which say what they are; whoever forges a user agent is held by the other limits. A
crawler gets the page of somebody who is nobody, the same at every visit.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.http import HttpRequest

from django_personalize.capture.refusals import BOT, PREFETCH

LONGEST_READ = 512
"""Characters of a user agent that are looked at, and remembered; a browser's has half as many."""
_MARKS = (
    # What machines call themselves, and the address of their owners that most of them carry.
    "crawl", "spider", "slurp", "scrap", "fetcher", "archiver", "indexer", "validator", "+http",
    # Search and assistants.
    "google-inspectiontool", "googleother", "google-read-aloud", "google-site-verification", "google-safety",
    "google-extended", "google-producer", "google-agent", "google favicon", "mediapartners", "apis-google",
    "bingpreview", "web preview", "yandeximages", "yandexvideo", "yandexmedia", "yandexmetrika", "yandexdirect",
    "duckassist", "chatgpt-user", "oai-search", "perplexity-user", "claude-web", "claude-user", "cohere-ai",
    "mistralai-user",
    # Previews of links.
    "facebookexternalhit", "facebookcatalog", "meta-external", "skypeuripreview", "embedly", "iframely", "vkshare",
    "snap url", "nuzzel", "flipboardproxy", "mattermost", "microsoftpreview", "google-pagerenderer", "outbrain",
    # Monitors and measurements.
    "pingdom", "uptime", "statuscake", "site24x7", "newrelic", "datadog", "gtmetrix", "lighthouse", "pagespeed",
    "page speed", "webpagetest", "catchpoint", "nagios", "check_http", "zabbix", "hetrixtools", "betterstack",
    "better stack", "checkly", "ptst/", "kube-probe", "elb-healthchecker", "googlehc", "monitoring", "monitor/",
    # Browsers that no one sits at.
    "headless", "phantomjs", "slimerjs", "puppeteer", "playwright", "selenium", "webdriver", "jsdom", "htmlunit",
    "splash", "prerender", "rendertron",
    # Scripts. Not the libraries that the shop's own apps are built with: okhttp, CFNetwork, Dart.
    "aiohttp", "httpx", "libwww-perl", "lwp::", "guzzle", "node-fetch", "superagent", "insomnia", "httpie",
    "apache-http", "reqwest", "mechanize", "nikto", "sqlmap", "nmap", "masscan", "zgrab", "nuclei", "wpscan", "httrack",
    "apachebench", "jmeter", "gatling", "locust", "wordpress/", "feedly", "netcraft", "censys", "expanse", "paloalto",
)  # fmt: skip
_STARTS = (
    "whatsapp/", "viber", "line-poker", "tumblr/", "curl", "wget", "python", "go-http", "java/", "java-http", "perl",
    "ruby", "php", "axios", "node/", "undici", "got ", "postman", "scala", "rust", "winhttp", "ab/", "hey/", "k6/",
    "feed", "rss", "monit/",
)  # fmt: skip
_WHOLE = frozenset(["node", "got"])
_BOT = re.compile(r"(?<!cu)bots?(?![a-z])")
"""The word by which most call themselves; Cubot makes telephones."""


def unseen(request: HttpRequest) -> str:
    """Return why nobody looks at what this request asks for: `bot`, `prefetch`; '' where somebody may."""
    if is_bot(request):
        return BOT
    return PREFETCH if is_prefetch(request) else ""


def is_bot(request: HttpRequest) -> bool:
    """Say whether a machine says of itself that it is one. One that says nothing at all is not asked."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    return bool(agent) and _is_bot(agent[:LONGEST_READ])


def is_prefetch(request: HttpRequest) -> bool:
    """Say whether a browser fetches a page that its person may never see."""
    meta = request.META
    purpose = meta.get("HTTP_SEC_PURPOSE") or meta.get("HTTP_PURPOSE") or meta.get("HTTP_X_PURPOSE")
    if not purpose and "HTTP_X_MOZ" not in meta:
        return False
    said = f"{purpose or ''} {meta.get('HTTP_X_MOZ', '')}".lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))


@lru_cache(maxsize=2048)
def _is_bot(agent: str) -> bool:
    agent = agent.lower()
    return (
        any(mark in agent for mark in _MARKS)
        or agent.startswith(_STARTS)
        or agent in _WHOLE
        or ("bot" in agent and _BOT.search(agent) is not None)
    )
