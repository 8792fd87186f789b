.DEFAULT_GOAL := test
PYTHON ?= python3
BIN := .venv/bin
export BAKEOFF_DATA ?= $(wildcard $(CURDIR)/../shared/data)

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	touch $@

.PHONY: demo
demo: .venv/.installed  ## Compare three models on handwritten digits and say where the report is
	$(BIN)/bakeoff compare digits --models knn forest cnn --out runs/demo --resume

.PHONY: browser
browser:  ## Install Chromium for the browser tests, where it is absent
	@command -v chromium >/dev/null || (apt-get update --quiet && apt-get install --quiet --yes chromium)

.PHONY: check
check: .venv/.installed  ## Format check, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

.PHONY: test
test: .venv/.installed browser check  ## Everything that CI runs
	$(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: test-all
test-all: .venv/.installed browser check  ## The longer checks too
	$(BIN)/python -m pytest -n 2 --dist worksteal --all

.PHONY: bench
bench: .venv/.installed  ## Run every benchmark, one after the other
	for question in benchmarks/*.py; do $(BIN)/python $$question || exit 1; done

.PHONY: help
help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'
