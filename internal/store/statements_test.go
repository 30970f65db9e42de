package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// An import asks of portion after portion which lists are silent about them, while it writes what it says itself. The plan that was
// kept from when nothing had been said scanned everything for each person, which the statement's bound of 5 s ended.
func TestSilentImportsAfterMany(t *testing.T) {
	t.Parallel()
	const persons, each = 1000, 40
	database := testdb.New(t)
	db, ctx := database.Open(t, clock), context.Background()
	owner := as(t, database.OwnerURL)
	write := func(sql string) {
		t.Helper()
		if _, err := owner.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf(`SET session_replication_role = replica;
		INSERT INTO persons (id, record_type, name, managing_area_code, created_at, updated_at)
			SELECT lpad(n::text, 32, '0')::uuid, 'CERTIFIED', '金丝雀', '370305001001', now(), now() FROM generate_series(1, %d) n;
		INSERT INTO circumstances (id, person_id, kind, exclusive_key, value, valid_from, source, recorded_at, area_code)
			SELECT gen_random_uuid(), id, kind, kind, to_jsonb(managing_area_code), '1970-01-01', '', created_at, managing_area_code
			FROM persons, unnest('{managing_area,hukou_area,dibao,school,employment,tekun,insurance_pension,insurance_medical}'::text[]) kind;
		INSERT INTO imports (id, kind, sha256, area_code, dry_run, new_rows, changed_rows, same_rows, refused_rows, refusals, at, as_of, state)
			SELECT lpad(n::text, 32, '0')::uuid, 'medical', decode(lpad(n::text, 2, '0'), 'hex'), '370305', false, 0, 0, 0, 0, '[]', now(), '2025-01-01', 'done' FROM generate_series(1, 2) n`, persons))
	write("VACUUM ANALYZE persons, circumstances, list_statements")
	rows, err := owner.Query(ctx, "SELECT id FROM persons ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(ctx, access.SystemActor(), "test.silent", func(tx *store.Tx) error {
		silent := func() int {
			list, err := tx.SilentImports(ctx, store.Import{ID: uuid.Max, Kind: "medical"}, ids)
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		for range 6 {
			if n := silent(); n != 2*persons {
				t.Errorf("%d silences before anything is said, want %d", n, 2*persons)
			}
		}
		write(fmt.Sprintf(`INSERT INTO list_statements (id, import_id, row, person_id, area_code, kind, says, as_of, state, recorded_at)
			SELECT gen_random_uuid(), lpad('1', 32, '0')::uuid, 1, id, managing_area_code, 'medical', 'holds', '2025-01-01', 'active', now() FROM persons, generate_series(1, %d)`, each))
		if n := silent(); n != persons {
			t.Errorf("%d silences where one of two lists has spoken of everybody, want %d", n, persons)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
