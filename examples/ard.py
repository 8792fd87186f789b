"""Which columns matter? Relevance determination against least squares on sparse made-up data.

python examples/ard.py            fifty draws
python examples/ard.py --quick    five draws
"""

import argparse

import numpy as np
from sklearn.feature_selection import SelectFromModel

from estimators import ARDRegression, LinearRegression


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="five draws")
    found = []
    for seed in range(5 if parser.parse_args().quick else 50):
        rng = np.random.default_rng(seed)
        weights = np.zeros(50)
        weights[rng.choice(50, 10, replace=False)] = rng.normal(0, 2, 10)
        X = rng.normal(size=(1_100, 50))
        y = X @ weights + rng.normal(size=1_100)
        ard, ols = (m.fit(X[:100], y[:100]) for m in (ARDRegression(), LinearRegression()))
        kept, relevant = SelectFromModel(ard, prefit=True).get_support(), weights != 0
        errors = [np.mean((m.predict(X[100:]) - y[100:]) ** 2) for m in (ard, ols)]
        hits = (kept & relevant).sum()
        found.append([hits / max(1, kept.sum()), hits / relevant.sum(), *errors])
    precision, recall, ard_error, ols_error = np.mean(found, axis=0)
    print(f"{len(found)} draws of 100 rows, 10 of 50 columns relevant, noise of variance 1")
    print(f"ARD keeps the relevant columns: precision {precision:.3f}, recall {recall:.3f}")
    print(f"test MSE: ARD {ard_error:.3f}, least squares {ols_error:.3f}")
    print(f"ARD is better in {np.mean(np.array(found)[:, 2] < np.array(found)[:, 3]):.0%} of draws")


if __name__ == "__main__":
    main()
