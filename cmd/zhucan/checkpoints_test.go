package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/store"
)

// enter makes one entry of the audit.
func enter(t *testing.T, db *store.DB, code area.Code) {
	t.Helper()
	err := db.Write(t.Context(), access.SystemActor(), "divisions.import", func(tx *store.Tx) error {
		_, _, err := tx.InsertDivisions(t.Context(), []area.Division{{Code: code, Name: "测试", ValidFrom: calendar.MustDate("2016-01-01")}}, nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAuditCheckpoints writes a file of checkpoints as serve does, and verifies the log by it before and after its end is cut off.
func TestAuditCheckpoints(t *testing.T) {
	t.Parallel()
	i := install(t) // one entry
	db, path := i.db.Open(t, time.Now), filepath.Join(t.TempDir(), "checkpoints")
	if err := makeCheckpoints(path); err != nil {
		t.Fatal(err)
	}
	add := func() error { return addCheckpoint(t.Context(), db, path) }
	for n, code := range []area.Code{"", "370305", "370306"} {
		if n > 0 {
			enter(t, db, code)
		}
		for range 2 { // the second finds that nothing has moved
			if err := add(); err != nil {
				t.Fatal(err)
			}
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Count(text, []byte("\n")) != 3 || !strings.HasPrefix(string(text), "zhucan1 1 1 ") {
		t.Fatalf("checkpoints: %s, %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the checkpoints: %v, %v", info.Mode(), err)
	}
	verify := func(more ...string) (string, error) {
		out := &output{}
		err := run(t.Context(), slices.Concat([]string{"audit", "verify"}, i.reach, more), out, &output{})
		return out.String(), err
	}
	out, err := verify("--checkpoints", path)
	_, head, found := strings.Cut(strings.TrimSpace(out), "head ")
	if err != nil || !strings.HasPrefix(out, "3 checkpoints hold; 3 entries") || !found || !strings.HasPrefix(head, "3:") {
		t.Fatalf("verify: %s, %v", out, err)
	}
	if _, err := verify("--head", head); err != nil {
		t.Errorf("the head as it was printed: %v", err)
	}

	owner, err := pgx.Connect(t.Context(), i.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(context.Background())
	if _, err := owner.Exec(t.Context(), "DELETE FROM audit_changes WHERE entry_id IN (SELECT id FROM audit_entries WHERE seq > 1); DELETE FROM audit_entries WHERE seq > 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(); err != nil {
		t.Errorf("what is left of the chain: %v", err)
	}
	if _, err := verify("--checkpoints", path); err == nil || !strings.Contains(err.Error(), "entry 2: line 2 knows it") {
		t.Errorf("the end is cut off: %v", err)
	}
	if _, err := verify("--head", head); err == nil || !strings.Contains(err.Error(), "entry 3: the head that was noted") {
		t.Errorf("the end is cut off: %v", err)
	}
	if err := add(); err == nil {
		t.Error("went on after the end was cut off")
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, text) {
		t.Errorf("the file has changed: %s, %v", now, err)
	}

	if err := os.Rename(path, path+".old"); err != nil { // somebody has looked
		t.Fatal(err)
	}
	if err := add(); err != nil {
		t.Errorf("a new file: %v", err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "zhucan1 2 2", "zhucan1 2 1", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := verify("--checkpoints", path); err == nil || !strings.Contains(err.Error(), "line 2 is no checkpoint") {
		t.Errorf("a line that was forged: %v", err)
	}
	for _, spoilt := range []string{"half a line", "no checkpoint\n", "\n"} {
		if err := os.WriteFile(path, []byte(spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := add(); err == nil {
			t.Errorf("went on after %q", spoilt)
		}
	}
}
