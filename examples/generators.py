"""Four models draw digits, and two of them fill in the lower half of some.

python examples/generators.py            MNIST, minutes; --quick: 8 x 8 digits, seconds
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import estimators as es
from pipelines import load_dataset

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="small images, short training")
parser.add_argument("--out", type=Path, default=Path("runs/generators"), help="where to draw")
options = parser.parse_args()
name, epochs = ("digits", 10) if options.quick else ("mnist", 20)
X = load_dataset(name).X_train
X = (X / X.max()).astype(np.float32)
rows, lower = X.reshape(len(X), -1), np.arange(X[0].size) >= X[0].size // 2
rbm = es.BernoulliRBM(128, learning_rate=0.05, n_iter=epochs, random_state=0).fit(rows)
dbm = es.DeepBoltzmannMachine(n_iter=epochs, pretrain_iter=epochs, random_state=0).fit(rows)
vae = es.VariationalAutoencoder(max_epochs=epochs, random_state=0).fit(X)
gan = es.GAN(architecture="conv", max_epochs=epochs, random_state=0).fit(X)
pictures = {
    "RBM": [*es.rbm_sample(rbm, 6, random_state=0), *es.rbm_inpaint(rbm, rows[:6], lower)],
    "DBM": [*dbm.sample(6, 0), *dbm.inpaint(rows[:6], lower, random_state=0)],
    "VAE": [*vae.sample(6, 0), *vae.interpolate(X[0], X[1], 6)],
    "GAN": [*gan.sample(6, 0), *gan.interpolate(*np.random.RandomState(0).randn(2, 64), 6)],
}
figure, panels = plt.subplots(4, 1, figsize=(9, 4), layout="constrained")
for panel, (name, drawn) in zip(panels, pictures.items(), strict=True):
    panel.imshow(np.hstack(np.reshape(drawn, (12, *X.shape[1:3]))), cmap="gray_r")
    panel.set(ylabel=name, xticks=[], yticks=[])
options.out.mkdir(parents=True, exist_ok=True)
figure.savefig(options.out / "drawn.svg")
print("Drawn:", options.out / "drawn.svg")
