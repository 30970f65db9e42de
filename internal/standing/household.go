package standing

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/policy"
)

// HouseholdInterval is a stretch of days on which nothing changes that a count of households reads.
type HouseholdInterval struct {
	HouseholdID uuid.UUID
	Indicator   string
	Days        calendar.Interval
	Status      Status
	Reason      string
	Area        area.Code
	Holders     int // members who hold a valid certificate; from two on the household is multi-disabled (一户多残)
}

// DeriveHousehold is the timeline of a household for every indicator and benefit that counts households.
func DeriveHousehold(file casefile.HouseholdFile, pack *policy.Pack) ([]HouseholdInterval, error) {
	starts := file.Breakpoints(pack.Transitions)
	facts := make([]casefile.HouseholdFacts, len(starts))
	for i, start := range starts {
		facts[i] = file.On(start, pack.Transitions)
	}
	var timeline []HouseholdInterval
	for _, indicator := range pack.Counting(policy.UnitHousehold) {
		for i, f := range facts {
			place, reason, err := pack.PlaceHousehold(indicator, f)
			if err != nil {
				return nil, fmt.Errorf("standing for %s: %w", indicator.Key(), err)
			}
			if place == policy.Outside {
				continue
			}
			days := calendar.Interval{From: f.Day}
			if i+1 < len(starts) {
				days.To = starts[i+1].Add(-1)
			}
			timeline = appendHousehold(timeline, HouseholdInterval{HouseholdID: file.Household.ID, Indicator: indicator.Key(), Days: days,
				Status: statusOf[place], Reason: reason, Area: area.Code(f.Area), Holders: f.Holders})
		}
	}
	return timeline, nil
}

// appendHousehold adds an interval to a timeline. Where it begins on the day after the last one and differs in nothing else, it lengthens that one.
func appendHousehold(timeline []HouseholdInterval, next HouseholdInterval) []HouseholdInterval {
	if n := len(timeline); n > 0 {
		last := &timeline[n-1]
		same := next
		same.Days = last.Days
		if same == *last && last.Days.To.Add(1) == next.Days.From {
			last.Days.To = next.Days.To
			return timeline
		}
	}
	return append(timeline, next)
}

// SortHousehold orders intervals of one household by indicator and day, as the store keeps them.
func SortHousehold(timeline []HouseholdInterval) {
	slices.SortStableFunc(timeline, func(a, b HouseholdInterval) int {
		return cmp.Or(cmp.Compare(a.Indicator, b.Indicator), a.Days.From.Compare(b.Days.From))
	})
}
