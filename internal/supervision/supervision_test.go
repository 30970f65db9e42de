package supervision_test

import (
	"testing"

	"zhucan/internal/supervision"
)

// TestRates cuts after two places and says nothing where there is nothing to divide by.
func TestRates(t *testing.T) {
	t.Parallel()
	one := supervision.Tally{Decided: 3, InTime: 2, WorkingDays: 8, MostDays: 5, CalledBack: 6, Satisfied: 5, Ratings: 3, Scores: 14}
	for _, tt := range []struct{ name, got, want string }{
		{"in time", one.InTimeRate(), "66.66"}, {"days", one.AverageDays(), "2.66"}, {"satisfied", one.SatisfiedRate(), "83.33"}, {"score", one.AverageScore(), "4.66"},
		{"nothing", supervision.Tally{}.InTimeRate(), ""}, {"no days", supervision.Tally{}.AverageDays(), ""}, {"nobody", supervision.Tally{}.SatisfiedRate(), ""}, {"no score", supervision.Tally{}.AverageScore(), ""},
		{"no day at all", supervision.Tally{Decided: 2}.AverageDays(), "0.00"}, {"all", supervision.Tally{CalledBack: 7, Satisfied: 7}.SatisfiedRate(), "100.00"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
	// 8 of 3 and 1 of 1 are 9 of 4, never the mean of two means; the longest is the longest of both
	both := one.Add(supervision.Tally{Decided: 1, InTime: 1, WorkingDays: 1, MostDays: 1})
	if both.AverageDays() != "2.25" || both.InTimeRate() != "75.00" || both.MostDays != 5 {
		t.Errorf("together %+v", both)
	}
}
