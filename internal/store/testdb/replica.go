package testdb

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/store/localpg"
)

// Replica is a streaming replica of all databases of the tests.
type Replica struct {
	t       testing.TB
	folder  string
	cluster *localpg.Cluster
}

// NewReplica starts a replica for one test, which has to have a database already.
func NewReplica(t testing.TB) *Replica {
	t.Helper()
	folder, err := os.MkdirTemp("", "zhucan-replica-")
	if err != nil {
		t.Fatal(err)
	}
	r := &Replica{t: t, folder: folder}
	t.Cleanup(func() {
		r.Stop()
		os.RemoveAll(folder)
	})
	r.Start()
	return r
}

// Start starts the replica, on the data that it had.
func (r *Replica) Start() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var err error
	if r.cluster, err = localpg.Start(ctx, localpg.Options{Dir: r.folder, Fast: true, Primary: cluster}); err != nil {
		r.t.Fatalf("start a replica: %v", err)
	}
}

// Stop ends it. A second Stop does nothing.
func (r *Replica) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.cluster.Stop(ctx); err != nil {
		r.t.Errorf("stop a replica: %v", err)
	}
}

// URL is the address of a test's database on the replica, as the service's role.
func (r *Replica) URL(d Database) string { return r.cluster.URL("zhucan_app", d.name) }

// Pause lets the replica fall behind: it goes on receiving and stops replaying. What is asked of it sees what it has replayed.
func (r *Replica) Pause() {
	r.t.Helper()
	r.asks("pg_wal_replay_pause() IS NULL")
	r.until("pg_get_wal_replay_pause_state() = 'paused'")
}

// CatchUp lets it replay again and waits until it has all that the primary has written by now.
func (r *Replica) CatchUp() {
	r.t.Helper()
	conn, err := pgx.Connect(context.Background(), cluster.URL(localpg.Superuser, "postgres"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var written string
	if err := conn.QueryRow(context.Background(), "SELECT pg_current_wal_insert_lsn()::text").Scan(&written); err != nil {
		r.t.Fatal(err)
	}
	r.asks("pg_wal_replay_resume() IS NULL")
	r.until("pg_last_wal_replay_lsn() >= $1::text::pg_lsn", written)
}

// asks asks the replica a question as its superuser.
func (r *Replica) asks(question string, args ...any) (yes bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, r.cluster.URL(localpg.Superuser, "postgres"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, "SELECT "+question, args...).Scan(&yes); err != nil {
		r.t.Fatalf("%s: %v", question, err)
	}
	return yes
}

func (r *Replica) until(question string, args ...any) {
	r.t.Helper()
	for tries := 0; !r.asks(question, args...); tries++ {
		if tries == 6000 { // more than a minute
			r.t.Fatalf("the replica does not come to: %s", question)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
