"""The splits that candidates are judged on: scikit-learn's ``cv``, or one validation part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit, check_cv
from sklearn.utils.multiclass import type_of_target

Split = tuple[np.ndarray, np.ndarray]


def splits_of(
    cv: Any,
    X: Any,
    y: Any,
    *,
    classifier: bool,
    seed: int = 0,
    split_params: Mapping[str, Any] | None = None,
) -> list[Split]:
    """Return the (training, validation) row numbers of every fold.

    Parameters
    ----------
    cv : None, int, splitter, iterable, float or pair of index arrays
        As scikit-learn takes it; a number between 0 and 1 is the part held out once (shuffled,
        stratified where y has classes); a tuple of two integer arrays is one split.
    X, y : array-like of n rows, y or None
        What is split.
    classifier : bool
        Whether to stratify.
    seed : int, default=0
        Of the shuffle, where ``cv`` is a part.
    split_params : mapping or None, default=None
        Further arguments of ``cv.split``, as ``groups``.

    Returns
    -------
    list of (ndarray, ndarray)

    Raises
    ------
    ValueError
        If there is no fold, or one without training or validation rows.

    Examples
    --------
    >>> [(len(train), len(valid)) for train, valid in splits_of(0.2, np.zeros((10, 1)), None,
    ...                                                         classifier=False)]
    [(8, 2)]
    """
    if _is_one_split(cv):
        splits = [tuple(np.asarray(part) for part in cv)]
    else:
        splitter = _splitter_of(cv, y, classifier, seed)
        splits = [tuple(s) for s in splitter.split(X, y, **(split_params or {}))]
        n_splits = splitter.get_n_splits(X, y, **(split_params or {}))
        if len(splits) != n_splits:
            raise ValueError(
                f"cv.split and cv.get_n_splits return inconsistent results. "
                f"Expected {n_splits} splits, got {len(splits)}"
            )
    for number, (train, valid) in enumerate(splits):
        if len(train) == 0 or len(valid) == 0:
            raise ValueError(
                f"cv must leave rows on both sides of every split, split {number} has "
                f"{len(train)} training and {len(valid)} validation rows."
            )
    if not splits:
        raise ValueError(
            "No fits were performed. Was the CV iterator empty? Were there no candidates?"
        )
    return splits  # type: ignore[return-value]  # pairs by construction


def _is_one_split(cv: Any) -> bool:
    return (
        isinstance(cv, tuple)
        and len(cv) == 2
        and all(isinstance(part, np.ndarray) and part.ndim == 1 for part in cv)
    )


def _splitter_of(cv: Any, y: Any, classifier: bool, seed: int) -> Any:
    if not isinstance(cv, float):
        return check_cv(cv, y, classifier=classifier)
    if not 0 < cv < 1:
        raise ValueError(f"cv must lie between 0 and 1 as the part that is held out, got {cv=}.")
    stratify = classifier and type_of_target(y) in ("binary", "multiclass")
    if stratify and min(np.unique(y, return_counts=True)[1]) > 1:
        return StratifiedShuffleSplit(1, test_size=cv, random_state=seed)
    return ShuffleSplit(1, test_size=cv, random_state=seed)
