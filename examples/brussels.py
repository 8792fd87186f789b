"""Tomorrow's temperature in Brussels: support vectors against climatology and persistence.

python examples/brussels.py            twenty candidates a model, some minutes on two cores
python examples/brussels.py --quick    two candidates a model
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines import Backtest, load_dataset
from reports import Report
from search import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two candidates a model")
    parser.add_argument("--out", type=Path, default=Path("runs/brussels"), help="run directory")
    options = parser.parse_args()

    data = load_dataset("temperature-brussels")
    compare(
        ["climatology", "linear", "svm"],
        data,
        n_trials=2 if options.quick else 20,
        # each fold a year, forecast by what was known before it
        cv=Backtest(1 if options.quick else 4, refit_every=365),
        run_dir=options.out,
        resume=True,
    )
    report = Report(options.out)
    print(report.table()[["test", "test_low", "test_high", "fit_seconds"]].round(3))
    print("Report:", report.to_html(options.out / "report.html"))


if __name__ == "__main__":  # each model runs in a process of its own, which imports this file
    main()
