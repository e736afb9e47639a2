"""Line drawings of single things: from the `lucide` package when it is installed, and some drawn for this shop.

Lucide is openly licensed (ISC; the Python package MIT) and comes with the extra `[demo]`. Without it the pictures are
monogram tiles, which is said once in the log.
"""

from __future__ import annotations

import logging
import zipfile
from functools import cache
from importlib import resources
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

logger = logging.getLogger(__name__)
OWN = Path(__file__).with_name("drawings.svg")
SHAPES = ("path", "circle", "rect", "ellipse", "line", "polyline", "polygon")


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
    drawing = _own().get(name)
    if drawing is None:
        try:
            drawing = ElementTree.fromstring(archive.read(f"{name}.svg"))
        except KeyError:
            return None
    parts = []
    for element in drawing:
        tag = element.tag.rpartition("}")[2]
        if tag in SHAPES:
            attributes = "".join(f' {key}="{value}"' for key, value in element.attrib.items())
            parts.append(f"<{tag}{attributes}/>")
    return "".join(parts)


@cache
def _own() -> dict[str, ElementTree.Element]:
    """The drawings made for this shop, in the style of the others."""
    return {group.attrib["id"]: group for group in ElementTree.parse(OWN).getroot()}
