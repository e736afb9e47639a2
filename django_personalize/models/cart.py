from __future__ import annotations

from django.db import models


class Cart(models.Model):
    """Derived. The visitor's cart as last seen: the next one is compared with it."""

    visitor = models.OneToOneField(
        "personalize.Visitor", on_delete=models.CASCADE, primary_key=True, related_name="cart"
    )
    lines = models.JSONField(default=list)
    """[item key, variant key, quantity] each, sorted."""
    unsettled = models.BooleanField(default=False)
    """Whether the next page takes the cart as it then is: a shop may move what it holds only after a log-in."""
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{len(self.lines)} lines of {self.pk}"
