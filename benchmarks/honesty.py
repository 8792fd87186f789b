"""Do the intervals cover, and do the tests keep their level? Simulations with a known truth.

Protocol. Every table is made from scratch with fixed seeds; nothing is real data, because the truth
must be known. A share of 5 % in 2,000 trials has a standard error of 0.5 points.

* Intervals: predictions are drawn, the 95 % interval of `search.statistics.interval` is taken, and
  counted is how often it holds the true value (in closed form, or from 4 million rows).
* Paired tests on a test part: two models that are exchangeable by construction, level 5 %.
* Tests over folds: two least-squares classifiers, each on its own five of ten equally informative
  columns, so neither is better over all samples; 10 folds, and 10 times 10 folds, of 200 rows.
* Verdict: ten exchangeable models on one test part; counted is how often `best_set` names a winner
  or calls any model worse. Beside it the usual habit: the best against each other one, uncorrected.

A quarter of the trials is made for intervals of 10,000 rows that are resampled, half of them for
the verdict. Every number is kept in a file as soon as it is known and not computed again: the
benchmark goes on where it was stopped. All of it takes about seven minutes of one core.

Run `python -m benchmarks.honesty`; `--trials N` (default 2,000) for a quick look, `--minutes M` to
stop after so long, `--out FILE` (default `runs/honesty.jsonl`) for the file of the numbers.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.metrics import f1_score

from search.disk import append_lines, read_lines
from search.metrics import evaluate
from search.statistics import best_set, corrected_t_test, interval, paired_test, pairwise_tests

Drawn = tuple[np.ndarray, dict[str, np.ndarray]]
ROWS = (100, 1_000, 10_000)


@dataclass(frozen=True)
class Case:
    """A metric, a way to draw truth and answers of n rows, and the true value."""

    metric: str
    what: str
    draw: Callable[[int, np.random.Generator], Drawn]
    truth: float


def hits(n: int, rng: np.random.Generator, share: float) -> Drawn:
    truth = rng.integers(2, size=n)
    return truth, {"y_pred": np.where(rng.random(n) < share, truth, 1 - truth)}


def ranks(n: int, rng: np.random.Generator, gap: float) -> Drawn:
    truth = (rng.random(n) < 0.4).astype(int)
    return truth, {"y_score": rng.normal(size=n) + gap * truth, "classes": np.array([0, 1])}


def labels(n: int, rng: np.random.Generator, skill: float) -> Drawn:
    truth = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    scores = rng.normal(size=(n, 3))
    scores[np.arange(n), truth] += skill
    return truth, {"y_pred": scores.argmax(axis=1)}


def numbers(n: int, rng: np.random.Generator, noise: float, freedom: float = np.inf) -> Drawn:
    prediction = rng.normal(size=n)
    error = rng.normal(size=n) if np.isinf(freedom) else rng.standard_t(freedom, size=n)
    return prediction + noise * error, {"y_pred": prediction}


def f1_truth(skill: float) -> float:
    truth, given = labels(4_000_000, np.random.default_rng(99), skill)
    return float(f1_score(truth, given["y_pred"], average="macro"))


def cases() -> list[Case]:
    return [
        Case("accuracy", "true value 0.80", lambda n, g: hits(n, g, 0.8), 0.8),
        Case("accuracy", "true value 0.97", lambda n, g: hits(n, g, 0.97), 0.97),
        Case("roc_auc", "binormal, 0.86", lambda n, g: ranks(n, g, 1.5),
             float(stats.norm.cdf(1.5 / 2**0.5))),
        Case("roc_auc", "binormal, 0.98", lambda n, g: ranks(n, g, 2.9),
             float(stats.norm.cdf(2.9 / 2**0.5))),
        Case("f1_macro", "3 classes, 0.73", lambda n, g: labels(n, g, 1.5), f1_truth(1.5)),
        Case("f1_macro", "3 classes, 0.94", lambda n, g: labels(n, g, 3.0), f1_truth(3.0)),
        Case("r2", "normal errors, 0.67", lambda n, g: numbers(n, g, 0.7), 1 / 1.49),
        Case("r2", "t6 errors, 0.58", lambda n, g: numbers(n, g, 0.7, 6),
             1 / (1 + 0.49 * 1.5)),
    ]  # fmt: skip


def coverage(case: Case, n: int, trials: int) -> float:
    rng, held = np.random.default_rng(n), 0
    for _ in range(trials):
        truth, given = case.draw(n, rng)
        low, high = interval(case.metric, truth, **given)
        held += low <= case.truth <= high
    return held / trials


def two_equal(metric: str, n: int, rng: np.random.Generator) -> tuple[np.ndarray, list[dict]]:
    """Return truth and two exchangeable models that share half of their noise."""
    common = rng.normal(size=(n, 3))
    own = [0.7 * common + 0.7 * rng.normal(size=(n, 3)) for _ in range(2)]
    if metric == "r2":
        truth = rng.normal(size=n)
        return truth, [{"y_pred": truth + 0.6 * noise[:, 0]} for noise in own]
    if metric == "roc_auc":
        truth = (rng.random(n) < 0.4).astype(int)
        classes = np.array([0, 1])
        return truth, [{"y_score": 1.5 * truth + e[:, 0], "classes": classes} for e in own]
    truth = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    right = 2.0 * np.eye(3)[truth]
    return truth, [{"y_pred": (right + noise).argmax(axis=1)} for noise in own]


def paired_rejections(metric: str, n: int, trials: int) -> float:
    rng, rejected = np.random.default_rng(n + 1), 0
    for _ in range(trials):
        truth, (first, second) = two_equal(metric, n, rng)
        rejected += paired_test(metric, truth, first, second).p_value <= 0.05
    return rejected / trials


def fold_scores(X: np.ndarray, y: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the accuracy of a least-squares classifier on every fold of one partition."""
    scores = []
    for fold in range(folds.max() + 1):
        train, test = folds != fold, folds == fold
        weights = np.linalg.lstsq(X[train], y[train] - 0.5, rcond=None)[0]
        scores.append(np.mean((X[test] @ weights > 0) == y[test]))
    return np.array(scores)


def fold_rejections(repeats: int, trials: int) -> tuple[float, float]:
    """Return how often the corrected and the naive t-test call two equal models different."""
    rng, n, corrected, naive = np.random.default_rng(repeats), 200, 0, 0
    for _ in range(trials):
        y = rng.integers(2, size=n)
        X = rng.normal(size=(n, 10)) + 0.4 * (2 * y[:, None] - 1)
        partitions = [rng.permutation(n) % 10 for _ in range(repeats)]
        first, second = (
            np.concatenate([fold_scores(part, y, folds) for folds in partitions])
            for part in (X[:, :5], X[:, 5:])
        )
        test = corrected_t_test(first, second, n_train=180, n_test=20)
        corrected += test.p_value <= 0.05
        naive += stats.ttest_rel(first, second).pvalue <= 0.05 if np.ptp(first - second) else 0
    return corrected / trials, naive / trials


def ten_equal(metric: str, n: int, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, dict]]:
    if metric == "r2":
        truth, common = rng.normal(size=n), rng.normal(size=n)
        draws = (truth + 0.3 * common + 0.4 * rng.normal(size=n) for _ in range(10))
    else:
        truth, hard = rng.integers(2, size=n), rng.random(n) < 0.4
        share = np.where(hard, 0.7, 0.99)
        draws = (np.where(rng.random(n) < share, truth, 1 - truth) for _ in range(10))
    return truth, {f"model {i}": {"y_pred": drawn} for i, drawn in enumerate(draws)}


def verdicts(metric: str, n: int, trials: int) -> tuple[float, float, float]:
    """Return how often a winner is named, any model called worse, and the naive habit does so."""
    rng, won, worse, naive = np.random.default_rng(n + 2), 0, 0, 0
    for _ in range(trials):
        truth, models = ten_equal(metric, n, rng)
        tests = pairwise_tests(metric, truth, models)
        scores = {name: evaluate([metric], truth, **m)[metric] for name, m in models.items()}
        found = best_set(scores, tests)
        won += found.winner is not None
        worse += len(found.members) < len(models)
        pairs = [t for t in tests if found.best in (t.first, t.second)]
        naive += any(t.p_value <= 0.05 for t in pairs)
    return won / trials, worse / trials, naive / trials


@dataclass
class Numbers:
    """What is known already, on disk; the rest is computed until the time is over."""

    file: Path
    deadline: float
    known: dict[tuple, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.known = {tuple(line["key"]): line["values"] for line in read_lines(self.file)}

    def get(self, key: tuple, compute: Callable[[], Sequence[float]]) -> list[str]:
        """Return numbers as shares in percent, computed if they are not known and there is time."""
        if key not in self.known:
            if time.process_time() > self.deadline:
                return ["…", "…", "…"]
            self.known[key] = list(compute())
            append_lines(self.file, [{"key": key, "values": self.known[key]}])
        return [f"{share:.1%}" for share in self.known[key]]


def print_coverage(trials: int, numbers: Numbers) -> None:
    print("\nCoverage of 95 % intervals (goal 93 to 97 %):\n")
    print("| metric | case | " + " | ".join(f"n = {n:,}" for n in ROWS) + " |")
    print("|---|---|" + "---:|" * len(ROWS))
    for case in cases():
        row = []
        for n in ROWS:
            few = trials // 4 if n >= 10_000 and case.metric != "accuracy" else trials
            key = ("coverage", case.metric, case.what, n, few)
            row.append(
                numbers.get(key, lambda n=n, few=few, case=case: [coverage(case, n, few)])[0]
            )
        print(f"| {case.metric} | {case.what} | {' | '.join(row)} |", flush=True)


def print_paired(trials: int, numbers: Numbers) -> None:
    print("\nTwo equal models on a test part, called different at 5 %:\n")
    print("| metric | n = 100 | n = 1,000 |\n|---|---:|---:|")
    for metric in ("accuracy", "roc_auc", "f1_macro", "r2"):
        row = [
            numbers.get(
                ("paired", metric, n, trials),
                lambda n=n, metric=metric: [paired_rejections(metric, n, trials)],
            )[0]
            for n in (100, 1_000)
        ]
        print(f"| {metric} | {' | '.join(row)} |", flush=True)


def print_folds(trials: int, numbers: Numbers) -> None:
    print("\nTwo equal models over folds, called different at 5 % (goal at most 6 %):\n")
    print("| folds | corrected (Nadeau-Bengio) | naive paired t |\n|---|---:|---:|")
    for repeats in (1, 10):
        key = ("folds", repeats, trials)
        row = numbers.get(key, lambda repeats=repeats: fold_rejections(repeats, trials))
        print(f"| {repeats} x 10 | {' | '.join(row[:2])} |", flush=True)


def print_verdicts(trials: int, numbers: Numbers) -> None:
    print("\nTen equal models (goal: a winner in at most 5 %):\n")
    print("| metric | n | a winner is named | any model called worse | uncorrected habit |")
    print("|---|---:|---:|---:|---:|")
    for metric, n in (("accuracy", 360), ("accuracy", 2_000), ("r2", 300)):
        key = ("verdicts", metric, n, trials // 2)
        row = numbers.get(key, lambda metric=metric, n=n: verdicts(metric, n, trials // 2))
        print(f"| {metric} | {n:,} | {' | '.join(row)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2_000)
    parser.add_argument("--minutes", type=float, default=60, help="of processor time")
    parser.add_argument("--out", type=Path, default=Path("runs") / "honesty.jsonl")
    given = parser.parse_args()
    numbers = Numbers(given.out, time.process_time() + 60 * given.minutes)
    print(
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"scipy {scipy.__version__}, scikit-learn {sklearn.__version__}; {given.trials:,} trials "
        "(a quarter for resampled intervals of 10,000 rows, half for the verdict)."
    )
    for part in (print_coverage, print_paired, print_folds, print_verdicts):
        part(given.trials, numbers)
    print(f"\nTook {time.process_time():.0f} s of processor time.")


if __name__ == "__main__":
    main()
