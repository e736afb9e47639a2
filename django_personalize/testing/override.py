from __future__ import annotations

from typing import Any

from django.conf import settings
from django.test import override_settings


class override_personalize(override_settings):  # noqa: N801  a decorator and context manager, named as Django's
    """Change single keys of `PERSONALIZE` for a test; a key set to None is as absent as in the shop's own settings."""

    def __init__(self, **changes: Any) -> None:
        merged = {**getattr(settings, "PERSONALIZE", {}), **changes}
        super().__init__(PERSONALIZE={key: value for key, value in merged.items() if value is not None})
