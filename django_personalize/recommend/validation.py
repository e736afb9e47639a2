"""What is wrong with `PIPELINES`, told with what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Error

from django_personalize.recommend.pipeline import NEWEST, STEPS
from django_personalize.shop.validation_values import check_loads

WHERE = 'PERSONALIZE["PIPELINES"]'
EXAMPLE = '"PIPELINES": {"similar": ["similar", "best_sellers", "newest"]}'
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def check_pipelines(given: Any) -> Iterator[CheckMessage]:
    """Yield what is no pipeline, no name of one, and no step."""
    if not isinstance(given, Mapping):
        yield Error(f"{WHERE} is a {type(given).__name__}; wanted a dict.", hint=EXAMPLE, id="personalize.E003")
        return
    for name, ladder in given.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            found = f"{WHERE} names {name!r}; wanted small letters, digits and underscores."
            yield Error(found, hint='"summer_gifts" is shown by {% placement "summer-gifts" %}.', id="personalize.E007")
        elif not isinstance(ladder, list | tuple) or not ladder:
            found = f'{WHERE}["{name}"] is {ladder!r}; wanted a list of one or more steps.'
            yield Error(found, hint=EXAMPLE, id="personalize.E007")
        else:
            for place, step in enumerate(ladder):
                yield from _check_step(f'{WHERE}["{name}"][{place}]', step, last=place == len(ladder) - 1)


def _check_step(where: str, step: Any, *, last: bool) -> Iterator[CheckMessage]:
    if isinstance(step, str) and "." in step:
        yield from check_loads(where, step)
    elif step == NEWEST:
        if not last:
            hint = f'"{NEWEST}" fills what is left, so it goes last.'
            yield Error(f'{where}: nothing comes after "{NEWEST}".', hint=hint, id="personalize.E007")
    elif step not in STEPS:
        known = [*STEPS, NEWEST]
        close = get_close_matches(str(step), known, n=1)
        hint = f'Did you mean "{close[0]}"?' if close else f"Known are {', '.join(known)}, and any dotted path."
        yield Error(f"{where} is {step!r}, which is no step.", hint=hint, id="personalize.E007")
