"""Reconstruction error against code size: PCA and a linear autoencoder, noise against iris.

Noise has no direction that matters more than another, iris has two: the curves show it.

python examples/pca_curves.py            300 epochs; --quick: 20
"""

import argparse

import numpy as np
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.preprocessing import scale

from estimators import Autoencoder

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="few epochs")
epochs = 20 if parser.parse_args().quick else 300
linear = {"activation": "identity", "weight_decay": 0.0, "lr": 0.02, "random_state": 0}
sets = {
    "noise": np.random.default_rng(0).normal(size=(150, 4)),
    "iris": load_iris().data,
}
print("data   code  PCA    linear autoencoder")
for name, X in sets.items():
    X = scale(X)
    for code in (1, 2, 3, 4):
        pca = PCA(code).fit(X)
        error = np.square(pca.inverse_transform(pca.transform(X)) - X).mean()
        net = Autoencoder(hidden_layer_sizes=(code,), max_epochs=epochs, **linear).fit(X)
        print(f"{name:6} {code:4}  {error:.3f}  {-net.score(X):.3f}")
