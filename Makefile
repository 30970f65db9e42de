# run and test are the front door; each installs a PostgreSQL server when the machine has none, and test a
# Chromium to look at the pages with; nothing else.
.PHONY: run test race proof lint bench bench-scale bench-beside generate

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

run: postgres
	go build -o bin/zhucan ./cmd/zhucan
	exec bin/zhucan demo $(ARGS)

# Every test: those of most rooms with the race detector, and those of the five rooms whose tests take minutes without it, then once more
# with it those in which things are done beside one another; then one last test looks for personal data of the tests' made-up people in
# all that the runs have logged. The race detector makes the long ones five times as long: make race has them all.
LONG := ./internal/attachment ./internal/casework ./internal/httpapi ./internal/web ./internal/exchange
BESIDE := Once|OnePicture|OneSource|SendersKilled|Throttle|TwoOfficers|TwoRate|TwoAnswer|Workers|TheirOrder|ListsInAnyOrder

test: postgres chromium
	@logs=$$(mktemp -d) && trap 'rm -rf "$$logs"' EXIT && chmod 755 "$$logs" && export ZHUCAN_TEST_LOGS="$$logs" && \
	go test -timeout 30m $(LONG) && \
	go test -race -timeout 30m $$(go list ./... | grep -vE '/internal/(attachment|casework|httpapi|web|exchange)$$') && \
	go test -race -timeout 30m -run '$(BESIDE)' $(LONG) && \
	ZHUCAN_CANARY_LOGS="$$logs" go test -count=1 ./internal/canary

race: postgres chromium
	go test -race -timeout 60m ./...

# The long versions of what the tests do in short: many registers recounted, a ledger of ten thousand persons, two hundred phones killed,
# and the time that every page takes on an old phone.
proof: postgres chromium
	go test -timeout 120m -count=1 -run 'TestRecount$$|TestWorklists|TestLedgerOverYears|TestDatabaseKilled|TestBackendsKilled' ./internal/casework -args -recounts=5 -ledger.people=10000 -outages=50 -kills=150
	go test -timeout 60m -count=1 -run TestKilledPhones ./internal/web -args -phone.runs=200
	go test -timeout 60m -count=1 -v -run TestEveryPage ./internal/web -args -page.times

# Ratios against the bare stack, measured in one run; bench.json holds them for programs.
bench: postgres
	BENCH_JSON="$(CURDIR)/bench.json" go test -run '^$$' -bench All -benchtime 1x -timeout 60m ./internal/bench

# The same questions asked of a register of PERSONS, a multiple of 2,500, over the division tree in AREAS: a csv file with the columns
# code and name, which may be packed with xz; bench-scale.json holds the ratios and what the tables take. TMPDIR is where the register
# lies: about 25 GB for each million persons; with FILES_ALONE=1 some 2 GB, and fewer questions (deploy/SCALE.md).
PERSONS ?= 20000
bench-scale: postgres
	@test -f "$(AREAS)" || { echo "make bench-scale AREAS=file.csv.xz PERSONS=1000000: AREAS is a division tree, a csv file with the columns code and name"; exit 1; }
	BENCH_JSON="$(CURDIR)/bench-scale.json" PERSONS=$(PERSONS) AREAS="$(abspath $(AREAS))" go test -run '^$$' -bench Scale -benchtime 1x -timeout 180m ./internal/bench

# The same work asked of what a user would pick instead, AGAINST pocketbase and directus or one of them, with the same people;
# bench-beside.json holds the ratios. By hand only, since it installs them into bin/.beside, where go looks for no packages: PocketBase
# (33 MB, SQLite in it) by go, and Directus (0.8 GB of packages, one of which needs a C++ compiler) by npm, under Node 20 or newer.
# Neither is part of the service.
AGAINST ?= pocketbase directus
bench-beside: postgres $(AGAINST:%=bin/.beside/%)
	BENCH_JSON="$(CURDIR)/bench-beside.json" AGAINST="$(AGAINST)" BESIDE_BIN="$(CURDIR)/bin/.beside" go test -run '^$$' -bench Beside -benchtime 1x -timeout 60m ./internal/bench

bin/.beside/pocketbase: $(wildcard internal/bench/beside/pocketbase/*)
	cd internal/bench/beside/pocketbase && go build -o "$(CURDIR)/$@" .

bin/.beside/directus: internal/bench/beside/directus/package.json
	rm -rf $@ $@.new && mkdir -p $@.new && cp $< $@.new && cd $@.new && npm install --no-audit --no-fund --no-package-lock && mv "$(CURDIR)/$@.new" "$(CURDIR)/$@"

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
