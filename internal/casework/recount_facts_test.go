package casework_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/calendar"
)

// register is everything that was recorded by an instant.
type register struct {
	persons    []*man
	households []*home
	tree       []rawDivision
}

// man is a person with all that belongs to them.
type man struct {
	rawPerson
	cards     []rawCard
	events    map[uuid.UUID][]rawEvent // by card, in order of their days
	facts     map[string][]rawFact     // by kind
	answers   []rawAnswers             // in the order in which they were recorded
	served    []rawStep                // steps that count
	awards    []rawAward
	suspended map[uuid.UUID][]rawSuspension
	months    map[string]string        // what was found of a programme in a month
	validOn   map[calendar.Date]string // what was found of the card on a day
}

type home struct {
	rawHousehold
	members []rawMember
	facts   map[string][]rawFact
	steps   []rawStep // of its retrofits, in the order of their beginning
	files   map[uuid.UUID]*man
}

// asKnown reads the register as it stood at an instant.
func (o *office) asKnown(conn *pgx.Conn, known time.Time) *register {
	o.t.Helper()
	return o.read(conn, known, changedInPlace)
}

// read reads the register. How rows are read that are changed in place is said by a statement for the name of their table.
func (o *office) read(conn *pgx.Conn, known time.Time, inPlace string) *register {
	o.t.Helper()
	r := &register{tree: fetch[rawDivision](o, conn, known, asRows+"divisions t"+strings.Replace(factsHeld, "valid_from, recorded_at", "code", 1))}
	men := map[uuid.UUID]*man{}
	for _, p := range fetch[rawPerson](o, conn, known, fmt.Sprintf(inPlace, "persons")) {
		m := &man{rawPerson: p, events: map[uuid.UUID][]rawEvent{}, facts: map[string][]rawFact{}, suspended: map[uuid.UUID][]rawSuspension{},
			months: map[string]string{}, validOn: map[calendar.Date]string{}}
		men[p.ID], r.persons = m, append(r.persons, m)
	}
	holder := map[uuid.UUID]*man{}
	for _, c := range fetch[rawCard](o, conn, known, fmt.Sprintf(inPlace, "certificates")) {
		m := men[c.Person]
		m.cards, holder[c.ID] = append(m.cards, c), m
	}
	for _, e := range fetch[rawEvent](o, conn, known, asRows+"certificate_events t WHERE recorded_at <= $1 ORDER BY happened_on, recorded_at, id") {
		m := holder[e.Card]
		m.events[e.Card] = append(m.events[e.Card], e)
	}
	for _, f := range fetch[rawFact](o, conn, known, asRows+"circumstances t"+factsHeld) {
		men[f.Person].facts[f.Kind] = append(men[f.Person].facts[f.Kind], f)
	}
	for _, a := range fetch[rawAnswers](o, conn, known, asRows+"survey_responses t WHERE recorded_at <= $1 ORDER BY recorded_at, id") {
		men[a.Person].answers = append(men[a.Person].answers, a)
	}
	granted := map[uuid.UUID]*man{}
	for _, a := range fetch[rawAward](o, conn, known, fmt.Sprintf(inPlace, "awards")) {
		m := men[a.Person]
		m.awards, granted[a.ID] = append(m.awards, a), m
	}
	for _, s := range fetch[rawSuspension](o, conn, known, fmt.Sprintf(inPlace, "award_suspensions")) {
		m := granted[s.Award]
		m.suspended[s.Award] = append(m.suspended[s.Award], s)
	}
	r.readHomes(o, conn, known, inPlace, men)
	return r
}

func (r *register) readHomes(o *office, conn *pgx.Conn, known time.Time, inPlace string, men map[uuid.UUID]*man) {
	o.t.Helper()
	homes := map[uuid.UUID]*home{}
	for _, h := range fetch[rawHousehold](o, conn, known, fmt.Sprintf(inPlace, "households")) {
		one := &home{rawHousehold: h, facts: map[string][]rawFact{}, files: men}
		homes[h.ID], r.households = one, append(r.households, one)
	}
	for _, m := range fetch[rawMember](o, conn, known, fmt.Sprintf(inPlace, "household_members")) {
		if m.Until == nil {
			homes[m.Household].members = append(homes[m.Household].members, m)
		}
	}
	for _, f := range fetch[rawFact](o, conn, known, asRows+"household_circumstances t"+factsHeld) {
		homes[f.Household].facts[f.Kind] = append(homes[f.Household].facts[f.Kind], f)
	}
	for _, s := range fetch[rawStep](o, conn, known, stepsTaken) {
		if s.Household != uuid.Nil {
			homes[s.Household].steps = append(homes[s.Household].steps, s)
		} else if len(s.Counts) > 0 {
			men[s.Person].served = append(men[s.Person].served, s)
		}
	}
}

// is reports what is recorded of a kind on a day: yes, no, unknown or nothing at all.
func (m *man) is(kind string, day calendar.Date) string {
	for _, f := range m.facts[kind] {
		if f.on(day) {
			answer, _ := f.says()
			return answer
		}
	}
	return ""
}

func (m *man) has(kind string, day calendar.Date) bool { return m.is(kind, day) == yes }

// sort is the sort of a kind that holds on a day, or empty.
func (m *man) sort(kind string, day calendar.Date) string {
	sorts := m.sorts(kind, day)
	if len(sorts) == 0 {
		return ""
	}
	return sorts[0]
}

// sorts are those of a kind that hold on a day side by side.
func (m *man) sorts(kind string, day calendar.Date) (list []string) {
	for _, f := range m.facts[kind] {
		if answer, sort := f.says(); f.on(day) && answer == yes {
			list = append(list, sort)
		}
	}
	return list
}

// chose is what somebody elected last of what holds on a day, for one side of the two programmes: ours, other or nothing.
func (m *man) chose(side string, day calendar.Date) (chosen string) {
	var since calendar.Date
	for _, f := range m.facts["elected_benefit"] {
		answer, sort := f.says()
		if of, found := strings.CutPrefix(sort, side+"_"); found && f.on(day) && answer == yes && (f.From != since || chosen != "ours") {
			chosen, since = of, f.From
		}
	}
	return chosen
}

// alive: the day of death is still a day of life.
func (m *man) alive(day calendar.Date) bool {
	return !slices.ContainsFunc(m.facts["death"], func(f rawFact) bool {
		answer, _ := f.says()
		return answer == yes && f.From.Before(day)
	})
}

// struck reports whether something that began with an event holds on a day; the event's own day is before it.
func (m *man) struck(kind string, day calendar.Date) bool {
	return slices.ContainsFunc(m.facts[kind], func(f rawFact) bool {
		answer, _ := f.says()
		return answer == yes && f.From.Before(day) && f.on(day)
	})
}

// age is the completed years, -1 before birth. Born on 29 February, one is a year older on 1 March.
func (m *man) age(day calendar.Date) int {
	years := -1
	for day.Compare(m.Birth.AddYears(years+1)) >= 0 {
		years++
	}
	return years
}

func (m *man) local(day calendar.Date) bool {
	return strings.HasPrefix(m.sort("hukou_area", day), district)
}

// resident is who lives here: by hukou, or by a residence permit at a place of the district, which is where the file is kept unless another is recorded.
func (m *man) resident(day calendar.Date) bool {
	lives := m.sort("residence_area", day)
	if lives == "" {
		lives = m.sort("managing_area", day)
	}
	return m.local(day) || m.has("residence_permit", day) && strings.HasPrefix(lives, district)
}

// card is the card that counts on a day: that which is held, but on the first of a month the one before it, if that is still good, as a new level
// applies from the month after.
func (m *man) card(day calendar.Date) (rawCard, bool) {
	now, held := m.held(day)
	if before, had := m.held(day.Add(-1)); day == day.Month().First() && held && had && before.ID != now.ID && m.stateOfCard(before, day) == valid {
		return before, true
	}
	return now, held
}

func (m *man) held(day calendar.Date) (rawCard, bool) {
	for _, c := range m.cards {
		if between(day, c.Issued, c.HeldTo) {
			return c, true
		}
	}
	return rawCard{}, false
}

// The states of a card that matter.
const (
	none      = "none"
	valid     = "valid"
	paused    = "run out or frozen" // it may be valid again
	cancelled = "cancelled"
)

// state is what the card is on a day. What ends its validity does so after its day, what restores it on its day.
func (m *man) state(day calendar.Date) string {
	if found, done := m.validOn[day]; done {
		return found
	}
	m.validOn[day] = m.stateOf(day)
	return m.validOn[day]
}

func (m *man) stateOf(day calendar.Date) string {
	c, held := m.card(day)
	if !held {
		return none
	}
	return m.stateOfCard(c, day)
}

func (m *man) stateOfCard(c rawCard, day calendar.Date) string {
	until := func(last calendar.Date) string {
		state := valid
		for _, e := range m.events[c.ID] {
			switch {
			case e.On.After(last) || state == cancelled:
			case e.Event == "CANCEL":
				state = cancelled
			case e.Event == "FREEZE":
				state = paused
			case e.Event == "UNFREEZE" || e.Event == "REASSESS" || e.Event == "MIGRATE_OUT" || e.Event == "MIGRATE_IN":
				state = valid
			}
		}
		return state
	}
	state := until(day.Add(-1))
	if until(day) == valid {
		state = valid
	}
	if state == valid && c.Expires.Before(day) {
		return paused
	}
	return state
}

// registered is P(D): living, local hukou, a valid certificate.
func (m *man) registered(day calendar.Date) bool {
	return m.certified(day) && m.local(day)
}

func (m *man) certified(day calendar.Date) bool { return m.alive(day) && m.state(day) == valid }

// child is a disabled child without a certificate yet, 0 to 17, from the day of registration on, who lives here.
func (m *man) child(day calendar.Date) bool {
	return m.uncertified(day) && m.local(day)
}

func (m *man) uncertified(day calendar.Date) bool {
	return m.Diagnosis != "" && m.state(day) == none && m.alive(day) && !day.Before(calendar.DateOf(m.CreatedAt)) &&
		m.age(day) >= 0 && m.age(day) <= 17
}

// level is that of the card held, 0 without one.
func (m *man) level(day calendar.Date) int {
	c, _ := m.card(day)
	return c.Level
}

func (m *man) severe(day calendar.Date) bool { return m.level(day) == 1 || m.level(day) == 2 }

// categories are those of the card, of a multiple disability its components.
func (m *man) categories(day calendar.Date) (list []int) {
	c, held := m.card(day)
	for _, component := range c.Components {
		list = append(list, component/10)
	}
	if held && len(list) == 0 {
		list = []int{c.Category}
	}
	return list
}

func (m *man) anyCategory(day calendar.Date, wanted ...int) bool {
	return slices.ContainsFunc(m.categories(day), func(k int) bool { return slices.Contains(wanted, k) })
}

// needs is what the last word of a survey year says, of what had been collected by the day.
func (m *man) needs(year int, day calendar.Date, kind string) bool {
	for i := len(m.answers) - 1; i >= 0; i-- {
		if a := m.answers[i]; a.Year == year && !a.On.After(day) {
			return slices.Contains(a.Needs, kind)
		}
	}
	return false
}

// got reports whether something counted in the year of the day, by the day.
func (m *man) got(day calendar.Date, kind string) bool {
	return slices.ContainsFunc(m.served, func(s rawStep) bool {
		return s.On.Year() == day.Year() && !s.On.After(day) && slices.Contains(s.Counts, kind)
	})
}

// poorList is what the list of registered poor said last; that somebody is not on it any more does not undo that he was.
func (m *man) poorList(day calendar.Date) (last string) {
	for _, f := range m.facts["registered_poor"] {
		if answer, sort := f.says(); !f.From.After(day) && answer == yes {
			last = sort
		}
	}
	return last
}
