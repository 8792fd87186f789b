"""Rows of the data as a reader can look at them: images as small PNG, the rest as words."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from reports.blocks import Column, Kind, Picture
from reports.run import Run
from reports.words import clean, distinct, shorten

_LARGEST = 64  # pixels
_LEAST = 64  # pixels of a picture that no style enlarges
_PALETTE = 64  # colours of a small picture
_FEATURES = 6
_LONGEST = 300


def image_scale(run: Run) -> tuple[float, float]:
    """Return the values that are black and white: the range of the data."""
    X = run.sample["test_X"]
    return float(X.min()), float(X.max())


def picture(run: Run, part: str, index: int, alt: str, lines: Sequence[str]) -> Picture:
    """Return row ``index`` of the kept rows of ``part`` ("train" or "test") as a picture."""
    shape = tuple(run.data["image_shape"])
    pixels = np.asarray(run.sample[f"{part}_X"][index], dtype=float).reshape(shape)
    return picture_of(pixels, image_scale(run), f"{part}-{index}", alt, lines)


def picture_of(
    pixels: np.ndarray, scale: tuple[float, float], name: str, alt: str, lines: Sequence[str]
) -> Picture:
    """Return pixels as a picture. Shape: ``(h, w, c)``; ``scale`` is what is black and white."""
    low, high = scale
    grey = np.clip((pixels - low) / max(high - low, 1e-12) * 255, 0, 255).astype(np.uint8)
    image = Image.fromarray(grey[..., 0] if pixels.shape[2] < 3 else grey[..., :3])
    image.thumbnail((_LARGEST, _LARGEST))
    if image.mode == "RGB":
        image = image.quantize(_PALETTE)
    buffer = io.BytesIO()
    image.save(buffer, format="png", optimize=True)
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return Picture(name, uri, alt, tuple(lines))


def enlarged(uri: str) -> bytes:
    """Return a picture as a PNG file that is large enough to be seen where no style enlarges it."""
    content = base64.b64decode(uri.partition(",")[2])
    with Image.open(io.BytesIO(content)) as image:
        factor = _LEAST // max(image.size)
        if factor < 2:
            return content
        buffer = io.BytesIO()
        wide, high = (factor * side for side in image.size)
        image.resize((wide, high), Image.Resampling.NEAREST).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def feature_columns(run: Run) -> tuple[Column, ...]:
    """Return the columns that show a row of a table or a text."""
    if run.kind == "text":
        return (Column("text", "Text"),)
    kind: Kind = "text" if run.sample["test_X"].dtype.kind in "US" else "number"
    return tuple(Column(f"x{i}", name, kind) for i, name in enumerate(_feature_names(run)))


def feature_values(run: Run, part: str, index: int) -> dict[str, Any]:
    """Return the values that belong to :func:`feature_columns`."""
    row = np.ravel(run.sample[f"{part}_X"][index])
    if run.kind == "text":
        return {"text": shorten(clean(str(row[0])), _LONGEST)}
    values = row[:_FEATURES].tolist()
    return {f"x{i}": clean(value) for i, value in enumerate(values)}


def _feature_names(run: Run) -> list[str]:
    n = int(np.prod(run.sample["test_X"].shape[1:]))
    names = run.data.get("feature_names") or [f"column {i}" for i in range(n)]
    return distinct([str(name) for name in names[: min(n, _FEATURES)]], 30)
