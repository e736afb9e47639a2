"""What the shop gave that could not be read: counted per day, each with what to do about it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.read_only import ReadOnlyAdmin
from django_personalize.models import Finding
from django_personalize.shop.problems import PROBLEMS


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    """Looked at, never typed in."""

    list_display = ("day", "meaning", "count", "sample")
    list_display_links = None
    list_filter = ("day",)

    @admin.display(description=_("what was found"))
    def meaning(self, finding: Finding) -> str:
        return str(PROBLEMS.get(finding.reason, finding.reason))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Off the menu while there is nothing to look at."""
        return super().has_module_permission(request) and Finding.objects.exists()

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).order_by("-day", "-count")
