# `make run` sets everything up and serves a demo; `make test` sets up what it needs and runs the suite.
# Users need Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
BASE := $(VENV)/.base
DEV := $(VENV)/.dev

.DEFAULT_GOAL := help
.PHONY: help setup run test drills bench lint format types lock messages wheel clean htmx axe browser scanner fonts

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | \
		while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

# --- Set-up ------------------------------------------------------------------------------------------------

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than Python 3.11. Name a newer one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); echo "Python could not make it. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(BASE): requirements.lock pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing the locked dependencies (up to a minute the first time)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(BASE)
	@echo "Installing the locked tools for tests and checks"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

htmx: $(BASE)
	@$(BIN)/python scripts/fetch_htmx.py

axe: $(BASE)
	@$(BIN)/python scripts/fetch_htmx.py --with-axe

browser: $(DEV)
	@$(BIN)/python scripts/find_browser.py

scanner: $(DEV)
	@$(BIN)/python scripts/find_scanner.py

setup: $(BASE) htmx ## Install everything that serving needs

# --- Run ---------------------------------------------------------------------------------------------------

run: setup ## Serve a demo portfolio on http://127.0.0.1:8000
	@$(BIN)/portal migrate
	@$(BIN)/portal demo
	@trap : INT; $(BIN)/portal serve || [ $$? -eq 130 ]

# --- Checks ------------------------------------------------------------------------------------------------

test: $(DEV) axe browser scanner ## Run the whole suite on SQLite and PostgreSQL, browser tests included
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal $(ARGS)

drills: $(DEV) axe browser scanner ## Run the long and statistical drills
	@$(BIN)/python -m pytest -m drill $(ARGS)

bench: $(DEV) htmx ## Measure speed, each as a ratio to a bare reference
	@$(BIN)/python -m bench $(ARGS)

lint: $(DEV) ## Look for mistakes in code, templates and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted: run make format"; exit 1; }
	@if [ -d templates ]; then $(BIN)/djlint --lint --quiet templates; fi

types: $(DEV) ## Check the types
	@$(BIN)/mypy

format: $(DEV) ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

# --- For maintainers ---------------------------------------------------------------------------------------

messages: $(DEV) ## Extract the texts, bring the catalogues up to date and compile them
	@$(BIN)/python scripts/messages.py

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCK_ARGS)

lock: $(DEV) ## Lock the dependencies anew; `make lock LOCK_ARGS=--upgrade` takes newer versions
	@$(LOCK) pyproject.toml --group build --output-file requirements.lock
	@$(LOCK) pyproject.toml --extra s3 --group build --constraint requirements.lock --output-file requirements-s3.lock
	@$(LOCK) pyproject.toml --group build --group dev --constraint requirements-s3.lock --output-file requirements-dev.lock
	@$(LOCK) --group node --output-file requirements-node.lock
	@npm install --package-lock-only

wheel: $(DEV) axe ## Build the wheel with htmx and compiled catalogues into dist/
	@$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls -1 dist/*.whl

clean: ## Remove what was installed and built; the data stays
	rm -rf $(VENV) node_modules static/vendor dist build .pytest_cache .mypy_cache .ruff_cache
