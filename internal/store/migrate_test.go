package store_test

import (
	"strings"
	"testing"

	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// TestMigrateAsOwner migrates an empty database as its owner, who is no superuser: in production he is none.
func TestMigrateAsOwner(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	admin := as(t, d.OwnerURL)
	for _, sql := range []string{"CREATE ROLE migrator LOGIN CREATEROLE", "CREATE DATABASE migrated OWNER migrator"} {
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	own := strings.Fields(asRole(d, "migrator"))
	for i, part := range own {
		if strings.HasPrefix(part, "dbname=") {
			own[i] = "dbname=migrated"
		}
	}
	address := strings.Join(own, " ")
	if _, err := store.Migrate(t.Context(), address); err != nil {
		t.Error(err)
	}
	if _, err := admin.Exec(t.Context(), "DROP DATABASE migrated WITH (FORCE)"); err != nil {
		t.Error(err)
	}
	if _, err := admin.Exec(t.Context(), "DROP ROLE migrator"); err != nil {
		t.Error(err)
	}
}
