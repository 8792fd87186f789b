"""Parts of pages that are made from what the program knows: ``python docs/catalogue.py``.

They stand between ``<!-- models -->``, ``<!-- datasets -->``, ``<!-- examples -->`` or
``<!-- reference -->`` and ``<!-- end -->``; ``tests/test_docs.py`` fails when they are not up to
date.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Sequence
from pathlib import Path

import estimators
from estimators import registry
from pipelines.loaders import CATALOGUE

ROOT = Path(__file__).parent.parent
PAGES = (
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("catalogue", "examples", "reference")),
)
PACKAGES = ("estimators", "pipelines", "search", "reports")
# What a user of the Python interface meets beside the public names of the packages.
MODULES = {
    "estimators": ("estimators.registry", "estimators.spec", "estimators.params"),
    "search": ("search.generation", "search.metrics", "search.statistics"),
}


def models() -> str:
    """Return the table of all models of the registry."""
    rows = []
    for name in registry.names():
        spec = registry.get(name)
        classes = list(dict.fromkeys(cls.__name__ for cls in spec.tasks.values()))
        rows.append(
            (
                f"`{name}`",
                spec.title,
                ", ".join(spec.tasks),
                ", ".join(sorted(spec.kinds)),
                ", ".join(f"`{c}`" for c in classes if c in estimators.__all__),
            )
        )
    return _table(("name", "model", "tasks", "data", "classes"), rows)


def datasets() -> str:
    """Return the table of all data sets that have a name."""
    rows = [
        (
            f"`{name}`",
            entry.title,
            entry.task,
            entry.kind,
            entry.origin,
        )
        for name, entry in CATALOGUE.items()
    ]
    return _table(("name", "what", "task", "data", "files"), rows)


def examples() -> str:
    """Return the table of all examples with the first sentence of each."""
    rows = []
    for path in sorted((ROOT / "examples").glob("*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        rows.append((f"`examples/{path.name}`", said.partition("\n")[0]))
    return _table(("script", "what it shows"), rows)


def reference() -> str:
    """Return a summary for each package of its public names, the adopted classes left out."""
    return "\n\n".join(map(_summary, PACKAGES))


def _summary(package: str) -> str:
    module = importlib.import_module(package)
    things = {name: getattr(module, name) for name in module.__all__}
    names = [name for name, thing in things.items() if thing.__module__.split(".")[0] in PACKAGES]
    lines = [f"{package}.{name}" for name in names] + list(MODULES.get(package, ()))
    listed = "\n".join(f"   {line}" for line in lines)
    return (
        f"## {package}\n\n{module.__doc__}\n\n"
        f"```{{eval-rst}}\n.. autosummary::\n   :toctree: generated\n\n{listed}\n```"
    )


def filled(text: str) -> str:
    """Return a page with all tables made anew."""
    for make in (models, datasets, examples, reference):
        name = make.__name__
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text = re.sub(pattern, lambda m, make=make: f"{m[1]}\n{make()}\n\n{m[2]}", text, flags=re.S)
    return text


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in r) + " |" for r in lines
    )


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
