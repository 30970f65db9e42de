package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/fault"
	"zhucan/internal/secret"
	"zhucan/internal/store"
	"zhucan/internal/store/localpg"
	"zhucan/internal/store/testdb"
)

func wantBusy(t *testing.T, what string, err error) {
	t.Helper()
	if f, ok := fault.Of(err); !ok || f.Code != "BUSY" || f.RetryAfter == 0 {
		t.Errorf("%s: %v, want that it is busy", what, err)
	}
}

// ask reads and writes something.
func ask(ctx context.Context, db *store.DB) (read, write error) {
	_, read = db.AccountByID(ctx, uuid.New())
	write = db.Write(ctx, access.SystemActor(), "test.write", func(tx *store.Tx) error { return tx.Describe(ctx, uuid.Nil, nil) })
	return read, write
}

// TestStoppedServerIsBusy: a server that ends, and then is not there, is no error of ours, and of nobody who waits for it.
func TestStoppedServerIsBusy(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	folder, err := os.MkdirTemp("", "zhucan-outage-") // one of the test's own is closed to the account that runs the server
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	cluster, err := localpg.Start(ctx, localpg.Options{Dir: folder, Fast: true, MaxConnections: 20})
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	t.Cleanup(func() {
		if !stopped {
			cluster.Stop(context.Background())
		}
	})
	if _, err := store.Migrate(ctx, cluster.URL(localpg.Superuser, "postgres")); err != nil {
		t.Fatal(err)
	}
	ring, err := secret.Generate(rand.Reader, true)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, cluster.URL("zhucan_app", "postgres"), store.Options{Ring: ring, Now: clock, NewID: uuid.New, Log: testdb.Log(t), Pool: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if read, write := ask(ctx, db); !errors.Is(read, store.NotFound) || write != nil {
		t.Fatalf("while it runs: %v, %v", read, write)
	}
	within := make(chan error, 1)
	err = db.Write(ctx, access.SystemActor(), "test.write", func(tx *store.Tx) error {
		if err := cluster.Stop(ctx); err != nil {
			within <- err
		}
		stopped = true
		return tx.Describe(ctx, uuid.Nil, nil)
	})
	select {
	case err := <-within:
		t.Fatal(err)
	default:
	}
	wantBusy(t, "a write while it ends", err)
	for range 3 {
		read, write := ask(ctx, db)
		wantBusy(t, "a read", read)
		wantBusy(t, "a write", write)
	}
	if err := db.Ready(ctx); err == nil {
		t.Error("it is ready")
	}
	gone, leave := context.WithCancel(ctx)
	leave()
	if read, _ := ask(gone, db); fault.Is(read, "BUSY") || read == nil {
		t.Errorf("who has gone is told %v", read)
	}
}

// TestWritesThatAreNotTaken: a register that may only be read, or whose disk is full, is busy for who writes, and not ready.
func TestWritesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	d, ctx, now := testdb.New(t), t.Context(), noon
	db := d.Open(t, func() time.Time { return now })
	owner, err := pgx.Connect(ctx, d.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(context.Background())
	run := func(sql string) {
		t.Helper()
		if _, err := owner.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	run(`CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = TG_ARGV[0]; END $$`)
	for _, code := range []string{"58030", "08006", "53200", "25006", "57P05", "25P03", "53100"} {
		if err := db.Ready(ctx); err != nil {
			t.Errorf("before %s: %v", code, err)
		}
		run("CREATE TRIGGER fails BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION fails('" + code + "')")
		_, write := ask(ctx, db)
		wantBusy(t, code, write)
		run("DROP TRIGGER fails ON audit_entries")
	}
	if err := db.Ready(ctx); err == nil {
		t.Error("it is ready with a disk that was full just now")
	}
	if now = now.Add(time.Minute); db.Ready(ctx) != nil {
		t.Error("it is not ready a minute after the disk was full")
	}
	run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")
	run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	for range 10 { // some connections find out only now that they have ended
		if read, _ := ask(ctx, db); errors.Is(read, store.NotFound) {
			break
		} else {
			wantBusy(t, "a read of a connection that has ended", read)
		}
	}
	read, write := ask(ctx, db)
	if !errors.Is(read, store.NotFound) {
		t.Errorf("a read of what may only be read: %v", read)
	}
	wantBusy(t, "a write to what may only be read", write)
	if err := db.Ready(ctx); err == nil {
		t.Error("what may only be read is ready")
	}
}
