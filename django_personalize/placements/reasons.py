"""Why, in the shopper's language."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from django_personalize.core.types import Item, Reason


def sentence(reason: Reason, items: Mapping[str, Item]) -> str:
    """Return the reason as a short sentence.

    An anchor that the shop no longer sells has no title to name: the sentence then says as much as is still true.
    """
    anchor = items.get(reason.anchor)
    if anchor is None:
        return {
            "bought_with": _("Often bought together"),
            "similar_to": _("Similar to what you are looking at"),
            "because_bought": _("Because of your orders"),
            "because_viewed": _("Because of what you looked at"),
            "buy_again": _("You bought this before"),
            "popular": _("Popular right now"),
            "new": _("New in the shop"),
        }.get(reason.code, "")
    return {
        "bought_with": _("Often bought with %(title)s"),
        "similar_to": _("Similar to %(title)s"),
        "because_bought": _("Because you bought %(title)s"),
        "because_viewed": _("Because you looked at %(title)s"),
        "buy_again": _("You bought this before"),
        "popular": _("Popular right now"),
        "new": _("New in the shop"),
    }.get(reason.code, "") % {"title": anchor.title}
