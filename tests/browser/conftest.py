"""One served and trained small shop, and a headless Chromium that looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need
from tests.processes import environment, run, web

FILL = """
import django; django.setup()
from django.contrib.auth.models import User
from django_personalize.integrations.cookie_consent import create_groups
from tests.small_shop import fill
fill()
create_groups()
for name in ("customer-1", "customer-2"):
    user = User.objects.get(username=name); user.set_password("pw"); user.save()
"""
COUNT = """
import django, json; django.setup()
from django_personalize.models import Decision, Event, Impression, Visitor
print(json.dumps({
    "visitors": Visitor.objects.count(),
    "views": Event.objects.filter(kind="view_item").count(),
    "linked": Event.objects.filter(visitor__isnull=False).exclude(kind="view_item").count(),
    "decisions": Decision.objects.count(),
    "impressions": Impression.objects.count(),
}))
"""


@dataclass(frozen=True)
class Served:
    base: str
    env: dict[str, str]

    def counts(self) -> dict[str, int]:
        """What the database holds about people, read by a process of its own."""
        import json

        found: dict[str, int] = json.loads(run(COUNT, self.env).splitlines()[-1])
        return found


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state = tmp_path_factory.mktemp("served")
    env = environment(state)
    run(["migrate", "--verbosity", "0"], env)
    run(FILL, env)
    run(["personalize_backfill"], env)
    run(["personalize_train"], env)
    with web(env, state) as base:
        yield Served(base, env)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    need("browser", path is not None, "no chromium on the path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync", "--no-first-run"],
        )  # fmt: skip
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, served: Served) -> Iterator[Any]:
    """A fresh browser profile; any error in a page's console fails the test."""
    context = chromium.new_context(base_url=served.base, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()
