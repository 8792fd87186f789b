"""How soon a search that prunes finds a good net.

Protocol. `CNNClassifier(max_epochs=12)` in its own space, MNIST 16,000 / 4,000, twice in one
process, one after the other, with the same space, validation rows and seed: 20 trials without
pruner and without sharing, all to their end, against a search with Hyperband between epochs that
ends with the first trial that validates at 99.2 % after its last epoch. A pruned trial does not
count, whatever it scored. Both begin with the same candidates, the defaults first, and part where
they learn from what they have seen; where they finish the same candidate they must find the same
score, or the script fails.

The second line is the time that the unpruned search needs to get there: what pruning wins beside
stopping in time. It is one seed, and which candidate comes first is luck; the trial is named.

Run `BAKEOFF_DATA=... python -m benchmarks.pruning`, alone on the machine: 20 to 40 minutes on two
cores (an estimate). `--quick` shows in a minute that it runs, and no more.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from sklearn.model_selection import StratifiedShuffleSplit

from benchmarks.search import Seconds, begin, line
from estimators import CNNClassifier
from pipelines import load_dataset
from search import OptunaSearchCV

_GOOD = 0.992  # validation accuracy that ends the search


@dataclass(frozen=True)
class End:
    """The end of a trial: candidate, score (None if it was pruned), time since the start."""

    params: dict[str, Any]
    score: float | None
    seconds: Seconds

    @property
    def is_good(self) -> bool:
        return self.score is not None and self.score >= _GOOD


def run(X: Any, y: Any, n_trials: int, n_epochs: int, **params: Any) -> list[End]:
    """Search, and return the end of each trial; a search that prunes ends with a good one."""
    split = next(StratifiedShuffleSplit(1, test_size=0.2, random_state=0).split(X, y))
    ends: list[End] = []
    clock, processor = time.perf_counter(), time.process_time()

    def note(study: optuna.Study, trial: FrozenTrial) -> None:
        seconds = (time.perf_counter() - clock, time.process_time() - processor)
        score = trial.value if trial.state == TrialState.COMPLETE else None
        ends.append(End(trial.params, score, seconds))
        if params["pruner"] is not None and ends[-1].is_good:
            study.stop()

    OptunaSearchCV(
        CNNClassifier(max_epochs=n_epochs, random_state=0), n_trials=n_trials, cv=split,
        refit=False, callbacks=[note], random_state=0, error_score="raise", **params,
    ).fit(X, y)  # fmt: skip
    return ends


def told(ends: list[End]) -> str:
    """Return which trial was the first good one, or that there was none."""
    scores = [end.score for end in ends]
    good = [end.is_good for end in ends]
    if True in good:
        return f"trial {good.index(True)} reaches {_GOOD:.1%}, {scores.count(None)} pruned"
    best = max(score for score in scores if score is not None)
    return f"best of {len(scores)} trials {best:.2%}, {scores.count(None)} pruned"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    quick = parser.parse_args().quick
    rows, n_trials, n_epochs = (800, 12, 4) if quick else (20_000, 20, 12)
    data = load_dataset("mnist")
    given = (data.X_train[:rows], data.y_train[:rows], n_trials, n_epochs)
    CNNClassifier(max_epochs=1, random_state=0).fit(*(part[:500] for part in given[:2]))  # imports
    begin()
    ours, plain = run(*given, pruner="hyperband"), run(*given, pruner=None, share=False)
    both = [(a, b) for a, b in zip(ours, plain, strict=False) if a.params == b.params and a.score]
    if not both or any(mine.score != theirs.score for mine, theirs in both):
        raise SystemExit(f"the same candidates must have the same scores, got {both}")
    line("cnn", f"{told(ours)}; {n_trials} unpruned trials", ours[-1].seconds, plain[-1].seconds)
    first = next((end for end in plain if end.is_good), plain[-1])
    line("cnn", f"the same; unpruned, {told(plain)}", ours[-1].seconds, first.seconds)


if __name__ == "__main__":
    main()
