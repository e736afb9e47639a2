"""Finding products: search and sorting."""

from __future__ import annotations

import re

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from .models import Category, Product
from .models.catalogue import ProductQuerySet

MOST_WORDS = 8
SORTS = {
    "popular": (_("Best selling"), ("-times_ordered", "name")),
    "new": (_("Newest"), ("-created", "name")),
    "price": (_("Price: low to high"), ("price", "name")),
    "-price": (_("Price: high to low"), ("-price", "name")),
}


def words_of(query: str) -> list[str]:
    """The query's words, plurals cut to what a name may have instead (`candles` also finds `Candle`)."""
    words = re.findall(r"[^\W_]+(?:['\u2019-][^\W_]+)*", query.lower())
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words][
        :MOST_WORDS
    ]


def search(query: str) -> ProductQuerySet:
    """Visible products in whose name, collection or category every word occurs, or whose code it is.

    Names that begin with the query come first, then those that hold all of it, then the rest; the best sold first.
    """
    words = words_of(query)
    products = Product.objects.visible().for_cards()
    if not words:
        return products.none()
    for word in words:
        products = products.filter(
            Q(name__icontains=word)
            | Q(collection__name__icontains=word)
            | Q(category__name__icontains=word)
            | Q(code__iexact=word)
        )
    in_name = Q()
    for word in words:
        in_name &= Q(name__icontains=word)
    whole = query.strip()
    place = Case(
        When(code__iexact=whole, then=Value(0)),
        When(name__istartswith=whole, then=Value(1)),
        When(name__icontains=whole, then=Value(2)),
        When(in_name, then=Value(3)),
        default=Value(4),
        output_field=IntegerField(),
    )
    return products.order_by(place, "-times_ordered", "name")


def sort(products: ProductQuerySet, by: str | None) -> ProductQuerySet:
    """Sorted as asked; what is sold out always stands last. An unknown order is the first one."""
    _label, columns = SORTS.get(by or "", SORTS["popular"])
    sold_out = Case(When(stock__gt=0, then=Value(0)), default=Value(1), output_field=IntegerField())
    return products.order_by(sold_out, *columns)


def with_covers(categories: QuerySet[Category]) -> list[tuple[Category, Product]]:
    """Each category with its best seller, whose picture stands for it; two queries."""
    rank = Window(RowNumber(), partition_by=F("category_id"), order_by=[F("times_ordered").desc(), F("pk").asc()])
    best = Product.objects.visible().for_cards().alias(rank=rank).filter(rank=1)
    cover_of = {product.category_id: product for product in best}
    return [(category, cover_of[category.pk]) for category in categories if category.pk in cover_of]
