package httpapi

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/access"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/idnum"
	"zhucan/internal/money"
	"zhucan/internal/recovery"
	"zhucan/internal/roster"
	"zhucan/internal/store"
)

// onAward reads what every change of an award has, and answers the award as it then is.
func onAward[T any](r *Request, do func(id uuid.UUID, in T) (award.Award, error)) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[T](r)
	if err != nil {
		return Response{}, err
	}
	w, err := do(id, in)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: w.Version, Body: awardView(w, r.Today)}, nil
}

func (a *API) suspendAward(r *Request) (Response, error) {
	return onAward(r, func(id uuid.UUID, in api.AwardSuspension) (award.Award, error) {
		return a.Desk.SuspendAward(r.Ctx, r.Who, id, r.Version, calendar.Month(in.FromMonth), in.Reason)
	})
}

func (a *API) resumeAward(r *Request) (Response, error) {
	return onAward(r, func(id uuid.UUID, in api.AwardResumption) (award.Award, error) {
		return a.Desk.ResumeAward(r.Ctx, r.Who, id, r.Version, calendar.Month(in.FromMonth), in.BackPay)
	})
}

func (a *API) endAward(r *Request) (Response, error) {
	return onAward(r, func(id uuid.UUID, in api.AwardEnd) (award.Award, error) {
		return a.Desk.EndAward(r.Ctx, r.Who, id, r.Version, calendar.Month(in.LastMonth), in.Reason)
	})
}

func (a *API) reinstateAward(r *Request) (Response, error) {
	return onAward(r, func(id uuid.UUID, in api.AwardReinstatement) (award.Award, error) {
		return a.Desk.ReinstateAward(r.Ctx, r.Who, id, r.Version, calendar.Month(in.FromMonth), award.Reinstatement{Document: in.Document, Reason: in.Reason})
	})
}

func (a *API) voidAward(r *Request) (Response, error) {
	return onAward(r, func(id uuid.UUID, in api.AwardVoid) (award.Award, error) {
		return a.Desk.VoidAward(r.Ctx, r.Who, id, r.Version, in.Reason)
	})
}

func (a *API) grantBackPay(r *Request) (Response, error) {
	return onAward(r, func(id uuid.UUID, in api.BackPay) (award.Award, error) {
		return a.Desk.GrantBackPay(r.Ctx, r.Who, id, r.Version, in.Months, in.Reason)
	})
}

func (a *API) getLedger(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	rows, err := a.Desk.DB.Ledger(r.Ctx, r.Who, id, r.Today.Month())
	if err != nil {
		return Response{}, err
	}
	v := api.Ledger{Items: []api.LedgerItem{}}
	for _, row := range rows {
		v.Items = append(v.Items, a.ledgerItem(row))
	}
	return Response{Body: v}, nil
}

func (a *API) ledgerItem(row store.LedgerRow) api.LedgerItem {
	v := api.LedgerItem{Programme: api.Programme(row.Programme), Month: api.Month(row.Month), DueFen: int64(row.Due), PaidFen: int64(row.Paid),
		OnRosterFen: int64(row.OnRoster), RepaidFen: int64(row.Repaid), WaivedFen: int64(row.Waived), DifferenceFen: int64(row.Difference()),
		RosterIds: row.RosterIDs}
	if n := len(row.RosterIDs); n > 0 {
		v.RosterID = &row.RosterIDs[n-1]
	}
	if row.Due > 0 {
		cites := append([]string{row.RateDocument}, a.Desk.Pack().Programme(row.Programme).Cites(row.RuleSet)...)
		v.Reason = &api.LedgerReason{RuleVersion: row.RuleSet, Level: row.Level, RateFen: int64(row.Due), Cites: cites}
	}
	return v
}

func (a *API) listPayees(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.DB.Payees(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	v := api.PayeeList{Items: []api.Payee{}}
	for _, p := range list {
		v.Items = append(v.Items, payeeView(p))
	}
	return Response{Body: v}, nil
}

func (a *API) setPayee(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewPayee](r)
	if err != nil {
		return Response{}, err
	}
	p, err := a.Desk.SetPayee(r.Ctx, r.Who, id, casework.NewPayee{Holder: in.Holder, Relation: string(in.Relation), Account: in.Account, Reason: value(in.Reason)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: payeeView(p)}, nil
}

func payeeView(p store.Payee) api.Payee {
	return api.Payee{ID: p.ID, PersonID: p.PersonID, Holder: p.Holder, Relation: api.PayeeRelation(p.Relation), Account: idnum.MaskAccount(p.Account),
		Reason: some(p.Reason), RecordedAt: p.RecordedAt.UTC(), SupersededAt: some(p.SupersededAt.UTC())}
}

func (a *API) createRoster(r *Request) (Response, error) {
	in, err := decode[api.NewRoster](r)
	if err != nil {
		return Response{}, err
	}
	at, err := code("area_code", in.AreaCode)
	if err != nil {
		return Response{}, err
	}
	made, err := a.Desk.MakeRoster(r.Ctx, r.Who, calendar.Month(in.Month), at, string(value(in.Programme)))
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: made.Version, Body: rosterView(made)}, nil
}

// rosterStep is an operation that takes one step of a roster and has no body.
func (a *API) rosterStep(step func(*casework.Desk, context.Context, access.Actor, uuid.UUID, int) (roster.Roster, error)) handler {
	return func(r *Request) (Response, error) {
		id, err := r.id()
		if err != nil {
			return Response{}, err
		}
		done, err := step(a.Desk, r.Ctx, r.Who, id, r.Version)
		if err != nil {
			return Response{}, err
		}
		return Response{Version: done.Version, Body: rosterView(done)}, nil
	}
}

func (a *API) listRosters(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	month, _ := calendar.ParseMonth(r.Query.Get("month"))
	found, err := a.Desk.DB.ListRosters(r.Ctx, r.Who, store.RosterFilter{Area: in, Month: month, After: after, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	items := []api.Roster{}
	for _, one := range found {
		items = append(items, rosterView(one))
	}
	return Response{Body: api.RosterList{Items: items, NextCursor: next(found, r.limit(), func(one roster.Roster) string { return idCursor(one.ID) })}}, nil
}

func (a *API) getRoster(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	one, err := a.Desk.DB.Roster(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	view := rosterView(one)
	if one.State.Open() {
		n, err := a.Desk.DB.CountDoubts(r.Ctx, r.Who, id, r.Today)
		if err != nil {
			return Response{}, err
		}
		unpublished, changed, shared, returned := n[store.Unpublished], n[store.ChangedAccount], n[store.SharedAccount], n[store.Returned]
		view.UnpublishedLines, view.ChangedAccountLines, view.SharedAccountLines, view.ReturnedLines = &unpublished, &changed, &shared, &returned
	}
	return Response{Version: one.Version, Body: view}, nil
}

func rosterView(o roster.Roster) api.Roster {
	v := api.Roster{ID: o.ID, Version: o.Version, Month: api.Month(o.Month), AreaCode: api.AreaCode(o.Area), Programme: some(api.Programme(o.Programme)),
		State: api.RosterState(o.State), MadeBy: o.Made.By, MadeAt: o.Made.At.UTC(), CheckedBy: some(o.Checked.By), CheckedAt: some(o.Checked.At.UTC()),
		LockedBy: some(o.Locked.By), LockedAt: some(o.Locked.At.UTC()), SentBy: some(o.Sent.By), SentAt: some(o.Sent.At.UTC()), ClosedAt: some(o.Closed.At.UTC()),
		Persons: o.Totals.Persons, Lines: o.Totals.Lines, PersonMonths: o.Totals.PersonMonths, Held: o.Totals.Held, GrossFen: int64(o.Totals.Gross),
		DeductionFen: int64(o.Totals.Deduction), NetFen: int64(o.Totals.Net), NetCapitals: o.Totals.Net.Capitals(), Programmes: []api.RosterProgramme{},
		Checksum: some(hex.EncodeToString(o.Checksum))}
	for _, p := range o.Totals.Programmes {
		v.Programmes = append(v.Programmes, api.RosterProgramme{Programme: api.Programme(p.Programme), Persons: p.Persons, PersonMonths: p.PersonMonths, NetFen: int64(p.Net)})
	}
	return v
}

func (a *API) listRosterLines(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	if _, err := a.Desk.DB.Roster(r.Ctx, r.Who, id); err != nil {
		return Response{}, err
	}
	after, err := store.ParsePlace(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.DB.RosterLines(r.Ctx, r.Who, store.LinesOf{Roster: id, After: after, Limit: r.limit(), State: r.Query.Get("state"), Doubt: store.Doubt(r.Query.Get("doubt")), Today: r.Today})
	if err != nil {
		return Response{}, err
	}
	items := []api.RosterLine{}
	for _, l := range found {
		items = append(items, rosterLineView(l))
	}
	return Response{Body: api.RosterLineList{Items: items, NextCursor: next(found, r.limit(), func(l roster.Line) string { return strconv.Itoa(l.Seq) })}}, nil
}

func rosterLineView(l roster.Line) api.RosterLine {
	return api.RosterLine{Seq: l.Seq, PersonID: l.PersonID, PersonName: some(l.PersonName), Programme: api.Programme(l.Programme), AwardID: l.AwardID,
		AreaCode: api.AreaCode(l.Area), Level: l.Level, RateFen: int64(l.Rate), RateDocument: l.RateDocument, Months: l.Months,
		ArrearsFrom: some(api.Month(l.ArrearsFrom)), ArrearsTo: some(api.Month(l.ArrearsTo)), RegularFen: int64(l.Regular), ArrearsFen: int64(l.Arrears),
		SupplementFen: int64(l.Supplement), DeductionFen: int64(l.Deduction), NetFen: int64(l.Net), Holder: some(l.Holder),
		Account: some(idnum.MaskAccount(l.Account)), Hold: some(l.Hold), State: api.RosterLineState(l.State), Failure: some(l.Failure),
		ReturnedOn: some(l.ReturnedOn), ReturnDocument: some(l.ReturnDocument)}
}

func (a *API) returnPayment(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.PaymentReturn](r)
	if err != nil {
		return Response{}, err
	}
	line, err := a.Desk.ReturnPayment(r.Ctx, r.Who, id, casework.Return{Seq: in.Seq, Net: money.Fen(in.NetFen), On: in.ReturnedOn, Document: in.Document, Reason: in.Reason})
	if err != nil {
		return Response{}, err
	}
	return Response{Body: rosterLineView(line)}, nil
}

func (a *API) listRecoveries(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	person := r.queryID("person_id")
	found, err := a.Desk.DB.ListRecoveries(r.Ctx, r.Who, store.RecoveryFilter{Area: in, State: r.Query.Get("state"), PersonID: person, After: after, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	items := []api.Recovery{}
	for _, one := range found {
		items = append(items, recoveryView(one))
	}
	return Response{Body: api.RecoveryList{Items: items, NextCursor: next(found, r.limit(), func(one *recovery.Recovery) string { return idCursor(one.ID) })}}, nil
}

func (a *API) getRecovery(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	one, err := a.Desk.DB.Recovery(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: one.Version, Body: recoveryView(one)}, nil
}

func (a *API) addRecoveryEvent(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.RecoveryStep](r)
	if err != nil {
		return Response{}, err
	}
	one, err := a.Desk.StepRecovery(r.Ctx, r.Who, id, r.Version, recovery.Step{Event: string(in.Event), Amount: money.Fen(value(in.AmountFen)), Reason: value(in.Reason)})
	if err != nil {
		return Response{}, err
	}
	return Response{Version: one.Version, Body: recoveryView(one)}, nil
}

func recoveryView(o *recovery.Recovery) api.Recovery {
	v := api.Recovery{ID: o.ID, Version: o.Version, PersonID: o.PersonID, Programme: api.Programme(o.Programme), State: api.RecoveryState(o.State),
		Reason: o.Reason, OpenedAt: o.OpenedAt.UTC(), ClosedAt: some(o.ClosedAt.UTC()), AmountFen: int64(o.Amount()), OutstandingFen: int64(o.Outstanding()),
		ConsentedFen: int64(o.Consented), Months: []api.RecoveryMonth{}, Events: []api.RecoveryEvent{}}
	for _, m := range o.Months {
		v.RepaidFen, v.WaivedFen = v.RepaidFen+int64(m.Repaid), v.WaivedFen+int64(m.Waived)
		v.Months = append(v.Months, api.RecoveryMonth{Month: api.Month(m.Month), AmountFen: int64(m.Amount), RepaidFen: int64(m.Repaid), WaivedFen: int64(m.Waived)})
	}
	for _, e := range o.Events {
		v.Events = append(v.Events, api.RecoveryEvent{At: e.At.UTC(), Event: e.Event, AmountFen: int64(e.Amount), Reason: some(e.Reason), RosterID: some(e.RosterID), ActorID: some(e.ActorID)})
	}
	return v
}
