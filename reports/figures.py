"""From the data of a figure to SVG: drawn by matplotlib, coloured by the page, small and distinct.

Importing this module imports matplotlib; ``import reports`` does not.
"""

from __future__ import annotations

import functools
import importlib
import io
import re
import warnings
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from reports import palette
from reports.blocks import Figure

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bakeoff",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "text.color": palette.LIGHT["ink"],
    "axes.labelcolor": palette.LIGHT["muted"],
    "axes.labelsize": 11,
    "axes.titlesize": 12,
    "axes.titlecolor": palette.LIGHT["ink"],
    "axes.titlelocation": "left",
    "axes.edgecolor": palette.LIGHT["line"],
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "axes.unicode_minus": True,
    "grid.color": palette.LIGHT["line"],
    "grid.linewidth": 0.8,
    "xtick.color": palette.LIGHT["line"],
    "ytick.color": palette.LIGHT["line"],
    "xtick.labelcolor": palette.LIGHT["muted"],
    "ytick.labelcolor": palette.LIGHT["muted"],
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "figure.facecolor": "none",
    "lines.linewidth": 1.8,
    "path.simplify_threshold": 0.3,
    "image.interpolation": "none",
}
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_NO_TURN = re.compile(r"^rotate\(-?0(?:\.0+)? ")


class Painter:
    """Draws figures of one page; their styles are gathered in one sheet, their ids are distinct."""

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}
        self._n_figures = 0

    def inline(self, figure: Figure) -> str:
        """Return the SVG element to stand inside a page that holds :meth:`sheet`."""
        root = _tree(figure)
        self._n_figures += 1
        _rename_ids(root, f"f{self._n_figures}")
        for element in root.iter():
            style = _declarations(element.attrib.pop("style", ""))
            if style:
                css = ";".join(f"{k}:{_themed(v)}" for k, v in style.items())
                element.set("class", self._classes.setdefault(css, f"p{len(self._classes)}"))
        return ET.tostring(root, encoding="unicode")

    def sheet(self) -> str:
        """Return the style sheet of everything drawn so far."""
        return "\n".join(f".{name}{{{css}}}" for css, name in self._classes.items())


def standalone(figure: Figure) -> str:
    """Return a whole SVG file on white paper."""
    root = _tree(figure)
    _rename_ids(root, "f")
    root.set("xmlns", "http://www.w3.org/2000/svg")
    root.set("width", str(figure.width))
    root.set("height", str(figure.height))
    root.set("font-family", "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif")
    paper = ET.Element("rect", width="100%", height="100%", fill=palette.LIGHT["paper"])
    root.insert(0, paper)
    for element in root.iter():
        style = _declarations(element.attrib.pop("style", ""))
        if style:
            element.set("style", ";".join(f"{k}:{v}" for k, v in style.items()))
    return ET.tostring(root, encoding="unicode") + "\n"


def _tree(figure: Figure) -> ET.Element:
    """Draw a figure and return its SVG without what the page does not need."""
    root = ET.fromstring(_draw(figure))
    kept = _referenced(root)
    for element in list(root.iter()):
        _tidy(element, kept)
    _hoist(root)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("stroke-linejoin", "round")
    root.set("role", "img")
    root.set("aria-label", figure.alt)
    return root


def _draw(figure: Figure) -> str:
    module, name = figure.drawing.split(".")
    draw = getattr(importlib.import_module(f"reports.sections.{module}"), name)
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # the browser's fonts write the text, so what matplotlib's own lack is of no matter
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas = Canvas(figsize=(figure.width / 72, figure.height / 72), dpi=72)
        draw(canvas, figure.data)
        canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _referenced(root: ET.Element) -> set[str]:
    """Return the ids that something in the drawing points at."""
    found = set()
    for element in root.iter():
        found.add(element.get(_HREF, "")[1:])
        for value in element.attrib.values():
            found.update(_REFERENCE.findall(value))
    return found


def _tidy(element: ET.Element, kept: set[str]) -> None:
    """Take away the namespace, what only matplotlib needs, and digits that nobody sees."""
    element.tag = element.tag.removeprefix(_SVG)
    element.text = element.text if element.tag == "text" else None
    element.tail = None
    for child in list(element):
        if child.tag.removeprefix(_SVG) in ("metadata", "style"):
            element.remove(child)
    if element.get("id") not in kept:
        element.attrib.pop("id", None)
    if _HREF in element.attrib:
        element.set("href", "".join(element.attrib.pop(_HREF).split()))
    if _NO_TURN.match(element.get("transform", "")):
        del element.attrib["transform"]
    for name in ("d", "x", "y", "width", "height", "transform", "points"):
        if name in element.attrib:
            element.set(name, " ".join(_NUMBER.sub(_rounded, element.attrib[name]).split()))


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match.group()):.1f}".removesuffix(".0")


def _hoist(element: ET.Element) -> None:
    """Put the children of groups that say nothing in the place of the group."""
    children: list[ET.Element] = []
    for child in element:
        _hoist(child)
        if child.tag == "g" and not child.attrib:
            children.extend(child)
        elif child.tag != "defs" or len(child):
            children.append(child)
    element[:] = children


def _rename_ids(root: ET.Element, prefix: str) -> None:
    """Make ids short and distinct on the page."""
    names: dict[str, str] = {}

    def renamed(old: str) -> str:
        return names.setdefault(old, f"{prefix}-{len(names)}")

    for element in root.iter():
        if "id" in element.attrib:
            element.set("id", renamed(element.attrib["id"]))
        if element.get("href", "").startswith("#"):
            element.set("href", f"#{renamed(element.attrib['href'][1:])}")
        if "clip-path" in element.attrib:
            old = _REFERENCE.findall(element.attrib["clip-path"])[0]
            element.set("clip-path", f"url(#{renamed(old)})")


def _declarations(style: str) -> dict[str, str]:
    """Return the declarations of a style attribute that differ from the page's."""
    pairs = (part.split(":", 1) for part in style.split(";") if ":" in part)
    found = {name.strip(): value.strip() for name, value in pairs}
    found.pop("font-family", None)
    return found


@functools.cache
def _themed(value: str) -> str:
    """Return a colour of the palette as the page's variable; anything else as it is."""
    names = {code: name for name, code in palette.LIGHT.items()}
    return f"var(--{names[value]})" if value in names else value
