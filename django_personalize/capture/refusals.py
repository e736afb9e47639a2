"""Why something that was told is not taken, each by name: counted and answered, never dropped in silence."""

from __future__ import annotations

NO_CONSENT = "no_consent"
BOT = "bot"
PREFETCH = "prefetch"
NOT_AN_EVENT = "not_an_event"
UNKNOWN_NAME = "unknown_name"
NOT_CLAIMABLE = "not_claimable"
CAPTURED_HERE = "captured_here"
BAD_ID = "bad_id"
TOO_OLD = "too_old"
IN_THE_FUTURE = "in_the_future"
BAD_VALUE = "bad_value"
TOO_LONG = "too_long"
MISSING_VALUE = "missing_value"
NO_ITEM = "no_item"
UNKNOWN_ITEM = "unknown_item"
NO_DECISION = "no_decision"
UNKNOWN_DECISION = "unknown_decision"
UNKNOWN_SLOT = "unknown_slot"
TOO_MANY_ITEMS = "too_many_items"
TOO_MANY_EVENTS = "too_many_events"

REFUSALS: dict[str, str] = {
    NO_CONSENT: "The visitor says yes neither to `analytics` nor to `personalization`.",
    BOT: "The user agent is a crawler's, a link preview's, a monitor's or a script's.",
    PREFETCH: "The browser fetches ahead a page that nobody sees yet.",
    NOT_AN_EVENT: "The event is no object.",
    UNKNOWN_NAME: "`name` is none of GA4's e-commerce events, nor `dismiss`.",
    NOT_CLAIMABLE: "Purchases, refunds and logins are read from the shop itself.",
    CAPTURED_HERE: "The server records this kind by itself.",
    BAD_ID: "`id` is no UUID.",
    TOO_OLD: "It happened more than 72 hours ago.",
    IN_THE_FUTURE: "`ago` is negative.",
    BAD_VALUE: "A value is of the wrong type or out of range.",
    TOO_LONG: "A text is longer than what is kept of it.",
    MISSING_VALUE: "What this kind is about is missing, such as a search's `search_term`.",
    NO_ITEM: "This kind is about an item, and none is named.",
    UNKNOWN_ITEM: "The shop has no item of this key.",
    NO_DECISION: "`view_item_list` names no `decision` with `slots`: other lists are not kept.",
    UNKNOWN_DECISION: "The decision was not made for this visitor.",
    UNKNOWN_SLOT: "The decision has no such slot.",
    TOO_MANY_ITEMS: "An event of more than 25 items, or a `user_engagement` of more than one.",
    TOO_MANY_EVENTS: "What goes past 50 events in a batch, or past 200 facts in one of a page's.",
}
