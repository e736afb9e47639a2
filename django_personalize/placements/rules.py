"""The rules that every placement obeys; what the merchandiser adds comes on top of them."""

from __future__ import annotations

from collections.abc import Iterable


def exclusions(
    context: Iterable[str], shown: Iterable[str], dismissed: Iterable[str] = ()
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return what may not appear, and the names of the rules that say so, in the order in which they acted."""
    context, shown, dismissed = frozenset(context), frozenset(shown), frozenset(dismissed)
    rules = []
    if context:
        rules.append("exclude:context")
    if shown - context:
        rules.append("exclude:shown-on-page")
    if dismissed - context - shown:
        rules.append("exclude:dismissed")
    return context | shown | dismissed, tuple(rules)
