# Bellhop's tasks. `make test` and `make check` are what CI runs.

GO            ?= go
VERSION       ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS        = -s -w -X main.version=$(VERSION)
TOOLS          = $(CURDIR)/.tools
GOLANGCI       = v2.15.0
GOFUMPT        = v0.12.0
FUZZTIME      ?= 1m

.PHONY: build test check fuzz fuzz-all bench soak screenshots fmt deps tools

build: ## one static binary, ./bellhop
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bellhop ./cmd/bellhop

# The race detector leaves out SQLite (C that was translated into Go) and three parsers,
# which share nothing: with it the tests that store and render took two and three times
# as long. Nothing here does arithmetic with pointers, so that is not checked. What is
# linked has no tables for debuggers, and vet runs in make check. A program that is
# watched sleeps a second before it ends, unless GORACE says otherwise.
UNWATCHED = modernc.org/sqlite/lib github.com/yuin/goldmark/... golang.org/x/net/html github.com/pressly/goose/v3/internal/sqlparser
RACE      = -race -gcflags=all=-d=checkptr=0 $(UNWATCHED:%=-gcflags=%=-race=false) -ldflags='-s -w' -vet=off

test soak: export GORACE = atexit_sleep_ms=20

test: deps ## every test, race detector on, both databases, a real browser; most wait more than they compute, so four packages at once
	.ci/scratch .ci/postgres run -- $(GO) test $(RACE) -shuffle=on -p 4 -timeout 20m -exec "env -u GOTMPDIR" ./...

check: tools ## formatting, vet, lint, go.mod
	@test -z "$$($(TOOLS)/gofumpt -l .)" || { echo "not formatted, run make fmt:"; $(TOOLS)/gofumpt -l .; exit 1; }
	$(GO) vet ./...
	$(TOOLS)/golangci-lint run ./...
	$(GO) mod tidy -diff

FUZZ = $(GO) test -run '^$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 5x -fuzz

FUZZERS = rules/FuzzParseLine hub/ingest/FuzzMapping hub/ingest/FuzzDiscourse

fuzz: $(FUZZERS:%=fuzz/%) ## the parsers of what strangers write, a minute each; with -j all in the same minute

fuzz/%:
	$(FUZZ) '^$(notdir $*)$$' ./$(dir $*)

fuzz-all: ## every fuzzer there is, a minute each; their seeds and what they found run with the tests
	@for package in $$($(GO) list -f '{{.Dir}}' ./...); do \
		for name in $$(cat $$package/*_test.go 2>/dev/null | sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p'); do \
			echo "$$name in $$package"; $(FUZZ) "^$$name\$$" $$package || exit 1; \
		done; \
	done

bench: build ## figures as ratios against a baseline taken in the same run; pages with millions of rows, made once if BELLHOP_BIG_DIR names a folder and fewer by BELLHOP_BIG_PART
	BELLHOP_BENCH=$(CURDIR)/bellhop .ci/postgres run -- $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m ./hub/server
	$(GO) test -run '^$$' -bench . -timeout 30m ./rules

soak: deps ## the kill tests in full: 50 kills of the program under load, 20 of the bus; a minute without a forum's API; the faults of platforms, workers, rules, disks, overload and stops; twenty minutes with one fault in a hundred
	BELLHOP_SOAK=1 .ci/postgres run -- $(GO) test $(RACE) -count=1 -timeout 3h -v -run 'TestKill|TestAForumsAPIIsAway|TestFault' ./cmd/bellhop ./hub/bus

screenshots: deps ## a picture of each page of the pane, wide and narrow, light and dark, in docs/screenshots; look at them
	rm -f docs/screenshots/*.webp
	mkdir -p docs/screenshots
	BELLHOP_SCREENSHOTS=$(CURDIR)/docs/screenshots .ci/postgres run -- $(GO) test -count=1 -run TestPane ./hub/server

fmt: tools ## format the code
	$(TOOLS)/gofumpt -w .

deps: ## what the tests need besides Go: PostgreSQL and Chromium, from Debian
	.ci/deps

tools: $(TOOLS)/golangci-lint-$(GOLANGCI) $(TOOLS)/gofumpt-$(GOFUMPT)

$(TOOLS)/golangci-lint-$(GOLANGCI):
	GOBIN=$(TOOLS) GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	touch $@

$(TOOLS)/gofumpt-$(GOFUMPT):
	GOBIN=$(TOOLS) GOFLAGS= $(GO) install mvdan.cc/gofumpt@$(GOFUMPT)
	touch $@
