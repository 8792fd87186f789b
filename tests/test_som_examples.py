"""The examples of maps run, in their quick size, and say what they should."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.test_examples import EXAMPLES, run_example


@pytest.mark.parametrize(("name", "picture"), [("moons", "map.svg"), ("iris_map", "u_matrix.svg")])
def test_a_map_is_drawn(name, picture, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    printed = run_example(name, tmp_path)
    assert f"Drawn: {tmp_path / picture}" in printed
    assert "<svg" in (tmp_path / picture).read_text()


def test_clusters_and_classes_of_iris_are_found():
    command = [sys.executable, EXAMPLES / "iris.py", "--quick"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    information, accuracy = (
        float(n) for n in re.findall(r"(?:information|Accuracy) ([.0-9]+)", printed)
    )
    assert information >= 0.813
    assert accuracy > 0.85
