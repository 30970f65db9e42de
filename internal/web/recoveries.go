package web

import (
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/money"
	"zhucan/internal/recovery"
	"zhucan/internal/store"
)

// recoveriesData is what was paid and not owed, the oldest first.
type recoveriesData struct {
	filters
	Lines []recoveryLine
	More  string
}

type recoveryLine struct {
	Path, Person, Place, Programme, State, Opened, Amount, Left string
}

var recoveryStates = []string{"open", "notified", "instalments", "transferred", "closed"}

func showRecoveries(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	states := v.options("recovery_state", recoveryStates...)
	asked(states, v.query.Get("state"))
	places, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	f := store.RecoveryFilter{Area: in, After: after.ID, Limit: pageSize}
	if slices.Contains(recoveryStates, v.query.Get("state")) {
		f.State = v.query.Get("state")
	}
	found, err := v.desk.DB.ListRecoveries(v.ctx, v.who, f)
	if err != nil {
		return nil, err
	}
	data := recoveriesData{filters: filters{Filters: append([]filter{{"state", v.t("case.stage"), v.t("persons.all"), states}}, places...)}}
	if data.Lines, err = v.recoveryLines(found); err != nil {
		return nil, err
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

func (v *visit) recoveryLines(list []*recovery.Recovery) (lines []recoveryLine, err error) {
	ids := make([]uuid.UUID, len(list))
	for i, r := range list {
		ids[i] = r.PersonID
	}
	named, err := v.desk.DB.PersonsNamed(v.ctx, v.who, ids)
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		line := recoveryLine{Path: "/recoveries/" + r.ID.String(), Person: named[r.PersonID].Name, Place: place(named[r.PersonID].Managing), Programme: v.programme(r.Programme), State: v.t("recovery_state." + string(r.State)),
			Opened: r.OpenedAt.In(china).Format("2006-01-02"), Amount: r.Amount().Yuan(), Left: r.Outstanding().Yuan()}
		if line.Person == "" {
			line.Person = v.t("roster.moved")
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// recoveryData is one recovery: what is asked back for which months, what was done, and what may be done next.
type recoveryData struct {
	Recovery recoveryLine
	Reason   string
	Ledger   string
	Repaid   string
	Waived   string
	Consent  string
	Months   []recoveryMonth
	Events   []recoveryEvent
	Forms    []titledForm
	Notes    []string
}

type recoveryMonth struct{ Month, Amount, Repaid, Waived, Left string }

type recoveryEvent struct{ At, What, Amount, Who, Reason string }

func showRecovery(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	r, err := v.desk.DB.Recovery(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	lines, err := v.recoveryLines([]*recovery.Recovery{r})
	if err != nil {
		return nil, err
	}
	data := recoveryData{Recovery: lines[0], Reason: v.t("recovery_reason." + r.Reason), Ledger: "/persons/" + r.PersonID.String() + "/ledger", Consent: r.Consented.Yuan()}
	var repaid, waived money.Fen
	for _, m := range r.Months {
		repaid, waived = repaid+m.Repaid, waived+m.Waived
		data.Months = append(data.Months, recoveryMonth{m.Month.String(), m.Amount.Yuan(), m.Repaid.Yuan(), m.Waived.Yuan(), m.Outstanding().Yuan()})
	}
	data.Repaid, data.Waived = repaid.Yuan(), waived.Yuan()
	if data.Events, err = v.recoveryEvents(r); err != nil {
		return nil, err
	}
	v.recoveryForms(&data, r)
	return data, nil
}

func (v *visit) recoveryEvents(r *recovery.Recovery) (list []recoveryEvent, err error) {
	var ids []uuid.UUID
	for _, e := range r.Events {
		ids = append(ids, e.ActorID)
	}
	names, err := v.desk.DB.AccountNames(v.ctx, v.who, ids)
	if err != nil {
		return nil, err
	}
	for _, e := range r.Events {
		line := recoveryEvent{At: e.At.In(china).Format("2006-01-02 15:04"), What: v.t("recovery_event." + e.Event), Who: names[e.ActorID], Reason: e.Reason}
		if line.Who == "" {
			line.Who = v.t("recovery.service")
		}
		if e.Amount > 0 {
			line.Amount = e.Amount.Yuan()
		}
		list = append(list, line)
	}
	return list, nil
}

// recoverySteps are what an officer does, with what each step asks for. Whether it may be done the recovery says.
var recoverySteps = []struct {
	name           string
	amount, reason bool
}{{"notify", false, false}, {"consent", true, false}, {"repay", true, false}, {"agree_instalments", false, true}, {"transfer", false, true}, {"propose_waiver", true, true}, {"waive", true, true}}

func (v *visit) recoveryForms(data *recoveryData, r *recovery.Recovery) {
	if r.State == recovery.Closed || !v.acts("notify") {
		return
	}
	for _, s := range recoverySteps {
		proposal := proposedBy(r, v.who)
		switch {
		case !recovery.Takes(v.who.Role, s.name):
			continue
		case s.name == "waive" && proposal == 0 && v.do != "waive":
			if len(r.Proposals()) > 0 {
				data.Notes = append(data.Notes, v.t("recovery.waive.other"))
			}
			continue
		case s.name == "notify" && r.State != recovery.Open && v.do != "notify":
			continue
		}
		var fields []*Field
		if s.amount {
			amount := r.Outstanding()
			if s.name == "waive" {
				amount = proposal
			}
			fields = append(fields, &Field{Name: "amount_fen", Label: v.t("recovery.amount"), Hint: v.t("recovery.amount.hint", r.Outstanding().Yuan()), Kind: "text", Mode: "decimal", Need: true, Max: 16, Value: amount.Yuan()})
		}
		fields = append(fields, &Field{Name: "reason", Label: v.t("application.reason"), Kind: "text", Max: 500, Need: s.reason})
		for _, f := range fields {
			f.Of = s.name
		}
		f := v.newForm(s.name, "recovery."+s.name, fields...)
		f.Version, f.Grave = r.Version, s.name == "waive"
		data.Forms = append(data.Forms, titledForm{Title: v.t("recovery." + s.name + ".hint"), Form: f})
	}
}

// proposedBy is the amount that another has proposed last to waive.
func proposedBy(r *recovery.Recovery, who access.Actor) (fen money.Fen) {
	for _, e := range r.Proposals() {
		if e.ActorID != who.AccountID {
			fen = e.Amount
		}
	}
	return fen
}

// stepRecovery takes a step of a recovery.
func stepRecovery(event string, amount bool) act {
	takes := slices.DeleteFunc(slices.Clone(moneyRoles), func(r access.Role) bool { return !recovery.Takes(r, event) })
	return act{roles: takes, do: func(v *visit) (string, error) {
		id, err := v.id()
		if err != nil {
			return "", err
		}
		r := v.reader()
		step := recovery.Step{Event: event, Reason: r.text("reason", 500, false)}
		if amount {
			step.Amount = r.amount("amount_fen")
		}
		if err := r.err(); err != nil {
			return "", err
		}
		_, err = v.desk.StepRecovery(v.ctx, v.who, id, v.version(), step)
		return v.path + "?done=recovery", err
	}}
}

// amount is an amount in yuan.
func (r *reader) amount(name string) money.Fen {
	fen, ok := fen(r.v.value(name))
	if !ok {
		r.wrong(name, "NOT_AN_AMOUNT", "金额应写成元，最多两位小数", "an amount in yuan with two decimals at most")
	}
	return money.Fen(fen)
}

func recoveryActs() map[string]act {
	acts := map[string]act{}
	for _, s := range recoverySteps {
		acts[s.name] = stepRecovery(s.name, s.amount)
	}
	return acts
}
