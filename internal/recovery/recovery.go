// Package recovery is what was paid and not owed, and how it comes back (追缴): asked for, repaid at once or in instalments,
// kept back from later payments with consent, handed to another department, or waived by two people with a reason.
// Amounts only ever add up: what is asked for is repaid, waived or outstanding. It is pure.
package recovery

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/money"
)

// State is how far a recovery is.
type State string

// The states.
const (
	Open        State = "open"
	Notified    State = "notified"
	Instalments State = "instalments"
	Transferred State = "transferred"
	Closed      State = "closed"
)

// Recovery is what one person is asked back from one programme.
type Recovery struct {
	ID        uuid.UUID
	Version   int
	PersonID  uuid.UUID
	Programme string
	State     State
	Reason    string
	OpenedAt  time.Time
	ClosedAt  time.Time
	Consented money.Fen // what may still be kept back from rosters
	Moved     bool      // it came with a file that was merged, and asks for no more than it did: that file may go again
	Months    []Month   // in order
	Events    []Event   // in order
	added     int
}

// Month is the part of one month that was paid.
type Month struct {
	ID             uuid.UUID
	Month          calendar.Month
	Amount         money.Fen
	Repaid, Waived money.Fen
}

// Outstanding is what is left of a month.
func (m Month) Outstanding() money.Fen { return m.Amount - m.Repaid - m.Waived }

// Event is one step.
type Event struct {
	ID       uuid.UUID
	At       time.Time
	Event    string
	Amount   money.Fen
	Reason   string
	RosterID uuid.UUID // of an offset
	ActorID  uuid.UUID // zero: the service itself
}

// Outstanding is what is left of all.
func (r *Recovery) Outstanding() (sum money.Fen) {
	for _, m := range r.Months {
		sum += m.Outstanding()
	}
	return sum
}

// Amount is what is asked back in all.
func (r *Recovery) Amount() (sum money.Fen) {
	for _, m := range r.Months {
		sum += m.Amount
	}
	return sum
}

// Step is what an officer does to a recovery.
type Step struct {
	Event  string // notify, consent, agree_instalments, repay, transfer, propose_waiver, waive
	Amount money.Fen
	Reason string
}

// Do takes a step. Amounts are at most what is outstanding.
func (r *Recovery) Do(who access.Actor, s Step, now time.Time) error {
	if r.State == Closed {
		return fault.New(fault.Conflict, "WRONG_STATE", "追缴已办结", "the recovery is closed")
	}
	do, known := steps[s.Event]
	if !known {
		return fault.InvalidFields(fault.Field{Name: "event", Code: "UNKNOWN_EVENT", ZH: "无此操作", EN: "unknown event"})
	}
	if !Takes(who.Role, s.Event) {
		return fault.New(fault.Forbidden, "NOT_YOUR_STEP", "退回款项由财务岗登记", "what was repaid the finance officer records")
	}
	if do.amount && (s.Amount <= 0 || s.Amount > r.Outstanding()) {
		return fault.InvalidFields(fault.Field{Name: "amount_fen", Code: "AMOUNT_OUT_OF_RANGE", ZH: "金额须大于零且不超过待追缴余额", EN: "the amount is more than nothing and at most what is outstanding"})
	}
	if do.reason && s.Reason == "" {
		return fault.InvalidFields(fault.Field{Name: "reason", Code: "REASON_REQUIRED", ZH: "须说明理由", EN: "a reason is required"})
	}
	if s.Event == "waive" && !r.proposed(s.Amount, who) {
		return fault.New(fault.Conflict, "WAIVER_NOT_PROPOSED", "核销须由他人以相同金额提出后批准", "a waiver is proposed by another for the same amount first")
	}
	if s.Event == "consent" && s.Amount+r.Consented > r.Outstanding() {
		return fault.InvalidFields(fault.Field{Name: "amount_fen", Code: "AMOUNT_OUT_OF_RANGE", ZH: "抵扣合计超过待追缴余额", EN: "more would be kept back than is outstanding"})
	}
	do.apply(r, s.Amount)
	r.note(Event{At: now, Event: do.past, Amount: s.Amount, Reason: s.Reason, ActorID: who.AccountID})
	r.closeWhenDone(now)
	return nil
}

var steps = map[string]struct {
	past           string
	amount, reason bool
	apply          func(*Recovery, money.Fen)
}{
	"notify":            {"notified", false, false, func(r *Recovery, _ money.Fen) { r.State = Notified }},
	"consent":           {"consented", true, false, func(r *Recovery, fen money.Fen) { r.Consented += fen }},
	"agree_instalments": {"instalments_agreed", false, true, func(r *Recovery, _ money.Fen) { r.State = Instalments }},
	"repay":             {"repaid", true, false, (*Recovery).repay},
	"transfer":          {"transferred", false, true, func(r *Recovery, _ money.Fen) { r.State = Transferred }},
	"propose_waiver":    {"waiver_proposed", true, true, func(*Recovery, money.Fen) {}},
	"waive":             {"waived", true, true, (*Recovery).waive},
}

// Takes reports whether a role may take a step, among those that take any. Only finance, which holds the money, records repayments: what
// was repaid is owed again once it turns out that it was owed, so whoever may say that it was not must not record them as well.
func Takes(role access.Role, event string) bool {
	return event != "repay" || role == access.FinanceOfficer || role == access.System
}

func (r *Recovery) proposed(fen money.Fen, who access.Actor) bool {
	return slices.ContainsFunc(r.Proposals(), func(e Event) bool { return e.Amount == fen && e.byAnother(who) })
}

// byAnother reports whether a step was taken neither by somebody nor by the one for whom he acts.
func (e Event) byAnother(who access.Actor) bool {
	return e.ActorID != who.AccountID && (who.ActingFor == uuid.Nil || e.ActorID != who.ActingFor)
}

// Proposals are the waivers that were proposed since the last one that was approved, which answers all before it: what one has proposed is
// waived once.
func (r *Recovery) Proposals() (list []Event) {
	for _, e := range r.Events {
		switch e.Event {
		case "waiver_proposed":
			list = append(list, e)
		case "waived":
			list = nil
		}
	}
	return list
}

// Offset takes off what a roster that was paid has kept back. What is more than outstanding was kept back wrongly: it
// counts as repaid beyond what was asked, and so is owed to the person again.
func (r *Recovery) Offset(fen money.Fen, roster uuid.UUID, now time.Time) {
	rest, consented := fen-min(fen, r.Outstanding()), max(0, r.Consented-fen)
	r.repay(fen - rest)
	if rest > 0 {
		last := &r.Months[len(r.Months)-1]
		last.Amount, last.Repaid = last.Amount+rest, last.Repaid+rest
	}
	r.Consented = min(consented, r.Outstanding())
	r.note(Event{At: now, Event: "offset", Amount: fen, RosterID: roster})
	r.closeWhenDone(now)
}

// OffsetReturned undoes up to so much of what a roster has kept back, since the payment has come back, and says how much: it is outstanding again,
// and may be kept back again. What was asked wrongly by it, Adjust takes off.
func (r *Recovery) OffsetReturned(fen money.Fen, roster uuid.UUID, now time.Time) money.Fen {
	var kept money.Fen
	for _, e := range r.Events {
		switch {
		case e.RosterID != roster:
		case e.Event == "offset":
			kept += e.Amount
		case e.Event == "offset_returned":
			kept -= e.Amount
		}
	}
	part := min(fen, kept)
	if part == 0 {
		return 0
	}
	rest := part
	for i := range slices.Backward(r.Months) { // the other way round than it was spread
		take := min(rest, r.Months[i].Repaid)
		r.Months[i].Repaid, rest = r.Months[i].Repaid-take, rest-take
	}
	r.Consented = min(r.Consented+part, r.Outstanding())
	r.note(Event{At: now, Event: "offset_returned", Amount: part, RosterID: roster})
	if r.State == Closed {
		r.State, r.ClosedAt = r.before(), time.Time{}
	}
	return part
}

// before is how far a recovery was before it was closed.
func (r *Recovery) before() State {
	state := Open
	for _, e := range r.Events {
		switch e.Event {
		case "notified":
			state = Notified
		case "instalments_agreed":
			state = Instalments
		case "transferred":
			state = Transferred
		}
	}
	return state
}

func (r *Recovery) repay(fen money.Fen) {
	r.spread(fen, func(m *Month, part money.Fen) { m.Repaid += part })
}

func (r *Recovery) waive(fen money.Fen) {
	r.spread(fen, func(m *Month, part money.Fen) { m.Waived += part })
}

// spread gives an amount to the oldest months first.
func (r *Recovery) spread(fen money.Fen, give func(*Month, money.Fen)) {
	for i := range r.Months {
		if part := min(fen, r.Months[i].Outstanding()); part > 0 {
			give(&r.Months[i], part)
			fen -= part
		}
	}
	r.Consented = min(r.Consented, r.Outstanding())
}

func (r *Recovery) closeWhenDone(now time.Time) {
	if r.Outstanding() == 0 && r.State != Closed {
		r.State, r.ClosedAt, r.Consented = Closed, now, 0
		r.note(Event{At: now, Event: "closed"})
	}
}

func (r *Recovery) note(e Event) {
	r.Events = append(r.Events, e)
	r.added++
}

// Added are the events that are new since the recovery was read or written.
func (r *Recovery) Added() []Event { return r.Events[len(r.Events)-r.added:] }

// Saved notes that the recovery is written as it is.
func (r *Recovery) Saved() { r.Version, r.added = r.Version+1, 0 }

// Over is what was paid for one month beyond what is owed for it, as found now.
type Over struct {
	Month calendar.Month
	Fen   money.Fen
}

// Adjust makes a person's recoveries of one programme ask for what was found over, month by month: more is added to the
// one that is still open, or to a new one made by open; less is taken off, what is outstanding first, then what was
// waived. What was repaid stays repaid: the difference is then owed to the person and paid by the next roster.
// It returns the recoveries that changed.
func Adjust(list []*Recovery, found []Over, now time.Time, open func() *Recovery) []*Recovery {
	var changed []*Recovery
	var current *Recovery
	for _, r := range list {
		if r.State == Open && !r.Moved {
			current = r
		}
	}
	for _, over := range found {
		var asked money.Fen
		for _, r := range list {
			asked += r.amountOf(over.Month)
		}
		switch {
		case over.Fen > asked:
			if current == nil {
				current = open()
				list = append(list, current)
			}
			current.increase(over.Month, over.Fen-asked, now)
			changed = append(changed, current)
		case over.Fen < asked:
			changed = append(changed, reduce(list, over.Month, asked-over.Fen, now)...)
		}
	}
	slices.SortFunc(changed, func(a, b *Recovery) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return slices.Compact(changed)
}

func (r *Recovery) amountOf(m calendar.Month) (sum money.Fen) {
	for _, one := range r.Months {
		if one.Month == m {
			sum += one.Amount
		}
	}
	return sum
}

func (r *Recovery) increase(m calendar.Month, fen money.Fen, now time.Time) {
	i, found := slices.BinarySearchFunc(r.Months, m, func(one Month, m calendar.Month) int { return one.Month.Compare(m) })
	if !found {
		r.Months = slices.Insert(r.Months, i, Month{Month: m})
	}
	r.Months[i].Amount += fen
	event := "increased"
	if len(r.Events) == 0 {
		event = "opened"
	}
	r.note(Event{At: now, Event: event, Amount: fen})
}

// reduce takes off what is outstanding, then what was waived, each from the newest recovery first.
func reduce(list []*Recovery, m calendar.Month, fen money.Fen, now time.Time) (changed []*Recovery) {
	off := map[*Recovery]money.Fen{}
	for _, can := range []func(Month) money.Fen{Month.Outstanding, func(one Month) money.Fen { return one.Waived }} {
		for _, r := range slices.Backward(list) {
			for i := range r.Months {
				if one := &r.Months[i]; one.Month == m {
					part := min(fen, can(*one))
					one.Amount -= part
					one.Waived = min(one.Waived, one.Amount-one.Repaid)
					off[r], fen = off[r]+part, fen-part
				}
			}
		}
	}
	for _, r := range slices.Backward(list) {
		if off[r] > 0 {
			r.Consented = min(r.Consented, r.Outstanding())
			r.note(Event{At: now, Event: "reduced", Amount: off[r]})
			r.closeWhenDone(now)
			changed = append(changed, r)
		}
	}
	return changed
}
