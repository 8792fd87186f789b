"""A user's CSV, TSV or Parquet file, read strictly: what is wrong is named with its line."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow

SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq")
_DELIMITERS = ",;\t|"
_LONGEST_NAME = 60  # characters of a column's name or a value in a message


def read_table(path: str | Path, encoding: str = "utf-8") -> pd.DataFrame:
    """Return a table file as a data frame.

    Empty fields, ``?`` and pandas' usual words (``NA``, ``null``, ...) are missing values.

    Parameters
    ----------
    path : str or path
        A ``.csv``, ``.tsv``, ``.tab`` or ``.txt`` file, also with ``.gz`` behind it, whose first
        line names the columns, or a ``.parquet`` file. The delimiter is found in the first line.
    encoding : str, default="utf-8"
        Of a text file.

    Returns
    -------
    DataFrame
        All columns of the file, in their order.

    Raises
    ------
    ValueError
        If the file is empty, has another encoding, a ragged row, two columns of one name or no row
        at all; the message gives the line.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"path must name a file, but {path} does not exist.")
    if path.suffix.lower() in (".parquet", ".pq"):
        frame = _read_parquet(path)
        _check_names(path, list(frame.columns))
    else:
        frame = _read_delimited(path, encoding)
    if frame.empty:
        raise ValueError(f"{path.name} must hold rows of data, but has only the names of columns.")
    return frame


def short(value: object) -> str:
    """Return a name or value as it stands in a message, cut where it is very long."""
    text = str(value)
    return repr(text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "...")


def _read_parquet(path: Path) -> pd.DataFrame:
    """Return a Parquet file with names of columns that are strings."""
    try:
        frame = pd.read_parquet(path).reset_index(drop=True)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(
            f"{path.name} must be an undamaged Parquet file, as its ending says; {error}"
        ) from error
    frame.columns = frame.columns.astype(str)
    return frame


def _read_delimited(path: Path, encoding: str) -> pd.DataFrame:
    """Return a text file of columns after checking every line of it."""
    text = _decode(path, encoding)
    if not text.strip():
        raise ValueError(f"{path.name} must name its columns in the first line, but is empty.")
    suffix = [s for s in path.suffixes if s.lower() != ".gz"][-1:]
    delimiter = "\t" if suffix in ([".tsv"], [".tab"]) else _delimiter(text)
    rows = _rows(path, text, delimiter)
    _, names = next(rows)
    _check_header(path, names)
    for line, row in rows:
        if len(row) != len(names):
            raise ValueError(
                f"{path.name}, line {line}: every row must have {len(names)} fields as the first "
                f"has, got {len(row)}; {_what_to_do(row, names, delimiter)}."
            )
    # a decimal comma can only be told where the comma does not separate columns
    decimal = "," if delimiter == ";" and not _has_decimal_point(text) else "."
    return pd.read_csv(
        io.StringIO(text), sep=delimiter, decimal=decimal, na_values=["?"], low_memory=False
    )


def _what_to_do(row: list[str], names: list[str], delimiter: str) -> str:
    """Return what most likely mends a row of the wrong length."""
    if len(row) > len(names):
        return f"put quotes around a value that holds a {delimiter!r}"
    if any("\n" in field for field in row):
        return "a quote that is opened in that line is not closed where the value ends"
    return f"a value is missing, or a {delimiter!r}"


def _decode(path: Path, encoding: str) -> str:
    """Return the text of a file, or say at which byte and line it is not in this encoding."""
    content = _unpacked(path)
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"  # spreadsheets write a mark before the first name
    try:
        text = content.decode(encoding)
    except LookupError as error:
        raise ValueError(f"encoding must be one that Python knows, got {encoding!r}.") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        if b"\0" in content and not is_utf16:
            raise _no_text(path, line) from error
        likely = "utf-16" if is_utf16 else "cp1252"
        raise ValueError(
            f"{path.name}, line {line}: byte 0x{content[error.start]:02x} is not "
            f"{encoding.removesuffix('-sig')}; save the file as UTF-8, or give its encoding, "
            f"perhaps encoding={likely!r}."
        ) from error
    if "\0" in text:
        raise _no_text(path, text.count("\n", 0, text.index("\0")) + 1)
    return text


def _unpacked(path: Path) -> bytes:
    """Return what stands in a file, unpacked if it ends in ``.gz``."""
    content = path.read_bytes()
    if path.suffix.lower() != ".gz":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(
            f"{path.name} must be an undamaged gzip file, as its ending says; {error}."
        ) from error


def _no_text(path: Path, line: int) -> ValueError:
    return ValueError(
        f"{path.name}, line {line}: a table must be text, but there are bytes that no text holds; "
        "save the table as CSV."
    )


def _delimiter(text: str) -> str:
    """Return the delimiter that the first line holds most often."""
    first = text.lstrip().splitlines()[0]
    return max(_DELIMITERS, key=first.count)


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line where a row begins, and its fields; empty lines are skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begin = 1
    try:
        for row in reader:
            if row:
                yield begin, row
            begin = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{path.name}, line {begin}: {error}.") from error


def _check_header(path: Path, names: list[str]) -> None:
    """Raise a ValueError if the first line cannot be names of columns."""
    if all(_is_number(name) for name in names):
        raise ValueError(
            f"{path.name}, line 1: the first line must name the columns, but holds numbers only "
            f"({', '.join(names[:5])}); put a line of names above it."
        )
    _check_names(path, names)


def _check_names(path: Path, names: list[str]) -> None:
    """Raise a ValueError if two columns have one name."""
    twice = sorted({name for name in names if name.strip() and names.count(name) > 1})
    if twice:
        at = ", ".join(str(i + 1) for i, name in enumerate(names) if name == twice[0])
        raise ValueError(
            f"{path.name}, line 1: every column must have a name of its own, but {short(twice[0])} "
            f"stands over columns {at}."
        )


def _is_number(text: str) -> bool:
    """Tell whether a field reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _has_decimal_point(text: str) -> bool:
    """Tell whether fields between semicolons use a point before their decimals."""
    fields = ";".join(text.splitlines()[1:50]).split(";")
    return any("." in field and _is_number(field) for field in fields)
