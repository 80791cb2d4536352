# Every target does its own set-up: a virtual environment from the hashed lock file.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# What the bot itself needs is enough for the demo, and is there in a fifth of the time.
RUNNABLE := $(VENV)/.runnable
# Tests wait as often as they reckon, so one process more than there are cores keeps those busy.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))

.PHONY: demo test covered screens check bench torture lock clean

$(STAMP): requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $(STAMP)

$(RUNNABLE): requirements/run.txt
	test -f $(STAMP) || { $(PYTHON) -m venv $(VENV) && \
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt; }
	touch $(RUNNABLE)

# When the demo was called for: it says how long each step took, set-up and all.
ifneq (,$(filter demo,$(MAKECMDGOALS)))
BEGUN := $(shell $(PYTHON) -c 'import time; print(time.time())')
endif

demo: $(RUNNABLE) ## a loopback Discord, pretend gateways and the bot: the first picture without any account
	$(PY) -m sandbox $(if $(ONCE),--once) $(if $(KEEP),--keep) --since $(BEGUN)

test: $(STAMP) ## the whole suite, with branch coverage of the core rooms
	@tests/browser/chromium.sh
	$(PY) -m coverage erase
	$(PY) -m pytest -p tests.measuring -n $(WORKERS) --dist worksteal $(ARGS)
	$(MAKE) --no-print-directory covered

covered: ## what the last run left unrun of the core rooms
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report --fail-under=100 --include='bot/core/*,bot/ledger/*,bot/jobs/*,bot/db/*,bot/providers/*,bot/payments/*,bot/guilds/*'

screens: $(STAMP) ## the pictures of docs/screens anew; needs a Chromium
	EASEL_SCREENS=1 $(PY) -m pytest tests/browser/test_screens.py tests/browser/test_screens_usage.py

check: $(STAMP) ## lint, format, strict types, import contracts, dependencies
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/deptry .

bench: $(STAMP) ## ratios measured side by side in one run
	$(PY) -m benchmarks $(ARGS)

torture: $(STAMP) ## random kill -9 over many jobs; minutes
	$(PY) -m tests.torture $(ARGS)

lock: ## makes the lock files anew; needs uv
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements/run.txt
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --extra mpp pyproject.toml -o requirements/mpp.txt
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --group dev --all-extras pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage* 
