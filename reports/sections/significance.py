"""Which differences are more than chance: paired tests of all pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.blocks import Block, Column, Figure, Fold, Row, Section, Table, Text
from reports.run import Run
from reports.words import counted, difference_parts, p_value, sentence
from search.statistics import PairedTest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

ALPHA = 0.05
_FEW = 10


def summarize(run: Run) -> Section | None:
    """Return the tests of all pairs, and the differences to the best model as a plot."""
    tests, best = run.evidence.tests, run.evidence.best
    if not tests or best is None:
        return None
    methods = " / ".join(dict.fromkeys(test.method for test in tests))
    names = {m.name for m in run.models if m.is_dummy}
    apart = sum(bool(names & {test.first, test.second}) for test in tests)
    lead = (
        "Every pair of models on the same test rows; the p-values are corrected (Holm) for "
        f"{_families(len(tests) - apart, apart)}. Below {ALPHA} a difference is more than chance; "
        "above it nothing is proven, not even that the two are equal."
    )
    table = _table(run)
    blocks: list[Block] = [_figure(run, best.best)]
    blocks.append(table if len(tests) <= _FEW else Fold("Every pair", (table,)))
    blocks.append(Text(f"Method: {methods}. The intervals are of each pair alone.", "small"))
    return Section("significance", "What is more than chance", lead, tuple(blocks))


def _families(among: int, with_dummy: int) -> str:
    """Say which pairs are corrected together."""
    if not among or not with_dummy:
        return counted(among + with_dummy, "pair")
    return (
        f"{counted(among, 'pair')} of models, and apart from them for {with_dummy} with the dummy"
    )


def _table(run: Run) -> Table:
    columns = (
        Column("first", "Model", "model"), Column("second", "Against", "model"),
        Column("difference", f"Advantage in {run.metric.title}", "difference"),
        Column("p", "p", "p_value"), Column("adjusted", "p, corrected", "p_value"),
        Column("effect", "Effect size", "number"), Column("differs", "More than chance", "mark"),
    )  # fmt: skip
    rank = {model.name: i for i, model in enumerate(run.ranked)}
    tests = [_best_first(run, test, rank) for test in run.evidence.tests]
    tests.sort(key=lambda test: (rank[test.first], rank[test.second]))
    rows = tuple(
        {
            "first": test.first, "second": test.second,
            "difference": [test.difference, test.low, test.high], "p": test.p_value,
            "adjusted": test.adjusted, "effect": round(test.effect_size, 3),
            "differs": test.adjusted < ALPHA,
        }
        for test in tests
    )  # fmt: skip
    return Table("pairs", f"All {counted(len(rows), 'pair')}", columns, rows, interactive=True)


def _best_first(run: Run, test: PairedTest, rank: dict[str, int]) -> PairedTest:
    better, other = sorted((test.first, test.second), key=rank.__getitem__)
    return run.evidence.test_of(better, other) or test


def _figure(run: Run, best: str) -> Figure:
    """Return how far each model is behind the best one."""
    models = {model.name: model for model in run.ranked}
    rows: list[Row] = []
    for name, model in models.items():
        if test := run.evidence.test_of(name, best):
            ends = [test.difference, test.low, test.high]
            rows.append(
                {"title": model.title, "series": model.series, "estimate": ends, "p": test.adjusted}
            )
    words = "; ".join(
        f"{row['title']} {' '.join(difference_parts(row['estimate']))}, "
        f"corrected p {p_value(row['p'])}"
        for row in rows
    )
    title = models[best].title
    what = f"Difference in {run.metric.title} to {title}"
    return Figure(
        "differences",
        f"{what}, with its 95 % interval; left of the line is worse, hollow is within chance",
        f"{what}: {words}.",
        "significance.draw_differences",
        {"rows": rows, "what": sentence(what)},
        width=640,
        height=58 + 26 * len(rows),
    )


def draw_differences(canvas: Canvas, data: Row) -> None:
    """Draw a dot with a bar for every model, and the line that says "no difference"."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    rows = data["rows"]
    names = [drawing.label(row["title"], 28) for row in rows]
    ax = drawing.axes(canvas, left=drawing.room(names), right=80)
    low, high = drawing.limits(rows, lambda row: [*row["estimate"], 0.0])
    ax.axvline(0, color=drawing.colour("muted"), linewidth=1)
    for y, row in enumerate(rows):
        value, *ends = row["estimate"]
        colour = drawing.line_style(row["series"])["color"]
        if value < low:
            ax.annotate(
                f"← {difference_parts([value] * 3)[0]}", (low, y), (6, 0), va="center",
                color=colour, textcoords="offset points",
            )  # fmt: skip
            _write_p(ax, row, y)
            continue
        face = colour if row["p"] < ALPHA else drawing.colour("paper")
        ax.plot(ends, [y, y], color=colour, linewidth=2.4, solid_capstyle="round", zorder=2)
        ax.plot(value, y, "o", color=colour, markerfacecolor=face, markersize=7, zorder=3)
        _write_p(ax, row, y)
    ax.set(yticks=range(len(rows)), yticklabels=names, ylim=(len(rows) - 0.4, -0.6))
    ax.set(xlabel=data["what"], xlim=(low, high))
    ax.tick_params(axis="y", length=0, labelcolor=drawing.colour("ink"))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")


def _write_p(ax: Axes, row: Row, y: float) -> None:
    """Write the corrected p-value of a row at its right end."""
    ax.annotate(
        f"p {p_value(row['p'])}", (1, y), (8, 0), va="center", textcoords="offset points",
        xycoords=("axes fraction", "data"),
    )  # fmt: skip
