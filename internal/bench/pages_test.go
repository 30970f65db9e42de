package bench

import (
	"context"
	"testing"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

const (
	pageCounties = 15
	page         = 50
	turnings     = 200 // of a page in a round
)

var pagePersons = sized(30_000) // in the register whose lists are read

// pages measures lists and counts deep in a register of several counties. Larger is better.
func pages(b *testing.B) []result {
	b.Helper()
	tree, err := counties(pageCounties)
	if err != nil {
		b.Fatal(err)
	}
	return newNation(b, testdb.New(b), derived(b), tree, pagePersons).depths()
}

// depths sets the last page of a list against its first, and the last county and one in the middle against the first.
func (m *nation) depths() []result {
	m.b.Helper()
	with := m.inhabited()
	first, middle, last := with[0], with[1], with[2]
	return append(m.listDepths(),
		pairs(m.b, "12 indicators by village: in the last county / in the first", "counts/s", m.counting(last), m.counting(first)),
		pairs(m.b, "12 indicators by village: in the middle / in the first", "counts/s", m.counting(middle), m.counting(first)),
		pairs(m.b, "names behind a count: in the last county / in the first", "pages/s", m.naming(last), m.naming(first)))
}

// listDepths is that of the lists of persons.
func (m *nation) listDepths() []result {
	m.b.Helper()
	with := m.inhabited()
	first, middle, last := with[0], with[1], with[2]
	list := func(in area.Code) func() float64 { return m.turning(in, store.Cursor{}) }
	return []result{
		pairs(m.b, "list of 50 of the district: behind 90 % of it / first page", "pages/s", m.turning(ownDistrict, m.behind()), list(ownDistrict)),
		pairs(m.b, "list of 50: in the last county / in the first", "pages/s", list(last), list(first)),
		pairs(m.b, "list of 50: in a county in the middle / in the first", "pages/s", list(middle), list(first)),
	}
}

// inhabited are three counties with about as many persons as most, one from each third of the tree, so that one answer is as much work as
// another. The own district, which is larger than others, is not among them.
func (m *nation) inhabited() (three [3]area.Code) {
	m.b.Helper()
	rows, err := m.pool.Query(context.Background(), `WITH c AS (
			SELECT left(managing_area_code, 6) AS code, count(*) AS n FROM persons WHERE left(managing_area_code, 6) <> $1 GROUP BY 1
		), t AS (SELECT *, ntile(3) OVER (ORDER BY code) AS third FROM c)
		SELECT DISTINCT ON (third) code, n FROM t ORDER BY third, abs(n - (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM c))`, ownDistrict)
	if err != nil {
		m.b.Fatal(err)
	}
	defer rows.Close()
	found := 0
	for ; rows.Next() && found < len(three); found++ {
		var code string
		var persons int
		if err := rows.Scan(&code, &persons); err != nil {
			m.b.Fatal(err)
		}
		m.b.Logf("county %s: %d persons", code, persons)
		three[found] = area.Code(code)
	}
	if found != len(three) {
		m.b.Fatalf("%d counties to compare (%v)", found, rows.Err())
	}
	return three
}

func in(code area.Code) access.Actor { return access.Actor{Role: access.CDPFReviewer, Area: code} }

// behind is the place in the list of the own district behind nine of ten persons.
func (m *nation) behind() (c store.Cursor) {
	m.b.Helper()
	lo, hi := area.Code(ownDistrict).Range()
	err := m.pool.QueryRow(context.Background(), `SELECT managing_area_code, id FROM persons WHERE managing_area_code >= $1 AND managing_area_code < $2
		ORDER BY managing_area_code, id OFFSET (SELECT count(*) * 9 / 10 FROM persons WHERE managing_area_code >= $1 AND managing_area_code < $2) LIMIT 1`, lo, hi).Scan(&c.Area, &c.ID)
	if err != nil {
		m.b.Fatal(err)
	}
	return c
}

// turning is how often a second a page of persons is read, opened and all.
func (m *nation) turning(code area.Code, after store.Cursor) func() float64 {
	return m.often(turnings, func() (int, error) {
		list, err := m.desk.DB.ListPersons(context.Background(), in(code), store.PersonFilter{Area: code, After: after, Limit: page})
		return len(list), err
	})
}

// counting is how often a second all indicators of a county are counted by village.
func (m *nation) counting(code area.Code) func() float64 {
	return m.often(turnings/20, func() (int, error) {
		list, _, err := m.desk.Values(context.Background(), in(code), casework.ValuesOf{Area: code, Moment: store.Moment{On: today}, By: store.ByVillage})
		return len(list), err
	})
}

// naming is how often a second the people behind a number are counted and the first of them named.
func (m *nation) naming(code area.Code) func() float64 {
	return m.often(turnings/4, func() (int, error) {
		found, err := m.desk.Names(context.Background(), in(code), store.NamesOf{Indicator: "medical_enrolment", Moment: store.Moment{On: today}, Area: code, Part: 1, Limit: page})
		return len(found.Names), err
	})
}

// often is how often a second something is done that has to find something.
func (m *nation) often(times int, do func() (int, error)) func() float64 {
	return func() float64 {
		began := time.Now()
		for range times {
			if n, err := do(); err != nil || n == 0 {
				m.b.Fatalf("%d found (%v)", n, err)
			}
		}
		return float64(times) / time.Since(began).Seconds()
	}
}
