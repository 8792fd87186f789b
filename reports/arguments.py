"""What the words on the command line mean: lists, times, sizes, data, folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipelines.dataset import Dataset

LISTS = ("--models", "--metrics")

# What a command about a run must be told again of the data, where they are a file or folder.
_AGAIN = "As `bakeoff compare` was given it."
ColumnAgain = Annotated[str | None, typer.Option(metavar="COL", help=_AGAIN)]
TaskAgain = Annotated[str | None, typer.Option(help=_AGAIN)]
EncodingAgain = Annotated[str | None, typer.Option(metavar="NAME", help=_AGAIN)]

_TRIALS, _TIMEOUT = 20, 20.0  # what a model may try where nothing is said

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def gather(words: Sequence[str]) -> list[str]:
    """Join the values that follow a flag of ``LISTS`` with commas, as its option takes one value.

    Parameters
    ----------
    words : sequence of str
        The command line.

    Returns
    -------
    list of str
        The same with one value behind each of the flags.

    Examples
    --------
    >>> gather(["digits", "--models", "knn", "forest", "--trials", "5"])
    ['digits', '--models', 'knn,forest', '--trials', '5']
    """
    gathered: list[str] = []
    in_list = False
    for word in words:
        if in_list and gathered[-1] not in LISTS and not word.startswith("-"):
            gathered[-1] += f",{word}"
            continue
        in_list = word in LISTS or (in_list and not word.startswith("-"))
        gathered.append(word)
    return gathered


def names(text: str) -> list[str]:
    """Return the names in a text with commas between them.

    >>> names("knn, forest,")
    ['knn', 'forest']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def seconds(text: str) -> float:
    """Return the seconds of a time such as "90", "45s", "10m" or "1h30m".

    >>> seconds("10m"), seconds("1h30m"), seconds("0.5")
    (600.0, 5400.0, 0.5)
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip().lower())
    total = sum(float(number) * _SECONDS[unit or "s"] for number, unit in parts)
    is_whole = re.fullmatch(r"(?:\d+(?:\.\d+)?\s*[smhd]\s*)+|\d+(?:\.\d+)?", text.strip().lower())
    if not is_whole or total <= 0:
        raise typer.BadParameter(f"give a time such as 90s, 10m or 1h30m, got {text!r}.")
    return float(total)


def budget(trials: int | None, timeout: float | None) -> dict[str, Any]:
    """Return how long a search goes on: the first answer comes soon, more is asked for.

    >>> budget(None, None), budget(100, None)
    ({'n_trials': 20, 'timeout': 20.0}, {'n_trials': 100, 'timeout': None})
    """
    if trials is None and timeout is None:
        timeout = _TIMEOUT
    return {"n_trials": trials or _TRIALS, "timeout": timeout}


def size(text: str) -> int:
    """Return the bytes of a size such as "500M" or "4G".

    >>> size("4G") == 4 * 1024**3
    True
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?", text.strip(), re.IGNORECASE)
    if not match or float(match[1]) <= 0:
        raise typer.BadParameter(f"give a size such as 500M or 4G, got {text!r}.")
    return round(float(match[1]) * _BYTES[match[2].upper()])


def rows(text: object) -> int | None:
    """Return a number of rows, None for "all".

    >>> rows("5000"), rows("all")
    (5000, None)
    """
    if text == "all" or text is None:
        return None
    if not re.fullmatch(r"[1-9]\d+", str(text)):
        raise typer.BadParameter(f"give a whole number of rows from 10 on, or all, got {text!r}.")
    return int(str(text))


def locate(data: str, **of_a_file: str | None) -> Dataset:
    """Return the data that a word names: a data set by its name, or else a file or folder.

    Parameters
    ----------
    data : str
        A name in ``pipelines.dataset_names()``, or a path. Where both exist the name wins;
        ``./digits`` is the folder.
    **of_a_file : str or None
        Options of ``pipelines.read_data``, which make sense for a file only; None if not given.

    Returns
    -------
    Dataset
        Its training and test part.

    Raises
    ------
    ValueError
        If there are no such data, or they cannot be read.
    """
    # Lazy: `bakeoff --help` must not wait for pandas.
    import pipelines

    known = pipelines.dataset_names()
    given = {name: value for name, value in of_a_file.items() if value is not None}
    # "nab/realKnownCause/nyc_taxi" is a member of the data set "nab", not a path.
    may_be_name = data in known or (data.partition("/")[0] in known and not Path(data).exists())
    if not may_be_name and (Path(data).exists() or _looks_like_a_path(data)):
        return pipelines.read_data(data, **given)
    if given:
        flags = " and ".join(f"--{name}" for name in given)
        raise ValueError(
            f"{flags} cannot be said of {data!r}, which is not a file but a data set by name; "
            f"leave it out, or write ./{data} if you mean a file or folder."
        )
    return pipelines.load_dataset(data)


def _looks_like_a_path(data: str) -> bool:
    return Path(data).suffix != "" or "/" in data or "\\" in data


def run_folder(data_name: str, *, resume: bool, runs: Path = Path("runs")) -> Path:
    """Return the folder of a run that was given none: ``runs/<data>-<date>-<time>``.

    Parameters
    ----------
    data_name : str
        Name of the data.
    resume : bool
        Whether to go on with the newest run of these data, if there is one.
    runs : path, default="runs"
        Where runs stand.

    Returns
    -------
    Path
        Not made yet, if it is new.
    """
    stem = re.sub(r"[^\w.-]+", "-", data_name).strip("-.") or "data"
    stamp = "[0-9]" * 8 + "-" + "[0-9]" * 6
    earlier = sorted(runs.glob(f"{stem}-{stamp}")) if resume else []
    return earlier[-1] if earlier else runs / f"{stem}-{datetime.now():%Y%m%d-%H%M%S}"


def folders_within(run: Path, sets: Sequence[Dataset]) -> list[Path]:
    """Return the run directory of each data set: the folder, or one in it for each of several.

    Parameters
    ----------
    run : path
        The folder that was asked for.
    sets : sequence of Dataset
        What is compared on.

    Returns
    -------
    list of Path
        Called after the data sets.

    Raises
    ------
    ValueError
        If two of several data sets have one name.
    """
    if len(sets) == 1:
        return [run]
    stems = [re.sub(r"[^\w.-]+", "-", one.name).strip("-.") or "data" for one in sets]
    if twice := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise ValueError(
            f"DATA must be of different names, as their folders are called after them; got "
            f"{', '.join(twice)} more than once."
        )
    return [run / stem for stem in stems]
