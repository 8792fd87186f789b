"""The examples run as a user runs them, in their quick size."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
OURS = {"estimators", "pipelines", "search", "reports"}


def run_example(name: str, out: Path) -> str:
    command = [sys.executable, EXAMPLES / f"{name}.py", "--quick", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_digits_ends_in_a_report(tmp_path):
    printed = run_example("digits", tmp_path / "run")
    page = tmp_path / "run" / "report.html"
    assert str(page) in printed
    assert {"knn", "forest", "cnn", "dummy"} <= {line.split()[0] for line in printed.splitlines()}
    assert "<html" in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_mnist_ends_in_a_report(tmp_path, data_home):
    printed = run_example("mnist", tmp_path / "run")
    assert str(tmp_path / "run" / "report.html") in printed


@pytest.mark.slow
def test_ag_news_compares_four_variants(tmp_path, data_home):
    printed = run_example("ag_news", tmp_path / "run")
    names = {line.split()[0] for line in printed.splitlines()}
    assert {"logistic", "base", "dropout", "early-stopping", "weight-decay"} <= names


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short_and_uses_the_public_names_only(path):
    text = path.read_text(encoding="utf-8")
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    private = [
        node.module for node in imports if node.module.split(".")[0] in OURS and "." in node.module
    ]
    assert len(text.splitlines()) <= 40
    assert private == []
