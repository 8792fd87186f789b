"""What is tried, and what came out: searches, comparisons, metrics and statistics."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search.optuna_search import OptunaSearchCV as OptunaSearchCV

# Nothing is imported before it is asked for: Optuna and the models take a second to load.
_HOMES = {
    "OptunaSearchCV": "search.optuna_search",
    "StudyError": "search.studies",
    "compare": "search.compare",
    "Comparison": "search.compare",
    "RunDirectory": "search.run_directory",
    "RunError": "search.disk",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'search' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
