package httpapi

import (
	"net/http"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/access"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
	"zhucan/internal/ticket"
)

func (a *API) listTicketTopics(*Request) (Response, error) {
	rules := a.Desk.Pack().Tickets
	v := api.TicketTopics{Items: []api.TicketTopic{}}
	v.Limits.Advice, v.Limits.Complaint, v.Limits.Petition, v.Limits.CallBack = rules.Limits["advice"], rules.Limits["complaint"], rules.Limits["petition"], rules.Limits["call_back"]
	for _, t := range rules.Topics {
		v.Items = append(v.Items, api.TicketTopic{Code: t.Code, Name: t.ZH, NameEN: t.EN})
	}
	return Response{Body: v}, nil
}

func (a *API) receiveTicket(r *Request) (Response, error) {
	in, err := decode[api.NewTicket](r)
	if err != nil {
		return Response{}, err
	}
	caller := value(in.Caller)
	t, err := a.Desk.ReceiveTicket(r.Ctx, r.Who, ticket.Ticket{Channel: string(in.Channel), Kind: string(in.Kind), Topic: in.Topic, Anonymous: value(in.Anonymous),
		Caller: ticket.Caller{Name: value(caller.Name), Phone: value(caller.Phone)}, PersonID: value(in.PersonID), Text: in.Text, ReceivedAt: value(in.ReceivedAt)})
	return a.ticketAnswer(http.StatusCreated, t, err, r)
}

func (a *API) listTickets(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	filter := store.TicketFilter{Area: in, Topic: r.Query.Get("topic"), After: after, Limit: r.limit()}
	if state := r.Query.Get("state"); state != "" {
		filter.States = []ticket.State{ticket.State(state)}
	}
	if r.Query.Get("overdue") == "true" {
		filter.Overdue = a.Desk.TicketsOverdueSince()
	}
	found, err := a.Desk.DB.ListTickets(r.Ctx, r.Who, filter)
	if err != nil {
		return Response{}, err
	}
	v := api.TicketList{Items: []api.TicketSummary{}, NextCursor: next(found, r.limit(), func(t ticket.Ticket) string { return idCursor(t.ID) })}
	for _, t := range found {
		full := a.ticketView(t, r.Who)
		v.Items = append(v.Items, api.TicketSummary{ID: full.ID, Version: full.Version, State: full.State, Channel: full.Channel, Kind: full.Kind, Topic: full.Topic,
			TopicName: full.TopicName, PersonID: full.PersonID, ReceivedAt: full.ReceivedAt, Unit: full.Unit, Clock: full.Clock, Reopened: full.Reopened, ClosedAt: full.ClosedAt})
	}
	return Response{Body: v}, nil
}

func (a *API) getTicket(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	t, err := a.Desk.DB.Ticket(r.Ctx, r.Who, id)
	return a.ticketAnswer(http.StatusOK, t, err, r)
}

func (a *API) takeTicketStep(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewTicketStep](r)
	if err != nil {
		return Response{}, err
	}
	deed := ticket.Deed{Step: string(in.Step), Text: value(in.Text), Result: string(value(in.Result))}
	if in.Unit != nil {
		deed.Unit.Role = access.Role(in.Unit.Role)
		if deed.Unit.Area, err = code("unit.area_code", &in.Unit.AreaCode); err != nil {
			return Response{}, err
		}
	}
	t, err := a.Desk.TakeTicketStep(r.Ctx, r.Who, id, r.Version, deed)
	return a.ticketAnswer(http.StatusCreated, t, err, r)
}

func (a *API) revealTicketCaller(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.TicketReveal](r)
	if err != nil {
		return Response{}, err
	}
	t, err := a.Desk.RevealCaller(r.Ctx, r.Who, id, in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.TicketCaller{Name: some(t.Caller.Name), Phone: some(t.Caller.Phone)}}, nil
}

func (a *API) ticketAnswer(status int, t ticket.Ticket, err error, r *Request) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	return Response{Status: status, Version: t.Version, Body: a.ticketView(t, r.Who)}, nil
}

// ticketView masks the caller: nobody needs him to answer, and who complains of a unit is not shown to it.
func (a *API) ticketView(t ticket.Ticket, who access.Actor) api.Ticket {
	v := api.Ticket{ID: t.ID, Version: t.Version, State: api.TicketState(t.State), Channel: api.TicketChannel(t.Channel), Kind: api.TicketKind(t.Kind), Topic: t.Topic,
		PersonID: some(t.PersonID), ReceivedAt: t.ReceivedAt.UTC(), Unit: unitView(t.Unit), Reopened: t.Reopened, ClosedAt: instant(t.ClosedAt), Anonymous: t.Anonymous, Text: t.Text,
		Result: some(api.TicketResult(t.Result)), Steps: []api.TicketStep{}, Next: []api.TicketStepName{}}
	if topic := a.Desk.Pack().Tickets.Topic(t.Topic); topic != nil {
		v.TopicName = &topic.ZH
	}
	if !t.Anonymous {
		v.Caller = &api.TicketCaller{Name: some(idnum.MaskName(t.Caller.Name)), Phone: some(idnum.MaskPhone(t.Caller.Phone))}
	}
	if c := a.Desk.TicketClock(t); c != nil {
		v.Clock = &api.TicketClock{DueOn: c.DueOn, WorkingDaysLeft: c.DaysLeft, Overdue: c.DaysLeft < 0}
	}
	for _, s := range t.Steps {
		one := api.TicketStep{Seq: s.Seq, Step: api.TicketStepName(s.Step), FromState: api.TicketState(s.From), ToState: api.TicketState(s.To), Unit: unitView(s.Unit),
			Text: some(s.Text), Result: some(api.TicketResult(s.Result)), At: s.At.UTC(), ActingFor: some(s.ActingFor)}
		if s.ActorID != uuid.Nil {
			one.Actor = &api.StepActor{ID: s.ActorID, Name: s.ActorName, Role: api.Role(s.ActorRole)}
		}
		v.Steps = append(v.Steps, one)
	}
	for _, step := range t.Next(who) {
		v.Next = append(v.Next, api.TicketStepName(step))
	}
	return v
}

func unitView(u ticket.Unit) *api.TicketUnit {
	if u == (ticket.Unit{}) {
		return nil
	}
	return &api.TicketUnit{AreaCode: api.AreaCode(u.Area), Role: api.TicketUnitRole(u.Role)}
}
