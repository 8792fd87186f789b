"""Maps of iris: three clusters (candidates listed after a look at the labels), and a classifier.

python examples/iris.py            20 seeds, 100 splits; --quick: 3 seeds, 5 splits
"""

import argparse

import numpy as np
from sklearn.datasets import load_iris
from sklearn.metrics import normalized_mutual_info_score
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, normalize, scale

from estimators import SelfOrganizingMap, SOMClassifier
from search import statistics


def cluster(X: np.ndarray, seed: int) -> np.ndarray:
    """Return the clusters of the map with the least error relative to the spread: no labels."""
    found = {}
    for rows, sigma in ((Z, s) for Z in (X, scale(X), normalize(X)) for s in (0.3, 0.5, 1.0)):
        som = SelfOrganizingMap(shape=(1, 3), final_sigma=sigma, init="sample", random_state=seed)
        spread = np.linalg.norm(rows - rows.mean(axis=0), axis=1).mean()
        labels = som.fit_predict(rows)
        found[som.quantization_error_ / spread] = labels
    return found[min(found)]


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="few seeds and splits")
n_seeds, n_repeats = (3, 1) if parser.parse_args().quick else (20, 20)
X, y = load_iris(return_X_y=True)
found = [normalized_mutual_info_score(y, cluster(X, seed)) for seed in range(n_seeds)]
print(f"Mutual information {np.median(found):.3f} ({min(found):.3f} to {max(found):.3f})")
folds = RepeatedStratifiedKFold(n_repeats=n_repeats, random_state=0)
model = make_pipeline(StandardScaler(), SOMClassifier(shape=(4, 4), random_state=0))
scores = cross_val_score(model, X, y, cv=folds)
mean = statistics.corrected_t_test(scores, 0 * scores, n_train=120, n_test=30)
print(f"Accuracy {scores.mean():.3f} [{mean.low:.3f}, {mean.high:.3f}] (95 %, Nadeau-Bengio)")
