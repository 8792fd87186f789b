"""``Metric``: what is known about a measure of quality."""

from __future__ import annotations

from dataclasses import dataclass

from .metric_functions import Function
from .predictions import Need


@dataclass(frozen=True)
class Metric:
    """One metric.

    Parameters
    ----------
    name : str
        Short name, the key in :data:`METRICS` and in ``rows.jsonl``.
    title : str
        Name for people, as in "ROC AUC".
    task : tuple of str
        The tasks of ``estimators.spec.TASKS`` that it judges.
    needs : {"label", "probability", "score"}
        What it judges: predictions, class probabilities, or a score that ranks (decision function
        or probability; the degree of abnormality where the task is anomaly detection).
    greater_is_better : bool
        Whether ``function`` grows with the quality of the model.
    function : callable
        ``function(y_true, answer) -> float``, raw, not negated. Class labels arrive as integers
        from 0; probabilities and scores as ``(n, classes)``; numbers (regression) as they are.
    scorer : str or None
        Name of the same thing among scikit-learn's scorers; None where there is none.
    bounded : bool, default=False
        Whether values lie between 0 and 1.
    scaled : bool, default=False
        Whether numbers are counted in units of a `scale` that comes with the answers.
    """

    name: str
    title: str
    task: tuple[str, ...]
    needs: Need
    greater_is_better: bool
    function: Function
    scorer: str | None
    bounded: bool = False
    scaled: bool = False

    @property
    def sign(self) -> int:
        """1, or -1 for a loss: what the raw value is multiplied with."""
        return 1 if self.greater_is_better else -1
