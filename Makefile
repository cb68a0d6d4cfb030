# What a person can do here. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
UV = $(shell command -v uv || echo .tools/bin/uv)
RUN = $(UV) run --no-sync
ARGS ?=
# Tests run in as many processes as there are cores, the tests of one file in one of them.
BESIDE = -n auto --dist loadfile

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## The project's own environment, from the lock file
	@scripts/setup

setup-tests: ## The same with Spark, on which the protocol is proven too
	@scripts/setup --extra spark
	@scripts/java

demo: setup ## The whole demonstration centre; ARGS="--no-serve" prepares it and stops
	@LEEWARD_DEMO=yes LEEWARD_HOME=$${LEEWARD_HOME:-$(CURDIR)/var/demo} $(RUN) leeward demo $(ARGS)

test: setup-tests browser check ## Everything that CI runs: checks, then every test, browser journeys included
	@$(RUN) pytest $(BESIDE) $(ARGS)

test-full: setup-tests browser check ## The same at full size: large generated cases, long faults
	@HYPOTHESIS_PROFILE=full LEEWARD_FULL=yes $(RUN) pytest $(BESIDE) $(ARGS)

bench: export ARGS := $(ARGS)
bench: ## Every claim measured against its peer, side by side; ARGS="plan_one_case" for one
	@scripts/setup --extra spark --group bench
	@scripts/java
	@for claim in $${ARGS:-$$(grep -l __main__ bench/*.py | xargs -n1 basename -s .py)}; do \
	  $(RUN) python bench/$$claim.py || exit 1; done

.venv:
	@scripts/setup

check: | .venv ## Format, lint, strict types, the one-way dependency
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy src
	@$(RUN) lint-imports --no-cache

holes: | .venv ## Which locked parts have known holes; LEEWARD_HOLES=FOLDER where nobody can be asked
	@scripts/holes $(ARGS)

browser: ## A Chromium for the browser journeys
	@scripts/browser

format: setup ## Put the code in its one format
	@$(RUN) ruff format . && $(RUN) ruff check --fix .

messages: setup ## Collect the texts of all pages into locale/
	@$(RUN) python scripts/messages.py

migrations: setup ## Make migrations for changed models
	@$(RUN) python scripts/migrations.py

.PHONY: help setup setup-tests bench demo test test-full check holes browser format messages migrations
