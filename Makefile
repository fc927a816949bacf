# Everything starts here: `make help`. Needs make, bash and Python 3.11 or newer; the rest is installed into .venv.
# PYTHON=/path/to/python3 chooses the interpreter, ARGS="..." is handed to the command a target runs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help demo up test check fmt bench lock
# The stamp holds the folder it was made in: a copied or moved .venv, or one whose Python is gone, is made anew.
ifneq ($(shell test -x $(BIN)/python && cat $(INSTALLED) 2>/dev/null),$(CURDIR))
.PHONY: $(INSTALLED)
endif

help: ## Show this list
	@while IFS='|' read -r name text; do printf '  make %-6s %s\n' "$$name" "$$text"; done \
	< <(sed -En 's/^([a-z]+):.* ## (.*)$$/\1|\2/p' $(firstword $(MAKEFILE_LIST)))

demo: $(INSTALLED) ## Run one round of the programme on embedded servers, then stay up (ARGS="--once --json" to stop)
	@exec $(BIN)/peiyu demo $(ARGS)

up: $(INSTALLED) ## Start the three services, their workers and the relay, and keep them running until Ctrl-C
	@exec $(BIN)/peiyu up $(ARGS)

test: $(INSTALLED) ## Run the whole test suite
	@exec $(BIN)/pytest $(ARGS)

check: $(INSTALLED) ## Check format, lint, types, imports and schema, then do what `make test` does
	@step() { printf '== %s\n' "$$*"; "$$@"; }
	step $(BIN)/ruff format --check
	step $(BIN)/ruff check
	step $(BIN)/basedpyright --pythonpath $(BIN)/python
	step $(BIN)/lint-imports
	step $(BIN)/peiyu schema check
	step $(MAKE) test

fmt: $(INSTALLED) ## Format the code and apply the safe lint fixes
	@$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(INSTALLED) ## Measure speed and memory, and print a table
	@exec $(BIN)/python -m benchmarks $(ARGS)

lock: ## Compile requirements.lock from pyproject.toml (needs uv); it names no registry host
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/" >&2; exit 1; }
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --all-extras \
	    --universal -o requirements.lock pyproject.toml

$(INSTALLED): requirements.lock pyproject.toml .ci/install
	@.ci/install $(PYTHON) >&2
