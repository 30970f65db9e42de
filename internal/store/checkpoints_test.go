package store_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// rewriteFrom makes all hashes again from an entry on, as who owns the database can.
const rewriteFrom = `DO $$ DECLARE e audit_entries; before bytea; BEGIN
	FOR e IN SELECT * FROM audit_entries WHERE seq >= %d ORDER BY seq LOOP
		SELECT hash INTO before FROM audit_entries WHERE seq = e.seq - 1;
		UPDATE audit_entries SET prev_hash = before, hash = sha256(before || e.digest || convert_to(audit_text(e), 'UTF8')) WHERE id = e.id;
	END LOOP; END $$`

const cutAfter = `DELETE FROM audit_changes WHERE entry_id IN (SELECT id FROM audit_entries WHERE seq > %[1]d); DELETE FROM audit_entries WHERE seq > %[1]d`

// noteEvery writes entries and notes the head after each few of them.
func noteEvery(t *testing.T, db *store.DB, entries, every int) (lines string) {
	t.Helper()
	var last store.Checkpoint
	for n := 1; n <= entries; n++ {
		putPerson(t, db, "370305001005")
		if n%every != 0 {
			continue
		}
		next, moved, err := db.NextCheckpoint(t.Context(), last)
		if err != nil || !moved || next.Seq != int64(n) || next.Entries != int64(n) {
			t.Fatalf("checkpoint after %d entries: %+v, %t, %v", n, next, moved, err)
		}
		line, err := next.Line(db.Ring)
		if err != nil {
			t.Fatal(err)
		}
		lines, last = lines+line, next
	}
	if _, moved, err := db.NextCheckpoint(t.Context(), last); moved != (entries%every != 0) || err != nil {
		t.Errorf("moved = %t after the last checkpoint, %v", moved, err)
	}
	return lines
}

func noted(t *testing.T, db *store.DB, lines string) []store.Checkpoint {
	t.Helper()
	list, err := store.ReadCheckpoints(strings.NewReader(lines), db.Ring)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestAuditCheckpoints alters the end of the log as an owner of the database could, so that the chain holds, each time in another database.
func TestAuditCheckpoints(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, alter, want string }{
		{"nothing", "SELECT 1", ""},
		{"end cut off", fmt.Sprintf(cutAfter, 4), "entry 6: line 3 knows it, and the log ends with entry 4"},
		{"all cut off", fmt.Sprintf(cutAfter, 0), "entry 2: line 1 knows it, and the log ends with entry 0"},
		{"end written anew", "UPDATE audit_entries SET action = 'other' WHERE seq = 5; " + fmt.Sprintf(rewriteFrom, 5), "entry 6: line 3 knows it with another hash"},
		{"end cut off and grown again", fmt.Sprintf(cutAfter, 5) + "; UPDATE audit_entries SET at = at + interval '1 day' WHERE seq = 5; " + fmt.Sprintf(rewriteFrom, 5), "entry 6: line 3"},
		{"cut off behind what is noted", fmt.Sprintf(cutAfter, 8), ""}, // the last minute
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := testdb.New(t)
			db := d.Open(t, clock)
			lines := noteEvery(t, db, 9, 2)
			owner := as(t, d.OwnerURL)
			if _, err := owner.Exec(t.Context(), tt.alter); err != nil {
				t.Fatal(err)
			}
			if v, err := db.VerifyAudit(t.Context()); err != nil || v.Broken != "" {
				t.Fatalf("the chain itself does not hold: %q, %v", v.Broken, err)
			}
			v, err := db.VerifyAudit(t.Context(), noted(t, db, lines)...)
			if err != nil || !strings.HasPrefix(v.Broken, tt.want) || (tt.want == "") != (v.Broken == "") {
				t.Errorf("VerifyAudit = %q, %v; want %q", v.Broken, err, tt.want)
			}
		})
	}
}

// TestAuditCheckpointGoesOn: from a checkpoint that the log does not hold any more nothing is noted.
func TestAuditCheckpointGoesOn(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	if next, moved, err := db.NextCheckpoint(t.Context(), store.Checkpoint{}); moved || err != nil {
		t.Errorf("an empty log has moved: %+v, %v", next, err)
	}
	list := noted(t, db, noteEvery(t, db, 4, 1))
	if _, err := as(t, d.OwnerURL).Exec(t.Context(), fmt.Sprintf(cutAfter, 3)); err != nil {
		t.Fatal(err)
	}
	putPerson(t, db, "370305001005") // an entry 4 again, another one
	if _, _, err := db.NextCheckpoint(t.Context(), list[3]); !errors.Is(err, store.ErrAuditMoved) {
		t.Errorf("went on: %v", err)
	}
	if next, moved, err := db.NextCheckpoint(t.Context(), list[2]); err != nil || !moved || next.Entries != 4 {
		t.Errorf("from what holds: %+v, %v", next, err)
	}
}

// TestAuditCheckpointForged reads files of checkpoints that somebody else has written on.
func TestAuditCheckpointForged(t *testing.T) {
	t.Parallel()
	db := testdb.New(t).Open(t, clock)
	lines := noteEvery(t, db, 3, 1)
	each := strings.SplitAfter(lines, "\n")
	foreign, err := noted(t, db, lines)[1].Line(newRing(t))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Split(each[1], " ")
	forge := func(at int, with string) string {
		f := append([]string{}, fields...)
		f[at] = with
		return each[0] + strings.Join(f, " ") + each[2]
	}
	signature := strings.Fields(each[0])[5] + "\n"
	for name, text := range map[string]string{"layout": forge(0, "zhucan2"), "seq": forge(1, "3"), "entries": forge(2, "1"), "hash": forge(3, hex.EncodeToString(make([]byte, 32))),
		"time": forge(4, "2026-11-23T04:00:01Z"), "signature of another line": forge(5, signature), "signed by another": each[0] + foreign, "half a line": each[0] + each[1][:40],
		"an empty line": each[0] + "\n" + each[1]} {
		if list, err := store.ReadCheckpoints(strings.NewReader(text), db.Ring); err == nil || !strings.HasPrefix(err.Error(), "line 2 ") || len(list) != 1 {
			t.Errorf("%s: %d lines, %v; want line 2 refused", name, len(list), err)
		}
	}
}

// TestAuditHead holds a head that was noted by hand against the log.
func TestAuditHead(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	noteEvery(t, db, 3, 1)
	v, err := db.VerifyAudit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	head, err := store.ParseHead(fmt.Sprintf("%d:%x", v.Entries, v.Head))
	if err != nil {
		t.Fatal(err)
	}
	putPerson(t, db, "370305001005")
	if v, err := db.VerifyAudit(t.Context(), head); err != nil || v.Broken != "" || v.Entries != 4 {
		t.Errorf("a head that is there: %+v, %v", v, err)
	}
	if _, err := as(t, d.OwnerURL).Exec(t.Context(), fmt.Sprintf(cutAfter, 2)); err != nil {
		t.Fatal(err)
	}
	if v, err := db.VerifyAudit(t.Context(), head); err != nil || !strings.HasPrefix(v.Broken, "entry 3: the head that was noted knows it") {
		t.Errorf("a head that is gone: %+v, %v", v, err)
	}
	for _, wrong := range []string{"", "3", "3:", ":ab", "x:ab", "0:ab", "3:xy", "-1:ab"} {
		if _, err := store.ParseHead(wrong); err == nil {
			t.Errorf("%q was taken for a head", wrong)
		}
	}
}
