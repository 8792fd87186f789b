"""A machine of 1,000 sensors, simulated with known defects, which models of good runs must find.

python examples/sensors.py            1000-512-32-512-1000 on 2,000 runs; --quick: 300 runs
"""

import argparse

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

from estimators import Autoencoder, IsolationForest, ReconstructionDetector


def runs(n: int, rng: np.random.Generator, *, defect: bool) -> np.ndarray:
    """Return readings: ten hidden causes, noise; in a defect, 20 sensors are exchanged."""
    causes, mixing = rng.normal(size=(n, 10)), np.random.default_rng(0).normal(size=(10, 1000))
    readings = np.tanh(causes @ mixing / 2) + rng.normal(0, 0.2, size=(n, 1000))
    for row in readings if defect else ():
        broken = rng.choice(1000, 20, replace=False)
        row[broken] = rng.permutation(row[broken])
    return readings


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="few runs and epochs")
quick = parser.parse_args().quick
rng = np.random.default_rng(1)
train = (scaler := StandardScaler()).fit_transform(runs(300 if quick else 2000, rng, defect=False))
test = scaler.transform(np.concatenate([runs(200, rng, defect=d) for d in (False, True)]))
truth = np.repeat([0, 1], 200)
net = Autoencoder(hidden_layer_sizes=(512, 32, 512), max_epochs=5 if quick else None)
net.set_params(threshold="mad", k=3.0, random_state=0)
models = {"autoencoder": net, "PCA": ReconstructionDetector(threshold="mad", k=3.0)}
models["forest"] = IsolationForest(random_state=0)
print("model        ROC AUC  average precision  false alarms  found")
for name, model in models.items():
    score, alarm = -model.fit(train).score_samples(test), model.predict(test) == -1
    ranked = f"{roc_auc_score(truth, score):7.3f} {average_precision_score(truth, score):18.3f}"
    print(f"{name:12} {ranked} {alarm[:200].mean():13.1%} {alarm[200:].mean():6.1%}")
