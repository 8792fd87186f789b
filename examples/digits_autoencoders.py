"""Handwritten digits through dense, convolutional and stacked codes of 16, 64 and 128 numbers.

python examples/digits_autoencoders.py            MNIST, 10 epochs; --quick: small digits, 2
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from estimators import Autoencoder, ConvAutoencoder, StackedAutoencoder
from pipelines import load_dataset

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="the small digits, a few epochs")
quick = parser.parse_args().quick
data = load_dataset("digits" if quick else "mnist")
highest = data.X_train.max()
train, test = (X.astype(np.float32) / highest for X in (data.X_train, data.X_test))
rows, unseen = train.reshape(len(train), -1), test.reshape(len(test), -1)
epochs = {"max_epochs": 2 if quick else 10, "random_state": 0}
found = []
for code in (16, 64, 128):
    if code < rows.shape[1]:
        pca = PCA(code, random_state=0).fit(rows)
        error = np.square(pca.inverse_transform(pca.transform(unseen)) - unseen).mean()
        found.append(("PCA", code, pca.components_.size, error))
    dense = {"output_activation": "sigmoid", **epochs}
    models = {
        "dense": Autoencoder(hidden_layer_sizes=(400, code, 400), **dense),
        "stacked": StackedAutoencoder(hidden_layer_sizes=(400, code), **dense),
        "conv": ConvAutoencoder(channels=(32, 16), code_size=code, **epochs),
    }
    for name, model in models.items():
        seen, new = (train, test) if name == "conv" else (rows, unseen)
        found.append((name, code, model.fit(seen).n_parameters_, -model.score(new)))
table = pd.DataFrame(found, columns=["model", "code", "parameters", "test MSE"])
print(table.to_string(index=False, float_format="{:.4f}".format))
