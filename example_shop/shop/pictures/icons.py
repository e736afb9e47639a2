"""Line drawings of single things: from the `lucide` package when it is installed, and a few drawn for this shop.

Lucide is openly licensed (ISC; the Python package MIT) and comes with the extra `[demo]`. Without it the pictures are
monogram tiles, which is said once in the log.
"""

from __future__ import annotations

import logging
import zipfile
from functools import cache
from importlib import resources
from io import BytesIO
from xml.etree import ElementTree

logger = logging.getLogger(__name__)
SHAPES = ("path", "circle", "rect", "ellipse", "line", "polyline", "polygon")

# Drawn for this shop on Lucide's grid of 24: what a gift shop sells and an interface never shows.
OWN: dict[str, tuple[str, ...]] = {
    "candle": (
        '<path d="M8.5 10h7v11h-7z"/>',
        '<path d="M12 7.4c1.9-1.5 2.1-3.2 0-6-2.1 2.8-1.9 4.5 0 6z"/>',
        '<path d="M12 10V7.4"/><path d="M5.5 21h13"/><path d="M8.5 13c1.6 1.4 2.6-.6 4 .2"/>',
    ),
    "tealight": (
        '<path d="M3.5 13.5h17l-1.4 6.2a2 2 0 0 1-2 1.6H6.9a2 2 0 0 1-2-1.6z"/>',
        '<path d="M12 11c2.2-1.8 2.6-4.2 0-8-2.6 3.8-2.2 6.2 0 8z"/>',
        '<path d="M12 13.5V11"/><path d="M7.5 17h9"/>',
    ),
    "lantern": (
        '<path d="M8 6.5h8l2 4V20H6v-9.5z"/><path d="M12 17.2c1.6-1.3 1.9-2.9 0-5.4-1.9 2.5-1.6 4.1 0 5.4z"/>',
        '<path d="M9.4 6.5a2.6 2.6 0 0 1 5.2 0"/><path d="M12 3.9V2"/><path d="M6 10.5h12"/><path d="M4.8 20h14.4"/>',
    ),
    "teapot": (
        '<path d="M5.9 9.8h10.8c.8 1.2 1.3 2.6 1.3 4 0 2.6-1.6 5-3.7 6.4H8.3c-2.1-1.4-3.7-3.8-3.7-6.4 0-1.4.5-2.8 1.3-4z"/>',
        '<path d="M7.9 9.8c.3-2 1.7-3.2 3.4-3.2s3.1 1.2 3.4 3.2z"/><circle cx="11.3" cy="5.4" r="1.1"/>',
        '<path d="M17.8 12.4c1.5-.2 2-1.2 2.4-2.5.3-.8.8-1.3 1.8-1.3-.4 3-1.5 5.7-4.7 7.2"/>',
        '<path d="M5 11.4c-1.9 0-3 1-3 2.6s1.5 3.2 3.8 3.2"/>',
    ),
    "plate": (
        '<circle cx="12" cy="12" r="9.5"/><circle cx="12" cy="12" r="5.8"/>',
        '<path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4"/>',
    ),
    "bowl": (
        '<path d="M2.5 11h19c0 4.4-2.6 7.6-6 8.8V21h-7v-1.2c-3.4-1.2-6-4.4-6-8.8z"/>',
        '<path d="M5.5 14.2c2 1 3.4-.9 5.2 0s3.2.9 5 0 2-.4 2.8 0"/>',
    ),
    "butterfly": (
        '<path d="M12 11.5C10.2 6.6 7 4.2 4.4 4.8 2 5.3 2.1 9 3.9 11.2c1.7 2.1 5.1 2.5 8.1 1.2z"/>',
        '<path d="M12 11.5c1.8-4.9 5-7.3 7.6-6.7 2.4.5 2.3 4.2.5 6.4-1.7 2.1-5.1 2.5-8.1 1.2z"/>',
        '<path d="M12 12.6c-3.2.3-5.7 1.5-5.9 3.9-.2 2.2 1.4 3.7 3 3.3 1.9-.5 2.7-3.4 2.9-7.2z"/>',
        '<path d="M12 12.6c3.2.3 5.7 1.5 5.9 3.9.2 2.2-1.4 3.7-3 3.3-1.9-.5-2.7-3.4-2.9-7.2z"/>',
        '<path d="M12 18V8.4c-.6-2.2-1.5-3.5-2.9-4.3M12 8.4c.6-2.2 1.5-3.5 2.9-4.3"/>',
    ),
    "bauble": (
        '<circle cx="12" cy="14.2" r="7.6"/><path d="M10 6.9V4.8h4v2.1"/><path d="M12 4.8V2.6"/>',
        '<path d="M4.7 12.4c4.6 2.2 10 2.2 14.6 0"/><path d="M4.9 16.4c4.5 2.1 9.7 2.1 14.2 0"/>',
    ),
    "wreath": (
        '<path fill-rule="evenodd" d="M12 2.600a8.4 8.4 0 1 0 0 16.8 8.4 8.4 0 1 0 0-16.800zM12 6.400a4.6 4.6 0 1 0 0 9.2 4.6 4.6 0 1 0 0-9.200z"/>',
        '<path d="M12 19.2l-3.6 3v-5.6zM12 19.2l3.6 3v-5.6z"/>',
        '<path d="M6.3 7.6h.01M9 4.9h.01M15 4.9h.01M17.7 7.6h.01M5.6 12.2h.01M18.4 12.2h.01M7.4 15.4h.01M16.6 15.4h.01"/>',
    ),
    "bow": (
        '<path d="M12 11C9 6 3.7 4.8 3 8c-.6 2.8-.6 4.6 0 6.8.8 3 6.2 1.2 9-3.800z"/>',
        '<path d="M12 11c3-5 8.3-6.2 9-3 .6 2.8.6 4.6 0 6.8-.8 3-6.2 1.2-9-3.800z"/>',
        '<circle cx="12" cy="11" r="2.2"/><path d="M10.8 13 7.5 21M13.2 13l3.3 8"/>',
    ),
    "bunting": (
        '<path d="M3.6 6.1 5.9 14l3.3-6.6z"/><path d="M9.6 7.4 12 15.4l2.4-8z"/><path d="M14.8 7.4l3.3 6.6 2.3-7.9z"/>',
        '<path d="M1.5 5.2c6.4 3.2 14.6 3.2 21 0"/>',
    ),
    "cushion": (
        '<path d="M3.6 3.6c4.6 1.6 12.2 1.6 16.8 0-1.6 4.6-1.6 12.2 0 16.8-4.6-1.6-12.2-1.6-16.8 0 1.6-4.6 1.6-12.2 0-16.8z"/>',
        '<circle cx="12" cy="12" r="1.2"/><path d="M8.4 8.4l2 2M15.6 8.4l-2 2M8.4 15.6l2-2M15.6 15.6l-2-2"/>',
    ),
    "hot-water-bottle": (
        '<path d="M7.5 8h9A2.5 2.5 0 0 1 19 10.5V19a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3v-8.500A2.5 2.5 0 0 1 7.5 8z"/>',
        '<path d="M9.6 8V5h4.800v3"/><path d="M8.5 2.200h7V5h-7z"/>',
        '<path d="M12 18.200l-3-3a1.9 1.9 0 0 1 3-2.3 1.9 1.9 0 0 1 3 2.300z"/>',
    ),
    "necklace": (
        '<path d="M4 2.500c0 8 3.8 13 8 13s8-5 8-13"/><path d="M12 15.500l2.6 3L12 22.300l-2.6-3.800z"/>',
        '<circle cx="4.9" cy="7.6" r="1"/><circle cx="7.3" cy="12.3" r="1"/>',
        '<circle cx="16.7" cy="12.3" r="1"/><circle cx="19.1" cy="7.6" r="1"/>',
    ),
    "earrings": (
        '<path d="M7 10c2.2 3.2 3.2 4.9 3.2 7a3.2 3.2 0 0 1-6.4 0c0-2.1 1-3.8 3.2-7z"/>',
        '<path d="M17 10c2.2 3.2 3.2 4.9 3.2 7a3.2 3.2 0 0 1-6.4 0c0-2.1 1-3.8 3.2-7z"/>',
        '<path d="M7 10V7.500c0-1.2 2-1.5 2-3.300a2 2 0 0 0-4 0M17 10V7.500c0-1.2 2-1.5 2-3.300a2 2 0 0 0-4 0"/>',
    ),
    "bracelet": (
        '<path fill-rule="evenodd" d="M12 5a9.5 7.5 0 1 0 0 15 9.5 7.5 0 1 0 0-15zM12 7.100a6.8 4.9 0 1 0 0 9.8 6.8 4.9 0 1 0 0-9.800z"/>',
        '<path d="M12 16.900l2 1.6-2 1.9-2-1.900zM6.3 15.300h.01M17.7 15.300h.01M3.9 11.500h.01M20.1 11.500h.01"/>',
    ),
    "jar": (
        '<path d="M7 7h10c1.3 1 2.2 2.5 2.2 4.200V19a3 3 0 0 1-3 3H7.800a3 3 0 0 1-3-3v-7.800C4.8 9.5 5.7 8 7 7z"/>',
        '<path d="M6.5 2.500h11V7h-11z"/><path d="M8 12h8v5.500H8z"/>',
    ),
    "tin": (
        '<path d="M4 7.500V19c0 1.5 3.6 2.7 8 2.700s8-1.2 8-2.700V7.500z"/><ellipse cx="12" cy="7.5" rx="8" ry="3"/>',
        '<circle cx="12" cy="3.5" r="1.1"/><path d="M4 12c0 1.5 3.6 2.7 8 2.700s8-1.2 8-2.7"/>',
    ),
    "cupcake": (
        '<path d="M6 13h12l-1.7 8.500H7.700z"/><path d="M5.3 13a3 3 0 0 1 .8-5.8 6.2 6.2 0 0 1 11.8 0 3 3 0 0 1 .8 5.800z"/>',
        '<circle cx="12" cy="3" r="1.5"/><path d="M9.7 13l.7 8.500M14.3 13l-.7 8.5"/>',
    ),
    "cake-stand": (
        '<path d="M6.8 11.500V7.200c0-1 2.3-1.7 5.2-1.700s5.2.7 5.2 1.700v4.300z"/><circle cx="12" cy="3.8" r="1.5"/>',
        '<path d="M2.8 11.500h18.400c-.7 2.4-3.7 3.7-9.2 3.700s-8.5-1.3-9.2-3.700z"/>',
        '<path d="M12 15.200v5"/><path d="M7.5 21.800c0-1 1.8-1.6 4.5-1.600s4.5.6 4.5 1.600z"/>',
    ),
    "picture-frame": (
        '<rect x="3.5" y="2.5" width="17" height="19" rx="1.2"/><rect x="7" y="6" width="10" height="12"/>',
        '<path d="M12 15.500l-2.6-2.700a1.7 1.7 0 0 1 2.6-2.1 1.7 1.7 0 0 1 2.6 2.100z"/>',
    ),
    "hanging-sign": (
        '<rect x="2.5" y="9" width="19" height="11" rx="1.5"/><path d="M12 2.5 6.5 9M12 2.5 17.5 9"/>',
        '<path d="M6.5 13.200h11M8.5 16.200h7"/>',
    ),
    "hook": (
        '<rect x="7.5" y="2.5" width="9" height="9" rx="1.5"/><circle cx="12" cy="7" r="1.5"/>',
        '<path d="M12 11.500v5.800a3.7 3.7 0 0 1-7.4 0V16"/>',
    ),
    "drawers": (
        '<rect x="3" y="3" width="18" height="17" rx="1.5"/><path d="M3 8.700h18M3 14.400h18M5.5 20v2M18.5 20v2"/>',
        '<path d="M10.5 5.900h3M10.5 11.500h3M10.5 17.200h3"/>',
    ),
    "doormat": (
        '<rect x="3.5" y="6.5" width="17" height="11" rx=".8"/><rect x="6" y="9" width="12" height="6"/>',
        '<path d="M3.5 8.500h-2M3.5 12h-2M3.5 15.500h-2M22.5 8.500h-2M22.5 12h-2M22.5 15.500h-2"/>',
    ),
    "babushka": (
        '<path d="M12 2.200c3 0 4.7 2 4.7 4.7 0 1.4-.5 2.5-1.2 3.3 2.3 1.4 3.4 3.6 3.4 6.1 0 3.1-2.2 5.5-4.1 5.500H9.200c-1.9 0-4.1-2.4-4.1-5.5 0-2.5 1.1-4.7 3.4-6.1-.7-.8-1.2-1.9-1.2-3.3 0-2.7 1.7-4.7 4.7-4.700z"/>',
        '<circle cx="12" cy="7" r="2.5"/><path d="M12 13c-2 1.6-2 4.2 0 5.8 2-1.6 2-4.2 0-5.800z"/>',
    ),
    "toadstool": (
        '<path d="M2.8 12.200a9.2 9 0 0 1 18.4 0c0 1.1-1.5 1.8-3.2 1.800H6c-1.7 0-3.2-.7-3.2-1.800z"/>',
        '<path d="M9.3 14c.5 2.6.3 4.5-.6 6.3-.4.9.2 1.6 1 1.600h4.600c.8 0 1.4-.7 1-1.6-.9-1.8-1.1-3.7-.6-6.300z"/>',
        '<circle cx="8" cy="9.6" r="1.2"/><circle cx="13" cy="7" r="1.3"/><circle cx="16.8" cy="10.6" r="1.1"/>',
    ),
    "strawberry": (
        '<path d="M12 7.800c4.2-2 7.8-.4 7.8 3.2 0 4.2-4.7 9.3-7.8 10.8-3.1-1.5-7.8-6.6-7.8-10.8 0-3.6 3.6-5.2 7.8-3.200z"/>',
        '<path d="M12 7.800C11 5.2 9 4 6.6 4.200c1 2.3 2.8 3.6 5.4 3.600zM12 7.800c1-2.6 3-3.8 5.4-3.6-1 2.3-2.8 3.6-5.4 3.600z"/>',
        '<path d="M12 7.800V2.800M8.6 12h.01M12 11.500h.01M15.4 12h.01M10.3 15h.01M13.7 15h.01M12 18h.01"/>',
    ),
    "watering-can": (
        '<path d="M6 9.500h10.500v8.700a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2z"/><path d="M7.5 9.500c0-4.5 7.5-4.5 7.5 0"/>',
        '<path d="M16.5 14 21 7.500M19.3 6.200l3.4 2.5"/><path d="M6 11.500c-3.6 0-4 5.5 0 6"/>',
    ),
    "doll": (
        '<circle cx="12" cy="6.5" r="3.8"/><path d="M9.8 10.6 5.5 20.500h13l-4.3-9.900z"/>',
        '<path d="M8.2 6.200C8.6 3 10 1.8 12 1.800s3.4 1.2 3.8 4.400c-2-.2-3-.9-3.8-2-.8 1.1-1.8 1.8-3.8 2z"/>',
        '<path d="M8.7 13.2 5 12M15.3 13.2 19 12M10 20.500v2M14 20.500v2M7 17.200h10"/>',
    ),
    "doily": (
        '<circle cx="12" cy="12" r="9.6" stroke-dasharray="2.2 1.570"/><circle cx="12" cy="12" r="7.6"/>',
        '<circle cx="12" cy="12" r="3"/><path d="M12 4.400V9M12 15v4.600M4.4 12H9M15 12h4.600M6.6 6.600l3.3 3.300M14.1 14.100l3.3 3.300M17.4 6.600l-3.3 3.300M9.9 14.100l-3.3 3.3"/>',
    ),
    "matches": (
        '<rect x="3" y="9" width="18" height="11" rx="1"/><path d="M3 16.500h18M7 9V5M11 9V4M15 9V5.5"/>',
        '<circle cx="7" cy="4.2" r="1"/><circle cx="11" cy="3.2" r="1"/><circle cx="15" cy="4.7" r="1"/>',
    ),
}


@cache
def lucide() -> zipfile.ZipFile | None:
    """The package's archive of drawings, or None, said once, when it is not installed."""
    try:
        content = (resources.files("lucide") / "lucide.zip").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError):
        logger.warning(
            "Product pictures are plain monograms, because the icon package is not installed: pip install lucide"
        )
        return None
    return zipfile.ZipFile(BytesIO(content))


@cache
def shapes(name: str) -> str | None:
    """The drawing's SVG elements on a grid of 24 by 24, or None when there is no such drawing to be had."""
    archive = lucide()
    if archive is None:
        return None
    if name in OWN:
        return "".join(OWN[name])
    try:
        root = ElementTree.fromstring(archive.read(f"{name}.svg"))
    except KeyError:
        return None
    parts = []
    for element in root:
        tag = element.tag.rpartition("}")[2]
        if tag in SHAPES:
            attributes = "".join(f' {key}="{value}"' for key, value in element.attrib.items())
            parts.append(f"<{tag}{attributes}/>")
    return "".join(parts)
