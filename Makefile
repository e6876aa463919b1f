# `make` alone lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SHELLFLAGS := -euo pipefail -c

AIRFLOW := .venv/airflow/bin
SANDBOX := .venv/sandbox/bin
# A fresh checkout has nothing to look at or to stop.
IF_MADE := test -x $(SANDBOX)/sandbox || { echo "Nothing is up: this checkout has never been started."; exit 0; };
# Real rows for the tests; generated rows are always used.
export PINTEREST_TEST_ROWS ?= $(abspath ../shared/data)

# Airflow takes twice as long to import when each of its processes compiles it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the commands
	@printf 'The two that matter:\n  make demo    run the whole pipeline on this machine and show its results\n  make test    run the tests\n\nAll commands:\n'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

.PHONY: setup
setup: ## Install what the machine lacks and make the Python environments (the others call it)
	@tools/setup.sh

.PHONY: demo
demo: setup ## Run the main job: provision, 500 posts, daily run, results. ROWS=<folder> loads rows first, POSTS=<n>
	@$(SANDBOX)/python -m pinterest_sandbox.demo $(if $(POSTS),--posts $(POSTS)) $(if $(ROWS),--rows $(ROWS))

.PHONY: up
up: setup ## Start the sandbox and Airflow
	@$(SANDBOX)/sandbox up

.PHONY: down
down: ## Stop everything; the sandbox's state is thrown away
	@$(IF_MADE) $(SANDBOX)/sandbox down

.PHONY: status
status: ## Show every process of the sandbox
	@$(IF_MADE) $(SANDBOX)/sandbox status

.PHONY: logs
logs: ## Follow the logs (SERVICE=kafka for one)
	@$(IF_MADE) $(SANDBOX)/sandbox logs --follow $(SERVICE)

.PHONY: ui
ui: ## Print where the pages are
	@$(IF_MADE) $(SANDBOX)/sandbox ui

.PHONY: trace
trace: ## Follow one post through both paths and print where its ways end (IND=7528)
	@test -n "$(IND)" || { echo "Which post? make trace IND=7528"; exit 2; }
	@test -x $(SANDBOX)/sandbox || { echo "Nothing is up, so there is no post to trace: \`make demo\` posts some."; exit 1; }
	@$(SANDBOX)/sandbox trace $(IND)

.PHONY: shell
shell: setup ## Open a shell in which `airflow dags test` works against the sandbox
	@$(SANDBOX)/sandbox shell

.PHONY: test
test: setup ## Run the tests: checks, unit, integrity, sandbox, end to end
	@tools/test.sh all

.PHONY: test-operations
test-operations: setup ## Run the end-to-end tests of health, replay, trace and a burst killed in all phases, on a demo of their own; half an hour
	@tools/test.sh operations

.PHONY: test-fast
test-fast: setup ## Run the checks and the tests that need no sandbox
	@tools/test.sh fast

.PHONY: conformance
conformance: setup ## Run the cases that hold for the sandbox and for the real services; TARGET=sandbox or TARGET=aws
	@CONFORMANCE_TARGET=$(or $(TARGET),sandbox) AIRFLOW_HOME=$(CURDIR)/.sandbox/test/airflow-home $(AIRFLOW)/python -m pytest -q tests/conformance

.PHONY: bench
bench: setup ## Measure the budgets on this machine, beside the ceilings; about half an hour
	@$(SANDBOX)/python -m pinterest_sandbox.bench

.PHONY: drill
drill: setup ## Break one part after the other while posts are sent, and count what is lost: nothing. BREAK="api broker" for some; an hour
	@$(SANDBOX)/python -m pinterest_sandbox.drill $(foreach name,$(BREAK),--only $(name))

.PHONY: mwaa
mwaa: ## Make build/mwaa and print the commands that upload it (SETTINGS=<file of PINTEREST_* settings>)
	@python3 tools/mwaa_package.py $(if $(SETTINGS),--settings $(SETTINGS))

.PHONY: lint
lint: setup ## Check style, types, import directions, SQL and shell scripts
	@tools/lint.sh

.PHONY: format
format: setup ## Format the code
	@$(AIRFLOW)/ruff format -q . && $(AIRFLOW)/ruff check -q --fix .

.PHONY: lock
lock: setup ## Make the lock files anew (CONSTRAINTS=<folder with MWAA's two constraint files>)
	@tools/lock.sh $(CONSTRAINTS)

.PHONY: clean
clean: down ## Delete everything that was made: environments, jars, caches
	@for home in .sandbox/test/*/; do PINTEREST_SANDBOX_HOME="$$PWD/$$home" $(SANDBOX)/sandbox down 2>/dev/null || true; done
	@rm -rf .sandbox .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache sandbox/java/s3-sink/target
