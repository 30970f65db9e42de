package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// many puts so many persons into a village, and gives their ids in order.
func many(t *testing.T, d testdb.Database, persons int) []uuid.UUID {
	t.Helper()
	owner := as(t, d.OwnerURL)
	_, err := owner.Exec(t.Context(), fmt.Sprintf(`SET session_replication_role = replica;
		INSERT INTO persons (id, record_type, name, managing_area_code, created_at, updated_at)
			SELECT lpad(n::text, 32, '0')::uuid, 'CERTIFIED', '金丝雀', '370305001005', now(), now() FROM generate_series(1, %d) n;
		ANALYZE persons`, persons))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := owner.Query(t.Context(), "SELECT id FROM persons ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestFilesAreFoundByTheirIDs: the bounds of row security are no way to find rows. Otherwise all persons of an area are read for some of them.
func TestFilesAreFoundByTheirIDs(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	ids := many(t, d, 20_000)
	conn := as(t, d.URL)
	if _, err := conn.Exec(t.Context(), "SELECT set_config('zhucan.area', '370305:', false)"); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), "EXPLAIN (ANALYZE) SELECT name FROM persons WHERE id = ANY($1)", ids[:1000])
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for i, line := range lines {
		lines[i] = line[:min(len(line), 160)] // not all the ids
	}
	plan := strings.Join(lines, "\n")
	if err != nil || !strings.Contains(plan, "rows=1000 ") || strings.Contains(plan, "persons_area") || strings.Contains(plan, "Rows Removed") {
		t.Errorf("a thousand files are read so (%v):\n%s", err, plan)
	}
}

// TestFilesInParts: more files than are read in one round trip come all, once and in order.
func TestFilesInParts(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	ids, db := many(t, d, 1203), d.Open(t, clock)
	err := db.Write(t.Context(), access.SystemActor(), "test.files", func(tx *store.Tx) error {
		asked := append(slices.Clone(ids[700:]), ids...) // some twice, and not in order
		files, err := tx.LockDossiers(t.Context(), asked...)
		if err != nil {
			return err
		}
		var got []uuid.UUID
		for _, f := range files {
			got = append(got, f.File.Person.ID)
		}
		if !slices.Equal(got, ids) {
			t.Errorf("%d files, want %d in order", len(got), len(ids))
		}
		none, err := tx.LockDossiers(t.Context())
		if len(none) != 0 {
			t.Errorf("%d files of nobody", len(none))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFactsGoWhereTheirPersonIs: many facts are written with the areas that the transaction knows, also of somebody whom it has moved.
func TestFactsGoWhereTheirPersonIs(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	ids, db := many(t, d, 120), d.Open(t, clock)
	ctx := t.Context()
	facts := make([]casefile.Circumstance, len(ids))
	for i, id := range ids {
		facts[i] = casefile.Circumstance{ID: uuid.Must(uuid.NewV7()), PersonID: id, Kind: "dibao", Raw: []byte("true"), Value: casefile.Value{Answer: casefile.Yes, Sort: "household"},
			ValidFrom: calendar.MustDate("2020-01-01"), Source: "x"}
	}
	err := db.Write(ctx, access.SystemActor(), "test.facts", func(tx *store.Tx) error {
		files, err := tx.LockDossiers(ctx, ids[:100]...) // twenty are not known
		if err != nil {
			return err
		}
		moved := files[7].File.Person
		moved.Managing = "370305111245"
		if err := tx.UpdatePersons(ctx, moved); err != nil {
			return err
		}
		if err := tx.InsertCircumstances(ctx, facts[:100]...); err != nil { // one is not known any more
			return err
		}
		return tx.InsertCircumstances(ctx, facts[100:]...)
	})
	if err != nil {
		t.Fatal(err)
	}
	var there, moved, apart int
	err = as(t, d.OwnerURL).QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE c.area_code = '370305111245'), count(*) FILTER (WHERE c.area_code <> p.managing_area_code)
		FROM circumstances c JOIN persons p ON p.id = c.person_id`).Scan(&there, &moved, &apart)
	if err != nil || there != 120 || moved != 1 || apart != 0 {
		t.Errorf("%d facts, %d of who moved, %d elsewhere than their person (%v)", there, moved, apart, err)
	}
}

// TestStandingsAreOfPersons: the database refuses what is derived of nobody, also beside what is of somebody.
func TestStandingsAreOfPersons(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	person := putPerson(t, d.Open(t, clock), "370305001005")
	conn := as(t, d.URL)
	ctx := context.Background()
	if _, err := conn.Exec(ctx, "SELECT set_config('zhucan.area', ':', false), set_config('zhucan.count_area', ':', false)"); err != nil {
		t.Fatal(err)
	}
	const insert = `INSERT INTO standings (person_id, indicator, valid_from, status, area_code, category, level, sex)
		SELECT id, 'x', '2020-01-01', 1, '370305001005', 1, 1, 1 FROM unnest($1::uuid[]) id`
	var refused *pgconn.PgError
	if _, err := conn.Exec(ctx, insert, []uuid.UUID{person, uuid.New()}); !errors.As(err, &refused) || refused.Code != "23503" {
		t.Errorf("a standing of nobody: %v", err)
	}
	if _, err := conn.Exec(ctx, insert, []uuid.UUID{person}); err != nil {
		t.Errorf("a standing of somebody: %v", err)
	}
}

// TestFactsAreOnlySuperseded changes each column of a recorded fact in turn, as the owner of the table: what the trigger's condition leaves out
// could be changed. A column that is added is tried as well.
func TestFactsAreOnlySuperseded(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db, ctx := d.Open(t, clock), t.Context()
	person := putPerson(t, db, "370305001005")
	fact := casefile.Circumstance{ID: uuid.Must(uuid.NewV7()), PersonID: person, Kind: "dibao", Raw: []byte("true"), Value: casefile.Value{Answer: casefile.Yes, Sort: "household"},
		ValidFrom: calendar.MustDate("2020-01-01"), Source: "x"}
	if err := db.Write(ctx, access.SystemActor(), "test.fact", func(tx *store.Tx) error { return tx.InsertCircumstances(ctx, fact) }); err != nil {
		t.Fatal(err)
	}
	owner := as(t, d.OwnerURL)
	rows, err := owner.Query(ctx, `SELECT column_name, CASE data_type WHEN 'text' THEN '''other''' WHEN 'uuid' THEN 'gen_random_uuid()' WHEN 'jsonb' THEN '''false'''
			WHEN 'date' THEN '''2021-01-01''' WHEN 'timestamp with time zone' THEN '''2021-01-01''' ELSE 'unknown' END
		FROM information_schema.columns WHERE table_name = 'circumstances' AND column_name NOT IN ('superseded_at', 'area_code', 'person_id')`)
	if err != nil {
		t.Fatal(err)
	}
	var column, other string
	var tries []string
	if _, err := pgx.ForEachRow(rows, []any{&column, &other}, func() error {
		tries = append(tries, column+" = "+other)
		return nil
	}); err != nil || len(tries) < 10 {
		t.Fatalf("%d columns (%v)", len(tries), err)
	}
	try := func(set string) error {
		return pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
			// signed, so that nothing but the trigger stands in the way
			_, err := tx.Exec(ctx, "SELECT audit_sign(gen_random_uuid(), now(), NULL, NULL, 'system', '', 'test', NULL, 'done', '', '{}')")
			if err == nil {
				_, err = tx.Exec(ctx, "UPDATE circumstances SET "+set)
			}
			return err
		})
	}
	for _, set := range append(tries, "superseded_at = now(), source = 'other'") {
		if err := try(set); err == nil || !strings.Contains(err.Error(), "never changed") && !strings.Contains(err.Error(), "id is fixed") && !strings.Contains(set, "id = ") {
			t.Errorf("%s: %v", set, err)
		}
	}
	if err := try("superseded_at = now()"); err != nil {
		t.Errorf("a fact that is superseded: %v", err)
	}
	for _, set := range []string{"superseded_at = NULL", "superseded_at = '2019-01-01'"} {
		if err := try(set); err == nil || !strings.Contains(err.Error(), "never changed") {
			t.Errorf("a superseded fact, %s: %v", set, err)
		}
	}
}
