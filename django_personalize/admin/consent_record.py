"""What was asked and answered, record by record; of whom, only as a random number."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.read_only import ReadOnlyAdmin
from django_personalize.models import ConsentRecord


@admin.register(ConsentRecord)
class ConsentRecordAdmin(ReadOnlyAdmin):
    """Looked at, never typed in. `personalize_ledger` verifies it."""

    list_display = ("number", "at", "granted", "refused", "language", "source")
    search_fields = ("subject",)
    search_help_text = _("The random number of one browser, as its export names it.")
    fields = ("number", "subject", "at", "granted", "refused", "text", "language", "source", "commitment", "chain")
    readonly_fields = ("at", "granted", "refused", "text", "language", "source")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentRecord]:
        found: QuerySet[ConsentRecord] = super().get_queryset(request)
        return found.order_by("-number")

    @admin.display(description=_("answered at"))
    def at(self, record: ConsentRecord) -> str:
        return _told(record, "at")

    @admin.display(description=_("yes to"))
    def granted(self, record: ConsentRecord) -> str:
        return _told(record, "granted")

    @admin.display(description=_("no to"))
    def refused(self, record: ConsentRecord) -> str:
        return _told(record, "refused")

    @admin.display(description=_("sha256 of the text shown"))
    def text(self, record: ConsentRecord) -> str:
        return _told(record, "text")

    @admin.display(description=_("language"))
    def language(self, record: ConsentRecord) -> str:
        return _told(record, "language")

    @admin.display(description=_("source"))
    def source(self, record: ConsentRecord) -> str:
        return _told(record, "source")


def _told(record: ConsentRecord, name: str) -> str:
    """Return one field as text; of somebody erased there is none."""
    if record.fields is None:
        return str(_("erased")) if name == "at" else ""
    value: Any = record.fields.get(name, "")
    return ", ".join(value) if isinstance(value, list) else str(value)
