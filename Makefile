# `make` alone prints what there is.
SHELL := /bin/bash
GO ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Tests that share the machine's cores with redis-servers: a bounded wait each.
TESTFLAGS ?= -race -timeout 10m
FUZZTIME ?= 2s

.DEFAULT_GOAL := help
.PHONY: help demo build test setup lint bench bench-asynq fuzz long pictures

help: ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: build ## build, and open the console on the embedded Redis
	./bin/ifpacket --demo

build: ## build bin/ifpacket
	$(GO) build -trimpath -o bin/ifpacket .

test: setup ## install what the tests need, then run all of them with -race
	$(GO) test $(TESTFLAGS) ./...
	@$(MAKE) --no-print-directory fuzz

setup: ## install redis-server, python3 and openssl from the system's packages if there are none
	@for tool in redis-server python3 openssl; do \
	  command -v $$tool >/dev/null && continue; \
	  echo "installing $$tool, which the tests need"; \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$tool >/dev/null || exit 1; \
	done

lint: ## gofmt, go vet, staticcheck
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "not gofmt'd:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

bench: setup ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

bench-asynq: setup ## post and process tasks beside asynq, on one private redis-server
	cd bench/asynq && $(GO) run -mod=mod .

fuzz: ## run every fuzz target for FUZZTIME
	./.ci/fuzz $(FUZZTIME)

long: setup ## the runs that CI has only in short form: fuzzing and repeated tests
	@$(MAKE) --no-print-directory fuzz FUZZTIME=60s
	IFPACKET_LONG=1 $(GO) test -race -timeout 60m -count 3 ./...

pictures: build ## make the pictures in docs/pictures (needs tuishot: see docs/pictures/make.sh)
	./docs/pictures/make.sh
