package casework_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/auth"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/policy"
	"zhucan/internal/roster"
	"zhucan/internal/secret"
	"zhucan/internal/store"
	"zhucan/internal/store/localpg"
	"zhucan/internal/store/testdb"
)

// outages is how many steps of rosters are broken off at least; make proof has fifty.
var outages = flag.Int("outages", 12, "how many steps of rosters are broken off by a database that is killed")

// TestDatabaseKilled kills the whole database at random moments of calculating, locking and taking results, and starts it
// again on what it had written. The service is not restarted.
func TestDatabaseKilled(t *testing.T) {
	t.Parallel()
	d := startOwn(t)
	first := calendar.MustMonth("2017-02")
	o := newOfficeOn(t, d.Database, 300, 13, first.First().Add(9))
	crashes := 0
	o.strike = func(within time.Duration) <-chan struct{} {
		crashes++
		up, wait := make(chan struct{}), time.Duration(o.random.Int64N(int64(within)))
		go func() {
			defer close(up)
			time.Sleep(wait)
			if err := d.crash(); err != nil {
				t.Errorf("crash: %v", err)
			}
		}()
		return up
	}
	o.payUnderBlows(first, *outages, o.desk.MakeRoster, o.desk.LockRoster, o.takeResults)
	t.Logf("the database was killed %d times", crashes)
}

// ownDatabase is a database server of the test's own, which writes what it says it has written.
type ownDatabase struct {
	testdb.Database
	folder  string
	cluster *localpg.Cluster
}

func startOwn(t *testing.T) *ownDatabase {
	t.Helper()
	folder, err := os.MkdirTemp("", "zhucan-own-")
	if err != nil {
		t.Fatal(err)
	}
	d := &ownDatabase{folder: folder}
	t.Cleanup(func() {
		if d.cluster != nil {
			d.cluster.Stop(context.Background())
		}
		os.RemoveAll(folder)
	})
	ctx := t.Context()
	if d.cluster, err = localpg.Start(ctx, localpg.Options{Dir: folder}); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, d.cluster.URL(localpg.Superuser, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE own"); err != nil {
		t.Fatal(err)
	}
	d.URL, d.OwnerURL = d.cluster.URL("zhucan_app", "own"), d.cluster.URL(localpg.Superuser, "own")
	if _, err := store.Migrate(ctx, d.OwnerURL); err != nil {
		t.Fatal(err)
	}
	if d.Ring, err = secret.Generate(rand.Reader, true); err != nil {
		t.Fatal(err)
	}
	return d
}

// crash kills the server like a power switch would kill its process, and starts it again.
func (d *ownDatabase) crash() error {
	text, err := os.ReadFile(filepath.Join(d.folder, "pg", "postmaster.pid"))
	if err != nil {
		return err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d.cluster.Stop(ctx) // it has gone; this gives the folder back
	for {               // the children of the dead need a moment to notice
		if d.cluster, err = localpg.Start(ctx, localpg.Options{Dir: d.folder}); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// childOf is how a test hands a step to another process: the test binary itself, which finds the step in this variable.
const childOf = "ZHUCAN_TEST_CHILD"

// task is one step of a roster for another process.
type task struct {
	URL, Keys, What string
	Now             time.Time
	Who             access.Actor
	Month           string
	Roster          uuid.UUID
	Version         int
}

// child does one task and says by its exit status whether it was done.
func child(text string) int {
	var k task
	err := json.Unmarshal([]byte(text), &k)
	if err == nil {
		err = k.do(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (k task) do(ctx context.Context) error {
	ring, err := secret.Load(k.Keys, rand.Reader)
	if err != nil {
		return err
	}
	now := func() time.Time { return k.Now }
	newID := func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	db, err := store.Open(ctx, k.URL, store.Options{Ring: ring, Now: now, NewID: newID, Log: log, Pool: 2})
	if err != nil {
		return err
	}
	defer db.Close()
	desk := &casework.Desk{DB: db, Rules: casework.NewRules(policy.MustLoadBuiltin()), Now: now, NewID: newID, Passwords: auth.NewCheapPasswords(),
		Tokens: auth.NewTokens(ring), Log: log}
	switch k.What {
	case "deliver":
		desk.Sender = quickSender()
		desk.KeepDelivering(ctx, 20*time.Millisecond)
	case "calculate":
		_, err = desk.MakeRoster(ctx, k.Who, calendar.MustMonth(k.Month), "", "")
	case "lock":
		_, err = desk.LockRoster(ctx, k.Who, k.Roster, k.Version)
	case "results":
		var r roster.Roster
		if r, err = db.Roster(ctx, k.Who, k.Roster); err != nil {
			return err
		}
		var rows []casework.BankRow
		for line, err := range db.PaidLines(ctx, k.Who, r, 500) {
			if err != nil {
				return err
			}
			rows = append(rows, casework.BankRow{Row: line.Seq + 1, Seq: line.Seq, Account: line.Account, Amount: line.Net, Paid: true})
		}
		_, err = desk.TakeResults(ctx, k.Who, r.ID, rows, nil)
	}
	return err
}

// TestProcessKilled kills the service's own process at random moments of the three steps.
func TestProcessKilled(t *testing.T) {
	t.Parallel()
	first := calendar.MustMonth("2017-02")
	o := newOffice(t, 300, 17, first.First().Add(9))
	keys := filepath.Join(t.TempDir(), "keys")
	if err := o.db.Ring.Save(keys); err != nil {
		t.Fatal(err)
	}
	var within time.Duration
	o.strike = func(w time.Duration) <-chan struct{} { // the process is struck where it is started
		within = w
		struck := make(chan struct{})
		close(struck)
		return struck
	}
	kills := 0
	run := func(k task) error {
		k.URL, k.Keys, k.Now = o.db.URL, keys, o.clock()
		text, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		process := exec.CommandContext(t.Context(), os.Args[0])
		process.Env = append(os.Environ(), childOf+"="+string(text))
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(10*time.Millisecond+time.Duration(o.random.Int64N(int64(within))), func() { process.Process.Kill() })
		err = process.Wait()
		kill.Stop()
		var exit *exec.ExitError
		if errors.As(err, &exit) && !exit.Exited() {
			kills++
		}
		return err
	}
	o.payUnderBlows(first, *outages,
		func(_ context.Context, who access.Actor, month calendar.Month, _ area.Code, _ string) (r roster.Roster, err error) {
			return r, run(task{What: "calculate", Who: who, Month: month.String()})
		},
		func(_ context.Context, who access.Actor, id uuid.UUID, version int) (r roster.Roster, err error) {
			return r, run(task{What: "lock", Who: who, Roster: id, Version: version})
		},
		func(r roster.Roster, _ []casework.BankRow) error {
			return run(task{What: "results", Who: o.sender, Roster: r.ID})
		})
	t.Logf("the process was killed %d times", kills)
}
