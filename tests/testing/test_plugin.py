"""The page on testing, run as it stands in a project of its own: by pytest, and by Django's runner."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text()
EXAMPLE, PLAIN, SETTING = re.findall(r"^```python\n(.*?)^```", PAGE, re.S | re.M)
SETTINGS = f"""
from example_shop.settings import *
{SETTING}
PERSONALIZE.pop("TRAINERS")
PERSONALIZE |= {{"ARTIFACTS": "artifacts", "SPOOL": "spool"}}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["TEST"] = {{"NAME": "test_personalize_kit"}}
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "own_settings.py").write_text(SETTINGS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PERSONALIZE"))}
    env |= {"DJANGO_SETTINGS_MODULE": "own_settings", "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}

    def run(*arguments):
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    run.path = tmp_path
    return run


@pytest.mark.slow
def test_the_example_holds_in_a_shops_own_project(project):
    (project.path / "conftest.py").write_text('pytest_plugins = ["django_personalize.testing.plugin"]\n')
    (project.path / "test_example.py").write_text(EXAMPLE)
    (project.path / "test_alone.py").write_text(
        "import sys\ndef test_alone(as_shopper):\n    assert 'tests' not in sys.modules\n"
    )
    told = project("pytest", "-q", "-p", "no:cacheprovider", "--create-db")
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"{EXAMPLE.count('def test_') + 1} passed" in told.stdout


@pytest.mark.slow
def test_the_plain_example_holds_under_djangos_own_runner(project):
    (project.path / "test_plain.py").write_text(PLAIN)
    told = project("django", "test", "--noinput", "-v", "1")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Ran 1 test" in told.stderr


@pytest.mark.slow
def test_an_example_that_does_not_hold_fails(project):
    """So that what passes above can fail: what is bought together is asked for the other way round."""
    (project.path / "conftest.py").write_text('pytest_plugins = ["django_personalize.testing.plugin"]\n')
    turned = EXAMPLE.replace('shows_first(shelf["String"])', 'shows_first(shelf["Net"])')
    assert turned != EXAMPLE
    (project.path / "test_example.py").write_text(turned)
    told = project("pytest", "-q", "-p", "no:cacheprovider", "-k", "bought_together", "--create-db")
    assert told.returncode == 1
    assert "'frequently-bought-together' does not begin with" in told.stdout


def test_in_a_project_without_django_the_plugin_does_nothing(tmp_path):
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["django_personalize.testing.plugin"]\n')
    env = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(tmp_path),
    ]
    told = subprocess.run(
        command, cwd=tmp_path, env=env | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_page_names_every_fixture_argument_and_method():
    import inspect

    from django_personalize.testing import plugin
    from django_personalize.testing.placements import Placed
    from django_personalize.testing.shoppers import as_shopper

    for name in ("as_shopper", "assert_placement", "frozen_clock", "frozen_model"):
        assert hasattr(plugin, name)
        assert f"`{name}" in PAGE
    told = {name for name in inspect.signature(as_shopper).parameters if name != "options"}
    assert told == {name for name in told if f"`{name}`" in PAGE}
    methods = {name for name, value in vars(Placed).items() if callable(value) and not name.startswith("_")}
    assert methods == {name for name in methods if f"`{name}(" in PAGE}
