"""Maps of iris: three units as clusters (labels only judge), sixteen as a classifier.

python examples/iris.py            20 seeds, 100 splits
python examples/iris.py --quick    3 seeds, 5 splits
"""

import argparse

import numpy as np
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.metrics import normalized_mutual_info_score
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, normalize

from estimators import SelfOrganizingMap, SOMClassifier


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few seeds and splits")
    n_seeds, n_repeats = (3, 1) if parser.parse_args().quick else (20, 20)
    X, y = load_iris(return_X_y=True)
    found = []
    for seed in range(n_seeds):
        som = SelfOrganizingMap(shape=(1, 3), final_sigma=0.3, init="sample", random_state=seed)
        found.append(normalized_mutual_info_score(y, som.fit_predict(normalize(X))))
    print(f"Mutual information {np.median(found):.3f} ({min(found):.3f} to {max(found):.3f})")
    folds = RepeatedStratifiedKFold(n_repeats=n_repeats, random_state=0)
    model = make_pipeline(StandardScaler(), SOMClassifier(shape=(4, 4), final_sigma=0.5))
    scores = cross_val_score(model, X, y, cv=folds)
    half = (
        scores.std(ddof=1) * np.sqrt(1 / scores.size + 1 / 4) * stats.t.ppf(0.975, scores.size - 1)
    )
    print(f"Accuracy {scores.mean():.3f} +- {half:.3f} (95 %, Nadeau-Bengio)")


if __name__ == "__main__":
    main()
