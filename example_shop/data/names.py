"""Turns the till's shouting descriptions into product names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

SMALL_WORDS = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"}
)
KEEP_UPPER = frozenset(
    {"UK", "USA", "USB", "TV", "CD", "DVD", "LED", "3D", "ABC", "II", "III", "BBQ", "NY", "DIY", "A4", "A5", "M.O.P"}
)
UNITS = frozenset({"cm", "mm", "m", "g", "kg", "ml", "l"})
SPELLED_OUT = {
    "ANT": "ANTIQUE",
    "ASS": "ASSORTED",
    "ASS'T": "ASSORTED",
    "ASST": "ASSORTED",
    "ASSTD": "ASSORTED",
    "B'DRAW": "BEDROOM DRAWER",
    "BEA": "BEADS",
    "BLK": "BLACK",
    "CANDL": "CANDLE",
    "CINAMMON": "CINNAMON",
    "COL": "COLOUR",
    "DECO": "DECORATION",
    "FLOWE": "FLOWER",
    "FUSCHIA": "FUCHSIA",
    "GARLD": "GARLAND",
    "KNIF & S": "KNIFE & SPOON",
    "LT": "LIGHT",
    "M/COLOUR": "MULTICOLOUR",
    "MULTICOL": "MULTICOLOUR",
    "NAT": "NATURAL",
    "NECKL": "NECKLACE",
    "P'WEIGHT": "PAPERWEIGHT",
    "POURI": "POURRI",
    "RETRO SPOT": "RETROSPOT",
    "RND": "ROUND",
    "SANDLEWOOD": "SANDALWOOD",
    "SKIPPPING": "SKIPPING",
    "STR": "STRAP",
    "STRAWBERY": "STRAWBERRY",
    "TURQ": "TURQUOISE",
    "TURQUOIS": "TURQUOISE",
    "W": "WITH",
    "WHIT": "WHITE",
    "WHT": "WHITE",
    "XMAS": "CHRISTMAS",
    "B'FLY": "BUTTERFLY",
    "C/COVER": "CUSHION COVER",
}
_SPELLED_OUT = re.compile(
    r"(?<![\w'/\"])(" + "|".join(sorted(map(re.escape, SPELLED_OUT), key=len, reverse=True)) + r")(?![\w'/\"])"
)
_JUNK = re.compile(
    r"\?|damage|crush|thrown|throw away|unsaleable|destroyed|smash|broken|faulty|mouldy|rusty|\bwet\b|cracked|"
    r"\bfound\b|\blost\b|\bmissing\b|\bcheck$|wrong|incorrect|adjust|mix(ed)? up|sold as|sold in|amazon|^dotcom ?s|"
    r"barcode|\bcoded\b|marked as|samples|showroom|put aside|counted|returned|\boops\b|^test$|mailout|quick fix",
    re.IGNORECASE,
)
_NOT_GOODS = re.compile(r"^next day carriage|^packing charge|gift voucher|high resolution image|^\d*$", re.IGNORECASE)


def is_junk(description: str) -> bool:
    """Whether the stockroom wrote a remark (`damages?`, `found`, nothing) where a name belongs."""
    text = description.strip()
    return len(text) < 4 or (_JUNK.search(text) is not None and (text != text.upper() or "?" in text))


def is_goods(description: str) -> bool:
    """Whether the line is a thing that a shop shows, and not postage, a voucher or a picture licence."""
    return _NOT_GOODS.search(description) is None and not is_junk(description)


def usual(descriptions: Mapping[str, int]) -> str:
    """The description used most for one code; remarks count only where there is nothing else. Ties: the longer one."""
    proper = {text: count for text, count in descriptions.items() if not is_junk(text)}
    merged: Counter[str] = Counter()
    for text, count in (proper or descriptions).items():
        merged[" ".join(text.split())] += count
    return max(merged, key=lambda text: (merged[text], len(text), text))


def tidy(description: str) -> str:
    """`SET/6 RED SPOTTY  PAPER CUPS ` becomes `Set of 6 Red Spotty Paper Cups`."""
    text = description.strip().strip("*.,").upper()
    text = re.sub(r"(?<=[A-Z])\(", " (", text)
    text = re.sub(r"\bW/ ?(?=[A-Z]{2})", "WITH ", text)
    text = re.sub(r"\bS(?:ET)?/(\d+)", r"SET OF \1", text)
    text = re.sub(r"\bSET (\d+)(?= [A-Z])", r"SET OF \1", text)
    text = re.sub(r"\bSET OF(\d)", r"SET OF \1", text)
    text = re.sub(r"\bPACK/(\d+)", r"PACK OF \1", text)
    text = re.sub(r"\bPACK (\d+)(?= [A-Z])", r"PACK OF \1", text)
    text = re.sub(r"\bBOX/(\d+)", r"BOX OF \1", text)
    text = re.sub(r"\s*\+\s*", " & ", text)
    text = re.sub(r"\s*,\s*", ", ", text)
    text = re.sub(r"([A-Z])\.?(\d+\")", r"\1 \2", text)
    text = re.sub(r"(\d\")([A-Z])", r"\1 \2", text)
    text = re.sub(r"(?<=[A-Z]{2})\"(?=[A-Z])", ' "', text)
    text = re.sub(r"(?<=[A-Z]{4})\.(?=\s|$)|(?<=\bDECO)\.", " ", text)
    text = re.sub(r" 1[67]\d{3}$", "", text)
    text = _SPELLED_OUT.sub(lambda found: SPELLED_OUT[found[1]], text)
    words = text.split()
    return " ".join(_cased(word, outer=index in (0, len(words) - 1)) for index, word in enumerate(words)).rstrip(" ,.&")


def _cased(word: str, *, outer: bool) -> str:
    if word.strip("()\"',") in KEEP_UPPER:
        return word
    if word.lower() in SMALL_WORDS and not outer:
        return word.lower()
    measure = re.fullmatch(r"\d+(?:\.\d+)?([A-Z]+?)(?:X\d+[A-Z]+)?\W*", word)
    if measure and measure[1].lower() in UNITS:
        return word.lower()
    if re.fullmatch(r"\d+X\d+(X\d+)?(CM|MM)?", word):
        return word.lower()
    return re.sub(r"'?[A-Z]+('[A-Z]+)?", lambda part: _capitalized(part[0]), word)


def _capitalized(word: str) -> str:
    return word.lower() if word == "'S" else word.capitalize()
