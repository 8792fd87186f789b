"""VGG-19, ResNet-50, DenseNet-121 and Inception on digits in a frame of 32 x 32 pixels.

python examples/deep_digits.py    12,000 and 10,000 images of MNIST; --data usps; --quick: dozens
"""

import argparse
from dataclasses import replace

import numpy as np

import estimators
from pipelines import load_dataset
from reports import Report
from search import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some dozen images, one epoch")
    parser.add_argument("--data", default="mnist", choices=("mnist", "usps"), help="the digits")
    parser.add_argument("--out", default="runs/deep-digits", help="the run")
    options = parser.parse_args()
    n, data = 60 if options.quick else 12_000, load_dataset(options.data)
    frame = ((0, 0), *2 * [2 * [(32 - data.image_shape[0]) // 2]])
    X = {part: np.pad(getattr(data, part)[:n], frame) for part in ("X_train", "X_test")}
    y = {part: getattr(data, part)[:n] for part in ("y_train", "y_test")}
    data = replace(data, image_shape=(32, 32, 1), **X, **y)
    common = {"max_epochs": 1 if options.quick else 10, "augment": "shift"}
    models = {
        "vgg-19": estimators.VGGClassifier(depth=19, **common),
        "resnet-50": estimators.ResNetClassifier(depth=50, **common),
        "densenet-121": estimators.DenseNetClassifier(depth=121, **common),
        "inception": estimators.InceptionClassifier(**common),
    }
    compare(models, data, spaces={key: {} for key in models}, run_dir=options.out, resume=True)
    print(Report(options.out).table()[["test", "test_low", "test_high", "fit_seconds"]].round(4))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
