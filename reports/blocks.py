"""What a report is made of: plain data that HTML and Markdown both place, neither computes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Row = dict[str, Any]
Kind = Literal[
    "text", "model", "class", "number", "integer", "score", "estimate", "difference",
    "share", "p_value", "seconds", "seeds", "spread", "bytes", "params", "mark",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a table: the key in each row, the heading, and how its values are written."""

    key: str
    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """Rows of raw values; ``name`` is unique in the report and names the CSV file."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    interactive: bool = False
    block: Literal["table"] = "table"


@dataclass(frozen=True)
class Figure:
    """The data of one plot.

    ``drawing`` names the function that draws it, ``module.name`` within ``reports.sections``;
    ``alt`` says in words what the data shows; ``table`` is the data as a reader may want it.
    """

    name: str
    caption: str
    alt: str
    drawing: str
    data: Row
    width: int = 360
    height: int = 300
    table: Table | None = None
    block: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Figures:
    """Plots that stand side by side where the page is wide enough."""

    figures: tuple[Figure, ...]
    block: Literal["figures"] = "figures"


@dataclass(frozen=True)
class Text:
    """A paragraph; ``tone`` "warning" makes it stand out, ``link`` is words and an address."""

    text: str
    tone: Literal["plain", "small", "warning"] = "plain"
    link: tuple[str, str] | None = None
    block: Literal["text"] = "text"


@dataclass(frozen=True)
class Code:
    """Lines to copy as they are."""

    text: str
    block: Literal["code"] = "code"


@dataclass(frozen=True)
class Picture:
    """A small image as a data URI, with the words that stand under it."""

    name: str
    uri: str
    alt: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Gallery:
    """Pictures in a row."""

    name: str
    caption: str
    pictures: tuple[Picture, ...]
    block: Literal["gallery"] = "gallery"


@dataclass(frozen=True)
class Fold:
    """Blocks that open at a click: one model's part of a section."""

    title: str
    blocks: tuple[Block, ...]
    model: str | None = None
    open: bool = False
    block: Literal["fold"] = "fold"


Block = Table | Figure | Figures | Text | Code | Gallery | Fold


@dataclass(frozen=True)
class Section:
    """A heading of the report, the sentence that says what there is to see, and its blocks."""

    name: str
    title: str
    lead: str
    blocks: tuple[Block, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fact:
    """One number of the verdict: what it is, the number as written, and what it means."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """The answer in words, and the numbers that it rests on."""

    headline: str
    sentences: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    winner: str | None = None
    recommended: str | None = None


@dataclass(frozen=True)
class Summary:
    """All that a report says, as plain data."""

    title: str
    eyebrow: str
    date: str
    task: str
    kind: str
    models: tuple[Row, ...]
    classes: tuple[str, ...]
    verdict: Verdict
    sections: tuple[Section, ...]
