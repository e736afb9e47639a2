"""What the data set does not hold and a shop needs: earlier prices and stock levels, made up from the product code.

Always the same for the same code, and unrelated to who bought what. The pages, the admin and `README.md` say that they
are invented.
"""

from __future__ import annotations

import hashlib

MARKDOWNS = (10, 15, 20, 25, 30, 40)


def _number(code: str, purpose: str, below: int) -> int:
    digest = hashlib.blake2b(f"{purpose}:{code}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below


def was_pence(code: str, pence: int) -> int | None:
    """An earlier, higher price for about fifteen products in a hundred; it ends in 5 or 9, as such prices do."""
    if _number(code, "marked down", 100) >= 15:
        return None
    off = MARKDOWNS[_number(code, "markdown", len(MARKDOWNS))]
    before = round(pence * 100 / (100 - off))
    before = before - before % 10 + (9 if before % 10 >= 5 else 5)
    return before if before > pence else pence + 10


def stock(code: str) -> int:
    """Pieces on the shelf: four in a hundred are sold out, nine nearly so, the rest well stocked."""
    draw = _number(code, "stock", 100)
    if draw < 4:
        return 0
    if draw < 13:
        return 1 + _number(code, "few", 5)
    return 12 + _number(code, "many", 189)
