"""Fixtures for all tests: the global generators must come out of every test as they went in."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the slow tests too (make test-all)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    skip = pytest.mark.skip(reason="slow: `make test-all` runs it")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def global_generators_untouched():
    """Fail a test whose code drew from, or seeded, numpy's or Python's global generator."""
    before_numpy, before_python = np.random.get_state()[1].copy(), random.getstate()
    yield
    assert np.array_equal(np.random.get_state()[1], before_numpy), "numpy's global generator moved"
    assert random.getstate() == before_python, "Python's global generator moved"


@pytest.fixture(scope="session")
def data_home() -> Path:
    """Return the folder of the larger data sets, or skip with the reason."""
    home = os.environ.get("BAKEOFF_DATA")
    if not home or not Path(home).is_dir():
        pytest.skip("BAKEOFF_DATA does not name a folder with the data sets")
    return Path(home)
