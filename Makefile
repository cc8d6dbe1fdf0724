# make run · make test · make dev · make bench   (make help lists the rest)

SHELL := /bin/bash
.DEFAULT_GOAL := help

cache := $(or $(SWITCHYARD_CACHE_DIR),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/switchyard)
# One target folder outside the clone: repeated builds and fresh clones share it.
export CARGO_TARGET_DIR ?= $(cache)/target
export SWITCHYARD_CACHE_DIR := $(cache)
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

site_dev := $(CARGO_TARGET_DIR)/site-dev-out
site_release := $(CARGO_TARGET_DIR)/site
binary := $(CARGO_TARGET_DIR)/switchyard
# Written by setup.sh: the compiler that has the wasm library.
# Cargo keeps count of its own jobs; of make's it would warn that it cannot reach them.
toolchain = unset MAKEFLAGS MFLAGS; set -a; . $(cache)/toolchain.env; set +a
build = $(toolchain); cargo run --quiet --package xtask --
# As the server is built, so that what both need is compiled once.
build_release = $(toolchain); cargo run --quiet --release --package xtask --

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: binary ## Build everything and start the server on http://127.0.0.1:3000
	exec $(binary) serve $(ARGS)

.PHONY: binary
binary: setup-run ## Build the one file that is all of it: the server with the page inside
	@# The page's last step uses one core only: both at once take as long as the longer one.
	@$(MAKE) --no-print-directory -j2 site-release server-release
	@$(build_release) pack --server $(CARGO_TARGET_DIR)/release/switchyard --site $(site_release) --out $(binary)
	@echo "==> $(binary)"

.PHONY: dev
dev: setup-run ## Rebuild and restart on every change
	exec server/build/dev.sh $(ARGS)

.PHONY: test
test: ## Run every check and every test; sets up what it needs
	@server/build/test.sh

.PHONY: check
check: ## Formatting, lints, documentation, architecture, access, schemas
	@server/build/setup.sh check
	@server/build/checks.sh with-tests

.PHONY: bench
bench: binary ## Measure and print the table of docs/performance.md
	@server/build/setup.sh check
	cargo build --release --package standin --package bench
	server/build/with-postgres.sh $(CARGO_TARGET_DIR)/release/bench --server $(binary) --standin $(CARGO_TARGET_DIR)/release/switchyard-standin $(ARGS)
	$(if $(ARGS),,@$(MAKE) --no-print-directory bench-page)

.PHONY: bench-page
bench-page: binary setup-test ## What is measured in a browser; the end of make bench
	$(toolchain); cd end2end && SWITCHYARD_BIN=$(binary) SWITCHYARD_SITE_DIR= npx playwright test --config measure.config.ts

.PHONY: lighthouse
lighthouse: binary setup-test ## What Lighthouse says of sign-in, a chat and the analytics on a slow phone
	$(toolchain); cd end2end/lighthouse && npm install --no-audit --no-fund --no-package-lock
	$(toolchain); cd end2end && SWITCHYARD_BIN=$(binary) SWITCHYARD_SITE_DIR= npx playwright test --config lighthouse.config.ts

.PHONY: soak
soak: setup-run ## The long random tests; prints what they counted
	@server/build/soak.sh

.PHONY: site site-release
site: setup-run ## Build the page for development
	@$(build) site --out $(site_dev) --target-dir $(CARGO_TARGET_DIR)

site-release: setup-run
	@echo "==> Building the page"
	@$(build_release) site --release --out $(site_release) --target-dir $(CARGO_TARGET_DIR)

.PHONY: server-release
server-release: setup-run
	@echo "==> Building the server"
	@unset MAKEFLAGS MFLAGS; cargo build --release --package server

.PHONY: setup-run setup-test
setup-run:
	@server/build/setup.sh run

setup-test:
	@server/build/setup.sh test
