"""A small transformer on AG News: plain, with dropout, then early stopping, then weight decay.

python examples/ag_news.py            23,692 training and 7,600 test texts
python examples/ag_news.py --quick    some hundred of each, two epochs
"""

import argparse
from pathlib import Path

from estimators import TextTransformerClassifier
from pipelines import load_dataset
from reports import Report
from search import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some hundred texts, two epochs")
    parser.add_argument("--out", type=Path, default=Path("runs/ag-news"), help="the run directory")
    options = parser.parse_args()

    data, epochs = load_dataset("ag-news"), 8
    if options.quick:
        data, epochs = data.thin(400), 2

    plain = {"max_epochs": epochs, "dropout": 0.0, "word_dropout": 0.0, "weight_decay": 0.0}
    dropout = plain | {"dropout": 0.3, "word_dropout": 0.3}
    stopping = dropout | {"early_stopping": True, "patience": 2}
    variants = {"base": plain, "dropout": dropout, "early-stopping": stopping,
                "weight-decay": stopping | {"weight_decay": 0.1}}  # fmt: skip
    models = {name: TextTransformerClassifier(**params) for name, params in variants.items()}
    compare({"logistic": "logistic", **models}, data, cv=3, n_trials=3, run_dir=options.out)
    print(Report(options.out).table()[["test", "test_low", "test_high", "fit_seconds"]].round(4))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
