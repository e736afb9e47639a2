from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

HIGHEST = 100


class State(models.TextChoices):
    DRAFT = "draft", _("draft")
    PLANNED = "planned", _("planned")
    LIVE = "live", _("live")
    ENDED = "ended", _("ended")


class ScheduledQuerySet(models.QuerySet["Scheduled"]):
    def in_force(self, as_of: datetime) -> ScheduledQuerySet:
        """Keep what is on and has not ended, what begins later included, in the order in which it acts."""
        return self.filter(is_on=True).exclude(ends_at__lte=as_of).order_by("-priority", "pk")


class Scheduled(models.Model):
    """What the merchandiser sets for a time and an audience. Configuration."""

    name = models.CharField(_("name"), max_length=100, help_text=_("For the desk; shoppers never see it."))
    is_on = models.BooleanField(_("on"), default=True)
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    segments = models.JSONField(_("segments"), default=list, blank=True, help_text=_("None is everybody."))
    """Slugs; whoever is in one of them is meant."""
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=0, help_text=_("0 to 100. Higher goes first; of equals the older one.")
    )

    objects = ScheduledQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        problems = {}
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            problems["ends_at"] = _("It ends before it begins; wanted a moment after %(start)s.") % {
                "start": f"{self.starts_at:%Y-%m-%d %H:%M}"
            }
        if self.priority is not None and self.priority > HIGHEST:
            problems["priority"] = _("%(found)s is too high; wanted 0 to 100.") % {"found": self.priority}
        if problems:
            raise ValidationError(problems)

    def state(self, as_of: datetime) -> State:
        if not self.is_on:
            return State.DRAFT
        if self.ends_at is not None and self.ends_at <= as_of:
            return State.ENDED
        return State.PLANNED if self.starts_at is not None and as_of < self.starts_at else State.LIVE

    def is_for(self, segments: Collection[str], as_of: datetime) -> bool:
        """Say whether it is live then, and meant for somebody who is in these segments."""
        meant = not self.segments or not frozenset(self.segments).isdisjoint(segments)
        return meant and self.state(as_of) == State.LIVE
