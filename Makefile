# The one way in: people, hooks and the pipeline call these targets. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= venv
BIN := $(VENV)/bin
IMAGE ?= localhost/rookery:dev

include $(wildcard mk/*.mk)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

# The stamp is newer than the lock only after everything in it was installed.
$(VENV)/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("make: Python 3.11 or newer is needed, and $(PYTHON) is " + sys.version.split()[0] + ": name another by PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.PHONY: install
install: $(VENV)/.installed ## Install everything into ./venv

.PHONY: run
run: install ## Serve on port 8123
	$(BIN)/python -m rookery serve

.PHONY: dev
dev: install ## Serve on port 8123, and again after each edit
	$(BIN)/uvicorn src.app:app --host 0.0.0.0 --port 8123 --reload

.PHONY: test
test: check test-unit test-chart ## Everything that needs no image and no cluster

.PHONY: check
check: lint types imports locked ## Lint, types, import walls, lock

.PHONY: lint
lint: install ## Lint and formatting; `make format` mends what it can
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: format
format: install ## Mend lint and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: types
types: install ## Types, strictly
	$(BIN)/mypy

.PHONY: imports
imports: install ## The import walls of docs/architecture.md
	$(BIN)/lint-imports

.PHONY: test-unit
test-unit: install ## Unit tests, with every line and branch covered
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest tests/unit
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: test-fresh
test-fresh: install ## The README's lines, in a fresh clone
	FRESH=1 $(BIN)/pytest tests/fresh

.PHONY: bench
bench: install ## Measure, side by side; WRITE=1 updates docs/performance.md
	$(BIN)/python -m tests.bench $(if $(WRITE),--write docs/performance.md)

EXPORT := $(BIN)/uv export --quiet --frozen --no-annotate --no-header --no-emit-project
DEVELOPMENT := --all-groups --all-extras --no-hashes

.PHONY: lock
lock: install ## Update uv.lock to the newest versions, and the lists exported from it
	$(BIN)/uv lock --upgrade --quiet
	$(MAKE) export

.PHONY: export
export: install ## Export the lock: requirements*.txt for a laptop, *.lock for the image
	$(BIN)/uv lock --quiet
	{ $(EXPORT) $(DEVELOPMENT); echo '-e .'; } > requirements.txt
	$(EXPORT) --no-dev > requirements.lock
	$(EXPORT) --no-dev --extra otel > requirements-otel.lock

.PHONY: locked
locked: install ## The lock fits pyproject.toml, and the exported lists fit the lock
	@$(BIN)/uv lock --check --quiet \
	  && diff -q <($(EXPORT) $(DEVELOPMENT); echo '-e .') requirements.txt \
	  && diff -q <($(EXPORT) --no-dev) requirements.lock \
	  && diff -q <($(EXPORT) --no-dev --extra otel) requirements-otel.lock \
	  || { echo 'the lock is stale: run `make export` and commit what it writes'; exit 1; }

.PHONY: clean
clean: ## Remove what the targets made
	rm -rf $(VENV) dist build .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis .tools
