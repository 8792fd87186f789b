"""Where dropout helps a CNN on MNIST: nowhere, after the input, or between hidden layers.

python examples/cnn_dropout.py            60,000 training and 10,000 test images
python examples/cnn_dropout.py --quick    some hundred of each, one epoch
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
    parser.add_argument("--out", type=Path, default=Path("runs/cnn-dropout"), help="the run")
    options = parser.parse_args()

    data, epochs = load_dataset("mnist"), 10
    if options.quick:
        data, epochs = data.thin(300), 1

    # 628,810 parameters: 256 and 128 maps, two dense layers of 100 units.
    shape = {"channels": (256, 128), "head": (100, 100), "padding": "valid", "batch_norm": False}
    places = {"none": {}, "input": {"input_dropout": 0.3}, "hidden": {"dropout": 0.3}}
    models = {
        name: CNNClassifier(max_epochs=epochs, augment="shift", **shape, **place)
        for name, place in places.items()
    }
    compare(models, data, spaces={key: {} for key in models}, run_dir=options.out, resume=True)
    print(Report(options.out).table()[["test", "test_low", "test_high", "fit_seconds"]].round(4))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
