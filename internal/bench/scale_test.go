package bench

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
	"zhucan/internal/store/localpg"
	"zhucan/internal/store/testdb"
)

// BenchmarkScale is make bench-scale: a register of so many PERSONS over the division tree of the file AREAS, against one of the
// district alone with its ten thousand, on one server. With FILES_ALONE it takes a tenth of the room, and answers fewer of the questions.
func BenchmarkScale(b *testing.B) {
	for b.Loop() {
		tree, err := readAreas(os.Getenv("AREAS"))
		if err != nil {
			b.Fatal(err)
		}
		persons := number("PERSONS", 20_000)
		server, source := newLarge(b), derived(b)
		few := newNation(b, server.database(b, "few"), source, within(tree, ownDistrict), districtHolds)
		began := time.Now()
		many := newNation(b, server.database(b, "many"), source, tree, persons)
		fmt.Printf("\n%d persons over %d divisions, made in %.0f s\n", persons, len(tree), time.Since(began).Seconds())
		sizes := many.sizes()
		heading()
		compare := compared
		if filesAlone {
			compare = comparedFiles
		}
		results := compare(few, many, fmt.Sprintf("%d", persons))
		sizes = append(sizes, many.sizes("roster_lines", "bank_lines", "payments")...) // of which there are rows only now
		keep(b, map[string]any{"persons": persons, "sizes": sizes, "results": results})
	}
}

// large is a server with room for a large register. It gives up safety at a power cut: what is written is not what is measured.
type large struct{ *localpg.Cluster }

func newLarge(b *testing.B) large {
	b.Helper()
	folder, err := os.MkdirTemp("", "zhucan-scale-") // not b.TempDir, which the server's account cannot reach
	if err != nil {
		b.Fatal(err)
	}
	cluster, err := localpg.Start(context.Background(), localpg.Options{Dir: folder, Fast: true, Settings: []string{"shared_buffers=2GB", "maintenance_work_mem=512MB",
		"max_wal_size=6GB", "wal_level=minimal", "max_wal_senders=0", "checkpoint_timeout=30min"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cluster.Stop(context.Background()); os.RemoveAll(folder) })
	return large{cluster}
}

func (l large) database(b *testing.B, name string) testdb.Database {
	b.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, l.URL(localpg.Superuser, "postgres"))
	if err == nil {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
		conn.Close(ctx)
	}
	if err == nil {
		_, err = store.Migrate(ctx, l.URL(localpg.Superuser, name))
	}
	if err != nil {
		b.Fatal(err)
	}
	return testdb.Database{URL: l.URL("zhucan_app", name), OwnerURL: l.URL(localpg.Superuser, name), Ring: newRing(b)}
}

// compared sets the large register against the small one, and what is asked of all of it against plain SQL.
func compared(few, many *nation, persons string) []result {
	b := many.b
	district := func(on calendar.Date) casework.ValuesOf {
		return casework.ValuesOf{Area: ownDistrict, Moment: store.Moment{On: on}, By: store.ByTree}
	}
	results := []result{pairs(b, "person over HTTP: of "+persons+" / of 10,000", "req/s", many.reading(), few.reading())}
	results = append(results, many.depths()...)
	results = append(results, pairs(b, "search by ID number in a province: of "+persons+" / of 10,000", "searches/s", many.searching(), few.searching()))
	results = append(results,
		pairs(b, "12 indicators, tree of a district: of "+persons+" / alone (lower)", "ms", many.valuing(district(today)), few.valuing(district(today))),
		pairs(b, "  the same on a past day / today (lower)", "ms", many.valuing(district(past)), many.valuing(district(today))),
		pairs(b, "12 indicators, the nation by province / plain SQL (lower)", "ms", many.provinces(today), many.scan()),
		pairs(b, "  the same on a past day / today (lower)", "ms", many.provinces(past), many.provinces(today)),
		pairs(b, "standings made again, a person: of "+persons+" / of 10,000 (lower)", "µs", many.deriving(asTaken), few.deriving(asTaken)),
		pairs(b, "  the same for people from anywhere (lower)", "µs", many.deriving(anywhere), few.deriving(anywhere)))
	results = append(results, rosterLines(few, many, persons)...)
	once := func() float64 { return many.rebuiltIn } // minutes of a million persons: when the register was made, and not again each round
	return append(results, many.keeping(many.copies*len(many.source), once)...)
}

// comparedFiles is as much of it as can be asked where there are no standings.
func comparedFiles(few, many *nation, persons string) []result {
	b := many.b
	district := casework.ValuesOf{Area: ownDistrict, Moment: store.Moment{On: today}, By: store.ByTree}
	results := []result{pairs(b, "person over HTTP: of "+persons+" / of 10,000", "req/s", many.reading(), few.reading())}
	results = append(results, many.listDepths()...)
	results = append(results,
		pairs(b, "search by ID number in a province: of "+persons+" / of 10,000", "searches/s", many.searching(), few.searching()),
		pairs(b, "12 indicators, tree of a district: of "+persons+" / alone (lower)", "ms", many.valuing(district), few.valuing(district)))
	return append(results, rosterLines(few, many, persons)...)
}

// reading is answers a second, persons of the district, who lie all over the table, read by eight connections.
func (m *nation) reading() func() float64 {
	m.b.Helper()
	var ids []uuid.UUID
	err := m.pool.QueryRow(context.Background(), `SELECT array_agg(id) FROM (SELECT id FROM persons WHERE managing_area_code >= $1 AND managing_area_code < $2
		ORDER BY md5(id::text) LIMIT 200) p`, ownDistrict, ownDistrict+":").Scan(&ids)
	if err != nil {
		m.b.Fatal(err)
	}
	url, token := m.serve(m.b)
	urls := addresses(url+"/api/v1/persons/", ids)
	return func() float64 { return get(m.b, 8, urls, token) }
}

// searching is how often a second somebody of the district is found by the ID number, by who may see the whole province.
func (m *nation) searching() func() float64 {
	m.b.Helper()
	var numbers []string
	for person := 0; person < m.copies*len(m.source); person += m.step {
		if number := m.number(person/len(m.source), person%len(m.source)); number != "" {
			numbers = append(numbers, number)
		}
	}
	n := 0
	return m.often(turnings, func() (int, error) {
		n++
		found, err := m.desk.DB.SearchPersons(context.Background(), in(ownProvince), store.Search{IDNumber: numbers[n*97%len(numbers)]})
		return len(found), err
	})
}

// valuing is how long an answer takes, in milliseconds.
func (m *nation) valuing(q casework.ValuesOf) func() float64 {
	const runs = 5
	often := m.often(runs, func() (int, error) {
		list, _, err := m.desk.Values(context.Background(), in(q.Area), q)
		return len(list), err
	})
	return func() float64 { return 1000 / often() }
}

// provinces is how long it takes to count all indicators in each province, in milliseconds.
func (m *nation) provinces(on calendar.Date) func() float64 {
	return func() float64 {
		began := time.Now()
		for _, d := range m.tree {
			if d.Code.Level() != "province" {
				continue
			}
			q := casework.ValuesOf{Area: d.Code, Moment: store.Moment{On: on}, By: store.ByNone}
			if list, _, err := m.desk.Values(context.Background(), in(d.Code), q); err != nil || len(list) == 0 {
				m.b.Fatalf("%d values (%v)", len(list), err)
			}
		}
		return float64(time.Since(began).Microseconds()) / 1000
	}
}

// scan is how long it takes to count the same standings by indicator and province in one plain statement, in milliseconds.
func (m *nation) scan() func() float64 {
	const statement = `SELECT indicator, left(area_code, 2), count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 2), count(*) FILTER (WHERE status = 3)
		FROM standings WHERE indicator = ANY($2) AND valid_from <= $1 AND (valid_to IS NULL OR valid_to >= $1) GROUP BY 1, 2`
	var keys []string
	for _, def := range m.desk.Pack().Indicators {
		if def.Variant == "" {
			keys = append(keys, def.Key())
		}
	}
	return func() float64 {
		began := time.Now()
		tag, err := m.pool.Exec(context.Background(), statement, today, keys)
		if err != nil || tag.RowsAffected() == 0 {
			m.b.Fatalf("%d rows (%v)", tag.RowsAffected(), err)
		}
		return float64(time.Since(began).Microseconds()) / 1000
	}
}

// Whose standings are made again: a portion as the command takes them, one person after another from some place on, or people from all
// over the register, whose rows lie nowhere near one another.
const (
	asTaken  = "SELECT id FROM persons WHERE id >= (SELECT id FROM persons ORDER BY md5(id::text || $1) LIMIT 1) ORDER BY id LIMIT $2"
	anywhere = "SELECT id FROM persons ORDER BY md5(id::text || $1) LIMIT $2"
)

// deriving is how long it takes to derive somebody who has no standings yet, in microseconds.
func (m *nation) deriving(whose string) func() float64 {
	const portion = 500
	round := 0
	return func() float64 {
		round++
		rows, err := m.pool.Query(context.Background(), whose, fmt.Sprint(round), portion)
		var ids []uuid.UUID
		if err == nil {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		}
		if err == nil {
			_, err = m.pool.Exec(context.Background(), "DELETE FROM standings WHERE person_id = ANY($1)", ids)
		}
		if err != nil {
			m.b.Fatal(err)
		}
		began := time.Now()
		if err := m.desk.RebuildPersons(context.Background(), access.SystemActor(), ids...); err != nil {
			m.b.Fatal(err)
		}
		return float64(time.Since(began).Microseconds()) / float64(len(ids))
	}
}

// rosterLines sets the roster of the district among many, and that of its whole province, against that of the district alone, a line.
func rosterLines(few, many *nation, persons string) []result {
	b := many.b
	alone, among, province := few.paying(ownDistrict), many.paying(ownDistrict), many.paying(ownProvince)
	return []result{
		pairs(b, "roster of the district, a line: among "+persons+" / alone (lower)", "µs", among, alone),
		pairs(b, "roster of its province, a line: among "+persons+" / the district alone (lower)", "µs", province, alone),
	}
}

// paying is how long a line of a roster of an area takes to be calculated, in microseconds.
func (m *nation) paying(of area.Code) func() float64 {
	m.b.Helper()
	account, err := m.desk.CreateAccount(context.Background(), access.SystemActor(), casework.NewAccount{Username: "pays." + string(of), Name: "x", Password: "a long enough secret",
		Role: access.FinanceOfficer, Area: of})
	if err != nil {
		m.b.Fatal(err)
	}
	who := access.Actor{AccountID: account.ID, Role: access.FinanceOfficer, Area: of}
	return func() float64 {
		m.exec(m.b, "SET session_replication_role = replica; TRUNCATE payments, roster_lines, bank_lines; UPDATE rosters SET state = 'cancelled'; SET session_replication_role = origin")
		began := time.Now()
		r, err := m.desk.MakeRoster(context.Background(), who, calendar.MustMonth("2026-11"), "", "")
		if err != nil || r.Totals.Lines == 0 {
			m.b.Fatalf("%d lines (%v)", r.Totals.Lines, err)
		}
		return float64(time.Since(began).Microseconds()) / float64(r.Totals.Lines)
	}
}

// size is what a table takes.
type size struct {
	Table   string  `json:"table"`
	Rows    int64   `json:"rows"`
	Bytes   int64   `json:"bytes"`
	Heap    float64 `json:"heap_bytes_per_row"`
	Indexes float64 `json:"index_bytes_per_row"`
}

// sizes are those of the tables named, or of all that grow with the register, by what is really there.
func (m *nation) sizes(tables ...string) (list []size) {
	m.b.Helper()
	m.exec(m.b, "ANALYZE "+strings.Join(tables, ", "))
	rows, err := m.pool.Query(context.Background(), `SELECT relname, reltuples::bigint, pg_total_relation_size(oid), pg_table_size(oid) / reltuples, pg_indexes_size(oid) / reltuples
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples >= 1000
			AND (cardinality($1::text[]) = 0 OR relname = ANY($1)) ORDER BY 3 DESC`, append([]string{}, tables...))
	if err == nil {
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[size])
	}
	if err != nil {
		m.b.Fatal(err)
	}
	fmt.Printf("%-24s %12s %10s %10s %10s\n", "table", "rows", "MiB", "heap B", "index B")
	for _, s := range list {
		fmt.Printf("%-24s %12d %10.1f %10.0f %10.0f\n", s.Table, s.Rows, float64(s.Bytes)/(1<<20), s.Heap, s.Indexes)
	}
	return list
}
