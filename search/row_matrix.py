"""Rows of any kind as plain numbers and as hash keys, for the guards."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd


def as_frame(part: Any) -> pd.DataFrame:
    """Return rows as a table: images and arrays one column a number."""
    if isinstance(part, pd.DataFrame):
        return part
    array = np.asarray(part)
    return pd.DataFrame(array.reshape(len(array), -1))


def numbers(train: Any, test: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return both parts as float arrays; other columns become the codes of their values."""
    if not isinstance(train, pd.DataFrame):
        return _flat(train), _flat(test)
    columns = [_codes(train[name], test[name]) for name in train.columns]
    both = np.column_stack(columns).astype(float)
    return both[: len(train)], both[len(train) :]


def row_keys(part: Any) -> np.ndarray:
    """Return one 64-bit key per row, equal for equal rows (of text: but for case and spaces)."""
    if isinstance(part, pd.DataFrame):
        plain = part.reset_index(drop=True).astype(
            {name: str for name in part.columns if part[name].dtype == object}
        )
        return pd.util.hash_pandas_object(plain, index=False).to_numpy()
    array = np.asarray(part)
    if array.dtype.kind in "OUST":
        texts = [" ".join(str(value).lower().split()) for value in array.ravel()]
        return np.array([_key(text.encode()) for text in texts], dtype=np.uint64)
    if array.dtype.kind == "f":
        array = array + 0.0  # makes the two zeros one
    return np.array([_key(row.tobytes()) for row in array], dtype=np.uint64)


def _key(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _flat(part: Any) -> np.ndarray:
    array = np.asarray(part)
    return array.reshape(len(array), -1)


def _codes(train: pd.Series, test: pd.Series) -> np.ndarray:
    column = pd.concat([train, test], ignore_index=True)
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    codes = pd.factorize(column, sort=pd.api.types.is_datetime64_any_dtype(column))[0]
    return np.where(codes < 0, np.nan, codes)
