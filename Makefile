# `make check` is what a change must pass. Nothing here is needed to build or to run: Go is enough for that.

GO       ?= go
TOOL     := $(GO) tool -modfile=tools/go.mod
FUZZTIME ?= 30s
BENCH    ?= .

.PHONY: check build test race lint docs fmt tidy vuln bench fuzz mutants interop ci

check: tidy lint docs build test race ## everything but the peers

build:
	$(GO) build ./...

test:
	$(GO) test -shuffle=on ./...

race:
	$(GO) test -race -shuffle=on $$(.ci/packages race)

# All modules of the repository.
lint:
	./.ci/run "vet and lint"
	$(GO) run ./internal/surface -check

# What pages say of tests, rules and peers.
docs:
	docs/conformance.sh -check
	docs/tests.sh -check
	docs/interop.sh -check

vuln:
	$(TOOL) govulncheck ./...

fmt:
	$(TOOL) golangci-lint fmt ./...

tidy:
	$(GO) mod tidy -diff
	$(GO) fix -diff ./...

# Compare two runs with `$(TOOL) benchstat old.txt new.txt`.
bench:
	$(GO) test -run='^$$' -bench='$(BENCH)' -count=6 ./...

# Each fuzz target of each package, for FUZZTIME.
fuzz:
	.ci/fuzz $(FUZZTIME)

# What do the tests not notice? Some minutes to an hour; N and SEED choose the sample.
mutants:
	$(GO) run ./internal/mutants $(if $(N),-n $(N)) $(if $(SEED),-seed $(SEED))

interop:
	./interop/folder.sh
	./interop/flute-rs.sh
	./interop/faults.sh
	./interop/schemas.sh
	./interop/carousel.sh
	./interop/utp.sh
	./interop/tshark.sh
	./interop/fec-bench.sh short

ci:
	./.ci/run
