"""The rules that every placement obeys; what the merchandiser adds comes on top of them."""

from __future__ import annotations

from collections.abc import Iterable


def exclusions(context: Iterable[str], shown: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return what may not appear, and the names of the rules that say so, in the order in which they acted."""
    context, shown = frozenset(context), frozenset(shown)
    rules = []
    if context:
        rules.append("exclude:context")
    if shown - context:
        rules.append("exclude:shown-on-page")
    return context | shown, tuple(rules)
