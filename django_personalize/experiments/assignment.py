"""Drawing lots without keeping any: the same unit is in the same bucket in every process, for ever."""

from __future__ import annotations

from hashlib import sha256

BUCKETS = 10_000


def bucket(salt: str, unit: str) -> int:
    """Return 0 to 9,999: the first 32 bits of sha256 of `salt:unit`, modulo 10,000.

    Each bucket is as likely as any other to within 3 in 10 million, and says nothing of the bucket under another salt.
    """
    return int.from_bytes(sha256(f"{salt}:{unit}".encode()).digest()[:4]) % BUCKETS


def is_below(share: float, salt: str, unit: str) -> bool:
    """Say whether this unit is among the `share` of all that is drawn under `salt`, in steps of a ten-thousandth.

    Whoever is drawn for a share is drawn for every larger one.
    """
    return bucket(salt, unit) < round(share * BUCKETS)
