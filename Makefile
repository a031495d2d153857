# Every target makes what it needs: Python 3.10+ and make are enough on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-slow check bench fix clean

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev
	touch $@

demo: $(READY)  ## Trace an example agent, find its failures, print the ranked report.
	$(BIN)/catalyst demo

test: $(READY)  ## The tests that need no minutes.
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(READY)  ## Soak, version-matrix and other tests that need minutes.
	$(BIN)/python -m pytest -m slow

check: $(READY)  ## Lint, types, layers.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

bench: $(READY)  ## Performance against the peers, as a table.
	$(BIN)/python -m benchmarks

fix: $(READY)  ## Format and mend what can be mended.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) dist build .catalyst
