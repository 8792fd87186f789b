"""How rows become what a model takes: one function per preparation of ``estimators.spec``.

Each returns an unfitted transformer, or "passthrough". Whatever it learns, it learns in ``fit``,
inside the pipeline, from training rows only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pipelines.dataset import Dataset
from pipelines.flatten import FlattenImages
from pipelines.table import SCALERS, TablePreparation, is_mixed


def _scaled(scaling: str | None, data: Dataset, allow_nan: bool) -> Any:
    """Return what turns rows into numbers on this scale."""
    if data.kind == "image":
        return FlattenImages(scaling=scaling)
    # a user's table may miss in new rows what it has in these; an array is looked at once, here
    may_miss = hasattr(data.X_train, "columns") or _has_nan(data.X_train) or _has_nan(data.X_test)
    fill_missing = may_miss and not allow_nan
    if is_mixed(data.X_train) or fill_missing:
        return TablePreparation(scaling=scaling, fill_missing=fill_missing)
    return SCALERS[scaling]() or "passthrough"


def _has_nan(X: np.ndarray) -> bool:
    """Tell whether numbers are missing."""
    return bool(np.isnan(X).any())


def unscaled(data: Dataset, allow_nan: bool) -> Any:
    """Return what turns rows into numbers as they are."""
    return _scaled(None, data, allow_nan)


def standard_scaled(data: Dataset, allow_nan: bool) -> Any:
    """Return what turns rows into numbers of zero mean and unit variance."""
    return _scaled("standard", data, allow_nan)


def minmax_scaled(data: Dataset, allow_nan: bool) -> Any:
    """Return what turns rows into numbers in [0, 1]."""
    return _scaled("minmax", data, allow_nan)


def unchanged(data: Dataset, allow_nan: bool) -> str:
    """Return what leaves rows as they are: images for nets, strings for text models."""
    return "passthrough"


def tfidf(data: Dataset, allow_nan: bool) -> Any:
    """Return what counts words and pairs of words, the rare ones weighted up."""
    # imported here: the text machinery is not needed for tables and images
    from pipelines.words import CountedWords

    return CountedWords(
        sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_features=100_000, dtype=np.float32
    )


PREPARE: dict[str, Callable[[Dataset, bool], Any]] = {
    "none": unscaled,
    "scale": standard_scaled,
    "minmax": minmax_scaled,
    "image": unchanged,
    "text": unchanged,
    "tfidf": tfidf,
    "history": unchanged,
}


def preparation(name: str, data: Dataset, *, allow_nan: bool = False) -> Any:
    """Return the transformer that prepares a data set's rows.

    Parameters
    ----------
    name : str
        One of ``estimators.spec.PREPARATIONS``. Text is counted (TF-IDF) for every model that
        does not take strings.
    data : Dataset
        Only its form is looked at.
    allow_nan : bool, default=False
        Whether missing numbers may stay missing.

    Returns
    -------
    transformer or "passthrough"
        Unfitted.

    Examples
    --------
    >>> from pipelines import load_dataset
    >>> preparation("scale", load_dataset("digits"))
    FlattenImages(scaling='standard')
    """
    if data.kind == "text" and name != "text":
        return tfidf(data, allow_nan)
    return PREPARE[name](data, allow_nan)
