package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhucan/internal/calendar"
	"zhucan/internal/ledger"
	"zhucan/internal/money"
)

func due(programme, from, to string, fen money.Fen) ledger.Due {
	d := ledger.Due{Programme: programme, From: calendar.MustMonth(from), Amount: fen}
	if to != "" {
		d.To = calendar.MustMonth(to)
	}
	return d
}

// TestLosses holds in which month a change first takes money from a programme, and how much: what is owed is added up over all dues of the
// month, and a gain in one month makes good no loss in another.
func TestLosses(t *testing.T) {
	t.Parallel()
	open := []ledger.Due{due("living", "2023-01", "", 18500)}
	for _, tt := range []struct {
		name          string
		before, after []ledger.Due
		want          []ledger.Loss
	}{
		{"the same", open, open, nil},
		{"nothing was owed", nil, open, nil},
		{"nothing is owed any more", open, nil, []ledger.Loss{{"living", calendar.MustMonth("2023-01"), 18500}}},
		{"it ends", open, []ledger.Due{due("living", "2023-01", "2023-04", 18500)}, []ledger.Loss{{"living", calendar.MustMonth("2023-05"), 18500}}},
		{"it begins later", open, []ledger.Due{due("living", "2023-03", "", 18500)}, []ledger.Loss{{"living", calendar.MustMonth("2023-01"), 18500}}},
		{"a lower level", open, []ledger.Due{due("living", "2023-01", "2023-02", 18500), due("living", "2023-03", "", 14500)},
			[]ledger.Loss{{"living", calendar.MustMonth("2023-03"), 4000}}},
		{"more first, then less", open, []ledger.Due{due("living", "2022-12", "2023-06", 20000), due("living", "2023-07", "", 18000)},
			[]ledger.Loss{{"living", calendar.MustMonth("2023-07"), 500}}},
		{"cut otherwise", open, []ledger.Due{due("living", "2023-01", "2023-02", 18500), due("living", "2023-03", "", 18500)}, nil},
		{"one of two programmes", append([]ledger.Due{due("nursing", "2023-01", "", 16700)}, open...), open, []ledger.Loss{{"nursing", calendar.MustMonth("2023-01"), 16700}}},
	} {
		if diff := cmp.Diff(tt.want, ledger.Losses(tt.before, tt.after), cmp.AllowUnexported(calendar.Month{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
