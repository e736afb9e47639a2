"""What may be tried, and what stands against it; who may reach each address, table and tag.

`test_register.py` compares this with the code in both directions: a new address, table or tag without an entry fails,
and so does code of a kind whose threat says that there is none yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Threat:
    """A row of the threat table: the tests that stand for it, and how one would see a surface that has none."""

    name: str
    tests: tuple[str, ...] = ()
    """Paths below `tests/`, with or without `::function`."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """What is not there yet, each by an expression that would be found in the package's source if it were."""


THREATS: dict[str, Threat] = {
    "S1": Threat(
        "A foreign page acts for a shopper",
        (
            "security/test_doors.py::test_a_foreign_page_is_heard_nowhere",
            "security/test_doors.py::test_what_changes_anything_wants_a_token",
            "web/test_events.py::test_only_pages_of_this_shop_are_heard",
        ),
        {"redeeming": r"class \w*(Redemption|Coupon|Voucher)|def redeem"},
    ),
    "S2": Threat(
        "Forged events poison recommendations",
        (
            "security/test_poisoning.py::test_forged_visitors_of_one_network_move_nobodys_page",
            "capture/test_budget.py",
            "capture/test_bots.py",
            "web/test_events.py::test_who_tells_too_much_is_asked_to_wait_and_nobody_else",
        ),
    ),
    "S3": Threat(
        "Personal data in addresses, referrers and searches",
        ("security/test_personal.py", "core/test_text.py", "security/test_doors.py::test_no_address_names_a_person"),
    ),
    "S4": Threat(
        "One reads or changes what is another's",
        (
            "security/test_doors.py::test_what_is_anothers_is_neither_read_nor_changed",
            "security/test_doors.py::test_the_desk_is_for_staff_who_may",
            "security/test_doors.py::test_other_servers_show_a_key",
            "api/test_acting.py::test_a_token_acts_for_its_visitor_and_for_nobody_else",
            "api/test_acting.py::test_a_tokens_request_is_its_visitors_whoevers_cookies_came_along",
        ),
        {"rooms of the API that name whom they are about": r"RetrieveAPIView|ModelViewSet|ListAPIView"},
    ),
    "S5": Threat(
        "Codes are guessed, shared, spent twice", absent={"offers": r"class \w*(Offer|Coupon|Voucher|Discount)\w*\("}
    ),
    "S6": Threat(
        "Markup in what a shop or a shopper wrote",
        ("security/test_markup.py", "security/test_source.py::test_nothing_of_a_shops_is_called_safe"),
        {"an assistant's output": r"markdown|bleach|nh3"},
    ),
    "S7": Threat(
        "A prompt in a product's text",
        absent={"an assistant": r"import (openai|anthropic|litellm|ollama|transformers)|class \w*Assistant\w*\("},
    ),
    "S8": Threat(
        "Code in a model file",
        (
            "security/test_source.py::test_no_module_reads_pickles",
            "security/test_source.py::test_no_module_runs_text",
            "artifacts/test_store.py::test_a_pickle_is_never_opened_even_with_every_digest_right",
        ),
    ),
    "S9": Threat(
        "The server is sent to an address of somebody's choice",
        absent={"fetching by address": r"urlopen|urllib\.request|import (requests|httpx|aiohttp|urllib3)|http\.client"},
    ),
    "S10": Threat(
        "Large, deep and broken bodies",
        (
            "security/test_payloads.py::test_what_is_meant_to_be_heavy_is_refused_quickly",
            "web/test_events.py::test_a_large_body_is_refused",
            "api/test_door.py",
            "api/test_openapi.py::test_every_answer_is_as_the_document_says_and_none_is_a_fault",
        ),
    ),
    "S11": Threat(
        "Poison stalls the queue",
        (
            "security/test_payloads.py::test_poison_is_answered_and_what_follows_it_is_stored",
            "security/test_payloads.py::test_no_made_up_body_is_an_error_and_each_fact_has_an_end",
        ),
    ),
    "S12": Threat(
        "Headers and templates carry what was written elsewhere",
        ("security/test_payloads.py::test_no_header_is_carried_into_an_answer",),
        {
            "mail": r"django\.core\.mail|EmailMessage|send_mail",
            "templates from the database": r"from_string\(|[^\w]Template\(",
        },
    ),
    "S13": Threat(
        "Changed and borrowed tokens",
        (
            "security/test_tokens.py::test_no_changed_bit_of_a_visitor_cookie_is_accepted",
            "security/test_tokens.py::test_a_token_of_another_purpose_is_no_visitor",
            "api/test_acting.py::test_no_changed_sign_of_a_token_is_accepted",
            "api/test_acting.py::test_a_visitor_cookie_is_no_token_and_a_token_no_cookie",
        ),
        {"links that unsubscribe": r"[Uu]nsubscribe"},
    ),
    "S14": Threat(
        "What is there is told by how it is refused",
        (
            "security/test_doors.py::test_a_strangers_decision_is_refused_as_one_that_is_not_there",
            "api/test_why.py::test_a_strangers_decision_is_refused_as_one_that_is_not_there",
            "api/test_door.py",
        ),
    ),
    "S15": Threat(
        "A cache gives one what was made for another",
        ("security/test_caches.py", "placements/test_fragments.py"),
    ),
    "S16": Threat(
        "The desk exports formulas, or asks the database what it should not",
        (
            "reports/test_tables.py::test_no_text_is_a_formula",
            "admin/test_credit.py::test_only_staff_who_may_see_revenue_get_the_page_and_the_table",
        ),
        {
            "tables to download of another make": r"openpyxl|xlsx",
            "rules that staff write": r"class \w*Segment\w*\((?!TypedDict)|\.extra\(|RawSQL",
        },
    ),
    "P1": Threat(
        "Something is kept before a yes",
        ("browser/test_before_a_choice.py", "browser/test_consent.py::test_before_a_choice_nothing_is_kept_anywhere"),
    ),
}

Guard = Literal["origin", "token", "key", "safe"]
"""How a foreign page is kept out: the origin's check, Django's CSRF token, a key that browsers do not have; or nothing
is changed.
"""


@dataclass(frozen=True)
class Address:
    guard: Guard
    who: Literal["browser", "server"]
    """Whose data it is about: of the browser that asks, or of all, for a server that shows a key."""
    methods: tuple[str, ...]
    tests: str
    kept: bool = False
    """Whether a cache may keep the answer."""


_API = Address("key", "server", ("get", "post", "put", "delete"), "api/test_door.py")
ADDRESSES: dict[str, Address] = {
    "events/": Address("origin", "browser", ("post",), "web/test_events.py"),
    "placements/": Address("origin", "browser", ("post",), "web/test_placements.py"),
    "visit/": Address("token", "browser", ("post",), "visitors/test_session_tier.py"),
    "my-data/": Address("safe", "browser", ("get",), "security/test_doors.py"),
    "my-data/switch/": Address("token", "browser", ("post",), "security/test_doors.py"),
    "my-data/remove/": Address("token", "browser", ("post",), "security/test_doors.py"),
    "my-data/download/": Address("safe", "browser", ("get",), "security/test_doors.py"),
    "my-data/forget/": Address("token", "browser", ("get", "post"), "security/test_doors.py"),
    "api/v1/products/": _API,
    "api/v1/products/<path:key>/": _API,
    "api/v1/feeds/": _API,
    "api/v1/orders/": _API,
    "api/v1/events/": _API,
    "api/v1/status/": _API,
    "api/v1/placements/": Address("origin", "browser", ("post",), "api/test_placements.py"),
    "api/v1/consent/": Address("token", "browser", ("get", "put"), "api/test_consents.py"),
    "api/v1/my-data/": Address("token", "browser", ("get", "patch", "delete"), "api/test_my_data.py"),
    "api/v1/my-data/history/<path:key>/": Address("token", "browser", ("delete",), "api/test_my_data.py"),
    "api/v1/my-data/export/": Address("safe", "browser", ("get",), "api/test_my_data.py"),
    "api/v1/why/<uuid:decision>/": Address("safe", "browser", ("get",), "api/test_why.py"),
    "api/v1/openapi.json": Address("safe", "browser", ("get",), "api/test_openapi.py"),
    "api/v1/": _API,
    "api/v1/<path:rest>": _API,
}

MODELS: dict[str, str] = {
    "Cart": "a visitor's; read by their own pages",
    "ConsentKey": "a browser's; read by the ledger alone",
    "ConsentRecord": "a browser's, under a number; read by staff who may, and by the person's export",
    "Credit": "a visitor's, by their decision and their order; staff who may read sums over all, and no row",
    "Cursor": "nobody's",
    "DailyCount": "nobody's",
    "Decision": "a visitor's; read by their own pages",
    "Event": "a visitor's, or nobody's; read by their own pages and by training",
    "FeedItem": "the shop's catalogue",
    "FeedLine": "an order's; read by training",
    "Finding": "nobody's; read by staff who may",
    "Forgotten": "nobody's any more: a keyed hash",
    "Impression": "a visitor's, by their decision",
    "Intake": "nobody's; read by staff who may",
    "Membership": "a visitor's; read by their own pages and the person's export",
    "ModelVersion": "nobody's; made live by staff who may",
    "OrderLink": "a visitor's; read when their order changes",
    "Promotion": "the shop's content; written by staff who may",
    "Quarantined": "a visitor's, unread; its payload is shown to nobody",
    "Rule": "nobody's; written by staff who may",
    "StockOut": "nobody's",
    "TrainingRun": "nobody's; read by staff who may, begun by those who may add one",
    "Visitor": "a visitor's",
}

TAGS: dict[str, str] = {
    "you_may_also_like": "a row, personal: keeps its page out of shared caches",
    "frequently_bought_together": "a row for all, recorded for a visitor: keeps their page out of shared caches",
    "customers_also_bought": "a row for all, recorded for a visitor: keeps their page out of shared caches",
    "based_on_your_history": "a row, personal: keeps its page out of shared caches",
    "recently_viewed": "a row, personal: keeps its page out of shared caches",
    "buy_it_again": "a row, personal: keeps its page out of shared caches",
    "best_sellers": "a row for all, recorded for a visitor: keeps their page out of shared caches",
    "trending": "a row for all, recorded for a visitor: keeps their page out of shared caches",
    "new_arrivals": "a row, in a person's own order: keeps its page out of shared caches",
    "placement": "any row: keeps a visitor's page out of shared caches",
    "personal_home": "a row, personal: keeps its page out of shared caches",
    "personalize_script": "the same for every visitor of an address",
    "personalize_product": "the same for every visitor of an address",
    "personalize_search": "the same for every visitor of an address; what may be personal is left out",
    "personalize_ask": "by what the browser signals: the page varies by it",
}
