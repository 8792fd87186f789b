"""Nearest neighbours, a random forest and a small convolutional net on all of MNIST.

python examples/mnist.py            60,000 training and 10,000 test images
python examples/mnist.py --quick    a thousand of each, one trial a model
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines import load_dataset
from reports import Report
from search import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a thousand images, one trial")
    parser.add_argument("--out", type=Path, default=Path("runs/mnist"), help="the run directory")
    options = parser.parse_args()

    data = load_dataset("mnist")
    if options.quick:
        data = data.thin(1000)

    # No search starts a trial after ten minutes; what is running then is finished.
    budget = {"n_trials": 1} if options.quick else {"n_trials": 20, "timeout": 600}
    compare(["knn", "forest", "cnn"], data, run_dir=options.out, resume=True, **budget)

    report = Report(options.out)
    print(report.table()[["test", "test_low", "test_high", "fit_seconds"]].round(4))
    print("Report:", report.to_html(options.out / "report.html"))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
