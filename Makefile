.DEFAULT_GOAL := test
PYTHON ?= python3
BIN := .venv/bin
ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo --non-interactive)
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt
export BAKEOFF_DATA ?= $(wildcard $(CURDIR)/../shared/data)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("bakeoff needs Python 3.11 or newer, and this is " + sys.version.split()[0] + "; say which, as in: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

# torch goes first and alone: the constraint then holds for a build of it that pip finds locally too.
.venv/.runtime: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) torch
	$(PIP) --editable .
	touch $@

.venv/.installed: .venv/.runtime
	$(PIP) --editable ".[test]"
	touch $@

.venv/.docs: .venv/.installed
	$(PIP) --editable ".[docs]"
	touch $@

.PHONY: demo
demo: .venv/.runtime  ## Compare three models on handwritten digits and say where the report is
	$(BIN)/bakeoff compare digits --models knn forest cnn --trials 10 --timeout 30s --out runs/demo --resume

.PHONY: browser
browser:  ## Install Chromium for the browser tests, where it is absent
	@command -v chromium >/dev/null \
	  || { $(ROOT) apt-get update --quiet && $(ROOT) apt-get install --quiet --yes chromium; } \
	  || echo "Chromium is absent and could not be installed: the browser tests will be skipped."

.PHONY: postgresql
postgresql:  ## Install PostgreSQL for the tests of several workers, where it is absent
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
	  || { $(ROOT) apt-get update --quiet && $(ROOT) apt-get install --quiet --yes postgresql; } \
	  || echo "PostgreSQL is absent and could not be installed: the tests of its studies will be skipped."

.PHONY: check
check: .venv/.installed  ## Format check, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

.PHONY: test
test: .venv/.installed browser postgresql check  ## Everything that CI runs
	$(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: test-all
test-all: .venv/.installed browser postgresql check  ## The longer checks too
	$(BIN)/python -m pytest -n 2 --dist worksteal --all

.PHONY: bench
bench: .venv/.installed  ## Run every benchmark, one after the other
	@for file in benchmarks/*.py; do \
	  question=benchmarks.$$(basename $$file .py); echo "== $$question"; $(BIN)/python -m $$question || exit 1; \
	done

.PHONY: docs
docs: .venv/.docs  ## Build the site into docs/_build, with what the examples draw
	rm -rf docs/_build/run
	$(BIN)/python examples/digits.py --quick --out docs/_build/run
	$(BIN)/bakeoff report docs/_build/run --markdown docs/example-report
	for name in moons iris_map gradient_descent; do \
	  $(BIN)/python examples/$$name.py --out docs/example-pictures/$$name || exit 1; \
	done
	$(BIN)/python -m sphinx --fail-on-warning --quiet docs docs/_build
	@echo "Site: docs/_build/index.html"

.PHONY: help
help:  ## List what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
