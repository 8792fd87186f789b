"""The training rows on their first two principal components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from reports.blocks import Figure, Row
from reports.run import Run
from reports.words import counted, share

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_MOST_POINTS = 600
_MOST_NAMES = 30  # of classes; more would hide the points
_TEXT_FEATURES = 2_000


def plane_of_rows(run: Run) -> Figure | None:
    """Return the training sample on its first two principal components."""
    step = max(1, -(-len(run.sample["train_X"]) // _MOST_POINTS))
    X, y = run.sample["train_X"][::step], run.sample["train_y"][::step]
    points, explained = _project(run, X)
    if points is None or not np.all(np.isfinite(points)):
        return None
    words = f"The first two principal components explain {share(sum(explained))} of the variance"
    if run.is_classification:
        groups = run.encode(y).tolist()
        values = None
    else:
        groups, values = [0] * len(y), np.asarray(y, dtype=float).round(6).tolist()
    return Figure(
        "plane",
        f"{len(points):,} training rows on their first two principal components "
        f"({share(explained[0])} and {share(explained[1])} of the variance)",
        f"{words} of {counted(len(points), 'training row')}.",
        "plane.draw_plane",
        {
            "points": np.round(points, 4).tolist(), "groups": groups, "values": values,
            "classes": run.classes if run.is_classification else [], "explained": list(explained),
        },
        height=330,
    )  # fmt: skip


def _project(run: Run, X: np.ndarray) -> tuple[np.ndarray | None, tuple[float, float]]:
    if run.kind == "text":
        texts = [str(text) for text in X.ravel()]
        weights = TfidfVectorizer(max_features=_TEXT_FEATURES, token_pattern=r"\S+")
        found = weights.fit_transform(texts)
        if found.shape[1] < 3:
            return None, (0.0, 0.0)
        svd = TruncatedSVD(2, random_state=0)
        points = svd.fit_transform(found)
        return points, tuple(svd.explained_variance_ratio_.tolist())
    numbers = _as_numbers(X.reshape(len(X), -1), scale=run.kind != "image")
    if numbers.shape[1] < 2 or not np.any(numbers.std(axis=0)):
        return None, (0.0, 0.0)
    pca = PCA(2, svd_solver="randomized" if numbers.shape[1] > 200 else "full", random_state=0)
    points = pca.fit_transform(numbers)
    return points, tuple(pca.explained_variance_ratio_.tolist())


def _as_numbers(X: np.ndarray, *, scale: bool) -> np.ndarray:
    """Return columns of numbers as they are (missing ones at the mean), others one-hot."""
    if X.dtype.kind not in "US":
        found = X.astype(float)
    else:
        found = np.hstack([_column(X[:, j]) for j in range(X.shape[1])])
    gaps = np.where(np.isfinite(found), found, np.nan)
    found = SimpleImputer(keep_empty_features=True).fit_transform(gaps)
    return StandardScaler().fit_transform(found) if scale else found


def _column(values: np.ndarray) -> np.ndarray:
    """Return a column of strings as numbers if it is one, else one column per common value."""
    try:
        return np.array(
            [float(v) if v not in ("", "nan", "None", "<NA>") else np.nan for v in values]
        )[:, None]
    except ValueError:
        encoder = OneHotEncoder(max_categories=10, sparse_output=False, handle_unknown="ignore")
        return encoder.fit_transform(values[:, None])


def draw_plane(canvas: Canvas, data: Row) -> None:
    """Draw one point per row, and the name of each class at its middle."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=30, bottom=34)
    points, groups = np.array(data["points"]), np.array(data["groups"])
    if data["values"] is not None:
        shades = np.argsort(np.argsort(data["values"])) / max(1, len(points) - 1)
        for low in np.linspace(0, 0.8, 5):
            at = (shades >= low) & (shades < low + 0.2 + 1e-9)
            ax.plot(*points[at].T, "o", color=drawing.colour("s0"), alpha=0.15 + low, markersize=4,
                    markeredgewidth=0)  # fmt: skip
    for group in np.unique(groups) if data["values"] is None else []:
        ax.plot(
            *points[groups == group].T, drawing.marker(int(group)), markersize=3.6, alpha=0.6,
            color=drawing.line_style(int(group))["color"], markeredgewidth=0,
        )  # fmt: skip
    if len(data["classes"]) <= _MOST_NAMES:
        for group in np.unique(groups) if data["values"] is None else []:
            x, y = np.median(points[groups == group], axis=0)
            paper = {"facecolor": drawing.colour("paper"), "alpha": 0.75, "linewidth": 0}
            name = drawing.label(data["classes"][group], 14)
            ax.text(
                x, y, name, ha="center", va="center", fontweight="bold", bbox=paper | {"pad": 1.5}
            )
    ax.set(xticks=[], yticks=[], xlabel="First component", ylabel="Second component")
