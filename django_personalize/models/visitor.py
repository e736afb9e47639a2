from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models

from django_personalize.core import clock
from django_personalize.core.types import Purpose

YES_LASTS = timedelta(days=390)
"""How long an answer counts for a browser that never comes back; the cookie lives as long."""

PROFILING = frozenset({Purpose.PERSONALIZATION, Purpose.OFFERS})
"""What an objection to profiling switches off."""


class VisitorQuerySet(models.QuerySet["Visitor"]):
    def granting(self, purpose: Purpose) -> VisitorQuerySet:
        """Keep those whose last answer to `purpose` was a yes that has not run out, and is not switched off."""
        off = {"paused_at": None} | ({"objected_at": None} if purpose in PROFILING else {})
        return self.filter(**{f"granted__{purpose.value}": True}, answered_at__gte=clock.now() - YES_LASTS, **off)


class Visitor(models.Model):
    """Derived. A pseudonymous person or browser that said yes to something; deleted when the yes is withdrawn.

    No row exists for anybody who did not answer or said no; one whose answer lapsed is there and grants nothing.
    `user_key` is text and no foreign key, so that any user model fits and no migration of the shop's depends on ours.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    browser = models.UUIDField(default=uuid.uuid4, editable=False, db_index=True)
    """Shared by the visitors that one browser has been, one after another: a no there is a no of all of them."""
    user_key = models.CharField(max_length=64, blank=True, default="")
    unit = models.CharField(max_length=32, blank=True, default="", db_default="")
    """By what experiments draw this person: see `visitors.unit`."""
    granted = models.JSONField(default=dict)
    """The purposes granted now, as {"personalization": true}; a purpose without a yes is absent."""
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField()
    """When `granted` last changed."""
    referrer = models.CharField(max_length=16, blank=True, default="")
    """The kind of place the latest visit came from; see `Event.referrer`."""
    campaign = models.CharField(max_length=64, blank=True, default="")
    arrived_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    """Since when nothing is added or used, at the shopper's own wish, whatever was answered."""
    objected_at = models.DateTimeField(null=True, blank=True)
    """Since when no profile is made or used, at the shopper's own wish, whatever was answered."""

    objects = VisitorQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["user_key"], name="personalize_visitor_user", condition=~models.Q(user_key="")),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def grants(self, purpose: Purpose) -> bool:
        """Say whether this visitor said yes to `purpose` and has not switched it off since."""
        switched_off = self.paused_at is not None or (self.objected_at is not None and purpose in PROFILING)
        return bool(self.granted.get(purpose.value)) and not switched_off
