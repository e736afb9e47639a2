"""The values that travel between floors. Frozen, keyword-only, with the shop's own keys at every door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


class Purpose(StrEnum):
    """What a shopper may say yes to. Each reader and each writer checks its own purpose."""

    ANALYTICS = "analytics"
    PERSONALIZATION = "personalization"
    OFFERS = "offers"
    EMAIL = "email"
    ASSISTANT = "assistant"


class ConsentState(StrEnum):
    """An answer to one purpose. UNKNOWN (nobody asked, or asked again) is treated as a no everywhere."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that the shop sells, as it stands in the shop's tables at this moment."""

    key: str
    """The shop's primary key as text, opaque to everyone but the shop's adapter."""
    title: str
    url: str
    image: str = ""
    """A URL, or empty."""
    price: Decimal | None = None
    list_price: Decimal | None = None
    """The price before a reduction; None where the item is not reduced or the shop keeps none."""
    currency: str = ""
    category: str = ""
    category_url: str = ""
    brand: str = ""
    created: datetime | None = None
    stock: int | None = None
    """Pieces left; None where the shop does not count them."""
    cost: Decimal | None = None
    """What the shop pays for it; never shown to a shopper."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Further facts by name: material, colour, season."""
    obj: Any = None
    """The shop's own model instance, for card templates. Never stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of one order, read through the mapping."""

    key: str
    order_key: str
    item_key: str
    """What the line's item is shown as: the parent of a variant. Empty where the product is gone."""
    variant_key: str = ""
    """The variant that was bought; empty where the item itself was."""
    sold: bool = True
    """Whether the order counts as sold; False for a basket, an unpaid or a reverted order."""
    gone: bool = False
    """Whether its product is no longer there: what was known of it then is kept."""
    quantity: int
    """Bought, before any return."""
    cancelled_quantity: int
    """Given back or cancelled so far, 0 to `quantity`."""
    cancelled_at: datetime | None
    """When it came back; None where the shop does not say (then it counts from the day of purchase)."""
    placed_at: datetime
    price: Decimal | None
    """Per unit, as paid."""
    list_price: Decimal | None = None
    """Per unit, before a reduction; None where the line was not reduced or the shop keeps none."""
    currency: str = ""
    user_key: str = ""
    """The buyer's account as text; empty for a guest."""
    scope: str = ""
    """The site or channel of the order; empty where there is one only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """What one cart holds of one item or of one variant of it."""

    item_key: str
    variant_key: str = ""
    quantity: int


@dataclass(frozen=True, slots=True)
class Reference:
    """Points at orders without a query: enough to find them again once the shop has committed."""

    path: str
    """A lookup from the order line's model; empty where `value` is the order's key itself."""
    value: Any
    created: bool = False
    """Whether the order itself came into being just now."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A model of the shop whose rows say that an order, or a cart, may have changed."""

    model: Any
    refer: Callable[[Any, bool], Reference | None] | None = None
    """From a row and whether it is new to the order behind it, without any query; None for rows of a cart only."""
    cart: bool = False
    """Whether the row may be a cart's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """Something that happened, in flight to a sink. The id is made once, where the event is born."""

    uid: UUID
    kind: str
    """One of `events.vocabulary.KINDS`."""
    occurred_at: datetime
    visitor_id: UUID | None = None
    item_key: str = ""
    """Empty for kinds about none, and where only the decision, still to be read, says what stood in the slot."""
    item_variant: str = ""
    quantity: int | None = None
    price: Decimal | None = None
    list_price: Decimal | None = None
    currency: str = ""
    transaction_id: str = ""
    decision_id: UUID | None = None
    """The decision that led here, where one did."""
    item_list_id: str = ""
    """The placement, where the event comes from one."""
    index: int | None = None
    """The slot in that placement, from 1 on."""
    promotion_id: str = ""
    search_term: str = ""
    results: int | None = None
    """How many items the search found; None where nobody knows."""
    engagement_time_msec: int | None = None
    reason: str = ""
    """Of a `dismiss`: not_interested, have_it, was_a_gift."""
    scope: str = ""
    device: str = ""
    """desktop, mobile, tablet; never the user agent."""
    referrer: str = ""
    """Whence the visit came: direct, search, social, mail, campaign, referral; never an address. Where it and
    `campaign` are empty, the visitor's last arrival is put in when the event is stored.
    """
    campaign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an item is shown. True in the sense of the deletion test: without the anchor it would not be here."""

    code: str
    """One of `recommend.explain.REASONS`; the text in the shopper's language is made at render."""
    anchor: str = ""
    """The key of the item that the reason points at; empty where it points at none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One item that might be shown."""

    item_key: str
    score: float
    """Comparable within one ranking only. By a calibrated ranker the log odds that who comes back and buys buys it."""
    source: str
    """The generator that put it forward most strongly; `explore` where its place was left to chance."""
    reason: Reason
    propensity: float = 1.0
    """The probability with which this policy gives this item its place, given those before it; 1 where nothing is
    random.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one person did, newest first; the columns have equal length."""

    item_keys: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    times: tuple[float, ...] = ()
    """Seconds since the epoch."""
    quantities: tuple[int, ...] = ()
    """Net of what came back; 1 for kinds that have none."""
    dismissed: frozenset[str] = frozenset()
    """Items that they asked not to be shown, and have not bought since."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """How often each item was seen of late with nothing done about it since; only read for personal rows."""

    def __bool__(self) -> bool:
        return bool(self.item_keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Who asks, where, and for how many."""

    placement: str
    n: int
    as_of: datetime
    context: tuple[str, ...] = ()
    """Item keys that the page is about: the product shown, the lines of the basket."""
    history: History = field(default_factory=History)
    """Empty unless the person grants `personalization` now."""
    exclude: frozenset[str] = frozenset()
    had: frozenset[str] = frozenset()
    """What is in their cart or was bought just now; left out as what is excluded."""
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the shop or our own tables told for this question, by the name of the step that wants it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """An ordered answer to one query, best first; may be longer than `n` so that render can drop what is sold out."""

    candidates: tuple[Candidate, ...]
    rung: str
    """The ladder's rung that this answer stands on: newest, popular, neighbours, factors, ranker; of a step that asks
    no model, the step's own name.
    """
    model_version: int | None = None
    step: str = ""
    """The step of the pipeline that gave it; filled in where the steps are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place of a decision."""

    slot: int
    """1-based over the whole decision."""
    item_key: str
    source: str
    score: float
    propensity: float
    """The probability with which this item was shown here, above 0; below 1 exactly where chance had a say."""
    reason: Reason
    block: str = ""
    """The row of a composed placement (a category's name on the personal homepage); empty elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionDraft:
    """What was chosen for one render and why, in flight to a sink."""

    uid: UUID
    visitor_id: UUID
    placement: str
    decided_at: datetime
    pipeline: str
    rung: str
    model_version: int | None
    context: tuple[str, ...]
    rules: tuple[str, ...]
    """The rules that acted, in order, as `name:detail`."""
    experiment: str
    variant: str
    consent: tuple[str, ...]
    """The purposes granted at this moment, sorted."""
    slots: tuple[Slot, ...]
    surface: str = "page"
    """Where it appeared: a page, and later a mail, the API, a chat."""
    page: str = ""
    """What kind of page: the name of the shop's own URL pattern; never an address."""
    scope: str = ""
    device: str = ""
    language: str = ""
    wanted: int | None = None
    """How many items were asked for; of a composed placement, in its first row."""
    candidates: int | None = None
    """How many different items there were to choose from, before the shop said what can be sold."""
    holdout: bool | None = None
    """True for somebody held out, False for somebody who was drawn and treated, None where nobody was drawn."""
    took_ms: int | None = None
    """How long the choice took, the shop's own queries included; drawing not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpressionDraft:
    """One item that was seen in one slot, in flight to a sink."""

    decision_id: UUID
    slot: int
    item_key: str = ""
    """Empty where the decision has not been read: it says what stood in the slot."""
    seen_at: datetime
    visitor_id: UUID | None = None
    """Whose decision it must be; None where that has been looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One click of a person, in one slot of one decision, on an item that they bought afterwards."""

    at: datetime
    kind: str
    """`select_item`, or `add_to_cart` out of the slot itself."""
    placement: str
    decision_id: UUID
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountDraft:
    """What people did of whom nothing may be stored: so often on that day, and no more than that."""

    day: date
    kind: str
    item_key: str = ""
    scope: str = ""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalDraft:
    """Facts that were not taken, so that the account of what came in can tell of them."""

    reason: str
    """One of `capture.refusals.REFUSALS`."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneDraft:
    """What is left on the way of facts about somebody who has been erased: how many they were."""

    count: int
    pad: str = ""
    """As long as what stood here, so that the line keeps its length."""


Fact = EventDraft | DecisionDraft | ImpressionDraft
Draft = Fact | CountDraft | RefusalDraft | GoneDraft
Batch = Sequence[Draft]
Consents = Mapping[Purpose, ConsentState]
