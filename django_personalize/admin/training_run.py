"""Trainings: how far one is, how each ended and what it cost, and the button that begins one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_personalize.admin.read_only import ReadOnlyAdmin
from django_personalize.models import TrainingRun
from django_personalize.models.training_run import Kind, RunStatus
from django_personalize.tasks.start import start

STAGES = {
    "read": _("reading what was sold"),
    "factors": _("learning who likes what"),
    "measure": _("trying it on later orders"),
    "count": _("counting what sells now"),
    "publish": _("publishing the model"),
}
"""What the stages of a training are called before a human."""


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """Looked at, and begun; never typed in."""

    change_list_template = "admin/personalize/trainingrun/change_list.html"
    list_display = ("__str__", "kind", "asked_by", "started_at", "progress", "took", "version", "why")
    list_filter = ("status", "kind", "asked_by")
    list_select_related = ("version",)
    fields = (
        "status", "kind", "asked_by", "why", "progress", "version", "started_at", "ended_at", "as_of", "took", "cost",
        "steps", "sold", "fingerprint", "host", "pid",
    )  # fmt: skip
    readonly_fields = ("progress", "took", "cost", "steps", "sold")

    def get_urls(self) -> list[URLPattern]:
        begin = self.admin_site.admin_view(self.begin)
        return [path("begin/", begin, name="personalize_trainingrun_begin"), *super().get_urls()]

    def has_begin_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("personalize.add_trainingrun"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            response.context_data["may_begin"] = self.has_begin_permission(request)
            response.context_data["running"] = TrainingRun.objects.filter(status=RunStatus.RUNNING).first()
        return response

    def begin(self, request: HttpRequest) -> HttpResponse:
        """Have a training begin, by a worker or by a process of this host; only for a POST."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_begin_permission(request):
            raise PermissionDenied
        kind = Kind.REFRESH if request.POST.get("kind") == Kind.REFRESH else Kind.FULL
        running = TrainingRun.objects.filter(status=RunStatus.RUNNING).first()
        if running is not None:
            said = _("Run %(number)s is training already; nothing else was begun.") % {"number": running.pk}
            self.message_user(request, said, messages.WARNING)
        elif start(kind):
            self.message_user(
                request,
                _("A Celery worker was asked to train. If no run appears here, no worker is running."),
                messages.SUCCESS,
            )
        else:
            self.message_user(request, _("A process of this host has begun to train."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:personalize_trainingrun_changelist"))

    @admin.display(description=_("progress"))
    def progress(self, run: TrainingRun) -> SafeString | str:
        """How far it is while it runs; afterwards the stage that it came to."""
        name = str(STAGES.get(run.stage, run.stage))
        if run.status != RunStatus.RUNNING:
            return name
        return format_html(
            '<progress value="{}" max="{}"></progress> {} ({} %)',
            run.done, max(run.total, 1), name, 100 * run.done // max(run.total, 1),
        )  # fmt: skip

    @admin.display(description=_("took"))
    def took(self, run: TrainingRun) -> str:
        return "" if run.status == RunStatus.RUNNING else f"{run.seconds:.0f} s"

    @admin.display(description=_("cost"))
    def cost(self, run: TrainingRun) -> str:
        if not run.peak_bytes:
            return ""
        return str(
            _("%(seconds).0f s of processor time, at most %(memory)s of memory")
            % {"seconds": run.cpu_seconds, "memory": filesizeformat(run.peak_bytes)}
        )

    @admin.display(description=_("steps"))
    def steps(self, run: TrainingRun) -> SafeString:
        told = ((f"{seconds:.0f} s", str(STAGES.get(stage, stage))) for stage, seconds in run.log)
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{} {}</li>", told))

    @admin.display(description=_("learnt from"))
    def sold(self, run: TrainingRun) -> SafeString:
        return format_html_join("", "<p>{} {}</p>", ((f"{count:,}", name) for name, count in run.counts.items()))
