"""How well are news told apart from 23,692 training texts? AG News, the full 7,600 test texts.

Protocol. All settings were chosen on 4,000 of the training rows, set apart; here every model is
fitted on all training rows and answers the test rows once. Accuracy with its 95 % interval
(Wilson), seconds of the whole fit.

* counts       TF-IDF of words and pairs of words: logistic regression, naive Bayes, linear SVM
* transformer  `TextTransformerClassifier`, 64 wide, one block, five epochs
* vote         the mean probability of `--nets` such nets, seeds 0, 1, ...
* all          the same vote, with the logistic regression as half of it

`python -m benchmarks.ag_news --rows 4000` is a short run for a look, `python -m benchmarks.ag_news`
takes all rows.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import VotingClassifier

from estimators import TextTransformerClassifier
from pipelines import load_dataset, make_pipeline
from search.statistics import estimate

NET = {
    "dim": 64, "depth": 1, "mlp_dim": 128, "dropout": 0.3, "word_dropout": 0.3, "lr": 2e-3,
    "batch_size": 64, "max_epochs": 5,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=None, help="training rows; all by default")
    parser.add_argument("--nets", type=int, default=5, help="nets that vote")
    options = parser.parse_args()
    data = load_dataset("ag-news")
    X, y = data.X_train[: options.rows], data.y_train[: options.rows]
    print(f"{len(y)} training texts, {len(data.y_test)} test texts, torch {torch.__version__}, "
          f"{torch.get_num_threads()} threads")  # fmt: skip

    counted = {
        "logistic": make_pipeline("logistic", data, params={"C": 10.0}),
        "naive-bayes": make_pipeline("naive-bayes", data),
        "linear-svm": make_pipeline("linear-svm", data, params={"C": 0.3}),
    }
    for name, model in counted.items():
        show(name, answers(model, X, y, data.X_test), data.y_test)

    nets = [TextTransformerClassifier(**NET, random_state=seed) for seed in range(options.nets)]
    vote = VotingClassifier([(f"net{i}", net) for i, net in enumerate(nets)], voting="soft")
    answered, seconds = answers(vote, X, y, data.X_test)
    for i, net in enumerate(vote.estimators_):
        show(f"transformer {i}", (net.predict(data.X_test), seconds / len(nets)), data.y_test)
    show(f"vote of {len(nets)}", (answered, seconds), data.y_test)
    both = vote.predict_proba(data.X_test) + counted["logistic"].predict_proba(data.X_test)
    show("vote and logistic", (vote.classes_[both.argmax(1)], seconds), data.y_test)


def answers(
    model: Any, X: np.ndarray, y: np.ndarray, X_test: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return the answers of a fitted model, and the seconds of the fit."""
    started = time.perf_counter()
    model.fit(X, y)
    return model.predict(X_test), time.perf_counter() - started


def show(name: str, answered: tuple[np.ndarray, float], truth: np.ndarray) -> None:
    """Print the accuracy with its interval."""
    found = estimate("accuracy", truth, answered[0])
    print(f"{name:18s} {found.value:.4f} [{found.low:.4f}, {found.high:.4f}] {answered[1]:6.1f} s",
          flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
