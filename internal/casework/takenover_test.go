package casework_test

import (
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// TestRecipientsTakenOver: an office that begins after the window of a year took its recipients over as they were. The first
// verification that this register asks for is that of the next window, so nobody is suspended on the day of the import.
func TestRecipientsTakenOver(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate("2028-02-29")
	o := newOffice(t, 200, 5, day)
	values, _, err := o.desk.Values(t.Context(), o.maker, casework.ValuesOf{By: store.ByNone, Moment: store.Moment{On: day}, Indicator: "nursing_subsidy_coverage"})
	if err != nil {
		t.Fatal(err)
	}
	if v := values[0]; 10*v.Covered < 8*v.Denominator() || v.Covered == 0 {
		t.Errorf("%d of %d receive; most of the roster do", v.Covered, v.Denominator())
	}
	if _, differed, err := o.desk.RebuildStandings(t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
		t.Errorf("%d standings differ from the facts (%v)", differed, err)
	}
}
