package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/idnum"
	"zhucan/internal/store/testdb"
)

// The district that a register of any size has ten thousand persons of, so that what is said of it can be compared.
const (
	ownProvince = "37"
	ownDistrict = "370305"
)

var districtHolds = sized(10_000)

// nation is a register of copies of the people of a small one in counties from all over a division tree: ten thousand of the own
// district, spread over the whole table as people are who came in over the years, and the others evenly over the villages. Sealed
// columns are sealed for their rows, with numbers of their own, since a value that was moved from another row does not open.
type nation struct {
	*register
	tree         []area.Division
	home, all    []area.Code // the villages of the own district, and all that are lived in
	counties     []area.Code
	source       []uuid.UUID           // the people who are copied
	copies, step int                   // how many of each, and how many persons there are for one of the own district
	number       func(k, n int) string // the ID number of the copy k of the n-th of them
	rebuiltIn    float64               // ms that the counts by village took
}

// byPerson are the tables that are multiplied with their persons, and sealed those of them whose columns have to be sealed again. Of a
// register of files alone those of filesByPerson are enough to read a file, to turn a page, to find a number and to pay.
var (
	byPerson      = []string{"certificate_events", "circumstances", "awards", "dues", "open_months", "match_keys", "survey_responses", "standings"}
	filesByPerson = []string{"certificate_events", "awards", "dues", "open_months"}
	sealed        = []string{"persons", "certificates", "payees"}
	filled        = slices.Concat(sealed, byPerson, []string{"household_standings", "divisions"})
)

// filesAlone leaves out what takes most of the room and of the time of a large register: facts, answers, standings, and their counts but
// those of the last quarter. What would be asked of those is then not measured.
var filesAlone = os.Getenv("FILES_ALONE") != ""

func newNation(b *testing.B, in testdb.Database, source *register, tree []area.Division, persons int) *nation {
	b.Helper()
	m := &nation{register: &register{newWorldIn(b, in, 1), b}, tree: tree, step: max(1, persons/districtHolds)}
	m.reader(b)
	for _, d := range tree {
		if d.Code.Level() == "district" {
			m.counties = append(m.counties, d.Code)
		}
	}
	m.home, m.all = villagesIn(tree, ownDistrict), villagesIn(tree, settled(tree, persons)...)
	m.source = source.personIDs()
	m.copies = max(1, (persons+len(m.source)/2)/len(m.source))
	m.unindexed()
	m.plant(b, tree)
	m.place()
	m.seal(source)
	if filesAlone {
		m.multiplyAll(source, filesByPerson)
		m.countQuarter(source)
	} else {
		m.multiplyAll(source, byPerson)
		m.multiply(source, "household_standings", "household_id")
	}
	m.index()
	m.exec(b, "DROP TABLE placed, source_person")
	m.exec(b, "VACUUM ANALYZE")
	if !filesAlone {
		m.rebuiltIn = m.rebuilt()()
		m.exec(b, "VACUUM ANALYZE tallies, tally_moves, tally_ticks") // as the server's own round would
	}
	m.warm()
	return m
}

// warm has everything read once but the counts by village: to make these took more memory than the machine has, and a server that has been at
// work for a day knows its register.
func (m *nation) warm() {
	m.b.Helper()
	m.exec(m.b, `CREATE EXTENSION IF NOT EXISTS pg_prewarm;
		SELECT pg_prewarm(c.oid, 'read') FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
			WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i') AND coalesce(i.indrelid, c.oid) <> 'tallies'::regclass AND coalesce(i.indisvalid, true)`)
}

// personIDs are all persons of a small register, in order.
func (r *register) personIDs() (ids []uuid.UUID) {
	r.b.Helper()
	if err := r.pool.QueryRow(context.Background(), "SELECT array_agg(id ORDER BY id) FROM persons").Scan(&ids); err != nil {
		r.b.Fatal(err)
	}
	return ids
}

// gistRows is how many rows of a table the indexes of its exclusion constraints are made for. Each takes minutes a million rows; nothing
// that is measured needs them, and the sizes of tables say which are missing.
const gistRows = 50_000

// unindexed leaves the indexes of what is filled alone: how the tables are filled is not what is measured.
func (m *nation) unindexed() {
	m.b.Helper()
	m.exec(m.b, fmt.Sprintf("UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid::regclass::text IN ('%s')", strings.Join(filled, "', '")))
}

// index makes the indexes of what is filled.
func (m *nation) index() {
	m.b.Helper()
	for _, table := range filled {
		m.exec(m.b, "ANALYZE "+table)
		var indexes []string
		err := m.pool.QueryRow(context.Background(), `SELECT coalesce(array_agg(i.indexrelid::regclass::text), '{}') FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
			JOIN pg_am a ON a.oid = x.relam WHERE t.oid = $1::text::regclass AND (a.amname <> 'gist' OR t.reltuples <= $2)`, table, gistRows).Scan(&indexes)
		if err != nil {
			m.b.Fatal(err)
		}
		for _, index := range indexes {
			m.exec(m.b, "UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = '"+index+"'::regclass")
			m.exec(m.b, "REINDEX INDEX "+index)
		}
	}
}

// copyID is the id that stands for another in the copy k of its person.
func copyID(id uuid.UUID, k int) uuid.UUID {
	id[0], id[1], id[2], id[3] = byte(k>>24), byte(k>>16), byte(k>>8), byte(k)
	return id
}

// village is where the copy k of the n-th person is managed.
func (m *nation) village(k, n int) area.Code {
	const stride = 7919 // a prime, so that every village has its turn
	person := k*len(m.source) + n
	if person%m.step == 0 {
		return m.home[person/m.step*stride%len(m.home)]
	}
	return m.all[person*stride%len(m.all)]
}

// place tells the database who there is and where.
func (m *nation) place() {
	m.b.Helper()
	m.exec(m.b, `CREATE UNLOGGED TABLE placed (k int, n int, area text COLLATE "C"); CREATE TABLE source_person (id uuid PRIMARY KEY, n int)`)
	m.load(m.b, "source_person", []string{"id", "n"}, len(m.source), func(n int) ([]any, error) { return []any{m.source[n], n}, nil })
	m.load(m.b, "placed", []string{"k", "n", "area"}, m.copies*len(m.source), func(i int) ([]any, error) {
		k, n := i/len(m.source), i%len(m.source)
		return []any{k, n, string(m.village(k, n))}, nil
	})
	m.exec(m.b, "ANALYZE placed")
}

func (m *nation) multiplyAll(source *register, tables []string) {
	m.b.Helper()
	for _, table := range tables {
		m.multiply(source, table, "person_id")
	}
}

// countQuarter keeps the counts of the quarter that began last as if everybody had standings, from those of the people who are copied: what
// changes within a quarter is not among them.
func (m *nation) countQuarter(source *register) {
	m.b.Helper()
	m.exec(m.b, "CREATE TABLE copy_standings (LIKE standings)")
	m.copyIn(m.b, "standings", source.copyOut(m.b, "standings"))
	m.exec(m.b, `SET work_mem = '1GB'; INSERT INTO tallies
		SELECT tick, indicator, area, tick, count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 2), count(*) FILTER (WHERE status = 3),
			count(*) FILTER (WHERE status = 4), count(*) FILTER (WHERE status = 2 AND reason = 'WAIVED')
		FROM (SELECT max(tick) AS tick FROM tally_ticks WHERE kept) q JOIN copy_standings t ON valid_from <= tick AND (valid_to IS NULL OR valid_to >= tick)
			JOIN source_person s ON s.id = t.person_id JOIN placed p ON p.n = s.n
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3; RESET work_mem`)
	m.exec(m.b, "DROP TABLE copy_standings")
}

// multiply copies the rows of a table for every copy of the person, or of the household, that they belong to; ids that name each other
// go on doing so.
func (m *nation) multiply(source *register, table, subject string) {
	m.b.Helper()
	m.exec(m.b, "CREATE TABLE copy_"+table+" (LIKE "+table+")")
	m.copyIn(m.b, table, source.copyOut(m.b, table))
	var columns, values string
	err := m.pool.QueryRow(context.Background(), `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum), string_agg(CASE
			WHEN attname IN ('area_code') THEN 'p.area'
			WHEN atttypid = 'uuid'::regtype AND attname NOT LIKE '%\_by' THEN '(lpad(to_hex(p.k), 8, ''0'') || substr(t.' || quote_ident(attname) || '::text, 9))::uuid'
			ELSE 't.' || quote_ident(attname) END, ', ' ORDER BY attnum)
		FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, table).Scan(&columns, &values)
	if err != nil {
		m.b.Fatal(err)
	}
	who := "source_person s ON s.id = t." + subject
	if subject != "person_id" { // a household is where some person is
		who = fmt.Sprintf("(SELECT %[1]s, (dense_rank() OVER (ORDER BY %[1]s) - 1)::int AS n FROM copy_%[2]s GROUP BY 1) s USING (%[1]s)", subject, table)
	}
	m.exec(m.b, fmt.Sprintf("SET session_replication_role = replica; INSERT INTO %[1]s (%[2]s) SELECT %[3]s FROM copy_%[1]s t JOIN %[4]s JOIN placed p ON p.n = s.n; SET session_replication_role = origin",
		table, columns, values, who))
	m.exec(m.b, "DROP TABLE copy_"+table)
}

// seal copies persons, cards and accounts with numbers of their own.
func (m *nation) seal(source *register) {
	m.b.Helper()
	m.number = m.numbers(source)
	at := map[uuid.UUID]int{}
	for n, id := range m.source {
		at[id] = n
	}
	for _, table := range sealed {
		rows, columns := source.rowsOf(table)
		m.load(m.b, table, columns, m.copies*len(rows), func(i int) ([]any, error) {
			k, row := i/len(rows), rows[i%len(rows)]
			return m.resealed(table, columns, row, k, at[row[0].(uuid.UUID)])
		})
	}
}

// rowsOf are all rows of a table; its sealed columns are opened, and its first column is the person.
func (r *register) rowsOf(table string) (list [][]any, columns []string) {
	r.b.Helper()
	key := map[bool]string{true: "id", false: "person_id"}[table == "persons"]
	rows, err := r.pool.Query(context.Background(), "SELECT "+key+" AS owner, * FROM "+table+" ORDER BY 1")
	if err != nil {
		r.b.Fatal(err)
	}
	defer rows.Close()
	for _, f := range rows.FieldDescriptions()[1:] {
		columns = append(columns, f.Name)
	}
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			r.b.Fatal(err)
		}
		id := uuid.UUID(row[1].([16]byte))
		for i, value := range row {
			switch v := value.(type) {
			case [16]byte:
				row[i] = uuid.UUID(v)
			case []byte:
				if plain, err := r.db.Ring.Open(table, columns[i-1], id, v); err == nil {
					row[i] = opened(plain)
				}
			}
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		r.b.Fatal(err)
	}
	return list, columns
}

// opened is the text of a sealed column.
type opened string

// resealed is the copy k of a row that belongs to the n-th person.
func (m *nation) resealed(table string, columns []string, row []any, k, n int) ([]any, error) {
	id := copyID(row[1].(uuid.UUID), k)
	made := make([]any, len(columns))
	for i, column := range columns {
		value := row[i+1]
		switch {
		case column == "area_code" || column == "managing_area_code" || column == "hukou_area_code" && value != nil:
			made[i] = string(m.village(k, n))
		case column == "id_number_index" && value != nil:
			made[i] = m.db.Ring.BlindIndex("id_number", m.number(k, n))
		case column == "number_index":
			made[i] = m.db.Ring.BlindIndex("certificate_number", cardNumber(row, columns, m.number(k, n)))
		default:
			made[i] = value
		}
		switch v := value.(type) {
		case uuid.UUID:
			if !strings.HasSuffix(column, "_by") {
				made[i] = copyID(v, k)
			}
		case opened:
			plain := string(v)
			switch column {
			case "id_number":
				plain = m.number(k, n)
			case "number", "number_raw":
				plain = cardNumber(row, columns, m.number(k, n))
			}
			text, err := m.db.Ring.Seal(table, column, id, plain)
			if err != nil {
				return nil, err
			}
			made[i] = text
		}
	}
	return made, nil
}

// cardNumber is the number of a card: the ID number, its category and its level.
func cardNumber(row []any, columns []string, number string) string {
	return fmt.Sprint(number, row[1+slices.Index(columns, "category")], row[1+slices.Index(columns, "level")])
}

// numbers gives each copy of a person an ID number that nobody else has: the copies in different counties, and of those born on a day
// each another one.
func (m *nation) numbers(source *register) func(k, n int) string {
	born, rank, most := make([]string, len(m.source)), make([]int, len(m.source)), 1
	rows, _ := source.rowsOf("persons")
	same := map[string]int{}
	for n, row := range rows {
		for _, value := range row {
			if number, ok := value.(opened); ok && len(number) == 18 {
				born[n] = string(number[6:14])
				sex := number[16] % 2
				day := fmt.Sprint(born[n], sex)
				rank[n] = same[day]*2 + int(sex)
				same[day]++
				most = max(most, same[day]*2)
				break
			}
		}
	}
	return func(k, n int) string {
		if born[n] == "" {
			return ""
		}
		body := fmt.Sprintf("%s%s%03d", m.counties[k%len(m.counties)], born[n], rank[n]+most*(k/len(m.counties)))
		check, ok := idnum.CheckCharacter(body)
		if !ok {
			m.b.Fatalf("no ID number of %d and %d: too many persons for the tree", k, n)
		}
		return body + string(check)
	}
}
