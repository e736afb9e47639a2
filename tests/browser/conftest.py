"""One served and trained small shop, and a headless Chromium that looks at it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
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
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
"""What a browser says that somebody sits at; a headless one says that nobody does, and is left out."""
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

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.env['EXAMPLE_SHOP_DB']}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, values).fetchall()

    def events(self, page: Any, kind: str, *fields: str) -> list[tuple[Any, ...]]:
        """The events of this kind of whoever the page's cookie names, in the order of their time."""
        sql = f"""SELECT {", ".join(fields)} FROM personalize_event
            WHERE visitor_id = ? AND kind = ? ORDER BY occurred_at, id"""
        return self.rows(sql, visitor_of(page), kind)

    def impressions(self, page: Any, *fields: str) -> list[tuple[Any, ...]]:
        sql = f"""SELECT {", ".join(fields)} FROM personalize_impression JOIN personalize_decision
            ON personalize_decision.uid = decision_id WHERE visitor_id = ? ORDER BY slot"""
        return self.rows(sql, visitor_of(page))


def visitor_of(page: Any) -> str:
    """The visitor's id in the page's cookie; an empty text where there is none."""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    return str(cookies.get("pz_vid", "")).partition(".")[0]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state = tmp_path_factory.mktemp("served")
    env = environment(state)
    run(["migrate", "--verbosity", "0"], env)
    run(FILL, env)
    run(["personalize_sync"], env)
    run(["personalize_train"], env)
    with web(env, state) as base:
        yield Served(base, env)


@pytest.fixture(scope="session")
def beacon(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same shop, as it is behind a page cache."""
    env = served.env | {"DJANGO_SETTINGS_MODULE": "tests.browser.beacon_settings"}
    with web(env, tmp_path_factory.mktemp("beacon")) as base:
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
                  "--disable-component-update", "--disable-sync", "--no-first-run",
                  f"--user-agent={PERSON}"],  # what a page sends on leaving does not know what its context calls itself
        )  # fmt: skip
        yield browser
        browser.close()


def opened(chromium: Any, base: str, *, tolerate: str = "\0") -> Iterator[Any]:
    """A page in a fresh browser profile; any error in its console fails the test, but for one that says `tolerate`."""
    context = chromium.new_context(base_url=base, viewport={"width": 1280, "height": 900}, user_agent=PERSON)
    context.set_default_timeout(10_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert [error for error in errors if tolerate not in error] == []


@pytest.fixture
def page(chromium: Any, served: Served) -> Iterator[Any]:
    yield from opened(chromium, served.base)


@pytest.fixture
def page_without_network(chromium: Any, served: Served) -> Iterator[Any]:
    """One whose requests may fail, which the browser's console reports."""
    yield from opened(chromium, served.base, tolerate="Failed to load resource")


@pytest.fixture
def cached_page(chromium: Any, beacon: Served) -> Iterator[Any]:
    yield from opened(chromium, beacon.base)


@pytest.fixture
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()
