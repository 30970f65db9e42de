package store_test

import (
	"context"
	"testing"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func TestMigratedAndSealed(t *testing.T) {
	t.Parallel()
	db := testdb.New(t).Open(t, clock)
	ctx := context.Background()
	err := db.Write(ctx, access.SystemActor(), "divisions.import", func(tx *store.Tx) error {
		added, _, err := tx.InsertDivisions(ctx, []area.Division{{Code: "370305", Name: "临淄区", ValidFrom: calendar.MustDate("2016-01-01")}})
		if added != 1 {
			t.Errorf("added %d divisions, want 1", added)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := db.VerifyAudit(ctx)
	if err != nil || v.Broken != "" || v.Entries != 1 || v.Changes != 1 {
		t.Errorf("VerifyAudit = %+v, %v; want one sound entry with one change", v, err)
	}
	if current, err := db.SchemaIsCurrent(ctx); err != nil || !current {
		t.Errorf("SchemaIsCurrent = %v, %v", current, err)
	}
}
