# make ask q="…" and make test are all a new machine needs: Python 3.11 or later, make, and a package registry.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help ask chat screenshots ingest doctor test lint types unit fuzz bench clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

# Installs once; again only when pyproject.toml changes.
$(INSTALLED): pyproject.toml
	@echo "Setting up $(VENV); the first time this takes a few minutes." >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; give one with: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >&2
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on --quiet --editable '.[dev]' >&2
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

bench: $(INSTALLED) ## Time a cold and a warm question, ingest and memory, beside their baselines
	$(BIN)/python -m tests.benchmark

screenshots: $(INSTALLED) ## Draw the README's pictures of the page; needs Chromium
	@$(BIN)/python -m tests.screenshots

clean: ## Remove what make made
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
