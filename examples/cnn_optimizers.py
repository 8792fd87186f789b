"""One CNN of 34,826 parameters on MNIST, trained by Adam, SGD and Adadelta.

python examples/cnn_optimizers.py            60,000 training and 10,000 test images
python examples/cnn_optimizers.py --quick    some hundred of each, one epoch
"""

import argparse
from pathlib import Path

from estimators import CNNClassifier
from pipelines import load_dataset
from reports import Report
from search import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some hundred images, one epoch")
    parser.add_argument("--out", type=Path, default=Path("runs/cnn-optimizers"), help="the run")
    options = parser.parse_args()

    data, epochs = load_dataset("mnist"), 10
    if options.quick:
        data, epochs = data.thin(300), 1

    shape = {"channels": (32, 64), "head": (), "padding": "valid", "batch_norm": False}
    models = {
        optimizer: CNNClassifier(optimizer=optimizer, max_epochs=epochs, **shape)
        for optimizer in ("adam", "sgd", "adadelta")
    }
    compare(models, data, spaces={key: {} for key in models}, run_dir=options.out, resume=True)
    print(Report(options.out).table()[["test", "test_low", "test_high", "fit_seconds"]].round(4))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
