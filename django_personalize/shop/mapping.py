"""The shop as the dicts in the settings describe it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.core.checks import CheckMessage
from django.db import models

from django_personalize.conf import settings
from django_personalize.core.tally import Tally
from django_personalize.core.text import storable
from django_personalize.core.types import CartLine
from django_personalize.shop.carts import ACCOUNT, SESSION, Held, NotAsked, Source, UnknownShape, sources
from django_personalize.shop.items import model_of
from django_personalize.shop.keys import LONGEST, pks_of
from django_personalize.shop.orders import MappedOrders
from django_personalize.shop.paths import fields_along
from django_personalize.shop.problems import CART_SHAPE, CART_UNKNOWN_ITEM, KEY_TOO_LONG
from django_personalize.shop.validation import check_carts, check_lines, check_product
from django_personalize.shop.vocabulary import LINE_KEYS, PRODUCT_KEYS

__all__ = ["LINE_KEYS", "PRODUCT_KEYS", "MappedShop", "model_of"]
REMEMBERED = 10_000
REMEMBERED_SECONDS = 300.0
UNTOLD = ""
"""What stands for the item of a variant that exists, where nothing says whose it is."""


class MappedShop(MappedOrders):
    """Reads the shop's tables as `PRODUCT`, `ORDER_LINES`, `CART` and `SCOPE` say.

    Through `_base_manager`: a manager may hide rows. An adapter for what a mapping cannot say inherits from it, gives
    its own mappings as class attributes, and overrides what differs: `queryset`, `conditions`, `value`, `url`,
    `group_of` for products, `line_queryset` for orders, `read_cart`, `cart_in_session`, `cart_of_account` and
    `watched_carts` for carts, `scope`.
    """

    CART: ClassVar[Mapping[str, Any] | Sequence[Mapping[str, Any]] | None] = None
    """An adapter's own carts; the settings', where they say anything, go before them."""

    def __init__(self) -> None:
        super().__init__()
        self.cart_mapping: Any = self.CART if settings.CART is None else settings.CART
        self._resolved: dict[tuple[str, str], str] = {}
        self._resolved_since = time.monotonic()

    @classmethod
    def proposed(cls) -> dict[str, Any]:
        """Return what the settings should say beside `SHOP`, as far as the shop's models tell; for a ready adapter."""
        return {}

    def check(self) -> Iterator[CheckMessage]:
        """Yield what is wrong with the mappings, for `manage.py check`.

        An adapter that reads products or lines by no mapping names no model for them, and is not asked for one.
        """
        own = type(self) is MappedShop
        if own or self.product.get("model"):
            yield from check_product(self.product)
        if own or self.line.get("model"):
            yield from check_lines(self.line, self.product)
        yield from check_carts(self.cart_mapping, self.product)

    @property
    def has_cart(self) -> bool:
        return bool(self._sources) or type(self).read_cart is not MappedShop.read_cart

    def cart(
        self, request: Any, *, response: Any = None, touched: bool = True, tally: Tally | None = None
    ) -> list[CartLine] | None:
        tally = Tally() if tally is None else tally
        found = self.read_cart(request, response, touched, tally)
        return None if found is None else self._cart_lines(found, tally)

    def read_cart(self, request: Any, response: Any, touched: bool, tally: Tally) -> list[Held] | None:
        """Return what the cart holds; None where nobody can say.

        An adapter overrides it, with `watched_carts`, where the cart is none that `CART` can describe.
        """
        for source in self._sources:
            try:
                held = source.read(request, response, touched)
            except NotAsked:
                return None
            except UnknownShape:
                tally.add(CART_SHAPE, f"{source.kind}: {source.spec[source.kind]}")
                continue
            if held is not None:
                vars(request)["_personalize_cart_of"] = source.belongs_to(request)
                return held
        return None

    def cart_in_session(self, request: Any) -> bool:
        return bool(vars(request).get("_personalize_cart_of") == SESSION)

    def cart_of_account(self, request: Any) -> bool:
        return bool(vars(request).get("_personalize_cart_of") == ACCOUNT)

    def watched_carts(self) -> Iterator[type[models.Model]]:
        for source in self._sources:
            yield from source.models

    @cached_property
    def _sources(self) -> list[Source]:
        return sources(self.cart_mapping)

    def _cart_lines(self, held: Sequence[Held], tally: Tally) -> list[CartLine]:
        items = self._resolve({each.key for each in held if each.key}, self.group_of, "item")
        variants = self._resolve({each.variant for each in held if each.variant}, self._items_of_variants, "variant")
        quantities: Counter[tuple[str, str]] = Counter()
        for each in held:
            item_key = items.get(each.key) if each.key else variants.get(each.variant)
            if not item_key or not storable(each.variant):
                tally.add(KEY_TOO_LONG if len(each.key or each.variant) > LONGEST else CART_UNKNOWN_ITEM, "CART")
                continue
            leads_here = each.variant and variants.get(each.variant) in (item_key, UNTOLD)
            quantities[item_key, self._variant_of(each, item_key, bool(leads_here))] += each.quantity
        return [
            CartLine(item_key=item_key, variant_key=variant_key, quantity=quantity)
            for (item_key, variant_key), quantity in sorted(quantities.items())
        ]

    def _variant_of(self, held: Held, item_key: str, leads_here: bool) -> str:
        """Return the variant's key: what a browser sent as one counts only where it is the variant of this item."""
        model = self.variant_model or self._sold_variants
        if leads_here and model is not None:
            return self.canonical_key(held.variant, model)
        own = self.canonical_key(held.variant if leads_here else held.key or item_key)
        return "" if own == item_key else own

    def _items_of_variants(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the item's key for each variant that there is; `UNTOLD` where the mapping does not say whose it is."""
        model = self._sold_variants
        if model is None:
            return self.parents_of(keys)
        pks = pks_of(model, keys)
        found = set(model._base_manager.filter(pk__in=list(pks.values())).values_list("pk", flat=True))
        return {key: UNTOLD for key, pk in pks.items() if pk in found}

    @cached_property
    def _sold_variants(self) -> type[models.Model] | None:
        """The model of variants where `ORDER_LINES` alone leads to one; None else."""
        path = self.line.get("variant")
        if self.product.get("variant") or self.product.get("group") or not isinstance(path, str):
            return None
        fields = list(fields_along(self.line_model, path.removesuffix("__pk")))
        found: type[models.Model] | None = fields[-1].related_model if fields else None
        return found

    def _resolve(self, keys: set[str], look_up: Callable[[Sequence[str]], dict[str, str]], kind: str) -> dict[str, str]:
        """Return the item's key for each key that is one; what was found is remembered for some minutes.

        A page whose cart has not changed then costs no query. What was not found is asked for again: it may be new.
        """
        if time.monotonic() - self._resolved_since > REMEMBERED_SECONDS or len(self._resolved) > REMEMBERED:
            self._resolved, self._resolved_since = {}, time.monotonic()
        known = self._resolved
        new = sorted(key for key in keys if (kind, key) not in known and len(key) <= LONGEST)
        if new:
            known.update(((kind, key), item_key) for key, item_key in look_up(new).items())
        return {key: known[kind, key] for key in keys if (kind, key) in known}
