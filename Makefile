# Targets a person types. Everything else is cargo.

.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3

# The SDK crates, cut down to the operations exhibit makes; docs/architecture.md says how.
SDK := target/sdk/config.toml
CARGO := cargo
BUILD := --locked --config $(SDK)
EXHIBIT := target/debug/exhibit
VENV := .venv/.installed

.PHONY: help demo build test check fmt lint rust-test python-test bench samples fuzz install policy clean-demo

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(SDK): collector/operations.toml Cargo.lock $(wildcard collector/trim/src/*.rs)
	$(CARGO) run --quiet --locked -p sdk-trim -- --operations collector/operations.toml --out target/sdk
	@touch $@

build: $(SDK) ## Build the exhibit binary (target/debug/exhibit)
	$(CARGO) build $(BUILD) -p exhibit

demo: build ## Replay, test, compare and bind the recorded sample account into demo/
	$(EXHIBIT) demo --out demo

test: check rust-test python-test ## Format, lints and all tests (needs Python 3)

check: fmt lint ## Format and lints only

fmt:
	$(CARGO) fmt --all --check

lint: $(SDK)
	$(CARGO) clippy $(BUILD) --workspace --all-targets -- -D warnings

rust-test: $(SDK)
	$(CARGO) test $(BUILD) --workspace

$(VENV): requirements-dev.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# With --tests, so that the crates are the ones that rust-test has built already.
python-test: $(SDK) $(VENV)
	$(CARGO) build $(BUILD) --workspace --tests --bins
	EXHIBIT_BIN=$(CURDIR)/$(EXHIBIT) .venv/bin/python -m pytest -q -n 2 tests

bench: $(SDK) $(VENV) ## Print speed and memory of a release build
	$(CARGO) build $(BUILD) --release -p exhibit
	$(CARGO) build $(BUILD) --release -p evidence --example check_digest
	EXHIBIT_BIN=$(CURDIR)/target/release/exhibit .venv/bin/python tests/bench.py

samples: build $(VENV) ## Record samples/ again (needs Debian's faketime)
	EXHIBIT_BIN=$(CURDIR)/$(EXHIBIT) .venv/bin/python samples/record.py

fuzz: $(SDK) ## Run the property tests with many more cases (fuzz/README.md: with libFuzzer)
	PROPTEST_CASES=20000 $(CARGO) test $(BUILD) --workspace --release

install: $(SDK) ## Install exhibit into cargo's bin folder
	$(CARGO) install $(BUILD) --path cli
