# The only commands to know. Everything installs itself in .venv, with pinned and hashed versions.
.PHONY: run test check bench plot soak migrate lock
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/placejuste-ready
# An image that forbids it has each process of a server, and each test that starts one, compile every library again.
export PYTHONDONTWRITEBYTECODE :=

run: $(READY)  ## serve the demonstration
	@$(BIN)/placejuste serve --demo

test: $(READY)  ## every test, in a real browser on a real database
	@CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && $(BIN)/placejuste build && $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(READY)  ## style, types, directions of imports, no Radix, no Tailwind
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/placejuste build
	@$(BIN)/pytest -q -p no:cacheprovider tests/test_architecture.py tests/portal/test_pages_built.py

bench: $(READY)  ## figures against their goals
	@CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && $(BIN)/python -m benchmarks

plot: $(READY)  ## draw docs/pictures/search-growth.svg again
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --group bench
	@$(BIN)/python -m benchmarks.growth

soak: $(READY)  ## long campaigns: load, kills, outages, sequences of acts, hostile calendars
	@$(BIN)/python -m benchmarks.soak
	@PLACEJUSTE_SEQUENCES=3000 $(BIN)/pytest -q -n 0 tests/booking/test_life_cycle.py
	@PLACEJUSTE_SEQUENCES=300 $(BIN)/pytest -q -n 0 tests/booking/test_hearing_acts.py
	@PLACEJUSTE_FUZZ_EXAMPLES=400 $(BIN)/pytest -q -n 0 tests/portal/test_api_fuzz.py
	@$(BIN)/python -m benchmarks.soak_feeds --seconds 360
	@$(BIN)/python -m benchmarks.soak_messages

migrate: $(READY)
	@$(BIN)/placejuste migrate

lock: $(READY)  ## pin the dependencies again
	@$(BIN)/uv pip compile pyproject.toml --group dev --generate-hashes --no-emit-index-url \
		--python-version 3.11 --universal --upgrade -o requirements.lock
	@$(BIN)/uv pip compile requirements-uv.in --generate-hashes --no-emit-index-url \
		--python-version 3.11 --universal --upgrade -o requirements-uv.lock

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@PYTHON="$(PYTHON)" scripts/install
	@touch $@
