package web

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/casefile"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
	"zhucan/internal/ticket"
)

// lookupData is who a search has found, without what a clerk of the hotline need not know.
type lookupData struct {
	Search   *Form
	Searched bool
	Lines    []lookupLine
}

type lookupLine struct{ Name, Number, Phone, Birth, Disability, Place, Ticket, Rate string }

func showLookup(v *visit) (any, error) {
	data := lookupData{Search: v.newForm("search", "persons.search", &Field{Name: "text", Label: v.t("persons.text"), Hint: v.t("persons.text.hint"), Kind: "text", Need: true, Max: 40})}
	found, searched := v.found.([]store.Listed)
	data.Searched = searched
	where := v.placeNames()
	for _, l := range found {
		line := lookupLine{Name: idnum.MaskName(l.Name), Number: maskedNumber(l.Person), Phone: idnum.MaskPhone(l.Phone), Place: where(l.Managing), Ticket: "/tickets/new?person=" + l.ID.String(), Rate: "/lookup/" + l.ID.String()}
		if !l.BirthDate.IsZero() {
			line.Birth = v.t("lookup.born", l.BirthDate.Year())
		}
		if l.Category > 0 {
			line.Disability = v.disability(l.Category, l.Level)
		}
		data.Lines = append(data.Lines, line)
	}
	return data, nil
}

// ticketsData is what people brought, as far as this role sees it.
type ticketsData struct {
	filters
	New   bool
	Lines []ticketLine
	More  string
}

type ticketLine struct{ Path, Received, Kind, Topic, State, Unit, Clock, Tone string }

var (
	ticketStates   = []string{"received", "assigned", "returned", "answered", "called_back", "closed", "archived"}
	ticketChannels = []string{"12385", "12345", "web", "visit"}
	ticketKinds    = []string{"advice", "complaint", "petition"}
	ticketResults  = []string{ticket.Satisfied, ticket.FairlySatisfied, ticket.Dissatisfied, ticket.Unreached}
)

func (v *visit) topics() (list []Option) {
	for _, t := range v.desk.Pack().Tickets.Topics {
		list = append(list, Option{Value: t.Code, Label: v.either(t.ZH, t.EN)})
	}
	return list
}

// waitingTickets stands among the states for all those in which a ticket waits for this role.
const waitingTickets = "waiting"

func showTickets(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	data := ticketsData{New: v.may("/tickets/new")}
	f, err := v.ticketsAsked(&data)
	if err != nil {
		return nil, err
	}
	f.After, f.Limit = after.ID, pageSize
	found, err := v.desk.DB.ListTickets(v.ctx, v.who, f)
	if err != nil {
		return nil, err
	}
	where := v.placeNames()
	for _, t := range found {
		data.Lines = append(data.Lines, v.ticketLine(t, where))
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

// ticketsAsked reads which tickets an address asks for; what it asks for that there is not narrows nothing.
func (v *visit) ticketsAsked(data *ticketsData) (f store.TicketFilter, err error) {
	states, topics, times := v.options("ticket_state", ticketStates...), v.topics(), v.options("ticket_time", "overdue")
	if len(ticket.WaitsFor(v.who.Role)) > 0 {
		states = append([]Option{{Value: waitingTickets, Label: v.t("tickets.card")}}, states...)
	}
	asked(states, v.query.Get("state"))
	asked(topics, v.query.Get("topic"))
	asked(times, v.query.Get("overdue"))
	switch chosen := chosenOf(states); chosen {
	case "":
	case waitingTickets:
		f.States = ticket.WaitsFor(v.who.Role)
	default:
		f.States = []ticket.State{ticket.State(chosen)}
	}
	f.Topic = chosenOf(topics)
	if chosenOf(times) != "" {
		f.Overdue = v.desk.TicketsOverdueSince()
	}
	data.Filters = []filter{{"state", v.t("case.stage"), v.t("persons.all"), states}, {"topic", v.t("ticket.topic"), v.t("persons.all"), topics}, {"overdue", v.t("ticket.time"), v.t("persons.all"), times}}
	if f.Area = v.who.Area; v.who.Role != access.HotlineClerk && v.who.Role != access.Auditor { // they see what their unit has now
		return f, nil
	}
	places, in, err := v.areaFilter()
	f.Area, data.Filters = in, append(data.Filters, places...)
	return f, err
}

// chosenOf is the value of the choice that was made, or empty.
func chosenOf(options []Option) string {
	for _, o := range options {
		if o.Chosen {
			return o.Value
		}
	}
	return ""
}

func (v *visit) ticketLine(t ticket.Ticket, where func(area.Code) string) ticketLine {
	line := ticketLine{Path: "/tickets/" + t.ID.String(), Received: t.ReceivedAt.In(china).Format("2006-01-02 15:04"), Kind: v.t("ticket_kind." + t.Kind), Topic: v.topic(t.Topic),
		State: v.t("ticket_state." + string(t.State)), Unit: v.unitName(t.Unit, where)}
	line.Clock, line.Tone = v.ticketClock(t)
	return line
}

func (v *visit) topic(code string) string {
	if t := v.desk.Pack().Tickets.Topic(code); t != nil {
		return v.either(t.ZH, t.EN)
	}
	return code
}

func (v *visit) unitName(u ticket.Unit, where func(area.Code) string) string {
	if u == (ticket.Unit{}) {
		return ""
	}
	return where(u.Area) + " " + v.t("role."+string(u.Role))
}

// ticketClock says how long a ticket still has, in words.
func (v *visit) ticketClock(t ticket.Ticket) (text, tone string) {
	c := v.desk.TicketClock(t)
	switch {
	case c == nil:
		return "", ""
	case c.DaysLeft < 0:
		return v.t("clock.overdue", c.DueOn.String()), "bad"
	case c.DaysLeft <= 1:
		tone = "warn"
	}
	return v.t("clock.on_time", c.DueOn.String(), c.DaysLeft), tone
}

type newTicketData struct {
	About string
	Form  *Form
}

const minutes = "2006-01-02T15:04" // of a field for a day and a time

// maskedPerson is somebody as a clerk of the hotline sees him.
func (v *visit) maskedPerson(p casefile.Person) string {
	return idnum.MaskName(p.Name) + " " + maskedNumber(p) + " " + v.placeName(p.Managing)
}

// showNewTicket writes down what somebody brings. About whom is known by an id, where the clerk came from a search.
func showNewTicket(v *visit) (any, error) {
	data := newTicketData{}
	person := v.query.Get("person")
	if v.form != nil {
		person = v.value("person_id")
	}
	if id, err := uuid.Parse(person); err == nil {
		d, err := v.desk.DB.PersonFile(v.ctx, v.who, id)
		if err != nil {
			return nil, err
		}
		data.About = v.maskedPerson(d.File.Person)
	} else {
		person = ""
	}
	data.Form = v.newForm("receive", "ticket.receive", &Field{Name: "person_id", Kind: "hidden", Value: person},
		&Field{Name: "channel", Label: v.t("ticket.channel"), Kind: "radio", Need: true, Options: v.options("ticket_channel", ticketChannels...), Value: ticketChannels[0]},
		&Field{Name: "kind", Label: v.t("ticket.kind"), Kind: "radio", Need: true, Options: v.options("ticket_kind", ticketKinds...)},
		&Field{Name: "topic", Label: v.t("ticket.topic"), Kind: "select", Need: true, Options: v.topics()},
		&Field{Name: "received_at", Label: v.t("ticket.received"), Kind: "datetime-local", Need: true, Value: v.desk.Now().In(china).Format(minutes)},
		&Field{Name: "text", Label: v.t("ticket.text"), Hint: v.t("ticket.text.hint"), Kind: "textarea", Need: true, Max: 4000})
	v.group(data.Form, v.t("ticket.caller"),
		&Field{Name: "caller", Label: v.t("ticket.named"), Kind: "radio", Need: true, Value: "named", Options: v.options("ticket_named", "named", "anonymous")},
		&Field{Name: "caller.name", Label: v.t("ticket.caller.name"), Kind: "text", Max: 60}, &Field{Name: "caller.phone", Label: v.t("person.phone"), Kind: "text", Mode: "tel", Max: 20})
	return data, nil
}

func receiveTicket(v *visit) (string, error) {
	r := v.reader()
	in := ticket.Ticket{Channel: r.choice("channel", true, ticketChannels...), Kind: r.choice("kind", true, ticketKinds...), Topic: r.text("topic", 40, true), Text: r.text("text", 4000, true),
		Anonymous: r.choice("caller", true, "named", "anonymous") == "anonymous", Caller: ticket.Caller{Name: r.text("caller.name", 60, false), Phone: r.text("caller.phone", 20, false)}}
	in.PersonID = idOf(v.value("person_id"))
	var ok bool
	if in.ReceivedAt, ok = typedTime(v.value("received_at")); !ok {
		r.wrong("received_at", "NOT_A_TIME", "时间应写成2023-03-28T10:00的形式", "write the time as 2023-03-28T10:00")
	}
	if err := r.err(); err != nil {
		return "", err
	}
	t, err := v.desk.ReceiveTicket(v.ctx, v.who, in)
	return "/tickets/" + t.ID.String() + "?done=ticket", err
}

// ticketData is one ticket with what was done, and what this role may do now.
type ticketData struct {
	Kind, State, Clock, Tone string
	Facts                    []pair
	Text                     string
	Rate                     string // where the clerk asks whom it is about what he thinks
	Caller                   []pair // in clear, where that was asked for
	Reveal                   *Form
	Next                     *Form
	Steps                    []ticketStepLine
}

type ticketStepLine struct{ At, What, Who, Text string }

func showTicket(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	t, err := v.desk.DB.Ticket(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	where := v.placeNames()
	line := v.ticketLine(t, where)
	data := ticketData{Kind: line.Kind, State: line.State, Clock: line.Clock, Tone: line.Tone, Text: t.Text}
	caller := v.t("ticket_named.anonymous")
	if !t.Anonymous {
		caller = idnum.MaskName(t.Caller.Name) + " " + idnum.MaskPhone(t.Caller.Phone)
	}
	data.Facts = []pair{{v.t("ticket.received"), line.Received}, {v.t("ticket.channel"), v.t("ticket_channel." + t.Channel)}, {v.t("ticket.topic"), line.Topic}, {v.t("ticket.caller"), caller},
		{v.t("ticket.unit"), orNone(v, line.Unit)}}
	if t.Result != "" {
		data.Facts = append(data.Facts, pair{v.t("ticket.result"), v.t("ticket_result." + t.Result)})
	}
	for _, s := range t.Steps {
		data.Steps = append(data.Steps, v.ticketStep(s, where))
	}
	if told, ok := v.found.(ticket.Caller); ok {
		data.Caller = []pair{{v.t("ticket.caller.name"), told.Name}, {v.t("person.phone"), told.Phone}}
	} else if v.who.Role == hotline && !t.Anonymous {
		data.Reveal = v.newForm("reveal", "ticket.reveal", &Field{Name: "reason", Label: v.t("ticket.reveal.reason"), Kind: "text", Need: true, Max: 200})
	}
	if t.PersonID != uuid.Nil && v.may("/lookup/:id") {
		data.Rate = "/lookup/" + t.PersonID.String()
	}
	data.Next, err = v.nextOfTicket(t)
	return data, err
}

func (v *visit) ticketStep(s ticket.Step, where func(area.Code) string) ticketStepLine {
	line := ticketStepLine{At: s.At.In(china).Format("2006-01-02 15:04"), What: v.t("ticket_step." + s.Step), Who: s.ActorName + v.within(v.t("role."+string(s.ActorRole))), Text: s.Text}
	if s.ActorRole == access.System {
		line.Who = v.t("ticket.by_system")
	}
	if s.Unit != (ticket.Unit{}) {
		line.What += " → " + v.unitName(s.Unit, where)
	}
	if s.Result != "" {
		line.What += "：" + v.t("ticket_result."+s.Result)
	}
	return line
}

// nextOfTicket is one form with a button for each step that may be taken now; nil where none may.
func (v *visit) nextOfTicket(t ticket.Ticket) (*Form, error) {
	steps := t.Next(v.who)
	if len(steps) == 0 {
		return nil, nil
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(steps, func(step string) bool { return slices.Contains(names, step) })
	}
	if has("reply") { // what mostly comes next stands first
		slices.Reverse(steps)
	}
	var fields []*Field
	if has("assign", "forward") {
		units, err := v.units(t)
		if err != nil {
			return nil, err
		}
		fields = append(fields, &Field{Name: "unit", Label: v.t("ticket.unit"), Hint: v.t("ticket.unit.hint"), Kind: "select", Need: has("assign"), Options: units})
	}
	if has("call_back") {
		fields = append(fields, &Field{Name: "result", Label: v.t("ticket.result"), Kind: "radio", Need: true, Options: v.options("ticket_result", ticketResults...)})
	}
	fields = append(fields, &Field{Name: "text", Label: v.t("ticket.note"), Hint: v.t("ticket.note.hint"), Kind: "textarea", Max: 4000})
	if _, sent := ticketActs[v.do]; sent && v.form != nil {
		v.form.Set("form", steps[0]) // also where that step cannot be taken any more: what was written stays
	}
	f := v.newForm(steps[0], "ticket_step."+steps[0], fields...)
	f.Version = t.Version
	for _, step := range steps[1:] {
		v.button(f, step, "ticket_step."+step)
	}
	return f, nil
}

// units are who may be given a ticket: the towns of its district, and the offices of the district.
func (v *visit) units(t ticket.Ticket) (list []Option, err error) {
	towns, err := v.desk.DB.Children(v.ctx, t.Home, v.today)
	add := func(code area.Code, name, role string) {
		list = append(list, Option{Value: string(code) + " " + role, Label: name + " " + v.t("role."+role)})
	}
	for _, role := range []string{string(cdpf), string(civil)} {
		add(t.Home, v.placeName(t.Home), role)
	}
	for _, d := range towns {
		add(d.Code, d.Name, string(town))
	}
	return list, err
}

// ticketActs is who is shown the buttons of which steps; whether he may take one of this ticket is for the desk to say.
var ticketActs = map[string]act{"assign": {roles: roles{hotline}, do: takeTicketStep}, "forward": {roles: roles{hotline, town, cdpf, civil}, do: takeTicketStep},
	"return": {roles: roles{town, cdpf, civil}, do: takeTicketStep}, "reply": {roles: roles{town, cdpf, civil}, do: takeTicketStep}, "call_back": {roles: roles{hotline}, do: takeTicketStep},
	"close": {roles: roles{hotline}, do: takeTicketStep}, "reopen": {roles: roles{hotline}, do: takeTicketStep}, "archive": {roles: roles{hotline}, do: takeTicketStep}}

// takeTicketStep takes the step whose button was pressed. Who has given a ticket away does not see it any more.
func takeTicketStep(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	deed := ticket.Deed{Step: v.do, Text: r.text("text", 4000, false), Result: r.choice("result", false, ticketResults...)}
	if code, role, given := strings.Cut(v.value("unit"), " "); given {
		deed.Unit.Role = access.Role(role)
		if deed.Unit.Area, err = area.Parse(code); err != nil || !deed.Unit.Role.Valid() {
			r.wrong("unit", "NOT_A_CHOICE", "请从选项中选择", "choose one of the list")
		}
	}
	if err := r.err(); err != nil {
		return "", err
	}
	if _, err = v.desk.TakeTicketStep(v.ctx, v.who, id, v.version(), deed); err != nil {
		return "", err
	}
	if v.who.Role != hotline && (v.do == "forward" || v.do == "return") {
		return "/tickets?done=ticket_step", nil
	}
	return v.path + "?done=ticket_step", nil
}

// revealCaller tells who brought a ticket, to call him back. The desk keeps who asked and why; the answer goes into no address,
// no cookie and no memory of answers.
func revealCaller(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	if v.who.Role != hotline {
		return forbidden
	}
	r := v.reader()
	reason := r.text("reason", 200, true)
	if err := r.err(); err != nil {
		return err
	}
	t, err := v.desk.RevealCaller(v.ctx, v.who, id, reason)
	if err == nil {
		v.found = t.Caller
	}
	return err
}
