"""Which rows are the test part, where nobody has published a split."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, train_test_split

TEST_SIZE = 0.2
SEED = 0  # the split is part of the data set: no caller changes it


def stratified_fifth(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the training and test rows, each class split alike; a class of one row trains.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Class labels.

    Returns
    -------
    train, test : ndarray of int
        Row numbers, shuffled.

    Raises
    ------
    ValueError
        If there are too few rows for every class to be judged.

    Examples
    --------
    >>> train, test = stratified_fifth(np.repeat(["a", "b"], 10))
    >>> len(train), len(test)
    (16, 4)
    """
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    alone = counts[codes] == 1
    rows = np.flatnonzero(~alone)
    n_classes = int((counts > 1).sum())
    if len(rows) * TEST_SIZE < n_classes or n_classes == 0:
        raise ValueError(
            f"target must hold at least {int(1 / TEST_SIZE)} rows for each class on average to set "
            f"a fifth apart, got {len(y)} rows and {len(classes)} classes."
        )
    train, test = train_test_split(
        rows, test_size=TEST_SIZE, stratify=codes[rows], random_state=SEED
    )
    return np.concatenate([train, np.flatnonzero(alone)]), test


def random_fifth(n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the training and test rows of a random split."""
    train, test = train_test_split(np.arange(n_rows), test_size=TEST_SIZE, random_state=SEED)
    return train, test


def last_fifth(n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the past and of the last fifth, in order."""
    n_train = n_rows - int(n_rows * TEST_SIZE)
    return np.arange(n_train), np.arange(n_train, n_rows)


def grouped_fifth(
    y: np.ndarray, groups: np.ndarray, stratify: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return training and test rows of which no group has both.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Targets.
    groups : ndarray of shape (n,)
        The group of every row.
    stratify : bool
        Whether classes are spread alike as far as the groups allow.

    Returns
    -------
    train, test : ndarray of int
        Row numbers.
    """
    n_splits = int(1 / TEST_SIZE)
    rows = np.arange(len(y))
    if stratify and min(np.unique(y, return_counts=True)[1]) >= n_splits:
        splitter = StratifiedGroupKFold(n_splits=n_splits, shuffle=True, random_state=SEED)
    else:
        splitter = GroupShuffleSplit(n_splits=1, test_size=TEST_SIZE, random_state=SEED)
    train, test = next(splitter.split(rows, y, groups))
    return train, test
