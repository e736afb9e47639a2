"""The accounts of the shop's own staff, who order and look as they test, and say little of what shoppers want."""

from __future__ import annotations

from django.contrib.auth import get_user_model

from django_personalize.conf import settings


def staff_accounts() -> frozenset[str]:
    """Return their keys; none where the accounts are another shop's, or where users do not say who is staff."""
    user = get_user_model()
    if getattr(settings.shop, "accounts_elsewhere", False):
        return frozenset()
    if not any(field.name == "is_staff" for field in user._meta.concrete_fields):
        return frozenset()
    return frozenset(str(pk) for pk in user._base_manager.filter(is_staff=True).values_list("pk", flat=True))
