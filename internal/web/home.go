package web

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/casework"
	"zhucan/internal/store"
	"zhucan/internal/ticket"
)

// homeData is what there is to do today.
type homeData struct {
	Lead     string
	Returned []caseLine // to be corrected
	Waiting  []caseLine // with a clock that runs here
	Drafts   []caseLine
	Calendar bool // the working days are to be seen
	Lists    []listCard
	Quiet    []listCard // with nothing on them
	Pages    []link     // of who has no worklists: what he works with
	Offline  bool       // entries can be made without a network
	ActFor   []string   // names of those for whom one may act today
}

type listCard struct {
	Path, Name           string
	Count, Overdue, Soon int64
}

const homeLines = 10 // of each kind of case

func showHome(v *visit) (any, error) {
	data := homeData{Lead: v.t("home.lead", v.today.String()), Calendar: v.may("/calendars"), Offline: slices.Contains(offlineRoles, v.who.Role)}
	if v.may("/act-for") && v.who.ActingFor == uuid.Nil {
		mine, err := v.desk.DB.DeputationsOf(v.ctx, v.who.AccountID, v.today)
		if err != nil {
			return nil, err
		}
		for _, one := range mine {
			data.ActFor = append(data.ActFor, one.Principal)
		}
	}
	if err := v.worklistCards(&data); err != nil {
		return nil, err
	}
	if err := v.phonesCard(&data); err != nil {
		return nil, err
	}
	if err := v.servicesCard(&data); err != nil {
		return nil, err
	}
	if err := v.awaitingCards(&data); err != nil {
		return nil, err
	}
	if !v.may("/applications/:id") {
		return data, nil
	}
	err := v.showCases(&data)
	return data, err
}

// awaitingCards are the tickets and the statements of lists that wait for this role; what has none of them is not named.
func (v *visit) awaitingCards(data *homeData) error {
	if len(ticket.WaitsFor(v.who.Role)) == 0 {
		return nil
	}
	n, err := v.desk.DB.Awaiting(v.ctx, v.who, v.desk.TicketsOverdueSince())
	if err != nil {
		return err
	}
	cards := []listCard{{Path: "/tickets?state=" + waitingTickets, Name: v.t("tickets.card"), Count: n.Tickets, Overdue: n.TicketsOverdue}}
	if slices.Contains(statementDeciders, v.who.Role) {
		cards = append(cards, listCard{Path: "/statements", Name: v.t("statements.title"), Count: n.Statements, Overdue: n.StatementsOverdue})
	}
	data.Lists = append(slices.DeleteFunc(cards, func(c listCard) bool { return c.Count == 0 }), data.Lists...)
	return nil
}

// worklistCards shows the worklists of the role, or for one that has none its pages.
func (v *visit) worklistCards(data *homeData) error {
	if !v.may("/worklists/:name") {
		data.Pages = slices.DeleteFunc(v.menu(), func(l link) bool { return l.Here })
		return nil
	}
	lists, err := v.desk.Worklists(v.ctx, v.who, "")
	for _, l := range lists {
		card := listCard{Path: "/worklists/" + l.Name, Name: v.either(l.ZH, l.EN), Count: l.Count, Overdue: l.Overdue, Soon: l.Soon}
		if l.Count == 0 {
			data.Quiet = append(data.Quiet, card)
		} else {
			data.Lists = append(data.Lists, card)
		}
	}
	return err
}

// showCases shows the cases that lie here: those to be decided with the least time left first, those to be corrected by when their month is lost.
func (v *visit) showCases(data *homeData) error {
	if stage := application.WaitsFor(v.who.Role); stage != "" {
		found, err := v.desk.Queue(v.ctx, v.who, casework.QueueOf{Stage: stage, Limit: homeLines})
		if err != nil {
			return err
		}
		cases := make([]store.Case, len(found.Cases))
		for i, c := range found.Cases {
			cases[i] = c.Case
		}
		data.Waiting = v.caseLines(cases)
	}
	if !v.may("/persons/:id/apply") {
		return nil
	}
	for stage, lines := range map[application.Stage]*[]caseLine{application.Returned: &data.Returned, application.Draft: &data.Drafts} {
		cases, err := v.desk.DB.ListApplications(v.ctx, v.who, store.ApplicationFilter{Area: v.who.Area, Stage: string(stage), Limit: homeLines})
		if err != nil {
			return err
		}
		slices.SortStableFunc(cases, func(a, b store.Case) int { return a.ReturnedOn.Compare(b.ReturnedOn) })
		*lines = v.caseLines(cases)
	}
	return nil
}

// caseLine is a case in a list.
type caseLine struct {
	Path, Number, Person, Programme, Stage, Applied string
	Clock, ClockTone, Why                           string
	Place                                           string // where there are several
}

func (v *visit) caseLines(cases []store.Case) (list []caseLine) {
	for _, c := range cases {
		line := caseLine{Path: "/applications/" + c.ID.String(), Number: c.CaseNumber, Person: c.PersonName, Programme: v.programme(c.Programme),
			Stage: v.t("stage." + string(c.Stage)), Applied: c.AppliedOn.String(), Why: v.whyReturned(c)}
		if v.may("/queue/:id") && c.Stage == application.WaitsFor(v.who.Role) {
			line.Path = "/queue/" + c.ID.String()
		}
		line.Clock, line.ClockTone = v.clock(c)
		list = append(list, line)
	}
	return list
}

// whyReturned is why a case lies with who entered it, and until when it keeps its month; empty where it does not lie there.
func (v *visit) whyReturned(c store.Case) string {
	if c.Stage != application.Returned {
		return ""
	}
	why := ""
	for _, s := range c.Steps {
		if s.To == application.Returned && s.From != s.To {
			why = v.reasonOf(c, s)
			if len(s.Fields) > 0 {
				why = v.t("application.correct", why, strings.Join(s.Fields, v.t("merge.comma")))
			}
		}
	}
	if last := c.ReturnedOn.Add(application.KeepsMonthFor); !v.today.After(last) {
		why = v.t("application.keeps", why, last.String())
	}
	return why
}

// clock says how long a case still has, in words, and how grave that is.
func (v *visit) clock(c store.Case) (text, tone string) {
	k := v.desk.Clock(c.Application)
	if k == nil {
		return "", ""
	}
	state := v.desk.ClockState(k)
	switch state {
	case "paused":
		return v.t("clock.paused"), ""
	case "overdue":
		return v.t("clock.overdue", k.DueOn.String()), "bad"
	case "due_soon":
		tone = "warn"
	}
	return v.t("clock."+state, k.DueOn.String(), k.DaysLeft), tone
}

func (v *visit) programme(id string) string {
	if p := v.desk.Pack().Programme(id); p != nil {
		return v.either(p.ZH, p.EN)
	}
	return id
}
