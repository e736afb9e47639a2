"""A test begins with nothing that an earlier one left in this process."""

from __future__ import annotations

from django_personalize.artifacts import store
from django_personalize.capture import carts, findings, page_views
from django_personalize.core import loading
from django_personalize.events import counts
from django_personalize.visitors import cookie


def start_afresh() -> None:
    """Forget what this process remembers of pages, carts, counts, cookies, adapters and the live model.

    The plugin does it before each test. In a plain `TestCase` call it in `setUp`.
    """
    page_views.forget()
    carts.forget()
    findings.forget()
    counts.forget()
    cookie.forget()
    loading.instance.cache_clear()
    store.forget()
