package casework

import (
	"context"
	"errors"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/lead"
	"zhucan/internal/money"
	"zhucan/internal/policy"
	"zhucan/internal/store"
	"zhucan/internal/survey"
)

// Lead is one line of a worklist as an office reads it.
type Lead struct {
	store.Lead
	ReasonZH, ReasonEN string
	Monthly            money.Fen // at stake a month: the rate of today at the person's level; 0 where there is none
	DueOn              calendar.Date
	Overdue, Soon      bool // due in so many working days as offices are reminded before a limit
}

// WorklistCount is a worklist with how much there is on it, and of that how much is overdue or due soon.
type WorklistCount struct {
	*lead.List
	Count, Overdue, Soon int64
}

// LeadsOf asks for lines of one worklist.
type LeadsOf struct {
	Worklist  string
	Area      area.Code // the caller's own where empty
	Programme string
	Reason    string
	Overdue   *bool
	After     store.LeadKey
	Limit     int
}

// Worklists counts the worklists that the actor's role may see, in an area.
func (d *Desk) Worklists(ctx context.Context, who access.Actor, at area.Code) (list []WorklistCount, err error) {
	if at, err = d.DivisionOn(ctx, who, at, anyDay, time.Time{}); err != nil {
		return nil, err
	}
	var filters []store.LeadFilter
	for i := range lead.All {
		l := &lead.All[i]
		if err := d.readsList(ctx, who, l); errors.Is(err, notTheirs) {
			continue
		} else if err != nil {
			return nil, err
		}
		list = append(list, WorklistCount{List: l})
		filters = append(filters, store.LeadFilter{Worklist: l.Name, Area: at, Late: d.late(l, d.today()), Soon: d.late(l, d.soonBy().Add(1))})
	}
	counts, err := d.DB.CountLeads(ctx, who, d.leadsToday(), filters)
	if err != nil {
		return nil, err
	}
	for i, c := range counts {
		list[i].Count, list[i].Overdue, list[i].Soon = c.Count, c.Overdue, c.Soon
	}
	return list, nil
}

// Leads lists the leads of a worklist.
func (d *Desk) Leads(ctx context.Context, who access.Actor, q LeadsOf) ([]Lead, error) {
	l, err := worklist(q.Worklist)
	if err != nil {
		return nil, err
	}
	if err := d.readsList(ctx, who, l); err != nil {
		return nil, err
	}
	if q.Area, err = InArea(who, q.Area); err != nil {
		return nil, err
	}
	found, err := d.DB.Leads(ctx, who, d.leadsToday(), store.LeadFilter{Worklist: l.Name, Area: q.Area, Programme: q.Programme, Reason: q.Reason,
		Overdue: q.Overdue, Late: d.late(l, d.today()), After: q.After, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	list := make([]Lead, len(found))
	for i, f := range found {
		list[i] = d.explained(l, f)
	}
	return list, nil
}

var notTheirs = fault.New(fault.Forbidden, "FORBIDDEN", "您的角色不办理该工作清单", "your role does not work on this list")

func worklist(name string) (*lead.List, error) {
	if l := lead.Find(name); l != nil {
		return l, nil
	}
	return nil, store.NotFound
}

// explained adds what follows from the rules: texts, the amount, the day by which it is to be done.
func (d *Desk) explained(l *lead.List, f store.Lead) Lead {
	out := Lead{Lead: f, DueOn: d.dueOn(l, f)}
	out.Overdue = d.today().After(out.DueOn)
	out.Soon = !out.Overdue && !out.DueOn.After(d.soonBy())
	out.ReasonZH, out.ReasonEN = d.reasonTexts(l, f)
	if p := d.Pack().Programme(f.Programme); p != nil && f.Level > 0 {
		out.Monthly, _ = p.Amount(f.Level, d.today().Month())
	}
	return out
}

// reasonTexts says why somebody stands on a list: in the list's words, or in those of the condition that does not hold.
func (d *Desk) reasonTexts(l *lead.List, f store.Lead) (zh, en string) {
	if r := l.Reason(f.Reason); r != nil {
		return r.ZH, r.EN
	}
	if p := d.Pack().Programme(f.Programme); p != nil {
		if c, ok := p.Condition(f.Reason, d.today()); ok {
			return "不成立或尚待核实的条件：" + c.ZH, "this condition does not hold, or is not known to: " + c.EN
		}
	}
	return "现行政策下不符合条件", "not eligible by the rules in force"
}

// dueOn is the day by which a lead is to be dealt with. Who has to be verified has until the last working day of the window.
func (d *Desk) dueOn(l *lead.List, f store.Lead) calendar.Date {
	if l.Name == lead.ReverificationDue && f.Reason == lead.NotVerified {
		return d.windowEnds()
	}
	return d.Workdays().Add(calendar.DateOf(f.Since), d.Pack().DueIn(l.Name, f.Reason))
}

func (d *Desk) windowEnds() calendar.Date {
	window, _ := d.lastWindow()
	day := window.To
	for !d.Workdays().IsWorking(day) {
		day = day.Add(-1)
	}
	return day
}

// lastWindow is the window of re-verification that has begun last.
func (d *Desk) lastWindow() (calendar.Interval, bool) {
	rule := d.Pack().Reverification
	if rule == nil {
		return calendar.Interval{}, false
	}
	year := rule.YearOf(d.today())
	return rule.Window(year), year >= rule.Since
}

// soonBy is the last day of what is due soon.
func (d *Desk) soonBy() calendar.Date { return d.Workdays().Add(d.today(), d.Pack().RemindDays) }

// late is, for each reason of a list, the last day on which a lead came onto it that is overdue on a day.
func (d *Desk) late(l *lead.List, on calendar.Date) store.Late {
	late := store.Late{Other: d.lateAfter(d.Pack().DueIn(l.Name, ""), on)}
	for reason := range d.Pack().Worklists[l.Name].DueFor {
		late.Reasons, late.Days = append(late.Reasons, reason), append(late.Days, d.lateAfter(d.Pack().DueIn(l.Name, reason), on))
	}
	if l.Name != lead.ReverificationDue {
		return late
	}
	if _, began := d.lastWindow(); began {
		day := calendar.NewYear(1900)
		if on.After(d.windowEnds()) {
			day = on
		}
		late.Reasons, late.Days = append(late.Reasons, lead.NotVerified), append(late.Days, day)
	}
	return late
}

// lateAfter is the latest day on which a lead may have come onto a list to be overdue on a day, where it has so many working days.
func (d *Desk) lateAfter(due int, on calendar.Date) calendar.Date {
	day := on.Add(-1)
	for !d.Workdays().Add(day, due).Before(on) {
		day = day.Add(-1)
	}
	return day
}

// leadsToday is what the worklists of today have to know beside the register.
func (d *Desk) leadsToday() store.Today {
	pack, today := d.Pack(), d.today()
	t := store.Today{On: today, Now: d.Now(), Surveyed: surveyed, Transitions: transitions(pack)}
	for _, i := range pack.Counting(policy.UnitPerson) {
		if i.Programme != "" && i.Variant == "" {
			t.Programmes = append(t.Programmes, store.ProgrammeKeys{ID: i.Programme, Coverage: i.Key()})
		}
	}
	if window, began := d.lastWindow(); began {
		t.Window = window
	}
	if rule := pack.HomeVisits; rule != nil && !today.Before(rule.Since) {
		t.DrawnSince, t.DrawnBelow = rule.From(today), rule.Below()
	}
	year := d.SurveyYear()
	if survey.Builtin.Window(year).Contains(today) {
		until := survey.Builtin.PopulationUntil
		t.SurveyYear, t.SurveyFrom = year, pack.SurveyFrom(year)
		t.SurveyPopulation = earlier(calendar.NewMonth(year, time.Month(until.Month)).First().Add(until.Day-1), today)
	}
	return t
}

// transitions are the declared windows with the day until which a card counts that runs out in them: a later window of the
// list may carry it on.
func transitions(pack *policy.Pack) (list []store.Transition) {
	for i, w := range pack.Transitions {
		if w.To.IsZero() {
			continue
		}
		until := w.To
		for _, next := range pack.Transitions[i+1:] {
			if next.Contains(until) && next.To.After(until) {
				until = next.To
			}
		}
		list = append(list, store.Transition{From: w.From, To: w.To, Until: until})
	}
	return list
}

// ActOnLead records what somebody did about a lead, today or on a day before: it may come from a phone that was out of reach. It closes
// nothing: facts do. The person need not stand on the list any more, since a note may well be written after what closed the lead.
func (d *Desk) ActOnLead(ctx context.Context, who access.Actor, a store.LeadAction) (store.LeadAction, error) {
	l, err := worklist(a.Worklist)
	if err != nil {
		return a, err
	}
	if err := d.readsList(ctx, who, l); err != nil {
		return a, err
	}
	if a.On.IsZero() {
		a.On = d.today()
	}
	switch {
	case !l.WorkedOnBy(who.Role):
		return a, notTheirs
	case a.On.After(d.today()):
		return a, field("on", "IN_FUTURE", "日期不能晚于今天", "the day lies in the future")
	case !a.FollowUpOn.IsZero() && a.FollowUpOn.Before(a.On):
		return a, field("follow_up_on", "DATE_IN_PAST", "下次跟进日期不能早于办理日期", "the day to follow up lies before what was done")
	case a.Programme != "" && d.Pack().Programme(a.Programme) == nil:
		return a, field("programme", "UNKNOWN_PROGRAMME", "没有这项补贴", "there is no such programme")
	case a.Outcome == "other" && a.Note == "":
		return a, field("note", "REASON_REQUIRED", "请说明情况", "say what was done")
	}
	a.ID, a.RecordedBy, a.ActingFor, a.ByName = d.NewID(), who.AccountID, who.ActingFor, who.Name
	err = d.write(ctx, who, "worklist.act", func(tx *store.Tx) error {
		if _, err := tx.LockDossier(ctx, a.PersonID); err != nil {
			return err
		}
		a.RecordedAt = tx.Now
		if err := tx.InsertLeadAction(ctx, a); err != nil {
			return err
		}
		return tx.Describe(ctx, a.PersonID, map[string]any{"worklist": l.Name, "outcome": a.Outcome})
	})
	return a, err
}
