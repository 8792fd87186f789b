"""From data to a model's input. Names are imported on first use (PEP 562)."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "Backtest": "pipelines.backtesting",
    "DamagedFileError": "pipelines.loaders",
    "DataNotFoundError": "pipelines.loaders",
    "Dataset": "pipelines.dataset",
    "LagForecaster": "pipelines.forecasting",
    "LagWindows": "pipelines.lags",
    "SeriesDetector": "pipelines.detection",
    "SlidingWindows": "pipelines.windows",
    "dataset_names": "pipelines.loaders",
    "load_dataset": "pipelines.loaders",
    "make_detector": "pipelines.detection",
    "make_pipeline": "pipelines.build",
    "read_data": "pipelines.loaders.files",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'pipelines' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
