package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// openAs opens the store of a test by another address.
func openAs(t *testing.T, d testdb.Database, address string, o store.Options) error {
	t.Helper()
	o.Ring, o.Now, o.Log, o.NewID = d.Ring, clock, testdb.Log(t), uuid.New
	db, err := store.Open(context.Background(), address, o)
	if err == nil {
		db.Close()
	}
	return err
}

// asRole is the address of a test's database under another role.
func asRole(d testdb.Database, role string) string {
	return strings.Replace(d.URL, "zhucan_app", role, 1)
}

// TestRoleAboveTheWall opens the store under roles that could read past row security, whatever their names are.
func TestRoleAboveTheWall(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	owner := as(t, d.OwnerURL)
	for _, tt := range []struct {
		name, attributes string
		also             string // with % for the role
		refused          bool
	}{
		{"plain", "NOSUPERUSER", "SELECT 1", false},
		{"superuser", "SUPERUSER", "SELECT 1", true},
		{"bypass", "BYPASSRLS", "SELECT 1", true},
		{"member", "NOINHERIT", "GRANT pg_bypasser TO %", true},
		{"owner", "NOSUPERUSER", "ALTER TABLE audit_entries OWNER TO %", true},
		{"ownermember", "NOINHERIT", "GRANT pg_owner TO %; ALTER TABLE audit_entries OWNER TO pg_owner", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			role := "role_" + tt.name + "_" + strings.ReplaceAll(uuid.NewString()[:8], "-", "")
			also := strings.NewReplacer("%", role, "pg_bypasser", role+"_b", "pg_owner", role+"_o").Replace(tt.also)
			statements := []string{"CREATE ROLE " + role + "_b BYPASSRLS", "CREATE ROLE " + role + "_o", "CREATE ROLE " + role + " LOGIN " + tt.attributes, "GRANT zhucan_app TO " + role}
			for _, statement := range append(statements, strings.Split(also, "; ")...) {
				if _, err := owner.Exec(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			t.Cleanup(func() { dropRoles(t, owner, role, role+"_b", role+"_o") })
			if err := openAs(t, d, asRole(d, role), store.Options{}); errors.Is(err, store.ErrAboveTheWall) != tt.refused {
				t.Errorf("opened as %s: %v", tt.name, err)
			}
			err := openAs(t, d, d.URL, store.Options{Replicas: []string{asRole(d, role)}})
			if errors.Is(err, store.ErrAboveTheWall) != tt.refused {
				t.Errorf("opened with a replica as %s: %v", tt.name, err)
			}
		})
	}
}

// dropRoles gives back what roles own, which are of the whole server and would outlive the database of the test.
func dropRoles(t *testing.T, owner *pgx.Conn, roles ...string) {
	for _, role := range roles {
		if _, err := owner.Exec(context.Background(), "REASSIGN OWNED BY "+role+" TO postgres; DROP OWNED BY "+role+"; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	}
}

// TestRoleBehindAnother logs in as a superuser and takes the service's role for the session, which RESET ROLE would undo.
func TestRoleBehindAnother(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	for _, address := range []string{d.OwnerURL, d.OwnerURL + " options='-c role=zhucan_app'"} {
		if err := openAs(t, d, address, store.Options{}); !errors.Is(err, store.ErrAboveTheWall) {
			t.Errorf("opened: %v", err)
		}
	}
	if err := openAs(t, d, d.OwnerURL, store.Options{Owner: true}); err != nil {
		t.Errorf("what comes with a migration was refused: %v", err)
	}
}
