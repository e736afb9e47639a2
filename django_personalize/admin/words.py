"""Lists that a merchandiser types as words, and boxes to tick for what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class Words(forms.CharField):
    """A list of words, one in each line; commas part them too, but for a word between double quotes."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 60})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f'"{word}"' if "," in word else word for word in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        return list(dict.fromkeys(word for line in text.splitlines() for word in _words(line.strip())))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.clean(data or "") != (initial or [])


class Attributes(forms.CharField):
    """Values by name, one name in each line: `colour: red, blue`."""

    widget = forms.Textarea(attrs={"rows": 2, "cols": 60})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{name}: {', '.join(values)}" for name, values in value.items())

    def clean(self, value: Any) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for line in filter(None, map(str.strip, super().clean(value).splitlines())):
            name, colon, told = line.partition(":")
            values = [word.strip() for word in told.split(",") if word.strip()]
            if not colon or not name.strip() or not values:
                raise ValidationError(
                    _("Wanted a name, a colon and values, such as “colour: red, blue”; found “%(line)s”."),
                    params={"line": line},
                )
            found[name.strip()] = values
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.clean(data or "") != (initial or {})
        except ValidationError:
            return True


class Ticks(forms.MultipleChoiceField):
    """Boxes to tick; what is stored and no longer there to choose is shown as well, so that it can be taken out."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, choices: Iterable[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(choices=choices, required=False, **kwargs)

    def also(self, stored: Iterable[str]) -> None:
        """Offer what is stored."""
        known = {value for value, _label in self.choices}  # type: ignore[union-attr, misc]
        more = [(word, f"{word} (?)") for word in stored if word not in known]
        self.choices = [*self.choices, *more]  # type: ignore[misc]


def _words(line: str) -> Iterable[str]:
    if len(line) > 1 and line[0] == line[-1] == '"':
        return [line[1:-1].strip()] if line[1:-1].strip() else []
    return (word.strip() for word in line.split(",") if word.strip())
