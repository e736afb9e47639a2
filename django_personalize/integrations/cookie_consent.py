"""django-cookie-consent as the source of answers: one cookie group per purpose, named like the purpose."""

from __future__ import annotations

from typing import Any

from cookie_consent.models import Cookie, CookieGroup
from cookie_consent.util import get_cookie_dict_from_request, get_cookie_value_from_request
from django.db import transaction
from django.utils.translation import gettext as _

from django_personalize.core.types import Consents, ConsentState, Purpose
from django_personalize.visitors.cookie import LEAVE, NAME

_STATE = {True: ConsentState.GRANTED, False: ConsentState.DENIED, None: ConsentState.UNKNOWN}


class CookieConsent:
    """Reads the banner's cookie. A purpose without a group of that name is UNKNOWN."""

    def states(self, request: Any) -> Consents:
        # Each question goes to the cache, so only what the browser has an answer to is asked.
        named = get_cookie_dict_from_request(request)
        return {
            purpose: _STATE[get_cookie_value_from_request(request, purpose.value)]
            if purpose.value in named
            else ConsentState.UNKNOWN
            for purpose in Purpose
        }

    def prepare(self) -> list[str]:
        return create_groups()


@transaction.atomic
def create_groups(purposes: tuple[Purpose, ...] = (Purpose.PERSONALIZATION, Purpose.ANALYTICS)) -> list[str]:
    """Create the missing cookie groups with the rows for our cookies, and return their names; never alters a group.

    A group and its cookies are made together: a cookie added later asks everybody again. The groups are not deletable
    by the banner, since two purposes share one cookie and only this package knows when both are gone.
    """
    texts = {
        Purpose.PERSONALIZATION: (
            _("Personal recommendations"),
            _("We use your orders and the products you look at to show what fits you. Nothing leaves this shop."),
        ),
        Purpose.ANALYTICS: (
            _("Statistics"),
            _("We store which pages you visit in this shop, under a random number, to learn what works."),
        ),
    }
    made = []
    for ordering, purpose in enumerate(purposes, start=10):
        name, description = texts[purpose]
        group, created = CookieGroup.objects.get_or_create(
            varname=purpose.value,
            defaults={
                "name": name,
                "description": description,
                "is_required": False,
                "is_deletable": False,
                "ordering": ordering,
            },
        )
        if created:
            for cookie, text in (
                (NAME, _("A random number that stands for this browser.")),
                (LEAVE, _("Says that there was a yes, and no more.")),
            ):
                Cookie.objects.create(cookiegroup=group, name=cookie, description=text)
            made.append(purpose.value)
    return made
