"""Mapped values as Python source, so that a proposal can be pasted."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Coalesce


def source(value: Any) -> str:
    """Return Python that evaluates to `value`: texts, numbers, collections, `Q` and `Coalesce` of paths."""
    if isinstance(value, Q):
        return _condition(value)
    if isinstance(value, Coalesce):
        return f"Coalesce({', '.join(source(vars(each)['name']) for each in value.get_source_expressions())})"
    if isinstance(value, F):
        return f"F({source(vars(value)['name'])})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{source(key)}: {source(held)}" for key, held in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(source, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(source, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def imports(text: str) -> list[str]:
    """Return the import lines that the source needs."""
    names = [name for name in ("F", "Q") if f"{name}(" in text.replace("Coalesce(", "")]
    lines = [f"from django.db.models import {', '.join(names)}"] if names else []
    return [*lines, "from django.db.models.functions import Coalesce"] if "Coalesce(" in text else lines


def _condition(value: Q) -> str:
    """Conditions are joined as they were, each in its own `Q`, and what is negated gets one `~`."""
    children: list[Any] = list(value.children)
    if value.connector == Q.AND and not any(isinstance(child, Q) for child in children):
        joined = f"Q({', '.join(f'{name}={source(held)}' for name, held in children)})"
    else:
        sign = " & " if value.connector == Q.AND else " | "
        joined = sign.join(_grouped(child if isinstance(child, Q) else Q(child)) for child in children)
    return f"~{_in_brackets(joined)}" if value.negated else joined


def _grouped(value: Q) -> str:
    return _in_brackets(_condition(value)) if len(value.children) > 1 and not value.negated else _condition(value)


def _in_brackets(text: str) -> str:
    """A single `Q(...)` stands for itself."""
    return f"({text})" if ") & " in text or ") | " in text else text
