"""The report over several runs, one a data set: whether some models rank better than others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property

from reports.base import BaseReport
from reports.blocks import Column, Fact, Section, Summary, Table, Text, Verdict
from reports.run import Run
from reports.sections import ranks
from reports.words import counted, distinct, listing, number, sentence, shorten
from search.statistics import RankTest, friedman_nemenyi

_ALPHA = 0.05


class SeveralReport(BaseReport):
    """One report over the runs of several data sets, with what they say together.

    Parameters
    ----------
    run_dirs : sequence of path-like
        The run directories, two or more.

    Raises
    ------
    ValueError
        If there are fewer than two, or two of them are about the same data.
    search.RunError
        If one of them holds no run.

    Examples
    --------
    >>> report = SeveralReport(["runs/iris", "runs/wine"])  # doctest: +SKIP
    >>> report.to_html("both.html")  # doctest: +SKIP
    PosixPath('both.html')
    """

    def __init__(self, run_dirs: Sequence[str | os.PathLike[str]]) -> None:
        if len(run_dirs) < 2:
            raise ValueError(f"SeveralReport: run_dirs must be two or more, got {len(run_dirs)}.")
        self._runs = [Run(path) for path in run_dirs]
        _check_different(self._runs)

    @cached_property
    def _titles(self) -> dict[str, str]:
        """The models, the dummy left out, of all runs."""
        found = {m.name: m.title for run in self._runs for m in run.models if not m.is_dummy}
        return dict(zip(found, distinct(list(found.values())), strict=True))

    @cached_property
    def _test(self) -> RankTest | None:
        """The test of the models that were judged on every data set; None where they are too few.

        The dummy takes no part: one more model makes the differences harder to show.
        """
        scores = [
            {m.name: run.metric.sign * m.test[run.metric.name] for m in run.ranked}
            for run in self._runs
        ]
        names = [name for name in self._titles if all(name in known for known in scores)]
        if len(names) < 2:
            return None
        return friedman_nemenyi([[known[name] for name in names] for known in scores], names)

    def _summarize(self) -> Summary:
        runs, test = self._runs, self._test
        series = {name: i + 1 for i, name in enumerate(self._titles)}
        sections = [ranks.summarize(test, self._titles, series)] if test else []
        sections.append(self._scores())
        n_sets = counted(len(runs), "data set")
        return Summary(
            title=f"Which model over {n_sets}?",
            eyebrow=f"{counted(len(self._titles), 'model')} on {n_sets}",
            date=max(run.manifest["created"] for run in runs)[:10],
            task="several",
            kind="several",
            models=tuple(
                {"name": name, "title": title, "series": series[name]}
                for name, title in self._titles.items()
            ),
            classes=(),
            verdict=self._judge(),
            sections=tuple(sections),
        )

    def _judge(self) -> Verdict:
        test = self._test
        if test is None:
            return Verdict("Fewer than two models were judged on every data set.", self._left_out())
        best = next(iter(test.ranks))
        alike = ranks.alike(test, best)
        worse = [self._titles[n] for n in test.ranks if n != best and n not in alike]
        p = ranks.equals(test.p_value)
        if test.p_value >= _ALPHA or not worse:
            headline = f"No model is shown to rank better over {test.n_sets} data sets."
        else:
            headline = f"{sentence(self._titles[best])} ranks best over {test.n_sets} data sets."
        first = [self._titles[n] for n, rank in test.ranks.items() if rank == test.ranks[best]]
        words = [f"The best mean rank is {number(test.ranks[best], 3)}, of {listing(first)}."]
        if test.p_value < _ALPHA and worse:
            words.append(f"It ranks better, more than by chance, than {listing(worse)}.")
        if alike:
            words.append(f"Not told apart from it: {listing(self._titles[n] for n in alike)}.")
        words.append(
            f"All models together: p {p} ({test.method}); ranks must differ by "
            f"{number(test.critical_difference, 3)}. Few data sets tell little, and they stand for "
            "others only as far as they resemble them."
        )
        facts = (
            Fact("Data sets", str(test.n_sets)), Fact("All equal", f"p {p}"),
            Fact("Critical difference", number(test.critical_difference, 3), "of mean ranks"),
        )  # fmt: skip
        return Verdict(headline, (*words, *self._left_out()), facts)

    def _left_out(self) -> tuple[str, ...]:
        known = self._test.ranks if self._test else {}
        left = [title for name, title in self._titles.items() if name not in known]
        return (f"Not judged on every data set: {listing(left)}.",) if left else ()

    def _scores(self) -> Section:
        """Return the score of every model on every data set."""
        columns = (
            Column("data", "Data set"), Column("metric", "Metric"),
            Column("n_test", "Test rows", "integer"),
            *(Column(name, sentence(title), "estimate") for name, title in self._titles.items()),
        )  # fmt: skip
        rows = tuple(
            {"data": run.data["name"], "metric": run.metric.title, "n_test": run.data["n_test"]}
            | {m.name: run.estimate(m, run.metric) for m in run.ranked if not m.is_dummy}
            for run in self._runs
        )
        places = listing(f"{run.directory.path.name}/report.html" for run in self._runs)
        return Section(
            "scores",
            "Scores",
            "The score on the test part of each data set, with its 95 % interval.",
            (
                Table("scores", "Every model on every data set", columns, rows, True),
                Text(f"Each data set has a report of its own, beside this one: {places}.", "small"),
            ),
        )


def _check_different(runs: Sequence[Run]) -> None:
    """Raise a ValueError if a data set would count twice."""
    seen: dict[str, Run] = {}
    for run in runs:
        other = seen.setdefault(run.data["fingerprint"], run)
        if other is not run:
            first, second = other.directory.path, run.directory.path
            name = shorten(run.data["name"], 60)
            raise ValueError(
                f"{first} and {second} are runs of the same data ({name}), and a joint report "
                f"counts each data set once; name one run, as in `bakeoff report {first}`, or see "
                f"what differs with `bakeoff diff {first} {second}`."
            )
