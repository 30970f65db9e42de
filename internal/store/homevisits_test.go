package store_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// TestDrawSeed: a draw rests on the entry of the audit before the first one of its time, by their numbers; so nothing that comes later moves it, whatever the clock of its
// process says. In the time in which the register begins it rests on the first entry of all, and before the time has an entry on the last.
func TestDrawSeed(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	var now time.Time
	db, owner := d.Open(t, func() time.Time { return now }), as(t, d.OwnerURL)
	var last int64
	if err := owner.QueryRow(t.Context(), "SELECT count(*) FROM audit_entries").Scan(&last); err != nil || last != 0 {
		t.Fatalf("%d entries are there at the beginning (%v)", last, err)
	}
	note := func(at string) int64 {
		t.Helper()
		var err error
		if now, err = time.Parse("2006-01-02 15:04 -0700", at+" +0800"); err == nil {
			err = db.Refused(t.Context(), access.SystemActor(), "test", uuid.Nil, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		last++
		return last
	}
	want := func(since string, seq int64) {
		t.Helper()
		var seed, hash []byte
		err := owner.QueryRow(t.Context(), "SELECT draw_seed(($1::date)::timestamp AT TIME ZONE 'Asia/Shanghai'), (SELECT hash FROM audit_entries WHERE seq = $2)", since, seq).Scan(&seed, &hash)
		if err != nil || len(hash) != 32 || !bytes.Equal(seed, hash) {
			t.Errorf("the draw since %s does not rest on entry %d (%v)", since, seq, err)
		}
	}
	first := note("2026-10-20 09:00")
	want("2026-10-01", first)
	note("2026-10-21 09:00")
	before := note("2026-12-31 23:59")
	want("2026-10-01", first)
	want("2027-01-01", before) // as long as nothing was recorded since
	note("2027-01-01 00:10")
	want("2027-01-01", before)
	for _, at := range []string{"2027-01-01 00:05", "2026-12-31 23:58", "2027-01-01 00:00", "2027-01-02 08:00"} { // transactions that took long, among them
		note(at)
		want("2027-01-01", before)
	}
	before = note("2027-03-31 12:00")
	note("2027-04-06 08:00")
	note("2027-05-01 08:00")
	want("2027-04-01", before)
	before = note("2027-06-30 12:00")
	note("2027-08-20 08:00")
	note("2027-09-20 08:00")
	want("2027-07-01", before)
	want("2027-01-01", 3)
	want("2026-10-01", first)
}

// TestHomeVisitsStayAsRecorded: a visit is neither changed nor deleted by the service, and needs words where it is something else.
func TestHomeVisitsStayAsRecorded(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	who := officer("370305001")
	if err := db.Write(t.Context(), access.SystemActor(), "test.account", func(tx *store.Tx) error {
		return tx.InsertAccount(t.Context(), store.Account{ID: who.AccountID, Version: 1, Username: "officer", Name: "测试", Role: who.Role, AreaCode: who.Area, PasswordPHC: "x", CreatedAt: tx.Now, UpdatedAt: tx.Now})
	}); err != nil {
		t.Fatal(err)
	}
	person := putPerson(t, db, "370305001005")
	record := func(outcome, note string) error {
		return db.Write(t.Context(), who, "test.visit", func(tx *store.Tx) error {
			return tx.InsertHomeVisit(t.Context(), store.HomeVisit{ID: uuid.New(), PersonID: person, On: calendar.MustDate("2023-03-01"), Outcome: outcome, Note: note})
		})
	}
	if err := record("met", ""); err != nil {
		t.Fatal(err)
	}
	for _, outcome := range []string{"other", "asleep", ""} {
		if record(outcome, "") == nil {
			t.Errorf("a visit with the outcome %q and no words is taken", outcome)
		}
	}
	app := as(t, d.URL)
	for _, sql := range []string{"UPDATE home_visits SET outcome = 'died'", "DELETE FROM home_visits"} {
		var refused *pgconn.PgError
		if _, err := app.Exec(t.Context(), sql); !errors.As(err, &refused) || refused.Code != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if list, err := db.HomeVisits(t.Context(), officer("370305111"), person); err == nil || list != nil {
		t.Errorf("another town is told of %v", list)
	}
}
