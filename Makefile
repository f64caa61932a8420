# Everything a person or a machine does here goes through these targets.

SHELL := /bin/bash
CARGO ?= cargo
ARGS  ?=
TIME  ?= 60

.DEFAULT_GOAL := help
.PHONY: help run build test test-peers lint audit fuzz bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## build and start the gateway on 127.0.0.1:4000 (more: make run ARGS="-c my.yaml")
	@exec target/release/tollgate run $(ARGS)

build: ## install what the build needs, then build target/release/tollgate
	@scripts/setup.sh build
	@$(CARGO) build --release --locked

lint: ## formatting and clippy, warnings denied
	@scripts/setup.sh lint
	@$(CARGO) fmt --check
	@$(CARGO) clippy --locked --all-targets -- -D warnings

test: lint ## install what the tests need, then lint, Rust tests, the vendors' SDKs and command lines
	@scripts/setup.sh test
	@$(CARGO) test --locked

test-peers: ## with servers of others as providers: LiteLLM's proxy and aimock (some 750 MB, installed once)
	@scripts/setup.sh peers
	@$(CARGO) test --locked --test peers -- --ignored

audit: ## licences, sources and known weaknesses of every dependency
	@scripts/setup.sh audit
	@$(CARGO) deny --locked check

fuzz: ## malformed bodies of any kind, TIME=60 seconds a target (one only: make fuzz ARGS=streams)
	@scripts/setup.sh fuzz
	@fuzz/run.sh $(TIME) $(ARGS)

bench: build ## CPU and memory beside nginx and a bare Pingora (more: make bench ARGS="--rounds 3")
	@scripts/setup.sh bench
	@$(CARGO) build --release --locked --examples
	@python3 -B benches/run.py $(ARGS)

clean: ## remove everything that was built or installed here
	@$(CARGO) clean
	@rm -rf .venv .peers tests/{sdk/node,command_lines,peers}/node_modules
	@rm -rf fuzz/target fuzz/corpus fuzz/artifacts fuzz/fields.dict
