"""Two small tables: nets on all columns, and on those that relevance determination keeps.

Five nets of different seeds vote; their size and dropout are chosen within every training part.
python examples/tables.py --quick    two folds and short trainings, not five by five
"""

import argparse

import numpy as np
from sklearn.ensemble import BaggingClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from estimators import ARDRegression, TorchMLPClassifier
from pipelines import load_dataset
from search import statistics

GRID = {"mlp__hidden_layer_sizes": [(64,), (256,)], "mlp__dropout": [0.2, 0.5]}

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true")
folds, repeats, epochs = (2, 1, 2) if parser.parse_args().quick else (5, 5, 30)
outer = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=0)
net = TorchMLPClassifier(max_epochs=epochs, random_state=0)
for name in ("ionosphere", "pima"):
    data = load_dataset(name)
    X = np.concatenate([data.X_train, data.X_test])
    y = np.unique(np.concatenate([data.y_train, data.y_test]), return_inverse=True)[1]
    for title, steps in (("all", []), ("ARD", [("keep", SelectFromModel(ARDRegression()))])):
        model, scores = Pipeline([("scale", StandardScaler()), *steps, ("mlp", net)]), []
        for train, test in outer.split(X, y):  # only the last line sees the rows of the test
            best = GridSearchCV(model, GRID, cv=3, refit=False).fit(X[train], y[train])
            model.set_params(**best.best_params_)
            voters = BaggingClassifier(model, n_estimators=5, bootstrap=False, random_state=0)
            scores.append(voters.fit(X[train], y[train]).score(X[test], y[test]))
        zeros, sizes = np.zeros(len(scores)), {"n_train": len(train), "n_test": len(test)}
        mean = statistics.corrected_t_test(np.array(scores), zeros, **sizes)
        print(f"{name}, {title} columns: {np.mean(scores):.3f} ({mean.low:.3f}-{mean.high:.3f})")
