package main

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"zhucan/internal/store/testdb"
)

// emptyDatabase is a new database in an encoding, by the address of its owner.
func emptyDatabase(t *testing.T, name, encoding string) (ownerURL string, owner *pgx.Conn) {
	t.Helper()
	beside := testdb.New(t).OwnerURL
	admin := connect(t, beside)
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING '"+encoding+"' LOCALE 'C'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	ownerURL = strings.Replace(beside, "dbname='"+admin.Config().Database, "dbname='"+name, 1)
	return ownerURL, connect(t, ownerURL)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// TestMigrateAtOnce: an upgrade that is begun on two machines is one upgrade.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url, owner := emptyDatabase(t, "at_once", "UTF8")
	var both errgroup.Group
	for range 2 {
		both.Go(func() error {
			return run(t.Context(), []string{"migrate", "--owner-url", url}, &output{}, &output{})
		})
	}
	if err := both.Wait(); err != nil {
		t.Error(err)
	}
	var twice, packs int
	err := owner.QueryRow(t.Context(), "SELECT count(*) - count(DISTINCT version_id), (SELECT count(*) FROM policy_packs) FROM goose_db_version").Scan(&twice, &packs)
	if err != nil || twice != 0 || packs != 1 {
		t.Errorf("%d migrations were made twice, and there are %d packs, %v", twice, packs, err)
	}
}

// TestMigrateWantsUnicode: on a server that was set up without a locale createdb makes a database in which a long name is too long.
func TestMigrateWantsUnicode(t *testing.T) {
	t.Parallel()
	url, _ := emptyDatabase(t, "no_unicode", "SQL_ASCII")
	err := run(t.Context(), []string{"migrate", "--owner-url", url}, &output{}, &output{})
	if err == nil || !strings.Contains(err.Error(), "in SQL_ASCII instead of UTF8") {
		t.Errorf("migrated a database in SQL_ASCII: %v", err)
	}
}
