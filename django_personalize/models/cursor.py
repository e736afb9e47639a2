from __future__ import annotations

from django.db import models


class Cursor(models.Model):
    """Derived. How far one segment of the spool, or one stream, has been stored, or facts have been worked through;
    moved with the rows it speaks of.
    """

    name = models.CharField(max_length=128, primary_key=True)
    position = models.CharField(max_length=64, default="0")
    """Bytes of a segment, the last id of a stream, or a moment."""
    received = models.BigIntegerField(default=0)
    """The running count that the last line taken carries: how many facts its writer had put down by then."""
    moved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"
