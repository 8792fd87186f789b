"""How long does a report take, and how much memory? Ten models, 50 trials each, 28x28 images.

Protocol. The run directory is made up: ten models that answer 10,000 test rows of ten classes,
right in 88 to 97 % of them, with probabilities; 50 trials over five parameters and 60 epochs each,
random with fixed seeds; as many images of noise in both parts, which compress worse than real ones.
Wall time and processor time are both shown: on a busy machine the first says little.
Every report is made in a fresh interpreter, imports included; peak memory is that process's own.

Run `python -m benchmarks.report`; `--repeats N` (default 3), `--rows N` (default 10,000).
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import optuna

from search.run_directory import RunDirectory, make_row
from tests.runs import epochs, write_answers

N_CLASSES, N_MODELS, N_TRIALS, SIDE = 10, 10, 50, 28
GOALS = {"seconds": 10, "processor": 10, "megabytes": 500, "page bytes": 2_000_000}
SCRIPT = """
import resource, sys, time
start = time.perf_counter()
from reports import Report
page = Report(sys.argv[1]).to_html(sys.argv[2])
seconds = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_SELF)
peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(seconds, used.ru_utime + used.ru_stime, peak / 1e6, page.stat().st_size)
"""


def write_run(path: Path, n_rows: int) -> Path:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, N_CLASSES, n_rows)
    images = rng.integers(0, 256, (n_rows, SIDE, SIDE)).astype(np.uint8)
    names = [f"model{i}" for i in range(N_MODELS)]
    answers = {name: answer(rng, truth, 0.88 + 0.01 * i) for i, name in enumerate(names)}
    shape = [SIDE, SIDE, 1]
    write_answers(path, truth, answers, X_test=images, kind="image", image_shape=shape)
    run = RunDirectory(path)
    for name in names:
        run.write_history(name, epochs(60))
        write_study(run, name, rng)
    return path


def answer(rng: np.random.Generator, truth: np.ndarray, share: float) -> dict[str, np.ndarray]:
    """Return probabilities whose largest is the truth in about that share of the rows."""
    shown = np.where(rng.random(len(truth)) < share, truth, rng.integers(0, N_CLASSES, len(truth)))
    proba = rng.dirichlet(np.full(N_CLASSES, 0.5), len(truth))
    proba[np.arange(len(truth)), shown] += rng.uniform(1, 4, len(truth))
    proba /= proba.sum(axis=1, keepdims=True)
    return {"y_pred": proba.argmax(axis=1), "y_proba": proba, "classes": np.arange(N_CLASSES)}


def write_study(run: RunDirectory, name: str, rng: np.random.Generator) -> None:
    distributions = {
        "model__lr": optuna.distributions.FloatDistribution(1e-5, 1e-1, log=True),
        "model__dropout": optuna.distributions.FloatDistribution(0, 0.6),
        "model__depth": optuna.distributions.IntDistribution(1, 20),
        "model__width": optuna.distributions.IntDistribution(8, 512, log=True),
        "model__activation": optuna.distributions.CategoricalDistribution(("relu", "gelu", "tanh")),
    }
    study = optuna.create_study(storage=run.storage, study_name=name, direction="maximize")
    start = datetime(2026, 11, 21, 10)
    for number in range(N_TRIALS):
        params = {
            "model__lr": float(10 ** rng.uniform(-5, -1)),
            "model__dropout": float(rng.uniform(0, 0.6)),
            "model__depth": int(rng.integers(1, 21)),
            "model__width": int(rng.integers(8, 513)),
            "model__activation": str(rng.choice(["relu", "gelu", "tanh"])),
        }
        value = float(0.9 + 0.02 * np.log10(params["model__lr"]) + rng.normal(0, 0.01))
        trial = optuna.trial.create_trial(params=params, distributions=distributions, value=value)
        trial.datetime_start = start + timedelta(seconds=number)
        trial.datetime_complete = trial.datetime_start + timedelta(seconds=1)
        study.add_trial(trial)
        shown = {"trial": number, "fold": 0, "metric": "accuracy", "params": params}
        run.append([make_row(name, "search", value=value, seconds=1.0, **shown)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=10_000)
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        run = write_run(Path(folder) / "run", arguments.rows)
        command = [sys.executable, "-c", SCRIPT, str(run), str(Path(folder) / "report.html")]
        for _ in range(arguments.repeats):
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found.append([float(value) for value in done.stdout.split()])
    print(f"{N_MODELS} models, {N_TRIALS} trials each, {arguments.rows:,} test rows")
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    for (what, goal), values in zip(GOALS.items(), zip(*found, strict=True), strict=True):
        spread = f"{min(values):,.1f} to {max(values):,.1f}"
        print(f"{what:10} {median(values):12,.1f}   ({spread})   goal {goal:,.0f}")


if __name__ == "__main__":
    main()
