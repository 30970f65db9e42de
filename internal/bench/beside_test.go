package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/auth"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
	"zhucan/internal/store/testdb"
)

const (
	spell       = 3 * time.Second // of a round of readings
	rowsEntered = 400             // of a round of entering, by all connections together
	personsRead = 1000            // in turn, all of one town
	password    = "a long enough secret"
)

// BenchmarkBeside is make bench-beside: what a user would pick instead, with the same people on the same machine, asked for the same
// work by the same client over eight connections. AGAINST names them. Larger is better.
func BenchmarkBeside(b *testing.B) {
	for b.Loop() {
		d := newDistrict(b, durable(b))
		var results []result
		versions := map[string]string{"PostgreSQL": d.version()}
		var others []*side
		for _, name := range strings.Fields(os.Getenv("AGAINST")) {
			others = append(others, rivals[name](d))
		}
		ours := d.zhucan()
		fmt.Printf("\n%d persons, %d of them in the town that is worked in\n", len(d.known), d.inTown)
		for _, s := range append(others, ours) {
			versions[s.name] = s.version
			s.describe(b)
		}
		for _, a := range []ask{ours.enter(d.fresh[len(d.fresh)-1]), ours.serve(0)} {
			fmt.Printf("%-12s writes %s\n", a.url[strings.LastIndex(a.url, "/")+1:], d.added(a))
		}
		heading()
		for _, w := range works {
			if only := os.Getenv("BENCH_ONLY"); only == "" || slices.Contains(strings.Split(only, ","), w.key) {
				results = append(results, w.beside(d, ours, others)...)
			}
		}
		keep(b, map[string]any{"versions": versions, "persons": len(d.known), "results": results})
	}
}

// rivals set up what a user would pick instead, each with the people of a district.
var rivals = map[string]func(*district) *side{"pocketbase": (*district).pocketBase, "directus": (*district).directus}

// side is a server and how it is asked for the same work as the others. A town officer reads, lists and enters; who counts may see the
// whole district.
type side struct {
	name, version string
	fewer         float64                      // by what it is to be surpassed
	fewerCounts   float64                      // and where people are counted
	person        func(n int) ask              // the file of the n-th person of the town
	list          func(int) ask                // the first 50 with a physical disability in the town
	count         func(int) ask                // by village: who is severely disabled
	enter         func(exchange.RosterRow) ask // somebody new with a card
	serve         func(n int) ask              // a service opened for the n-th person of the town
	stranger      ask                          // a person outside the town
	renew         func()                       // signs in again; nil for the others, whose tokens outlast what is measured
}

// work is something that each side is asked to do. BENCH_ONLY names those that are wanted, all where it is empty.
type work struct {
	key, name string
	rate      func(d *district, s *side) func() float64
}

var works = []work{
	{"person", "person by id", func(d *district, s *side) func() float64 { return d.reading(s.person) }},
	{"list", "list of 50 in a town, of one category", func(d *district, s *side) func() float64 { return d.reading(s.list) }},
	{"count", "severely disabled by village", func(d *district, s *side) func() float64 { return d.reading(s.count) }},
	{"enter", "a person with a card entered", func(d *district, s *side) func() float64 {
		round := 0
		return d.writing(func(n int) ask { return s.enter(d.fresh[round*rowsEntered+n]) }, &round)
	}},
	{"serve", "a service opened", func(d *district, s *side) func() float64 {
		round := 0
		return d.writing(func(n int) ask { return s.serve(round*rowsEntered + n) }, &round)
	}},
}

// beside measures a work on every side in turn, after each has done it once.
func (w work) beside(d *district, ours *side, others []*side) (list []result) {
	ours.renew()
	measures := []func() float64{w.rate(d, ours)}
	for _, other := range others {
		measures = append(measures, w.rate(d, other))
	}
	for _, measure := range measures {
		measure()
	}
	d.analyze()
	taken := inTurn(measures...)
	for i, other := range others {
		goal := other.fewer
		if w.key == "count" {
			goal = other.fewerCounts
		}
		list = append(list, paired(fmt.Sprintf("%s / %s (at least %.0f)", w.name, other.name, goal), "req/s", taken[0], taken[i+1]))
	}
	return list
}

// district is the people whom every side has, and who are entered while it is measured.
type district struct {
	*register
	in           testdb.Database
	known, fresh []exchange.RosterRow
	town         area.Code
	inTown       int
	databases    []string // of one server, for who owns them
}

func newDistrict(b *testing.B, in testdb.Database) *district {
	b.Helper()
	tree := divisions.Tree()
	d := &district{register: &register{newWorldIn(b, in, 1), b}, in: in, databases: []string{in.OwnerURL}}
	entered := (rounds+1)*rowsEntered + 1 // and one to see what that writes
	everybody := population.Generate(1, people+entered, tree, calendar.DateOf(d.desk.Now()))
	d.known, d.fresh = everybody[:people], everybody[people:][:entered]
	d.settle(tree)
	var file bytes.Buffer
	if err := exchange.WriteRoster(&file, d.known); err != nil {
		b.Fatal(err)
	}
	if _, _, err := d.desk.ImportRoster(context.Background(), access.SystemActor(), file.Bytes(), false); err != nil {
		b.Fatal(err)
	}
	if err := d.desk.DB.FoldTallies(context.Background(), calendar.DateOf(d.desk.Now())); err != nil { // as the service does soon
		b.Fatal(err)
	}
	d.analyze()
	return d
}

// settle chooses the town with the most people. Those who are entered live in its villages.
func (d *district) settle(tree []area.Division) {
	towns := map[area.Code]int{}
	for _, r := range d.known {
		towns[r.Hukou.Parent()]++
	}
	for code, n := range towns {
		if n > d.inTown || n == d.inTown && code < d.town {
			d.town, d.inTown = code, n
		}
	}
	var villages []area.Code
	for _, place := range tree {
		if place.Code.Level() == "village" && d.town.Contains(place.Code) {
			villages = append(villages, place.Code)
		}
	}
	for i := range d.fresh {
		d.fresh[i].Hukou = villages[i%len(villages)]
	}
}

// added are the rows that the service adds while it does something, and to how many tables.
func (d *district) added(a ask) string {
	d.b.Helper()
	before := d.rows()
	a.done(d.b)
	after, rows, tables := d.rows(), 0, 0
	for table, n := range after {
		if n > before[table] {
			rows, tables = rows+n-before[table], tables+1
		}
	}
	return fmt.Sprintf("%d rows in %d tables", rows, tables)
}

// rows are how many there are in each table.
func (d *district) rows() map[string]int {
	d.b.Helper()
	counts := map[string]int{}
	for _, table := range d.tables(d.b) {
		var n int
		if err := d.pool.QueryRow(context.Background(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			d.b.Fatal(err)
		}
		counts[table] = n
	}
	return counts
}

// analyze lets PostgreSQL see what the tables hold now, as it does by itself after a minute.
func (d *district) analyze() {
	d.b.Helper()
	for _, database := range d.databases {
		conn, err := pgx.Connect(context.Background(), database)
		if err != nil {
			d.b.Fatal(err)
		}
		_, err = conn.Exec(context.Background(), "VACUUM ANALYZE")
		conn.Close(context.Background())
		if err != nil {
			d.b.Fatal(err)
		}
	}
}

func (d *district) version() (number string) {
	if err := d.pool.QueryRow(context.Background(), "SHOW server_version").Scan(&number); err != nil {
		d.b.Fatal(err)
	}
	return number
}

// zhucan is the built program as it is run in production.
func (d *district) zhucan() *side {
	d.b.Helper()
	d.desk.Passwords = auth.NewPasswords()
	for name, of := range map[string]casework.NewAccount{"town": {Role: access.TownOfficer, Area: d.town}, "district": {Role: access.Statistician, Area: ownDistrict}} {
		of.Username, of.Name, of.Password = name, "x", password
		if _, err := d.desk.CreateAccount(context.Background(), access.SystemActor(), of); err != nil {
			d.b.Fatal(err)
		}
	}
	s := newService(d.b, d.in)
	s.start(d.b)
	url := "http://" + s.address + "/api/v1"
	var town, whole string
	renew := func() {
		town, whole = signInAs(d.b, "http://"+s.address, "town"), signInAs(d.b, "http://"+s.address, "district")
	}
	renew()
	ids := d.idsIn(true, personsRead)
	return &side{name: "zhucan", version: "this",
		person: func(n int) ask { return ask{"GET", url + "/persons/" + ids[n%len(ids)].String(), town, nil} },
		list: func(int) ask {
			return ask{"GET", url + "/persons?limit=50&category=4&area=" + string(d.town), town, nil}
		},
		count: func(int) ask {
			return ask{"GET", url + "/indicators/values?by=village&indicator=nursing_subsidy_coverage", whole, nil}
		},
		enter: func(r exchange.RosterRow) ask { return ask{"POST", url + "/persons", town, newPerson(r)} },
		serve: func(n int) ask {
			return ask{"POST", url + "/services", town, map[string]any{"kind": "rehab", "person_id": ids[n%len(ids)], "need": need}}
		},
		stranger: ask{"GET", url + "/persons/" + d.idsIn(false, 1)[0].String(), town, nil},
		renew:    renew,
	}
}

// need is what a service that is opened is for.
var need = map[string]any{"types": []any{map[string]any{"type": "training"}}}

// idsIn are ids of persons of the town, or of others.
func (d *district) idsIn(town bool, n int) (ids []uuid.UUID) {
	d.b.Helper()
	err := d.pool.QueryRow(context.Background(), `SELECT array_agg(id) FROM (SELECT id FROM persons WHERE starts_with(managing_area_code, $1) = $2 ORDER BY md5(id::text) LIMIT $3) p`,
		string(d.town), town, n).Scan(&ids)
	if err != nil || len(ids) != n {
		d.b.Fatalf("%d of %d persons (%v)", len(ids), n, err)
	}
	return ids
}

// newPerson is somebody as the service takes him in.
func newPerson(r exchange.RosterRow) map[string]any {
	p := map[string]any{"name": r.Name, "id_number": r.ID.Reveal(), "phone": r.Phone, "hukou_area_code": string(r.Hukou), "hukou_type": r.HukouType}
	if r.Residence != "" {
		p["residence_area_code"] = string(r.Residence)
	}
	if r.GuardianName != "" {
		p["guardian"] = map[string]any{"name": r.GuardianName, "relation": r.GuardianRelation}
	}
	card := map[string]any{"number": r.Certificate.Reveal(), "category": r.Category, "level": r.Level, "issued_on": r.IssuedOn.String(), "expires_on": r.ExpiresOn.String()}
	if len(r.Components) > 0 {
		parts := []any{}
		for _, c := range r.Components {
			parts = append(parts, map[string]any{"category": c.Category, "level": c.Level})
		}
		card["components"] = parts
	}
	p["certificate"] = card
	return p
}

// column is one of a table of the others. What they are given of a person is what a roster says of him, in one row.
type column struct{ name, kind string }

var columns = []column{{"name", "text"}, {"sex", "text"}, {"birth_date", "date"}, {"id_number", "text"}, {"phone", "text"}, {"hukou_type", "text"},
	{"hukou_area_code", "text"}, {"residence_area_code", "text"}, {"managing_area_code", "text"}, {"guardian_name", "text"}, {"guardian_relation", "text"},
	{"card_number", "text"}, {"category", "number"}, {"level", "number"}, {"issued_on", "date"}, {"expires_on", "date"}}

func flat(r exchange.RosterRow) map[string]any {
	return map[string]any{"name": r.Name, "sex": r.Sex, "birth_date": r.BirthDate.String(), "id_number": r.ID.Reveal(), "phone": r.Phone, "hukou_type": r.HukouType,
		"hukou_area_code": string(r.Hukou), "residence_area_code": string(r.Residence), "managing_area_code": string(r.Hukou), "guardian_name": r.GuardianName,
		"guardian_relation": r.GuardianRelation, "card_number": r.Certificate.Reveal(), "category": r.Category, "level": r.Level, "issued_on": r.IssuedOn.String(),
		"expires_on": r.ExpiresOn.String()}
}

// until is the first code behind all that lie in an area, in whatever order a server sorts other characters.
func until(code area.Code) string {
	n, err := strconv.Atoi(string(code))
	if err != nil {
		panic(err)
	}
	return strconv.Itoa(n + 1)
}

// fill enters everybody whom the district knows.
func (d *district) fill(enter func(exchange.RosterRow) ask) {
	d.b.Helper()
	d.together(func(n int) (ask, bool) {
		if n >= len(d.known) {
			return ask{}, false
		}
		return enter(d.known[n]), true
	})
}

// reading is how many answers a second there are while it is asked for a spell.
func (d *district) reading(next func(n int) ask) func() float64 {
	return func() float64 {
		end := time.Now().Add(spell)
		return d.together(func(n int) (ask, bool) { return next(n), time.Now().Before(end) })
	}
}

// writing is how many rows a second are entered, other ones each round.
func (d *district) writing(next func(n int) ask, round *int) func() float64 {
	return func() float64 {
		defer func() { *round++ }()
		return d.together(func(n int) (ask, bool) {
			if n >= rowsEntered {
				return ask{}, false
			}
			return next(n), true
		})
	}
}

// together sends what is next over eight connections until there is no more; answers a second.
func (d *district) together(next func(n int) (ask, bool)) float64 {
	var count atomic.Int64
	began := time.Now()
	beside(changers, func() {
		for {
			a, more := next(int(count.Add(1) - 1))
			if !more {
				return
			}
			if _, err := a.send(); err != nil {
				d.b.Error(err)
				return
			}
		}
	})
	return float64(count.Load()-changers) / time.Since(began).Seconds()
}
