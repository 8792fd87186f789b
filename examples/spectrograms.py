"""Sounds by their spectrograms: what learnt the normal ones of some people judges those of others.

python examples/spectrograms.py            five splits by person, then a machine; --quick: made up
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.metrics import auc, roc_curve

from pipelines import Dataset, load_dataset, make_pipeline


def made_up(seed: int) -> Dataset:
    """Return beats that start anywhere; the last 20 sound in the high bands as well."""
    rng, labels = np.random.default_rng(seed), np.repeat([0, 1], [80, 20])
    beats = np.sin(rng.permutation(100)[:, None, None] / 16 + np.arange(40) / 2)
    X = rng.normal(np.linspace(1, 0.3 * labels, 16).T[:, :, None] * beats, 0.4)
    y = {"y_train": labels[:60], "y_test": labels[60:]}
    return Dataset(name="beats", task="anomaly", kind="image", X_train=X[:60], X_test=X[60:], **y)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true")
quick = parser.parse_args().quick
rows, conv = [], {"channels": (32, 16, 4), "max_epochs": 3 if quick else 20}
models = {"conv-autoencoder": conv, "pca": {}, "isolation": {}, "one-class-svm": {}}
for seed in range(2 if quick else 5):
    data = made_up(seed) if quick else load_dataset(f"heart-sounds/{seed}")
    for name, params in models.items():
        model = make_pipeline(name, data, params=params, random_state=seed).fit(data.X_train)
        false, recall, _ = roc_curve(data.y_test, -model.score_samples(data.X_test))
        rows.append((name, auc(false, recall), recall[false <= 0.064].max()))
table = pd.DataFrame(rows, columns=["model", "ROC AUC", "recall at 6.4 %"]).groupby("model")
print(table.agg(["mean", "std"]).round(3))
if not quick:
    data = load_dataset("machine-sound")  # a single abnormal clip, the last: no score to speak of
    model = make_pipeline("conv-autoencoder", data, params=conv, random_state=0).fit(data.X_train)
    print("machine, alarms on normal clips:", (model.predict(data.X_test[:-1]) == -1).mean())
