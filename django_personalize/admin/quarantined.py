"""What was acknowledged and could not be stored, and the button that tries it again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.read_only import ReadOnlyAdmin
from django_personalize.events.quarantine import REASONS, replay
from django_personalize.models import Quarantined


@admin.register(Quarantined)
class QuarantinedAdmin(ReadOnlyAdmin):
    """Looked at and tried again. What the facts say is shown to nobody: they are about people."""

    list_display = ("arrived_at", "meaning", "detail", "facts", "tries")
    list_display_links = None
    list_filter = ("reason",)
    actions = ("try_again",)
    fields = ("arrived_at", "meaning", "detail", "facts", "tries")
    readonly_fields = fields

    @admin.display(description=_("reason"))
    def meaning(self, row: Quarantined) -> str:
        return REASONS.get(row.reason, row.reason)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Off the menu while there is nothing to look at."""
        return super().has_module_permission(request) and Quarantined.objects.exists()

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("personalize.change_quarantined")

    @admin.action(description=_("Try to store the selected facts again"), permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done = replay(queryset.values_list("pk", flat=True))
        self.message_user(
            request,
            _("%(tried)s tried, %(ended)s left quarantine.") % {"tried": done.tried, "ended": done.ended},
            messages.SUCCESS if done.ended else messages.WARNING,
        )
