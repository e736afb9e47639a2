"""What a model has, asked in the ways that detection needs. Only bounded queries: no table is counted to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections, models, router, transaction

from django_personalize.shop.detection.words import CATEGORY, IMAGE, IMAGE_URL, PRICE, QUANTITY, TITLE, says

Model = type[models.Model]
LIMIT = 100_000
"""Rows at which counting ends: enough to tell tables and states apart, and done in a moment in a table of any size."""
TEXT = (models.CharField, models.TextField)
NUMBER = (models.DecimalField, models.FloatField, models.IntegerField)
WHOLE = (models.IntegerField,)
DATE = (models.DateField,)
BOOLEAN = (models.BooleanField,)
FILE = (models.FileField,)


def columns(model: Model, *kinds: type[models.Field[Any, Any]]) -> list[models.Field[Any, Any]]:
    """Return the model's own columns that are no relation and no key, of these kinds where any are given."""
    return [
        field
        for field in model._meta.concrete_fields
        if not field.is_relation and not field.primary_key and (not kinds or isinstance(field, kinds))
    ]


def pick(model: Model, names: Iterable[str], *kinds: type[models.Field[Any, Any]], loose: bool = False) -> str:
    """Return the first of `names` that is a column of these kinds, '' for none; `loose` also takes part of a name."""
    found = {field.name.lower(): field.name for field in columns(model, *kinds) if not _is_code(field, kinds)}
    wanted = [name.lower() for name in names]
    for name in wanted:
        if name in found:
            return found[name]
    if loose:
        for name in wanted:
            for known, real in found.items():
                if known.startswith(f"{name}_") or known.endswith(f"_{name}"):
                    return real
    return ""


def _is_code(field: models.Field[Any, Any], kinds: tuple[type[models.Field[Any, Any]], ...]) -> bool:
    """A title is no slug, address or file path; whoever looks for a number does not look for a choice."""
    if isinstance(field, models.SlugField | models.EmailField | models.URLField | models.FilePathField):
        return kinds == TEXT
    return kinds == NUMBER and bool(field.choices)


def forward(model: Model) -> list[models.ForeignKey[Any, Any]]:
    """Return the foreign keys and one-to-ones that lead out of the model; not those that inheritance makes."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and not getattr(field.remote_field, "parent_link", False)
    ]


def incoming(model: Model) -> list[Any]:
    """Return the relations from other models' foreign keys and one-to-ones that a lookup can follow backwards."""
    fields: list[Any] = model._meta.get_fields()
    return [
        relation
        for relation in fields
        if relation.auto_created
        and not relation.concrete
        and (relation.one_to_many or relation.one_to_one)
        and not getattr(relation.field.remote_field, "parent_link", False)
    ]


def many(model: Model) -> list[Any]:
    """Return the many-to-many relations, from either side, that a lookup can follow."""
    return [field for field in model._meta.get_fields() if field.many_to_many and field.related_model is not None]


def key_path(field: models.ForeignKey[Any, Any]) -> str:
    """Return the path of the target's primary key: the column itself where the relation points at the key."""
    return field.attname if field.target_field.primary_key else f"{field.name}__pk"


def crosses_many(model: Model, path: str) -> bool:
    """Whether a lookup of relations may lead to several rows."""
    current: Any = model
    for part in path.split("__") if path else ():
        relation = current._meta.get_field(part)
        if relation.one_to_many or relation.many_to_many:
            return True
        current = relation.related_model
    return False


def user_paths(model: Model) -> Iterator[tuple[str, str]]:
    """Yield (path of the account's key, name that says who it is) of every account that a row leads to in two steps."""
    accounts = get_user_model()
    for field in forward(model):
        target = field.related_model
        if not _is(target, accounts):
            continue
        yield key_path(field), field.name
    for field in forward(model):
        target = field.related_model
        if isinstance(target, str) or _is(target, accounts):
            continue
        for second in forward(target):
            if _is(second.related_model, accounts):
                yield f"{field.name}__{key_path(second)}", field.name


def _is(model: Any, wanted: Model) -> bool:
    return isinstance(model, type) and issubclass(model, wanted)


def label(model: Model) -> str:
    return model._meta.label


def name_of(model: Model) -> str:
    return str(model._meta.object_name)


def translations(model: Model) -> Any:
    """Return the relation to the table that holds the model's texts per language; None where it has none."""
    for relation in incoming(model):
        child = relation.related_model
        if pick(child, ("language_code", "language", "locale", "lang"), *TEXT) and pick(child, TITLE, *TEXT):
            return relation
    return None


def title_of(model: Model) -> str:
    """Return the path of what a human calls a row: its own column, or its texts' in the language table."""
    own = pick(model, TITLE, *TEXT) or pick(model, TITLE, *TEXT, loose=True)
    relation = translations(model)
    if relation is not None and not pick(model, TITLE, *TEXT):
        name = pick(relation.related_model, TITLE, *TEXT)
        # Translation packages put the text of the active language on the row itself, under the column's own name.
        return name if hasattr(model, name) else f"{relation.name}__{name}"
    return own


def stored_title(model: Model) -> str:
    """Return the same as a path of columns only, for what is read of the whole catalogue at once."""
    path, relation = title_of(model), translations(model)
    if relation is not None and path and not pick(model, (path,), *TEXT) and "__" not in path:
        return f"{relation.name}__{path}"
    return path


def method(model: Model, names: Iterable[str]) -> str:
    """Return the first of `names` that is a method which only answers; '' for none. `alters_data` marks the others."""
    for name in names:
        found = getattr(model, name, None)
        if callable(found) and not getattr(found, "alters_data", False):
            return name
    return ""


def has_url(model: Model) -> bool:
    return bool(method(model, ("get_absolute_url",)))


def has_price(model: Model) -> bool:
    return bool(pick(model, PRICE[:-2], *NUMBER, loose=True) or method(model, ("get_price", "get_final_price")))


def has_image(model: Model) -> bool:
    return bool(columns(model, models.ImageField) or pick(model, IMAGE, *FILE) or pick(model, IMAGE_URL))


def has_category(model: Model) -> bool:
    names = [field.name for field in (*forward(model), *many(model))]
    return any(says(name, CATEGORY) for name in names) or bool(pick(model, CATEGORY))


def quantity_of(model: Model) -> str:
    """Return the column that says how many pieces, '' where each row is one. An amount that is no whole is money."""
    parts = [name for name in QUANTITY if name not in {"amount", "number", "num"}]
    return pick(model, QUANTITY, *WHOLE) or pick(model, parts, *NUMBER)


def only_quantity(model: Model) -> str:
    """Return the one column that counts something, whatever its name; '' where there are several, or none."""
    return only(model, models.PositiveIntegerField, models.PositiveSmallIntegerField)


def only(model: Model, *kinds: type[models.Field[Any, Any]]) -> str:
    """Return the one column of these kinds, whatever its name; '' where there are several, or none."""
    found = [field.name for field in columns(model, *kinds) if not field.choices]
    return found[0] if len(found) == 1 else ""


def is_generic(model: Model) -> list[Any]:
    """Return the generic foreign keys of the model."""
    return [field for field in model._meta.private_fields if hasattr(field, "ct_field") and hasattr(field, "fk_field")]


def some_rows(model: Model, condition: Any = None) -> int:
    """Return how many rows there are, `LIMIT` at most; 0 where the table cannot be read, as before `migrate`."""
    try:
        with transaction.atomic(using=_database(model)):
            rows = model._base_manager.order_by()
            return (rows.filter(condition) if condition is not None else rows)[:LIMIT].count()
    except DatabaseError:
        return 0


def latest(model: Model, *paths: str, most: int = LIMIT, where: Any = None) -> list[tuple[Any, ...]]:
    """Return these columns of the newest rows by key, of those that fulfil `where`; none where nobody can read them."""
    try:
        with transaction.atomic(using=_database(model)):
            rows = model._base_manager.order_by("-pk")
            return list((rows.filter(where) if where is not None else rows).values_list(*paths)[:most])
    except DatabaseError:
        return []


def _database(model: Model) -> str:
    alias = router.db_for_read(model)
    return alias if alias in connections else "default"
