"""What all autoencoders share: train to give the rows back, encode, decode, score by the error."""

from __future__ import annotations

import math
from abc import ABC
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from estimators.deep._estimator import DeepEstimator
from estimators.deep._inputs import ImageScaling
from estimators.deep._losses import Objective
from estimators.deep._threads import one_thread
from estimators.params import Choice, Float, estimator, param
from estimators.thresholds import ThresholdedDetector


class EncoderDecoder(nn.Module):
    """An encoder and a decoder; in training the encoder sees corrupted rows.

    Shape: ``(b, ...)`` -> the reconstruction and the clean rows, both of that shape.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, corruption: nn.Module) -> None:
        super().__init__()
        self.corruption, self.encoder, self.decoder = corruption, encoder, decoder

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.decode(self.encode(self.corruption(x))), x

    def encode(self, x: Tensor) -> Tensor:
        """Return codes. Shape: ``(b, ...)`` -> ``(b, k)``."""
        return self.encoder(x)

    def decode(self, code: Tensor) -> Tensor:
        """Return reconstructions. Shape: ``(b, k)`` -> ``(b, ...)``."""
        return self.decoder(code)


class Corruption(nn.Module):
    """Random noise on the rows, or zeros in them, in training only. Shape: any -> the same."""

    def __init__(self, kind: str | None, level: float) -> None:
        super().__init__()
        self.kind, self.level = kind, level

    def forward(self, x: Tensor) -> Tensor:
        if self.kind is None or not self.training:
            return x
        if self.kind == "gaussian":
            return x + self.level * torch.randn_like(x)
        return x * (torch.rand_like(x) >= self.level)


class RangeScaling(ImageScaling):
    """Stored images with every channel in [0, 1], channels first, and the way back."""

    def adapt(self, X: Tensor, index: Tensor) -> None:
        """Take the range of every channel from the rows ``index``."""
        pixels = X.index_select(0, index.to(X.device)).flatten(0, 2)
        low, high = pixels.amin(0).double(), pixels.amax(0).double()
        self.mean.copy_(low)
        self.scale.copy_(torch.where(high > low, 1 / (high - low), 1.0))

    def invert(self, x: Tensor) -> Tensor:
        """Return images as they are stored. Shape: ``(b, c, h, w)`` -> ``(b, h, w, c)``."""
        return x.permute(0, 2, 3, 1) / self.scale + self.mean


class ReconstructionObjective(Objective):
    """Mean squared error of the reconstruction."""

    def forward(self, output: Any, target: Tensor, weight: Tensor | None) -> Tensor:
        """Shape: a pair of ``(b, ...)`` -> ``()``; the pair brings its own target."""
        reconstruction, clean = output
        return mse_loss(reconstruction.float(), clean)


@estimator
class Reconstructor(
    ThresholdedDetector, ClassNamePrefixFeaturesOutMixin, TransformerMixin, DeepEstimator, ABC
):
    """A net that gives its rows back through a code; what it gives back badly is abnormal.

    :meth:`build_module` returns an :class:`EncoderDecoder`.
    """

    ATTRIBUTES: ClassVar = {
        "threshold_": ("float", "The greatest reconstruction error that passes as normal."),
        "offset_": (
            "float",
            "Minus the threshold: ``decision_function`` is ``score_samples`` minus it.",
        ),
    }

    corruption: str | None = param(
        default=None,
        domain=Choice(("gaussian", "masking"), none=True),
        doc="How rows are spoilt in training, while the clean ones are to be given back: "
        "'gaussian' adds noise, 'masking' puts zeros.",
    )
    corruption_level: float = param(
        default=0.3,
        domain=Float(0, 1),
        doc="Standard deviation of the noise, or the share of the zeros.",
    )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the net to give the rows back, and take the threshold from its errors on them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images (n, h, w) or (n, h, w, c)
            Training rows, normal ones if abnormal ones are to be found.
        y : ignored
            Not used.

        Returns
        -------
        self
        """
        self._check_params()
        rows = self._read(X, reset=not self._goes_on(), ensure_min_samples=2)
        has_axes = getattr(X, "ndim", 2) > 2
        self._row_shape: tuple[int, ...] = X.shape[1:] if has_axes else (self.n_features_in_,)
        self._stored_shape: tuple[int, ...] = rows.shape[1:]
        self.offset_ = 0.0  # until the errors are known: a search asks for scores between epochs
        self._fit_net(rows, n_outputs=math.prod(rows.shape[1:]))
        self._fit_threshold(self._errors(rows))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the codes of the rows.

        Parameters
        ----------
        X : array-like, as in ``fit``
            Rows.

        Returns
        -------
        ndarray of float32, shape (n_samples, n_codes)
        """
        check_is_fitted(self)
        scale, model = self._parts()
        rows = self._read(X, reset=False)
        return self.net_.forward_rows(rows, lambda batch: model.encode(scale(batch)).flatten(1))

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the rows that codes stand for.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_codes)
            Codes.

        Returns
        -------
        ndarray of float32
            Rows of the shape of those in ``fit``.

        Raises
        ------
        ValueError
            If a code has not as many numbers as those of ``transform``.
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=np.float32, input_name="X")
        if codes.shape[1] != self._n_features_out:
            raise ValueError(
                f"{type(self).__name__}: X must hold codes of {self._n_features_out} numbers, got "
                f"an array of shape {codes.shape}."
            )
        rows = self.net_.forward_rows(codes, lambda batch: self._restored(self._decode(batch)))
        return rows.reshape(len(rows), *self._row_shape)

    def score_samples(self, X: Any) -> np.ndarray:
        """Return minus the mean squared error of every reconstruction; low is abnormal.

        Parameters
        ----------
        X : array-like, as in ``fit``
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            In units of the features; of images, in those of pixels whose training range is 0 to 1.
        """
        check_is_fitted(self)
        return -self._errors(self._read(X, reset=False))

    def score_row(self, row: np.ndarray) -> float:
        """Return :meth:`score_samples` of one row, fast: it is taken as it comes, unchecked.

        Parameters
        ----------
        row : ndarray of float, shape (n_features,)
            As in ``fit``, finite.

        Returns
        -------
        float
        """
        batch = torch.from_numpy(row.astype(np.float32).reshape(1, *self._stored_shape))
        placement = self.net_.placement
        with one_thread(), torch.inference_mode(), placement.autocast():
            return -float(self._errors_of(batch.to(placement.device)))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of :meth:`score_samples`.

        Parameters
        ----------
        X : array-like, as in ``fit``
            Rows.
        y : ignored
            Not used.

        Returns
        -------
        float
            Minus the mean squared error.
        """
        return float(self.score_samples(X).mean())

    def _objective(self) -> Objective:
        return ReconstructionObjective()

    def _corruption(self) -> Corruption:
        return Corruption(self.corruption, self.corruption_level)

    def _parts(self) -> tuple[nn.Module, Any]:
        """Return input layer and model of the trained net."""
        scale, model = self.net_.module
        return scale, model

    def _decode(self, codes: Tensor) -> Tensor:
        """Return reconstructions as the layers see rows."""
        return self._parts()[1].decode(codes)

    def _restored(self, x: Tensor) -> Tensor:
        """Return rows of the layers as they are stored."""
        scale, _ = self._parts()
        return scale.invert(x.float()) if isinstance(scale, RangeScaling) else x

    def _errors(self, rows: np.ndarray) -> np.ndarray:
        """Return the mean squared error of rows as :meth:`_read` returns them."""
        return self.net_.forward_rows(rows, self._errors_of).astype(np.float64)

    def _errors_of(self, batch: Tensor) -> Tensor:
        """Return the mean squared error of rows as they are stored. Shape: ``(b, ...)`` -> (b,)."""
        scale, model = self._parts()
        x = scale(batch)
        difference = self._decode(model.encode(x)).float() - x
        return difference.square().flatten(1).mean(1)

    def _train(self, *args: Any, **options: Any) -> None:
        super()._train(*args, **options)
        self._n_features_out = self._count_codes()

    def _count_codes(self) -> int:
        """Return how many numbers a code has: asked of a row of zeros."""
        _, model = self._parts()
        device = next(model.parameters()).device
        with torch.inference_mode():
            return model.encode(torch.zeros(1, *self._shape, device=device)).flatten(1).shape[1]
