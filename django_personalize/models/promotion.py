from __future__ import annotations

import re
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_personalize.models.scheduled import Scheduled

PARTS = ("title", "text", "button")
"""What a promotion says in each language."""
LONGEST = {"title": 120, "text": 400, "button": 40}
_ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?|/(?![/\\])\S*|\?\S*|#\S*")
"""A web address, or a path from the root of this shop; nothing that a browser would run."""
_FILE = re.compile(r"https?://[^\s/]+/\S+|/(?![/\\])\S+|(?![/\\.])(?!.*\.\.)[^\s:]+")
"""The same, or the name of a static file."""


class Look(models.TextChoices):
    BANNER = "banner", _("banner, across the page")
    CARD = "card", _("card, beside others")


class Promotion(Scheduled):
    """Configuration. Content that the merchandiser schedules for an audience, shown on the personal homepage."""

    look = models.CharField(_("look"), max_length=16, choices=Look, default=Look.BANNER)
    texts = models.JSONField(_("texts"), default=dict, blank=True)
    """By language code: title, text, button."""
    link = models.CharField(
        _("link"), max_length=500, help_text=_("An address of this shop such as /sale/, or a whole one with https://.")
    )
    image = models.CharField(
        _("image"),
        max_length=500,
        blank=True,
        default="",
        help_text=_("The name of a static file, or an address: /media/summer.jpg, https://…"),
    )
    categories = models.JSONField(_("categories"), default=list, blank=True)
    """Whoever is drawn to one of these, or to one of the brands, is meant; everybody where both are empty."""
    brands = models.JSONField(_("brands"), default=list, blank=True)
    most_views = models.PositiveSmallIntegerField(
        _("shown at most"),
        null=True,
        blank=True,
        help_text=_(
            "Times that one shopper sees it. Counted only for those who agreed to be known; empty is no limit."
        ),
    )

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")

    def clean(self) -> None:
        problems: dict[str, Any] = {}
        try:
            super().clean()
        except ValidationError as error:
            problems.update(error.message_dict)
        if self.link and not _ADDRESS.fullmatch(self.link):
            problems["link"] = _("%(found)r is no address; wanted /sale/ or https://example.com/sale/.") % {
                "found": self.link
            }
        if self.image and not _FILE.fullmatch(self.image):
            problems["image"] = _("%(found)r is no file; wanted shop/summer.jpg, /media/summer.jpg or https://…") % {
                "found": self.image
            }
        if problem := self._text_problem():
            problems["texts"] = problem
        if self.most_views == 0:
            problems["most_views"] = _("0; wanted 1 or more.")
        if problems:
            raise ValidationError(problems)

    def _text_problem(self) -> str:
        texts = self.texts if isinstance(self.texts, dict) else {}
        if not any(self._says("title", code) for code in texts):
            return str(_("It says nothing; wanted a title in one language at least."))
        for code in texts:
            for part, most in LONGEST.items():
                if (found := len(self._says(part, code))) > most:
                    text = _("The %(part)s in %(code)s has %(found)s letters; wanted at most %(most)s.")
                    return str(text % {"part": part, "code": code, "found": found, "most": most})
        return ""

    def say(self, part: str, language: str | None) -> str:
        """Return its title, text or button in this language; where it has none, in the nearest that it has one in.

        In this order: the language itself, the same without its country, the project's own, any. Title, text and button
        are of one language: the first in which it has a title.
        """
        wanted = []
        for code in (language or "", django_settings.LANGUAGE_CODE):
            wanted += [code, code.partition("-")[0]]
        wanted += sorted(self.texts) if isinstance(self.texts, dict) else []
        spoken = next((code for code in wanted if self._says("title", code)), "")
        return self._says(part, spoken)

    def _says(self, part: str, language: str) -> str:
        said = self.texts.get(language) if isinstance(self.texts, dict) else None
        return str(said.get(part) or "") if isinstance(said, dict) else ""
