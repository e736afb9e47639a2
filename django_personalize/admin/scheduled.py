"""What the pages of rules and promotions share: their state, their audience, and what is found wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.words import Ticks
from django_personalize.core import clock
from django_personalize.core.memo import once
from django_personalize.models.scheduled import Scheduled, State
from django_personalize.placements.defaults import PLACEMENTS
from django_personalize.placements.lint import Facts, Finding, Trouble, facts_now
from django_personalize.segments.rules import SEGMENTS

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelAdmin, _ModelForm = admin.ModelAdmin, forms.ModelForm

TROUBLES = {Trouble.CONFLICT: _("Conflict"), Trouble.SHADOWED: _("Never reached"), Trouble.DEAD: _("Does nothing")}


class ScheduledForm(_ModelForm):
    segments = Ticks(
        [(each.slug, each.name) for each in SEGMENTS], label=_("Segments"), help_text=_("None is everybody.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, Ticks):
                field.also(getattr(self.instance, name))


class ScheduledAdmin(_ModelAdmin):
    """A plain desk: a list with states and troubles, and a form that says what is wrong in words."""

    search_fields = ("name",)
    readonly_fields = ("troubles",)
    save_as = True

    def examine(self, rows: Sequence[Any], facts: Facts) -> Mapping[int, Sequence[Finding]]:
        """Return what is found of each of all the rows, by id."""
        raise NotImplementedError

    def findings(self) -> Mapping[int, Sequence[Finding]]:
        rows = list(self.model._default_manager.order_by("pk"))
        return self.examine(rows, facts_now({each.slug: each.n for each in PLACEMENTS.values()}))

    def get_list_display(self, request: HttpRequest) -> Any:
        def troubles(row: Scheduled) -> SafeString:
            return _drawn(once(request, "troubles", self.findings).get(row.pk, ()))

        troubles.short_description = _("troubles")  # type: ignore[attr-defined]
        return (*super().get_list_display(request), troubles)

    @admin.display(description=_("state"))
    def state(self, row: Scheduled) -> str:
        return str(State(row.state(clock.now())).label)

    @admin.display(description=_("troubles"))
    def troubles(self, row: Scheduled) -> SafeString | str:
        return (row.pk is not None and _drawn(self.findings().get(row.pk, ()))) or "-"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for finding in self.findings().get(obj.pk, ()):
            said = f"{TROUBLES[finding.trouble]}: {finding.text}"
            self.message_user(request, said, messages.WARNING)


def _drawn(findings: Sequence[Finding]) -> SafeString:
    return format_html_join(
        "", "<p><strong>{}</strong> {}</p>", ((TROUBLES[each.trouble], each.text) for each in findings)
    )
