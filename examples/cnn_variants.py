"""Five small CNNs on MNIST: plain, normed, averaging, dilated, with a dense head.

python examples/cnn_variants.py            60,000 training and 10,000 test images
python examples/cnn_variants.py --quick    some hundred of each, one epoch
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
    parser.add_argument("--out", type=Path, default=Path("runs/cnn-variants"), help="the run")
    options = parser.parse_args()

    data, epochs = load_dataset("mnist"), 5
    if options.quick:
        data, epochs = data.thin(300), 1

    models = {
        "plain": CNNClassifier(batch_norm=False, max_epochs=epochs),
        "batch-norm": CNNClassifier(max_epochs=epochs),
        "average-pooling": CNNClassifier(pooling="average", max_epochs=epochs),
        "dilated": CNNClassifier(dilation=2, max_epochs=epochs),
        "dense-head": CNNClassifier(head=(128,), dropout=0.3, max_epochs=epochs),
    }
    compare(models, data, spaces={key: {} for key in models}, run_dir=options.out, resume=True)
    print(Report(options.out).table()[["test", "test_low", "test_high", "fit_seconds"]].round(4))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
