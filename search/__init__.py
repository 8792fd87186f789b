"""What is tried, and what came out: searches, comparisons, metrics and statistics."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search.assistance import assist as assist
    from search.comparison import Comparison as Comparison
    from search.contest import compare as compare
    from search.disk import RunError as RunError
    from search.optuna_search import OptunaSearchCV as OptunaSearchCV
    from search.run_directory import RunDirectory as RunDirectory

# Nothing is imported before it is asked for: Optuna and the models take a second to load.
_HOMES = {
    "OptunaSearchCV": "search.optuna_search",
    "StudyError": "search.studies",
    "assist": "search.assistance",
    "compare": "search.contest",
    "Comparison": "search.comparison",
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
