"""Several data sets: which models rank better over them, and by how much ranks must differ.

This section is of the report over several runs (``reports.several``) only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.blocks import Column, Figure, Row, Section, Table
from reports.words import listing, number, p_value
from search.statistics import RankTest

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


def summarize(test: RankTest, titles: dict[str, str], series: dict[str, int]) -> Section:
    """Return mean ranks, and the critical difference diagram."""
    lead = (
        f"Rank 1 is the best model of a data set; the mean is over {test.n_sets} of them. Two "
        f"models whose mean ranks differ by more than {number(test.critical_difference, 3)} (the "
        "critical difference, Nemenyi) differ more than by chance. Of all together: p "
        f"{equals(test.p_value)} ({test.method})."
    )
    columns = (
        Column("model", "Model", "model"), Column("rank", "Mean rank ↓", "score"),
        Column("alike", "Not told apart from"),
    )  # fmt: skip
    rows = tuple(
        {"model": name, "rank": rank, "alike": listing(titles[o] for o in alike(test, name))}
        for name, rank in test.ranks.items()
    )
    table = Table("ranks", "Mean ranks, the best first", columns, rows)
    return Section("ranks", "Ranks", lead, (_figure(test, titles, series), table))


def equals(p: float) -> str:
    """Return a p-value behind its sign."""
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def alike(test: RankTest, name: str) -> list[str]:
    """Return the models that the data sets cannot tell from one, by rank."""
    within = {other for group in test.groups if name in group for other in group} - {name}
    return [other for other in test.ranks if other in within]


def _figure(test: RankTest, titles: dict[str, str], series: dict[str, int]) -> Figure:
    rows: list[Row] = [
        {"title": titles[name], "series": series[name], "rank": rank}
        for name, rank in test.ranks.items()
    ]
    bars = [[test.ranks[group[0]], test.ranks[group[-1]]] for group in test.groups]
    words = "; ".join(f"{row['title']} {row['rank']:.2f}" for row in rows)
    return Figure(
        "critical-difference",
        "Mean ranks, the best on the left; models under one bar are not told apart",
        f"Critical difference diagram. Mean ranks: {words}. Critical difference "
        f"{test.critical_difference:.2f}.",
        "ranks.draw_ranks",
        {"rows": rows, "bars": bars, "difference": test.critical_difference},
        width=640,
        height=88 + 14 * len(bars) + 24 * -(-len(rows) // 2),
    )


def draw_ranks(canvas: Canvas, data: Row) -> None:
    """Draw the axis of ranks, a line to the name of each model, and a bar for each group."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    rows, n_models = data["rows"], len(data["rows"])
    names = [f"{drawing.label(row['title'], 24)} {row['rank']:.2f}" for row in rows]
    margin = drawing.room(names, most=200)
    height = 72 * canvas.get_size_inches()[1]
    ax = drawing.axes(canvas, left=margin, right=margin, top=44, bottom=8)
    ax.set(xlim=(1, n_models), ylim=(0, height - 52), xticks=range(1, n_models + 1))
    ax.set(yticks=[], xlabel="Mean rank")
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    for side, spine in ax.spines.items():
        spine.set_visible(side == "top")
    top = height - 52
    for i, (low, high) in enumerate(data["bars"]):
        y = top - 14 - 14 * i
        ax.plot([low - 0.04, high + 0.04], [y, y], color=drawing.colour("ink"), linewidth=4,
                clip_on=False)  # fmt: skip
    first = top - 22 - 14 * len(data["bars"])
    for i, (row, name) in enumerate(zip(rows, names, strict=True)):
        is_left = i < (n_models + 1) // 2
        y = first - 24 * (i if is_left else n_models - 1 - i)
        edge, side = (1, "right") if is_left else (n_models, "left")
        colour = drawing.line_style(row["series"])["color"]
        ax.plot([row["rank"], row["rank"], edge], [top, y, y], color=colour, linewidth=1.4)
        ax.plot(row["rank"], top, "o", color=colour, markersize=6, clip_on=False)
        ax.annotate(
            name, (edge, y), (-6 if is_left else 6, 0), ha=side,
            va="center", textcoords="offset points", annotation_clip=False,
        )  # fmt: skip
