package casework_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/roster"
	"zhucan/internal/store"
)

// kills is how many steps of rosters are broken off at least; make proof has 150.
var kills = flag.Int("kills", 80, "how many steps of rosters are broken off by a connection that is killed")

// TestBackendsKilled ends the database's connections of the service at random moments of calculating, locking and taking
// results. What failed is tried again as a client would; in the end every month is paid once, and no roster is half there.
func TestBackendsKilled(t *testing.T) {
	t.Parallel()
	first := calendar.MustMonth("2017-02")
	o := newOffice(t, 300, 11, first.First().Add(9))
	o.strike = o.killSoon
	o.wantTamperingFound(o.payUnderBlows(first, *kills, o.desk.MakeRoster, o.desk.LockRoster, o.takeResults))
}

// payUnderBlows pays month after month while something is broken off again and again, until that happened so many times, and in each of the
// three steps. It tells how many months that took.
func (o *office) payUnderBlows(first calendar.Month, blows int,
	make func(context.Context, access.Actor, calendar.Month, area.Code, string) (roster.Roster, error),
	lock func(context.Context, access.Actor, uuid.UUID, int) (roster.Roster, error),
	results func(roster.Roster, []casework.BankRow) error) (months int) {
	t := o.t
	t.Helper()
	enough := func() bool {
		calculate, lock, results := o.done["calculate"], o.done["lock"], o.done["results"]
		return calculate+lock+results >= blows && min(calculate, lock, results) > 0
	}
	for ; !enough(); months++ {
		if months == 5*blows {
			t.Fatalf("after %d months only this was broken off: %v", months, o.done)
		}
		month := first.Add(months)
		o.on(month.First().Add(9))
		r := o.struck(month, "calculate", func() error {
			_, err := make(t.Context(), o.maker, month, "", "")
			return err
		}, roster.Calculated)
		r = o.insist(func() (roster.Roster, error) { return o.desk.CheckRoster(t.Context(), o.checker, r.ID, r.Version) })
		r = o.struck(month, "lock", func() error {
			_, err := lock(t.Context(), o.maker, r.ID, r.Version)
			return err
		}, roster.Locked)
		r = o.insist(func() (roster.Roster, error) { return o.desk.SendRoster(t.Context(), o.sender, r.ID, r.Version) })
		rows := o.bankRows(r)
		o.struck(month, "results", func() error { return results(r, rows) }, roster.ResultsIn)
	}
	o.wantBalanced(first.Add(months - 1))
	var half int
	err := o.owner().QueryRow(t.Context(), `SELECT count(*) FROM rosters r WHERE state = 'draft' OR state <> 'cancelled'
		AND lines + held <> (SELECT count(*) FROM roster_lines l WHERE l.roster_id = r.id)`).Scan(&half)
	if err != nil || half != 0 {
		t.Errorf("%d rosters are half there (%v)", half, err)
	}
	t.Logf("struck and failed: %v", o.done)
	return months
}

func (o *office) takeResults(r roster.Roster, rows []casework.BankRow) error {
	_, err := o.desk.TakeResults(o.t.Context(), o.sender, r.ID, rows, nil)
	return err
}

// wantTamperingFound changes a line of the eighth roster, and then who is paid by a line of the fourth, as only an owner of the database can.
func (o *office) wantTamperingFound(rosters int) {
	o.t.Helper()
	if n, broken, err := o.desk.VerifyRosters(o.t.Context(), access.SystemActor()); err != nil || n != rosters || broken != uuid.Nil {
		o.t.Errorf("VerifyRosters = %d, %v, %v; want %d", n, broken, err, rosters)
	}
	const of = " WHERE (roster_id, seq) = (SELECT roster_id, max(seq) FROM bank_lines WHERE roster_id = (SELECT id FROM rosters ORDER BY id OFFSET %d LIMIT 1) GROUP BY 1)"
	for _, tt := range []struct {
		sound  int
		change string
	}{{7, "UPDATE roster_lines SET level = level %% 4 + 1"}, {3, "UPDATE bank_lines SET holder = holder || '甲'"}} {
		if _, err := o.owner().Exec(o.t.Context(), fmt.Sprintf("SET session_replication_role = replica; "+tt.change+of, tt.sound)); err != nil {
			o.t.Fatal(err)
		}
		if n, broken, err := o.desk.VerifyRosters(o.t.Context(), access.SystemActor()); err != nil || n != tt.sound || broken == uuid.Nil {
			o.t.Errorf("VerifyRosters after %s = %d, %v, %v; want %d sound", tt.change, n, broken, err, tt.sound)
		}
	}
}

// insist does what nothing strikes. The pool finds out about dead connections one by one, so it may take some tries.
func (o *office) insist(do func() (roster.Roster, error)) roster.Roster {
	o.t.Helper()
	for range 20 {
		if r, err := do(); err == nil {
			return r
		} else if _, isFault := fault.Of(err); isFault && !fault.Is(err, "BUSY") {
			o.t.Fatal(err)
		}
	}
	o.t.Fatal("the connections are dead for good")
	return roster.Roster{}
}

// struck does a step until it is done, while connections die, and returns the month's roster in the state that the step
// leads to. An answer that did not arrive may have been done all the same: the roster tells.
func (o *office) struck(month calendar.Month, what string, do func() error, want roster.State) roster.Roster {
	o.t.Helper()
	for attempt := range 30 {
		killed := o.strike(time.Duration(1+attempt*attempt) * 60 * time.Millisecond) // a busy machine gets its chance
		err := do()
		<-killed
		if err != nil && !fault.Is(err, "NOTHING_TO_PAY") && !fault.Is(err, "STALE") {
			o.done[what]++
		}
		list, listErr := o.rostersOf(month)
		if listErr != nil {
			o.t.Fatal(listErr)
		}
		i := slices.IndexFunc(list, func(r roster.Roster) bool { return r.State != roster.Cancelled })
		if len(list) > 1 {
			o.t.Fatalf("%s has %d rosters", month, len(list))
		}
		if i >= 0 && list[i].State == want {
			return list[i]
		}
		if err == nil {
			o.t.Fatalf("%s of %s: done, and the roster is not %s", what, month, want)
		}
	}
	o.t.Fatalf("%s of %s was never done", what, month)
	return roster.Roster{}
}

// rostersOf reads past dead connections.
func (o *office) rostersOf(month calendar.Month) (list []roster.Roster, err error) {
	for range 20 {
		list, err = o.desk.DB.ListRosters(o.t.Context(), access.SystemActor(), store.RosterFilter{Area: "370305", Month: month, Limit: 10})
		if err == nil {
			return list, nil
		}
	}
	return nil, err
}

// killSoon ends all connections of the service after a random while, and says when it has.
func (o *office) killSoon(within time.Duration) <-chan struct{} {
	o.t.Helper()
	conn, done := o.owner(), make(chan struct{})
	wait := time.Duration(o.random.Int64N(int64(within)))
	go func() {
		defer close(done)
		time.Sleep(wait)
		_, err := conn.Exec(context.WithoutCancel(o.t.Context()), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'zhucan'")
		if err != nil {
			o.t.Errorf("kill: %v", err)
		}
		conn.Close(context.WithoutCancel(o.t.Context()))
	}()
	return done
}

// bankRows is what the bank says of a roster; it fails every fiftieth line.
func (o *office) bankRows(r roster.Roster) []casework.BankRow {
	o.t.Helper()
	var err error
	for range 20 { // past dead connections
		var rows []casework.BankRow
		if rows, err = o.readBankRows(r); err == nil {
			return rows
		}
	}
	o.t.Fatal(err)
	return nil
}

func (o *office) readBankRows(r roster.Roster) (rows []casework.BankRow, err error) {
	for line, err := range o.desk.DB.PaidLines(o.t.Context(), o.sender, r, 300) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, casework.BankRow{Row: line.Seq + 1, Seq: line.Seq, Account: line.Account, Amount: line.Net, Paid: o.random.IntN(50) > 0, Reason: "户名不符"})
	}
	return rows, nil
}
