# Everything that people and CI run. `make demo` needs Node and npm; `make test` needs Go as well.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

COUNTERSIGN := node dist/cli/main.js
OPA := tools/bin/opa
REGAL := tools/bin/regal
DEMO_SOURCE := build/demo-policies
# The same rules are tested and linted once.
UNCHECKED := --no-tests --no-regal

.PHONY: build demo run test test-rego policies lint verify-releases generated bench soak clean tools

## build: compile the TypeScript sources to dist/
build: node_modules/.package-lock.json
	npm run --silent build

## demo: a throw-away server with generated keys, asked real requests; needs nothing but Node and npm
demo: build
	$(COUNTERSIGN) demo

## run: serve the configuration in CONFIG (default ./countersign.yaml)
CONFIG ?= ./countersign.yaml
run: build
	dist/cli/countersign serve --config $(CONFIG)

## test: all tests, TypeScript and Rego
test: build $(OPA) $(REGAL) test-rego
	npx vitest run

test-rego: $(OPA)
	$(OPA) test policies --capabilities policies/capabilities.json --schema policies/schemas/input.json --fail-on-empty

## policies: write the generated files and build both committed releases from their sources
policies: build $(OPA) $(REGAL) generated
	$(COUNTERSIGN) policy build policies -o bundles/default.tar.gz
	$(MAKE) --no-print-directory $(DEMO_SOURCE)
	$(COUNTERSIGN) policy build $(DEMO_SOURCE) $(UNCHECKED) -o bundles/demo.tar.gz

# The demo release is the default's rules and cases with demo data, and cases of its own.
.PHONY: $(DEMO_SOURCE)
$(DEMO_SOURCE):
	rm -rf $@
	mkdir -p $(dir $@)
	cp -R policies $@
	cp bundles/demo/data.yaml $@/data.yaml
	cp bundles/demo/cases/*.yaml $@/cases/
	cp -R bundles/demo/requests $@/cases/requests

## generated: write what is generated from the code: entrypoints, schema, tables in the docs
generated: build $(OPA)
	node dist/cli/generate.js --write

## verify-releases: both committed releases are exactly what their sources build to
verify-releases: build $(OPA) $(DEMO_SOURCE)
	$(COUNTERSIGN) policy build policies $(UNCHECKED) -o build/default.tar.gz
	$(COUNTERSIGN) policy build $(DEMO_SOURCE) $(UNCHECKED) -o build/demo.tar.gz
	cmp build/default.tar.gz bundles/default.tar.gz
	cmp build/demo.tar.gz bundles/demo.tar.gz

## lint: formats, types, dead code, Rego checks, and that nothing generated is stale
lint: build $(OPA) $(REGAL)
	npx biome check --error-on-warnings .
	npm run --silent typecheck
	npx knip
	node dist/cli/generate.js --check
	$(OPA) fmt --fail --list policies
	$(OPA) check --strict --bundle policies --capabilities policies/capabilities.json --schema policies/schemas/input.json
	$(REGAL) lint policies

## bench: CPU per decision in multiples of the RSA floor, latency, start-up, event loop, ledger, lists, verification, disk, reloads
bench: build $(OPA)
	npx tsc -p test/bench/tsconfig.json
	node build/bench/test/bench/main.js

## soak: the long form of every soak
soak: build $(OPA)
	COUNTERSIGN_SOAK=long npx vitest run test/soak

clean:
	rm -rf dist build coverage

tools: $(OPA) $(REGAL)

# OPA and Regal come from Go modules, pinned and checksummed in tools/. Without Go an `opa` of the pinned version on
# PATH serves too.
OPA_VERSION := $(shell sed -n 's|.*open-policy-agent/opa v\([0-9.]*\).*|\1|p' tools/opa/go.mod)
NO_GO := Go 1.26 or later is needed here: only `make demo` does without it

$(OPA): tools/opa/go.mod tools/opa/go.sum
	@mkdir -p $(dir $@)
	@if command -v go >/dev/null; then \
	  echo "building OPA $(OPA_VERSION), once: a minute or two"; \
	  cd tools/opa && go build -tags opa_wasm -o ../bin/opa github.com/open-policy-agent/opa; \
	elif opa version 2>/dev/null | grep -qx 'Version: $(OPA_VERSION)'; then \
	  ln -sf "$$(command -v opa)" $@; \
	else \
	  echo '$(NO_GO)' >&2; exit 1; \
	fi
	@touch $@

$(REGAL): tools/regal/go.mod tools/regal/go.sum
	@command -v go >/dev/null || { echo '$(NO_GO)' >&2; exit 1; }
	@echo "building Regal, once: a minute or two"
	@cd tools/regal && go build -o ../bin/regal github.com/open-policy-agent/regal
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund
	touch $@
