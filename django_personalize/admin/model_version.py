"""Model versions: which serves, how each did, and the buttons that make one live, pin it, or go back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.read_only import ReadOnlyAdmin
from django_personalize.artifacts.promote import promote, roll_back, shadow, unpin
from django_personalize.exceptions import ArtifactError
from django_personalize.models import ModelVersion


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Looked at, made live, pinned, measured in the shadow, rolled back; never typed in."""

    list_display = ("__str__", "pinned", "as_of", "promoted_at", "verdict", "took")
    list_filter = ("status",)
    actions = ("make_live", "pin", "let_go", "watch", "go_back")
    fields = (
        "status", "pinned", "weights_of", "as_of", "promoted_at", "verdict", "ladder", "table", "since", "counts",
        "took", "fingerprint",
    )  # fmt: skip
    readonly_fields = ("ladder", "table", "since", "took")

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

    @admin.display(description=_("in the shadow, on orders since"))
    def since(self, version: ModelVersion) -> str:
        """How it does beside the version that was live when it was learnt, on what neither knew."""
        found = version.metrics.get("since")
        if not found:
            return ""
        return str(
            _(
                "NDCG@10 %(ndcg).4f against %(other).4f of version %(beside)s over %(people)s people; "
                "the difference lies between %(low)+.4f and %(high)+.4f."
            )
            % {**found, "low": found["difference"]["low"], "high": found["difference"]["high"]}
        )

    def has_make_live_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("personalize.change_modelversion")

    @admin.action(description=_("Make the selected version live"), permissions=["make_live"])
    def make_live(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._steer(
            request, queryset, promote, _("Version %(number)s is live. Every web process serves it within seconds.")
        )

    @admin.action(description=_("Make the selected version live and pin it"), permissions=["make_live"])
    def pin(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        said = _("Version %(number)s is live and pinned: what is learnt from now on becomes a candidate.")
        self._steer(request, queryset, lambda version: promote(version, pin=True), said)

    @admin.action(description=_("Take the pin off the selected version"), permissions=["make_live"])
    def let_go(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        def take_off(version: ModelVersion) -> ModelVersion:
            if not version.pinned:
                raise ArtifactError(str(_("Version %(number)s is not pinned.") % {"number": version.pk}))
            unpin()
            return version

        said = _("Version %(number)s is pinned no more: the next good one takes its place.")
        self._steer(request, queryset, take_off, said)

    @admin.action(description=_("Measure the selected version in the shadow"), permissions=["make_live"])
    def watch(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        said = _("Version %(number)s is the shadow: it is shown to nobody, and measured at each training.")
        self._steer(request, queryset, shadow, said)

    @admin.action(description=_("Go back from the selected, live version"), permissions=["make_live"])
    def go_back(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        def back(version: ModelVersion) -> ModelVersion:
            if version.status != ModelVersion.Status.LIVE:
                raise ArtifactError(str(_("Version %(number)s is not live.") % {"number": version.pk}))
            return roll_back()

        said = _("Version %(number)s is live again. Every web process serves it within seconds.")
        self._steer(request, queryset, back, said)

    def _steer(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        act: Callable[[ModelVersion], ModelVersion],
        said: str | Promise,
    ) -> None:
        """Do it to the one version that is selected, and say what became of it."""
        versions = list(queryset[:2])
        if len(versions) != 1:
            self.message_user(request, _("Select exactly one version."), messages.ERROR)
            return
        held = ModelVersion.objects.filter(pinned=True).first()
        try:
            version = act(versions[0])
        except ArtifactError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.message_user(request, str(said) % {"number": version.pk}, messages.SUCCESS)
        if held is not None and held != versions[0] and not ModelVersion.objects.filter(pk=held.pk, pinned=True):
            off = _("Version %(number)s, which was pinned, is so no more.") % {"number": held.pk}
            self.message_user(request, off, messages.WARNING)
