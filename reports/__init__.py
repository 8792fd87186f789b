"""From a run directory to a report: one HTML file, a folder of Markdown, tables, plain data."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {"Report": "reports.report", "SeveralReport": "reports.several"}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'reports' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
