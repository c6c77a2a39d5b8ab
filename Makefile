# make ask q="…" and make test are all a new machine needs: Python 3.11 or later, make, and a package registry.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# What is installed, each file by its hash. "make LOCK= …" installs what pyproject.toml's ranges allow instead, unchecked.
LOCK ?= requirements.lock
PIP := -m pip --disable-pip-version-check
# The tools that look after the supply chain live apart, so that they aren't counted among what they look at.
SUPPLY := $(VENV)-supply
TOOLS := $(SUPPLY)/.installed

.DEFAULT_GOAL := help
.PHONY: help ask chat screenshots ingest doctor test lint types unit fuzz bench lock licences audit sbom release coverage mutation clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

# Installs once; again only when pyproject.toml or the lock changes.
$(INSTALLED): pyproject.toml $(LOCK)
	@echo "Setting up $(VENV); the first time this takes a few minutes." >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; give one with: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >&2
ifeq ($(strip $(LOCK)),)
	@$(BIN)/python $(PIP) install --progress-bar on --quiet --editable '.[dev]' >&2
else
	@$(BIN)/python .ci/install.py $(LOCK) >&2 || { $(UNFIT) exit 1; }
	@$(BIN)/python $(PIP) install --quiet --no-deps --no-build-isolation --editable . >&2
	@$(BIN)/python $(PIP) check >/dev/null || { $(BIN)/python $(PIP) check >&2; echo "$(LOCK) lacks what pyproject.toml asks for; renew it with: make lock" >&2; exit 1; }
endif
	@touch $@

UNFIT = echo "Installing what is locked failed; the lines above say where. If it is a hash or a version that your package registry does not serve, this installs by the ranges in pyproject.toml, without checking hashes: make LOCK= $(MAKECMDGOALS)" >&2;

$(TOOLS): .ci/supply.lock
	@$(PYTHON) -m venv $(SUPPLY) >&2
ifeq ($(strip $(LOCK)),)
	@$(SUPPLY)/bin/python $(PIP) install --quiet --upgrade 'pip>=25.1' >&2
	@$(SUPPLY)/bin/python $(PIP) install --progress-bar on --quiet --group supply >&2
else
	@$(SUPPLY)/bin/python $(PIP) install --progress-bar on --quiet --require-hashes --no-deps --requirement .ci/supply.lock >&2 || { $(UNFIT) exit 1; }
endif
	@touch $@

# $(value …) keeps dollars, and the quotes are escaped: whatever is asked reaches the program as it was typed.
QUESTION = '$(subst ','\'',$(value q))'

ask: $(INSTALLED) ## Ask one question: make ask q="What is palliative radiation?"
	@test -n $(QUESTION) || { echo 'Give a question: make ask q="What is palliative radiation?"' >&2; exit 2; }
	@$(BIN)/cancer-bot ask -- $(QUESTION); status=$$?; [ $$status -eq 3 ] || [ $$status -eq 4 ] || exit $$status

chat: $(INSTALLED) ## Open the web page on http://127.0.0.1:7860
	@$(BIN)/cancer-bot serve

ingest: $(INSTALLED) ## Build or refresh the index
	@$(BIN)/cancer-bot ingest

doctor: $(INSTALLED) ## Say what is installed and whether it can answer
	@$(BIN)/cancer-bot doctor

test: lint types unit ## Everything that has to hold: lint, types, tests

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

unit: $(INSTALLED)
	$(BIN)/pytest

fuzz: $(INSTALLED) ## Ask 20,000 hostile and senseless things; takes some minutes
	$(BIN)/python -m tests.fuzz

bench: $(INSTALLED) ## Measure ingest, cold, warm, memory, growth, load; make bench FULL=1 takes about twenty minutes
	@$(BIN)/python -m tests.bench $(if $(FULL),--full) $(BENCH)

screenshots: $(INSTALLED) ## Draw the README's pictures of the page; needs Chromium
	@$(BIN)/python -m tests.screenshots

lock: $(TOOLS) ## Renew the lock files from pyproject.toml; make lock UPGRADE=1 takes the newest versions
	@PATH="$(CURDIR)/$(SUPPLY)/bin:$$PATH" $(SUPPLY)/bin/python .ci/lock.py $(if $(UPGRADE),--upgrade)

licences: $(INSTALLED) ## Print the licence of every dependency and write docs/licences.md; fails on one that isn't allowed
	@$(BIN)/python .ci/licences.py

audit: $(TOOLS) ## Ask a database of known vulnerabilities about every locked package; needs the network
	@$(SUPPLY)/bin/python .ci/audit.py

sbom: $(INSTALLED) $(TOOLS) ## Write dist/sbom.cdx.json, a CycloneDX list of what is installed
	@mkdir -p dist
	@$(SUPPLY)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file dist/sbom.cdx.json $(BIN)/python
	@echo "dist/sbom.cdx.json" >&2

release: $(INSTALLED) ## Build dist/*.whl and dist/*.tar.gz and prove the wheel in a bare environment
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	RELEASE_DIST="$(CURDIR)/dist" $(BIN)/pytest tests/test_wheel.py

coverage: $(INSTALLED) ## Count the lines that the tests run, subprocesses included; fails below 95 %
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(TESTS)
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

mutation: $(INSTALLED) $(TOOLS) ## Break single lines and see whether a test notices: make mutation M="bot/verification.py"
	@$(SUPPLY)/bin/python .ci/mutation.py --python $(BIN)/python $(M)

clean: ## Remove what make made
	rm -rf $(VENV) $(SUPPLY) dist build .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
