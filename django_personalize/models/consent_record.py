from __future__ import annotations

from django.db import models


class ConsentRecord(models.Model):
    """Fact, append-only. One answer as it was given, chained: proof that it was asked and what was said.

    `commitment` is the HMAC of the fields under the subject's key, `chain` the hash over it and the record before. When
    the person is erased, fields and key are destroyed; commitment and chain stay and still verify.
    """

    number = models.BigIntegerField(primary_key=True)
    """1, 2, 3, ... without a gap."""
    subject = models.UUIDField(null=True, blank=True, db_index=True)
    """A browser's pseudonym; empty once erased."""
    fields = models.JSONField(null=True, blank=True)
    """at, granted, refused, text (sha256 of what was shown), language, source; empty once erased."""
    commitment = models.CharField(max_length=64)
    chain = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"answer {self.number}"


class ConsentKey(models.Model):
    """Derived. The key under which one subject's answers are committed to; destroyed with the person."""

    subject = models.UUIDField(primary_key=True)
    key = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.subject)
