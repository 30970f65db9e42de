package bench

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
)

var (
	matchedPeople = sized(10_000)
	matchedCopies = sized(99) // of each of them in the large register
)

// multipliedPersons makes so many others of everybody, with numbers, names and cards of their own: what matching looks at, and no more.
const multipliedPersons = `
SET session_replication_role = replica;
INSERT INTO persons SELECT (jsonb_populate_record(p, jsonb_build_object('id', lpad(to_hex(k), 8, '0') || substr(p.id::text, 9), 'name', p.name || k,
        'id_number_index', '\x' || encode(sha256(p.id_number_index || k::text::bytea), 'hex')))).* FROM persons p, generate_series(1, %[1]d) k;
INSERT INTO certificates SELECT (jsonb_populate_record(c, jsonb_build_object('id', lpad(to_hex(k), 8, '0') || substr(c.id::text, 9),
        'person_id', lpad(to_hex(k), 8, '0') || substr(c.person_id::text, 9), 'number_index', '\x' || encode(sha256(c.number_index || k::text::bytea), 'hex')))).*
    FROM certificates c, generate_series(1, %[1]d) k;
SET session_replication_role = origin;
VACUUM ANALYZE`

// matching holds a list of 10,000 rows against a register of 1,000,000 and against one of 10,000, in dry runs: two thirds of the
// rows have an ID number, a third a name and a birth date. Value and reference are milliseconds.
func matching(b *testing.B) []result {
	few, many := newMatched(b), newMatched(b)
	for _, statement := range strings.Split(fmt.Sprintf(multipliedPersons, matchedCopies), ";\n") {
		many.exec(b, statement)
	}
	few.exec(b, "VACUUM ANALYZE")
	dry := func(r *listed) func() float64 {
		return func() float64 {
			i, took := r.hand(r.mixed(), calendar.MustDate("2026-11-01"), true)
			if numbered := len(r.people) * 2 / 3; i.Changed < numbered*9/10 { // the last third is shown to an officer, who chooses
				b.Fatalf("%d of %d rows with a number are matched", i.Changed, numbered)
			}
			return took * 1000
		}
	}
	return []result{pairs(b, "matching 10,000 rows: among 1,000,000 / among 10,000 (lower wins)", "ms", dry(many), dry(few))}
}

func newMatched(b *testing.B) *listed {
	b.Helper()
	tree := divisions.Tree()
	r := &listed{world: newWorldOf(b, 1), b: b}
	var err error
	if r.desk.Files, err = blobs.Open(context.Background(), blobs.Folder(b.TempDir()), r.db.Ring); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.desk.Files.Close() })
	var file bytes.Buffer
	for _, p := range population.Generate(1, matchedPeople, tree, calendar.DateOf(r.desk.Now())) {
		if len(r.people) < matchedPeople && !p.ID.IsZero() {
			r.people = append(r.people, p)
		}
	}
	if err := exchange.WriteRoster(&file, r.people); err != nil {
		b.Fatal(err)
	}
	if _, _, err := r.desk.ImportRoster(context.Background(), access.SystemActor(), file.Bytes(), false); err != nil {
		b.Fatal(err)
	}
	return r
}

// mixed is a list that names people in both ways; a note makes it another file each time.
func (r *listed) mixed() []byte {
	var out strings.Builder
	out.WriteString("姓名,身份证号,出生日期,险种,参保年度,备注\n")
	note := uuid.NewString()
	for n, p := range r.people {
		id, born := p.ID.Reveal(), ""
		if n%3 == 2 {
			id, born = "", p.BirthDate.String()
		}
		fmt.Fprintf(&out, "%s,%s,%s,居民医保,2026,%s\n", p.Name, id, born, note)
	}
	return []byte(out.String())
}
