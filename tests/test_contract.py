"""Every check that scikit-learn has for estimators, on every model of the registry."""

from __future__ import annotations

from sklearn.ensemble import IsolationForest, RandomForestClassifier, RandomForestRegressor
from sklearn.neural_network import BernoulliRBM
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from estimators import registry
from estimators.deep._base import DeepClassifier, DeepRegressor
from tests.checks import build, distinct_tasks

# scikit-learn declares these of its own classes (sklearn.utils._test_common.instance_generator).
STOCHASTIC = (
    RandomForestClassifier,
    RandomForestRegressor,
    IsolationForest,
    SVC,
    SVR,
    OneClassSVM,
    LinearSVC,
)
WEIGHTS = "fitting is stochastic: a weight of two is not the same as the row twice"
ON_DENSE, ON_SPARSE = (
    f"check_sample_weight_equivalence_on_{kind}_data" for kind in ("dense", "sparse")
)


def instances():
    """Return every model in every task, built with the quick parameters of its ``Spec``.

    Those that read texts are held to the same in ``test_text.py``: scikit-learn's rows are numbers.
    """
    every = [build(name, task) for name in registry.names() for task in distinct_tasks(name)]
    return [model for model in every if not get_tags(model).input_tags.string]


def expected_failures(model):
    """Return the checks that a model may fail, with the reason; it must fail those."""
    if isinstance(model, STOCHASTIC):
        return {ON_DENSE: WEIGHTS, ON_SPARSE: WEIGHTS}
    if isinstance(model, (DeepClassifier, DeepRegressor)):
        return {ON_DENSE: WEIGHTS}
    if isinstance(model, BernoulliRBM):
        return {
            "check_methods_subset_invariance": "score_samples flips features drawn at random",
            "check_methods_sample_order_invariance": "score_samples flips features drawn at random",
        }
    return {}


@parametrize_with_checks(instances(), expected_failed_checks=expected_failures)
def test_contract(estimator, check):
    check(estimator)
