package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/calendar"
)

// table names the columns of a bulk insert. A column is "name" for text or "name type" for another type.
type table struct {
	name    string
	columns []string
}

// insertSQL is one statement for any number of rows, or another for a single one: every parameter is one column as an array. Rows of a
// person get the person's area by the key; without a visible person they get none, which row security refuses.
func (t table) insertSQL(single bool) string {
	names, selected := t.names(), t.selected()
	if i := slices.Index(names, "person_id"); i >= 0 && !slices.Contains(names, "area_code") {
		// a sub-select and not a join: for one row the planner would read all persons of the area
		names, selected = append(names, "area_code"), selected+fmt.Sprintf(", (SELECT managing_area_code FROM persons WHERE id = c%d)", i)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s", t.name, strings.Join(names, ", "), selected, t.given(single))
}

func (t table) names() []string {
	names := make([]string, len(t.columns))
	for i, column := range t.columns {
		names[i], _, _ = strings.Cut(column, " ")
	}
	return names
}

// kinds are the types of the columns, and the types in which they are sent: some go as text and are read by the database.
func (t table) kinds() (kinds, travel []string) {
	for _, column := range t.columns {
		_, kind, _ := strings.Cut(column, " ")
		if kind == "" {
			kind = "text"
		}
		array := kind
		switch kind {
		case "jsonb", "date", "smallint[]", "text[]", "smallint", "bigint":
			array = "text"
		}
		kinds, travel = append(kinds, kind), append(travel, array)
	}
	return kinds, travel
}

// selected are the columns of given, cast to their types.
func (t table) selected() string {
	kinds, _ := t.kinds()
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("c%d::%s", i, kind)
	}
	return strings.Join(kinds, ", ")
}

// given are the parameters $1 and on as rows. A single row is taken out of them by index: for unnest the planner expects ten rows, finds
// its generic plan too dear, and plans anew each time.
func (t table) given(single bool) string {
	_, travel := t.kinds()
	from, each := "unnest(%s)", "$%d::%s[]"
	if single {
		from, each = "(SELECT %s)", "($%d::%s[])[1]"
	}
	aliases := make([]string, len(travel))
	for i, kind := range travel {
		aliases[i], travel[i] = fmt.Sprintf("c%d", i), fmt.Sprintf(each, i+1, kind)
	}
	return fmt.Sprintf(from+" AS u (%s)", strings.Join(travel, ", "), strings.Join(aliases, ", "))
}

// row is the values of one row in the order of a table's columns.
type row []any

// insert writes rows. No rows is nothing to do.
func (tx *Tx) insert(ctx context.Context, t table, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Batch(ctx, tx.inserting(t, rows)); err != nil {
		return fmt.Errorf("insert into %s: %w", t.name, err)
	}
	return nil
}

// inserting is insert in a batch. The parameters are made here, and not while the database waits for them.
func (tx *Tx) inserting(t table, rows []row) Query {
	t, rows = tx.placed(t, rows)
	return t.inserting(rows)
}

func (t table) inserting(rows []row) Query {
	b := &pgx.Batch{}
	t.queue(b, rows)
	return func(to *pgx.Batch) { to.QueuedQueries = append(to.QueuedQueries, b.QueuedQueries...) }
}

// placed adds the area of each person to many rows, where this transaction knows it: for the statement to look it up would take longer
// than to write the row. The foreign key refuses an area that is not the person's.
func (tx *Tx) placed(t table, rows []row) (table, []row) {
	names := t.names()
	person := slices.Index(names, "person_id")
	if len(rows) <= fewPersons || person < 0 || slices.Contains(names, "area_code") {
		return t, rows
	}
	placed := make([]row, len(rows))
	for i, r := range rows {
		at, known := tx.areas[r[person].(uuid.UUID)]
		if !known {
			return t, rows
		}
		placed[i] = append(r[:len(r):len(r)], string(at))
	}
	return table{t.name, append(slices.Clip(t.columns), "area_code")}, placed
}

// queue puts the insert of rows, if there are any, behind what a batch does already.
func (t table) queue(b *pgx.Batch, rows []row) {
	for some := range slices.Chunk(rows, insertedAtOnce) {
		b.Queue(t.insertSQL(len(some) == 1), t.arrays(some)...)
	}
}

// insertedAtOnce is how many rows one statement inserts: the database keeps its parameters, as rows, in work_mem as long as they fit there.
const insertedAtOnce = 4000

// arrays are the rows as parameters.
func (t table) arrays(rows []row) []any {
	arrays := make([]any, len(t.columns))
	for i, column := range t.columns {
		_, kind, _ := strings.Cut(column, " ")
		arrays[i] = columnOf(rows, i, kind)
	}
	return arrays
}

func columnOf(rows []row, i int, kind string) any {
	switch kind {
	case "uuid":
		return collect(rows, i, func(v any) *[16]byte { return (*[16]byte)(orNull(v.(uuid.UUID))) }) // a plain array is sent as bytes, uuid.UUID as text
	case "bytea":
		return collect(rows, i, func(v any) []byte { return v.([]byte) })
	case "timestamptz":
		return collect(rows, i, func(v any) *time.Time { return instantOrNull(v.(time.Time)) })
	case "boolean":
		return collect(rows, i, func(v any) bool { return v.(bool) })
	case "date":
		return collect(rows, i, func(v any) *string { return textOrNull(dateText(v)) })
	case "smallint[]", "text[]", "jsonb", "smallint", "bigint":
		return collect(rows, i, func(v any) *string { s := fmt.Sprint(v); return &s })
	case "text": // written out: empty text stays empty text
		return collect(rows, i, func(v any) *string { s := v.(string); return &s })
	}
	return collect(rows, i, func(v any) *string { return textOrNull(v.(string)) })
}

func collect[T any](rows []row, i int, convert func(any) T) []T {
	list := make([]T, len(rows))
	for n, r := range rows {
		list[n] = convert(r[i])
	}
	return list
}

func dateText(v any) string {
	switch d := v.(type) {
	case calendar.Date:
		return d.String()
	case calendar.Month:
		if d.IsZero() {
			return ""
		}
		return d.First().String()
	}
	panic(fmt.Sprintf("store: %T is not a date", v))
}

// arrayText writes codes as the database reads an array of text. They are the service's own and need no quoting but this.
func arrayText(codes []string) string {
	quoted := make([]string, len(codes))
	for i, c := range codes {
		quoted[i] = strconv.Quote(c)
	}
	return "{" + strings.Join(quoted, ",") + "}"
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func instantOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
