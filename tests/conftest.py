"""Fixtures for all tests: the global generators must come out of every test as they went in."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
import sklearn.preprocessing  # noqa: F401  # it loads rich, which draws as it is loaded

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
    """Fail a test whose code seeded numpy's global generator or drew much, or moved Python's.

    A fit of scikit-learn's SVR or OneClassSVM draws one number, which nothing can prevent; hence
    numpy's starts at the beginning of a block of 624, and its words show only what goes beyond.
    ``checks.check_global_generators_untouched`` is strict, model by model.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()
    words = np.random.RandomState(0).get_state()[1]
    np.random.set_state(("MT19937", words, 0, 0, 0.0))
    yield
    found = np.random.get_state()[1]
    np.random.set_state(numpy_state)
    assert np.array_equal(found, words), "numpy's global generator moved"
    assert random.getstate() == python_state, "Python's global generator moved"


@pytest.fixture(scope="session")
def data_home() -> Path:
    """Return the folder of the larger data sets, or skip with the reason."""
    home = os.environ.get("BAKEOFF_DATA")
    if not home or not Path(home).is_dir():
        pytest.skip("BAKEOFF_DATA does not name a folder with the data sets")
    return Path(home)
