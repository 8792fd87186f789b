"""``bakeoff run``: a comparison from a file, checked as a whole before anything starts."""

from __future__ import annotations

import difflib
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from rich.console import Console

from reports import arguments
from reports.writing import write_report


def _seconds(value: Any) -> Any:
    return _read(arguments.seconds, value)


def _size(value: Any) -> Any:
    return _read(arguments.size, value)


def _read(parse: Any, value: Any) -> Any:
    """Return what a text such as "10m" means; numbers are left as they are."""
    if not isinstance(value, str):
        return value
    try:
        return parse(value)
    except typer.BadParameter as error:
        raise ValueError(str(error)) from None


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Size = Annotated[int, BeforeValidator(_size), Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Range(_Table):
    """Numbers from ``low`` to ``high``, whole ones where both are."""

    low: int | float
    high: int | float
    log: bool = False

    def distribution(self) -> Any:
        """Return it as Optuna writes it."""
        # Lazy: a file is checked before Optuna is loaded.
        from optuna.distributions import FloatDistribution, IntDistribution

        if isinstance(self.low, int) and isinstance(self.high, int):
            return IntDistribution(self.low, self.high, log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)


class Budget(_Table):
    """What a model may cost."""

    trials: int | None = Field(default=None, ge=1)
    timeout: Seconds | None = None
    time_limit: Seconds | None = None
    memory_limit: Size | None = None
    search_rows: int | None = Field(default=10_000, ge=10)


class Spec(_Table):
    """A comparison as a file describes it; the keys are the options of ``bakeoff compare``."""

    data: str
    target: str | None = None
    task: str | None = None
    time: str | None = None
    groups: str | None = None
    encoding: str | None = None
    models: list[str] | None = Field(default=None, min_length=1)
    metrics: list[str] | None = Field(default=None, min_length=1)
    cv: int | None = Field(default=None, ge=2)
    evaluation: Literal["holdout", "nested"] = "holdout"
    repeats: int = Field(default=1, ge=1)
    seed: int = Field(default=0, ge=0)
    jobs: int = Field(default=1, ge=1)
    storage: str | None = None
    out: str | None = None
    budget: Budget = Budget()
    spaces: dict[str, dict[str, list[Any] | Range]] = {}

    def search_spaces(self) -> dict[str, dict[str, Any]] | None:
        """Return the spaces as ``search.compare`` takes them."""
        return {
            model: {
                name: entry.distribution() if isinstance(entry, Range) else entry
                for name, entry in space.items()
            }
            for model, space in self.spaces.items()
        } or None


class SpecError(ValueError):
    """A file that does not describe a comparison; the message lists all that is wrong."""


def read_spec(path: Path) -> Spec:
    """Return what a file describes.

    Parameters
    ----------
    path : Path
        A TOML file.

    Raises
    ------
    SpecError
        If it is no TOML, or something in it is wrong: all of it, each with key and line.
    """
    text = path.read_text(encoding="utf-8")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{path} is no TOML file: {error}") from None
    wrong = _wrong_names(content)
    try:
        spec = Spec.model_validate(content)
    except ValidationError as error:
        wrong = [(_key(e["loc"]), _sentence(e)) for e in error.errors()] + wrong
        spec = None
    if wrong or spec is None:
        lines = {f"{_place(text, key)}{'.'.join(key)}: {says}" for key, says in wrong}
        raise SpecError(f"{path}: {'; '.join(sorted(lines, key=_by_line))}")
    return spec


def _wrong_names(content: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Return the names of models that nobody knows, where they stand, and what was meant."""
    # Lazy: the registry is not needed for `bakeoff --help`.
    from estimators import registry

    known = registry.names()
    models, spaces = content.get("models"), content.get("spaces")
    given: list[tuple[tuple[str, ...], Any]] = [
        (("models",), name) for name in (models if isinstance(models, list) else ())
    ]
    given += [(("spaces", name), name) for name in (spaces if isinstance(spaces, dict) else ())]
    return [
        (key, f"there is no model {name!r}{_meant(name, known)}")
        for key, name in given
        if isinstance(name, str) and name not in known
    ]


def _key(location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the keys of an error, without the branches of a union."""
    return tuple(str(part) for part in location if part not in ("Range", "list[any]"))


def _sentence(error: Any) -> str:
    if error["type"] != "extra_forbidden":
        got = "" if error["type"] == "missing" else f", got {error['input']!r}"
        return f"{error['msg'].removeprefix('Value error, ')}{got}"
    tables: dict[str, type[_Table]] = {"budget": Budget, "spaces": Range}
    table = tables.get(str(error["loc"][0]), Spec) if len(error["loc"]) > 1 else Spec
    return f"there is no such key{_meant(str(error['loc'][-1]), list(table.model_fields))}"


def _meant(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"


def _place(text: str, key: tuple[str, ...]) -> str:
    """Return "line N: " where the key, or the table that it belongs to, can be found."""
    table: list[str] = []
    found = 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = [part.strip().strip("\"'") for part in header[1].split(".")]
            names = table
        elif entry := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            names = [*table, *(part.strip("\"'") for part in entry[1].split("."))]
        else:
            continue
        if tuple(names) == key[: len(names)]:
            found = number
    return f"line {found}: " if found else ""


def _by_line(line: str) -> tuple[int, str]:
    number = re.match(r"line (\d+)", line)
    return int(number[1]) if number else 0, line


def run(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.toml", help="What to compare, and how.")],
    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder of the run, instead of the file's.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in that folder, if there is one.")
    ] = False,
) -> int:
    """Compare models as a file describes it: data, models, spaces and budgets."""
    asked = read_spec(spec)
    of_a_file = {name: getattr(asked, name) for name in ("target", "task", "time", "groups")}
    dataset = arguments.locate(asked.data, **of_a_file, encoding=asked.encoding)
    # Lazy: neither `bakeoff --help` nor a mistake in the file must wait for the rest.
    from reports.progress import watcher
    from search import compare

    named = out or (Path(asked.out) if asked.out else None)
    folder = named or arguments.run_folder(dataset.name, resume=resume)
    budget = asked.budget
    try:
        with watcher(Console(stderr=True)) as watch:
            compare(
                asked.models,
                dataset,
                **arguments.budget(budget.trials, budget.timeout),
                time_limit=budget.time_limit,
                memory_limit=budget.memory_limit,
                search_rows=budget.search_rows,
                spaces=asked.search_spaces(),
                cv=asked.cv,
                metrics=asked.metrics,
                evaluation=asked.evaluation,
                repeats=asked.repeats,
                storage=asked.storage,
                n_jobs=asked.jobs,
                random_state=asked.seed,
                run_dir=folder,
                resume=resume,
                progress=watch,
            )
    except KeyboardInterrupt:
        print("Interrupted; what is finished is kept. Go on with --resume.", file=sys.stderr)
        return 130
    return write_report(folder, {"html": folder / "report.html"})
