"""Imports point one way, each layer keeps to its libraries, and nothing heavy is loaded early."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("estimators", "pipelines", "search", "reports")

# What a layer may import from outside; each also has what the layers below it have.
LIBRARIES = {
    "estimators": {
        "numpy", "scipy", "sklearn", "minisom", "torch", "skorch", "tokenizers", "einops", "skops",
        "accelerate", "threadpoolctl",
    },
    "pipelines": {
        "pandas", "pyarrow", "imblearn", "skrub", "pooch", "platformdirs", "PIL", "joblib",
        "psutil",
    },
    # sqlalchemy is Optuna's engine of storage, markupsafe Jinja's type of escaped text
    "search": {"optuna", "sqlalchemy", "distributed", "statsmodels", "cloudpickle"},
    "reports": {"jinja2", "markupsafe", "matplotlib", "plotly", "rich", "typer", "pydantic"},
}  # fmt: skip
SOURCES = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]


def _imported(path):
    """Return the full name of every module and name that a file imports, relative ones resolved."""
    package = path.relative_to(ROOT).parent.parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def _packages(path):
    return {name.partition(".")[0] for name in _imported(path)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way_and_stay_within_the_libraries_of_the_layer(path):
    layer = LAYERS.index(path.relative_to(ROOT).parts[0])
    allowed = set(LAYERS[: layer + 1]).union(*(LIBRARIES[name] for name in LAYERS[: layer + 1]))
    strangers = _packages(path) - allowed - set(sys.stdlib_module_names)
    assert not strangers, f"{path.name} imports {strangers}"


def test_skorch_is_imported_in_the_engine_only():
    importing = {
        path.relative_to(ROOT).as_posix() for path in SOURCES if "skorch" in _packages(path)
    }
    assert importing <= {"estimators/deep/_engine.py"}


def test_reports_import_neither_torch_nor_a_model_file():
    for path in (ROOT / "reports").rglob("*.py"):
        names = _imported(path)
        models = ("torch", "estimators.deep", "estimators.classical")
        assert not [name for name in names if name.startswith(models)], path.name


def test_no_file_is_called_utils():
    assert not [path for path in SOURCES if path.stem.strip("_") in ("utils", "helpers", "common")]


HEAVY = ("torch", "optuna", "matplotlib", "plotly", "skorch", "pandas", "imblearn", "skrub")
LIGHT = {
    "estimators": "import estimators; dir(estimators)",
    "registry": "import estimators.registry as r; r.names()",
    "params": "import estimators.params, estimators.spec",
    "pipelines": "import pipelines",
    "search": "import search",
    "reports": "import reports",
    "command": "import sys; sys.argv = ['bakeoff', '--help']\n"
    "import contextlib, reports.cli\n"
    "with contextlib.suppress(SystemExit): reports.cli.main()",
}


@pytest.mark.parametrize("code", LIGHT.values(), ids=LIGHT)
def test_what_is_light_loads_nothing_heavy(code):
    report = f"{code}\nimport sys; print('heavy:', *[m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "heavy:"
