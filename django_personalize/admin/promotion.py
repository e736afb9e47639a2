"""Promotions: what the merchandiser shows on the personal homepage beside products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import global_settings
from django.conf import settings as django_settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.scheduled import ScheduledAdmin, ScheduledForm
from django_personalize.admin.words import Words
from django_personalize.core import clock
from django_personalize.models import Promotion
from django_personalize.models.promotion import LONGEST, PARTS
from django_personalize.placements.lint import Facts, Finding, of_promotion

LABELS = {"title": _("Title"), "text": _("Text"), "button": _("Button")}


def languages() -> list[str]:
    """Return the codes that the project speaks; one where it has not said, since Django then lists a hundred."""
    if django_settings.LANGUAGES == global_settings.LANGUAGES:
        return [django_settings.LANGUAGE_CODE]
    return [code for code, _name in django_settings.LANGUAGES]


def named(part: str, code: str) -> str:
    return f"{part}_{code.replace('-', '_')}"


class PromotionForm(ScheduledForm):
    """Has a title, a text and a button for each language of the project, which are stored as one value."""

    categories = Words(
        label=_("Categories"), help_text=_("For those who are drawn to one of these; none is everybody.")
    )
    brands = Words(label=_("Brands"), help_text=_("For those who are drawn to one of these; none is everybody."))

    class Meta:
        model = Promotion
        exclude = ("texts",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code in languages():
            for part in PARTS:
                self.fields[named(part, code)].initial = self.instance.texts.get(code, {}).get(part, "")

    def clean(self) -> dict[str, Any]:
        """Put the texts together; what is stored in a language that the project no longer speaks stays."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        texts = {code: dict(said) for code, said in self.instance.texts.items() if code not in languages()}
        for code in languages():
            said = {part: found.get(named(part, code), "") for part in PARTS}
            if any(said.values()):
                texts[code] = {part: text for part, text in said.items() if text}
        self.instance.texts = texts
        return found

    def _update_errors(self, errors: Any) -> None:
        """Say at the first title what is wrong with the texts, which are no field of the form."""
        told = getattr(errors, "error_dict", {})
        if "texts" in told:
            told.setdefault(named("title", languages()[0]), []).extend(told.pop("texts"))
        super()._update_errors(errors)  # type: ignore[misc]


@admin.register(Promotion)
class PromotionAdmin(ScheduledAdmin):
    list_display = ("name", "look_of", "state", "starts_at", "ends_at", "priority")
    list_filter = ("look", "is_on")

    @admin.display(description=_("look"), ordering="look")
    def look_of(self, promotion: Promotion) -> str:
        return str(promotion.get_look_display())

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        fields: dict[str, Any] = {}
        for code in languages():
            for part in PARTS:
                widget = forms.Textarea(attrs={"rows": 2, "cols": 60}) if part == "text" else forms.TextInput(
                    attrs={"size": 60}
                )  # fmt: skip
                fields[named(part, code)] = forms.CharField(
                    label=LABELS[part], required=False, max_length=LONGEST[part], widget=widget
                )
        return super().get_form(request, obj, change, form=type("Form", (PromotionForm,), fields), **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        spoken = [
            (get_language_info(code)["name_translated"], {"fields": [named(part, code) for part in PARTS]})
            for code in languages()
        ]
        return [
            (None, {"fields": ("name", "look", "is_on", "priority", "link", "image", "troubles")}),
            *spoken,
            (_("When and for whom"), {
                "fields": ("starts_at", "ends_at", "segments", "categories", "brands", "most_views"),
            }),
        ]  # fmt: skip

    def examine(self, rows: Sequence[Any], facts: Facts) -> Mapping[int, Sequence[Finding]]:
        return {row.pk: of_promotion(row, facts, clock.now()) for row in rows}
