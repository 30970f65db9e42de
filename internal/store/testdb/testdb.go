// Package testdb gives each test a database of its own: a clone of one that was migrated once for the test binary.
package testdb

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/secret"
	"zhucan/internal/store"
	"zhucan/internal/store/localpg"
)

const template = "zhucan_template"

// Folder is where the server's data lies, the folder for temporary files where it is empty. Each database is some hundred files, made and
// dropped with its test: in memory that costs a third less.
var Folder = inMemory()

// inMemory is empty where the machine has no such folder, or less room in it than all packages of two runs take.
func inMemory() string {
	const folder, room = "/dev/shm", 4 << 30 // bytes
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < room { //nolint:unconvert // elsewhere it is another type
		return ""
	}
	return folder
}

var (
	once    sync.Once
	cluster *localpg.Cluster
	broken  error
	folder  string
	count   atomic.Int64
)

// Main runs the tests of a package and then stops its server. Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if cluster != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		cluster.Stop(ctx)
		keepLog()
		os.RemoveAll(folder)
	}
	os.Exit(code)
}

// LogFolder is where logs of a whole test run are gathered, for the test that looks for canaries in them.
const LogFolder = "ZHUCAN_TEST_LOGS"

func keepLog() {
	if to := os.Getenv(LogFolder); to != "" {
		if text, err := os.ReadFile(cluster.LogFile); err == nil {
			os.WriteFile(filepath.Join(to, fmt.Sprintf("postgres-%d.log", os.Getpid())), text, 0o600)
		}
	}
}

// Log is where the code under test logs: gathered when a whole run asks for it, discarded otherwise.
func Log(t testing.TB) *slog.Logger {
	to := os.Getenv(LogFolder)
	if to == "" {
		return slog.New(slog.NewJSONHandler(io.Discard, nil))
	}
	f, err := os.OpenFile(filepath.Join(to, fmt.Sprintf("app-%d.log", os.Getpid())), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func start() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if folder, broken = os.MkdirTemp(Folder, "zhucan-test-"); broken != nil {
		return
	}
	if cluster, broken = localpg.Start(ctx, localpg.Options{Dir: folder, Fast: true, Settings: []string{"max_wal_size=256MB"}}); broken != nil {
		return
	}
	if broken = admin(ctx, "CREATE DATABASE "+template); broken == nil {
		_, broken = store.Migrate(ctx, cluster.URL(localpg.Superuser, template))
	}
}

func admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, cluster.URL(localpg.Superuser, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// Database is one test's own database.
type Database struct {
	URL      string // as the service's role
	OwnerURL string // as its owner, for what only an attacker or an administrator would do
	Ring     *secret.Ring
	name     string
}

// New clones the migrated database for one test and drops the clone afterwards.
func New(t testing.TB) Database {
	t.Helper()
	d := create(t, template, newRing(t))
	t.Cleanup(func() { d.drop(t) })
	return d
}

// Furnished is New for databases that hold already what many tests of a package begin with. furnish fills a first one, once for the test
// binary, and has closed it when it returns; all copies have the same keys.
func Furnished(furnish func(testing.TB, Database)) func(testing.TB) Database {
	var mu sync.Mutex
	var first Database
	return func(t testing.TB) Database {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if first.name == "" {
			made := create(t, template, newRing(t)) // goes with the server
			furnish(t, made)
			first = made
		}
		d := create(t, first.name, first.Ring)
		t.Cleanup(func() { d.drop(t) })
		return d
	}
}

func create(t testing.TB, from string, ring *secret.Ring) Database {
	t.Helper()
	once.Do(start)
	if broken != nil {
		t.Fatalf("test database: %v", broken)
	}
	name := fmt.Sprintf("t%d", count.Add(1)) // files copied take half the time of pages that go through the log
	if err := admin(context.Background(), "CREATE DATABASE "+name+" TEMPLATE "+from+" STRATEGY file_copy"); err != nil {
		t.Fatalf("clone the test database: %v", err)
	}
	return Database{URL: cluster.URL("zhucan_app", name), OwnerURL: cluster.URL(localpg.Superuser, name), Ring: ring, name: name}
}

func (d Database) drop(t testing.TB) {
	if err := admin(context.Background(), "DROP DATABASE "+d.name+" WITH (FORCE)"); err != nil {
		t.Errorf("drop the test database: %v", err)
	}
}

func newRing(t testing.TB) *secret.Ring {
	t.Helper()
	ring, err := secret.Generate(rand.Reader, true)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// Open opens the store on the database with a clock of the test's own.
func (d Database) Open(t testing.TB, now func() time.Time) *store.DB {
	t.Helper()
	return d.OpenWith(t, now, store.Options{})
}

// OpenWith opens the store with replicas.
func (d Database) OpenWith(t testing.TB, now func() time.Time, o store.Options) *store.DB {
	t.Helper()
	o.Ring, o.Now, o.Log, o.Pool, o.NewID = d.Ring, now, Log(t), 8, func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	db, err := store.Open(context.Background(), d.URL, o)
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}
