"""``bakeoff models`` and ``bakeoff datasets``: what there is."""

from __future__ import annotations

from typing import Annotated

import typer

from reports.terminal import print_datasets, print_models


def models(
    task: Annotated[
        str | None, typer.Option(help="Only those that serve it, as in regression.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only those that take it: table, image, text or series.")
    ] = None,
) -> None:
    """List the models: what they serve, what they take, when they are a good choice."""
    print_models(task, kind)


def datasets() -> None:
    """List the data sets that have a name: what is asked of them, where they come from."""
    print_datasets()
