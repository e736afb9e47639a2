"""Looks at what was installed, not at what was asked for. `python .ci/probe.py base|demo|test|report`"""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, files
from importlib.util import find_spec
from pathlib import Path

FORKS = ("lightfm-next", "rectools-lightfm", "lightfm")


def installed(name: str) -> str | None:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None


def check(claim: str, holds: bool) -> None:
    print(f"{'ok ' if holds else 'NOT'} {claim}")
    if not holds:
        sys.exit(1)


def installation(kind: str) -> None:
    forks = [name for name in FORKS if installed(name)]
    print(sys.version.split()[0], {name: installed(name) for name in (*FORKS, "django", "numpy", "scipy")})
    wheels = sys.version_info >= (3, 12)
    check("no two distributions share the import path of LightFM", len(forks) <= 1)
    if kind == "base":
        check(
            "LightFM came by itself where a wheel fits, and nowhere else", forks == (["lightfm-next"] if wheels else [])
        )
    else:
        check("LightFM is there", len(forks) == 1)
    names = {str(path) for path in files("django-personalize") or []}
    tops = {name.split("/")[0] for name in names if not name.startswith("..")}
    check(
        f"the wheel holds only django_personalize: {sorted(tops)}",
        all(t.startswith("django_personalize") for t in tops),
    )
    for wanted in (
        "py.typed",
        "migrations/0001_initial.py",
        "templates/personalize/placement.html",
        "static/personalize/personalize.js",
        "locale/ru/LC_MESSAGES/django.mo",
        "locale/uz/LC_MESSAGES/django.mo",
    ):
        check(f"{wanted} is in it", f"django_personalize/{wanted}" in names)
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        SECRET_KEY="probe",
        BASE_DIR=str(Path.cwd()),
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "cookie_consent", "django_personalize"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    )
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    check("a project of its own migrates, and no migration appears in it", True)
    from django_personalize import middleware  # noqa: F401
    from django_personalize.templatetags import personalize  # noqa: F401

    check("a web process loads nothing that trains", not {"lightfm", "scipy", "sklearn"} & set(sys.modules))
    if forks:
        from lightfm import LightFM
        from scipy.sparse import coo_matrix

        LightFM(no_components=2, loss="warp").fit(coo_matrix(([1.0], ([0], [0])), shape=(2, 2)))
        check("LightFM imports and fits", True)
    else:
        check("there is no lightfm to import", find_spec("lightfm") is None)


def report() -> None:
    """The figures that the demo's shop must reach, read from its own model version."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "example_shop.settings"
    sys.path.insert(0, str(Path.cwd()))
    import django

    django.setup()
    from django_personalize.models import ModelVersion

    version = ModelVersion.objects.get(status="live")
    check("the second run learnt nothing anew", ModelVersion.objects.count() == 1)
    check("the factors serve although nobody has consented yet", version.metrics["ladder"]["rung"] == "factors")
    ndcg = {}
    for line in version.metrics["table"].splitlines()[4:]:
        name, *figures = re.split(r"\s{2,}", line)
        if not figures:  # the rows of all items end here
            break
        ndcg[name] = float(figures[0].split()[0])
    personal = ndcg.pop("personal ranking")
    check(f"LightFM alone reaches 0.29: {ndcg['LightFM alone, folded in']}", ndcg["LightFM alone, folded in"] >= 0.29)
    check(f"the personal ranking reaches 0.36: {personal}", personal >= 0.36)
    check(f"and is above everything that stands alone: {ndcg}", personal > max(ndcg.values()))


if __name__ == "__main__":
    report() if sys.argv[1] == "report" else installation(sys.argv[1])
