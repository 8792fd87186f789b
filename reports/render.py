"""From the summary to HTML, Markdown and CSV. Templates place; what they place is made here."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import palette, words
from reports.blocks import Block, Column, Figure, Figures, Fold, Gallery, Summary, Table
from search.disk import refusals_in_words, write_at_once

_PAIRS: dict[str, Callable[[Any], tuple[str, str]]] = {
    "estimate": words.estimate_parts,
    "difference": words.difference_parts,
    "spread": words.spread_parts,
    "seeds": words.seeds_parts,
}
_FORMATS: dict[str, Callable[[Any], str]] = {
    "number": words.number,
    "integer": lambda value: "–" if value is None else f"{value:,}",
    "score": words.score,
    "share": words.share,
    "p_value": words.p_value,
    "seconds": words.seconds,
    "bytes": words.size,
    "mark": lambda value: "yes" if value else "",
    "params": lambda value: "–" if value is None else words.params(value),
}
_NUMERIC = (frozenset(_FORMATS) | frozenset(_PAIRS)) - {"mark", "params"}
_LONGEST_CELL = 160
Decimals = dict[tuple[str, str], int | None]
_MARKDOWN = re.compile(r"([\\`*_\[\]#|~$!])")


def to_html(summary: Summary) -> str:
    """Return the whole page: one file, nothing fetched, no script but its own."""
    from reports.figures import Painter  # loads matplotlib

    painter = Painter()
    environment = _environment(summary, autoescape=True)
    environment.filters["svg"] = lambda figure: Markup(painter.inline(figure))
    script = _source("report.js")
    body = environment.get_template("body.html").render(summary=summary)
    page = environment.get_template("page.html").render(
        summary=summary,
        body=Markup(body),
        style=Markup("\n".join((_variables(), _source("report.css"), painter.sheet()))),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return re.sub(r"\n\s*\n+", "\n", page)


def to_notebook(summary: Summary) -> str:
    """Return verdict and comparison table as a fragment that a notebook shows."""
    environment = _environment(summary, autoescape=True)
    return environment.get_template("notebook.html").render(summary=summary)


def to_markdown(summary: Summary) -> tuple[str, dict[str, str | bytes]]:
    """Return the Markdown text, and the pictures that it shows by their path beside it."""
    from reports.figures import standalone  # loads matplotlib
    from reports.pictures import enlarged  # loads numpy and pillow

    environment = _environment(summary, autoescape=False)
    text = environment.get_template("report.md").render(summary=summary)
    pictures: dict[str, str | bytes] = {}
    for block in _blocks(summary):
        if isinstance(block, Figure):
            pictures[f"pictures/{block.name}.svg"] = standalone(block)
        if isinstance(block, Gallery):
            for picture in block.pictures:
                pictures[f"pictures/{picture.name}.png"] = enlarged(picture.uri)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", pictures


def tables(summary: Summary) -> list[Table]:
    """Return every table of a summary, the ones behind the plots included."""
    found = []
    for block in _blocks(summary):
        if isinstance(block, Table):
            found.append(block)
        if isinstance(block, Figure) and block.table:
            found.append(block.table)
    return found


def to_csv(table: Table) -> str:
    """Return a table as CSV with raw numbers; what holds several values stands as JSON."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.key for column in table.columns])
    for row in table.rows:
        writer.writerow([_raw(row.get(column.key)) for column in table.columns])
    return buffer.getvalue()


def write(path: Path, content: str | bytes) -> Path:
    """Write a file at once, its folders made."""
    data = content if isinstance(content, bytes) else content.encode()
    with refusals_in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_at_once(path, lambda file: file.write(data))
    return path


def _raw(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, tuple, dict)) else value


def _blocks(summary: Summary) -> Iterator[Block]:
    for section in summary.sections:
        for block in section.blocks:
            yield from _inner(block)


def _inner(block: Block) -> Iterator[Block]:
    yield block
    children: tuple[Block, ...] = ()
    if isinstance(block, Fold):
        children = block.blocks
    elif isinstance(block, Figures):
        children = block.figures
    for child in children:
        yield from _inner(child)


def _environment(summary: Summary, *, autoescape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    titles = {model["name"]: model["title"] for model in summary.models}
    colours = {model["name"]: palette.series(model["series"]) for model in summary.models}
    decimals = {
        (table.name, column.key): _decimals(table, column.key)
        for table in tables(summary)
        for column in table.columns
        if column.kind == "score"
    }
    environment.filters |= {
        "cell": partial(_cell, titles, decimals),
        "parts": partial(_parts, titles, decimals),
        "long": _long,
        "title_of": titles.get,
        "series": colours.get,
        "numeric": lambda column: column.kind in _NUMERIC,
        "order": _order,
        "markdown": _markdown,
        "fenced": _fenced,
    }
    return environment


def _cell(
    titles: dict[str, str], decimals: Decimals, row: dict[str, Any], column: Column, table: Table
) -> str:
    """Return the value of a cell on one line."""
    main, rest = _parts(titles, decimals, row, column, table)
    if not rest:
        return main
    return f"{main} {rest}" if rest.startswith("[") else f"{main} ({rest})"


def _parts(
    titles: dict[str, str], decimals: Decimals, row: dict[str, Any], column: Column, table: Table
) -> tuple[str, str]:
    """Return the value of a cell as people read it, and its interval or range."""
    value = row.get(column.key)
    if column.kind in _PAIRS:
        return _PAIRS[column.kind](value)
    if column.kind == "score":
        return words.score(value, decimals[table.name, column.key]), ""
    return _text(titles, value, column), ""


def _decimals(table: Table, key: str) -> int | None:
    """Return the decimals of a column of scores, where one of them needs more than the others."""
    scores = [row[key] for row in table.rows if row.get(key) is not None]
    is_share = scores and all(0 <= value <= 1 for value in scores)
    return words.common_decimals(*scores) if is_share and max(scores) >= 0.995 else None


def _text(titles: dict[str, str], value: Any, column: Column) -> str:
    if column.kind in _FORMATS:
        return _FORMATS[column.kind](value)
    if value is None:
        return ""
    text = titles.get(value, str(value)) if column.kind == "model" else str(value)
    return words.shorten(text, _LONGEST_CELL)


def _long(row: dict[str, Any], column: Column) -> str:
    """Return the text that a cell had to cut, as far as a tool tip may show it; else nothing."""
    value = row.get(column.key)
    is_cut = column.kind in ("text", "class") and len(str(value)) > _LONGEST_CELL
    return words.shorten(str(value), 400) if is_cut else ""


def _order(row: dict[str, Any], column: Column) -> Any:
    """Return what a column is sorted by."""
    value = row.get(column.key)
    if column.kind in _PAIRS:
        value = value[0] if value else None
    return value if column.kind in _NUMERIC and value is not None else ""


def _markdown(text: str) -> str:
    """Escape text for Markdown, table cells included."""
    line = " ".join(str(text).split())
    escaped = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", escaped)


def _fenced(text: str) -> str:
    """Return a code block whose fence no line of the text can close."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _variables() -> str:
    """Return the palette as CSS variables, light, and dark where that is preferred."""
    light, dark = (
        "".join(f"--{name}:{code};" for name, code in colours.items())
        for colours in (palette.LIGHT, palette.DARK)
    )
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    )


@cache
def _source(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
