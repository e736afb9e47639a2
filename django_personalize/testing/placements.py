"""What a page's rows hold, as a test would say it."""

from __future__ import annotations

from typing import Any

from django_personalize.placements.draw import Presented, presented_on
from django_personalize.testing.keys import key_of
from django_personalize.testing.shoppers import Shopper


class Placed:
    """One placement of one page. Each method raises `AssertionError`, or returns this, to be asked further."""

    def __init__(self, presented: Presented) -> None:
        self.presented = presented
        self.keys = [shown.item.key for shown in presented]

    def shows(self, *items: object) -> Placed:
        """All of these are in it, wherever."""
        lacking = [key for key in map(key_of, items) if key not in self.keys]
        return self._unless(lacking, f"lacks {_told(lacking)}")

    def shows_first(self, *items: object) -> Placed:
        """It begins with these, in this order."""
        wanted = [key_of(item) for item in items]
        return self._unless(self.keys[: len(wanted)] != wanted, f"does not begin with {_told(wanted)}")

    def never_shows(self, *items: object) -> Placed:
        """None of these is in it."""
        there = [key for key in map(key_of, items) if key in self.keys]
        return self._unless(there, f"shows {_told(there)}")

    def is_empty(self) -> Placed:
        return self._unless(self.keys, "is not empty")

    def is_personal(self) -> Placed:
        """The shopper's own past had a say in it."""
        return self._unless(not self.presented.personal, "is what everybody gets")

    def is_impersonal(self) -> Placed:
        """Nobody's past had a say in it."""
        return self._unless(self.presented.personal, "is made for one shopper")

    def says(self, item: object, reason: str) -> Placed:
        """The reason that it gives for `item` has these words."""
        self.shows(item)
        key = key_of(item)
        told = next(shown.reason for shown in self.presented if shown.item.key == key)
        return self._unless(reason not in told, f"says of {key!r}: {told!r}, and not {reason!r}")

    def _unless(self, wrong: object, text: str) -> Placed:
        __tracebackhide__ = True
        if wrong:
            raise AssertionError(f"{self.presented.slug!r} {text}. It shows {_told(self.keys)}.")
        return self


def assert_placement(page: Any, slug: str) -> Placed:
    """Return what the placement `slug` showed on `page`: a response of Django's test client, or a shopper's last one.

    Every row that the page's code chose counts, whatever its templates made of it, and those of the API. Where several
    of the page have this slug it is the last. Raises `AssertionError` where there is none: a row that is not on the
    page proves nothing of what it never shows.
    """
    __tracebackhide__ = True
    if isinstance(page, Presented):
        return Placed(page)
    response = page.response if isinstance(page, Shopper) else page
    request = getattr(response, "wsgi_request", None) or getattr(response, "asgi_request", None)
    if request is None:
        raise TypeError(f"assert_placement() was given {page!r}; wanted a response of Django's test client.")
    shown = presented_on(request)
    for presented in reversed(shown):
        if presented.slug == slug:
            return Placed(presented)
    raise AssertionError(f"The page has no placement {slug!r}. It has {_told([each.slug for each in shown])}.")


def _told(names: list[str]) -> str:
    return ", ".join(map(repr, names)) or "nothing"
