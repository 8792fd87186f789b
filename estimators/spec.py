"""What bakeoff knows about a model: one frozen ``Spec``, at the end of the model's own file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from estimators.params import Domain

TASKS = ("classification", "regression", "anomaly", "clustering", "forecasting", "generation")
KINDS = ("table", "image", "text", "series")
PREPARATIONS = ("none", "scale", "minmax", "image", "text", "tfidf", "history")


@dataclass(frozen=True, kw_only=True)
class Spec:
    """All that the layers above need to know about a model.

    Parameters
    ----------
    title : str
        Name of the model for people, as in "k nearest neighbours".
    summary : str
        One line: what it does and when it is a good choice.
    tasks : mapping of str to type
        The class for each task of ``TASKS`` that it serves.
    kinds : frozenset of str
        The kinds of data of ``KINDS`` that it takes.
    params : mapping of str to Domain
        The hyper-parameters: legal values and search ranges.
    prepare : str, default="none"
        The preparation that it needs, one of ``PREPARATIONS``: "none" takes numbers as they come
        (an image as one row of pixels), "scale" zero mean and unit variance per column (one common
        scale for images), "minmax" values in [0, 1], "image" unchanged images ``(n, h, w[, c])``,
        "text" strings, "tfidf" TF-IDF features of strings, "history" the rows of a series with
        all values before and the time, as they are. Where it forecasts and prepares otherwise, it
        is given lags chosen from them.
    text_components : int or None, default=None
        To how many numbers (of a latent semantic analysis) the counted words of a text are reduced
        for it; None leaves it all words, in sparse form.
    defaults : mapping, default={}
        Parameters that bakeoff sets where it differs from the class's own default.
    fast : mapping, default={}
        Parameters that make it quick; the checks build it with them.
    space : callable or None, default=None
        ``space(trial) -> params`` where the search space is conditional; else ``params`` is it.
    reference : str, default=""
        The paper or book that it follows.
    """

    title: str
    summary: str
    tasks: Mapping[str, type]
    kinds: frozenset[str]
    params: Mapping[str, Domain]
    prepare: str = "none"
    text_components: int | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fast: Mapping[str, Any] = field(default_factory=dict)
    space: Callable[[Any], dict[str, Any]] | None = None
    reference: str = ""

    def __post_init__(self) -> None:
        """Refuse unknown task, kind and preparation names: they would be silently ignored."""
        for parameter, given, known in (
            ("tasks", set(self.tasks), TASKS),
            ("kinds", set(self.kinds), KINDS),
            ("prepare", {self.prepare}, PREPARATIONS),
        ):
            if unknown := given - set(known):
                raise ValueError(f"Spec: {parameter} must be among {known}, got {unknown}.")

    def build(self, task: str, **params: Any) -> Any:
        """Return an unfitted model for ``task``, with bakeoff's defaults and then ``params``."""
        if task not in self.tasks:
            raise ValueError(f"{self.title} serves {', '.join(self.tasks)}; got task={task!r}.")
        return self.tasks[task](**{**self.defaults, **params})
