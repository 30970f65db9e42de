package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/idnum"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// recordData is the whole file of a person on one page (一人一档).
type recordData struct {
	AsOf, KnownOn string
	Past          bool     // the file of another day than today
	Wrong         []string // days that were asked for and cannot be
	Name          string
	About         []pair
	Warnings      []string
	Cards         []cardLine
	Verdicts      []verdictLine
	Cases         []caseLine
	Circumstances []circumstanceLine
	Numbers       string // where they are shown whole
	Facts         string // where all that was ever recorded stands
	NewCard       string
	Homes         []householdLine
	NewHome       string
	Money         []moneyLine
	Payee         string
	Payees        string // where accounts are set
	Rights        rightsData
	Verified      []verificationLine
	Verify        string // where a verification is recorded
	Visited       []homeVisitLine
	HomeVisits    string // where visits at home are; empty for who is not to know of them
	Services      []serviceLine
	Surveys       []surveyLine
	Timeline      []happened
	Links         []link // what this role may do here
	Merges        []mergeLine
	Gone          bool // the file went into another one
}

type pair struct{ Label, Value string }

type cardLine struct {
	Path, Number, Disability, Issued, Expires, Status, Tone string
}

type verdictLine struct {
	Programme, Outcome, Tone, Amount string
	Note                             string       // what stands in the way of an application beside the rules
	Open                             []link       // and which one does
	Against                          []reasonLine // what does not hold, or is not known to
	Reasons                          []reasonLine // what holds
}

type reasonLine struct{ Mark, Tone, Text, Cite string }

type circumstanceLine struct{ Kind, Value, Days, Source string }

type moneyLine struct{ Month, Programme, Due, Paid, Coming, Open string }

type serviceLine struct{ Path, Kind, State, Opened string }

type surveyLine struct{ Year, On, Mode, Needs string }

type happened struct {
	on   calendar.Date
	On   string
	Text string
}

// recordMoment is of which day, and as known at the end of which day, the address asks: of today and as it is known now, where it asks for neither
// or for days to come.
func (v *visit) recordMoment() (asOf, knownOn calendar.Date, knownAt time.Time) {
	asOf, knownOn = v.today, v.today
	if day, ok := exchange.TypedDay(v.query.Get("as_of")); ok && !day.After(v.today) {
		asOf = day
	}
	if day, ok := exchange.TypedDay(v.query.Get("known_on")); ok && day.Before(v.today) {
		y, m, d := day.YMD()
		knownOn, knownAt = day, time.Date(y, m, d+1, 0, 0, 0, 0, china)
	}
	return asOf, knownOn, knownAt
}

func showRecord(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	asOf, knownOn, knownAt := v.recordMoment()
	rec, err := v.desk.Record(v.ctx, v.who, id, asOf, knownAt)
	if err != nil {
		return nil, err
	}
	data := recordData{AsOf: asOf.String(), KnownOn: knownOn.String(), Past: asOf != v.today || v.query.Get("known_on") != "", Wrong: v.daysNotTaken(v.today, "as_of", "known_on"), Name: rec.File.Person.Name, Cases: v.caseLines(rec.Applications)}
	for i := range data.Cases {
		if one := &data.Cases[i]; rec.Past {
			one.Path, one.Clock, one.ClockTone, one.Why = "/applications/"+rec.Applications[i].ID.String(), "", "", ""
		}
	}
	for _, w := range v.desk.Warnings(rec.File) {
		data.Warnings = append(data.Warnings, v.either(w.ZH, w.EN))
	}
	data.About = v.personFacts(rec.File.Person, asOf)
	for _, c := range rec.File.Certificates {
		data.Cards = append(data.Cards, v.cardLine(rec.File, c, asOf))
	}
	for _, c := range rec.File.Circumstances {
		data.Circumstances = append(data.Circumstances, v.circumstanceLine(c))
	}
	data.Facts, data.Payees = v.path+"/facts", v.path+"/payees"
	if v.may("/persons/:id/numbers") {
		data.Numbers = v.path + "/numbers"
	}
	if v.mayDo("/persons/:id/verifications", "record") {
		data.Verify = v.path + "/verifications"
	}
	for _, one := range slices.Backward(rec.File.Verifications) {
		data.Verified = append(data.Verified, v.verificationLine(one))
	}
	if held, any := rec.File.Current(v.today); v.may("/persons/:id/cards/new") && (!any || firstMayFollow(rec.File.StatusOn(held, v.today))) {
		data.NewCard = v.path + "/cards/new"
	}
	homes, err := v.desk.DB.ListHouseholds(v.ctx, v.who, v.who.Area, id, uuid.Nil, 10)
	if err != nil {
		return nil, err
	}
	if data.Homes, err = v.householdLines(homes); err != nil {
		return nil, err
	}
	if v.may("/households/new") && rec.HomeOn(v.today) == uuid.Nil {
		data.NewHome = "/households/new?person=" + id.String()
	}
	if err := v.fillHomeVisits(&data, id); err != nil {
		return nil, err
	}
	data.Timeline = v.timeline(rec)
	data.Merges, data.Gone = v.mergeLines(id, rec.Merges), rec.File.Person.MergedInto != uuid.Nil
	if !data.Gone {
		data.Links = v.recordLinks(id)
	}
	return &data, v.fillRecord(&data, rec.Households(), id, asOf)
}

// firstMayFollow reports whether a first card may follow one of a status: what is frozen is seen to first.
func firstMayFollow(status casefile.CertificateStatus) bool {
	return !status.Valid() && status != casefile.Frozen
}

// fillRecord adds what is not of the file itself: eligibility, money, services, surveys.
func (v *visit) fillRecord(data *recordData, households []uuid.UUID, id uuid.UUID, asOf calendar.Date) error {
	verdicts, err := v.desk.Eligibility(v.ctx, v.who, id, asOf)
	if err != nil {
		return err
	}
	for _, verdict := range verdicts {
		data.Verdicts = append(data.Verdicts, v.verdictLine(verdict))
	}
	ledger, err := v.desk.DB.Ledger(v.ctx, v.who, id, v.today.Month())
	if err != nil {
		return err
	}
	data.Money = v.moneyLines(ledger)
	payees, err := v.desk.DB.Payees(v.ctx, v.who, id)
	if err != nil {
		return err
	}
	for _, p := range payees {
		if p.SupersededAt.IsZero() {
			data.Payee = v.t("record.payee", p.Holder, idnum.MaskAccount(p.Account))
		}
	}
	now, err := v.desk.Person(v.ctx, v.who, id) // money is of today, whatever day the file is looked at
	if err != nil {
		return err
	}
	if data.Rights, err = v.rights(now); err != nil {
		return err
	}
	services, err := v.desk.DB.ServicesOf(v.ctx, v.who, id, households)
	if err != nil {
		return err
	}
	for _, s := range services {
		data.Services = append(data.Services, v.serviceLine(s))
		data.Timeline = append(data.Timeline, v.serviceSteps(s)...)
	}
	if data.Surveys, err = v.surveyLines(id); err != nil {
		return err
	}
	for i := range data.Timeline {
		data.Timeline[i].On = data.Timeline[i].on.String()
	}
	slices.SortStableFunc(data.Timeline, func(a, b happened) int { return b.on.Compare(a.on) })
	return nil
}

func (v *visit) personFacts(p casefile.Person, asOf calendar.Date) []pair {
	facts := []pair{{v.t("person.id_number"), orNone(v, maskedNumber(p))}}
	if p.RecordType != casefile.Certified {
		facts = append(facts, pair{v.t("person.record_type"), v.t("record_type." + string(p.RecordType))})
	}
	if p.Sex != "" {
		facts = append(facts, pair{v.t("person.sex"), v.t("sex." + p.Sex)})
	}
	if !p.BirthDate.IsZero() {
		facts = append(facts, pair{v.t("person.birth_date"), v.t("persons.birth", p.BirthDate.String(), max(calendar.Age(p.BirthDate, asOf), 0))})
	}
	facts = append(facts, pair{v.t("person.phone"), orNone(v, idnum.MaskPhone(p.Phone))}, pair{v.t("person.managing"), v.placeName(p.Managing)},
		pair{v.t("person.hukou"), orNone(v, v.placeName(p.Hukou))})
	if p.Residence != "" {
		facts = append(facts, pair{v.t("person.residence"), v.placeName(p.Residence)})
	}
	if p.HukouType != "" {
		facts = append(facts, pair{v.t("person.hukou_type"), v.t("hukou." + p.HukouType)})
	}
	if g := p.Guardian; g != nil {
		facts = append(facts, pair{v.t("person.guardian"), g.Name + v.within(g.Relation) + idnum.MaskPhone(g.Phone)})
	}
	if p.Diagnosis != "" {
		facts = append(facts, pair{v.t("person.diagnosis"), p.Diagnosis})
	}
	return facts
}

func (v *visit) cardLine(file casefile.File, c casefile.Certificate, asOf calendar.Date) cardLine {
	status := file.StatusOn(c, asOf)
	line := cardLine{Path: "/persons/" + c.PersonID.String() + "/cards/" + c.ID.String(), Number: c.Number.Masked(), Disability: v.disability(c.Category, c.Level), Issued: c.IssuedOn.String(), Expires: c.ExpiresOn.String(),
		Status: v.t("card." + string(status)), Tone: "bad"}
	switch {
	case status.Valid():
		line.Tone = "good"
	case status == casefile.Replaced:
		line.Tone = ""
	}
	return line
}

func (v *visit) circumstanceLine(c casefile.Circumstance) circumstanceLine {
	kind := kindIn(casefile.Kinds, c.Kind)
	return circumstanceLine{Kind: v.either(kind.ZH, kind.EN), Value: v.factValue(kind, c), Days: v.daysText(c.ValidFrom.String(), c.ValidTo.String()), Source: v.source(c.Source)}
}

func answerCode(a casefile.Answer) string {
	switch a {
	case casefile.Yes:
		return "yes"
	case casefile.No:
		return "no"
	}
	return "unknown"
}

func (v *visit) verdictLine(verdict policy.Verdict) verdictLine {
	line := verdictLine{Programme: v.programme(verdict.Programme), Outcome: v.t("outcome_of." + string(verdict.Outcome)), Tone: "bad"}
	switch verdict.Outcome {
	case policy.Yes:
		line.Tone, line.Amount = "good", v.t("record.monthly", verdict.Amount.Yuan())
	case policy.NeedsFact:
		line.Tone = "warn"
	}
	for _, r := range verdict.Reasons {
		one := v.reason(r.Passed, v.either(r.ZH, r.EN), r.Cite)
		if r.Passed != nil && *r.Passed {
			line.Reasons = append(line.Reasons, one)
		} else {
			line.Against = append(line.Against, one)
		}
	}
	return line
}

const monthsShown = 24

// moneyLines are the last months of the account, the latest first.
func (v *visit) moneyLines(rows []store.LedgerRow) (list []moneyLine) {
	slices.SortStableFunc(rows, func(a, b store.LedgerRow) int {
		return cmp.Or(b.Month.Compare(a.Month), cmp.Compare(a.Programme, b.Programme))
	})
	for _, r := range rows[:min(len(rows), monthsShown)] {
		list = append(list, moneyLine{Month: r.Month.String(), Programme: v.programme(r.Programme), Due: r.Due.Yuan(), Paid: r.Paid.Yuan(), Coming: r.OnRoster.Yuan(), Open: r.Difference().Yuan()})
	}
	return list
}

func (v *visit) serviceLine(s care.Service) serviceLine {
	line := serviceLine{Kind: v.either(care.ChainOf(s.Kind).ZH, care.ChainOf(s.Kind).EN), State: v.serviceState(s), Opened: s.OpenedOn.String()}
	if v.may("/services/:id") {
		line.Path = "/services/" + s.ID.String()
	}
	return line
}

func (v *visit) serviceState(s care.Service) string {
	for _, state := range care.ChainOf(s.Kind).States {
		if state.Code == s.State {
			return v.either(state.ZH, state.EN)
		}
	}
	return s.State
}

func (v *visit) serviceSteps(s care.Service) (list []happened) {
	chain := care.ChainOf(s.Kind)
	list = append(list, happened{on: s.OpenedOn, Text: v.t("time.opened", v.either(chain.ZH, chain.EN))})
	for _, d := range s.Steps {
		for _, step := range chain.Steps {
			if step.Name == d.Step {
				list = append(list, happened{on: d.On, Text: v.either(chain.ZH+"："+step.ZH, chain.EN+": "+step.EN)})
			}
		}
	}
	return list
}

func (v *visit) needNames(needs []string) string {
	var names []string
	for _, need := range needs {
		names = append(names, v.t("need."+need))
	}
	return strings.Join(names, v.t("merge.comma"))
}

func (v *visit) surveyLines(id uuid.UUID) (list []surveyLine, err error) {
	if !v.may("/persons/:id/survey") {
		return nil, nil
	}
	for year := v.today.Year(); year > v.today.Year()-3; year-- {
		responses, err := v.desk.DB.ListResponses(v.ctx, v.who, year, v.who.Area, id, uuid.Nil, 10)
		if err != nil {
			return nil, err
		}
		for _, r := range responses {
			line := surveyLine{Year: strconv.Itoa(r.Year), On: r.CollectedOn.String(), Mode: v.t("mode." + r.Mode)}
			line.Needs = v.needNames(r.Needs)
			list = append(list, line)
		}
	}
	return list, nil
}

// timeline is what happened to a person, from the file.
func (v *visit) timeline(rec casework.Record) (list []happened) {
	for _, e := range rec.File.Events {
		list = append(list, happened{on: e.On, Text: v.t("time.card", v.t("event."+e.Event))})
	}
	for _, c := range rec.Applications {
		for _, s := range c.Steps {
			list = append(list, happened{on: calendar.DateOf(s.At), Text: v.t("time.case", v.programme(c.Programme), v.t("action."+s.Action), s.ActorName)})
		}
		if len(c.Steps) == 0 {
			list = append(list, happened{on: c.AppliedOn, Text: v.t("time.applied", v.programme(c.Programme))})
		}
	}
	for _, a := range rec.Awards {
		list = append(list, happened{on: a.StartMonth.First(), Text: v.t("time.award", v.programme(a.Programme))})
		if !a.EndMonth.IsZero() {
			list = append(list, happened{on: a.EndMonth.Last(), Text: v.t("time.awardend", v.programme(a.Programme))})
		}
	}
	for _, one := range rec.File.Verifications {
		list = append(list, happened{on: one.On, Text: v.t("time.verified", v.t("passed."+map[bool]string{true: "yes", false: "no"}[one.Passed]))})
	}
	for _, n := range rec.File.Needs {
		list = append(list, happened{on: n.On, Text: v.t("time.surveyed")})
	}
	return list
}

// recordLinks is what the role may do from here.
func (v *visit) recordLinks(id uuid.UUID) (list []link) {
	for _, one := range []struct{ path, key string }{{"/persons/:id/apply", "apply.title"}, {"/persons/:id/survey", "survey.title"}, {"/persons/:id/services/new", "service.new.title"}, {"/persons/:id/edit", "person.edit.title"}, {"/persons/:id/merge", "merge.title"}} {
		if v.may(one.path) {
			list = append(list, link{Path: "/persons/" + id.String() + one.path[len("/persons/:id"):], Text: v.t(one.key)})
		}
	}
	return list
}
