# Mintmark: `make demo` and `make test` are all that a new user needs; each does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?=
PAYMENTS ?=
JSON ?=
EVENTS ?= 1000000
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-long proof lint lock clean

help:            ## list the targets
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

# A stamp per lock: the set-up runs once, and again only when the lock has changed.
$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "mintmark needs Python 3.11 or later; got $$($(PYTHON) --version). Say: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.ready  ## the whole main job on a seeded world, or on DATA=folder (the public Handbook set)
	$(BIN)/mintmark demo $(if $(DATA),--data $(DATA)) $(if $(PAYMENTS),--payments $(PAYMENTS)) $(if $(JSON),--json $(JSON))

test: $(VENV)/.ready-dev  ## lint, types, and every test but the long ones (under 10 minutes on 2 cores)
	$(BIN)/ruff check src tests bench examples
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not long" -n 2 --dist loadgroup

test-long: $(VENV)/.ready-dev  ## long runs
	$(BIN)/python -m pytest -m long

proof: $(VENV)/.ready-dev  ## a million random events, each value held to the oracle; writes docs/proof.md (EVENTS=20000: a minute)
	$(BIN)/python bench/proof.py --events $(EVENTS) --seed $(SEED)

lint: $(VENV)/.ready-dev  ## ruff and mypy alone
	$(BIN)/ruff check src tests bench examples
	$(BIN)/mypy

lock:            ## write both locks anew (needs uv)
	uv pip compile pyproject.toml --extra build --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --extra postgres --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header -q -c requirements.lock -o requirements-dev.lock

clean:           ## remove the environment and every cache
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
