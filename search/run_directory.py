"""What stands on disk of a comparison: written line by line, readable after any accident.

The schema is in ``docs/architecture.md``. One process writes at a time (see :func:`locked`);
anybody may read at any time.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from search.address import without_password
from search.disk import RunError, append_lines, read_lines, refusals_in_words, write_at_once
from search.file_lock import hold_lock

STATUSES = ("complete", "pruned", "failed", "timed out", "out of memory")
STAGES = ("search", "nested", "refit", "test", "repeat")
_KEY = ("model", "stage", "trial", "fold", "metric")


class RunDirectory:
    """One comparison on disk.

    Parameters
    ----------
    path : path-like
        The folder. :meth:`create` makes a new one.

    Raises
    ------
    RunError
        If there is no run in the folder, or its manifest cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = RunDirectory.create(folder, {"format": 1})
    ...     run.append([make_row("knn", "test", metric="accuracy", value=0.75)])
    ...     [(row["model"], row["value"]) for row in RunDirectory(folder).rows()]
    [('knn', 0.75)]
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.manifest = _read_manifest(self.path)

    @classmethod
    def create(cls, path: str | os.PathLike[str], manifest: Mapping[str, Any]) -> RunDirectory:
        """Make the folder and its manifest; a folder that holds anything else is refused.

        Raises
        ------
        RunError
            If the folder holds files already, or cannot be written.
        """
        path = Path(path)
        with refusals_in_words(path):
            path.mkdir(parents=True, exist_ok=True)
            if any(not entry.name.startswith(".") for entry in path.iterdir()):
                raise RunError(f"{path} holds other files; choose another folder for the run.")
        text = json.dumps(plain(manifest), indent=1, ensure_ascii=False)
        write_at_once(path / "manifest.json", lambda file: file.write(text.encode()))
        return cls(path)

    @property
    def storage(self) -> str:
        """Optuna's URL of ``study.db``."""
        return f"sqlite:///{(self.path / 'study.db').resolve()}"

    def shared_storage(self, url: str | None = None) -> tuple[str, str] | None:
        """Return the address of the server with the studies and what their names begin with.

        Parameters
        ----------
        url : str or None, default=None
            The address, with the password that the manifest does not hold.

        Returns
        -------
        tuple of (str, str) or None
            None where the studies stand in ``study.db``.
        """
        shared = self.manifest.get("storage")
        if url is not None and (shared is None or without_password(url) != shared["url"]):
            place = "study.db" if shared is None else shared["url"]
            raise RunError(
                f"{self.path} has its studies in {place}, not in {without_password(url)}; go on "
                "there, or choose another folder."
            )
        return None if shared is None else (url or shared["url"], shared["studies"])

    def rows(self) -> list[dict[str, Any]]:
        """Return all rows, in the order written; of several with one key the last one counts."""
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in read_lines(self.path / "rows.jsonl"):
            rows.pop(_key(row), None)
            rows[_key(row)] = row
        return list(rows.values())

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append rows, all or none, and wait until they are on disk.

        A row that stands already is left out: what was measured is not measured again.
        """
        new = [plain(row) for row in rows if not self._stands(row)]
        append_lines(self.path / "rows.jsonl", new)
        self._standing.update((_key(row), row["status"]) for row in new)

    def _stands(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the row, or another one that is complete, is on disk."""
        standing = self._standing.get(_key(row))
        is_trial = row["trial"] is not None
        return standing == "complete" or (is_trial and standing == row["status"])

    @cached_property
    def _standing(self) -> dict[tuple[Any, ...], str]:
        return {_key(row): row["status"] for row in self.rows()}

    def is_done(self, model: str) -> bool:
        """Tell whether the one look at the test part was taken: every metric has its row."""
        metrics = self.manifest["question"]["metrics"]
        keys = [(model, "test", None, None, metric) for metric in metrics]
        return all(self._standing.get(key) == "complete" for key in keys)

    def status(self, model: str) -> tuple[str, str | None] | None:
        """Return how a model ended and its error, or None if it has not ended.

        What went wrong does not count once the model is done, as after another try.
        """
        if self.is_done(model):
            return "complete", None
        wrong = [
            (row["status"], row["error"])
            for row in self.rows()
            if row["model"] == model and row["trial"] is None and row["status"] != "complete"
        ]
        return wrong[-1] if wrong else None

    def history(self, model: str) -> list[dict[str, Any]]:
        """Return the epochs of the final fit, none where the model has no epochs."""
        return read_lines(self.path / "histories" / f"{model}.jsonl")

    def write_history(self, model: str, epochs: Sequence[Mapping[str, Any]]) -> None:
        """Write the epochs of the final fit, in the place of those of an interrupted one."""
        text = "".join(json.dumps(plain(epoch)) + "\n" for epoch in epochs)
        path = self.file(f"histories/{model}.jsonl")
        write_at_once(path, lambda file: file.write(text.encode()))

    def model_path(self, model: str) -> Path:
        """Return where the fitted pipeline of a model stands, or will."""
        return self.file(f"models/{model}.skops")

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Return the arrays of ``data`` or ``predictions/<model>``; empty where there is none."""
        path = self.path / f"{name}.npz"
        if not path.exists():
            return {}
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}

    def write_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        """Write arrays as a compressed ``.npz`` file; objects become strings, None is left out."""
        flat = {key: _unpickled(value) for key, value in arrays.items() if value is not None}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **flat)
        write_at_once(self.file(f"{name}.npz"), lambda file: file.write(buffer.getbuffer()))

    def file(self, name: str) -> Path:
        """Return the path of a file of the run, its folder made."""
        path = self.path / name
        with refusals_in_words(path):
            path.parent.mkdir(exist_ok=True)
        return path


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Make a folder and keep other writers out of it.

    Yields the descriptor of the lock: children that inherit it keep others out as long as they
    live, even when this process is killed.

    Raises
    ------
    RunError
        If another live process writes there, or the folder cannot be written.
    """
    with ExitStack() as stack:
        with refusals_in_words(path):
            path.mkdir(parents=True, exist_ok=True)
            descriptor, holder = stack.enter_context(hold_lock(path / ".lock"))
        if descriptor is None:
            raise RunError(
                f"{path} is being written by process {holder}; wait until it ends, or choose "
                "another folder."
            )
        yield descriptor


def make_row(
    model: str,
    stage: str,
    *,
    trial: int | None = None,
    fold: int | None = None,
    metric: str | None = None,
    value: float | None = None,
    seconds: float | None = None,
    status: str = "complete",
    error: str | None = None,
    params: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a row with all keys of the schema, stamped with the time.

    >>> make_row("knn", "refit", seconds=0.5)["status"]
    'complete'
    """
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "model": model,
        "stage": stage,
        "trial": trial,
        "fold": fold,
        "metric": metric,
        "value": value,
        "seconds": seconds,
        "status": status,
        "error": None if error is None else " ".join(error.split()),
        "params": dict(params or {}),
        "extra": dict(extra or {}),
    }


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it: NaN and infinities as None, unknown objects by repr.

    >>> plain({"a": (1, np.float32(0.5)), "b": float("nan")})
    {'a': [1, 0.5], 'b': None}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    return value.__name__ if isinstance(value, type) else re.sub(r"\s+", " ", repr(value))


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[part] for part in _KEY)


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path} holds no run: there is no manifest.json in it.") from None
    except NotADirectoryError:
        raise RunError(f"{path} is a file; name the folder of a run.") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{path / 'manifest.json'} cannot be read: {error}.") from None
    if manifest.get("format") != 1:
        raise RunError(
            f"{path} was written in format {manifest.get('format')}, and this bakeoff reads "
            "format 1; use the version of bakeoff that wrote it."
        )
    return manifest


def _unpickled(value: Any) -> np.ndarray:
    array = np.asarray(value)
    return array.astype(str) if array.dtype.kind in "OT" else array
