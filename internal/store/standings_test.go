package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/standing"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// A rebuild writes portion after portion by one statement. After five times the server may plan it for any persons. Where it took
// the bounds of the area for a two-hundredth of the register, it expected one stored row, and compared each with all that was
// derived: time with the square of the portion, which the statement's bound of 5 s ended.
func TestManyStandingsAfterFew(t *testing.T) {
	t.Parallel()
	const persons, portion, each = 2000, 400, 20
	database := testdb.New(t)
	db, ctx := database.Open(t, clock), context.Background()
	owner := as(t, database.OwnerURL)
	_, err := owner.Exec(ctx, fmt.Sprintf(`SET session_replication_role = replica;
		INSERT INTO persons (id, record_type, name, managing_area_code, created_at, updated_at)
			SELECT lpad(n::text, 32, '0')::uuid, 'CERTIFIED', '金丝雀', '370305001001', now(), now() FROM generate_series(1, %d) n;
		INSERT INTO standings (person_id, indicator, valid_from, status, area_code, category, level, sex)
			SELECT id, 'indicator_' || i, '2020-01-01', 2, managing_area_code, 0, 0, 0 FROM persons, generate_series(0, %d) i ORDER BY id;
		ANALYZE standings`, persons, each-1))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := owner.Query(ctx, "SELECT id FROM persons ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		t.Fatal(err)
	}
	timeline := func(ids []uuid.UUID) (list []standing.Interval) {
		for _, id := range ids {
			for i := range each {
				list = append(list, standing.Interval{PersonID: id, Indicator: fmt.Sprintf("indicator_%d", i),
					Days: calendar.Interval{From: calendar.MustDate("2020-01-01")}, Status: standing.Covered, Area: "370305001001"})
			}
		}
		return list
	}
	first, second := ids[:portion], ids[portion:2*portion]
	err = db.Write(ctx, access.SystemActor(), "standing.rebuild", func(tx *store.Tx) error {
		for _, persons := range [][]uuid.UUID{first, first, first, first, first, second} {
			if _, err := tx.ReplaceDerived(ctx, persons, store.Reached{All: true, Dues: true}, timeline(persons), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var covered int
	if err := owner.QueryRow(ctx, "SELECT count(*) FROM standings WHERE status = 1").Scan(&covered); err != nil || covered != 2*portion*each {
		t.Errorf("%d standings are covered (%v), want %d", covered, err, 2*portion*each)
	}
}
