"""Rows to look at: right, wrong, most surely wrong, and where two models disagree."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reports.blocks import Block, Column, Fold, Gallery, Section, Table
from reports.pictures import feature_columns, feature_values, picture
from reports.run import Model, Predictions, Run
from reports.words import counted, number, sentence, share

_MOST = 12
_LINES = {  # what stands under a picture
    "wrong": "truth → answer, confidence",
    "right": "class, confidence",
    "disagree": "truth, then the answers",
}
_BYTES = 500_000  # that all pictures of the section may take


def summarize(run: Run) -> Section | None:
    """Return galleries of the best model, and what the others get wrong."""
    models = [m for m in run.ranked if m.name in run.predictions]
    shown = [m for m in models if not m.is_dummy] or models
    if not shown or "test_X" not in run.sample:
        return None
    return _of_labels(run, shown) if run.is_classification else _of_numbers(run, shown)


def _of_labels(run: Run, models: list[Model]) -> Section:
    found, best = run.predictions, models[0]
    first = found[best.name]
    wrong = np.flatnonzero(first.answer != first.truth)
    n = _how_many(run, len(models))
    lead = (
        f"{sentence(best.title)} is wrong on {counted(len(wrong), 'test row')} of "
        f"{len(first.truth):,}; those it was surest of come first."
    )
    blocks = [
        _rows(run, best, _surest(first, wrong), n, "wrong", f"{best.title}: wrong, surest first"),
        _rows(
            run,
            best,
            _one_per_class(run, first),
            n,
            "right",
            f"{best.title}: right, for comparison",
        ),
    ]
    if len(models) > 1:
        other = found[models[1].name]
        apart = np.flatnonzero((first.answer != other.answer) & _same_rows(first, other))
        caption = f"Where {best.title} and {models[1].title} disagree"
        blocks.append(_rows(run, best, apart, n, "disagree", caption, models[1]))
    folds: list[Block | None] = []
    for model in models[1:]:
        own = found[model.name]
        order = _surest(own, np.flatnonzero(own.answer != own.truth))
        block = _rows(run, model, order, n, "wrong", f"{model.title}: wrong, surest first")
        title = f"{sentence(model.title)}: {counted(len(order), 'wrong answer')}"
        folds.append(Fold(title, (block,), model.name) if block else None)
    kept = tuple(block for block in [*blocks, *folds] if block is not None)
    return Section("gallery", "Right and wrong, to look at", lead, kept)


def _of_numbers(run: Run, models: list[Model]) -> Section:
    best = models[0]
    found = run.predictions[best.name]
    errors = found.answer - found.truth
    columns = (
        Column("row", "Test row", "integer"), Column("truth", "True", "number"),
        Column("answer", "Predicted", "number"), Column("error", "Off by", "number"),
        *feature_columns(run),
    )  # fmt: skip
    rows = tuple(
        {
            "row": int(found.rows[i]), "truth": float(found.truth[i]),
            "answer": float(found.answer[i]), "error": float(errors[i]),
            **feature_values(run, "test", kept),
        }
        for i, kept in _kept(run, found, np.argsort(-np.abs(errors), kind="stable"), _MOST)
    )  # fmt: skip
    table = Table("largest-errors", f"Largest errors of {best.title}", columns, rows)
    return Section("gallery", "Rows to look at", "Where the best model is furthest off.", (table,))


def _surest(found: Predictions, rows: np.ndarray) -> np.ndarray:
    """Return rows by the confidence in the answer, the highest first."""
    confidence = _confidence(found)
    return rows if confidence is None else rows[np.argsort(-confidence[rows], kind="stable")]


def _confidence(found: Predictions) -> np.ndarray | None:
    return None if found.proba is None else found.proba.max(axis=1)


def _one_per_class(run: Run, found: Predictions) -> np.ndarray:
    """Return right answers, one class after the other, in the order of the rows."""
    right = np.flatnonzero(found.answer == found.truth)
    turn = np.zeros(len(right), dtype=int)
    for c in range(len(run.classes)):
        of_class = found.truth[right] == c
        turn[of_class] = np.arange(of_class.sum())
    return right[np.lexsort((found.truth[right], turn))]


def _same_rows(first: Predictions, other: Predictions) -> np.ndarray:
    same = len(first.rows) == len(other.rows) and np.array_equal(first.rows, other.rows)
    return np.full(len(first.rows), same)


def _how_many(run: Run, n_models: int) -> int:
    """Return how many pictures a gallery has, so that all of them stay small together."""
    if run.kind != "image":
        return _MOST
    kept = range(min(8, len(run.sample["test_X"])))
    mean = np.mean([len(picture(run, "test", i, "", ()).uri) for i in kept])
    return int(np.clip(_BYTES / (mean * (n_models + 2)), 4, _MOST))


def _kept(run: Run, found: Predictions, order: Iterable[int], most: int) -> list[tuple[int, int]]:
    """Return the first rows of an order that the run keeps, with their places among the kept."""
    places = {int(row): place for place, row in enumerate(run.sample["test_rows"])}
    pairs = ((int(i), places.get(int(found.rows[i]))) for i in order)
    return [(i, place) for i, place in pairs if place is not None][:most]


def _rows(
    run: Run,
    model: Model,
    order: np.ndarray,
    most: int,
    what: str,
    caption: str,
    rival: Model | None = None,
) -> Gallery | Table | None:
    """Return some rows with truth and answers, as pictures or as a table."""
    found = run.predictions[model.name]
    kept = _kept(run, found, order, most)
    if not kept:
        return None
    name, caption = f"{what}-{model.name}", sentence(caption)
    if run.kind == "image" and run.data.get("image_shape"):
        pictures = (
            picture(run, "test", place, *_words(run, found, i, model, rival)) for i, place in kept
        )
        return Gallery(name, f"{caption} ({_LINES[what]})", tuple(pictures))
    columns = [
        Column("row", "Test row", "integer"), Column("truth", "True", "class"),
        Column("answer", f"Answer of {model.title}" if rival else "Answer", "class"),
    ]  # fmt: skip
    if rival:
        columns.append(Column("other", f"Answer of {rival.title}", "class"))
    confidence = _confidence(found)
    if confidence is not None:
        columns.append(Column("confidence", "Confidence", "share"))
    rows = tuple(
        {
            "row": int(found.rows[i]),
            "truth": run.classes[found.truth[i]],
            "answer": run.classes[found.answer[i]],
            "other": run.classes[run.predictions[rival.name].answer[i]] if rival else None,
            "confidence": None if confidence is None else float(confidence[i]),
            **feature_values(run, "test", place),
        }
        for i, place in kept
    )
    return Table(name, caption, (*columns, *feature_columns(run)), rows)


def _words(
    run: Run, found: Predictions, i: int, model: Model, rival: Model | None
) -> tuple[str, list[str]]:
    """Return the alternative text of a picture, and the lines under it."""
    truth, answer = run.classes[found.truth[i]], run.classes[found.answer[i]]
    confidence = _confidence(found)
    sure = "" if confidence is None else f", {share(float(confidence[i]))}"
    row = f"test row {number(int(found.rows[i]))}"
    if rival:
        other = run.classes[run.predictions[rival.name].answer[i]]
        lines = [f"{truth}", f"{model.title}: {answer}", f"{rival.title}: {other}"]
        return f"{truth} ({row}): {model.title} says {answer}, {rival.title} {other}", lines
    if truth == answer:
        return f"{truth}, recognised ({row})", [f"{truth}{sure}"]
    return f"{truth}, taken for {answer} ({row})", [f"{truth} → {answer}", sure.removeprefix(", ")]
