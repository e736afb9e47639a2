"""Rules: what the merchandiser wants of placements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.scheduled import ScheduledAdmin, ScheduledForm
from django_personalize.admin.words import Attributes, Ticks, Words
from django_personalize.core import clock
from django_personalize.models import Rule
from django_personalize.models.rule import MATCHES
from django_personalize.placements.defaults import PLACEMENTS
from django_personalize.placements.lint import Facts, Finding, of_rules


class RuleForm(ScheduledForm):
    placements = Ticks(
        [(each.slug, each.title) for each in PLACEMENTS.values()],
        label=_("Placements"),
        help_text=_("None is all of them."),
    )
    item_keys = Words(
        label=_("Items"),
        help_text=_("Keys, one in each line: what the address of a product's page in the admin ends with."),
    )
    categories = Words(label=_("Categories"), help_text=_("Names, one in each line."))
    brands = Words(label=_("Brands"), help_text=_("Names, one in each line."))
    attributes = Attributes(label=_("Attributes"), help_text=_("A name and its values in each line: colour: red, blue"))

    def _update_errors(self, errors: Any) -> None:
        """A condition that could not be read is not missing besides."""
        told = getattr(errors, "error_dict", {})
        if not frozenset(MATCHES).isdisjoint(self.errors):
            told.pop("item_keys", None)
        super()._update_errors(errors)  # type: ignore[misc]

    class Meta:
        model = Rule
        fields = "__all__"


@admin.register(Rule)
class RuleAdmin(ScheduledAdmin):
    form = RuleForm
    list_display = ("name", "kind", "where", "state", "priority")
    list_filter = ("kind", "is_on")
    fieldsets = (
        (None, {"fields": ("name", "kind", "is_on", "priority", "troubles")}),
        (_("Which items: all conditions that are given must hold"), {
            "fields": ("item_keys", "categories", "brands", ("price_from", "price_to"), "attributes"),
        }),
        (_("How: only what the kind has a use for"), {
            "fields": ("slot", ("strength", "by"), ("most", "per"), ("relation", "percent")),
        }),
        (_("Where, when and for whom"), {"fields": ("placements", "starts_at", "ends_at", "segments")}),
    )  # fmt: skip

    @admin.display(description=_("placements"))
    def where(self, rule: Rule) -> str:
        return ", ".join(rule.placements) or str(_("all"))

    def examine(self, rows: Sequence[Any], facts: Facts) -> Mapping[int, Sequence[Finding]]:
        return of_rules(rows, facts, clock.now())
