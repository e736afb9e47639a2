"""The snippets of docs/headless.md, so that what is documented is what runs."""

from __future__ import annotations

import re
from pathlib import Path

DOC = Path(__file__).resolve().parent.parent / "docs" / "headless.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOC.read_text(), re.S | re.M)


def settings_snippet() -> str:
    return blocks("python")[0]


def client_snippet() -> str:
    return blocks("python")[1]


def view_snippet() -> str:
    return blocks("python")[2]


def template_snippet() -> str:
    return blocks("django")[0]
