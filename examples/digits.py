"""Three models on the handwritten digits that scikit-learn brings along.

python examples/digits.py            twenty trials a model, some minutes on two cores
python examples/digits.py --quick    two trials a model
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines import load_dataset
from reports import Report
from search import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two trials a model")
    parser.add_argument("--out", type=Path, default=Path("runs/digits"), help="the run directory")
    options = parser.parse_args()

    data = load_dataset("digits")
    n_trials = 2 if options.quick else 20
    compare(["knn", "forest", "cnn"], data, n_trials=n_trials, run_dir=options.out, resume=True)

    report = Report(options.out)
    print(report.table()[["test", "test_low", "test_high", "fit_seconds"]].round(3))
    print("Report:", report.to_html(options.out / "report.html"))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
