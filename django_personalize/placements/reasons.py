"""Why, in the shopper's language."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from django_personalize.core.types import Item, Reason


def _texts() -> dict[str, tuple[str, str]]:
    """Return, by code, the sentence that names the anchor and the one that names nothing."""
    return {
        "bought_with": (_("Often bought with %(title)s"), _("Often bought together")),
        "similar_to": (_("Similar to %(title)s"), _("Similar to what you are looking at")),
        "because_bought": (_("Because you bought %(title)s"), _("Because of your orders")),
        "because_viewed": (_("Because you looked at %(title)s"), _("Because of what you looked at")),
        "buy_again": (_("You bought this before"),) * 2,
        "for_you": (_("Because of your orders and visits"),) * 2,
        "also_bought": (_("Bought by those who bought %(title)s"), _("Bought by others who bought this")),
        "also_viewed": (_("Looked at after %(title)s"), _("Looked at by others who looked at this")),
        "completes": (_("Goes with %(title)s"), _("Goes with what you chose")),
        "viewed": (_("You looked at this"),) * 2,
        "searched": (_("Because of what you searched for"),) * 2,
        "trending": (_("Sells faster than usual"),) * 2,
        "reduced": (_("Reduced right now"),) * 2,
        "back": (_("In stock again"),) * 2,
        "popular": (_("Popular right now"),) * 2,
        "new": (_("New in the shop"),) * 2,
        "picked": (_("Our choice"),) * 2,
    }


def sentence(reason: Reason, items: Mapping[str, Item]) -> str:
    """Return the reason as a short sentence.

    An anchor that the shop no longer sells has no title to name: the sentence then says as much as is still true.
    """
    named, plain = _texts()[reason.code]
    anchor = items.get(reason.anchor)
    return plain if anchor is None else named % {"title": anchor.title}
