package casefile

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// Household is what is true of a household apart from dates. The area is the village of the dwelling as of now; its history
// is a fact of the household.
type Household struct {
	ID        uuid.UUID
	Version   int
	Area      area.Code
	Address   string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Member is a person's time in a household. Both days belong to it; a zero To leaves it open.
type Member struct {
	ID          uuid.UUID
	Version     int
	HouseholdID uuid.UUID
	PersonID    uuid.UUID
	Name        string // empty for a member whose file is outside the reader's area
	Relation    string
	From, To    calendar.Date
	RecordedAt  time.Time

	SupersededAt time.Time // zero: held true
}

// Relations are what a member may be to the head of the household.
var Relations = []string{"head", "spouse", "child", "parent", "grandparent", "grandchild", "sibling", "other"}

// RetrofitDay is the opening or a step of a home retrofit: the state it led to, and whether the retrofit was accepted by it.
type RetrofitDay struct {
	ServiceID uuid.UUID
	On        calendar.Date
	State     string
	Done      bool
}

// HouseholdFile is everything recorded about one household, with the files of those who are or were its members.
type HouseholdFile struct {
	Household     Household
	Members       []Member       // those held true
	Superseded    []Member       // what was believed of members before it was corrected
	Circumstances []Circumstance // PersonID is that of nobody
	Retrofits     []RetrofitDay  // in the order in which they were taken
	Files         map[uuid.UUID]File
}

// HouseholdFacts is everything that rules may read of a household on one day.
type HouseholdFacts struct {
	Day            calendar.Date
	Area           string
	Holders        int // living members with a valid certificate
	Severe         int // of them of level 1 or 2
	RegisteredPoor bool
	RetrofitNeed   bool          // a member's survey of this or the last year says so
	RetrofitState  string        // of the retrofit that was begun last; empty without one
	RetrofitDoneOn calendar.Date // the last acceptance up to the day, of a home that had a severe member then
	values         []Circumstance
	members        []Facts // of those who live
}

// Value is what is recorded of a kind on the day.
func (f HouseholdFacts) Value(kind string) Value { return Facts{values: f.values}.Value(kind) }

// Holds reports whether a fact of a kind holds on the day, of the household or of somebody who lives in it.
func (f HouseholdFacts) Holds(kind string) bool {
	return f.Value(kind).Answer == Yes || slices.ContainsFunc(f.members, func(m Facts) bool {
		return m.Value(kind).Answer == Yes && (kind != registeredPoor || m.RegisteredPoor())
	})
}

// On is the household on a day.
func (h HouseholdFile) On(day calendar.Date, transitions []Window) HouseholdFacts {
	facts := h.membersOn(day, transitions)
	facts.Day, facts.Area = day, h.areaOn(day)
	for _, c := range h.Circumstances {
		if c.SupersededAt.IsZero() && c.effective().Contains(day) {
			facts.values = append(facts.values, c)
		}
	}
	for _, r := range h.Retrofits {
		if r.On.After(day) {
			continue
		}
		facts.RetrofitState = r.State
		// lists also tell of retrofits of homes without a severe member, which the plan does not count
		if r.Done && r.On.After(facts.RetrofitDoneOn) && h.membersOn(r.On, transitions).Severe > 0 {
			facts.RetrofitDoneOn = r.On
		}
	}
	return facts
}

// membersOn adds up the members of a day.
func (h HouseholdFile) membersOn(day calendar.Date, transitions []Window) (facts HouseholdFacts) {
	for _, m := range h.Members {
		if (calendar.Interval{From: m.From, To: m.To}).Contains(day) {
			facts.add(h.Files[m.PersonID].On(day, transitions))
		}
	}
	return facts
}

// areaOn is the village of the dwelling on a day. Before the first move that is known it is the one that was moved from: a
// dwelling stood there also before the register knew the household.
func (h HouseholdFile) areaOn(day calendar.Date) string {
	var at Circumstance
	for _, c := range h.Circumstances {
		switch {
		case c.Kind != HouseholdArea || !c.SupersededAt.IsZero():
		case at.Kind == "", at.ValidFrom.After(day) && c.ValidFrom.Before(at.ValidFrom), !c.ValidFrom.After(day) && c.ValidFrom.After(at.ValidFrom):
			at = c
		}
	}
	if at.Kind == "" {
		return string(h.Household.Area)
	}
	return at.Value.Sort
}

func (f *HouseholdFacts) add(member Facts) {
	if !member.Alive {
		return
	}
	f.members = append(f.members, member)
	if member.Certificate.Status.Valid() {
		f.Holders++
		if member.Certificate.Level <= severeUpTo {
			f.Severe++
		}
	}
	f.RegisteredPoor = f.RegisteredPoor || member.RegisteredPoor()
	f.RetrofitNeed = f.RetrofitNeed || slices.Contains(member.NeedsThisYear, Retrofit) || slices.Contains(member.NeedsLastYear, Retrofit)
}

// severeUpTo is the level up to which a disability is severe (重度: levels 1 and 2, 国发〔2015〕52号).
const severeUpTo = 2

// Severe reports whether a level is severe.
func Severe(level int) bool { return level >= 1 && level <= severeUpTo }

// Breakpoints are the days on which what rules see of the household may change, in order and without repeats.
func (h HouseholdFile) Breakpoints(transitions []Window) []calendar.Date {
	var days []calendar.Date
	for _, m := range h.Members {
		days = append(days, m.From)
		if !m.To.IsZero() {
			days = append(days, m.To.Add(1))
		}
		days = append(days, h.Files[m.PersonID].Breakpoints(transitions)...)
	}
	for _, c := range h.Circumstances {
		if c.SupersededAt.IsZero() {
			days = append(days, c.effective().From)
			if to := c.effective().To; !to.IsZero() {
				days = append(days, to.Add(1))
			}
		}
	}
	for _, r := range h.Retrofits {
		days = append(days, r.On)
	}
	slices.SortFunc(days, calendar.Date.Compare)
	return slices.Compact(days)
}
