package bench

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/httpapi"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

//go:embed facts.sql
var facts string

//go:embed multiply.sql
var multiply string

// derivedPeople are imported and derived; all other standings are copies of theirs.
var derivedPeople = sized(2500)

// The copies of a district of 10,000, and of a register of 1,000,000 of which a tenth are in ten districts of 10,000.
const fewCopies = 4

var manyCopies = sized(400)

// The day asked about, a day of the past, and an instant since which a quarter of what was known of a quarter of the people has changed.
var (
	today = calendar.MustDate("2026-11-23")
	past  = calendar.MustDate("2024-06-30")
	known = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
)

// register is a district, or several, in which only standings were multiplied: counts read nothing else of a person.
type register struct {
	*world
	b *testing.B
}

// indicators measures the count of all twelve indicators for a district of 10,000, its towns and its villages in one answer, against
// one plain statement that counts the same standings by indicator and village. Smaller is better everywhere here.
func indicators(b *testing.B) []result {
	b.Helper()
	few := derived(b).multiplied("370305", fewCopies, 0)
	return append(few.against("10,000", 10), few.keeping(derivedPeople*fewCopies, few.rebuilt())...)
}

// keeping sets what it takes to keep the counts by village of so many persons against making them again.
func (r *register) keeping(persons int, rebuilt func() float64) []result {
	r.b.Helper()
	list := []result{
		pairs(r.b, "counts by village after 0.1 % changed / full rebuild", "ms", r.refreshed(persons/1000), rebuilt),
		pairs(r.b, "counts by village after 1 % changed / full rebuild", "ms", r.refreshed(persons/100), rebuilt),
	}
	r.recounted()
	return list
}

// rebuilt is how long it takes to make the counts by village again from all standings, in milliseconds.
func (r *register) rebuilt() func() float64 {
	return func() float64 {
		began := time.Now()
		if err := r.desk.DB.RebuildTallies(context.Background(), today); err != nil {
			r.b.Fatal(err)
		}
		return float64(time.Since(began).Microseconds()) / 1000
	}
}

// refreshed is how long it takes until the counts by village hold what has changed about so many persons: their rows, which are
// written anyway, and the fold. Who they are is found before. What is kept then has to be the recount.
func (r *register) refreshed(persons int) func() float64 {
	round := 0
	return func() float64 {
		round++
		ids := r.someOf(persons, round)
		began := time.Now()
		tag, err := r.pool.Exec(context.Background(), "UPDATE standings SET status = 3 - status WHERE "+servedOrNot+" AND person_id = ANY($2)", today, ids)
		if err != nil || tag.RowsAffected() < int64(persons) {
			r.b.Fatalf("%d standings of %d persons changed (%v)", tag.RowsAffected(), persons, err)
		}
		if err := r.desk.DB.FoldTallies(context.Background(), today); err != nil {
			r.b.Fatal(err)
		}
		return float64(time.Since(began).Microseconds()) / 1000
	}
}

// servedOrNot is who stands in a population on the day $1.
const servedOrNot = "status IN (1, 2) AND valid_from <= $1 AND (valid_to IS NULL OR valid_to >= $1)"

// someOf are so many persons who have standings, others in every round.
func (r *register) someOf(persons, round int) (ids []uuid.UUID) {
	r.b.Helper()
	rows, err := r.pool.Query(context.Background(), "SELECT person_id FROM standings WHERE indicator = 'medical_enrolment' AND "+servedOrNot+`
		ORDER BY md5(person_id::text || $2) LIMIT $3`, today, fmt.Sprint(round), persons)
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	}
	if err != nil || len(ids) != persons {
		r.b.Fatalf("%d of %d persons have standings (%v)", len(ids), persons, err)
	}
	return ids
}

// recounted holds what is kept against a recount.
func (r *register) recounted() {
	r.b.Helper()
	if n, err := r.desk.DB.DifferingTallies(context.Background()); err != nil || n != 0 {
		r.b.Fatalf("%d kept counts differ from a recount (%v)", n, err)
	}
}

// millions measures the same of a district in a register of 1,000,000, and a district of 10,000 in it against the same one alone.
func millions(b *testing.B) []result {
	b.Helper()
	source := derived(b)
	many := source.multiplied("370305", manyCopies, 10)
	list := many.against("1,000,000", 1)
	one := func(r *register) func() float64 { return r.asking("410003", 10, store.Moment{On: today}) }
	return append(list, pairs(b, "indicators: a district among 1,000,000 / alone", "ms", one(many), one(source.multiplied("410003", fewCopies, 0))))
}

// against sets the answer for the large district of a register against plain SQL, and the past against today.
func (r *register) against(persons string, runs int) []result {
	const district = "370305"
	tree := func(m store.Moment) func() float64 { return r.asking(district, runs, m) }
	now, plain, http := tree(store.Moment{On: today}), r.plain(district, runs), r.http(district, runs)
	return []result{
		pairs(r.b, "12 indicators, tree of "+persons+" / plain SQL", "ms", now, plain),
		pairs(r.b, "  the same as JSON over HTTP / plain SQL", "ms", http, plain),
		pairs(r.b, "  the same on a past day / today", "ms", tree(store.Moment{On: past}), now),
		pairs(r.b, "  the same as known at an instant / as known now", "ms", tree(store.Moment{On: today, KnownAt: known}), now),
	}
}

// derived is a small register with facts for all indicators, whose standings the service has derived.
func derived(b *testing.B) *register {
	b.Helper()
	w := newWorldOf(b, derivedPeople)
	ctx := context.Background()
	if _, _, err := w.desk.ImportRoster(ctx, access.SystemActor(), w.file, false); err != nil {
		b.Fatal(err)
	}
	w.exec(b, facts)
	if _, _, err := w.desk.RebuildStandings(ctx, access.SystemActor(), false); err != nil {
		b.Fatal(err)
	}
	return &register{w, b}
}

// multiplied is a register of copies of the people of r: in the district named, and of a hundred persons so many as others in
// further districts.
func (r *register) multiplied(district string, copies, others int) *register {
	r.b.Helper()
	m := &register{newWorldOf(r.b, 1), r.b}
	for _, table := range []string{"standings", "household_standings"} {
		m.exec(r.b, "CREATE TABLE copy_"+table+" (LIKE "+table+")")
		m.copyIn(r.b, table, r.copyOut(r.b, table))
	}
	m.exec(r.b, fmt.Sprintf(multiply, district, copies, others))
	if err := m.desk.DB.RebuildTallies(context.Background(), today); err != nil {
		r.b.Fatal(err)
	}
	m.exec(r.b, "VACUUM ANALYZE") // as the server's own round would
	return m
}

// asking is how long the service takes for the tree of an area, in milliseconds.
func (r *register) asking(in area.Code, runs int, m store.Moment) func() float64 {
	q := casework.ValuesOf{Area: in, Moment: m, By: store.ByTree}
	who := access.Actor{Role: access.Statistician, Area: in}
	return func() float64 {
		began := time.Now()
		for range runs {
			values, _, err := r.desk.Values(context.Background(), who, q)
			if err != nil || len(values) < 12*481 {
				r.b.Fatalf("%d values (%v)", len(values), err)
			}
		}
		return float64(time.Since(began).Microseconds()) / 1000 / float64(runs)
	}
}

// http is how long the whole answer takes as JSON, with token and rights.
func (r *register) http(in area.Code, runs int) func() float64 {
	r.b.Helper()
	_, err := r.desk.CreateAccount(context.Background(), access.SystemActor(), casework.NewAccount{Username: "reader", Name: "x", Password: "a long enough secret", Role: access.Statistician, Area: in})
	if err != nil {
		r.b.Fatal(err)
	}
	face := &httpapi.API{Desk: r.desk, Log: r.desk.Log, IPs: echo.ExtractIPDirect(), NewID: func() string { return uuid.NewString() }}
	handler, err := face.Handler()
	if err != nil {
		r.b.Fatal(err)
	}
	server := httptest.NewServer(handler)
	r.b.Cleanup(server.Close)
	token := signIn(r.b, server.URL)
	return func() float64 {
		began := time.Now()
		for range runs {
			req, err := http.NewRequest("GET", server.URL+"/api/v1/indicators/values?by=tree", nil)
			if err != nil {
				r.b.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := client.Do(req)
			if err != nil || resp.StatusCode != http.StatusOK {
				r.b.Fatalf("values: %v %v", resp, err)
			}
			if n, err := io.Copy(io.Discard, resp.Body); err != nil || n < 500_000 {
				r.b.Fatalf("an answer of %d bytes (%v)", n, err)
			}
			resp.Body.Close()
		}
		return float64(time.Since(began).Microseconds()) / 1000 / float64(runs)
	}
}

// plainly counts the same standings by indicator and village, without row security.
const plainly = `SELECT indicator, area_code, count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 2), count(*) FILTER (WHERE status = 3), count(*) FILTER (WHERE status = 4)
	FROM %[1]s WHERE indicator = ANY(%[2]s) AND valid_from <= $1 AND (valid_to IS NULL OR valid_to >= $1) AND area_code >= $2 AND area_code < $3 GROUP BY 1, 2`

// plain is how long one plain statement takes, in milliseconds, until its rows are read.
func (r *register) plain(in area.Code, runs int) func() float64 {
	keys := func(unit string) (keys []string) {
		for _, def := range r.desk.Pack().Indicators {
			if def.Variant == "" && def.Unit == unit {
				keys = append(keys, def.Key())
			}
		}
		return keys
	}
	statement := fmt.Sprintf(plainly, "standings", "$4") + " UNION ALL " + fmt.Sprintf(plainly, "household_standings", "$5")
	lo, hi := in.Range()
	args := []any{today, lo, hi, keys(policy.UnitPerson), keys(policy.UnitHousehold)}
	return func() float64 {
		began := time.Now()
		for range runs {
			rows, err := r.pool.Query(context.Background(), statement, args...)
			if err != nil {
				r.b.Fatal(err)
			}
			var indicator, village string
			var covered, gap, excluded, extra int64
			tag, err := pgx.ForEachRow(rows, []any{&indicator, &village, &covered, &gap, &excluded, &extra}, func() error { return nil })
			if err != nil || tag.RowsAffected() < 468 {
				r.b.Fatalf("%d rows (%v)", tag.RowsAffected(), err)
			}
		}
		return float64(time.Since(began).Microseconds()) / 1000 / float64(runs)
	}
}
