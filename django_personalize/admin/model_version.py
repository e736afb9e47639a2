"""Model versions: which serves, how each did, and the button that goes back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.read_only import ReadOnlyAdmin
from django_personalize.artifacts.promote import promote
from django_personalize.exceptions import ArtifactError
from django_personalize.models import ModelVersion


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Looked at, made live, rolled back; never typed in."""

    list_display = ("__str__", "as_of", "promoted_at", "verdict", "took")
    list_filter = ("status",)
    actions = ("make_live",)
    fields = ("status", "as_of", "promoted_at", "verdict", "ladder", "table", "counts", "took", "fingerprint")
    readonly_fields = ("ladder", "table", "took")

    @admin.display(description=_("trained in"))
    def took(self, version: ModelVersion) -> str:
        return f"{version.seconds:.0f} s"

    @admin.display(description=_("rungs of the ladder"))
    def ladder(self, version: ModelVersion) -> SafeString:
        """What serves, and what the next rung waits for."""
        rungs = version.metrics.get("ladder", {}).get("rungs", {})
        return format_html_join(
            "",
            "<p>{} <strong>{}</strong> {}</p>",
            (("✓" if rung.get("on") else "-", name, rung.get("why", "")) for name, rung in rungs.items()),
        )

    @admin.display(description=_("on held-out days"))
    def table(self, version: ModelVersion) -> SafeString:
        return format_html("<pre>{}</pre>", version.metrics.get("table", ""))

    def has_make_live_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("personalize.change_modelversion")

    @admin.action(description=_("Make the selected version live"), permissions=["make_live"])
    def make_live(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        versions = list(queryset[:2])
        if len(versions) != 1:
            self.message_user(request, _("Select exactly one version."), messages.ERROR)
            return
        try:
            version = promote(versions[0])
        except ArtifactError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.message_user(
            request,
            _("Version %(number)s is live. Every web process serves it within seconds.") % {"number": version.pk},
            messages.SUCCESS,
        )
