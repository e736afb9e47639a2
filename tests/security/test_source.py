"""Threats S6 and S8, read from the source: what no line of the package may do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import django_personalize

PACKAGE = Path(django_personalize.__file__).parent
SOURCES = sorted(path for path in PACKAGE.rglob("*.py"))
UNPICKLERS = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "torch",
    "jsonpickle",
}
RUNNERS = {"eval", "exec", "compile", "__import__"}
TRUSTED = {
    "placements/draw.py": {"template.render(context, self.request)"},
}
"""What is called safe though it is no text of our own: only what a template has escaped already."""


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call))


def test_no_module_reads_pickles():
    found = []
    for path in SOURCES:
        for node in ast.walk(parsed(path)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found += [(path.name, name) for name in names if name.partition(".")[0] in UNPICKLERS]
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                value = node.value
                if not (isinstance(value, ast.Constant) and value.value is False):
                    found.append((path.name, "allow_pickle"))
    assert found == []


def test_no_module_runs_text():
    found = [(path.name, called(node)) for path in SOURCES for node in calls(path) if called(node) in RUNNERS]
    assert found == []


def test_nothing_of_a_shops_is_called_safe():
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        for node in calls(path):
            if called(node).rpartition(".")[2] in ("mark_safe", "SafeString", "SafeText") and node.args:
                given = node.args[0]
                if not (isinstance(given, ast.Constant) and isinstance(given.value, str)):
                    found.setdefault(path.relative_to(PACKAGE).as_posix(), set()).add(ast.unparse(given))
    assert found == TRUSTED


def test_the_form_of_what_is_formatted_is_never_data():
    found = [
        (path.name, ast.unparse(node))
        for path in SOURCES
        for node in calls(path)
        if called(node).rpartition(".")[2] in ("format_html", "format_html_join")
        and not all(isinstance(given, ast.Constant) for given in node.args[: 2 if "join" in called(node) else 1])
    ]
    assert found == []


@pytest.mark.parametrize(
    ("suffix", "forbidden"),
    [
        ("html", r"\|\s*safe(seq)?\b|autoescape\s+off|<script(?![^>]*\bsrc=)|\son\w+=|javascript:|\sstyle="),
        (
            "js",
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|sessionStorage",
        ),
    ],
)
def test_no_template_and_no_script_opens_a_door(suffix, forbidden):
    paths = [*PACKAGE.rglob(f"*.{suffix}")]
    assert paths
    found = [(path.name, hit[0]) for path in paths if (hit := re.search(forbidden, path.read_text(), re.I))]
    assert found == []
