"""How good drawn rows are: like the real ones, as varied, and not copied from them.

Every number compares drawn rows with rows that the generator never saw, in the feature space of a
classifier of our own that was trained on the training part: the last hidden layer of its net.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

MEMORISED = 0.05  # share of real unseen rows that lie as near to a training row as a copy would


@dataclass(frozen=True, eq=False, kw_only=True)
class GenerationScores:
    """What is to be said of drawn rows.

    Parameters
    ----------
    frechet_distance : float
        Fréchet distance to the test rows; 0 is alike.
    precision, recall : float
        Share of the drawn rows among the test rows, and of the test rows among the drawn.
    class_shares : ndarray of shape (n_classes,)
        Share of every class among the drawn rows, as the classifier sees them.
    memorised : float
        Share of the drawn rows that lie nearer to a training row than 95 % of the test rows do;
        0.05 is what rows of the same distribution give.
    nearest : ndarray of int, shape (n_drawn,)
        The training row nearest to every drawn one.
    """

    frechet_distance: float
    precision: float
    recall: float
    class_shares: np.ndarray
    memorised: float
    nearest: np.ndarray


def generation_scores(
    drawn: Any, X_train: Any, X_test: Any, classifier: Any, *, k: int = 3
) -> GenerationScores:
    """Judge drawn rows.

    Parameters
    ----------
    drawn : array-like of shape (n_drawn, ...)
        What the generator drew.
    X_train : array-like of shape (n_train, ...)
        What it was trained on; only for `memorised` and `nearest`.
    X_test : array-like of shape (n_test, ...)
        Rows that it never saw; by custom as many as drawn ones.
    classifier : DeepClassifier
        Trained on rows of the training part; its features measure.
    k : int, default=3
        Neighbours for precision and recall.

    Returns
    -------
    GenerationScores

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import TorchMLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = TorchMLPClassifier(hidden_layer_sizes=(32,), max_epochs=5, random_state=0)
    >>> net = net.fit(X[:900], y[:900])
    >>> scores = generation_scores(X[900:1300], X[:900], X[1300:], net)
    >>> bool(scores.precision > 0.7 and scores.memorised < 0.2)
    True
    """
    real, made, seen = (features(classifier, X) for X in (X_test, drawn, X_train))
    precision, recall = precision_recall(real, made, k=k)
    classes = np.searchsorted(classifier.classes_, classifier.predict(drawn))
    distance, nearest = _nearest(seen, made)
    typical, _ = _nearest(seen, real)
    return GenerationScores(
        frechet_distance=frechet_distance(real, made),
        precision=precision,
        recall=recall,
        class_shares=np.bincount(classes, minlength=len(classifier.classes_)) / len(made),
        memorised=float((distance < np.quantile(typical, MEMORISED)).mean()),
        nearest=nearest,
    )


def features(classifier: Any, X: Any) -> np.ndarray:
    """Return what the last layer of a classifier's net sees of rows.

    Parameters
    ----------
    classifier : DeepClassifier
        Fitted.
    X : array-like, as in its ``fit``
        Rows.

    Returns
    -------
    ndarray of shape (n_samples, n_units)

    Raises
    ------
    ValueError
        If the classifier is no net of ours that is fitted, or averages over views.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import TorchMLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = TorchMLPClassifier(hidden_layer_sizes=(32,), max_epochs=1, random_state=0)
    >>> features(net.fit(X, y), X).shape
    (1797, 32)
    """
    from torch import cat, nn  # here: judging tables of other models needs no torch

    if not hasattr(classifier, "net_") or getattr(classifier, "tta", None):
        raise ValueError(
            "features: classifier must be a fitted net of ours with tta=None, such as "
            f"CNNClassifier, got {classifier!r}."
        )
    last = [m for m in classifier.net_.module.modules() if isinstance(m, nn.Linear)][-1]
    seen: list[Any] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].float().cpu()))
    try:
        n_rows = len(classifier.predict_proba(X))
    finally:
        hook.remove()
    return cat(seen)[:n_rows].numpy().astype(np.float64)  # few rows are padded to whole batches


def frechet_distance(first: Any, second: Any) -> float:
    """Return the Fréchet distance between two normal distributions fitted to rows.

    Parameters
    ----------
    first, second : array-like of shape (n, n_features) and (m, n_features)
        Rows; the more, the smaller the bias, so compare distances of equal numbers only.

    Returns
    -------
    float
        The squared distance of the means plus that of the covariances; 0 for equal rows.

    References
    ----------
    M. Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium", NeurIPS 2017.

    Examples
    --------
    >>> rows = np.random.RandomState(0).normal(size=(100, 2))
    >>> round(frechet_distance(rows, rows + [3.0, 4.0]), 6)
    25.0
    """
    first, second = (np.asarray(rows, dtype=np.float64) for rows in (first, second))
    one, other = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (first, second))
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ other @ root).clip(0)).sum()
    apart = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum()
    return float(max(0.0, apart + np.trace(one) + np.trace(other) - 2 * shared))


def precision_recall(real: Any, drawn: Any, *, k: int = 3) -> tuple[float, float]:
    """Return how many drawn rows lie among the real ones, and how many real among the drawn.

    A row lies among others if it is nearer to one of them than that one's k-th neighbour.

    Parameters
    ----------
    real, drawn : array-like of shape (n, n_features) and (m, n_features)
        Rows, by custom as many of each.
    k : int, default=3
        Which neighbour.

    Returns
    -------
    precision, recall : float

    References
    ----------
    T. Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models",
    NeurIPS 2019.

    Examples
    --------
    >>> real = np.arange(10.0)[:, None]
    >>> precision_recall(real, real[:5] + 0.1)
    (1.0, 0.8)
    """
    real, drawn = np.asarray(real), np.asarray(drawn)
    return _share_among(real, drawn, k), _share_among(drawn, real, k)


def reconstruction_scores(model: Any, X_test: Any, random_state: Any = 0) -> dict[str, float]:
    """Return what a variational autoencoder makes of rows that it never saw.

    Parameters
    ----------
    model : VariationalAutoencoder
        Fitted.
    X_test : array-like, as in its ``fit``
        Rows.
    random_state : int, RandomState or None, default=0
        Seed of the codes drawn for the bound.

    Returns
    -------
    dict
        ``elbo``: mean evidence lower bound in nats; ``reconstruction_error``: mean of minus
        ``score_samples``.
    """
    return {
        "elbo": float(model.elbo(X_test, random_state=random_state).mean()),
        "reconstruction_error": float(-model.score_samples(X_test).mean()),
    }


def _share_among(support: np.ndarray, rows: np.ndarray, k: int) -> float:
    """Return the share of ``rows`` within the k-th neighbour's distance of a row of ``support``."""
    if len(support) <= k:
        raise ValueError(
            "precision_recall: k must be less than the number of rows, got "
            f"{k=} for {len(support)}."
        )
    index = NearestNeighbors().fit(support)
    radius = index.kneighbors(support, k + 1)[0][:, -1]
    inside = 0
    for start in range(0, len(rows), 1000):  # a thousand at a time: all distances are in memory
        apart = _distances(rows[start : start + 1000], support)
        inside += int((apart <= radius).any(axis=1).sum())
    return inside / len(rows)


def _distances(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    squared = (rows**2).sum(axis=1)[:, None] - 2 * rows @ others.T + (others**2).sum(axis=1)
    return np.sqrt(squared.clip(0))


def _nearest(seen: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance of every row to the nearest one seen, and which that is."""
    distance, index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(seen).kneighbors(rows)
    return distance[:, 0], index[:, 0]
