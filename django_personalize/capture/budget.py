"""How much one visitor and one network may tell in a minute, so that a flood of forged visitors stays a trickle.

An address is never kept: a network is a keyed hash of its first bits and of the minute, in the cache, for that minute.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Collection
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest

from django_personalize.core import clock
from django_personalize.core.hashing import digest

logger = logging.getLogger("django_personalize.capture")
MINUTE = 60
BATCHES_A_MINUTE = 120
"""Several tabs that each report every five seconds, and whenever they are left, stay below it."""
FACTS_A_MINUTE = 2_000
"""A visitor who looks through a long catalogue stays below it."""
FACTS_OF_A_NETWORK = 12_000
"""Facts and batches together: what a hundred people do who never rest; thousands may share a carrier's addresses."""
VISITORS_OF_A_NETWORK = 300
"""Browsers that say yes in one minute from one network."""
_BATCH = 1_000_000
"""What a batch counts in a visitor's one count of the minute; the rest of it are facts, which are never as many."""
_IPV4_BITS, _IPV6_BITS = 24, 48
_PROXIES = ("127.", "10.", "192.168.", "::1")


def is_too_much(request: HttpRequest, visitor_id: UUID) -> bool:
    """Count one batch more, and say whether this visitor, or the network, has told enough for this minute."""
    batches, facts = divmod(_spend("told", visitor_id.hex, _BATCH), _BATCH)
    if batches > BATCHES_A_MINUTE or facts >= FACTS_A_MINUTE:
        return True
    return _spend_of_network(request, "facts", 1) > FACTS_OF_A_NETWORK


def spend(request: HttpRequest, visitor_id: UUID, facts: int) -> None:
    """Count what was taken of a batch."""
    if facts:
        _spend("told", visitor_id.hex, facts)
        _spend_of_network(request, "facts", facts)


def forget(visitors: Collection[UUID]) -> None:
    """Take what was counted of these visitors out of the cache, before its minute does."""
    minutes = (_minute() - 1, _minute())
    keys = [f"personalize:told:{visitor.hex}:{minute}" for visitor in visitors for minute in minutes]
    keys += [f"personalize:asked:{digest('asked', visitor.hex)[:32]}" for visitor in visitors]
    try:
        cache.delete_many(keys)
    except Exception:
        logger.warning("counts_not_forgotten", extra={"count": len(keys)})  # a minute later they are gone


def counted_under(request: HttpRequest, visitor_id: UUID | None) -> str:
    """Return the name under which a request to the API is counted: of a visitor, else of a network; '' for neither.

    A keyed hash either way, and a network's is another one every minute.
    """
    if visitor_id is not None:
        return f"personalize:asked:{digest('asked', visitor_id.hex)[:32]}"
    network = network_of(request)
    return f"personalize:asked-by:{digest('network', f'{network} {_minute()}')[:32]}" if network else ""


def may_come(request: HttpRequest) -> bool:
    """Count one new visitor more, and say whether as many may come from this network in this minute."""
    return _spend_of_network(request, "visitors", 1) <= VISITORS_OF_A_NETWORK


def network_of(request: HttpRequest) -> str:
    """Return the /24 or /48 that the request comes from; '' where nobody can say.

    Only `REMOTE_ADDR` is believed: any client may write the headers that proxies use. A private address is a proxy's,
    behind which are all shoppers; such a shop has its server put the shopper's own address there, or has no budget.
    """
    named = str(request.META.get("REMOTE_ADDR") or "")
    if named.startswith(_PROXIES):
        return ""  # without a closer look
    try:
        address = ipaddress.ip_address(named.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if not address.is_global:
        return ""
    kept = _IPV4_BITS if address.version == 4 else _IPV6_BITS
    return f"{address.version}/{int(address) >> (address.max_prefixlen - kept):x}"


def _spend_of_network(request: HttpRequest, what: str, more: int) -> int:
    network = network_of(request)
    if not network:
        return 0
    count = _spend(f"network-{what}", digest("network", f"{network} {_minute()}")[:32], more)
    most = FACTS_OF_A_NETWORK if what == "facts" else VISITORS_OF_A_NETWORK
    if count - more <= most < count:
        logger.warning("network_damped", extra={"what": what, "most": most})
    return count


def _minute() -> int:
    return int(clock.now().timestamp()) // MINUTE


def _spend(what: str, whose: str, more: int) -> int:
    """Add to a count of the running minute and return it. A cache that is away limits nobody."""
    # The minute is in the key, since not every cache keeps the time at which a counted key ends.
    key = f"personalize:{what}:{whose}:{_minute()}"
    try:
        try:
            return cache.incr(key, more)
        except ValueError:  # the first of the minute
            cache.add(key, 0, MINUTE)
            return cache.incr(key, more)
    except Exception:
        return 0
