"""The command ``bakeoff``. Whatever is slow to import is imported where it is used."""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from reports import arguments
from reports.difference import diff, verify
from reports.listings import datasets, models
from reports.spec_file import run
from reports.worker import worker
from reports.writing import runs_in, write_report, write_reports

app = typer.Typer(
    name="bakeoff",
    help="Which model should I use for this data, and how sure can I be?",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_OURS = ("estimators", "pipelines", "search", "reports")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    words : sequence of str or None, default=None
        The command line, that of the process if None.

    Returns
    -------
    int
        Exit status: 0 done, 1 a model failed, 2 wrong usage or unreadable data, 130 interrupted.
    """
    given = list(sys.argv[1:] if words is None else words) or ["--help"]
    try:
        status = app(arguments.gather(given), prog_name="bakeoff", standalone_mode=False)
    except typer.TyperException as error:
        known = [
            command.callback.__name__ for command in app.registered_commands if command.callback
        ]
        command = f" {given[0]}" if given[0] in known else ""
        return _complain(f"{error.format_message()} See `bakeoff{command} --help`.")
    except (ValueError, RuntimeError, OSError) as error:
        if not _is_meant_for_people(error):
            raise
        return _complain(str(error))
    return int(status or 0)


def _is_meant_for_people(error: Exception) -> bool:
    """Tell whether the world or our own check is at fault, and not a mistake of the program."""
    if isinstance(error, OSError):
        return True
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).split(".")[0] in _OURS


def _complain(message: str) -> int:
    print(f"bakeoff: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"bakeoff {version('bakeoff')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Take what stands before the name of a command."""


@app.command()
def compare(
    data: Annotated[
        list[str],
        typer.Argument(metavar="DATA...", help="A data set's name, a file or a folder of images."),
    ],
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="Column to predict, of a file.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="What is asked of a file, as in regression; inferred if absent."),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="COL", help="Column that orders the rows of a file.")
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Column whose values must not stand in both parts."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="Encoding of a text file, if not UTF-8.")
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(metavar="NAME...", help="Models, as `bakeoff models` lists them."),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trials of each model's search; 20, within 20 s, if no budget is given."
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            parser=arguments.seconds,
            metavar="TIME",
            help="Start no trial of a model's search after this time, as in 90s, 10m or 1h30m.",
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            parser=arguments.seconds, metavar="TIME", help="End a model that takes longer."
        ),
    ] = None,
    memory_limit: Annotated[
        int | None,
        typer.Option(
            parser=arguments.size, metavar="SIZE", help="End a model that needs more, as in 4G."
        ),
    ] = None,
    cv: Annotated[
        int | None, typer.Option(min=2, help="Folds of the search; chosen by the data if absent.")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="NAME...", help="Metrics; the first one is optimised."),
    ] = None,
    search_rows: Annotated[
        Any,
        typer.Option(
            parser=arguments.rows,
            metavar="N",
            help="Search on a sample of N training rows, or on all; the final fit takes all.",
        ),
    ] = 10_000,
    evaluation: Annotated[
        Literal["holdout", "nested"],
        typer.Option(help="Judge once on the test part, or by nested folds too."),
    ] = "holdout",
    repeats: Annotated[
        int, typer.Option(min=1, help="Judge the final fit with so many seeds; the first counts.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all that is drawn.")] = 0,
    storage: Annotated[
        str | None,
        typer.Option(metavar="URL", help="PostgreSQL database, so that `bakeoff worker` can help."),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(metavar="dask://HOST:PORT", help="Dask cluster that fits the folds."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes of a model's search.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Folder of the run; runs/DATA-DATE-TIME if absent."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in that folder, if there is one.")
    ] = False,
) -> int:
    """Tune models on DATA, judge them on data the tuning never saw, and write the report."""
    of_a_file = {"target": target, "task": task, "time": time, "groups": groups}
    sets = [arguments.locate(one, **of_a_file, encoding=encoding) for one in data]
    # Lazy: neither `bakeoff --help` nor a data set's misspelt name must wait for the rest.
    from reports.progress import watcher
    from search import compare as run_comparison

    name = sets[0].name if len(sets) == 1 else "several"
    run = out or arguments.run_folder(name, resume=resume)
    folders = arguments.folders_within(run, sets)
    try:
        with watcher(Console(stderr=True)) as watch:
            for dataset, folder in zip(sets, folders, strict=True):
                run_comparison(
                    arguments.names(models) if models else None,
                    dataset,
                    **arguments.budget(trials, timeout),
                    time_limit=time_limit,
                    memory_limit=memory_limit,
                    cv=cv,
                    metrics=arguments.names(metrics) if metrics else None,
                    evaluation=evaluation,
                    repeats=repeats,
                    search_rows=search_rows,
                    storage=storage,
                    n_jobs=None if backend and jobs == 1 else jobs,
                    backend=backend,
                    random_state=seed,
                    run_dir=folder,
                    resume=resume,
                    progress=watch,
                )
    except KeyboardInterrupt:
        print(f"Interrupted; what is finished is kept. Go on with: {_again(run)}", file=sys.stderr)
        return 130
    return _report(folders, {"html": run / "report.html"})


def _report(folders: list[Path], places: dict[str, Path | None]) -> int:
    """Write the report of a run, or those of several and the joint one."""
    if len(folders) == 1:
        return write_report(folders[0], places)
    return write_reports(folders, places)


def _again(run: Path) -> str:
    """Return the command line that goes on with ``run``."""
    words = [word for word in sys.argv[1:] if word != "--resume"]
    out = [] if any(word.split("=")[0] == "--out" for word in words) else ["--out", str(run)]
    return shlex.join(["bakeoff", *words, *out, "--resume"])


@app.command()
def report(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a run, or of runs of different data.")
    ],
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the page goes; RUN/report.html if absent."),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a Markdown folder too.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write every table as a CSV file too.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all that the report says as JSON.")
    ] = None,
) -> int:
    """Write the report of a run again, from what stands in its folder."""
    places = {"html": html or run / "report.html", "markdown": markdown, "csv": csv, "json": json}
    return _report(runs_in(run), places)


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    data: Annotated[Path, typer.Argument(metavar="NEWDATA", help="A table with its columns.")],
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which one; the best in validation if absent."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A CSV file; the output if absent.")
    ] = None,
    encoding: Annotated[
        str, typer.Option(metavar="NAME", help="Encoding of a text file.")
    ] = "utf-8",
) -> None:
    """Write what a model of a run answers to new rows, with probabilities, as CSV."""
    # Lazy: `bakeoff --help` must not wait for pandas.
    from reports import prediction

    answers = prediction.predict(run, data, model, encoding)
    answers.to_csv(out or sys.stdout, index=False)


for _command in (run, worker, models, datasets, diff, verify):
    app.command()(_command)
