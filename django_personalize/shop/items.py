"""One thing that the shop sells, as a row in hand says it: a frozen `Item`, read by `PRODUCT`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar, cast

from django.apps import apps
from django.db import DatabaseError, models
from django.urls import reverse

from django_personalize.conf import settings
from django_personalize.core.types import Item
from django_personalize.exceptions import ConfigurationError
from django_personalize.shop.keys import key_of
from django_personalize.shop.paths import image_url, moment, money, pieces, text
from django_personalize.shop.problems import PRICE_NOT_A_NUMBER
from django_personalize.shop.reading import Reader, logger

FACTS = ("title", "price", "list_price", "currency", "image", "category", "category_url", "brand", "created", "stock",
         "cost")  # fmt: skip
"""The keys of `PRODUCT` that say one thing about an item each, in one way: a path, a function, an expression."""
AMOUNTS = ("price", "list_price", "cost")
OVER = {**dict.fromkeys(AMOUNTS, "lowest"), "stock": "sum"}
"""What is made of several rows, of variants for instance, where not the first of them."""
Rows = models.QuerySet[Any]


def model_of(setting: str, mapping: Mapping[str, Any], key: str = "model") -> type[models.Model]:
    """Return the mapped model, or say which setting names none."""
    label = mapping.get(key)
    if not label:
        raise ConfigurationError(
            f'PERSONALIZE["{setting}"]["{key}"] is not set; wanted the shop\'s model, such as "shop.Product".'
        )
    try:
        return cast("type[models.Model]", apps.get_model(label))
    except (LookupError, ValueError) as error:
        raise ConfigurationError(f'PERSONALIZE["{setting}"]["{key}"] is {label!r}: {error}') from error


def is_code(currency: Any) -> bool:
    """Say whether this is a currency itself, not the path to one."""
    return isinstance(currency, str) and len(currency) == 3 and currency.isupper()


class MappedItems:
    """The part of the adapter that reads one product."""

    PRODUCT: ClassVar[Mapping[str, Any]] = {}
    """An adapter's own mapping; what the settings say goes before it, key by key."""

    def __init__(self) -> None:
        self.product: dict[str, Any] = {**self.PRODUCT, **settings.PRODUCT}
        self._told: set[str] = set()

    # What an adapter overrides where the mapping cannot say it.

    def queryset(self, request: Any) -> Rows:
        """Return all products, whatever their state, with whatever the shop's own cards need fetched along.

        Hide nothing here: facts about past sales are read from the same rows. What may be shown is `conditions`.
        """
        return self.model._base_manager.all()

    def value(self, name: str, obj: Any, request: Any) -> Any:
        """Return what the product says for one key of `PRODUCT`, as the shop has it; None where it says nothing."""
        return self._readers[name](obj, request)

    def url(self, obj: Any, request: Any) -> str:
        """Return the address of the product's page; '' where it has none."""
        given = self.product.get("url")
        try:
            if given is None:
                return str(obj.get_absolute_url()) if hasattr(obj, "get_absolute_url") else ""
            found = self._readers["url"](obj, request)
            return text(found) if isinstance(given, str) else reverse(given[0], kwargs={given[1]: found})
        except DatabaseError:
            raise
        except Exception:
            # Shop code over shop data: a product without a category, a slug that is empty.
            self._tell("product_without_address", key_of(obj.pk))
            return ""

    # What everybody calls.

    @cached_property
    def model(self) -> type[models.Model]:
        return model_of("PRODUCT", self.product)

    def item(self, obj: Any, request: Any) -> Item:
        """Return the frozen value of one product of `queryset`."""
        price, list_price, cost = (self._money(name, obj, request) for name in AMOUNTS)
        stock = pieces(self.value("stock", obj, request))
        attributes = {
            name: text(value)
            for name, reader in self._attributes.items()
            if (value := reader(obj, request)) is not None and value != ""
        }
        return Item(
            key=key_of(obj.pk),
            title=text(self.value("title", obj, request)) or self._name(obj),
            url=self.url(obj, request),
            image=self._image(obj, request),
            price=price,
            list_price=list_price if price is not None and list_price is not None and list_price > price else None,
            currency=self._currency(self.product, self.value("currency", obj, request)),
            category=text(self.value("category", obj, request)),
            category_url=text(self.value("category_url", obj, request)),
            brand=text(self.value("brand", obj, request)),
            created=moment(self.value("created", obj, request)),
            stock=None if stock is None else max(stock, 0),
            cost=cost,
            attributes=attributes,
            obj=obj,
        )

    # How it is done.

    @cached_property
    def _readers(self) -> dict[str, Reader]:
        mapping = {name: self.product.get(name) for name in FACTS}
        if is_code(mapping["currency"]):
            mapping["currency"] = None
        url = self.product.get("url")
        mapping["url"] = url[2] if isinstance(url, list | tuple) else url
        return {name: Reader(self.model, name, value, over=OVER.get(name, "first")) for name, value in mapping.items()}

    @cached_property
    def _attributes(self) -> dict[str, Reader]:
        given: dict[str, Any] = self.product.get("attributes") or {}
        return {name: Reader(self.model, f"attribute_{at}", path) for at, (name, path) in enumerate(given.items())}

    def _related(self, rows: Rows, names: Iterable[str] | None = None) -> Rows:
        """Fetch along what the mapping reads of each product, so that the number of queries stays the same."""
        readers = [self._readers[name] for name in names] if names is not None else [
            *self._readers.values(), *self._attributes.values()
        ]  # fmt: skip
        select = sorted({reader.select for reader in readers} - {""})
        prefetch = sorted({reader.prefetch for reader in readers} - {""})
        columns = {
            reader.annotation: reader.value for reader in readers if reader and not isinstance(reader.value, str)
        }
        if select:
            rows = rows.select_related(*select)
        found: Rows = rows.prefetch_related(*prefetch).annotate(**columns)
        return found

    def _money(self, name: str, obj: Any, request: Any) -> Any:
        value = self.value(name, obj, request)
        amount = money(value)
        if amount is None and value is not None and value != "":
            self._tell(PRICE_NOT_A_NUMBER, key_of(obj.pk))
        return amount

    def _image(self, obj: Any, request: Any) -> str:
        try:
            return image_url(self.value("image", obj, request))
        except DatabaseError:
            raise
        except Exception:
            # A file that is not there, a storage that does not answer.
            self._tell("product_without_image", key_of(obj.pk))
            return ""

    def _name(self, obj: Any) -> str:
        try:
            return str(obj)
        except DatabaseError:
            raise
        except Exception:
            # Shop code again, such as one that names the category of a product that has none.
            self._tell("product_without_name", key_of(obj.pk))
            return ""

    @staticmethod
    def _currency(mapping: Mapping[str, Any], value: Any) -> str:
        given = mapping.get("currency")
        return str(given) if is_code(given) else text(value)

    def _tell(self, reason: str, key: str) -> None:
        """Log what a product says wrongly, once per reason and process: it is read at every render."""
        if reason not in self._told:
            self._told.add(reason)
            logger.warning(
                "product_not_readable: %s, first %s %s", reason, self.model._meta.label, key, extra={"reason": reason}
            )
