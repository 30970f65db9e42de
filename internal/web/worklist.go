package web

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/casework"
	"zhucan/internal/lead"
	"zhucan/internal/store"
)

// worklistData is one worklist, a page of it at a time.
type worklistData struct {
	filters
	Name  string
	Owner string // whose list it is
	Lines []leadLine
	More  string
	Act   *Form // what was done about somebody; nil: not this role's
	Far   bool  // of the survey, and this role sees how far it is
}

type leadLine struct {
	Person, Path, Place, Programme, Reason string
	Money, Due, DueTone, Last              string
	Others                                 []link // who else it is about
	Merge                                  string // where two files are made one
	Visit                                  string // where a visit at home is recorded
}

// outcomes are what can be said of a lead that was followed.
var outcomes = []string{"contacted", "visited", "not_found", "declined", "application_helped", "forwarded", "other"}

func showWorklist(v *visit) (any, error) {
	list := lead.Find(v.echo.Param("name"))
	if list == nil {
		return nil, store.NotFound
	}
	q := casework.LeadsOf{Worklist: list.Name, Limit: pageSize}
	var err error
	if q.After, err = store.ParseLeadKey(v.query.Get("cursor")); err != nil {
		return nil, err
	}
	data := worklistData{Name: v.either(list.ZH, list.EN), Owner: v.owners(list), Far: list.Name == lead.NoSurvey && v.may("/surveys/progress")}
	if data.filters, err = v.leadFilters(list, &q); err != nil {
		return nil, err
	}
	found, err := v.desk.Leads(v.ctx, v.who, q)
	if err != nil {
		return nil, err
	}
	if q.Programme != "" || slices.ContainsFunc(found, func(l casework.Lead) bool { return l.Programme != "" }) { // other lists are of no programme
		data.Filters = append(data.Filters, filter{"programme", v.t("case.programme"), v.t("persons.all"), v.programmeOptions(q.Programme)})
	}
	others, err := v.namesOfOthers(found)
	if err != nil {
		return nil, err
	}
	var people []Option
	for _, l := range found {
		line := v.leadLine(l)
		for _, id := range l.Others {
			line.Others = append(line.Others, link{Path: v.personPath(id), Text: others[id]})
		}
		if list.Name == lead.Duplicate && v.may("/persons/:id/merge") {
			line.Merge = line.Path + "/merge"
		}
		if list.Name == lead.HomeVisit {
			line.Visit = line.Path + "/home-visits"
		}
		data.Lines = append(data.Lines, line)
		if o := (Option{Value: whoOf(l.PersonID, l.Programme), Label: l.Name + " " + v.programmeOrNothing(l.Programme)}); len(people) == 0 || people[len(people)-1].Value != o.Value {
			people = append(people, o)
		}
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, found[n-1].String())
	}
	if people, err = v.stillNamed(people); err != nil {
		return nil, err
	}
	if list.WorkedOnBy(v.who.Role) && len(people) > 0 {
		data.Act = v.newForm("act", "worklist.act", append([]*Field{{Name: "who", Label: v.t("worklist.who"), Kind: "select", Need: true, Options: people}}, v.outcomeFields()...)...)
	}
	return data, nil
}

// namesOfOthers are the names of those whom leads are about, too.
func (v *visit) namesOfOthers(leads []casework.Lead) (map[uuid.UUID]string, error) {
	var ids []uuid.UUID
	for _, l := range leads {
		ids = append(ids, l.Others...)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return v.desk.DB.PersonNames(v.ctx, v.who, ids)
}

// personPath is where somebody's file is shown; empty where this role does not read files.
func (v *visit) personPath(id uuid.UUID) string {
	if !v.may("/persons/:id") {
		return ""
	}
	return "/persons/" + id.String()
}

// whoOf names somebody of a list in a form, with the programme that he is on it for.
func whoOf(person uuid.UUID, programme string) string {
	return strings.TrimSpace(person.String() + " " + programme)
}

// stillNamed keeps whom a form that was refused names among the choices, though others have pushed him off the page since: what was noted
// about one is not to be saved for another.
func (v *visit) stillNamed(people []Option) ([]Option, error) {
	who := v.value("who")
	text, programme, _ := strings.Cut(who, " ")
	id, err := uuid.Parse(text)
	if err != nil || slices.ContainsFunc(people, func(o Option) bool { return o.Value == who }) {
		return people, nil
	}
	names, err := v.desk.DB.PersonNames(v.ctx, v.who, []uuid.UUID{id})
	if name := names[id]; name != "" {
		people = append(people, Option{Value: who, Label: name + " " + v.programmeOrNothing(programme)})
	}
	return people, err
}

// outcomeFields ask what was done about somebody.
func (v *visit) outcomeFields() []*Field {
	return []*Field{v.dayOf("on", "worklist.on"), {Name: "outcome", Label: v.t("worklist.outcome"), Kind: "select", Need: true, Options: v.options("outcome", outcomes...)},
		{Name: "note", Label: v.t("worklist.note"), Hint: v.t("worklist.note.hint"), Kind: "textarea", Max: 500},
		{Name: "follow_up_on", Label: v.t("worklist.followup"), Kind: "date"}}
}

// outcome reads what was done about somebody of a list.
func (r *reader) outcome(list string) store.LeadAction {
	return store.LeadAction{Worklist: list, Outcome: r.choice("outcome", true, outcomes...), Note: r.text("note", 500, false), On: r.day("on", false), FollowUpOn: r.day("follow_up_on", false)}
}

// owners are the offices that work on a list.
func (v *visit) owners(list *lead.List) string {
	names := make([]string, len(list.Roles))
	for i, role := range list.Roles {
		names[i] = v.t("role." + string(role))
	}
	return v.t("worklist.owner", strings.Join(names, v.t("worklist.and")))
}

// leadFilters reads what narrows a list from the address.
func (v *visit) leadFilters(list *lead.List, q *casework.LeadsOf) (f filters, err error) {
	if f.Filters, q.Area, err = v.areaFilter(); err != nil {
		return f, err
	}
	var reasons []Option
	for _, r := range list.Reasons {
		o := Option{Value: r.Code, Label: v.either(r.ZH, r.EN), Chosen: r.Code == v.query.Get("reason")}
		if o.Chosen {
			q.Reason = r.Code
		}
		reasons = append(reasons, o)
	}
	if len(reasons) > 1 {
		f.Filters = append(f.Filters, filter{"reason", v.t("worklist.why"), v.t("persons.all"), reasons})
	}
	q.Programme = chosenOf(v.programmeOptions(v.query.Get("programme")))
	late := v.query.Get("late") == "yes"
	if f.Tick = (&tick{"late", v.t("queue.late"), late}); late {
		q.Overdue = &late
	}
	return f, nil
}

func (v *visit) programmeOrNothing(id string) string {
	if id == "" {
		return ""
	}
	return v.within(v.programme(id))
}

func (v *visit) leadLine(l casework.Lead) leadLine {
	line := leadLine{Person: l.Name, Place: v.placeName(l.Area), Reason: v.either(l.ReasonZH, l.ReasonEN), Due: l.DueOn.String(), Path: v.personPath(l.PersonID)}
	if l.Programme != "" {
		line.Programme = v.programme(l.Programme)
	}
	switch {
	case l.Overdue:
		line.Due, line.DueTone = v.t("worklist.overdue", l.DueOn.String()), "bad"
	case l.Soon:
		line.Due, line.DueTone = v.t("worklist.soon", l.DueOn.String()), "warn"
	}
	switch {
	case l.Underpaid > 0:
		line.Money = v.t("worklist.underpaid", l.Underpaid.Yuan())
	case l.Overpaid > 0:
		line.Money = v.t("worklist.overpaid", l.Overpaid.Yuan())
	case l.Undelivered > 0:
		line.Money = v.t("worklist.undelivered", l.Undelivered.Yuan())
	case l.Monthly > 0:
		line.Money = v.t("worklist.monthly", l.Monthly.Yuan())
	}
	if l.Last != nil {
		line.Last = v.t("worklist.last", l.Last.On.String(), l.Last.ByName, v.t("outcome."+l.Last.Outcome))
	}
	return line
}

// actOnLead keeps what was done about somebody of a worklist.
func actOnLead(v *visit) (string, error) {
	r := v.reader()
	a := r.outcome(v.echo.Param("name"))
	id, programme, _ := strings.Cut(v.value("who"), " ")
	var err error
	if a.PersonID, err = uuid.Parse(id); err != nil {
		r.missing("who")
	}
	a.Programme = programme
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.ActOnLead(v.ctx, v.who, a)
	return v.path + "?done=lead", err
}
