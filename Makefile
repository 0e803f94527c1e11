# Every task of the house. `make` alone lists them; each sets up what it needs, and a second time takes seconds.

PYTHON ?= python3
TEST_WORKERS ?= 2
LOCK_FLAGS ?=
ARGS ?=

BIN := .venv/bin
RUN := $(BIN)/python -m
LOCK := $(RUN) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCK_FLAGS)

.DEFAULT_GOAL := help
.PHONY: help install install-dev tools run test test-all lint format types layers bench screenshots lock clean

help: ## list these tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

install: ## make .venv with what Leadlake needs (another Python: make install PYTHON=python3.12)
	@PYTHON="$(PYTHON)" .ci/install requirements.txt

install-dev: tools ## the same with the tools of development, and a browser for the tests
	@.ci/browser

tools: install
	@PYTHON="$(PYTHON)" .ci/install requirements-dev.txt

run: install ## serve the dashboard and its worker on 127.0.0.1:8501 (more: make run ARGS="--port 8600")
	$(BIN)/leadlake up $(ARGS)

# Tests spread over the cores, but for those with a browser: pages that wait for a core would time out.
test: NOT_SLOW := and not slow
test: ## lint, types, layers and all tests but the slow ones
test-all: ## the same with the slow tests
test test-all: install-dev lint types layers
	$(RUN) pytest -n $(TEST_WORKERS) --dist loadfile -m "not browser $(NOT_SLOW)" $(ARGS)
	$(RUN) pytest -m "browser $(NOT_SLOW)" $(ARGS)

lint: tools ## style and likely bugs, with the remedy
	$(RUN) ruff check .
	$(RUN) ruff format --check .

format: tools ## mend what can be mended without thought
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

types: tools ## mypy, strict
	$(RUN) mypy

layers: tools ## the arrow of the house, and who may import what
	$(BIN)/lint-imports --no-logo

bench: tools ## measure, and write docs/benchmarks.md
	$(RUN) bench $(ARGS)

screenshots: install-dev ## draw the screenshots of the documentation anew
	$(RUN) tests.browser.screenshots $(ARGS)

# Needs uv alone: with a requirement that is new and not locked yet, the project itself does not install.
lock: ## lock requirements*.in anew (newer versions too: make lock LOCK_FLAGS=--upgrade)
	@test -x $(BIN)/uv || $(MAKE) tools
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-dev.in --constraint requirements.txt --output-file requirements-dev.txt

clean: ## remove .venv, caches and what tests left; the lake in var/ stays
	rm -rf .venv build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache test-results
	find . -type d -name __pycache__ -prune -exec rm -rf {} +
