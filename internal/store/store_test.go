package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
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
		taken, _, err := tx.InsertDivisions(ctx, []area.Division{{Code: "370305", Name: "临淄区", ValidFrom: calendar.MustDate("2016-01-01")}}, nil)
		if taken != (store.TakenDivisions{Added: 1}) {
			t.Errorf("%+v, want 1 added", taken)
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
	if err := db.CheckSchema(ctx); err != nil {
		t.Errorf("CheckSchema = %v", err)
	}
}

// TestOpenOnAnotherSchema works with a database that a later version of the program has migrated, and with one that an earlier one has.
func TestOpenOnAnotherSchema(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	owner, ctx := as(t, d.OwnerURL), t.Context()
	if _, err := owner.Exec(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
		t.Fatal(err)
	}
	if err := db.CheckSchema(ctx); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("a newer schema: %v", err)
	}
	if _, err := store.Migrate(ctx, d.OwnerURL); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("migrated a newer schema: %v", err)
	}
	for _, statement := range []string{"DELETE FROM goose_db_version WHERE version_id IN (9999, 55)", "DROP TABLE goose_db_version"} {
		if _, err := owner.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
		if err := db.CheckSchema(ctx); err == nil || !strings.Contains(err.Error(), "run zhucan migrate") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// TestNamesOfAccounts writes accounts whose names nobody could sign in with, past what the contract and the pages check.
func TestNamesOfAccounts(t *testing.T) {
	t.Parallel()
	db := testdb.New(t).Open(t, clock)
	for name, refused := range map[string]bool{"BadName": true, "x": true, "-x": true, "王": true, "good.name_1": false} {
		err := db.Write(t.Context(), access.SystemActor(), "account.create", func(tx *store.Tx) error {
			return tx.InsertAccount(t.Context(), store.Account{ID: uuid.Must(uuid.NewV7()), Version: 1, Username: name, Name: "测试", Role: access.TownOfficer, AreaCode: "370305001", PasswordPHC: "x", CreatedAt: noon, UpdatedAt: noon})
		})
		if fault.Is(err, "USERNAME") != refused || !refused && err != nil {
			t.Errorf("an account %q: %v", name, err)
		}
	}
}
