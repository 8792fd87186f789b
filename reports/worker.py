"""``bakeoff worker``: more hands for a run whose studies stand on a server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reports import arguments


def worker(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of the run, or a copy.")],
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="Its data, where they are a file or folder."),
    ] = None,
    target: arguments.ColumnAgain = None,
    task: arguments.TaskAgain = None,
    time: arguments.ColumnAgain = None,
    groups: arguments.ColumnAgain = None,
    encoding: arguments.EncodingAgain = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="The database, if its password is needed.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes of this worker.")] = 1,
) -> int:
    """Help with the trials of a run that was begun with --storage, on this machine."""
    # Lazy: `bakeoff --help` must not wait for Optuna and the models.
    from reports.progress import watcher
    from search import RunDirectory, assist

    name = data or RunDirectory(run).manifest["data"]["name"]
    of_a_file = {"target": target, "task": task, "time": time, "groups": groups}
    dataset = arguments.locate(name, **of_a_file, encoding=encoding)
    try:
        with watcher(Console(stderr=True)) as watch:
            assist(run, dataset, storage=storage, n_jobs=jobs, progress=watch)
    except KeyboardInterrupt:
        print("Interrupted; other workers take over the trial in progress.", file=sys.stderr)
        return 130
    return 0
