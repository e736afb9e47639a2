"""Finds tags of ours inside `{% cache %}`: a row is made for whoever asks, a cached fragment is shown to everybody.

Templates are read as text, and never run or compiled.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.template import engines
from django.template.backends.django import DjangoTemplates
from django.template.base import Lexer, TokenType

MOST_FILES = 5_000
MOST_BYTES = 512 * 1024
PACKAGES = frozenset(["site-packages", "dist-packages", "django_personalize"])
"""Folders whose templates are no shop's own."""
_NAMED = re.compile(r"""^["']([^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A tag inside a cached fragment."""

    template: str
    line: int
    tag: str
    cached_by: str
    """The template that has the `{% cache %}`."""


@dataclass(slots=True)
class _Read:
    """What one template holds that matters here."""

    extends: str = ""
    tags: list[tuple[str, int, bool, tuple[str, ...]]] = field(default_factory=list)
    """(tag, line, within a fragment, the blocks around it)."""
    includes: list[tuple[str, bool, tuple[str, ...]]] = field(default_factory=list)
    cached_blocks: set[str] = field(default_factory=set)


def cached_tags(tags: frozenset[str]) -> list[Fragment]:
    """Return where the shop's own templates have one of `tags` inside `{% cache %}`, also by include and by block."""
    read: dict[str, _Read] = {}
    for name, path in _files():
        if name not in read:  # the first directory that has it is the one that is drawn
            read[name] = _read(path, tags)
    return sorted(set(_found(read)), key=lambda each: (each.template, each.line, each.tag))


def _files() -> Iterator[tuple[str, Path]]:
    seen = 0
    for directory in _directories():
        for path in sorted(directory.rglob("*")):
            if not path.is_file() or path.stat().st_size > MOST_BYTES:
                continue
            seen += 1
            if seen > MOST_FILES:
                return
            yield path.relative_to(directory).as_posix(), path


def _directories() -> Iterator[Path]:
    for backend in engines.all():
        if not isinstance(backend, DjangoTemplates):
            continue
        loaders: list[Any] = list(backend.engine.template_loaders)
        for loader in loaders:
            loaders += getattr(loader, "loaders", [])
            for directory in getattr(loader, "get_dirs", list)():
                path = Path(directory)
                if path.is_dir() and PACKAGES.isdisjoint(path.parts):
                    yield path


def _read(path: Path, tags: frozenset[str]) -> _Read:
    found = _Read()
    text = path.read_text(errors="replace")
    if "{%" not in text:
        return found
    depth, blocks, commented = 0, [], False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tokens = Lexer(text).tokenize()
    for token in tokens:
        if token.token_type != TokenType.BLOCK:
            continue
        words = token.contents.split()
        name, rest = words[0] if words else "", token.contents.partition(" ")[2].strip()
        if commented or name == "comment":
            commented = name != "endcomment"
        elif name in ("cache", "endcache"):
            depth = max(depth + (1 if name == "cache" else -1), 0)
        elif name == "block" and len(words) > 1:
            blocks.append(words[1])
            if depth:
                found.cached_blocks.add(words[1])
        elif name == "endblock" and blocks:
            blocks.pop()
        elif name == "extends" and (parent := _NAMED.match(rest)):
            found.extends = parent[1]
        elif name == "include" and (part := _NAMED.match(rest)):
            found.includes.append((part[1], depth > 0, tuple(blocks)))
        elif name in tags and "defer=True" not in words:  # what is left for later is the same for everybody
            found.tags.append((name, token.lineno or 0, depth > 0, tuple(blocks)))
    return found


def _found(read: Mapping[str, _Read]) -> Iterator[Fragment]:
    cached: defaultdict[str, set[str]] = defaultdict(set)
    """By the template that is drawn within a fragment as a whole: the one that has the fragment."""
    waiting: list[tuple[str, str]] = []
    for name, own in read.items():
        blocks = dict(_blocks(name, read))
        for tag, line, within, around in own.tags:
            by = name if within else next((blocks[each] for each in around if each in blocks), "")
            if by:
                yield Fragment(name, line, tag, by)
        for part, within, around in own.includes:
            by = name if within else next((blocks[each] for each in around if each in blocks), "")
            if by:
                waiting.append((part, by))
    while waiting:
        part, by = waiting.pop()
        if by in cached[part] or part not in read:
            continue
        cached[part].add(by)
        for tag, line, _, _ in read[part].tags:
            yield Fragment(part, line, tag, by)
        waiting += [(each, by) for each, _, _ in read[part].includes]


def _blocks(name: str, read: Mapping[str, _Read]) -> Iterator[tuple[str, str]]:
    """Yield the blocks that a template above this one draws within a fragment, each with that template."""
    above, seen = read[name].extends, {name}
    while above in read and above not in seen:
        seen.add(above)
        yield from ((block, above) for block in read[above].cached_blocks)
        above = read[above].extends
