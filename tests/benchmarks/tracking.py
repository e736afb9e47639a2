"""What being watched costs a page: the same requests with and without the middleware, in turn, in one process.

    python -m tests.benchmarks.tracking

Every consent check is on: the answers come from django-cookie-consent's own cookie, the visitor from the signed one,
and a view goes into the spool each time. `bare` answers two words; `page` is the example shop's product page without a
placement; `list` its list of a category. A is without, B with; each round runs A, B, A, so that what the machine does
meanwhile hits both, and A against A shows how much that is.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from io import BytesIO
from typing import Any

STATE = tempfile.mkdtemp(prefix="personalize-tracking-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ["EXAMPLE_SHOP_DB"] = f"{STATE}/db.sqlite3"
os.environ["PERSONALIZE_TEST_STATE"] = STATE

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.urls import path  # noqa: E402

from django_personalize.integrations.cookie_consent import create_groups  # noqa: E402
from django_personalize.models import Event  # noqa: E402
from django_personalize.testing.override import override_personalize  # noqa: E402
from example_shop.urls_personal import urlpatterns as shop_urlpatterns  # noqa: E402
from tests.shops import product  # noqa: E402

OURS = "django_personalize.middleware.PersonalizeMiddleware"
ROUNDS, BLOCK = 30, 100


def bare(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse("Nothing here.")


urlpatterns = [path("bare/<slug:slug>/", bare), *shop_urlpatterns]


def handler(middleware: list[str]) -> WSGIHandler:
    with override_settings(MIDDLEWARE=middleware):
        return WSGIHandler()


def ask(app: WSGIHandler, url: str, cookies: str) -> float:
    """Answer one request; the seconds that it took."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": url,
        "SERVER_NAME": "testserver",
        "HTTP_HOST": "testserver",
        "SERVER_PORT": "80",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
        "HTTP_COOKIE": cookies,
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "HTTP_REFERER": "http://testserver/",
    }
    began = time.perf_counter()
    response = app(environ, lambda status, headers: None)
    b"".join(response)
    took = time.perf_counter() - began
    response.close()
    assert response.status_code == 200, (url, response.status_code)
    return took


def measure(url: str, cookies: str, watched: WSGIHandler, plain: WSGIHandler) -> dict[str, float]:
    for app in (plain, watched, plain):
        [ask(app, url, cookies) for _ in range(BLOCK)]
    first, with_us, second = [], [], []
    for _ in range(ROUNDS):
        for app, took in ((plain, first), (watched, with_us), (plain, second)):
            took.append(statistics.median(ask(app, url, cookies) for _ in range(BLOCK)) * 1e6)
    a, b, again = (statistics.median(each) for each in (first, with_us, second))
    ratios = [2 * y / (x + z) for x, y, z in zip(first, with_us, second, strict=True)]
    return {
        "without_us": round(a, 1),
        "with_us": round(b, 1),
        "added_us": round(b - (a + again) / 2, 1),
        "ratio": round(statistics.median(ratios), 3),
        "a_against_a": round(again / a, 3),
    }


def main() -> None:
    call_command("migrate", verbosity=0)
    create_groups()
    for number in range(48):
        lantern = product(f"Lantern {number}")
    settings.ROOT_URLCONF = __name__
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": settings.TEMPLATES[0]["DIRS"][1:]}]  # without our tags
    override_personalize(SINK="django_personalize.events.sinks.SpoolSink", DRAIN="command").enable()
    client = Client()
    client.post("/cookies/accept/", {"all_groups": "true"})
    cookies = "; ".join(f"{name}={client.cookies[name].value}" for name in ("cookie_consent", "pz_vid"))
    watched, plain = handler(settings.MIDDLEWARE), handler([each for each in settings.MIDDLEWARE if each != OURS])
    urls = {"bare": "/bare/x/", "page": lantern.get_absolute_url(), "list": lantern.category.get_absolute_url()}
    found = {name: measure(url, cookies, watched, plain) for name, url in urls.items()}
    before = Event.objects.filter(kind="view_item").count()
    call_command("personalize_drain", verbosity=0)
    found["views_stored"] = {"page": Event.objects.filter(kind="view_item").count() - before}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
