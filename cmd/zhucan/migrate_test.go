package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/store"
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

// TestMigrateAtOnce begins an upgrade while it goes on elsewhere: it waits until that is done.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url, owner := emptyDatabase(t, "at_once", "UTF8")
	ended := make(chan error, 1)
	err := store.Alone(t.Context(), url, func() error {
		go func() { ended <- run(t.Context(), []string{"migrate", "--owner-url", url}, &output{}, &output{}) }()
		for waits := false; !waits; {
			select {
			case err := <-ended:
				return errors.Join(errors.New("it did not wait"), err)
			case <-time.After(5 * time.Millisecond):
			}
			if err := owner.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))").Scan(&waits); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it waited and failed: %v", err)
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
