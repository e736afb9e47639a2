"""One double per extension point: real implementations over memory, held to the same contracts as the shipped ones."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import numpy as np

from django_personalize.core.arrays import Factors, Interactions
from django_personalize.core.tally import Tally
from django_personalize.core.types import (
    Batch,
    Candidate,
    CartLine,
    Consents,
    ConsentState,
    CountDraft,
    DecisionDraft,
    Draft,
    EventDraft,
    ImpressionDraft,
    Item,
    Line,
    Purpose,
    Ranking,
    Reason,
    Reference,
    RefusalDraft,
    Watched,
)
from django_personalize.exceptions import ShopError


class MemoryShop:
    """`SHOP`: a shop without tables. Fill the class attributes; an item's key is its `key`."""

    stock: ClassVar[dict[str, Item]] = {}
    """Everything that exists, by key."""
    sold_out: ClassVar[set[str]] = set()
    variants: ClassVar[dict[str, str]] = {}
    """The key of its item for each key of a variant."""
    orders: ClassVar[list[Line]] = []
    """Of all orders, `sold` or not."""
    basket: ClassVar[list[CartLine] | None] = None
    """The cart of whoever asks; None where nobody can say."""
    basket_of: ClassVar[str] = "browser"
    """What the cart belongs to: the browser, the "session" or the "account"."""
    channel: ClassVar[str] = ""
    """The scope of every request."""

    @property
    def has_cart(self) -> bool:
        return self.basket is not None

    def items(self, keys: Sequence[str], *, request: Any = None) -> dict[str, Item]:
        return {key: self.stock[key] for key in self.sellable(keys, request=request)}

    def sellable(self, keys: Sequence[str], *, request: Any = None) -> list[str]:
        return [key for key in dict.fromkeys(keys) if key in self.stock and key not in self.sold_out]

    def newest(self, n: int, *, request: Any = None) -> list[Item]:
        oldest = datetime.min.replace(tzinfo=UTC)
        sellable = sorted(self.items(list(self.stock)).values(), key=lambda item: item.key)
        return sorted(sellable, key=lambda item: item.created or oldest, reverse=True)[:n]

    def item_key(self, obj: Any) -> str:
        if not isinstance(obj, Item):
            raise ShopError(f"{obj!r} is no Item, which is what MemoryShop sells.")
        return self.variants.get(obj.key, obj.key)

    def variant_key(self, obj: Any) -> str:
        return "" if self.item_key(obj) == obj.key else str(obj.key)

    def group_of(self, keys: Sequence[str]) -> dict[str, str]:
        return {key: self.variants.get(key, key) for key in keys if key in self.stock or key in self.variants}

    def samples(self, n: int) -> list[list[Item]]:
        return [self.newest(n)]

    def parents_of(self, keys: Sequence[str]) -> dict[str, str]:
        return {key: self.variants[key] for key in keys if key in self.variants}

    def find(self, field: str, value: str, *, model: Any = None) -> str | None:
        found = [item.key for item in self.stock.values() if str(getattr(item, field, None)) == value]
        return found[0] if len(found) == 1 else None

    def facts(self) -> Iterator[tuple[str, str, str, datetime | None, str]]:
        for key in sorted(self.stock):
            item = self.stock[key]
            yield key, item.category, item.brand, item.created, item.title

    def count_lines(self, *, since: datetime | None = None) -> int:
        return len(list(self.lines(since=since)))

    def lines(
        self,
        *,
        user_key: str | None = None,
        order_keys: Sequence[str] | None = None,
        since: datetime | None = None,
        tally: Tally | None = None,
    ) -> Iterator[Line]:
        for line in sorted(self.orders, key=lambda line: line.key):
            if (
                (line.sold if order_keys is None else line.order_key in order_keys)
                and (user_key is None or line.user_key == user_key)
                and (since is None or line.placed_at >= since)
            ):
                yield line

    def orders_of(self, references: Collection[Reference]) -> set[str]:
        return {str(reference.value) for reference in references}

    def watched(self) -> list[Watched]:
        return []

    def cart(
        self, request: Any, *, response: Any = None, touched: bool = True, tally: Tally | None = None
    ) -> list[CartLine] | None:
        if self.basket is None:
            return None
        return sorted(self.basket, key=lambda line: (line.item_key, line.variant_key))

    def cart_in_session(self, request: Any) -> bool:
        return self.basket_of == "session"

    def cart_of_account(self, request: Any) -> bool:
        return self.basket_of == "account"

    def scope(self, request: Any) -> str:
        return self.channel


class StaticConsent:
    """`CONSENT`: the same answers for every browser. Nothing is granted until a test says so."""

    answers: ClassVar[dict[Purpose, ConsentState]] = {}

    def states(self, request: Any) -> Consents:
        return {purpose: self.answers.get(purpose, ConsentState.UNKNOWN) for purpose in Purpose}

    def answer(self, request: Any, response: Any, answers: Mapping[Purpose, bool]) -> None:
        """Have every browser answer so from now on; the other answers stay."""
        given = {each: ConsentState.GRANTED if yes else ConsentState.DENIED for each, yes in answers.items()}
        type(self).answers = {**self.answers, **given}

    def before(self, request: Any) -> None:
        """Nothing: an answer counts until the test gives another."""

    def after(self, request: Any, response: Any) -> None:
        """Nothing: no cookie carries the answers."""

    def texts(self) -> Mapping[Purpose, str]:
        return {}

    def prepare(self) -> list[str]:
        return []


class MemorySink:
    """`SINK`: keeps what it is given, each fact once, in the order of arrival."""

    def __init__(self) -> None:
        self.stored: dict[UUID | tuple[UUID, int], Draft] = {}
        self.refused: Counter[str] = Counter()
        """Facts that were not taken, by reason."""
        self.counted: Counter[tuple[str, str]] = Counter()
        """What was only counted, by kind and item."""
        self._lock = threading.Lock()

    def write(self, batch: Batch) -> int:
        with self._lock:
            before = len(self.stored) + self.counted.total()
            for draft in batch:
                if isinstance(draft, EventDraft | DecisionDraft):
                    self.stored.setdefault(draft.uid, draft)
                elif isinstance(draft, ImpressionDraft):
                    self.stored.setdefault((draft.decision_id, draft.slot), draft)
                elif isinstance(draft, CountDraft):
                    self.counted[draft.kind, draft.item_key] += draft.count
                elif isinstance(draft, RefusalDraft):
                    self.refused[draft.reason] += draft.count
            return len(self.stored) + self.counted.total() - before

    @property
    def kinds(self) -> list[str]:
        """The kinds of the stored events, in the order of arrival."""
        return [draft.kind for draft in self.stored.values() if isinstance(draft, EventDraft)]


class MemoryStep:
    """`PIPELINES`: a step that puts forward `keys`, in this order, whoever asks."""

    keys: ClassVar[tuple[str, ...]] = ()

    def __call__(self, asking: Any) -> Ranking:
        left_out = {*asking.query.exclude, *asking.query.context}
        chosen = [key for key in self.keys if key not in left_out]
        return Ranking(
            candidates=tuple(
                Candidate(item_key=key, score=float(-place), source="memory", reason=Reason(code="popular"))
                for place, key in enumerate(chosen)
            ),
            rung="memory",
        )


class SingularTrainer:
    """`TRAINERS`: factors by a truncated singular value decomposition in numpy; exact, tiny data only."""

    name = "singular"
    components = 4

    def fit(
        self,
        interactions: Interactions,
        *,
        seed: int,
        threads: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Factors:
        table = np.zeros((interactions.n_users, interactions.n_items), dtype=np.float64)
        table[interactions.user, interactions.item] = interactions.weight
        _, sizes, right = np.linalg.svd(table, full_matrices=False)
        kept = min(self.components, len(sizes))
        vectors = np.zeros((interactions.n_items, self.components), dtype=np.float32)
        vectors[:, :kept] = (right[:kept] * np.sqrt(sizes[:kept])[:, None]).T
        if progress is not None:
            progress(1, 1)
        return Factors(vectors=vectors, biases=np.zeros(interactions.n_items, dtype=np.float32))
