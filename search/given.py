"""What a run keeps of how it was asked, so that workers and ``bakeoff verify`` can ask it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from search import notation
from search.disk import RunError
from search.entries import Entry
from search.run_directory import RunDirectory
from search.space import Space


def describe_given(
    taking_part: Sequence[Entry], cv: Any, spaces: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return models, cv and spaces as ``manifest.json`` keeps them; null for what is no data.

    Parameters
    ----------
    taking_part : sequence of Entry
        The models.
    cv, spaces
        As ``compare`` was given them.
    """
    return {
        "models": {e.name: e.model if isinstance(e.model, str) else None for e in taking_part},
        "cv": notation.write(cv),
        "spaces": {name: _write_space(space) for name, space in (spaces or {}).items()},
    }


def given_again(
    run: RunDirectory, *, models: Any = None, cv: Any = None, spaces: Any = None
) -> dict[str, Any]:
    """Return ``models``, ``cv`` and ``spaces`` for ``compare``: as given here, else as the run was.

    Parameters
    ----------
    run : RunDirectory
        The run.
    models, cv, spaces
        What the run does not keep, or None.

    Raises
    ------
    RunError
        If something is needed that the run does not keep.
    """
    question = run.manifest["question"]
    known = {
        "models": {name: name for name in question["models"]},
        "cv": "None",
        "spaces": dict.fromkeys(question["spaces"]),
        **run.manifest.get("given", {}),
    }
    if models is None:
        models = known["models"]
        _refuse_missing(run, "models", (n for n, model in models.items() if model is None))
    if cv is None:
        _refuse_missing(run, "cv", ["cv"] if known["cv"] is None else [])
        cv = notation.read(known["cv"])
    if spaces is None:
        _refuse_missing(run, "spaces", (n for n, space in known["spaces"].items() if space is None))
        spaces = {name: _read_space(space) for name, space in known["spaces"].items()}
    return {"models": models, "cv": cv, "spaces": spaces}


def _refuse_missing(run: RunDirectory, what: str, names: Iterable[str]) -> None:
    if missing := ", ".join(names):
        raise RunError(
            f"{run.path} was begun by a program with {what} of its own ({missing}), which the run "
            f"cannot keep; help from that program by search.assist(..., {what}=...), and verify "
            "by search.compare into another folder and `bakeoff diff`."
        )


def _write_space(space: Any) -> dict[str, str] | None:
    if isinstance(space, Space) and space.function is None:
        space = space.dimensions
    if not isinstance(space, Mapping):
        return None
    texts = {name: notation.write(entry) for name, entry in space.items()}
    known = {name: text for name, text in texts.items() if text is not None}
    return known if len(known) == len(texts) else None


def _read_space(space: Mapping[str, str]) -> dict[str, Any]:
    return {name: notation.read(text) for name, text in space.items()}
