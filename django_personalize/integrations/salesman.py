"""django-salesman, ready: `PERSONALIZE = {"SHOP": "django_personalize.integrations.salesman.SalesmanShop"}`.

What a salesman store sells is rows of several models, its product types. So a key names its model, as in
`"shop.Accessory:7"`, and what is asked about products is one query per type instead of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import models
from django.db.models import CharField, Exists, FloatField, OuterRef, Prefetch, Q, Value
from django.db.models.functions import Cast, Concat, NullIf
from salesman.basket.models import BASKET_ID_SESSION_KEY
from salesman.conf import app_settings
from salesman.core.utils import get_salesman_model

from django_personalize.core.requests import SAFE_METHODS
from django_personalize.core.tally import Tally
from django_personalize.core.types import Item
from django_personalize.exceptions import ConfigurationError, ShopError
from django_personalize.shop.carts import Held, may_ask
from django_personalize.shop.detection import products, tables, words
from django_personalize.shop.keys import key_of, pk_of, pks_of
from django_personalize.shop.mapping import MappedShop
from django_personalize.shop.paths import money
from django_personalize.shop.products import MappedProducts, Rows, is_code
from django_personalize.shop.reading import Reader
from django_personalize.shop.validation import check_product
from django_personalize.shop.validation_values import unknown_keys
from django_personalize.shop.vocabulary import PRODUCT_KEYS

SETTING = 'PERSONALIZE["PRODUCT"]'
VARIANT_KEYS = frozenset(["group", "visible", "in_stock", "price"])
"""What can be said of a product type that is shown as its parent."""
SHOWN_KEYS = PRODUCT_KEYS - {"model", "variant", "group"}
CANCELLED, RETURNED = "CANCELLED", ("CANCELLED", "REFUNDED")


class Kind(MappedProducts):
    """The rows of one model: of a product type, or of what a product type's variants are shown as.

    Its keys are the model's own, without a label.
    """

    def __init__(self, shop: SalesmanShop, model: type[models.Model], said: Mapping[str, Any], *, sold: bool) -> None:
        super().__init__()
        self.product = {"model": label_of(model), **detected(model), **said}
        self.shop, self.sold = shop, sold
        self.variants: list[Variant] = []
        self._get_price = Reader(model, "price", "get_price")

    def on_sale(self, request: Any) -> Rows:
        """Return the rows that can be sold now, with what their prices are read from."""
        return self._related(self._sellable(request), ["price"])

    def queryset(self, request: Any) -> Rows:
        prefetch = [
            Prefetch(each.field.remote_field.get_accessor_name(), each.kind.on_sale(request), f"personalize_{at}")
            for at, each in enumerate(self.variants)
        ]
        return super().queryset(request).prefetch_related(*prefetch)

    def conditions(self, request: Any) -> list[Any]:
        """What the mapping says, and of what cannot be sold itself that one of its variants can."""
        found = super().conditions(request)
        if self.sold:
            return found
        theirs = [each.kind.on_sale(request).filter(**{each.field.name: OuterRef("pk")}) for each in self.variants]
        return [*found, reduce(or_, (Q(Exists(rows)) for rows in theirs))]

    def value(self, name: str, obj: Any, request: Any) -> Any:
        if name != "price" or "price" in self.product:
            return super().value(name, obj, request)
        if request is None:
            return None  # `get_price` is promised the request of whoever asks
        asked = [self._get_price(obj, request)] if self.sold else []
        for at, each in enumerate(self.variants):
            asked += [each.kind.value("price", row, request) for row in getattr(obj, f"personalize_{at}")]
        return min((amount for price in asked if (amount := money(price)) is not None), default=None)

    def scope(self, request: Any) -> str:
        return self.shop.scope(request)


@dataclass(frozen=True, slots=True)
class Variant:
    """A product type that has no page of its own: each row is shown as the one that `field` points at."""

    kind: Kind
    field: models.ForeignKey[Any, Any]

    @property
    def parent(self) -> type[models.Model]:
        parent: type[models.Model] = self.field.related_model
        return parent


class SalesmanShop(MappedShop):
    """The store's product types, baskets and orders.

    `PRODUCT` may hold `currency`, and in `types`, by model, what differs from what the models' own names say.
    `ORDER_LINES` goes before what is below, key by key.
    """

    def __init__(self) -> None:
        super().__init__()
        currency = self.product.get("currency")
        self.line = {**order_lines(), **({"currency": currency} if is_code(currency) else {}), **self.line}

    @classmethod
    def proposed(cls) -> dict[str, Any]:
        types = {}
        for label in sorted(app_settings.SALESMAN_PRODUCT_TYPES):
            try:
                parent = products.parent_of(apps.get_model(label))
            except (LookupError, ValueError):
                continue  # which salesman's own check tells
            if parent is not None:
                types[label] = {"group": parent.name}
        return {"PRODUCT": {"types": types}} if types else {}

    def check(self) -> Iterator[CheckMessage]:
        yield from super().check()
        where, given = f'{SETTING}["types"]', self.product.get("types") or {}
        yield from unknown_keys(SETTING, self.product, ("types", "currency"))
        if not isinstance(given, Mapping) or not all(isinstance(said, Mapping) for said in given.values()):
            hint = '"types": {"shop.Accessory": {"brand": "maker"}}'
            found = f"{where} is {given!r}; wanted a dict of dicts, by model."
            yield Error(found, hint=hint, id="personalize.E007")
            return
        try:
            known = {**self.variants, **self.kinds}
        except ConfigurationError as error:
            hint = '"types": {"shop.PhoneVariant": {"group": "phone"}}'
            yield Error(str(error), hint=hint, id="personalize.E005")
            return
        yield from unknown_keys(where, given, known)
        for label in known.keys() & given.keys():
            keys = VARIANT_KEYS if label in self.variants else SHOWN_KEYS
            yield from unknown_keys(f'{where}["{label}"]', given[label], keys)
            said = {name: value for name, value in given[label].items() if name in keys - {"group"}}
            for message in check_product({"model": label, **said}):
                message.msg = message.msg.replace(SETTING, f'{where}["{label}"]')
                yield message

    # What is sold, and as what it is shown.

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """What is shown, by model."""
        return self._types[0]

    @cached_property
    def variants(self) -> dict[str, Variant]:
        """The product types that are shown as something else, by model."""
        return self._types[1]

    def items(self, keys: Sequence[str], *, request: Any = None) -> dict[str, Item]:
        return {
            item.key: item
            for kind, own in self._by_kind(keys)
            for item in self._labelled(kind, kind.items(own, request=request).values())
        }

    def sellable(self, keys: Sequence[str], *, request: Any = None) -> list[str]:
        found = {
            key_in(kind.model, key) for kind, own in self._by_kind(keys) for key in kind.sellable(own, request=request)
        }
        return [key for key in dict.fromkeys(keys) if key in found]

    def newest(self, n: int, *, request: Any = None) -> list[Item]:
        found = [item for kind in self.kinds.values() for item in self._labelled(kind, kind.newest(n, request=request))]
        # Within a kind they are in order already, and those without a date stay as their kind has them.
        return sorted(found, key=lambda item: -item.created.timestamp() if item.created else 0.0)[:n]

    def reduced(self, n: int, *, request: Any = None) -> list[str]:
        """One kind after the other, in one query each."""
        found = ((kind.model, kind.reduced(n, request=request)) for kind in self.kinds.values())
        return [key_in(model, key) for model, keys in found for key in keys][:n]

    def samples(self, n: int) -> list[list[Item]]:
        return [self._labelled(kind, kind.newest(n)) for kind in self.kinds.values()]

    def find(self, field: str, value: str, *, model: Any = None) -> str | None:
        kinds = [kind for kind in self.kinds.values() if model is None or kind.model is model]
        found = ((kind, kind.find(field, value)) for kind in kinds)
        keys = [key_in(kind.model, key) for kind, key in found if key is not None]
        return keys[0] if len(keys) == 1 else None

    def facts(self) -> Iterator[tuple[str, str, str, datetime | None, str]]:
        for kind in self.kinds.values():
            for key, category, brand, created, title in kind.facts():
                yield key_in(kind.model, key), category, brand, created, title

    def group_of(self, keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for label, own in by_label(keys).items():
            if (variant := self.variants.get(label)) is not None:
                found |= _parents(variant, own)
            elif (kind := self.kinds.get(label)) is not None:
                found |= {key_in(kind.model, key): key_in(kind.model, own) for key, own in kind.group_of(own).items()}
        return found

    def item_key(self, obj: Any) -> str:
        model = self._model_of(obj)
        variant = self.variants.get(label_of(model))
        if variant is None:
            return key_in(model, key_of(obj.pk))
        parent = getattr(obj, variant.field.attname)
        if parent is None:
            raise ShopError(f"{obj!r} is shown as its {variant.field.name}, and has none.")
        return key_in(variant.parent, key_of(parent))

    def variant_key(self, obj: Any) -> str:
        model = self._model_of(obj)
        return key_in(model, key_of(obj.pk)) if label_of(model) in self.variants else ""

    # What is in the basket.

    def watched_carts(self) -> Iterator[type[models.Model]]:
        # A new basket says that the one before is gone: a provider's call that pays for it takes it away unseen.
        yield from (get_salesman_model("BasketItem"), get_salesman_model("Basket"))

    def read_cart(self, request: Any, response: Any, touched: bool, tally: Tally) -> list[Held] | None:
        """Return what the basket holds, without making one.

        After a log-in salesman moves the guest's basket into the account's at the next look at it, and an account's
        several baskets into one: all of them together are the basket already.
        """
        if not may_ask(request) or (not touched and request.method in SAFE_METHODS):
            return None
        item = get_salesman_model("BasketItem")
        session, user = getattr(request, "session", None) or {}, getattr(request, "user", None)
        basket = pk_of(get_salesman_model("Basket"), str(session.get(BASKET_ID_SESSION_KEY, "")))
        mine = Q(pk__in=[]) if basket is None else Q(basket_id=basket, basket__user=None)
        if user is not None and user.is_authenticated:
            mine |= Q(basket__user=user.pk)
        rows = item._base_manager.filter(mine).values_list(
            "product_content_type__app_label", "product_content_type__model", "product_id", "quantity"
        )
        labels = {label.lower(): label for label in app_settings.SALESMAN_PRODUCT_TYPES}
        return [
            Held(f"{labels.get(f'{app}.{model}', f'{app}.{model}')}:{pk}", "", quantity)
            for app, model, pk, quantity in rows
        ]

    def cart_in_session(self, request: Any) -> bool:
        return not self.cart_of_account(request)

    def cart_of_account(self, request: Any) -> bool:
        user = getattr(request, "user", None)
        return user is not None and user.is_authenticated

    # How it is done.

    @cached_property
    def _types(self) -> tuple[dict[str, Kind], dict[str, Variant]]:
        given: dict[str, dict[str, Any]] = self.product.get("types") or {}
        common = {"currency": self.product.get("currency")}
        variants: dict[str, Variant] = {}
        sold: dict[str, bool] = {}
        for label in app_settings.SALESMAN_PRODUCT_TYPES:
            said, model = dict(given.get(label, {})), apps.get_model(label)
            group = said.pop("group", None)
            if group is None:
                sold[label] = True
            else:
                variants[label] = Variant(Kind(self, model, said, sold=True), parent_of(model, group))
        for variant in variants.values():
            sold.setdefault(label_of(variant.parent), False)
        kinds = {
            label: Kind(self, apps.get_model(label), common | given.get(label, {}), sold=sold[label])
            for label in sorted(sold)
        }
        for variant in variants.values():
            kinds[label_of(variant.parent)].variants.append(variant)
        return kinds, variants

    def _model_of(self, obj: Any) -> type[models.Model]:
        """Return the model that the object counts as; a proxy or a child of one that is sold counts as that one."""
        known = {*self.kinds, *self.variants}
        if isinstance(obj, models.Model) and obj.pk is not None:
            for model in type(obj).__mro__:
                if hasattr(model, "_meta") and model._meta.label in known:
                    return model
        labels = ", ".join(sorted(known))
        raise ShopError(f"{obj!r} is no saved object of what this store sells ({labels}); pass the product itself.")

    def _by_kind(self, keys: Sequence[str]) -> Iterator[tuple[Kind, list[str]]]:
        for label, own in by_label(keys).items():
            if label in self.kinds:
                yield self.kinds[label], own

    @staticmethod
    def _labelled(kind: Kind, items: Iterable[Item]) -> list[Item]:
        return [replace(item, key=key_in(kind.model, item.key)) for item in items]


def order_lines() -> dict[str, Any]:
    """Return the mapping of salesman's orders, with the words of the store's own status class.

    An order counts as sold once it no longer waits for its payment. One that was cancelled was never sold, unless a
    payment was noted before.
    """
    status, payment = app_settings.SALESMAN_ORDER_STATUS, get_salesman_model("OrderPayment")
    sold = ~Q(order__status__in=sorted({"NEW", *map(str, status.get_payable())}))
    if CANCELLED in status.values:
        paid = Exists(payment._base_manager.filter(order=OuterRef("order")))
        sold &= ~Q(order__status=CANCELLED) | Q(paid)
    return {
        "model": app_settings.SALESMAN_ORDER_ITEM_MODEL,
        "item": Concat("product_type", Value(":"), Cast("product_id", CharField()), output_field=CharField()),
        "order": "order__ref",
        "date": "order__date_created",
        "qty": "quantity",
        # As paid: the line's total has the basket's modifiers in it, such as a discount.
        "price": Cast("total", FloatField()) / NullIf(Cast("quantity", FloatField()), 0.0, output_field=FloatField()),
        "list_price": "unit_price",
        "user": "order__user_id",
        "placed": sold,
        "cancelled": Q(order__status__in=[name for name in RETURNED if name in status.values]),
        "cancelled_at": "order__date_updated",
        "also_watch": [(payment._meta.label, "order_id")],
    }


def detected(model: type[models.Model]) -> dict[str, Any]:
    """Return what the model's own names say, as `PRODUCT` has it. Exact names only: a wrong guess would hide goods."""
    found = {
        "title": "name" if hasattr(model, "name") else tables.title_of(model),
        "image": tables.pick(model, words.IMAGE, *tables.FILE, *tables.TEXT) or tables.pick(model, words.IMAGE_URL),
        "category": _name_of(model, words.CATEGORY),
        "brand": _name_of(model, words.BRAND),
        "created": tables.pick(model, words.CREATED, *tables.DATE),
        "stock": tables.pick(model, words.STOCK, *tables.WHOLE),
    }
    return {name: path for name, path in found.items() if path} | _what_sells(model)


def _what_sells(model: type[models.Model]) -> dict[str, Q]:
    found = {}
    shown = {name: True for name in words.SHOWN if tables.pick(model, (name,), *tables.BOOLEAN)}
    shown |= {name: False for name in words.HIDDEN if tables.pick(model, (name,), *tables.BOOLEAN)}
    shown |= {f"{name}__isnull": True for name in words.HIDDEN if tables.pick(model, (name,), *tables.DATE)}
    if shown:
        found["visible"] = Q(**shown)
    if flag := tables.pick(model, words.IN_STOCK, *tables.BOOLEAN):
        found["in_stock"] = Q(**{flag: True})
    elif stock := tables.pick(model, words.STOCK, *tables.WHOLE):
        found["in_stock"] = Q(**{f"{stock}__gt": 0})
        if model._meta.get_field(stock).null:
            found["in_stock"] |= Q(**{f"{stock}__isnull": True})
    return found


def _name_of(model: type[models.Model], names: Iterable[str]) -> str:
    related = {field.name: field.related_model for field in tables.forward(model)}
    for name in names:
        if name in related and (title := tables.stored_title(related[name])):
            return f"{name}__{title}"
    return tables.pick(model, names, *tables.TEXT)


def parent_of(model: type[models.Model], group: str) -> models.ForeignKey[Any, Any]:
    """Return the foreign key that `group` names."""
    found = [field for field in tables.forward(model) if field.name == group and field.target_field.primary_key]
    if not found:
        names = ", ".join(field.name for field in tables.forward(model)) or "none"
        raise ConfigurationError(
            f'{SETTING}["types"]["{label_of(model)}"]["group"] is {group!r}; wanted the foreign key to what is shown '
            f"instead. It has: {names}."
        )
    return found[0]


def _parents(variant: Variant, own: Sequence[str]) -> dict[str, str]:
    model = variant.kind.model
    pks = pks_of(model, own)
    rows = model._base_manager.filter(pk__in=list(pks.values())).values_list("pk", variant.field.attname)
    found = {pk: parent for pk, parent in rows if parent is not None}
    return {key_in(model, key): key_in(variant.parent, key_of(found[pk])) for key, pk in pks.items() if pk in found}


def label_of(model: type[models.Model]) -> str:
    return model._meta.label


def key_in(model: type[models.Model], key: str) -> str:
    return f"{label_of(model)}:{key}"


def by_label(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return the keys without their labels, by label; what has no label names nothing."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in dict.fromkeys(keys):
        label, colon, key = each.partition(":")
        if colon:
            found[label].append(key)
    return found
