# run and test are the front door; each installs a PostgreSQL server when the machine has none, and test a
# Chromium to look at the pages with; nothing else.
.PHONY: run test lint bench generate

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

run: postgres
	go build -o bin/zhucan ./cmd/zhucan
	exec bin/zhucan demo $(ARGS)

# Every test with the race detector; then one last test looks for personal data of the tests' made-up people in all
# that the run has logged.
test: postgres chromium
	@logs=$$(mktemp -d) && trap 'rm -rf "$$logs"' EXIT && chmod 755 "$$logs" && \
	ZHUCAN_TEST_LOGS="$$logs" go test -race -timeout 30m ./... && \
	ZHUCAN_CANARY_LOGS="$$logs" go test -count=1 ./internal/canary

# Ratios against the bare stack, measured in one run; bench.json holds them for programs.
bench: postgres
	BENCH_JSON="$(CURDIR)/bench.json" go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./internal/bench

lint:
	go vet ./...
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "gofmt these files"; exit 1; }
	go run $(GOLANGCI) run ./...

generate:
	go generate ./...

.PHONY: postgres chromium
postgres:
	@deploy/ensure-postgres.sh

chromium:
	@deploy/ensure-chromium.sh
