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
the rest, both ways: what a threshold chosen elsewhere would give, of a detector chosen here. "Other
folders" parts the series by folder, every second one by name, chooses threshold *and* the two
parameters of our detector (history and quiet, nine pairs fixed beforehand) on one part and scores
the other, both ways; of the published detectors it chooses the threshold alone. The constants
inside our detector stay as they were chosen on all series.

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
VARIANTS = [{"history": h, "quiet": q} for h in (1000, 3000, 9000) for q in (75, 150, 300)]


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


def other_folders(
    variants: list[list[ScoredSeries]], folders: list[str]
) -> tuple[list[float], list[int]]:
    """Return the standard score of each part, and which variant was chosen on the other for it."""
    part_of = {folder: i % 2 for i, folder in enumerate(sorted(set(folders)))}
    parts = [
        [
            [s for s, f in zip(scored, folders, strict=True) if part_of[f] == i]
            for scored in variants
        ]
        for i in (0, 1)
    ]
    scores, chosen = [], []
    for chosen_on, judged_on in (parts[::-1], parts):
        tuned = [best_nab_threshold(scored) for scored in chosen_on]
        best = max(range(len(tuned)), key=lambda i: tuned[i][1])
        scores.append(nab_score(judged_on[best], tuned[best][0]))
        chosen.append(best)
    return scores, chosen


def main() -> None:
    """Print the table."""
    home = Path(os.environ["BAKEOFF_DATA"]) / "nab"
    found, speed = outputs(home)
    loaded = list(series(home))
    folders = [name.partition("/")[0] for name, *_ in loaded]
    variants = [
        [ScoredSeries(novelty_scores(x, t, **variant), w) for _, t, x, w in loaded]
        for variant in VARIANTS
    ]
    rows = []
    for name, scored in found.items():
        parts, chosen = other_folders(variants if name == OURS else [scored], folders)
        row = {p: best_nab_threshold(scored, p)[1] for p in PROFILES}
        row |= {"other half": other_half(scored), "other folders": float(np.mean(parts))}
        rows.append({"detector": name, **row, "first part": parts[0], "second part": parts[1]})
        if name == OURS:
            print("chosen for the first and the second part:", [VARIANTS[i] for i in chosen])
    table = pd.DataFrame(rows).sort_values("standard", ascending=False)
    print(table.to_string(index=False, float_format="{:.2f}".format))
    print(f"{OURS}: {speed:,.0f} rows a second")


if __name__ == "__main__":
    main()
