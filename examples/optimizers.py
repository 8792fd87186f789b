"""Which optimiser for a small net? SGD by batch size and momentum, Adam and L-BFGS, by width.

python examples/optimizers.py            digits, widths of 10 to 100 units
python examples/optimizers.py --quick    a few widths and epochs
"""

import argparse
import time

import pandas as pd
from sklearn.preprocessing import StandardScaler

from estimators import TorchMLPClassifier
from pipelines import load_dataset

OPTIMIZERS = {
    "sgd, batches of 16": {"optimizer": "sgd", "momentum": 0.0, "batch_size": 16},
    "sgd, batches of 256": {"optimizer": "sgd", "momentum": 0.0, "batch_size": 256},
    "sgd with momentum": {"optimizer": "sgd", "momentum": 0.9, "batch_size": 64},
    "adam": {"optimizer": "adam", "batch_size": 64},
    "l-bfgs": {"optimizer": "lbfgs", "lr_schedule": None},
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few widths and epochs")
    quick = parser.parse_args().quick
    data, rows = load_dataset("digits"), []
    scaler = StandardScaler().fit(data.X_train.reshape(len(data.X_train), -1))
    X, X_test = (scaler.transform(X.reshape(len(X), -1)) for X in (data.X_train, data.X_test))
    for width in (10, 100) if quick else (10, 25, 50, 75, 100):
        for name, params in OPTIMIZERS.items():
            net = TorchMLPClassifier(hidden_layer_sizes=(width,), max_epochs=3 if quick else 30,
                                     random_state=0, **params)  # fmt: skip
            start = time.perf_counter()
            loss = net.fit(X, data.y_train).history_[-1]["train_loss"]
            row = {"seconds": time.perf_counter() - start, "train loss": loss}
            rows.append({"units": width, "by": name, **row, "test": net.score(X_test, data.y_test)})
    print(pd.DataFrame(rows).round(4).to_string(index=False))
