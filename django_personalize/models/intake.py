from __future__ import annotations

from django.db import models


class Outcome(models.TextChoices):
    RECEIVED = "received"
    STORED = "stored"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    ERASED = "erased"


class Intake(models.Model):
    """Derived. How many facts came in and what became of them, per day; about nobody.

    Each row is written in the transaction that decides, so that the sum closes whatever is killed. `shard` spreads
    concurrent writers over several rows; readers add them up.
    """

    Outcome = Outcome

    day = models.DateField()
    sink = models.CharField(max_length=8)
    """The way they came: spool, db, redis."""
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    reason = models.CharField(max_length=64, blank=True, default="")
    shard = models.PositiveSmallIntegerField(default=0)
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "sink", "outcome", "reason", "shard"], name="personalize_intake_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.sink} {self.outcome} {self.reason}: {self.count}"
