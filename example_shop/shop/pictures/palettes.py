"""Colours: those that a name speaks of, or a soft pair drawn from the code."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """`paper` fades into `paper_edge` behind the thing; `wash` fills it, `ink` draws it, `accent` picks out details."""

    paper: str
    paper_edge: str
    wash: str
    ink: str
    accent: str


PALETTES: dict[str, Palette] = {
    "red": Palette("#fdf1ec", "#f7d9d0", "#dd5a4c", "#6f1d1b", "#f2b5a7"),
    "pink": Palette("#fff2f4", "#fadbe2", "#ee8fa9", "#7c2a46", "#f8bccb"),
    "rose": Palette("#fdf3f1", "#f3dcd8", "#d98c94", "#6d2f3c", "#eabfc0"),
    "purple": Palette("#f6f2fa", "#e3d9ee", "#a486c4", "#43295f", "#cdb9e0"),
    "blue": Palette("#f0f5fa", "#d7e5f1", "#6d9fcc", "#1f3f63", "#aecbe4"),
    "sky": Palette("#f0f8f9", "#d5eaec", "#79bcc4", "#1f4f57", "#b2dade"),
    "navy": Palette("#eef2f8", "#d3dcea", "#4a6a98", "#182b4a", "#a3b6d3"),
    "teal": Palette("#eef7f4", "#d0e8e0", "#4fa592", "#174a40", "#a0d3c6"),
    "green": Palette("#f3f7ec", "#dfe9cd", "#8fb265", "#354d1d", "#c2d8a4"),
    "sage": Palette("#f3f6f0", "#dde6d7", "#93ab8a", "#38492f", "#c0d0b8"),
    "yellow": Palette("#fffaea", "#faecc0", "#eec04f", "#6b4a0c", "#f6dd9a"),
    "orange": Palette("#fff5ea", "#fadfc2", "#ee9a4d", "#73390c", "#f7c797"),
    "terracotta": Palette("#fbf1ea", "#f0d8c8", "#cf8061", "#63301d", "#e5b59f"),
    "brown": Palette("#f8f2ec", "#e8d9ca", "#a97c58", "#4a2f1b", "#cfb094"),
    "cream": Palette("#fdf9f0", "#f2e7d0", "#ead9b4", "#5d4a2a", "#f1e6cc"),
    "white": Palette("#eef1f0", "#d8dfdd", "#ffffff", "#43504d", "#f7f9f8"),
    "silver": Palette("#f3f4f6", "#dcdfe4", "#b6bdc8", "#353d49", "#d3d8df"),
    "gold": Palette("#fbf7ea", "#efe2bd", "#d2ac4b", "#57400d", "#e8d193"),
    "black": Palette("#f2f0ed", "#dad5ce", "#56504b", "#1d1a18", "#a19a92"),
    "lilac": Palette("#f8f4fb", "#e9def2", "#c0a5d9", "#4f3569", "#dccbea"),
}

_WORDS: tuple[tuple[str, str], ...] = (
    (
        "red",
        r"red|ruby|scarlet|retrospot|cherry|strawberr\w+|poppy|toadstools?|santa|apples?|cranberry|raspberry|union",
    ),
    ("pink", r"pink|fuchsia|raspberry|flamingo|blossom|fairy|princess|babushka|cupcakes?|sweethearts?"),
    ("rose", r"rose|roses|rosebud|peony|doily|regency|romantic"),
    ("lilac", r"lilac|lavender|hyacinth"),
    ("purple", r"purple|amethyst|violet|mauve|aubergine|pansy"),
    ("navy", r"navy|midnight|london|spaceboy|sailor"),
    ("blue", r"blue|sapphire|delphinium|denim|blueberry"),
    ("sky", r"sky|turquoise|aqua|duck|seaside|beach|ocean"),
    ("teal", r"teal|peacock|jade|emerald"),
    ("green", r"green|olive|lime|garden|woodland|botanical|ivy|pear|pears|frog|leaf|dinosaurs?|christmas|tree|herb"),
    ("sage", r"mint|sage|pistachio|jardin|eucalyptus|nile?"),
    ("yellow", r"yellow|lemon|sunflower|daffodil|daisy|banana|chick|chicks"),
    ("orange", r"orange|amber|pumpkin|tangerine|circus|fire"),
    ("terracotta", r"terracotta|copper|rustic|spice|paisley"),
    ("brown", r"brown|chocolate|coffee|wooden|wood|wicker|natural|bamboo|cinnamon|owl|bear"),
    ("gold", r"gold|golden|brass|honey|antique|regal"),
    ("cream", r"cream|ivory|vanilla|vintage|beige|linen|pantry|lace"),
    ("white", r"white|frosted|snow\w*|pearl"),
    ("silver", r"silver|zinc|metal|diamante|crystal|grey|chrome|pewter|tin|slate|enamel|steel|wire"),
    ("black", r"black|skulls?|charcoal|baroque|blackboard|chalkboard|jet"),
)
_NAMED = tuple((palette, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for palette, words in _WORDS)
_PLAIN_COLOURS = re.compile(
    r"\b(red|pink|rose|purple|blue|navy|teal|green|yellow|orange|brown|cream|ivory|white|silver|gold|black|lilac|mint|"
    r"turquoise)\b",
    re.IGNORECASE,
)
_UNNAMED = ("rose", "sage", "sky", "terracotta", "cream", "lilac", "teal", "yellow", "blue", "pink", "green", "orange")


def palettes_of(name: str, draw: int) -> tuple[Palette, Palette]:
    """The thing's own palette, and a second one for what surrounds it."""
    found: list[tuple[bool, int, str]] = []
    for palette, words in _NAMED:
        if hit := words.search(name):
            found.append((_PLAIN_COLOURS.fullmatch(hit[0]) is None, hit.start(), palette))
    named = [palette for _, _, palette in sorted(found)]
    first = named[0] if named else _UNNAMED[draw % len(_UNNAMED)]
    around = next((palette for palette in named[1:] if palette != first), None)
    if around is None:
        near = [palette for palette in _UNNAMED if palette != first]
        around = near[(draw // 16) % len(near)]
    return PALETTES[first], PALETTES[around]
