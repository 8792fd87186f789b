"""The examples on series, tables and functions, in their quick size: what they print is right."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.test_examples import EXAMPLES, run_example


def run(name, *options):
    """Return what an example prints in its quick size."""
    command = [sys.executable, EXAMPLES / f"{name}.py", "--quick", *options]
    environment = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_gradient_descent_finds_the_minimum_and_draws_its_path(tmp_path):
    printed = run("gradient_descent", "--out", tmp_path)
    assert "f = -2.2807 at (-1.0882, 0.5441)" in printed
    assert "<svg" in (tmp_path / "path.svg").read_text(encoding="utf-8")


def test_relevance_determination_finds_the_columns_and_beats_least_squares():
    numbers = [float(n) for n in re.findall(r"\d\.\d{3}", run("ard"))]
    precision, recall, ard_error, ols_error = numbers
    assert min(precision, recall) > 0.8
    assert 1.0 < ard_error < 0.8 * ols_error


def test_a_net_learns_the_surface_that_a_line_cannot():
    lines = run("surface").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("surface"))
    line, two_layers = (float(re.findall(r"0\.\d{5}", lines[start + i])[0]) for i in (1, 3))
    assert line > 0.2 > 0.1 > two_layers > 0.01


def test_the_forest_forecasts_rio_better_than_persistence(tmp_path, data_home):
    printed = run("rio", "--out", tmp_path)
    for line in printed.splitlines():
        forest, last, held = (float(n) for n in re.findall(r"\d+\.\d+", line))
        assert forest < last
        assert 85 < held < 95
    assert (tmp_path / "forecast.svg").is_file()


@pytest.mark.slow
def test_small_tables_are_judged_by_repeated_folds(data_home):
    lines = run("tables").splitlines()
    assert [line.split(" columns")[0] for line in lines] == [
        "ionosphere, all", "ionosphere, ARD", "pima, all", "pima, ARD",
    ]  # fmt: skip


@pytest.mark.slow
def test_brussels_ends_in_a_report(tmp_path, data_home):
    printed = run_example("brussels", tmp_path / "run")
    assert str(tmp_path / "run" / "report.html") in printed
