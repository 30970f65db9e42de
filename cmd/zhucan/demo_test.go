package main

import (
	"context"
	"crypto/rand"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/auth"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/demo"
	"zhucan/internal/secret"
	"zhucan/internal/store"
	"zhucan/internal/store/localpg"
)

// TestDemoInterrupted stops the demonstration while it makes up the register: the next start makes all of it.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := &output{}
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--data", dir, "--people", "100"}, out, &output{})
	}()
	for range 600 {
		if strings.Contains(out.String(), "made up") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Fatalf("the demonstration was not stopped before it was ready: %s", out)
	}
	_, again, stop := startDemo(t, "--data", dir, "--people", "100")
	if !strings.Contains(again.String(), "made up 103 people, 0 refused") {
		t.Errorf("the second start: %s", again)
	}
	stop()
	_, third, _ := startDemo(t, "--data", dir, "--people", "100")
	if strings.Contains(third.String(), "made up") {
		t.Errorf("the third start: %s", third)
	}
}

// TestDemoAccountsInterrupted stops while accounts are made: the rest is made later, with the passwords that are kept. Where the file is lost,
// there are other passwords.
func TestDemoAccountsInterrupted(t *testing.T) {
	t.Parallel()
	i := install(t)
	desk, err := openDesk(t.Context(), i.db.URL, i.db.Ring, time.Now, newLog(&output{}, "error"), store.Options{Pool: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer desk.DB.Close()
	desk.Passwords = auth.NewCheapPasswords()
	if _, err := demo.MakeDivisions(t.Context(), desk); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "accounts.json")
	stopped, cancel := context.WithCancel(t.Context())
	newID, made := desk.NewID, 0
	desk.NewID = func() uuid.UUID {
		if made++; made == 4 { // of thirteen
			cancel()
		}
		return newID()
	}
	if _, err := demo.MakeAccounts(stopped, desk, file); err == nil {
		t.Fatal("all accounts were made before it was stopped")
	}
	var before []demo.Account
	for _, lost := range []bool{false, false, true} {
		if lost {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		list, err := demo.MakeAccounts(t.Context(), desk, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			if _, err := desk.Login(t.Context(), casework.Credentials{Username: a.Username, Password: a.Password}, netip.MustParseAddr("127.0.0.1"), "test"); err != nil {
				t.Errorf("%s: %v", a.Username, err)
			}
		}
		if same := cmp.Diff(before, list) == ""; same == lost && before != nil {
			t.Errorf("the file was lost: %v; the passwords are the same: %v", lost, same)
		}
		before = list
	}
}

// TestDemoDivisionsKnownFromTheStart: what is counted as it was known at an instant to which the clock was moved back has towns and villages.
func TestDemoDivisionsKnownFromTheStart(t *testing.T) {
	t.Parallel()
	i := install(t)
	clock := demo.NewClock(time.Now)
	desk, err := openDesk(t.Context(), i.db.URL, i.db.Ring, clock.Now, newLog(&output{}, "error"), store.Options{Pool: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer desk.DB.Close()
	for range 2 { // the second start finds them there
		if err := makeDivisions(t.Context(), desk, clock); err != nil {
			t.Fatal(err)
		}
	}
	if late := time.Since(clock.Now()); late.Abs() > time.Minute {
		t.Errorf("the clock is %s behind", late)
	}
	known := store.Moment{On: calendar.MustDate("2023-03-31"), KnownAt: time.Date(2023, 4, 1, 0, 0, 0, 0, calendar.Civil)}
	if root, err := desk.DB.RootOf(t.Context(), "370305001005", known); err != nil || len(root) == 0 {
		t.Errorf("the village of that day was not known at that instant: %v", err)
	}
}

// TestDemoKeysInterrupted: half a key file of an earlier start is no hindrance, and keys that are there stay.
func TestDemoKeysInterrupted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path+".new", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := demoKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := secret.Load(path, rand.Reader); err != nil || !again.Demo || cmp.Diff(first.BlindIndex("x", "y"), again.BlindIndex("x", "y")) != "" {
		t.Errorf("other keys: %v", err)
	}
}

// TestDemoDerivesAgain: what an earlier version derived otherwise is put right at the start of another one, and said; also where a start was stopped before
// it had come to that. By the same version nothing is looked at again.
func TestDemoDerivesAgain(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	_, first, stop := startDemo(t, "--data", dir, "--people", "40")
	if strings.Contains(first.String(), "standing rebuild") {
		t.Errorf("the first start: %s", first)
	}
	stop()
	otherwise := func() {
		t.Helper()
		cluster, err := localpg.Start(t.Context(), localpg.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Stop(context.WithoutCancel(t.Context()))
		conn, err := pgx.Connect(t.Context(), cluster.URL(localpg.Superuser, demoDatabase))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.WithoutCancel(t.Context()))
		changed, err := conn.Exec(t.Context(), "DELETE FROM standings WHERE person_id = (SELECT person_id FROM standings ORDER BY person_id LIMIT 1)")
		if err == nil && changed.RowsAffected() == 0 {
			t.Fatal("there was nothing to derive")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, version := range []string{"shandong-zibo 2026.1 of last year\n", ""} {
		otherwise()
		mark := filepath.Join(dir, "derived")
		if err := os.WriteFile(mark, []byte(version), 0o600); err != nil {
			t.Fatal(err)
		}
		if version == "" {
			if err := os.Remove(mark); err != nil {
				t.Fatal(err)
			}
		}
		_, again, stop := startDemo(t, "--data", dir, "--people", "40")
		if text := again.String(); !strings.Contains(text, "zhucan standing rebuild") || !strings.Contains(text, "were put right") || strings.Contains(text, " 0 standings differed") {
			t.Errorf("after version %q: %s", version, text)
		}
		stop()
	}
	_, same, stop := startDemo(t, "--data", dir, "--people", "40")
	defer stop()
	if strings.Contains(same.String(), "standing rebuild") {
		t.Errorf("by the same version: %s", same)
	}
}
