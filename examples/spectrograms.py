"""Sounds by their spectrograms: what learnt the normal ones of some people judges those of others.

python examples/spectrograms.py            five splits by person, then a machine; --quick: made up
"""

import argparse

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from pipelines import Dataset, load_dataset, make_pipeline

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="made-up sounds, few epochs")
quick = parser.parse_args().quick


def made_up(seed: int) -> Dataset:
    """Return beats that start anywhere; the last 20 sound in the high bands as well."""
    rng, phase = np.random.default_rng(seed), np.linspace(0, 6, 100).reshape(-1, 1, 1)
    bands = np.linspace(1, np.repeat([0.0, 0.3], [80, 20]), 16).T[:, :, None]
    beats = bands * np.sin(rng.permutation(phase) + np.arange(40) / 2)
    X = beats + rng.normal(0, 0.4, beats.shape)
    parts = {"X_train": X[:60], "X_test": X[60:], "y_test": np.repeat([0, 1], 20)}
    return Dataset(name="beats", task="anomaly", kind="image", y_train=np.zeros(60), **parts)


conv = {"channels": (32, 16, 4), "max_epochs": 3 if quick else 20}
models = {"conv-autoencoder": conv, "pca": {}, "isolation": {}, "one-class-svm": {}}
found = {name: [] for name in models}
for seed in range(2 if quick else 5):
    data = made_up(seed) if quick else load_dataset(f"heart-sounds/{seed}")
    for name, params in models.items():
        model = make_pipeline(name, data, params=params, random_state=seed).fit(data.X_train)
        scores = -model.score_samples(data.X_test)
        false, recall, _ = roc_curve(data.y_test, scores)
        found[name].append((roc_auc_score(data.y_test, scores), recall[false <= 0.064].max()))
print("model              ROC AUC          recall at 6.4 % false alarms")
for name, values in found.items():
    (area, recall), (spread, wide) = np.mean(values, 0), np.std(values, 0)
    print(f"{name:18} {area:.3f} +- {spread:.3f}  {recall:.3f} +- {wide:.3f}")
if not quick:
    data = load_dataset("machine-sound")  # a single abnormal clip, the last: no score to speak of
    model = make_pipeline("conv-autoencoder", data, params=conv, random_state=0).fit(data.X_train)
    print("machine, alarms on normal clips:", (model.predict(data.X_test[:-1]) == -1).mean())
