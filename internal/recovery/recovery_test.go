package recovery_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/money"
	"zhucan/internal/recovery"
)

var (
	month = calendar.MustMonth("2023-03")
	now   = time.Date(2023, 5, 6, 4, 0, 0, 0, time.UTC)
)

func asking(n byte, amount, repaid, waived money.Fen) *recovery.Recovery {
	r := &recovery.Recovery{ID: uuid.UUID{15: n}, State: recovery.Notified, Months: []recovery.Month{{Month: month, Amount: amount, Repaid: repaid, Waived: waived}}}
	if r.Outstanding() == 0 {
		r.State = recovery.Closed
	}
	return r
}

// TestLessIsAsked: what is outstanding is taken off before what was waived, in whichever recovery it stands; what was repaid stays.
func TestLessIsAsked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		older, newer     [3]money.Fen // amount, repaid, waived
		found            money.Fen
		olderIs, newerIs [3]money.Fen
		changed          int
	}{
		{"the newer was waived", [3]money.Fen{100, 0, 0}, [3]money.Fen{60, 0, 60}, 60, [3]money.Fen{0, 0, 0}, [3]money.Fen{60, 0, 60}, 1},
		{"and more than is outstanding", [3]money.Fen{100, 30, 0}, [3]money.Fen{60, 0, 60}, 50, [3]money.Fen{30, 30, 0}, [3]money.Fen{20, 0, 20}, 2},
		{"the newer first", [3]money.Fen{100, 0, 0}, [3]money.Fen{60, 10, 0}, 120, [3]money.Fen{100, 0, 0}, [3]money.Fen{20, 10, 0}, 1},
		{"both in one", [3]money.Fen{0, 0, 0}, [3]money.Fen{60, 10, 20}, 15, [3]money.Fen{0, 0, 0}, [3]money.Fen{15, 10, 5}, 1},
		{"nothing but what was repaid", [3]money.Fen{100, 100, 0}, [3]money.Fen{60, 10, 20}, 110, [3]money.Fen{100, 100, 0}, [3]money.Fen{10, 10, 0}, 1},
	} {
		older, newer := asking(1, tt.older[0], tt.older[1], tt.older[2]), asking(2, tt.newer[0], tt.newer[1], tt.newer[2])
		changed := recovery.Adjust([]*recovery.Recovery{older, newer}, []recovery.Over{{Month: month, Fen: tt.found}}, now, nil)
		for _, side := range []struct {
			r       *recovery.Recovery
			was, is [3]money.Fen
		}{{older, tt.older, tt.olderIs}, {newer, tt.newer, tt.newerIs}} {
			m := side.r.Months[0]
			if got := [3]money.Fen{m.Amount, m.Repaid, m.Waived}; got != side.is {
				t.Errorf("%s: %v became %v, want %v", tt.name, side.was, got, side.is)
			}
			var reduced money.Fen
			for _, e := range side.r.Added() {
				if e.Event == "reduced" {
					reduced += e.Amount
				}
			}
			if reduced != side.was[0]-side.is[0] {
				t.Errorf("%s: %v says that %d was taken off", tt.name, side.was, reduced)
			}
			if done := side.r.State == recovery.Closed; done != (side.r.Outstanding() == 0) {
				t.Errorf("%s: %v is %s", tt.name, side.is, side.r.State)
			}
		}
		if len(changed) != tt.changed {
			t.Errorf("%s: %d recoveries changed, want %d", tt.name, len(changed), tt.changed)
		}
	}
}

// TestConsentIsUsedOnce: what one roster keeps back takes as much off what may still be kept back, also where all that is outstanding may be, and
// gives it back when the payment comes back.
func TestConsentIsUsedOnce(t *testing.T) {
	t.Parallel()
	for _, consented := range []money.Fen{900, 700} {
		r := asking(1, 900, 0, 0)
		r.Consented = consented
		roster := uuid.UUID{15: 9}
		r.Offset(200, roster, now)
		if r.Consented != consented-200 || r.Outstanding() != 700 {
			t.Errorf("of %d that may be kept back, %d may when 200 were, and %d is outstanding", consented, r.Consented, r.Outstanding())
		}
		if r.OffsetReturned(200, roster, now); r.Consented != consented || r.Outstanding() != 900 {
			t.Errorf("of %d that may be kept back, %d may when nothing was after all, and %d is outstanding", consented, r.Consented, r.Outstanding())
		}
	}
}
