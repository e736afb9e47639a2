"""Every extension point, on one screen. Each is a dotted path in `PERSONALIZE`, with a double in `testing`.

An implementation is constructed once per process without arguments, may be called from several threads, and is held to
the contract class of the same name in `django_personalize.testing.contracts`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django_personalize.core.arrays import Factors, Interactions
from django_personalize.core.tally import Tally
from django_personalize.core.types import (
    Batch,
    CartLine,
    Consents,
    Item,
    Line,
    Purpose,
    Ranking,
    Reference,
    Touch,
    Watched,
)


class Shop(Protocol):
    """`SHOP`: the adapter to the shop's own tables. It only reads.

    A key is the shop's primary key as text. What is shown and learnt is the *item*; a variant that has no page of its
    own is rolled up to its parent wherever a key comes in, and remembered beside it.
    """

    has_cart: bool
    """Whether `cart` can ever answer: then the middleware records what goes in and out, and nobody else may."""

    def items(self, keys: Sequence[str], *, request: Any = None) -> dict[str, Item]:
        """Return those of `keys` that may be shown and sold now to whoever asks. Unknown keys are left out.

        The number of queries does not depend on the number of keys.
        """
        ...

    def sellable(self, keys: Sequence[str], *, request: Any = None) -> list[str]:
        """Return those of `keys` that may be shown and sold now, in the given order, in one query."""
        ...

    def newest(self, n: int, *, request: Any = None) -> list[Item]:
        """Return up to `n` sellable items, newest first, ties by key."""
        ...

    def reduced(self, n: int, *, request: Any = None) -> list[str]:
        """Return the keys of up to `n` sellable items whose price is below their list price, newest first, in one
        query; none where the shop keeps no list price, or none that a query could compare.
        """
        ...

    def item_key(self, obj: Any) -> str:
        """Return the key under which the shop's own object, an item or a variant, is shown, without a query.

        Raises `ShopError` for anything that is neither.
        """
        ...

    def variant_key(self, obj: Any) -> str:
        """Return the object's own key where it is a variant, '' where it is the item itself."""
        ...

    def group_of(self, keys: Sequence[str]) -> dict[str, str]:
        """Return for each of `keys` that exists the key that it is shown under, its own or its parent's; one query."""
        ...

    def parents_of(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the item's key for each of these keys of variants that exists, in one query."""
        ...

    def samples(self, n: int) -> Iterable[Sequence[Item]]:
        """Return up to `n` sellable items of each model whose rows are shown, newest first: one, in most shops."""
        ...

    def find(self, field: str, value: str, *, model: Any = None) -> str | None:
        """Return the key of the one item whose `field` has this value, in one query; None for none or several.

        With `model` only among the rows of that one, in a shop that shows several.
        """
        ...

    def facts(self) -> Iterator[tuple[str, str, str, datetime | None, str]]:
        """Yield (key, category, brand, created, title) of every item, sellable or not, each once, ordered by key."""
        ...

    def count_lines(self, *, since: datetime | None = None) -> int:
        """Return how many order lines `lines()` reads, those included that it cannot use."""
        ...

    def lines(
        self,
        *,
        user_key: str | None = None,
        order_keys: Sequence[str] | None = None,
        since: datetime | None = None,
        tally: Tally | None = None,
    ) -> Iterator[Line]:
        """Stream order lines, ordered by line key, in one query per many thousand lines.

        Only lines that count as sold, of one account or placed at `since` or later where these are given. With
        `order_keys` every line of these orders, `sold` or not. No cursor is open while a line is in the caller's hands,
        so that the caller may write. What cannot be used of a line is counted in `tally`, by reason.
        """
        ...

    def orders_of(self, references: Collection[Reference]) -> set[str]:
        """Return the keys of the orders that these references point at, as they stand now."""
        ...

    def watched(self) -> Iterable[Watched]:
        """Yield the models whose rows say that an order or a cart may have changed."""
        ...

    def cart(
        self, request: Any, *, response: Any = None, touched: bool = True, tally: Tally | None = None
    ) -> list[CartLine] | None:
        """Return what the cart of whoever asks holds after this request, sorted by keys; None where nobody can say.

        Never writes the session, and does not look at it on a safe request that has not done so itself. With `touched`
        False no row of a cart was written in this request, and a safe one need not be asked about. A shape that cannot
        be read is counted in `tally` and is None, never an empty cart.
        """
        ...

    def cart_in_session(self, request: Any) -> bool:
        """Say whether the cart that was just read lives in the session, or was found by it, and ends with it."""
        ...

    def cart_of_account(self, request: Any) -> bool:
        """Say whether the cart that was just read is the logged-in account's, the same on all its devices."""
        ...

    def scope(self, request: Any) -> str:
        """Return the site or channel that this request belongs to; '' where there is one only."""
        ...


class ConsentSource(Protocol):
    """`CONSENT`: where the answers of this browser are read. Gives none itself, never raises for odd cookies.

    A plain function of the request, which returns True, False or None by the name of the purpose, is one too.
    """

    def states(self, request: Any) -> Consents:
        """Return an answer for every purpose; a purpose that the source does not know is UNKNOWN."""
        ...

    def before(self, request: Any) -> None:
        """Take what no longer counts out of the request, before any page sees it, so that the banner asks again."""
        ...

    def after(self, request: Any, response: Any) -> None:
        """Have an answer that this response gives to the browser say what it needs to, and last as long as it may."""
        ...

    def texts(self) -> Mapping[Purpose, str]:
        """Return what shoppers are asked for each purpose, in the language active now; nothing where nobody knows."""
        ...

    def prepare(self) -> list[str]:
        """Make what the source needs in order to ask, once, and return the purposes that it can ask for since."""
        ...


class Sink(Protocol):
    """`SINK`: the way of facts to storage. What `write` returned for is stored exactly once by its id, whatever is
    killed afterwards.
    """

    def write(self, batch: Batch) -> int:
        """Make the whole batch durable and return how many facts of it were taken; raises when nothing was kept.

        A sink that stores at once does not count what was there already; one that stores later counts all. What is told
        of refusals is kept for the account, and counts for nothing here.
        """
        ...


class Step(Protocol):
    """A step of one of `PIPELINES`: what a placement might show, or nothing where this step cannot know anything.

    A plain function is one too. It is asked at every render, so it asks no database and remembers nothing of anybody.
    """

    def __call__(self, asking: Any) -> Ranking:
        """Return some 4 n + 12 candidates, best first, equal ones for equal questions.

        `asking` is a `recommend.asking.Asking`: its `query` says who asks, where and for how many, its `model` is what
        was learnt, of no items while nothing is. Neither of `query.context` nor of `query.exclude` is any candidate.
        What the step raises is logged, and the next step answers.
        """
        ...


class Attribution(Protocol):
    """`ATTRIBUTION`: how one bought line is divided among the clicks that led to it."""

    def weights(self, touches: Sequence[Touch]) -> Sequence[float]:
        """Return what each touch has earned, in the given order: finite, none below 0, one above; equal for equal ones.

        `touches` are those of the buyer on this item within the window, oldest first, each slot once, never none. Only
        proportions count: shares of six decimals are made of them, which add up to exactly 1.
        """
        ...


class Trainer(Protocol):
    """`TRAINERS`: learns item vectors. Runs in a training process only; a web process never imports one."""

    name: str

    def fit(
        self,
        interactions: Interactions,
        *,
        seed: int,
        threads: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Factors:
        """Return finite vectors for all items; equal inputs and one thread give equal bytes.

        Raises `TrainerUnavailable` where its package is missing. `progress` is called with (done, total) epochs.
        """
        ...
