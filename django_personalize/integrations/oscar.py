"""django-oscar, ready: `PERSONALIZE = {"SHOP": "django_personalize.integrations.oscar.OscarShop"}` says it all.

Models come through oscar's own `get_model`, so a store's forks are read. Prices and availability are what the store's
strategy tells whoever asks; that is code, not a column, and so is asked for rows in hand.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import (
    Exists,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Sum,
    prefetch_related_objects,
)
from django.db.models.functions import Cast, Coalesce, Greatest, Least, NullIf
from django.urls import get_script_prefix
from django.utils.functional import SimpleLazyObject, empty
from django.utils.translation import get_language
from oscar.core.loading import get_class, get_model

from django_personalize.conf import settings
from django_personalize.core.requests import SAFE_METHODS
from django_personalize.core.tally import Tally
from django_personalize.core.types import Item
from django_personalize.shop.carts import Held, may_ask
from django_personalize.shop.keys import key_of, pks_of
from django_personalize.shop.mapping import REMEMBERED_SECONDS, MappedShop
from django_personalize.shop.products import Rows

BACK = frozenset(["cancelled", "canceled", "returned", "refunded"])
ONLY_PARTLY = frozenset(["partially", "partly", "part", "not", "to", "be", "being", "awaiting"])
ATTRIBUTE = "attr__"
PUBLIC_CHILDREN = "_prefetched_public_children"
"""Where oscar's `get_public_children()` looks before it asks the database."""
WINDOWS = 5
"""How many times, each time for more rows, the newest products are looked through for those that can be bought."""


class OscarShop(MappedShop):
    """The store's catalogue, baskets and orders. A subclass changes the class attributes; so do `PRODUCT` and
    `ORDER_LINES` in the settings, key by key.
    """

    PRODUCT: ClassVar[Mapping[str, Any]] = {
        "model": "catalogue.Product",
        "title": "title",
        "price": "django_personalize.integrations.oscar.price",
        "currency": "django_personalize.integrations.oscar.currency",
        "image": "images__original",
        "category_url": "django_personalize.integrations.oscar.category_url",
        "created": "date_created",
        "stock": "django_personalize.integrations.oscar.stock",
        "visible": Q(is_public=True),
        "group": "parent",
    }
    ORDER_LINES: ClassVar[Mapping[str, Any]] = {
        "model": "order.Line",
        "item": "product_id",
        "order": "order__number",
        "date": "order__date_placed",
        "qty": "quantity",
        "currency": "order__currency",
        "user": "order__user_id",
        "also_watch": [
            ("order.ShippingEventQuantity", "event__order_id"),
            ("order.PaymentEventQuantity", "event__order_id"),
        ],
    }
    templates = "personalize/oscar"
    cancelled_statuses: ClassVar[Collection[str] | None] = None
    """Statuses, of an order or a line, that mean that it came back; None finds them in the store's pipelines."""
    returned_events: ClassVar[Collection[str]] = ("cancelled", "canceled", "returned", "refunded", "return", "refund")
    """Codes of the shipping and payment event types that say how many pieces of a line came back."""

    def __init__(self) -> None:
        super().__init__()
        product = {"category": first_category("name"), **self.product}
        product["attributes"] = {name: worked_out(path) for name, path in (product.get("attributes") or {}).items()}
        self.product = {name: worked_out(value) for name, value in product.items()}
        site = {"scope": "order__site_id"} if settings.SCOPE == "site" else {}
        self.line = {**self._money_and_returns(), **site, **self.line}
        self._addresses: dict[tuple[str | None, str], dict[Any, str]] = {}
        self._addresses_since = time.monotonic()

    # What may be shown.

    def queryset(self, request: Any) -> Rows:
        """Return all products, each with what oscar's own card would otherwise ask for by itself."""
        option = get_model("catalogue", "Option")
        rows: Rows = self.model._base_manager.select_related("product_class").annotate(
            has_product_class_options=Exists(option.objects.filter(productclass=OuterRef("product_class"))),
            has_product_options=Exists(option.objects.filter(product=OuterRef("pk"))),
            personalize_first_category=first_category("pk"),
        )
        return rows

    def items(self, keys: Sequence[str], *, request: Any = None) -> dict[str, Item]:
        pks = pks_of(self.model, keys)
        if not pks:
            return {}
        rows = self._related(self._sellable(request)).filter(pk__in=list(pks.values()))
        return {item.key: item for item in self._shown(rows, request)}

    def newest(self, n: int, *, request: Any = None) -> list[Item]:
        rows = self._related(self._sellable(request)).order_by("-date_created", "pk")
        found: list[Item] = []
        start, size = 0, 2 * n
        for _ in range(WINDOWS):
            window = list(rows[start : start + size])
            found += self._shown(window, request)
            if len(found) >= n or len(window) < size:
                break
            start, size = start + size, size * 4
        return found[:n]

    def sellable(self, keys: Sequence[str], *, request: Any = None) -> list[str]:
        """In three queries instead of one: what can be bought only the strategy knows, and it wants rows to look at."""
        pks = pks_of(self.model, keys)
        if not pks:
            return []
        rows = self._sellable(request).filter(pk__in=list(pks.values()))
        found = {obj.pk for obj in self._can_be_bought(rows, request)}
        return [key for key, pk in pks.items() if pk in found]

    def _shown(self, rows: Iterable[Any], request: Any) -> list[Item]:
        objects = self._can_be_bought(rows, request)
        addresses = self._category_addresses({obj.personalize_first_category for obj in objects} - {None})
        for obj in objects:
            obj.personalize_category_url = addresses.get(obj.personalize_first_category, "")
        return [self.item(obj, request) for obj in objects]

    def _can_be_bought(self, rows: Iterable[Any], request: Any) -> list[Any]:
        """Return those that the strategy has a price for and would sell now; it is asked once about each."""
        objects, strategy = list(rows), strategy_of(request)
        children = Prefetch("children", get_model("catalogue", "Product").objects.public(), PUBLIC_CHILDREN)
        prefetch_related_objects([obj for obj in objects if obj.is_parent], children)
        prefetch_related_objects([each for obj in objects for each in bought_as(obj)], "stockrecords")
        found = []
        for obj in objects:
            try:
                told = obj.personalize_told = ask(strategy, obj)
                if told.price.exists and told.availability.is_available_to_buy:
                    found.append(obj)
            except Exception as error:
                # The store's own code: one product that it cannot price must not take the others with it.
                self._tell(f"strategy_failed: {error!r}", key_of(obj.pk))
        return found

    def _category_addresses(self, pks: set[Any]) -> dict[Any, str]:
        """Return the categories' addresses, which are made of their ancestors'; remembered for some minutes.

        One that has moved since still leads to its page: oscar finds a category by its key and redirects.
        """
        if time.monotonic() - self._addresses_since > REMEMBERED_SECONDS:
            self._addresses, self._addresses_since = {}, time.monotonic()
        known = self._addresses.setdefault((get_language(), get_script_prefix()), {})
        new = pks.difference(known)
        if new:
            categories = list(get_model("catalogue", "Category")._base_manager.filter(pk__in=new))
            link_parents(categories)
            known.update({each.pk: str(each.get_absolute_url()) for each in categories})
        return known

    # What came back of an order.

    @cached_property
    def _cancelled(self) -> list[str]:
        if self.cancelled_statuses is not None:
            return sorted(self.cancelled_statuses)
        pipelines = [get_model("order", name).pipeline for name in ("Order", "Line")]
        named = {str(status) for each in pipelines for status in (*each, *(to for tos in each.values() for to in tos))}
        return sorted({*map(str.title, BACK), *filter(means_cancelled, named)})

    def _money_and_returns(self) -> dict[str, Any]:
        status_changes = get_model("order", "OrderStatusChange")._base_manager
        events = [get_model("order", name)._base_manager for name in ("ShippingEventQuantity", "PaymentEventQuantity")]
        of_line = [
            each.filter(line=OuterRef("pk"), event__event_type__code__in=self.returned_events) for each in events
        ]
        back = [
            Coalesce(
                Subquery(each.order_by().values("line").annotate(sum=Sum("quantity")).values("sum")),
                0,
                output_field=IntegerField(),
            )
            for each in of_line
        ]
        cancelled = status_changes.filter(order=OuterRef("order"), new_status__in=self._cancelled)
        return {
            # Tax included and discounts taken off, as it was paid.
            "price": per_piece("line_price_incl_tax"),
            "list_price": per_piece("line_price_before_discounts_incl_tax"),
            "cancelled": Q(order__status__in=self._cancelled) | Q(status__in=self._cancelled),
            # Pieces that came back and were then refunded are the same pieces.
            "cancelled_qty": Least(Greatest(*back), F("quantity"), output_field=IntegerField()),
            "cancelled_at": Coalesce(
                Subquery(cancelled.order_by("-date_created").values("date_created")[:1]),
                *(
                    Subquery(each.order_by("-event__date_created").values("event__date_created")[:1])
                    for each in of_line
                ),
            ),
        }

    # What the basket holds.

    def watched_carts(self) -> Iterator[type[models.Model]]:
        yield get_model("basket", "Line")
        yield get_model("basket", "Basket")

    def cart_of_account(self, request: Any) -> bool:
        user = getattr(request, "user", None)
        return user is not None and user.is_authenticated

    def read_cart(self, request: Any, response: Any, touched: bool, tally: Tally) -> list[Held] | None:
        if not may_ask(request) or (not touched and request.method in SAFE_METHODS):
            return None
        baskets = self._baskets(request)
        if baskets is None:
            return None
        rows = get_model("basket", "Line")._base_manager.filter(baskets)
        # While two baskets wait to be merged, what both hold counts once, as it does after oscar has merged them.
        merged: dict[str, tuple[Any, int]] = {}
        for reference, product, quantity in rows.values_list("line_reference", "product_id", "quantity"):
            merged[reference] = (product, max(quantity, merged[reference][1] if reference in merged else 0))
        return [Held(key_of(product), "", quantity) for product, quantity in merged.values() if quantity]

    def _baskets(self, request: Any) -> Q | None:
        """Return a condition on basket lines: those of the open basket of whoever is here now.

        `request.basket` is never loaded for it: that would make a basket, or merge two.
        """
        lazy = getattr(request, "basket", None)
        if lazy is None:
            return None
        basket = get_model("basket", "Basket")
        loaded = None if isinstance(lazy, SimpleLazyObject) and vars(lazy)["_wrapped"] is empty else lazy
        user = getattr(request, "user", None)
        account = user.pk if user is not None and user.is_authenticated else None
        if loaded is not None and loaded.owner_id == account:
            found = Q(basket=loaded.pk)
        else:
            # Not asked for yet, or somebody logged in since: the next page merges the cookie's with the account's.
            nobodys = [pk for pk in (self._in_cookie(request), loaded and loaded.pk) if pk is not None]
            found = Q(basket__in=nobodys, basket__owner=None)
            if account is not None:
                found |= Q(basket__owner=account)
        found &= Q(basket__status=basket.OPEN)
        paying = self._being_paid(request)
        return found if paying is None else found | Q(basket=paying, basket__status=basket.FROZEN)

    @staticmethod
    def _in_cookie(request: Any) -> str | None:
        middleware = get_class("basket.middleware", "BasketMiddleware")
        signed = request.COOKIES.get(middleware(lambda request: None).get_cookie_key(request))
        try:
            return Signer().unsign(signed) if signed else None
        except BadSignature:
            return None

    @staticmethod
    def _being_paid(request: Any) -> Any:
        """Return the basket that somebody took along to a payment page elsewhere: frozen, and theirs until paid."""
        session = getattr(request, "session", None)
        if session is None:
            return None
        data = session.get(get_class("checkout.utils", "CheckoutSessionData").SESSION_KEY) or {}
        return data.get("submission", {}).get("basket_id")


def means_cancelled(status: str) -> bool:
    """Say whether a status of the store's own means that all of it came back: "Cancelled by customer" does."""
    words = set(re.findall(r"\w+", status.casefold()))
    return bool(words & BACK) and words.isdisjoint(ONLY_PARTLY)


def price(product: Any, request: Any) -> Any:
    """Return what oscar's own pages show: with tax where it is known already, without where it is not."""
    told = product.personalize_told.price
    return told.incl_tax if told.is_tax_known else told.excl_tax


def currency(product: Any, request: Any) -> Any:
    return product.personalize_told.price.currency


def stock(product: Any, request: Any) -> int | None:
    """Return how many pieces are left, of a parent those of all its children; None where they are not counted."""
    if not product.get_product_class().track_stock:
        return None
    left: list[int] = [record.net_stock_level for each in bought_as(product) for record in each.stockrecords.all()]
    return max(0, sum(left))


def category_url(product: Any, request: Any) -> Any:
    return product.personalize_category_url


def strategy_of(request: Any) -> Any:
    """Return the strategy of this request, or that of nobody in particular."""
    given = getattr(request, "strategy", None)
    return given if given is not None else get_class("partner.strategy", "Selector")().strategy()


def ask(strategy: Any, product: Any) -> Any:
    return strategy.fetch_for_parent(product) if product.is_parent else strategy.fetch_for_product(product)


def bought_as(product: Any) -> list[Any]:
    """Return what goes into the basket: the public children of a parent, or the product itself."""
    return list(product.get_public_children()) if product.is_parent else [product]


def per_piece(amount: str) -> Any:
    """Return the column divided by the quantity; as floats, since some databases divide 45.00 by 4 as whole numbers."""
    return Cast(amount, FloatField()) / NullIf(Cast("quantity", FloatField()), 0.0, output_field=FloatField())


def link_parents(categories: list[Any]) -> None:
    """Give each category its ancestors, all fetched at once."""
    model = get_model("catalogue", "Category")
    length = model.steplen
    paths = {each.path[:end] for each in categories for end in range(length, len(each.path), length)}
    known = {each.path: each for each in model._base_manager.filter(path__in=paths)} if paths else {}
    for each in (*known.values(), *categories):
        parent = known.get(each.path[:-length])
        if parent is not None:
            each._cached_parent_obj = parent  # where treebeard's get_parent() looks first


def first_category(field: str) -> Any:
    """A field of the product's first public category, in the order of the tree; worked out by the database."""
    categories = get_model("catalogue", "Category").objects.browsable().filter(product=OuterRef("pk"))
    return Subquery(categories.order_by("path").values(field)[:1])


def worked_out(value: Any) -> Any:
    """Return what the database reads "attr__<code>" by: the product's own attribute of this code, as text."""
    if not isinstance(value, str) or not value.startswith(ATTRIBUTE):
        return value
    rows = get_model("catalogue", "ProductAttributeValue")._base_manager.filter(
        product=OuterRef("pk"), attribute__code=value.removeprefix(ATTRIBUTE)
    )
    number = Cast("value_integer", models.CharField())
    told = Coalesce("value_option__option", "value_text", number, output_field=models.CharField())
    return Subquery(rows.annotate(told=told).values("told")[:1])
