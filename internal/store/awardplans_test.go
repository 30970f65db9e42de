package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// TestAwardsOfAVillageArePlanned: a page of a village reads the village, whether its statement is planned for it or kept, and one of the district
// the page.
func TestAwardsOfAVillageArePlanned(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	owner, err := pgx.Connect(t.Context(), db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(t.Context())
	_, err = owner.Exec(t.Context(), `SET session_replication_role = replica; SET zhucan.area = ':';
		INSERT INTO persons (id, record_type, name, managing_area_code, created_at, updated_at)
			SELECT lpad(n::text, 32, '0')::uuid, 'CERTIFIED', 'x', '370305001' || lpad((n % 100)::text, 3, '0'), now(), now() FROM generate_series(1, 5000) n;
		INSERT INTO awards (id, person_id, area_code, programme, basis, start_month, owed_from, recorded_at)
			SELECT id, id, managing_area_code, 'nursing_subsidy', 'import', '2020-01-01', '2020-01-01', now() FROM persons;
		ANALYZE awards`)
	if err != nil {
		t.Fatal(err)
	}
	app, err := pgx.Connect(t.Context(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close(t.Context())
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		for _, in := range []string{"370305001005", "370305"} {
			for _, after := range []int{0, 2500} {
				if _, err := app.Exec(t.Context(), "SELECT set_config('zhucan.area', $1, false), set_config('plan_cache_mode', $2, false)", in+":", mode); err != nil {
					t.Fatal(err)
				}
				rows, err := app.Query(t.Context(), "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+store.ListAwardsStatement, nil, uuid.MustParse(fmt.Sprintf("%032d", after)), 50, in, in+":", "")
				if err != nil {
					t.Fatal(err)
				}
				plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
				if err != nil {
					t.Fatal(err)
				}
				if text := strings.Join(plan, "\n"); strings.Contains(text, "Seq Scan on awards") || strings.Contains(text, "Rows Removed by Filter") {
					t.Errorf("%s, %s after %d:\n%s", mode, in, after, text)
				}
			}
		}
	}
}
