"""What the lines lead to: the product that is shown, and the variant of it that is bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q

from django_personalize.shop.detection import tables, words
from django_personalize.shop.detection.tables import Model
from django_personalize.shop.detection.words import says

LEAST = 2.0
"""A thing with a title and a price, or one that is named like a product."""


@dataclass(frozen=True, slots=True)
class Link:
    """The way from a line to the product."""

    target: Model
    """What the line's own column leads to."""
    product: Model
    item: str
    """The path of the product's key, from the line."""
    score: float
    lookup: str = ""
    """The relation to the target, as lookups name it; '' for a generic one."""
    variant: str = ""
    """The path of the variant's key, from the line; '' where the line leads to the product alone."""
    variants: Model | None = None
    group: str = ""
    """The variant's relation to its product."""
    condition: Q | None = None
    """Keeps out lines of other kinds of things, where the relation is generic."""


def links(line: Model) -> list[Link]:
    """Return the ways from a line to products, the most likely first."""
    found = [*_direct(line), *_generic(line)]
    merged = [_with_variant(link, found) for link in found]
    kept = [link for link in merged if link is not None]
    return sorted(kept, key=lambda link: -link.score)


def product_score(model: Model) -> float:
    """How much a table looks like one of products: title, price, page, picture, category, name."""
    name = tables.name_of(model)
    if model is get_user_model() or model._meta.app_label in {"auth", "contenttypes", "sites", "sessions"}:
        return 0.0
    score = 1.5 * says(name, words.PRODUCT)
    score -= 3.0 * (says(name, words.ORDER) or (says(name, words.NOT_PRODUCTS) and not _ends_as_product(name)))
    score += 1.0 * bool(tables.title_of(model) or tables.columns(model, models.CharField))
    score += 1.0 * (
        tables.has_price(model) or any(tables.has_price(each.related_model) for each in tables.incoming(model))
    )
    score += 1.0 * tables.has_url(model)
    return score + 0.5 * tables.has_image(model) + 0.5 * tables.has_category(model)


def _ends_as_product(name: str) -> bool:
    """Whether the noun itself is a product: a ShopProduct is, a ProductType is not."""
    said = words.tokens(name)
    return bool(said) and said[-1] in words.PRODUCT - {"item"}


def _direct(line: Model) -> Iterator[Link]:
    for field in tables.forward(line):
        target: Any = field.related_model
        score = product_score(target)
        parent = parent_of(target)
        if parent is None:
            if score >= LEAST:
                key = tables.key_path(field)
                yield Link(target=target, product=target, item=key, score=score, lookup=field.name)
            continue
        product: Any = parent.related_model
        score = max(score, product_score(product))
        if score >= LEAST:
            yield Link(
                target=target,
                product=product,
                item=f"{field.name}__{tables.key_path(parent)}",
                score=score,
                lookup=field.name,
                variant=tables.key_path(field),
                variants=target,
                group=parent.name,
            )


def _with_variant(link: Link, found: list[Link]) -> Link | None:
    """A line that names both product and variant reads each from its own column."""
    for other in found:
        if other is link or other.variants is None or says(tables.name_of(other.variants), words.NOT_VARIANTS):
            continue
        if link.variants is None and link.product is other.product:
            return replace(link, variant=other.variant, variants=other.variants, group=other.group)
    for other in found:
        if link.variants is not None and other.variants is None and other.product is link.product:
            return None
    return link


def parent_of(model: Model) -> models.ForeignKey[Any, Any] | None:
    """Return the relation from a variant to its product; None where the model is no other one's variant."""
    best: tuple[float, models.ForeignKey[Any, Any]] | None = None
    if says(tables.name_of(model), words.ORDER | words.CART):
        return None  # a line belongs to a product in the same way
    for field in tables.forward(model):
        target: Any = field.related_model
        if target is model or says(tables.name_of(target), words.NOT_PRODUCTS) or not tables.title_of(target):
            continue
        own, name = words.tokens(tables.name_of(model)), words.tokens(tables.name_of(target))
        score = 1.0 * says(tables.name_of(model), words.VARIANT)
        score += 1.0 * (len(own) > len(name) and set(name) <= set(own))
        score += 1.0 * (tables.has_url(target) and not tables.has_url(model))
        score += 1.0 * (field.name in words.PARENT)
        score += 0.5 * (tables.has_category(target) and not tables.has_category(model))
        score += 0.5 * (tables.has_price(model) and not tables.has_price(target))
        if score >= 2.0 and (best is None or score > best[0]):
            best = score, field
    return None if best is None else best[1]


def self_group(model: Model) -> str:
    """Return the relation of a row to the row that it is a variant of, where both are in one table."""
    for field in tables.forward(model):
        if field.related_model is model and field.null and field.name in words.PARENT:
            return field.name
    return ""


def _generic(line: Model) -> Iterator[Link]:
    """A relation to anything: what most of the newest lines lead to is the product, the others are kept out."""
    for field in tables.is_generic(line):
        column = line._meta.get_field(field.ct_field)
        counted: Counter[Any] = Counter(row[0] for row in tables.latest(line, field.ct_field, most=1_000))
        types: Any = column.related_model
        for key, _count in counted.most_common():
            kind = types._base_manager.filter(pk=key).first()
            target = kind.model_class() if kind is not None else None
            if target is None or product_score(target) < LEAST:
                continue
            only = Q(**{f"{field.ct_field}__app_label": kind.app_label, f"{field.ct_field}__model": kind.model})
            yield Link(
                target=target,
                product=target,
                item=field.fk_field,
                score=product_score(target),
                condition=only if len(counted) > 1 else None,
            )
            return
