"""What came in and what became of it: the sum that closes, and under it each day."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.read_only import ReadOnlyAdmin
from django_personalize.capture.refusals import REFUSALS
from django_personalize.events.intake import REFUSED, account
from django_personalize.events.quarantine import REASONS
from django_personalize.models import Intake


@admin.register(Intake)
class IntakeAdmin(ReadOnlyAdmin):
    """Looked at, never typed in."""

    change_list_template = "admin/personalize/intake/change_list.html"
    list_display = ("day", "sink", "outcome", "reason", "count")
    list_display_links = None
    list_filter = ("day", "outcome")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).order_by("-day", "outcome", "reason")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            found, why = account(), REFUSALS | REFUSED
            response.context_data["account"] = found
            response.context_data["ends"] = [
                (_("stored"), found.stored, ""),
                (_("stored before: told again"), found.duplicate, ""),
                *((_("refused"), count, why.get(reason, reason)) for reason, count in found.refused.items()),
                *((_("in quarantine"), count, REASONS.get(each, each)) for each, count in found.quarantined.items()),
                (_("erased, since the person is"), found.erased, ""),
                (_("waiting to be stored"), found.waiting, ""),
            ]
        return response
