from __future__ import annotations

from datetime import timedelta

from django.db import models

from django_personalize.core import clock

MEMBERSHIP_LASTS = timedelta(days=30)
"""What no refresh has confirmed for so long is neither used nor kept."""


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> MembershipQuerySet:
        """Keep those that a refresh has confirmed lately."""
        return self.filter(as_of__gte=clock.now() - MEMBERSHIP_LASTS)


class Membership(models.Model):
    """Derived. A person is in a segment since then, last confirmed as of then; made anew every night.

    One row per person and segment, with the oldest of their visitors that grants `personalization`. It goes with that
    visitor, and at once when any browser of theirs takes its yes back.
    """

    visitor = models.ForeignKey("personalize.Visitor", on_delete=models.CASCADE, related_name="memberships")
    segment = models.CharField(max_length=64)
    """The slug of one of `segments.rules.SEGMENTS`."""
    since = models.DateTimeField()
    """The `as_of` of the first of the refreshes that have found it so without a break."""
    as_of = models.DateTimeField()
    why = models.JSONField(default=dict)
    """The few numbers that the rule was decided by, under the names of `segments.features.Features`."""

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["visitor", "segment"], name="personalize_membership_once")]
        indexes = [
            models.Index(fields=["segment", "since"], name="personalize_membership_segment"),
            models.Index(fields=["as_of"], name="personalize_membership_as_of"),
        ]

    def __str__(self) -> str:
        return f"{self.segment} since {self.since:%Y-%m-%d}"
