package casework_test

import (
	"fmt"
	"slices"
	"time"

	"zhucan/internal/calendar"
)

// programmes are the two subsidies.
var subsidies = []string{"living_allowance", "nursing_subsidy"}

// onLists are the lists on which somebody belongs on a day, for other reasons than money or a second file.
func (p *person) onLists(day calendar.Date) (list []due) {
	for _, programme := range subsidies {
		list = append(list, p.shouldReceive(programme, day)...)
		list = append(list, p.shouldNot(programme, day)...)
	}
	list = append(list, p.cardRunsOut(day)...)
	list = append(list, p.comesOfAge(day)...)
	list = append(list, p.unsurveyed(day)...)
	list = append(list, p.needsRetrofit(day)...)
	return append(list, p.unverified(day)...)
}

// shouldReceive: the conditions hold today, nobody has waived, and no award pays the month (主动发现).
func (p *person) shouldReceive(programme string, day calendar.Date) []due {
	where, _ := p.subsidy(programme, day)
	paid := where == covered && !p.suspended(day.Month())
	if where != gap && where != covered || paid || slices.Contains(p.sorts("waiver", day), programme) || p.right(programme, day) != good {
		return nil
	}
	d := due{list: "eligible_not_enrolled", reason: "NOT_APPLIED", monthly: rate(programme, p.level(day), day.Month()), parts: []string{programme}}
	for _, a := range p.awards {
		if a.Programme == programme && !a.Void && (a.End.IsZero() || !a.End.Month().Before(day.Month())) {
			d.reason = "AWARD_NOT_PAID"
		}
	}
	for _, c := range p.cases {
		if c.Programme == programme && slices.Contains([]string{"submitted", "town_review", "cdpf_review", "civil_affairs_decision", "returned"}, c.Stage) {
			d.reason = "APPLICATION_OPEN"
		}
	}
	return []due{p.line(d, programme)}
}

// shouldNot: an award runs that nobody has ended, and its conditions do not hold today. One that begins in a month to come is none of these.
func (p *person) shouldNot(programme string, day calendar.Date) []due {
	for _, a := range p.rights(programme, day.Month().Add(foreseen)) {
		if !a.End.IsZero() || day.Before(a.Start) || a.from.After(day.Month()) || p.right(programme, day) == good {
			continue
		}
		d := due{list: "enrolled_not_eligible", reason: p.firstWrong(programme, day), parts: []string{programme + a.ID.String()}}
		level := p.lastPaid(programme, day)
		d.monthly, d.over = rate(programme, level, day.Month()), p.outstanding[programme]
		return []due{p.line(d, programme)}
	}
	return nil
}

// firstWrong is the first condition of a subsidy that does not hold, in the order of the rule sets since 2017, or else
// the first that is not known to hold.
func (p *person) firstWrong(programme string, day calendar.Date) string {
	asked := func(kind string) string { return map[string]string{yes: no, unknown: unknown}[p.is(kind, day)] }
	fails := func(bad bool) string { return map[bool]string{true: no}[bad] }
	state, level := p.state(day), p.level(day)
	injury := asked("injury_care_fee")
	if employed := p.sort("employment", day); p.is("injury_care_fee", day) == "" && (employed == "public_staff" || employed == "public_retired") {
		injury = unknown
	}
	allowed := map[string]string{yes: yes, unknown: unknown}[p.is("dibao", day)]
	if allowed == "" {
		allowed = no
	}
	side, rivals := "nursing", []string{"elder_nursing", "retired_care", "veteran_nursing"}
	if programme == "living_allowance" {
		side, rivals = "living", []string{"elder_living", "duty_injury_living"}
	}
	elected := ""
	if slices.ContainsFunc(rivals, func(r string) bool { return slices.Contains(p.sorts("other_benefit", day), r) }) {
		elected = map[string]string{"": unknown, "other": no}[p.chose(side, day)]
	}
	waits := ""
	for _, c := range []struct{ only, code, says string }{
		{"", "DECEASED", fails(!p.alive(day))}, {"", "NOT_LOCAL_HUKOU", fails(!p.local(day))}, {"", "NO_CERT", fails(state == none)}, {"", "CERT_NOT_VALID", fails(state != valid)},
		{"living", "NOT_DIBAO", allowed}, {"nursing", "LEVEL_OUT_OF_RANGE", fails(level > 2)}, {"", "X_TEKUN", asked("tekun")}, {"", "X_INJURY_CARE", injury},
		{"living", "X_ORPHAN", fails(p.sort("orphan_support", day) == "orphan")}, {"living", "X_DEFACTO_ORPHAN", fails(p.sort("orphan_support", day) == "defacto")},
		{"living", "X_WELFARE_HOME_CHILD", asked("welfare_home")}, {"", "P_PRISON", fails(p.struck("imprisonment", day))}, {"", "MISSING", fails(p.struck("missing", day))},
		{"", "ELECTED_OTHER", elected},
	} {
		switch {
		case c.only != "" && c.only != side:
		case c.says == no:
			return c.code
		case c.says == unknown && waits == "":
			waits = c.code
		}
	}
	return waits
}

// lastPaid is the level of the last month that was owed, or of the last card.
func (p *person) lastPaid(programme string, day calendar.Date) (level int) {
	for month := day.Month(); !month.First().Before(firstRules); month = month.Add(-1) {
		if p.owed(programme, month) > 0 {
			return p.levelIn(programme, month)
		}
	}
	var issued calendar.Date
	for _, c := range p.cards {
		if !c.Issued.After(day) && !c.Issued.Before(issued) {
			issued, level = c.Issued, c.Level
		}
	}
	return level
}

// earlierBy is the same day so many months before, or the last of that month.
func earlierBy(day calendar.Date, months int) calendar.Date {
	_, _, number := day.YMD()
	month := day.Month().Add(-months)
	found := month.First().Add(number - 1)
	if found.After(month.Last()) {
		return month.Last()
	}
	return found
}

// cardRunsOut: six months before, one month before, and after the last day of a card, until it is renewed or cancelled.
func (p *person) cardRunsOut(day calendar.Date) []due {
	c, held := p.card(day)
	if !held || !p.alive(day) || p.Type == "HISTORICAL" {
		return nil
	}
	for _, e := range p.events[c.ID] {
		if e.Event == "CANCEL" && !e.On.After(day) {
			return nil
		}
	}
	d := due{list: "certificate_expiring", on: c.Expires}
	switch {
	case day.After(c.Expires):
		d.reason = "CERT_EXPIRED"
	case !day.Before(earlierBy(c.Expires, 1)):
		d.reason = "EXPIRES_IN_1_MONTH"
	case !day.Before(earlierBy(c.Expires, 6)):
		d.reason = "EXPIRES_IN_6_MONTHS"
	default:
		return nil
	}
	d.parts = []string{c.ID.String() + d.reason}
	return []due{p.line(d, "")}
}

// comesOfAge: within six months, and what it is about is not there yet.
func (p *person) comesOfAge(day calendar.Date) (list []due) {
	for _, years := range []int{16, 18, 60} {
		turns := p.Birth.AddYears(years)
		if !day.Before(turns) || day.Before(earlierBy(turns, 6)) || !p.alive(day) || p.Type == "HISTORICAL" {
			continue
		}
		_, carded := p.card(day)
		needsCare := p.anyCategory(day, 5, 6) || p.severe(day) && p.anyCategory(day, 4)
		for reason, belongs := range map[string]bool{
			"TURNS_16_PENSION":        years == 16 && p.registered(day) && !p.has("insurance_pension", day),
			"TURNS_16_CARE":           years == 16 && p.registered(day) && needsCare && !p.has("care_programme", day),
			"TURNS_18_UNCERTIFIED":    years == 18 && p.Type == "UNCERTIFIED_CHILD" && !carded,
			"TURNS_18_ORPHAN_SUPPORT": years == 18 && p.has("orphan_support", day),
			"TURNS_60":                years == 60 && p.registered(day),
		} {
			if belongs {
				list = append(list, p.line(due{list: "turning_age", reason: reason, on: turns, parts: []string{reason + turns.String()}}, ""))
			}
		}
	}
	return list
}

// unsurveyed: a holder of today who was one on 30 September, without an answer of the year. A year is surveyed from 1 July until the
// end of March.
func (p *person) unsurveyed(day calendar.Date) []due {
	year, month, _ := day.YMD()
	switch {
	case month >= time.July:
	case month <= time.March:
		year--
	default:
		return nil
	}
	counted := calendar.MustDate(fmt.Sprintf("%d-09-30", year))
	if day.Before(counted) {
		counted = day
	}
	if !p.registered(day) || !p.registered(counted) {
		return nil
	}
	for _, a := range p.answers {
		if a.Year == year {
			return nil
		}
	}
	return []due{p.line(due{list: "no_survey", reason: "NO_RESPONSE", parts: []string{fmt.Sprint(year)}}, "")}
}

// needsRetrofit: the last answers, of this year or the last, ask for a retrofit, and none of a home in which the person has lived since is under
// way or was dealt with since: the need of each year's survey is verified at home.
func (p *person) needsRetrofit(day calendar.Date) []due {
	var last rawAnswers
	for _, a := range p.answers {
		if a.Year >= last.Year {
			last = a
		}
	}
	if last.Year < day.Year()-1 || !slices.Contains(last.Needs, "retrofit") || !p.alive(day) || p.Type == "HISTORICAL" {
		return nil
	}
	for _, h := range p.homes {
		if h.as.To.IsZero() || !h.as.To.Before(last.On) {
			if h.takesUp(last.On) {
				return nil
			}
		}
	}
	return []due{p.line(due{list: "retrofit_need", reason: "RETROFIT_NEEDED", parts: []string{last.RecordedAt.String()}}, "")}
}

// takesUp reports whether one of the retrofits of a home is under way, or was opened or dealt with since a day.
func (h livedIn) takesUp(since calendar.Date) bool {
	underWay := []string{"NEED", "VERIFIED", "PLANNED", "APPROVED", "CONTRACTED", "IN_WORK", "ACCEPTANCE", "RECTIFY"}
	return slices.ContainsFunc(h.retrofits, func(s rawRetrofit) bool { return !s.Opened.Before(since) || slices.Contains(underWay, s.State) }) ||
		slices.ContainsFunc(h.steps, func(s rawStep) bool { return !s.On.Before(since) })
}

// The first year that is verified, and by when somebody's right has to be recorded to be asked about in it (定期复核).
const firstVerified = 2027

// unverified: on some day from 1 April to 30 June the conditions of a right hold that had been recorded before, and nobody has found since the
// first of these that they still do.
func (p *person) unverified(day calendar.Date) []due {
	year, month, _ := day.YMD()
	if month < time.April {
		year--
	}
	opens := calendar.MustDate(fmt.Sprintf("%d-04-01", year))
	if year < firstVerified || !p.alive(day) || p.Type == "HISTORICAL" {
		return nil
	}
	asked, runs := false, false
	for _, a := range p.awards {
		if a.Void || !a.Recorded.Before(midnight(opens)) {
			continue
		}
		closes := calendar.MustDate(fmt.Sprintf("%d-06-30", year))
		for day := opens; !asked && !day.After(closes) && !a.Start.After(closes) && (a.End.IsZero() || !a.End.Before(opens)); day = day.Add(1) {
			where, _ := p.subsidy(a.Programme, day)
			asked = where == covered || where == gap
		}
		runs = runs || a.End.IsZero() || !a.End.Before(day.Month().First())
	}
	d := due{list: "reverification_due", reason: "NOT_VERIFIED", parts: []string{fmt.Sprint(year, "not verified")}}
	var last rawLook
	for _, l := range p.looks {
		switch {
		case l.On.Before(opens):
		case l.Passed:
			return nil
		case last.On.IsZero() || last.On.Before(l.On) || last.On == l.On && last.Recorded.Before(l.Recorded):
			last, d.reason, d.detail, d.parts = l, "VERIFICATION_FAILED", l.Findings, []string{fmt.Sprint(year, "failed")}
		}
	}
	if !asked || !runs {
		return nil
	}
	return []due{p.line(d, "")}
}
