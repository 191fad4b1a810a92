# make report   the main job on sample_data/ into out/
# make test     lint, types and tests
# make help     the rest
#
# Needs Python 3.11 or newer with venv. Everything else comes from the lock files, by hash.

PYTHON ?= python3
FUZZ_SECONDS ?= 60
EXPORTS ?= sample_data
OUT ?= out

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# What installing the project itself takes; pip must not fetch it unlocked.
BUILD := hatchling==1.27.0 editables
# Where Python may write no bytecode, a run would compile all of it anew.
COMPILE = $(BIN)/python -m compileall -q pipelines expectations dashboards
LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-strip-extras --upgrade \
	--custom-compile-command 'make lock'

# A stamp carries the checksum of what it was made from: changed lock, new stamp, new install.
VENV_STAMP := $(VENV)/.python-$(shell $(PYTHON) --version 2>/dev/null | cksum | cut -d ' ' -f 1)
RUN_STAMP := $(VENV)/.run-$(shell cat requirements.lock pyproject.toml | cksum | cut -d ' ' -f 1)
DEV_STAMP := $(VENV)/.dev-$(shell cat requirements-dev.lock pyproject.toml | cksum | cut -d ' ' -f 1)

.PHONY: help setup setup-dev report test test-all lint bench fuzz dev lock clean
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: $(RUN_STAMP) ## Make .venv with what the product runs on

setup-dev: $(DEV_STAMP) ## ... and with what its tests need

report: setup ## Run on EXPORTS (sample_data) into OUT (out)
	$(BIN)/sla run --exports $(EXPORTS) --out $(OUT)

test: lint ## Lint, types and tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m 'not slow'

test-all: lint ## ... and the slow tests: whole runs killed, disturbed, repeated, and on Spark
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup-dev ## Lint and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup-dev ## The benchmarks of tests/benchmarks/, timed
	$(BIN)/python -m pytest tests/benchmarks -o python_files='bench_*.py' -s

fuzz: setup-dev ## Feed the readers what a fuzzer makes up, FUZZ_SECONDS (60) each
	for target in lines text cells packed workbook mapping; do \
		$(BIN)/python -m tests.fuzz.fuzz_readers $$target -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

dev: setup ## Dagster's pages on http://localhost:3000: asset graph and run history
	$(BIN)/dagster dev

lock: ## Renew the lock files (needs uv on the PATH)
	echo '$(BUILD)' | tr ' ' '\n' | uv pip compile pyproject.toml - --extra ui $(LOCK_OPTIONS) \
		--output-file requirements.lock
	echo '$(BUILD)' | tr ' ' '\n' | uv pip compile pyproject.toml - --extra dev $(LOCK_OPTIONS) \
		--constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove .venv, OUT and caches
	rm -rf $(VENV) $(OUT) .pytest_cache .ruff_cache .mypy_cache .hypothesis .tmp_dagster_home_*

$(VENV_STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is missing or older than 3.11: say which to use, e.g. make PYTHON=python3.12 setup"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) has no venv: apt install python3-venv"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(RUN_STAMP): $(VENV_STAMP)
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@rm -f $(VENV)/.run-* && touch $@

$(DEV_STAMP): $(VENV_STAMP)
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@rm -f $(VENV)/.dev-* $(VENV)/.run-* && touch $@ $(RUN_STAMP)
