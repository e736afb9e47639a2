"""What is public stands in the documentation, and what stands there exists."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands

from django_personalize.conf import DEFAULTS, RETENTION
from django_personalize.placements.defaults import PLACEMENTS
from django_personalize.privacy.export import SCHEMA
from django_personalize.privacy.register import REGISTER, AboutPeople
from django_personalize.shop.mapping import MappedShop
from django_personalize.shop.problems import PROBLEMS
from django_personalize.shop.vocabulary import CART_KEYS, LINE_KEYS, PRODUCT_KEYS, SEARCH_KEYS
from django_personalize.templatetags.personalize import register

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = (ROOT / "docs" / "reference.md").read_text()
SHOP = (ROOT / "docs" / "shop.md").read_text()
TRAINING = (ROOT / "docs" / "training.md").read_text()
PRIVACY = (ROOT / "docs" / "privacy.md").read_text()
README = (ROOT / "README.md").read_text()


def section(text: str, title: str) -> str:
    return re.split(r"^## ", text.split(f"## {title}\n", 1)[1], flags=re.M)[0]


def rows(text: str) -> set[str]:
    """The names in the first column of the section's tables."""
    return {
        name
        for line in text.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    }


def test_settings():
    assert rows(section(REFERENCE, "Settings")) == set(DEFAULTS)


def test_tags():
    written = {re.match(r"{% (\w+)", name)[1] for name in rows(section(REFERENCE, "Template tags"))}
    assert written == set(register.tags)


def test_shortcuts():
    from django_personalize import shortcuts

    ours = {name for name, value in vars(shortcuts).items() if getattr(value, "__module__", "") == shortcuts.__name__}
    written = {name.partition("(")[0] for name in rows(section(REFERENCE, "Python"))}
    assert written == {name for name in ours if not name.startswith("_")}


def test_placements():
    assert all(f"`{slug}`" in section(REFERENCE, "Template tags") for slug in PLACEMENTS)


def test_commands():
    ours = {name for name, app in get_commands().items() if app == "django_personalize"}
    assert rows(section(REFERENCE, "Commands")) == ours


def test_tasks():
    from celery import current_app

    from django_personalize.tasks import drain, purge, refresh, segments, sync, train

    ours = {name for name in current_app.tasks if name.startswith("personalize.")}
    tasks = (drain.drain, purge.purge, refresh.refresh, segments.segments, sync.sync, train.train)
    assert rows(section(REFERENCE, "Celery tasks")) == ours == {task.name for task in tasks}


def test_the_schedule_on_the_page_on_training_names_tasks_that_exist():
    given = {}
    exec(re.search(r"```python\n(.*?)```", TRAINING, re.S)[1], given)
    named = {entry["task"] for entry in given["CELERY_BEAT_SCHEDULE"].values()}
    assert named == {"personalize.sync", "personalize.refresh", "personalize.train"}
    assert named < rows(section(REFERENCE, "Celery tasks"))


def test_what_the_page_on_privacy_names():
    told = section(PRIVACY, "The export")
    assert all(f"`{entry.section}`" in told for entry in REGISTER.values() if isinstance(entry, AboutPeople))
    assert f"`schema` ({SCHEMA})" in told
    kept = section(PRIVACY, "For how long")
    assert {name: int(days) for days, name in re.findall(r"\| (\d+) \| `(\w+)` \|", kept)} == RETENTION


def test_checks():
    package = ROOT / "django_personalize"
    names = ("checks.py", "integrations/redis_checks.py", "shop/validation.py", "shop/validation_values.py")
    code = "".join((package / name).read_text() for name in names)
    assert rows(section(REFERENCE, "System checks")) == set(re.findall(r"personalize\.[EW]\d{3}", code))


def test_mappings():
    assert rows(section(SHOP, "`PRODUCT`")) == PRODUCT_KEYS
    assert rows(section(SHOP, "`ORDER_LINES`")) == LINE_KEYS
    assert rows(section(SHOP, "`CART`")) == frozenset().union(*CART_KEYS.values())
    assert rows(section(SHOP, "`SEARCH`")) == SEARCH_KEYS


def test_what_cannot_be_read():
    assert rows(section(SHOP, "What cannot be read")) == set(PROBLEMS)


def test_the_adapter_on_the_page_overrides_what_there_is():
    written = section(SHOP, "An adapter class")
    named = {re.match(r"\w+", name)[0] for name in rows(written)}
    assert named <= set(dir(MappedShop))
    given = {}
    exec(re.search(r"```python\n(.*?)```", written, re.S)[1], given)
    own = {name for name in vars(given["TenantShop"]) if not name.startswith("__")}
    assert own == {"PRODUCT", "ORDER_LINES", "CART", "queryset", "conditions", "value"}
    assert own <= set(dir(MappedShop))


def test_doubles():
    from django_personalize.testing import doubles

    names = {name for name, value in vars(doubles).items() if getattr(value, "__module__", "") == doubles.__name__}
    assert {name for name in names if f"`{name}`" in section(REFERENCE, "For a shop's own tests")} == names


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


def test_the_readme_shows_exactly_the_lines_that_the_example_shop_adds():
    source = (ROOT / "example_shop" / "settings.py").read_text()
    marked = re.search(r"# --- personalisation: begin -*\n(.*?)# --- personalisation: end", source, re.S)[1]
    assert marked.replace("  # noqa: F405", "").strip() in blocks("python")[0]
    urls = (ROOT / "example_shop" / "urls_personal.py").read_text()
    for line in re.findall(r"^    path\(.*\),$", urls, re.M):
        assert line in blocks("python")[1]


def test_what_the_readme_shows_can_be_pasted():
    given = {"INSTALLED_APPS": [], "MIDDLEWARE": []}
    exec(blocks("python")[0], given)
    assert given["PERSONALIZE"]["PRODUCT"] == settings.PERSONALIZE["PRODUCT"]
    assert given["PERSONALIZE"]["ORDER_LINES"].keys() == settings.PERSONALIZE["ORDER_LINES"].keys()
    assert set(given["INSTALLED_APPS"]) <= set(settings.INSTALLED_APPS)
    given = {}
    exec(blocks("python")[1], given)
    assert [str(pattern.pattern) for pattern in given["urlpatterns"]] == ["cookies/", "personalize/"]


def test_the_commands_that_the_readme_names_exist():
    named = set(re.findall(r"manage\.py (\w+)", README))
    assert named <= set(get_commands())
    assert "personalize_setup" in named


def test_every_link_to_a_page_of_ours_leads_somewhere():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)
