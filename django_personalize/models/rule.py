from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_personalize.conf import settings
from django_personalize.models.scheduled import Scheduled

MOST_KEYS = 500
LEAST_STRENGTH, MOST_STRENGTH = Decimal("1.1"), Decimal(10)
SAMPLE = 50
"""Items that are looked at to see whether the shop maps a cost, or a stock, at all."""


class Kind(models.TextChoices):
    PIN = "pin", _("pin to a slot")
    BOOST = "boost", _("boost")
    BURY = "bury", _("bury")
    EXCLUDE = "exclude", _("never show")
    REQUIRE = "require", _("show nothing else")
    CAP = "cap", _("at most so many of one brand or category")
    PRICE = "price", _("by the price of the page's product")


class By(models.TextChoices):
    MARGIN = "margin", _("the more, the higher the margin")
    STOCK = "stock", _("the more, the larger the stock")


class Per(models.TextChoices):
    BRAND = "brand", _("brand")
    CATEGORY = "category", _("category")


class Relation(models.TextChoices):
    CHEAPER = "cheaper", _("cheaper")
    WITHIN = "within", _("about the same price")
    DEARER = "dearer", _("dearer")


NEEDS: dict[str, tuple[str, ...]] = {
    Kind.PIN: ("slot", "item_keys"),
    Kind.BOOST: ("strength",),
    Kind.BURY: ("strength",),
    Kind.CAP: ("most", "per"),
    Kind.PRICE: ("relation",),
}
"""What a kind cannot do without."""
MAY: dict[str, tuple[str, ...]] = {Kind.BOOST: ("by",), Kind.PRICE: ("percent",)}
OF_A_KIND = ("slot", "strength", "by", "most", "per", "relation", "percent")
"""The fields that mean something to some kinds only."""
MATCHES = ("item_keys", "categories", "brands", "price_from", "price_to", "attributes")


class Rule(Scheduled):
    """Configuration. What the merchandiser wants of placements, about the items that it matches.

    An item matches when it has one of the values of every condition that is given; without a condition all do.
    """

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    placements = models.JSONField(_("placements"), default=list, blank=True, help_text=_("None is all of them."))
    """Slugs."""
    item_keys = models.JSONField(_("items"), default=list, blank=True)
    categories = models.JSONField(_("categories"), default=list, blank=True)
    brands = models.JSONField(_("brands"), default=list, blank=True)
    price_from = models.DecimalField(_("price from"), max_digits=17, decimal_places=4, null=True, blank=True)
    price_to = models.DecimalField(_("price to"), max_digits=17, decimal_places=4, null=True, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    """By name, a list of values."""
    slot = models.PositiveSmallIntegerField(_("slot"), null=True, blank=True)
    """From 1 on, in the first row of the placement."""
    strength = models.DecimalField(
        _("strength"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        help_text=_("1.1 to 10. A boost of 3 brings place 9 to place 3; burying by 3 is the other way round."),
    )
    by = models.CharField(_("how much"), max_length=16, choices=By, blank=True, default="")
    most = models.PositiveSmallIntegerField(_("at most"), null=True, blank=True)
    per = models.CharField(_("of one"), max_length=16, choices=Per, blank=True, default="")
    relation = models.CharField(_("relation"), max_length=16, choices=Relation, blank=True, default="")
    percent = models.PositiveSmallIntegerField(
        _("by at most, in percent"), null=True, blank=True, help_text=_("How far from the price of the page's product.")
    )

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")

    @property
    def label(self) -> str:
        """What a decision says that acted."""
        return f"{self.kind}:{self.pk}"

    def clean(self) -> None:
        problems: dict[str, Any] = {}
        for part in (super().clean, self._clean_kind, self._clean_matches, self._clean_shop):
            _gather(part, problems)
        if problems:
            raise ValidationError(problems)

    def _clean_kind(self) -> None:
        """Each kind has what it needs, and nothing that it does not know."""
        problems: dict[str, str | Promise] = {}
        needs, may = NEEDS.get(self.kind, ()), MAY.get(self.kind, ())
        if self.relation == Relation.WITHIN:
            needs = (*needs, "percent")
        kind = self.get_kind_display()
        for name in needs:
            if getattr(self, name) in (None, "", []):
                problems[name] = _("“%(kind)s” wants a value here.") % {"kind": kind}
        for name in OF_A_KIND:
            if name not in (*needs, *may) and getattr(self, name) not in (None, ""):
                problems[name] = _("“%(kind)s” has no use for %(found)s here; leave it empty.") % {
                    "kind": kind,
                    "found": getattr(self, name),
                }
        if self.strength is not None and not LEAST_STRENGTH <= self.strength <= MOST_STRENGTH:
            problems.setdefault("strength", _("%(found)s; wanted 1.1 to 10.") % {"found": self.strength})
        for name in ("slot", "most", "percent"):
            if getattr(self, name) == 0:
                problems.setdefault(name, _("0; wanted 1 or more."))
        if problems:
            raise ValidationError(problems)

    def _clean_matches(self) -> None:
        problems: dict[str, str | Promise] = {}
        for name in ("placements", "segments", "item_keys", "categories", "brands"):
            if not _are_words(getattr(self, name)):
                problems[name] = _("Wanted a list of words; found %(found)r.") % {"found": getattr(self, name)}
        told = self.attributes
        if not isinstance(told, dict) or not all(_are_words(values) and values for values in told.values()):
            problems["attributes"] = _("Wanted values by name, such as “colour: red, blue”; found %(found)r.") % {
                "found": told
            }
        if len(self.item_keys) > MOST_KEYS:
            problems["item_keys"] = _("%(found)s items; wanted at most 500. Name their category or brand.") % {
                "found": len(self.item_keys)
            }
        if self.price_from is not None and self.price_to is not None and self.price_to < self.price_from:
            problems["price_to"] = _("%(found)s is below “from”, which is %(from)s.") % {
                "found": self.price_to,
                "from": self.price_from,
            }
        free = self.kind in (Kind.CAP, Kind.PRICE) or bool(self.by)
        if not free and not problems and not any(getattr(self, name) not in (None, [], {}) for name in MATCHES):
            problems["item_keys"] = _(
                "It matches everything, and would say nothing, or leave nothing to show; wanted items, categories, "
                "brands, prices or attributes."
            )
        if problems:
            raise ValidationError(problems)

    def _clean_shop(self) -> None:
        """What the shop must have for it: the items that are named, a cost, a stock."""
        problems: dict[str, str | Promise] = {}
        if self.item_keys and _are_words(self.item_keys):
            known = settings.shop.group_of(self.item_keys)
            unknown = [key for key in self.item_keys if key not in known]
            variants = [f"{key} → {known[key]}" for key in self.item_keys if known.get(key, key) != key]
            if unknown:
                problems["item_keys"] = _("The shop has no item with the key %(found)s.") % {
                    "found": ", ".join(unknown[:5])
                }
            elif variants:
                problems["item_keys"] = _("A variant is shown as its item; name that instead: %(found)s.") % {
                    "found": ", ".join(variants[:5])
                }
        name = {By.MARGIN: "cost", By.STOCK: "stock"}.get(By(self.by)) if self.by in By.values else None
        if name is not None and not any(
            getattr(item, name) is not None for items in settings.shop.samples(SAMPLE) for item in items
        ):
            problems["by"] = _("No item says its %(name)s; map “%(name)s” in PRODUCT of PERSONALIZE first.") % {
                "name": name
            }
        if problems:
            raise ValidationError(problems)


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


def _gather(part: Callable[[], None], problems: dict[str, Any]) -> None:
    try:
        part()
    except ValidationError as error:
        for name, found in error.message_dict.items():
            problems.setdefault(name, found)
