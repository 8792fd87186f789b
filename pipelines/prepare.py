"""How rows become what a model takes: one function per preparation of ``estimators.spec``.

Each returns an unfitted transformer, or "passthrough". Whatever it learns, it learns in ``fit``,
inside the pipeline, from training rows only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import Choice, check_params, domains_of, estimator, param
from pipelines.dataset import Dataset

_BATCH = 4096  # rows whose float64 copy is in memory at a time


@estimator
class FlattenImages(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """One row of pixels per image, all pixels on one common scale.

    A scale per pixel would blow up the noise at the border, where nearly all images are alike.

    {parameters}

    Attributes
    ----------
    offset_, scale_ : float
        ``(X - offset_) / scale_`` is what comes out.
    n_features_in_ : int
        Pixels of one image times channels.

    Examples
    --------
    >>> X = np.array([[[0, 128], [255, 0]]], dtype=np.uint8)
    >>> FlattenImages(scaling="minmax").fit_transform(X).round(2)
    array([[0.  , 0.5 , 1.  , 0.  ]], dtype=float32)
    """

    scaling: str | None = param(
        default=None,
        domain=Choice(options=("standard", "minmax"), none=True),
        doc="'standard' for zero mean and unit variance over all pixels, 'minmax' for values in "
        "[0, 1], None for the pixels as they are.",
    )

    def fit(self, X: Any, y: Any = None) -> FlattenImages:
        """Learn offset and scale.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, p)
            Images, or rows of pixels.
        y : ignored
            Not used.

        Returns
        -------
        FlattenImages
            Itself.
        """
        check_params(self, domains_of(FlattenImages))
        X = validate_data(self, _as_rows(X), ensure_all_finite=True)
        self.offset_, self.scale_ = _SCALINGS[self.scaling](X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Flatten and scale.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, p)
            Images of the size seen in ``fit``.

        Returns
        -------
        ndarray of shape (n, p)
            float32, or for ``scaling=None`` the pixels in their own type.
        """
        check_is_fitted(self)
        X = validate_data(self, _as_rows(X), reset=False)
        if self.scaling is None:
            return X
        rows = np.subtract(X, self.offset_, dtype=np.float32, casting="same_kind")
        rows /= np.float32(self.scale_)
        # pixels beyond the range seen in fit would leave [0, 1], where some models cannot follow
        return np.clip(rows, 0, 1, out=rows) if self.scaling == "minmax" else rows


def _as_rows(X: Any) -> Any:
    """Return images as rows of pixels, a view where possible; anything else as it came."""
    return X.reshape(len(X), -1) if getattr(X, "ndim", 2) > 2 else X


def _mean_and_deviation(X: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation over all pixels without a float copy of all images."""
    mean = float(X.mean(dtype=np.float64))
    squares = 0.0
    for batch in gen_batches(len(X), _BATCH):
        deviations = X[batch] - mean
        squares += float(np.vdot(deviations, deviations))
    return mean, float(np.sqrt(squares / X.size)) or 1.0


def _minimum_and_range(X: np.ndarray) -> tuple[float, float]:
    """Return the least value and the width of the range."""
    low, high = float(X.min()), float(X.max())
    return low, (high - low) or 1.0


_SCALINGS: dict[str | None, Callable[[np.ndarray], tuple[float, float]]] = {
    "standard": _mean_and_deviation,
    "minmax": _minimum_and_range,
    None: lambda X: (0.0, 1.0),
}


def unscaled(data: Dataset, allow_nan: bool) -> Any:
    """Return what turns rows into numbers as they are."""
    if data.kind == "image":
        return FlattenImages()
    return _chain(*_numbers(data, allow_nan))


def standard_scaled(data: Dataset, allow_nan: bool) -> Any:
    """Return what turns rows into numbers of zero mean and unit variance."""
    if data.kind == "image":
        return FlattenImages(scaling="standard")
    return _chain(*_numbers(data, allow_nan), StandardScaler())


def minmax_scaled(data: Dataset, allow_nan: bool) -> Any:
    """Return what turns rows into numbers in [0, 1]."""
    if data.kind == "image":
        return FlattenImages(scaling="minmax")
    return _chain(*_numbers(data, allow_nan), MinMaxScaler(clip=True))


def unchanged(data: Dataset, allow_nan: bool) -> str:
    """Return what leaves rows as they are: images for nets, strings for text models."""
    return "passthrough"


def tfidf(data: Dataset, allow_nan: bool) -> Any:
    """Return what counts words and pairs of words, the rare ones weighted up."""
    # imported here: the text machinery is not needed for tables and images
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_features=100_000, dtype=np.float32
    )


PREPARE: dict[str, Callable[[Dataset, bool], Any]] = {
    "none": unscaled,
    "scale": standard_scaled,
    "minmax": minmax_scaled,
    "image": unchanged,
    "text": unchanged,
    "tfidf": tfidf,
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


def _numbers(data: Dataset, allow_nan: bool) -> list[Any]:
    """Return the steps that make numbers of a table and fill in missing ones."""
    steps: list[Any] = []
    is_frame = hasattr(data.X_train, "columns")
    if is_frame and not all(dtype.kind in "iuf" for dtype in data.X_train.dtypes):
        steps.append(_vectorizer())
    # a user's table may miss in new rows what it has in these; an array is checked once, here
    if not allow_nan and (is_frame or np.isnan(data.X_train).any() or np.isnan(data.X_test).any()):
        steps.append(SimpleImputer(strategy="median", keep_empty_features=True))
    return steps


def _vectorizer() -> Any:
    """Return skrub's vectorizer for categories, dates, texts and numbers."""
    # imported here: skrub takes half a second, and tables of numbers do without
    from skrub import TableVectorizer

    # skrub's own default drops a column of a binary category, then warns of every unseen category
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
    return TableVectorizer(low_cardinality=one_hot)


def _chain(*steps: Any) -> Any:
    """Return one transformer for all steps."""
    if not steps:
        return "passthrough"
    return steps[0] if len(steps) == 1 else make_pipeline(*steps)
