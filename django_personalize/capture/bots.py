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
_WORDS = (
    # What machines call themselves, and the address of their owners that most of them carry.
    r"(?<!cu)bots?(?![a-z])|crawl|spider|slurp|scrap|fetcher|archiver|indexer|validator|checker\b|\+https?://"
    # Search and assistants.
    r"|google-?(?:other|inspectiontool|read-aloud|site-verification|safety|extended|producer|agent|web-?light)"
    r"|google favicon|mediapartners|apis-google|bingpreview|baiduspider|yandex(?:images|video|media|metrika|direct)"
    r"|duckassist|chatgpt-user|oai-search|perplexity-user|claude-(?:web|user)|cohere-ai|mistralai-user|bytespider"
    # Previews of links.
    r"|facebookexternalhit|facebookcatalog|meta-external|^whatsapp/|skypeuripreview|embedly|iframely|vkshare|snap url"
    r"|^viber|telegrambot|nuzzel|flipboardproxy|tumblr/|redditbot|bitlybot|mattermost|microsoftpreview|^line-poker"
    r"|google-pagerenderer|outbrain"
    # Monitors and measurements.
    r"|pingdom|uptime|statuscake|site24x7|newrelic|datadog|gtmetrix|lighthouse|page ?speed|webpagetest|catchpoint"
    r"|nagios|check_http|zabbix|hetrixtools|better ?stack|checkly|ptst/|kube-probe|elb-healthchecker|googlehc"
    r"|monitoring|monitor/|\bmonit\b|web preview"
    # Browsers that no one sits at.
    r"|headless|phantomjs|slimerjs|puppeteer|playwright|selenium|webdriver|jsdom|htmlunit|splash|prerender|rendertron"
    # Scripts. Not the libraries that the shop's own apps are built with: okhttp, CFNetwork, Dart.
    r"|^curl|^wget|^python|aiohttp|httpx|^go-http|^java/|^java-http|libwww-perl|lwp::|^perl|^ruby|^php|guzzle|^axios"
    r"|node-?fetch|^node\b|undici|^got\b|superagent|^postman|insomnia|httpie|apache-http|^scala|^rust|reqwest|^winhttp"
    r"|mechanize|nikto|sqlmap|nmap|masscan|zgrab|nuclei|wpscan|httrack|^ab/|apachebench|^hey/|^k6/|jmeter|gatling|locust"
    r"|wp(?:rocket|-super)|wordpress/|^feed|feedly|^rss|netcraft|censys|expanse|paloalto"
)
_BOT = re.compile(_WORDS)


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
    return _BOT.search(agent.lower()) is not None
