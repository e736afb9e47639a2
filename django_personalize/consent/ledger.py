"""Proof of what was asked and answered: records that follow one another without a gap, each bound to all before it.

Of every record a commitment stays for ever: the HMAC of its fields under a key of its subject's own. To erase somebody
is to destroy their fields and their key; nothing can then be read out of the commitment, and the chain still holds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connections, router, transaction
from django.utils.translation import get_language

from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.types import Purpose
from django_personalize.models import ConsentKey, ConsentRecord

ALTERED = "altered"
REMOVED = "removed"
BROKEN = "broken"
KEYLESS = "keyless"
CUT_OFF = "cut_off"
PROBLEMS = {
    ALTERED: "Its fields are not what was committed to.",
    REMOVED: "The record is missing.",
    BROKEN: "It does not follow from the record before it.",
    KEYLESS: "Its fields are there and the key that proves them is not.",
    CUT_OFF: "The ledger does not lead to the expected head: it ends early, or another was put in its place.",
}
GENESIS = "0" * 64
"""What the first record follows from."""
CHUNK = 500
"""Records that are verified at a time."""
LOCK = 0x70657273_636F6E73
"""The advisory lock of PostgreSQL under which records are numbered."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One record that does not verify."""

    number: int
    problem: str
    """One of `PROBLEMS`."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The ledger as it was found."""

    records: int
    erased: int
    """Records of people who were erased: in their place, and empty."""
    head: str
    wrong: tuple[Wrong, ...]


def record(
    subject: UUID, granted: Collection[Purpose], refused: Collection[Purpose], *, source: str
) -> ConsentRecord | None:
    """Append what this browser answers now; None where its last record says the same of the same text.

    Call it before any row of the subject is locked: records are numbered one at a time, and whoever holds a number
    waits for nobody.
    """
    fields = {
        "at": clock.now().isoformat(),
        "granted": sorted(purpose.value for purpose in granted),
        "refused": sorted(purpose.value for purpose in refused),
        "text": text_of({*granted, *refused}),
        "language": get_language() or "",
        "source": source,
    }
    with transaction.atomic():
        _one_at_a_time()
        last = ConsentRecord.objects.filter(subject=subject).order_by("number").last()
        if last is not None and last.fields and _said(last.fields) == _said(fields):
            return None
        key, _ = ConsentKey.objects.get_or_create(subject=subject, defaults={"key": secrets.token_bytes(32)})
        before = ConsentRecord.objects.order_by("number").last()
        number = 1 if before is None else before.number + 1
        commitment = _commitment(bytes(key.key), number, subject, fields)
        return ConsentRecord.objects.create(
            number=number,
            subject=subject,
            fields=fields,
            commitment=commitment,
            chain=_chain(GENESIS if before is None else before.chain, commitment),
        )


def erase(subject: UUID) -> int:
    """Destroy what was answered by this subject, and the key; return how many records are empty now."""
    with transaction.atomic():
        emptied = ConsentRecord.objects.filter(subject=subject).update(subject=None, fields=None)
        ConsentKey.objects.filter(subject=subject).delete()
    return emptied


def head() -> str:
    """Return what stands for the whole ledger: keep it elsewhere, and nobody can cut the end off unnoticed."""
    return _head(ConsentRecord.objects.order_by("number").last())


def verify(*, expected: str = "") -> Verified:
    """Check every record; with `expected`, an earlier head, also that the ledger leads there."""
    wrong: list[Wrong] = []
    wanted_at, _, wanted = expected.partition(":")
    met = not expected or expected == _head(None)
    records = erased = 0
    number, chain = 0, GENESIS
    for each, keys in _with_keys():
        records += 1
        missing = range(number + 1, each.number)
        wrong += [Wrong(gone, REMOVED) for gone in missing]
        if not missing and each.chain != _chain(chain, each.commitment):
            wrong.append(Wrong(each.number, BROKEN))
        if each.subject is None and each.fields is None:
            erased += 1
        else:
            wrong += [Wrong(each.number, problem) for problem in _faults(each, keys)]
        number, chain = each.number, each.chain
        met = met or (str(number) == wanted_at and chain == wanted)
    if not met:
        wrong.append(Wrong(number, CUT_OFF))
    return Verified(records, erased, f"{number}:{chain}", tuple(wrong))


def text_of(purposes: Collection[Purpose]) -> str:
    """Return the sha256 of what a shopper is shown of these purposes in the language active now; '' where it is kept
    elsewhere.
    """
    texts = settings.consent.texts()
    shown = [f"{purpose.value}\n{texts[purpose]}" for purpose in sorted(purposes) if purpose in texts]
    return hashlib.sha256("\n\n".join(shown).encode()).hexdigest() if shown else ""


def _with_keys() -> Iterator[tuple[ConsentRecord, dict[UUID, Any]]]:
    """Yield every record in its order, with the keys of its subject and of those beside it."""
    rows = ConsentRecord.objects.order_by("number").iterator(chunk_size=CHUNK)
    while some := list(islice(rows, CHUNK)):
        subjects = {each.subject for each in some if each.subject is not None}
        keys = dict(ConsentKey.objects.filter(subject__in=subjects).values_list("subject", "key"))
        yield from ((each, keys) for each in some)


def _faults(each: ConsentRecord, keys: dict[UUID, Any]) -> Iterator[str]:
    if each.subject is None or each.fields is None:
        yield ALTERED
    elif each.subject not in keys:
        yield KEYLESS
    elif not hmac.compare_digest(
        each.commitment, _commitment(bytes(keys[each.subject]), each.number, each.subject, each.fields)
    ):
        yield ALTERED


def _head(last: ConsentRecord | None) -> str:
    return f"0:{GENESIS}" if last is None else f"{last.number}:{last.chain}"


def _said(fields: dict[str, Any]) -> tuple[Any, ...]:
    return fields["granted"], fields["refused"], fields["text"]


def _commitment(key: bytes, number: int, subject: UUID, fields: dict[str, Any]) -> str:
    told = json.dumps([number, subject.hex, fields], sort_keys=True, separators=(",", ":"))
    return hmac.digest(key, told.encode(), "sha256").hex()


def _chain(before: str, commitment: str) -> str:
    return hashlib.sha256(f"{before}{commitment}".encode()).hexdigest()


def _one_at_a_time() -> None:
    """Wait for whoever is appending; the next one waits until this transaction has ended, the first record included."""
    connection = connections[router.db_for_write(ConsentRecord)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        else:
            # Changes nothing, and takes the one lock that SQLite has before anything is read.
            cursor.execute(f"UPDATE {ConsentRecord._meta.db_table} SET number = number WHERE number < 0")
