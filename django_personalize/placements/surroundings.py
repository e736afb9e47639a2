"""Where a choice was made and out of how much, for whoever compares choices later; nothing of it names a person or an
address.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from django_personalize.capture.drafts import circumstances
from django_personalize.models import Decision as Row
from django_personalize.placements.decide import Decision


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """Return the kind of page, by the name of its URL pattern, with site, device and language."""
    match = getattr(request, "resolver_match", None)
    return {
        "page": _fitting("page", match.view_name if match is not None else ""),
        "language": _fitting("language", get_language() or ""),
        **circumstances(request),
    }


def _fitting(name: str, text: str) -> str:
    field: Any = Row._meta.get_field(name)
    return text[: field.max_length]


def count_of(decision: Decision) -> int:
    """Return how many different items there were to choose from."""
    return len({candidate.item_key for block in decision.blocks for candidate, _ in block.candidates})
