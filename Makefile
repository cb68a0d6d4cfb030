# What a person can do here. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
UV = $(shell command -v uv || echo .tools/bin/uv)
RUN = $(UV) run --no-sync
ARGS ?=

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## The project's own environment, from the lock file
	@scripts/setup

demo: setup ## The whole demonstration centre; ARGS="--no-serve" prepares it and stops
	@LEEWARD_DEMO=yes LEEWARD_HOME=$${LEEWARD_HOME:-$(CURDIR)/var/demo} $(RUN) leeward demo $(ARGS)

test: setup browser check ## Everything that CI runs: checks, then every test, browser journeys included
	@$(RUN) pytest $(ARGS)

test-full: setup browser check ## The same at full size: large generated cases, long faults
	@HYPOTHESIS_PROFILE=full LEEWARD_FULL=yes $(RUN) pytest $(ARGS)

check: setup ## Format, lint, strict types, the one-way dependency
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy src
	@$(RUN) lint-imports --no-cache

browser: ## A Chromium for the browser journeys
	@scripts/browser

format: setup ## Put the code in its one format
	@$(RUN) ruff format . && $(RUN) ruff check --fix .

messages: setup ## Collect the texts of all pages into locale/
	@$(RUN) python scripts/messages.py

migrations: setup ## Make migrations for changed models
	@$(RUN) python scripts/migrations.py

.PHONY: help setup demo test test-full check browser format messages migrations
