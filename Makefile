# `make check` is what a change must pass. Nothing here is needed to build or to run: Go is enough for that.

GO       ?= go
TOOL     := $(GO) tool -modfile=tools/go.mod
FUZZTIME ?= 30s
BENCH    ?= .
# The packages in which more than one goroutine touches the same state.
RACE     := /(actors|supervisor|node|integration|store|internal/(udp|slab|simnet))(/|$$)

.PHONY: check build test race lint fmt tidy bench fuzz interop ci

check: tidy lint build test race ## everything but the peers

build:
	$(GO) build ./...

test:
	$(GO) test -shuffle=on ./...

race:
	$(GO) test -race -shuffle=on $$($(GO) list ./... | grep -E '$(RACE)')

lint:
	$(GO) vet ./...
	$(TOOL) golangci-lint run ./...

fmt:
	$(TOOL) golangci-lint fmt ./...

tidy:
	$(GO) mod tidy -diff
	$(GO) fix -diff ./...

# Compare two runs with `$(TOOL) benchstat old.txt new.txt`.
bench:
	$(GO) test -run='^$$' -bench='$(BENCH)' -count=6 ./...

# Each fuzz target of each package, one after the other, for FUZZTIME.
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=10x $$pkg; \
		done; \
	done

interop:
	./interop/folder.sh
	./interop/flute-rs.sh
	./interop/tshark.sh
	./interop/fec-bench.sh short

ci:
	./.ci/run
