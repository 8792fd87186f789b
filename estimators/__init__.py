"""Every model a scikit-learn estimator. Names are imported on first use (PEP 562)."""

from __future__ import annotations

import importlib
from typing import Any

from estimators.registry import MODELS

_HOME = {name: module for module, *classes in MODELS.values() for name in classes}
_HOME |= {"save": "estimators.persistence", "load": "estimators.persistence"}
_HOME |= {
    f"rbm_{answer}": "estimators.classical.rbm"
    for answer in ("inpaint", "pseudo_likelihood", "reconstruction_error", "sample")
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'estimators' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
