"""``bakeoff diff`` and ``bakeoff verify``: two runs side by side, a run against itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from reports import arguments, words
from reports.terminal import print_table

if TYPE_CHECKING:
    from search import RunDirectory

Row = tuple[str, str, str, str]
_Data = Annotated[
    str | None, typer.Argument(metavar="[DATA]", help="Its data, where they are a file or folder.")
]


def diff(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="Folder of a run.")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="Folder of another run.")],
) -> None:
    """Say what differs between two runs: question, data, versions, scores with intervals, time."""
    # Lazy: `bakeoff --help` must not wait for pandas and the statistics.
    from search import RunDirectory

    first, second = RunDirectory(run_a), RunDirectory(run_b)
    rows = [*_manifest_rows(first, second), *_score_rows(run_a, run_b)]
    if rows:
        print_table(("what", "which", str(run_a), str(run_b)), rows)
    else:
        print("No difference in question, data, versions, machine, parameters and scores.")


def _manifest_rows(first: RunDirectory, second: RunDirectory) -> Iterator[Row]:
    for part in ("question", "data", "versions", "machine"):
        a, b = first.manifest[part], second.manifest[part]
        for name in dict.fromkeys([*a, *b]):
            if a.get(name) != b.get(name):
                yield part, name, _text(a.get(name)), _text(b.get(name))


def _score_rows(run_a: Path, run_b: Path) -> Iterator[Row]:
    """Yield the models whose test scores differ, and then what else of them does."""
    from reports import Report  # lazy, as above

    a, b = (_lines(Report(run)) for run in (run_a, run_b))
    for model in dict.fromkeys([*a, *b]):
        one, other = a.get(model), b.get(model)
        if one is None or other is None:
            first, second = ("takes part" if line else "does not" for line in (one, other))
            yield "model", model, first, second
            continue
        for name, show in _SHOWN.items():
            before, after = show(one), show(other)
            if before != after:
                yield model, name, before, after


def _lines(report: Any) -> dict[str, dict[str, Any]]:
    table = report.table().reset_index()
    return {str(line["model"]): line for line in table.to_dict(orient="records")}


_SHOWN: Mapping[str, Any] = {
    "status": lambda line: str(line["status"]),
    "test score": lambda line: words.estimate(
        [_known(line[name]) for name in ("test", "test_low", "test_high")]
    ),
    "validation": lambda line: words.score(_known(line["validation"])),
    "fit": lambda line: words.seconds(_known(line["fit_seconds"])),
    "predict": lambda line: words.seconds(_known(line["predict_seconds"])),
}


def _known(value: float | None) -> float | None:
    """Return a number, or None for what pandas says where there is none."""
    return None if value is None or value != value else float(value)


def _text(value: Any) -> str:
    text = "-" if value is None else " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def verify(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    data: _Data = None,
    target: arguments.ColumnAgain = None,
    task: arguments.TaskAgain = None,
    time: arguments.ColumnAgain = None,
    groups: arguments.ColumnAgain = None,
    encoding: arguments.EncodingAgain = None,
) -> int:
    """Run again in a temporary folder, and say where the outcome is not what RUN says."""
    # Lazy: `bakeoff --help` must not wait for Optuna and the models.
    from reports.progress import watcher
    from search import Comparison, RunDirectory, compare
    from search.given import given_again

    manifest = RunDirectory(run).manifest
    question, given = manifest["question"], given_again(RunDirectory(run))
    of_a_file = {"target": target, "task": task, "time": time, "groups": groups}
    name = data or manifest["data"]["name"]
    dataset = arguments.locate(name, **of_a_file, encoding=encoding)
    if dataset.fingerprint != manifest["data"]["fingerprint"]:
        raise ValueError(f"{run} is about other data than {name!r} as it is now.")
    same = ("n_trials", "timeout", "evaluation", "search_rows", "pruner", "random_state", "metrics")
    with tempfile.TemporaryDirectory() as folder, watcher(Console(stderr=True)) as watch:
        asked = {key: question[key] for key in same} | {"repeats": question.get("repeats", 1)}
        again = compare(data=dataset, run_dir=folder, progress=watch, **given, **asked)
        different = list(_outcomes(Comparison(run), again, RunDirectory(folder).manifest, manifest))
    if not different:
        print("The same again: parameters, validation and test scores of every model.")
        return 0
    print_table(("model", "what", str(run), "again"), different)
    return 1


def _outcomes(before: Any, after: Any, manifest: Any, known: Any) -> Iterator[Row]:
    """Yield what is not the same in two comparisons of one question."""
    if manifest["question"]["cv"] != known["question"]["cv"]:
        yield "all", "cv", known["question"]["cv"], manifest["question"]["cv"]
    a, b = before.table(), after.table()
    columns = ["status", *known["question"]["metrics"], "validation", "params"]
    for model in a.index:
        for name in columns:
            one, other = a.loc[model, name], b.loc[model, name]
            if one != other and not (one != one and other != other):  # NaN differs from itself
                yield str(model), name, _text(one), _text(other)
