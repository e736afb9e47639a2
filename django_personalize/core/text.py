"""Text from outside, made fit to be kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_MAIL = re.compile(r"\S+ ?(?:@|%40|[(\[]at[)\]]) ?\S+|@", re.I)
_ADDRESS = re.compile(r"://|\bwww\.", re.I)
_NUMBER = re.compile(r"[+(]{0,2}[0-9](?:[ ().\-/_:,*#\u2013\u2014]{0,3}[0-9])*")
_LOCAL = re.compile(r"[0-9]{3}-[0-9]{2}-?[0-9]{2}")
"""How a number without its area is written: 555-1234, 123-45-67."""
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?:[ \-]?[A-Z0-9]){11,30}", re.I)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_PIECE = re.compile(r"[A-Za-z0-9]{16,}")
_LONG = re.compile(r"[A-Za-z0-9_\-+/=.~]{24,}")
_TURN = re.compile(r"[0-9](?=[A-Za-z])|[A-Za-z](?=[0-9])|[a-z](?=[A-Z])")
"""Where a figure meets a letter, or a capital comes in the middle of a word."""
_MOBILE = re.compile(r"447|49(?:1[5-7])|861|91[6-9]|90[05]|99[2-8]|375|380|628|0")
"""How twelve to fourteen figures begin that are rather somebody's telephone than a product's code."""
LONGEST_READ = 400
"""Characters that are looked at; nobody looks for more, and the rest is left out."""
SHORTEST_PHONE = 9
"""Figures in a row that are taken for a telephone; an article number has fewer."""
SPOKEN = 7
"""The same for one that says that it is a telephone, by a plus, or by its area in brackets."""


def storable(text: str) -> bool:
    """Say whether every database keeps it: none keeps NUL, or half of a surrogate pair, which JSON may hold."""
    return (text.isascii() and "\0" not in text) or not any(
        letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text
    )


def printable(text: str) -> str:
    """Return the text without what no database keeps: NUL, and halves of surrogate pairs."""
    return "".join(letter for letter in text if letter != "\0" and not "\ud800" <= letter <= "\udfff")


def impersonal(text: str) -> str:
    """Return the words of a text with single spaces, without those that may say who somebody is, or open a door.

    E-mail addresses, telephones, payment cards, bank accounts, keys and tokens, addresses of pages. Codes on products
    (EAN, UPC, ISBN of 13 figures) are kept, as are article numbers of up to eight; what might be either is left out.
    """
    words = " ".join(printable(text[: 4 * LONGEST_READ]).split())
    if len(words) > LONGEST_READ:
        words = words[:LONGEST_READ].rpartition(" ")[0]
    if words.isascii() and words.isalpha() and len(words) < 16:
        return words
    if not words.isascii():
        words = " ".join(unicodedata.normalize("NFKC", words).translate(_PLAIN).split())
    spans = sorted(_personal(words))
    if not spans:
        return words
    kept, place = [], 0
    for word in words.split(" "):
        end = place + len(word)
        if not any(start < end and place < stop for start, stop in spans):
            kept.append(word)
        place = end + 1
    return " ".join(kept)


def impersonal_key(text: str) -> str:
    """Return what a page names something of its own by; '' where it may say who somebody is, as a UUID does not."""
    if _ID.fullmatch(text):
        return text
    return text if impersonal(text) == " ".join(text.split()) else ""


class _Plain(dict[int, int | None]):
    """Figures of every script as ours, and nothing of what is there to be invisible."""

    def __missing__(self, code: int) -> int | None:
        letter = chr(code)
        kind = unicodedata.category(letter)
        figure = unicodedata.digit(letter, None) if kind == "Nd" else None
        plain = None if kind == "Cf" else ord(str(figure)) if figure is not None else code
        if len(self) < 4096:
            self[code] = plain
        return plain


_PLAIN = _Plain()


def _personal(text: str) -> Iterator[tuple[int, int]]:
    """Yield where something stands that may be personal."""
    for pattern in (_MAIL, _ADDRESS, _ID):
        yield from (found.span() for found in pattern.finditer(text))
    for found in _NUMBER.finditer(text):
        if _is_number_of_somebody(found[0]):
            yield found.span()
    for found in _IBAN.finditer(text):
        if length := _account(found[0]):
            yield found.start(), found.start() + length
    for found in _PIECE.finditer(text):
        if not found[0].isdigit() and _is_token(found[0]):
            yield found.span()
    for found in _LONG.finditer(text):
        if len(_TURN.findall(found[0])) >= 4:
            yield found.span()


def _is_token(piece: str) -> bool:
    mixed = any(letter.isdigit() for letter in piece)
    return mixed or (len(piece) >= 20 and len(_TURN.findall(piece)) >= 3)


def _is_number_of_somebody(written: str) -> bool:
    figures = "".join(letter for letter in written if letter.isdigit())
    spoken = written[0] in "+(" or figures.startswith("00") or ")" in written
    if len(figures) >= (SPOKEN if spoken else SHORTEST_PHONE):
        return spoken or not _is_code(written, figures)
    return _LOCAL.fullmatch(written) is not None


def _is_code(written: str, figures: str) -> bool:
    """Say whether this is the code of a product, and nothing else that it might be."""
    if len(figures) not in (12, 13, 14) or not _checks(figures):
        return False
    if figures.startswith(("978", "979")) and len(figures) == 13:
        return set(written) <= set("0123456789- ")
    card = len(figures) == 14 and _luhn(figures)
    return written == figures and not card and (_MOBILE.match(figures) is None or _is_upc(figures))


def _is_upc(figures: str) -> bool:
    return len(figures) == 12 and figures[0] == "0" and figures[1] != "0"


def _checks(figures: str) -> bool:
    """Say whether the last figure is the one that a code of GS1's ends with."""
    total = sum(int(figure) * (3 if place % 2 else 1) for place, figure in enumerate(reversed(figures)))
    return total % 10 == 0


def _luhn(figures: str) -> bool:
    """Say whether the last figure is the one that a payment card's number ends with."""
    total = 0
    for place, figure in enumerate(reversed(figures)):
        value = int(figure) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _account(written: str) -> int:
    """Return how long the bank account is that the text begins with; 0 for none."""
    seen = ""
    for place, letter in enumerate(written.upper(), start=1):
        if not letter.isalnum():
            continue
        seen += letter
        if 15 <= len(seen) <= 34 and int("".join(str(int(each, 36)) for each in seen[4:] + seen[:4])) % 97 == 1:
            return place
    return 0


_WORD = re.compile(r"[^\W\d_]+")
SHORTEST_WORD = 3


def words_of(text: str) -> frozenset[str]:
    """Return the words of a title or a search, folded, without figures and without the shortest; a plural in s is its
    singular, so that a search for mugs finds a mug.
    """
    return frozenset(_singular(word) for word in _WORD.findall(text.casefold()) if len(word) >= SHORTEST_WORD)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > SHORTEST_WORD and word.endswith("s") and not word.endswith("ss") else word
