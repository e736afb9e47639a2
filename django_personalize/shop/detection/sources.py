"""What the shop's own code calls its cart, in the session or in a cookie: before the first visitor only this tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.conf import settings

from django_personalize.shop.detection import words
from django_personalize.shop.detection.tables import Model
from django_personalize.shop.detection.words import says

MOST_FILES = 2_000
MOST_BYTES = 300_000
_KEY = r"""(?:["'](?P<text>[\w.-]+)["']|(?P<name>[A-Za-z_][\w.]*))"""
_SESSION = re.compile(
    rf"""session\s*(?:\.(?:get|pop|setdefault)\(|\[)\s*{_KEY}(?:[^\n"']*(?:\.get\(|\[)\s*["'](?P<inner>\w+)["'])?"""
)
_COOKIE = re.compile(rf"""COOKIES\s*(?:\.get\(|\[)\s*{_KEY}""")
_QUANTITY = re.compile(r"""["'](quantity|qty|count|pieces|amount|units)["']""")
_ITEM = re.compile(r"""["'](variant_id|variant|product_id|item_id)["']""")
_IDS = words.some("id pk key uuid")
_NO_CARTS = words.some("count total size number coupon discount voucher message")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in the code under which a cart seems to be kept."""

    kind: str
    """session, cookie, or pointer: a name in the session that holds a cart's key."""
    name: str
    """Dots descend."""
    item: str
    qty: str
    """What the same file calls the key and the pieces, '' where it says nothing."""
    where: str
    """The file and its line."""


def near(models: Iterable[Model]) -> list[Mention]:
    """Return what the code of these models' apps mentions."""
    return _in_files({Path(config.path) for model in models if (config := model._meta.app_config) is not None})


def anywhere() -> list[Mention]:
    """Return what the code of any app of the project mentions."""
    return _in_files({Path(config.path) for config in apps.get_app_configs() if config.label != "personalize"})


def _in_files(folders: Iterable[Path]) -> list[Mention]:
    found: dict[tuple[str, str], Mention] = {}
    for number, path in enumerate(_files(folders)):
        if number >= MOST_FILES:
            break
        for mention in _in_file(path):
            found.setdefault((mention.kind, mention.name), mention)
    return list(found.values())


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the project's own files: what was installed as a package is not asked."""
    for folder in sorted(folders):
        if {"site-packages", "dist-packages"} & set(folder.parts):
            continue
        for path in sorted(folder.rglob("*.py")):
            inside = path.relative_to(folder).parts
            if not {"migrations", "tests", "node_modules"} & set(inside) and path.stat().st_size < MOST_BYTES:
                yield path


def _in_file(path: Path) -> Iterator[Mention]:
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError):
        return
    item, qty = (found[1] if (found := names.search(text)) else "" for names in (_ITEM, _QUANTITY))
    for kind, pattern in (("session", _SESSION), ("cookie", _COOKIE)):
        for match in pattern.finditer(text):
            said = match.groupdict()
            key = said["text"] or _constant(text, said["name"] or "")
            name = _cart(key, said["name"] or "", said.get("inner") or "")
            if not name or says(name, _NO_CARTS):
                continue
            pointer = kind == "session" and words.tokens(name)[-1] in _IDS
            line = text.count("\n", 0, match.start()) + 1
            yield Mention("pointer" if pointer else kind, name, item, qty, f"{path.name}:{line}")


def _cart(key: str, constant: str, inner: str) -> str:
    if key and (says(key, words.CART) or says(constant, words.CART)):
        return key
    return f"{key}.{inner}" if key and says(inner, words.CART) else ""


def _constant(text: str, name: str) -> str:
    """Return the text that a name stands for: a setting, or a constant of the same file; '' for anything else."""
    head, _, last = name.rpartition(".")
    if head.endswith("settings"):
        value = getattr(settings, last, "")
        return value if isinstance(value, str) else ""
    found = re.search(rf"""^\s*{re.escape(last)}\s*(?::[^=\n]*)?=\s*["']([\w.-]+)["']""", text, re.M) if last else None
    return found[1] if found else ""
