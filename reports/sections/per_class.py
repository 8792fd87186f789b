"""Precision, recall and F1 of every class."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from reports.blocks import Block, Column, Fold, Row, Section, Table, Text
from reports.run import Model, Predictions, Run
from reports.words import counted, score, sentence

_MOST = 60


def summarize(run: Run) -> Section | None:
    """Return F1 by class and model, then each model's own table."""
    models = [model for model in run.ranked if model.name in run.predictions]
    if not run.is_classification or not models:
        return None
    scores = {model.name: _scores(run.predictions[model.name], run) for model in models}
    shown = _shown(next(iter(scores.values()))[3])
    best = models[0]
    f1, support = scores[best.name][2], scores[best.name][3]
    tested = [c for c in shown if support[c]]
    hardest = min(tested, key=lambda c: f1[c])
    easiest = max(tested, key=lambda c: f1[c])
    lead = (
        f"{sentence(best.title)} finds “{run.classes[hardest]}” hardest (F1 {score(f1[hardest])}) "
        f"and “{run.classes[easiest]}” easiest (F1 {score(f1[easiest])})."
    )
    blocks: list[Block] = [_overview(run, models, scores, shown)]
    if len(shown) < len(run.classes):
        most = (
            f"Shown are the {_MOST} commonest of {counted(len(run.classes), 'class', 'classes')}."
        )
        blocks.insert(0, Text(most, "small"))
    for model in (m for m in models if not m.is_dummy):
        table = _table(run, model, scores[model.name], shown)
        blocks.append(Fold(sentence(model.title), (table,), model.name))
    return Section("per-class", "Class by class", lead, tuple(blocks))


def _scores(predictions: Predictions, run: Run) -> np.ndarray:
    """Return precision, recall, F1 and support, one column a class."""
    labels = np.arange(len(run.classes))
    return np.array(
        precision_recall_fscore_support(
            predictions.truth, predictions.answer, labels=labels, zero_division=0
        )
    )


def _shown(support: np.ndarray) -> list[int]:
    """Return the classes that have room: the commonest ones, in their own order."""
    return sorted(np.argsort(-support, kind="stable")[:_MOST].tolist())


def _overview(
    run: Run, models: list[Model], scores: dict[str, np.ndarray], shown: list[int]
) -> Table:
    columns = (
        Column("class", "Class", "class"),
        *(Column(model.name, sentence(model.title), "score") for model in models),
        Column("support", "Test rows", "integer"),
    )
    rows = tuple(
        {
            "class": run.classes[c],
            **{model.name: float(scores[model.name][2, c]) for model in models},
            "support": int(scores[models[0].name][3, c]),
        }
        for c in shown
    )
    return Table("f1-by-class", "F1 by class and model", columns, rows, interactive=True)


def _table(run: Run, model: Model, scores: np.ndarray, shown: list[int]) -> Table:
    names = ("precision", "recall", "f1")
    columns = (
        Column("class", "Class", "class"),
        *(Column(name, sentence(name), "score") for name in names),
        Column("support", "Test rows", "integer"),
    )
    rows: list[Row] = [
        {"class": run.classes[c], **dict(zip(names, map(float, scores[:3, c]), strict=True))}
        | {"support": int(scores[3, c])}
        for c in shown
    ]
    present = scores[:, scores[3] > 0]
    means = map(float, present[:3].mean(axis=1))
    total = {"class": "mean of the classes", **dict(zip(names, means, strict=True))}
    rows.append(total | {"support": int(scores[3].sum())})
    caption = f"{sentence(model.title)}: precision, recall and F1"
    return Table(f"per-class-{model.name}", caption, columns, tuple(rows))
