# Two commands: `make run` serves a sample archive, `make test` checks everything.
PORT ?= 8000
DATA ?= data

VENV := .venv
BIN := $(VENV)/bin
export OPENSEARCH ?= 2.19.1
# Compiled once, also where the machine says otherwise: the tests start Python hundreds of times.
export PYTHONDONTWRITEBYTECODE :=
SCALED := postgresql or s3 or opensearch or servers or encrypted

WHOOSH3 := whoosh3==3.54.0

VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

.PHONY: format translations release run setup test coverage test-scale test-whoosh3 audit lock clean

run: $(VENV)/.run
	@scripts/run.sh "$(DATA)" "$(PORT)"

setup: $(VENV)/.test

# Python, styles, scripts and templates as their formatters write them; `make test` finds what is not.
format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/oxfmt web/static
	$(BIN)/djhtml --tabwidth 2 web/templates

test: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -n auto --dist worksteal

# Coverage of lines by the suites inside one process, with the floor of pyproject.toml; browser and operation left out.
coverage: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term tests/archive tests/indexer tests/contracts tests/web

# The same contracts on real servers, which are started for it and stopped after it. OPENSEARCH= another version.
test-scale: $(VENV)/.scale-$(OPENSEARCH)
	scripts/scale.sh sh -ec '$(BIN)/python -m pytest -n auto -k "$(SCALED)" tests/contracts tests/operation/test_move.py tests/operation/test_backup_servers.py; \
		$(BIN)/python -m tests.outage --webs 2 --workers 2 --calm 10 --silence 10'

# The embedded engine on the other maintained line of Whoosh (docs/decisions/0011): the way on, if the one that is
# shipped stops to work with a new Python.
test-whoosh3: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps --target $(VENV)/whoosh3 $(WHOOSH3)
	PYTHONPATH=$(VENV)/whoosh3 $(BIN)/python -m pytest -n auto tests/contracts/test_search_index.py \
		tests/indexer/engines/whoosh tests/indexer/search tests/torture

# Known weaknesses of the locked dependencies. Fails when no advisory service answers, unless AUDIT=--allow-unreachable.
audit: $(VENV)/.test
	$(BIN)/python -m tests.audit $(AUDIT)

# The service and its sample archive: their packages, installed again when the lock changes.
$(VENV)/.run: requirements-run.lock pyproject.toml scripts/install.sh
	@scripts/install.sh run requirements-run.lock
	@touch $@

# The checks: linters, a browser and fonts besides.
$(VENV)/.test: requirements-dev.lock pyproject.toml scripts/install.sh
	@scripts/install.sh test requirements-dev.lock
	@touch $@ $(VENV)/.run

# The big engines: their servers besides.
$(VENV)/.scale-$(OPENSEARCH): $(VENV)/.test
	@scripts/install.sh scale requirements-dev.lock
	@# A server that could not be had is tried again by the next call.
	@if [ -d /usr/lib/postgresql ] && [ -x $(BIN)/versitygw ] && [ -d $(VENV)/opensearch-$(OPENSEARCH) ]; then touch $@; fi

# Renew the locks from pyproject.toml: every version with its hashes, no address of any registry. What is served
# is what was tested: the other locks take their versions from the first.
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --upgrade
lock: $(VENV)/.test
	$(LOCK) --extra dev --extra sample --extra scale -o requirements-dev.lock
	$(LOCK) --constraint requirements-dev.lock -o requirements.lock
	$(LOCK) --constraint requirements-dev.lock --extra sample -o requirements-run.lock

# A release as one piece: every check, then dist/ built, tried in clean environments, listed and signed, then the tag.
# KEY= an Ed25519 key in PEM. Nothing is uploaded and no tag is pushed.
release: clean-tree test
	scripts/release.sh "$(KEY)"
	git tag --annotate "v$(VERSION)" --message "Prakat $(VERSION)"
	@echo "dist/ is ready; push the tag v$(VERSION) and upload dist/ to its release page"

# The tag is set on the commit that was tested and built. A missing key is said before the tests, not after them.
.PHONY: clean-tree
clean-tree:
	@test -f "$(KEY)" || { echo "make release KEY=an Ed25519 key in PEM (see scripts/release.sh)" >&2; exit 2; }
	@test -z "$$(git status --porcelain)" || { echo "commit or remove first:" >&2; git status --short >&2; exit 2; }
	@! git rev-parse --quiet --verify "refs/tags/v$(VERSION)" || { echo "v$(VERSION) is tagged already" >&2; exit 2; }

# After texts changed: bring the English catalogue up to date, to be filled in, and compile it.
# calls whose first argument pages show in the reader's language
TEXTS := lazy_gettext gettext_noop Conflict Gone Invalid NotFound TooLarge TooMany Unavailable

translations: $(VENV)/.test
	$(BIN)/pybabel -q extract -F pyproject.toml $(addprefix -k ,$(TEXTS)) --no-location \
		--omit-header --sort-output -o web/translations/messages.pot .
	$(BIN)/pybabel -q update -i web/translations/messages.pot -d web/translations --no-fuzzy-matching --ignore-obsolete
	$(BIN)/pybabel -q compile -d web/translations
	rm web/translations/messages.pot
	@$(BIN)/python -c 'import sys; from babel.messages.pofile import read_po; empty = [each.id for each in read_po(open(sys.argv[1], "rb")) if each.id and not each.string]; \
		empty and sys.exit(f"{sys.argv[1]}: fill in {empty}, then make translations again")' web/translations/en/LC_MESSAGES/messages.po

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

