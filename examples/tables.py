"""Two small tables: nets on all columns, and on those that relevance determination keeps.

Five nets of different seeds vote; their size and dropout are chosen within every training part.

python examples/tables.py --quick    two folds and short trainings, not five by five
"""

import argparse

import numpy as np
from scipy.stats import t
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from estimators import ARDRegression, TorchMLPClassifier
from pipelines import load_dataset

GRID = {"mlp__hidden_layer_sizes": [(64,), (256,)], "mlp__dropout": [0.2, 0.5]}


def accuracy(model, X, y, train, test):
    """Choose, fit and judge: nothing of it sees the test rows but the last line."""
    best = GridSearchCV(model, GRID, cv=3, refit=False).fit(X[train], y[train]).best_params_
    voters = BaggingClassifier(
        clone(model).set_params(**best), n_estimators=5, bootstrap=False, random_state=0
    )
    return voters.fit(X[train], y[train]).score(X[test], y[test])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    folds, repeats, epochs = (2, 1, 2) if parser.parse_args().quick else (5, 5, 30)
    outer = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=0)
    net = TorchMLPClassifier(max_epochs=epochs, random_state=0)
    for name in ("ionosphere", "pima"):
        data = load_dataset(name)
        X = np.concatenate([data.X_train, data.X_test])
        y = np.unique(np.concatenate([data.y_train, data.y_test]), return_inverse=True)[1]
        for title, steps in (("all", []), ("ARD", [("keep", SelectFromModel(ARDRegression()))])):
            model = Pipeline([("scale", StandardScaler()), *steps, ("mlp", net)])
            scores = np.array([accuracy(model, X, y, *parts) for parts in outer.split(X, y)])
            # the folds overlap, hence 1 / (folds - 1) (Nadeau and Bengio)
            spread = scores.std(ddof=1) * np.sqrt(1 / len(scores) + 1 / (folds - 1))
            low, high = scores.mean() + t.ppf([0.025, 0.975], len(scores) - 1) * spread
            print(f"{name}, {title} columns: accuracy {scores.mean():.3f} ({low:.3f}-{high:.3f})")


if __name__ == "__main__":
    main()
