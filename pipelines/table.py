"""``TablePreparation``: numbers from mixed columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import Bool, Choice, check_params, domains_of, estimator, param, seed


@estimator
class TablePreparation(TransformerMixin, BaseEstimator):
    """Numbers from mixed columns: categories, dates and texts encoded, missing values filled in.

    skrub's ``TableVectorizer`` encodes a frame that does not hold numbers only: few categories by
    one column each, many of them and texts by their letters, dates by year, month, day and seconds.

    {parameters}

    Attributes
    ----------
    steps_ : Pipeline
        What was fitted.
    n_features_in_ : int
        Number of columns before.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"size": [1.0, None, 3.0], "shape": ["round", "long", "round"]})
    >>> TablePreparation().fit_transform(X)
    array([[1., 0., 1.],
           [2., 1., 0.],
           [3., 0., 1.]], dtype=float32)
    """

    scaling: str | None = param(
        default=None,
        domain=Choice(options=("standard", "minmax"), none=True),
        doc="'standard' for zero mean and unit variance of every column, 'minmax' for values in "
        "[0, 1], None for the numbers as they are.",
    )
    fill_missing: bool = param(
        default=True,
        domain=Bool(),
        doc="Whether the median of a column stands in for missing numbers.",
    )
    random_state: Any = param(default=None, domain=seed(), doc="Seed of the encoding of texts.")

    def fit(self, X: Any, y: Any = None) -> TablePreparation:
        """Learn categories, medians and scales.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n, p)
            Mixed columns, or numbers.
        y : ignored
            Not used.

        Returns
        -------
        TablePreparation
            Itself.
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Learn from rows and return them encoded, in one pass.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n, p)
            Mixed columns, or numbers.
        y : ignored
            Not used.

        Returns
        -------
        ndarray or DataFrame of shape (n, q)
            Numbers.
        """
        check_params(self, domains_of(TablePreparation))
        steps = [_vectorizer(self.random_state)] if is_mixed(X) else []
        if self.fill_missing:
            steps.append(SimpleImputer(strategy="median", keep_empty_features=True))
        self.steps_ = make_pipeline(*steps, SCALERS[self.scaling]() or "passthrough")
        return self.steps_.fit_transform(self._checked(X, reset=True, mixed=is_mixed(X)))

    def transform(self, X: Any) -> Any:
        """Encode, fill in and scale.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n, p)
            Columns as seen in ``fit``.

        Returns
        -------
        ndarray or DataFrame of shape (n, q)
            Numbers.
        """
        check_is_fitted(self)
        was_mixed = "tablevectorizer" in self.steps_.named_steps
        return self.steps_.transform(self._checked(X, reset=False, mixed=was_mixed))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns that come out.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns that go in, where they have none.

        Returns
        -------
        ndarray of str
            One for each column.
        """
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", input_features)
        return self.steps_.get_feature_names_out(names)

    def _checked(self, X: Any, *, reset: bool, mixed: bool) -> Any:
        """Return numbers as an array; mixed columns as they are, for skrub checks them."""
        if mixed:
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        finite = "allow-nan" if self.fill_missing else True
        return validate_data(self, X, reset=reset, ensure_all_finite=finite)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.fill_missing
        return tags


def is_mixed(X: Any) -> bool:
    """Tell whether a frame holds columns that are not numbers."""
    return hasattr(X, "columns") and not all(dtype.kind in "iuf" for dtype in X.dtypes)


def _vectorizer(random_state: Any) -> Any:
    """Return skrub's vectorizer for categories, dates, texts and numbers."""
    # imported here: skrub takes half a second, and tables of numbers do without
    from skrub import StringEncoder, TableVectorizer

    # skrub's own default drops a column of a binary category, then warns of every unseen category
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
    return TableVectorizer(
        low_cardinality=one_hot, high_cardinality=StringEncoder(random_state=random_state)
    )


SCALERS: dict[str | None, Callable[[], Any]] = {
    "standard": StandardScaler,
    "minmax": lambda: MinMaxScaler(clip=True),
    None: lambda: None,
}
