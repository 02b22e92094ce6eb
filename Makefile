# Two commands: `make run` serves a sample archive, `make test` checks everything.
PORT ?= 8000
DATA ?= data

VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-fast lock clean

run: $(VENV)/.run
	@scripts/run.sh "$(DATA)" "$(PORT)"

test: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -n auto --dist worksteal

# What the service needs; made again when the lock changes.
$(VENV)/.run: requirements.lock pyproject.toml scripts/install.sh
	@scripts/install.sh run requirements.lock
	@touch $@

# What the checks need besides: linters, a browser, fonts.
$(VENV)/.test: requirements-dev.lock pyproject.toml scripts/install.sh
	@scripts/install.sh test requirements-dev.lock
	@touch $@ $(VENV)/.run

# Renew the locks from pyproject.toml: every version with its hashes, no address of any registry.
lock: $(VENV)/.test
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --upgrade -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
