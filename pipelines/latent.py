"""``LatentWords``: counted words reduced to a few numbers a text."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import Int, check_params, domains_of, estimator, param, seed


@estimator
class LatentWords(TransformerMixin, BaseEstimator):
    """Latent semantic analysis: a truncated singular value decomposition of counted words.

    Every text comes out with length one, so that distances tell of the words and not of the number
    of words that the decomposition knows; the counts stay sparse on the way.

    {parameters}

    Attributes
    ----------
    svd_ : TruncatedSVD
        What was fitted.
    n_features_in_ : int
        Number of words.

    References
    ----------
    .. [1] S. Deerwester et al., "Indexing by latent semantic analysis", Journal of the American
       Society for Information Science 41 (1990) 391-407.

    Examples
    --------
    >>> counts = [[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]
    >>> abs(LatentWords(n_components=2, random_state=0).fit_transform(counts).round(2))
    array([[1., 0.],
           [1., 0.],
           [0., 1.]])
    """

    n_components: int = param(
        default=100,
        domain=Int(1),
        doc="Numbers per text; where there are fewer words, as many as words.",
    )
    random_state: Any = param(default=None, domain=seed(), doc="Seed of the decomposition.")

    def fit(self, X: Any, y: Any = None) -> LatentWords:
        """Find the directions that keep most of the counts.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p)
            Counted words.
        y : ignored
            Not used.

        Returns
        -------
        LatentWords
            Itself.
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Find the directions and return the texts in them, in one pass.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p)
            Counted words.
        y : ignored
            Not used.

        Returns
        -------
        ndarray of shape (n, n_components)
            Rows of length one; a text of unknown words only is a row of zeros.
        """
        check_params(self, domains_of(LatentWords))
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32])
        number = min(self.n_components, X.shape[1])
        self.svd_ = TruncatedSVD(number, random_state=self.random_state)
        return normalize(self.svd_.fit_transform(X), copy=False)

    def transform(self, X: Any) -> np.ndarray:
        """Return texts in the directions that were found.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p)
            Counted words.

        Returns
        -------
        ndarray of shape (n, n_components)
            Rows of length one.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        return normalize(self.svd_.transform(X), copy=False)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
