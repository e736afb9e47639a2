"""Composes a product's picture: paper, pattern, something to stand on, and the thing itself."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable
from html import escape

from . import icons
from .motifs import motifs_of, pieces_of
from .palettes import Palette, palettes_of

SIZE = 400
STYLE = 1  # raise it whenever pictures change, so that browsers fetch them anew


class _Draw:
    """Numbers that look random and are always the same for the same product."""

    def __init__(self, code: str) -> None:
        self._bytes = hashlib.blake2b(code.encode(), digest_size=16).digest()
        self._next = 0

    def below(self, limit: int) -> int:
        pair = self._bytes[self._next % 16] + 256 * self._bytes[(self._next + 7) % 16]
        self._next += 1
        return pair % limit


def version(code: str, name: str) -> str:
    """Changes when the picture does; stands in its address, so that it can be cached for ever."""
    has_icons = icons.lucide() is not None
    return f"{zlib.crc32(f'{STYLE}|{has_icons}|{code}|{name}'.encode()):08x}"


def picture(code: str, name: str, category: str = "") -> str:
    """The product's picture as an SVG document."""
    draw = _Draw(code)
    own, around = palettes_of(name, draw.below(4096))
    thing, decoration = motifs_of(name, category, draw.below(60))
    if icons.shapes(thing) is None:
        return _document(name, own, _paper(own, draw), _monogram(name, own))
    pattern = _pattern(name, decoration, own, around, draw)
    return _document(name, own, _paper(own, draw), pattern + _scene(name, thing, decoration, own, around, draw))


def _document(name: str, palette: Palette, paper: str, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" '
        f'height="{SIZE}" role="img">'
        f"<title>{escape(name)}</title>{paper}{body}</svg>\n"
    )


def _paper(palette: Palette, draw: _Draw) -> str:
    x1, y1, x2, y2 = ((0, 0, 1, 1), (1, 0, 0, 1), (0, 0, 0, 1), (0, 1, 1, 0))[draw.below(4)]
    return (
        f'<defs><linearGradient id="p" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"><stop offset="0" '
        f'stop-color="{palette.paper}"/><stop offset="1" stop-color="{palette.paper_edge}"/></linearGradient></defs>'
        f'<rect width="{SIZE}" height="{SIZE}" fill="url(#p)"/>'
    )


def _monogram(name: str, palette: Palette) -> str:
    words = re.findall(r"[A-Za-z]+", name)
    letters = "".join(word[0] for word in words if word.lower() not in {"of", "set", "and"})[:2].upper() or "?"
    return (
        f'<circle cx="200" cy="200" r="112" fill="{palette.accent}"/><circle cx="200" cy="200" r="98" fill="none" '
        f'stroke="{palette.ink}" stroke-width="2" stroke-dasharray="2 6" stroke-linecap="round"/>'
        f'<text x="200" y="232" text-anchor="middle" font-family="Georgia, serif" font-size="92" '
        f'fill="{palette.ink}">{letters}</text>'
    )


# --- patterns behind the thing --------------------------------------------------------------------------------


def _tiled(width: float, height: float, tile: str, turn: int = 0) -> str:
    return (
        f'<pattern id="t" width="{width:g}" height="{height:g}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({turn})">{tile}</pattern><rect width="{SIZE}" height="{SIZE}" fill="url(#t)"/>'
    )


def _dots(colour: str, opacity: float, step: int, radius: float) -> str:
    half = step / 2
    return _tiled(
        step,
        step,
        f'<g fill="{colour}" fill-opacity="{opacity}"><circle cx="{half / 2:g}" cy="{half / 2:g}" r="{radius}"/>'
        f'<circle cx="{half * 1.5:g}" cy="{half * 1.5:g}" r="{radius}"/></g>',
    )


def _stripes(colour: str, opacity: float, step: int, turn: int) -> str:
    return _tiled(
        step, step, f'<rect width="{step / 2:g}" height="{step}" fill="{colour}" fill-opacity="{opacity}"/>', turn
    )


def _checks(colour: str, step: int) -> str:
    half = step / 2
    return _tiled(
        step,
        step,
        f'<g fill="{colour}" fill-opacity=".34"><rect width="{step}" height="{half:g}"/>'
        f'<rect width="{half:g}" height="{step}"/></g>',
    )


def _sprigs(icon: str, colour: str, opacity: float, step: int, turn: int) -> str:
    drawn = icons.shapes(icon) or ""
    small = step * 0.30 / 24
    one = f'<g transform="translate({{x:g}} {{y:g}}) scale({small:.3f})">{drawn}</g>'
    at = (step * 0.10, step * 0.60)
    return _tiled(
        step,
        step,
        f'<g fill="{colour}" fill-opacity="{opacity * 0.5:g}" stroke="{colour}" stroke-opacity="{opacity:g}" '
        f'stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">'
        + "".join(one.format(x=place, y=place) for place in at)
        + "</g>",
        turn,
    )


def _pattern(name: str, decoration: str | None, own: Palette, around: Palette, draw: _Draw) -> str:
    text = name.lower()
    if "retrospot" in text or "red spot" in text:
        return f'<rect width="{SIZE}" height="{SIZE}" fill="#d9534a"/>' + _dots("#fff8f2", 0.95, 64, 11)
    if "polka" in text or "spot" in text:
        return f'<rect width="{SIZE}" height="{SIZE}" fill="{own.accent}"/>' + _dots("#ffffff", 0.85, 52, 7.5)
    if "gingham" in text or "check" in text:
        return _checks(own.wash, 50)
    if "strip" in text:
        return _stripes(own.wash, 0.32, 40, draw.below(2) * 45)
    choice = draw.below(10)
    if decoration and choice < 6:
        return _sprigs(
            decoration, own.wash if own.wash != "#ffffff" else own.accent, 0.42, 92 + 12 * draw.below(3), -18
        )
    plain: tuple[Callable[[], str], ...] = (
        lambda: _dots(around.wash, 0.22, 44, 4),
        lambda: _stripes(around.wash, 0.14, 56, 0),
        lambda: _stripes(own.wash, 0.12, 36, 45),
        lambda: f'<circle cx="330" cy="70" r="150" fill="{around.accent}" fill-opacity=".5"/>',
        lambda: f'<rect y="262" width="{SIZE}" height="138" fill="{around.accent}" fill-opacity=".55"/>',
        lambda: (
            f'<path d="M0 300C90 240 150 340 250 290S400 260 400 260V400H0z" fill="{around.accent}" fill-opacity=".6"/>'
        ),
        lambda: _sprigs("sparkle", around.wash, 0.4, 110, 12),
        lambda: "",
    )
    return plain[draw.below(len(plain))]()


# --- the thing ------------------------------------------------------------------------------------------------


def _thing(icon: str, palette: Palette, x: float, y: float, size: float, turn: int = 0, line: float = 1.15) -> str:
    """An icon, painted: opaque paper below, a wash of colour printed slightly off register, and an ink line on top."""
    drawn = icons.shapes(icon) or ""
    scale = size / 24
    joins = 'stroke-linecap="round" stroke-linejoin="round"'
    return (
        f'<g transform="translate({x - size / 2:g} {y - size / 2:g}) rotate({turn} {size / 2:g} {size / 2:g}) '
        f'scale({scale:.3f})" {joins}>'
        f'<g fill="#fffdf9" stroke="#fffdf9" stroke-width="{line + 1.5:g}">{drawn}</g>'
        f'<g fill="{palette.wash}" fill-opacity=".78" stroke="none" transform="translate(.45 .45)">{drawn}</g>'
        f'<g fill="none" stroke="{palette.ink}" stroke-width="{line}">{drawn}</g></g>'
    )


def _shadow(x: float, y: float, width: float) -> str:
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{width:g}" ry="{width * 0.11:g}" fill="#2b1d14" fill-opacity=".13"/>'


def _scallops(colour: str, radius: int) -> str:
    """A doily: a disc with a scalloped edge, drawn as a ring of round dashes."""
    around = 3.14159265 * 2 * radius
    return (
        f'<g fill="{colour}"><circle cx="200" cy="200" r="{radius}"/><circle cx="200" cy="200" r="{radius}" '
        'fill="none" '
        f'stroke="{colour}" stroke-width="26" stroke-linecap="round" stroke-dasharray="0.01 {around / 28:.3f}"/></g>'
    )


def _scene(name: str, thing: str, decoration: str | None, own: Palette, around: Palette, draw: _Draw) -> str:
    pieces = pieces_of(name)
    if pieces > 1:
        return _several(pieces, thing, own, around)
    layout = draw.below(6)
    tilt = (-8, -4, 0, 4, 8)[draw.below(5)]
    extra = ""
    if decoration and draw.below(3):
        extra = _thing(decoration, around if around != own else own, 296, 112, 66, 12, 1.3)
    if layout == 0:
        return _shadow(200, 318, 96) + _thing(thing, own, 200, 208, 208, 0) + extra
    if layout == 1:
        return _scallops("#fffdf9", 132) + _thing(thing, own, 200, 200, 168, tilt) + extra
    if layout == 2:
        arch = (
            f'<path d="M92 348V190a108 108 0 0 1 216 0v158z" fill="{around.paper}" stroke="#fffdf9" stroke-width="6"/>'
        )
        return arch + _shadow(200, 318, 78) + _thing(thing, own, 200, 224, 172)
    if layout == 3:
        card = (
            f'<g transform="rotate({tilt // 2} 200 200)"><rect x="76" y="70" width="248" height="260" rx="14" '
            'fill="#fffdf9"/>'
            f'<rect x="88" y="82" width="224" height="236" rx="8" fill="none" stroke="{own.accent}" stroke-width="2.5" '
            'stroke-dasharray="1 7" stroke-linecap="round"/>'
        )
        return card + _thing(thing, own, 200, 200, 176) + "</g>" + extra
    if layout == 4:
        disc = f'<circle cx="200" cy="200" r="142" fill="{around.accent}" fill-opacity=".75"/>'
        return disc + _thing(thing, own, 200, 200, 190, tilt) + extra
    shelf = (
        f'<rect x="40" y="306" width="320" height="14" rx="3" fill="{around.wash}" fill-opacity=".85"/>'
        f'<path d="M78 320v22h16M322 320v22h-16" fill="none" stroke="{around.ink}" stroke-opacity=".35" '
        'stroke-width="6"/>'
    )
    return shelf + _thing(thing, own, 200, 214, 188) + extra


def _several(pieces: int, thing: str, own: Palette, around: Palette) -> str:
    """Sets show several: two or three in a row, four in a square, more in a fan or a tray."""
    if pieces == 2:
        return _shadow(200, 306, 128) + _thing(thing, around, 260, 190, 150, 6) + _thing(thing, own, 142, 216, 164, -6)
    if pieces == 3:
        return (
            _shadow(200, 312, 140)
            + _thing(thing, around, 96, 226, 112, -6)
            + _thing(thing, around, 304, 226, 112, 6)
            + _thing(thing, own, 200, 200, 150)
        )
    tray = '<rect x="52" y="52" width="296" height="296" rx="18" fill="#fffdf9" fill-opacity=".82"/>'
    across = 2 if pieces <= 5 else 3
    step = 272 / across
    parts = []
    for row in range(across):
        for column in range(across):
            palette = own if (row + column) % 2 == 0 else around
            parts.append(
                _thing(thing, palette, 64 + step * (column + 0.5), 64 + step * (row + 0.5), step * 0.72, 0, 1.3)
            )
    return tray + "".join(parts)
