package casework_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zhucan/internal/calendar"
)

// part is where somebody stands with an indicator: nowhere, or in one part of its number.
type part int

const (
	outside part = iota
	covered
	gap
	excluded
	extra
)

var firstRules, widened = calendar.MustDate("2016-01-01"), calendar.MustDate("2017-01-01")

// What a day says of a right.
const (
	good  = "good"
	waits = "waits" // only for a card to be renewed, or for an answer
	ended = "ended"
)

// right is what a day says of a programme: the conditions of the two subsidies and their exclusions (国发〔2015〕52号).
func (m *man) right(programme string, day calendar.Date) string {
	state, open := m.state(day), false
	c, _ := m.card(day)
	unless := func(bad bool) string { return map[bool]string{true: ended}[bad] }
	asked := func(kind string, day calendar.Date) string { // yes excludes, an answer that nobody could give waits
		open = open || m.is(kind, day) == unknown
		return unless(m.has(kind, day))
	}
	fails := []string{unless(day.Before(firstRules)), unless(!m.alive(day)), unless(!m.local(day)), unless(state == none), unless(state == cancelled),
		asked("tekun", day), asked("injury_care_fee", day), unless(m.struck("imprisonment", day)), unless(m.struck("missing", day))}
	if employed := m.sort("employment", day); (employed == "public_staff" || employed == "public_retired") && m.is("injury_care_fee", day) == "" {
		open = true // public staff prove that they receive none
	}
	side, rivals := "nursing", []string{"elder_nursing", "retired_care", "veteran_nursing"}
	if programme == "living_allowance" {
		side, rivals = "living", []string{"elder_living", "duty_injury_living"}
		dibao := m.is("dibao", day)
		open = open || dibao == unknown
		fails = append(fails, unless(dibao != yes && dibao != unknown), unless(m.sort("orphan_support", day) != ""), unless(m.has("welfare_home", day)),
			unless(day.Before(widened) && c.Level > 2))
	} else {
		fails = append(fails, unless(c.Level > 2), unless(day.Before(widened) && !slices.Contains([]int{1, 4, 5, 6}, c.Category)))
	}
	if slices.ContainsFunc(rivals, func(r string) bool { return slices.Contains(m.sorts("other_benefit", day), r) }) {
		chosen := m.chose(side, day)
		fails = append(fails, unless(chosen == "other"))
		open = open || chosen == ""
	}
	switch {
	case slices.Contains(fails, ended):
		return ended
	case open || state == paused:
		return waits
	}
	return good
}

// month is what a month says of a programme: good by one good day, ended where every day ends a right, as somebody who was out of the
// conditions and came back within the month has not been out of them (M18), whatever the card was meanwhile.
func (m *man) month(programme string, month calendar.Month) string {
	key := programme + month.String()
	if m.months[key] == "" {
		found := ended
		for day := month.First(); !day.After(month.Last()) && found != good; day = day.Add(1) {
			if says := m.right(programme, day); says != ended {
				found = says
			}
		}
		m.months[key] = found
	}
	return m.months[key]
}

// lostCard reports whether in a month, and since a day, the card was cancelled that somebody held then; another may have been issued on that day.
func (m *man) lostCard(month calendar.Month, since calendar.Date) bool {
	return slices.ContainsFunc(m.cards, func(c rawCard) bool {
		return slices.ContainsFunc(m.events[c.ID], func(e rawEvent) bool {
			return e.Event == "CANCEL" && e.On.Month() == month && !e.On.Before(since) && (c.HeldTo.IsZero() || !e.On.After(c.HeldTo.Add(1)))
		})
	})
}

// foreseen is for how many months to come what is recorded may still change something.
const foreseen = 36

// lasted is an award with its months up to one: zero where it has not begun by then.
type lasted struct {
	rawAward
	from, last calendar.Month
}

// rights are the awards of a programme up to a month. One that was applied for begins with the first good month from the application on that is after
// those of the awards before it, one that was taken over when the list says. It ends where a month ends rights, with the
// month in which its card was cancelled, or by somebody's hand.
func (m *man) rights(programme string, upTo calendar.Month) (list []lasted) {
	awards := slices.DeleteFunc(slices.Clone(m.awards), func(a rawAward) bool { return a.Programme != programme || a.Void })
	slices.SortFunc(awards, func(a, b rawAward) int { return a.Start.Compare(b.Start) })
	var taken calendar.Month
	for _, a := range awards {
		one, month := lasted{rawAward: a}, a.Start.Month()
		if a.Basis == "application" {
			month = a.OwedFrom.Month()
		}
		for !month.After(taken) {
			month = month.Add(1)
		}
		end := a.End
		if stops := m.stops(a, month, upTo.Add(foreseen)); a.EndReason == "SUCCEEDED" && end.Before(stops) { // it had not ended by itself when another followed
			end = stops
		}
		for ; !month.After(upTo) && (end.IsZero() || !month.After(end.Month())); month = month.Add(1) {
			found := m.month(programme, month)
			if one.from.IsZero() && found == good {
				one.from = month
			}
			if !one.from.IsZero() && found == ended {
				break
			}
			if !one.from.IsZero() {
				one.last, taken = month, month
			}
			if !one.from.IsZero() && m.lostCard(month, a.Applied) {
				break
			}
		}
		list = append(list, one)
	}
	return list
}

// stops is the first day of the month that ends a right which begins with the first good month from one on; zero where none up to a month does, or
// where it had not begun by its end.
func (m *man) stops(a rawAward, month, upTo calendar.Month) calendar.Date {
	for began := false; !month.After(upTo) && (began || !month.After(a.End.Month())); month = month.Add(1) {
		found := m.month(a.Programme, month)
		if began = began || found == good; began && (found == ended || m.lostCard(month, a.Applied)) {
			return month.First()
		}
	}
	return calendar.Date{}
}

// payable reports whether an award pays a month: it lasts in it, the month is good, and it is not suspended.
func (m *man) payable(programme string, month calendar.Month) bool {
	return m.month(programme, month) == good && slices.ContainsFunc(m.rights(programme, month), func(a lasted) bool {
		return a.last == month && !slices.ContainsFunc(m.suspended[a.ID], func(s rawSuspension) bool {
			return between(month.First(), s.From, s.To) && (!s.BackPay || s.To.IsZero())
		})
	})
}

// subsidy places somebody of P(D) with indicator 2 or 3 of 专栏1: who may receive in the month of the day is in the
// denominator, whether or not they applied, and covered by an award payable for it.
func (m *man) subsidy(programme string, day calendar.Date) (part, string) {
	switch month := day.Month(); {
	case !m.registered(day):
		return outside, ""
	case m.month(programme, month) != good:
		return excluded, ""
	case m.payable(programme, month):
		return covered, ""
	case slices.Contains(m.sorts("waiver", day), programme):
		return gap, "WAIVED"
	}
	return gap, ""
}

func one(counted, out, got bool) (part, string) {
	switch {
	case !counted:
		return outside, ""
	case out:
		return excluded, ""
	case got:
		return covered, ""
	}
	return gap, ""
}

// service places somebody by a need and a service; who is served without the need is extra.
func (m *man) service(day calendar.Date, here bool, year int, kind string) (part, string) {
	if here && !m.needs(year, day, kind) && m.got(day, kind) {
		return extra, ""
	}
	return one(here && m.needs(year, day, kind), false, m.got(day, kind))
}

// hardUp: 低保, 低保边缘, 特困, or on the list of registered poor and not taken off it as wrongly identified.
func (m *man) hardUp(day calendar.Date) bool {
	poor := m.sort("registered_poor", day)
	return m.has("dibao", day) || m.has("dibao_edge", day) || m.has("tekun", day) || poor != "" && poor != "removed"
}

// stands places a person with an indicator, a variant or a benefit on a day, and says whether by waiver.
func (m *man) stands(key string, day calendar.Date) (part, string) {
	registered, certifiedOrChild := m.registered(day), m.registered(day) || m.child(day)
	pension, medical, school := m.sort("insurance_pension", day), m.sort("insurance_medical", day), m.sort("school", day)
	atSchool := slices.Contains([]string{"regular", "special_class", "special_school", "home_teaching", "elsewhere"}, school)
	age, severe, year := m.age(day), m.severe(day), day.Year()
	paid := m.sorts("insurance_paid", day)
	switch key {
	case "living_allowance_coverage":
		return m.subsidy("living_allowance", day)
	case "nursing_subsidy_coverage":
		return m.subsidy("nursing_subsidy", day)
	case "living_allowance_coverage@without_waivers", "nursing_subsidy_coverage@without_waivers":
		programme := map[byte]string{'l': "living_allowance", 'n': "nursing_subsidy"}[key[0]]
		if registered && slices.Contains(m.sorts("waiver", day), programme) {
			return excluded, ""
		}
		return m.subsidy(programme, day)
	case "pension_enrolment":
		return one(registered && age >= 16, atSchool || pension == "employee" || pension == "civil_servant", pension == "resident")
	case "pension_enrolment@any_scheme":
		return one(registered && age >= 16, atSchool, pension != "" && pension != "none")
	case "medical_enrolment":
		return one(certifiedOrChild, medical == "employee", medical == "resident")
	case "medical_enrolment@any_scheme":
		return one(certifiedOrChild, false, medical != "" && medical != "none")
	case "poverty_exit":
		return one(registered && m.poorList(day) != "", m.poorList(day) == "removed", m.poorList(day) == "exited")
	case "rehab_coverage", "rehab_coverage@national_ratio":
		return m.service(day, certifiedOrChild, year-1, "rehab")
	case "rehab_coverage@current_year_need":
		return m.service(day, certifiedOrChild, year, "rehab")
	case "rehab_coverage@old_cbr":
		return one(registered || m.child(day) && m.needs(year-1, day, "rehab"), false, m.got(day, "rehab"))
	case "device_fitting":
		return m.service(day, certifiedOrChild, year-1, "device")
	case "device_fitting@current_year_need":
		return m.service(day, certifiedOrChild, year, "device")
	case "rehab_coverage@resident_basis":
		return m.service(day, m.resident(day) && (m.certified(day) || m.uncertified(day)), year-1, "rehab")
	case "device_fitting@resident_basis":
		return m.service(day, m.resident(day) && (m.certified(day) || m.uncertified(day)), year-1, "device")
	case "compulsory_education":
		return one(certifiedOrChild && m.ofSchoolAge(day), false, atSchool || school == "finished")
	case "dibao_single_person":
		working := slices.Contains([]string{"employed", "public_staff", "public_retired"}, m.sort("employment", day))
		return one(registered && severe && age >= 18 && !m.has("tekun", day) && !working && (m.has("dibao_edge", day) || m.sort("dibao", day) == "single"),
			false, m.sort("dibao", day) == "single")
	case "pension_paid_by_government":
		return one(registered && severe && age >= 16 && age <= 59 && pension == "resident", false, slices.Contains(paid, "pension"))
	case "medical_paid_by_government":
		return one(registered && (severe || m.hardUp(day)) && medical == "resident", false, slices.Contains(paid, "medical"))
	case "medical_assistance_access":
		return one(registered && severe && m.hardUp(day), false, m.has("medical_assistance", day))
	case "information_subsidy_access":
		return one(registered && m.anyCategory(day, 1, 2), false, m.has("information_subsidy", day))
	case "sunshine_home_care":
		return one(registered && age >= 16 && age <= 59 && (m.anyCategory(day, 5, 6) || severe && m.anyCategory(day, 4)), false, m.sort("care_programme", day) != "")
	case "fuel_subsidy_access":
		return one(registered && m.has("disabled_driver", day), false, m.has("fuel_subsidy", day))
	}
	panic("no words for " + key)
}

// ofSchoolAge is the window of 灵璧县2020: in the school year that begins on 1 September of S, born from 1 September S-15 to
// 31 August S-6.
func (m *man) ofSchoolAge(day calendar.Date) bool {
	s, month, _ := day.YMD()
	if month < time.September {
		s--
	}
	return between(m.Birth, calendar.MustDate(fmt.Sprintf("%d-09-01", s-15)), calendar.MustDate(fmt.Sprintf("%d-08-31", s-6)))
}

// fact is the sort of a household's fact that holds on a day, or empty.
func (h *home) fact(kind string, day calendar.Date) string {
	for _, f := range h.facts[kind] {
		if answer, sort := f.says(); f.on(day) && answer == yes {
			return sort
		}
	}
	return ""
}

// place is the village of the dwelling on a day. Before the first move that is known the dwelling was where it moved from.
func (h *home) place(day calendar.Date) string {
	moves := h.facts["household_area"]
	if len(moves) == 0 {
		return h.Area
	}
	_, at := moves[0].says()
	for _, f := range moves {
		if _, sort := f.says(); !f.From.After(day) {
			at = sort
		}
	}
	return at
}

// lives counts the living members with a valid certificate on a day, those of them who are severe, and says whether one of the
// members is on the list of registered poor.
func (h *home) lives(day calendar.Date) (holders, severe int, poor bool) {
	for _, member := range h.members {
		m := h.files[member.Person]
		if !between(day, member.From, member.To) || !m.alive(day) {
			continue
		}
		if m.state(day) == valid {
			holders++
			if m.severe(day) {
				severe++
			}
		}
		listed := m.sort("registered_poor", day)
		poor = poor || listed != "" && listed != "removed"
	}
	return holders, severe, poor
}

// retrofit is where the retrofit that was begun last stands on a day, and whether any was accepted since the plan began, while the home had a
// severe member.
func (h *home) retrofit(day calendar.Date) (state string, done bool) {
	for _, s := range h.steps {
		if s.On.After(day) {
			continue
		}
		state = s.State
		if slices.Contains(s.Counts, "retrofit") && !s.On.Before(firstRules) {
			_, severe, _ := h.lives(s.On)
			done = done || severe > 0
		}
	}
	return state, done
}

// stands places a household with indicator 7 or 11 of 专栏1 on a day.
func (h *home) stands(key string, day calendar.Date) part {
	holders, severe, poor := h.lives(day)
	here := strings.HasPrefix(h.place(day), district)
	state, done := h.retrofit(day)
	listed, converted := h.fact("dangerous_house", day) != "", h.fact("house_converted", day) != ""
	var found part
	switch key {
	case "dangerous_house_conversion":
		found, _ = one(here && holders > 0 && (listed || converted), false, converted)
	case "dangerous_house_conversion@poor_only":
		found, _ = one(here && holders > 0 && (listed || converted) && poor, false, converted)
	case "retrofit_coverage":
		verified := severe > 0 && !slices.Contains([]string{"", "NEED", "MOVED", "DECEASED", "DONE", "ARCHIVED"}, state)
		found, _ = one(here && (done || verified), !done && slices.Contains([]string{"REFUSED", "REJECTED", "NOT_ALTERABLE", "DEMOLITION_PLANNED"}, state), done)
	case "retrofit_coverage@all_severe":
		found, _ = one(here && (done || severe > 0), false, done)
	default:
		panic("no words for " + key)
	}
	return found
}
