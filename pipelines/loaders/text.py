"""Data sets of texts: one string a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .split import stratified_fifth

Files = dict[str, Path]

_TOPICS = ("World", "Sports", "Business", "Sci/Tech")


def ag_news(files: Files) -> dict[str, Any]:
    """Return AG News: all training rows where the full file is, else the published samples."""
    if "train.csv" in files:
        train, notes = _headlines(files["train.csv"]), []
    else:
        train = pd.read_csv(files["train_subset.csv.gz"], keep_default_na=False)
        notes = [
            f"The training part is {len(train):,} of the 120,000 published rows; "
            "the test part is complete."
        ]
    test = _headlines(files.get("test.csv.gz") or files["test.csv"])
    return {
        "X_train": _texts(train["text"]),
        "y_train": train["class"].to_numpy() - 1,
        "X_test": _texts(test["text"]),
        "y_test": test["class"].to_numpy() - 1,
        "target_names": _TOPICS,
        "notes": notes,
    }


def sms_spam(files: Files) -> dict[str, Any]:
    """Return the messages, ham or spam."""
    (path,) = files.values()
    table = pd.read_csv(path, keep_default_na=False)
    X, y = _texts(table["text"]), table["label"].to_numpy(dtype=object).astype(str)
    train, test = stratified_fifth(y)
    return {
        "X_train": X[train],
        "y_train": y[train],
        "X_test": X[test],
        "y_test": y[test],
        "target_names": ("ham", "spam"),
    }


def _headlines(path: Path) -> pd.DataFrame:
    """Return the class and the text, title and description, of the original form."""
    columns = ["class", "title", "description"]
    table = pd.read_csv(path, header=None, names=columns, keep_default_na=False)
    # the samples of the training part come with single spaces
    text = (table["title"] + " " + table["description"]).str.split().str.join(" ")
    return pd.DataFrame({"class": table["class"], "text": text})


def _texts(column: pd.Series) -> np.ndarray:
    """Return a column as an array of strings, each of its own length."""
    return column.to_numpy(dtype=object)
