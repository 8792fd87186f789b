"""The abstract estimators that models derive from: check, encode, train, predict.

A model derives from one of them and from what its rows are (:mod:`estimators.deep._inputs`), and
implements :meth:`DeepEstimator.build_module`. An estimator that learns something else derives from
:class:`DeepEstimator` itself.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import check_array, column_or_1d, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from estimators.deep._estimator import DeepEstimator
from estimators.deep._inputs import ImageInput, VectorInput
from estimators.deep._losses import ClassificationObjective, Objective, RegressionObjective
from estimators.params import AnyOf, Choice, Float, Instance, estimator, param

__all__ = ["DeepClassifier", "DeepEstimator", "DeepRegressor", "ImageInput", "VectorInput"]


@estimator
class DeepClassifier(ClassifierMixin, DeepEstimator, ABC):
    """A net that tells classes apart."""

    ATTRIBUTES: ClassVar = {"classes_": ("ndarray of shape (n_classes,)", "Class labels.")}

    class_weight: Mapping[Any, float] | str | None = param(
        default=None,
        domain=AnyOf((Choice(("balanced",)), Instance((Mapping,), "a dict of weights")), none=True),
        doc="Weight of every class, by label; 'balanced' gives all classes the same weight, "
        "None all rows.",
    )
    label_smoothing: float = param(
        default=0.0,
        domain=Float(0, 1, open_high=True),
        doc="Share of every target that is spread evenly over all classes.",
    )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the net.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images (n, h, w) or (n, h, w, c)
            Training rows.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of every row.

        Returns
        -------
        self
        """
        self._check_params()
        X, y = self._read(X, y, reset=not self._goes_on(), ensure_min_samples=2)
        check_classification_targets(y)
        classes, encoded = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"{type(self).__name__}: y must hold 2 or more classes, got one class: {classes}."
            )
        if self._goes_on() and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"{type(self).__name__}: warm_start=True needs the classes of the fit before, "
                f"{self.classes_}, got {classes}."
            )
        weight = self._row_weights(y, sample_weight)
        self.classes_: np.ndarray = classes
        self._fit_net(X, encoded, weight, n_outputs=len(classes), labels=encoded)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on these rows, at a constant learning rate.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images (n, h, w) or (n, h, w, c)
            Training rows.
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever come; the first call needs them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of every row.

        Returns
        -------
        self
        """
        self._check_params()
        is_first = not hasattr(self, "net_")
        X, y = self._read(X, y, reset=is_first)
        check_classification_targets(y)
        if is_first:
            if classes is None:
                raise ValueError(
                    f"{type(self).__name__}: classes must be passed on the first call to "
                    "partial_fit, got None."
                )
            self.classes_ = np.unique(classes)
        if unknown := set(np.unique(y)) - set(self.classes_):
            raise ValueError(
                f"{type(self).__name__}: y must hold only labels of classes={self.classes_}, got "
                f"{sorted(unknown)}."
            )
        weight = self._row_weights(y, sample_weight)
        encoded = np.searchsorted(self.classes_, y)
        self._partial_fit_net(X, encoded, weight, n_outputs=len(self.classes_))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of every class.

        Parameters
        ----------
        X : array-like, as in ``fit``
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        check_is_fitted(self)
        return softmax(self._forward(self._read(X, reset=False)).astype(np.float64), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like, as in ``fit``
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self.classes_[self._forward(self._read(X, reset=False)).argmax(axis=1)]

    def _objective(self) -> Objective:
        return ClassificationObjective(self.label_smoothing)

    def _row_weights(self, y: np.ndarray, sample_weight: Any) -> np.ndarray | None:
        """Return row times class weights, of mean 1; None if all rows weigh the same."""
        by_class = (
            None if self.class_weight is None else compute_sample_weight(self.class_weight, y)
        )
        return _weights(sample_weight, len(y), type(self).__name__, by_class)


@estimator
class DeepRegressor(RegressorMixin, DeepEstimator, ABC):
    """A net that predicts one number or several."""

    ATTRIBUTES: ClassVar = {
        "history_": (
            "list of dict",
            "One row per epoch: epoch, train_loss, valid_loss, train_score, valid_score, lr, "
            "seconds. The score is 1 minus the mean squared error of the standardised targets.",
        )
    }

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the net on standardised targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of every row.

        Returns
        -------
        self
        """
        self._check_params()
        X, y = self._read_numbers(X, y, reset=not self._goes_on(), ensure_min_samples=2)
        weight = _weights(sample_weight, len(y), type(self).__name__)
        self._fit_net(X, self._scaled(y), weight, n_outputs=y.shape[1])
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on these rows, at a constant learning rate.

        The first call fixes the scale of the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of every row.

        Returns
        -------
        self
        """
        self._check_params()
        X, y = self._read_numbers(X, y, reset=not hasattr(self, "net_"))
        weight = _weights(sample_weight, len(y), type(self).__name__)
        self._partial_fit_net(X, self._scaled(y), weight, n_outputs=y.shape[1])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted targets.

        Parameters
        ----------
        X : array-like, as in ``fit``
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            As many axes as the targets in ``fit``.
        """
        check_is_fitted(self)
        output = self._forward(self._read(X, reset=False)).astype(np.float64)
        predicted = output * self._y_scale + self._y_mean
        return predicted.ravel() if self._y_ndim == 1 else predicted

    def _objective(self) -> Objective:
        return RegressionObjective()

    def _read_numbers(self, X: Any, y: Any, *, reset: bool, **rules: Any) -> Any:
        """Return checked rows, and targets of shape (n, k); ``reset`` takes the targets' scale."""
        X, y = self._read(X, y, reset=reset, multi_output=True, y_numeric=True, **rules)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        targets = y.reshape(len(y), -1).astype(np.float64)
        if reset:
            spread = targets.std(axis=0)
            self._y_ndim, self._y_mean = y.ndim, targets.mean(axis=0)
            self._y_scale = np.where(spread > 0, spread, 1.0)
        return X, targets

    def _scaled(self, y: np.ndarray) -> np.ndarray:
        return ((y - self._y_mean) / self._y_scale).astype(np.float32)


def _weights(
    sample_weight: Any, n_rows: int, owner: str, factor: np.ndarray | None = None
) -> np.ndarray | None:
    """Return checked weights times ``factor``, of mean 1; None if neither is given."""
    if sample_weight is None and factor is None:
        return None
    weight = np.ones(n_rows)
    if sample_weight is not None:
        weight = check_array(
            sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
        )
    if weight.shape != (n_rows,) or weight.min() < 0 or not weight.any():
        raise ValueError(
            f"{owner}: sample_weight must be {n_rows} numbers >= 0 that are not all zero, got an "
            f"array of shape {weight.shape}."
        )
    if factor is not None:
        weight = weight * factor
    return (weight / weight.mean()).astype(np.float32)
