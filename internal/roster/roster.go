// Package roster is the monthly list of payments (发放花名册) and its way: calculated, checked, locked, sent, answered by the
// bank, closed. It is pure: what is on a roster is computed by the store from dues and payments.
package roster

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/money"
)

// State is how far a roster is.
type State string

// The states. A locked roster never changes again; what was wrong on it goes to a later one.
const (
	Draft      State = "draft"
	Calculated State = "calculated"
	Checked    State = "checked"
	Locked     State = "locked"
	Sent       State = "sent"
	ResultsIn  State = "results_in"
	Closed     State = "closed"
	Cancelled  State = "cancelled"
)

var states = map[State]string{Draft: "草稿", Calculated: "已编制，待复核", Checked: "已复核，待锁定",
	Locked: "已锁定，待报送", Sent: "已报送，待银行结果", ResultsIn: "结果登记中", Closed: "已办结", Cancelled: "已作废"}

// ZH is the state as officers say it.
func (s State) ZH() string { return states[s] }

// Open reports whether a roster may still be calculated again or given up.
func (s State) Open() bool { return s == Draft || s == Calculated || s == Checked }

// Roster is one list for one month of one area, for one programme or for all.
type Roster struct {
	ID        uuid.UUID
	Version   int
	Month     calendar.Month
	Area      area.Code
	Programme string // empty: all
	State     State
	Made      Stamp
	Checked   Stamp
	Locked    Stamp
	Sent      Stamp
	Closed    Stamp
	Totals    Totals
	Checksum  []byte // sha256 over all lines in order; from locking on
}

// Stamp is who did a step and when.
type Stamp struct {
	By uuid.UUID
	At time.Time
}

// of reports whether somebody did a step, or acts for who did it.
func (s Stamp) of(who access.Actor) bool {
	return s.By == who.AccountID || who.ActingFor != uuid.Nil && s.By == who.ActingFor
}

// Totals are of the lines that are paid; Held counts those that are not paid for now.
type Totals struct {
	Persons, Lines, PersonMonths, Held int
	Gross, Deduction, Net              money.Fen
	Programmes                         []ProgrammeTotal
}

// ProgrammeTotal is the part of one programme.
type ProgrammeTotal struct {
	Programme    string    `json:"programme"`
	Persons      int       `json:"persons"`
	PersonMonths int       `json:"person_months"`
	Net          money.Fen `json:"net_fen"`
}

// Line is what one person gets from one programme.
type Line struct {
	RosterID               uuid.UUID
	Seq                    int
	PersonID               uuid.UUID
	Programme              string
	AwardID                uuid.UUID
	Area                   area.Code
	Level                  int
	Rate                   money.Fen // a month, of the latest month paid
	RateDocument           string
	Months                 int            // person-months
	ArrearsFrom, ArrearsTo calendar.Month // zero: only the roster's own month
	Regular, Arrears       money.Fen
	Supplement             money.Fen
	Deduction, Net         money.Fen
	Hold                   string        // why it is not paid for now; empty where it is
	State                  string        // due, held, sent, paid, failed
	Failure                string        // as the bank says
	ReturnedOn             calendar.Date // zero: it did not come back after it was paid
	ReturnDocument         string
	PersonName, Holder     string
	Account                string // clear; only for the bank's file
	IDNumber, Certificate  string // clear; only for the bank's file, as what follows
	Category               int
	Town, Village          string
	ProgrammeName          string
	PayeeID                uuid.UUID
}

// Make begins a roster.
func Make(id uuid.UUID, month calendar.Month, at area.Code, programme string, who access.Actor, now time.Time) (Roster, error) {
	if month.After(calendar.DateOf(now).Month()) {
		return Roster{}, fault.InvalidFields(fault.Field{Name: "month", Code: "MONTH_IN_FUTURE", ZH: "不能提前编制以后月份的花名册", EN: "the month has not begun"})
	}
	return Roster{ID: id, Version: 1, Month: month, Area: at, Programme: programme, State: Draft, Made: Stamp{who.AccountID, now}}, nil
}

// Calculate makes or makes again what is on the roster. Who calculates is its maker.
func (r *Roster) Calculate(who access.Actor, totals Totals, now time.Time) error {
	if err := r.in(Draft, Calculated, Checked); err != nil {
		return err
	}
	r.State, r.Made, r.Checked, r.Totals = Calculated, Stamp{who.AccountID, now}, Stamp{}, totals
	return nil
}

// Check is the second pair of eyes.
func (r *Roster) Check(who access.Actor, now time.Time) error {
	if err := r.in(Calculated); err != nil {
		return err
	}
	if r.Made.of(who) {
		return SameHands
	}
	r.State, r.Checked = Checked, Stamp{who.AccountID, now}
	return nil
}

// Lock fixes the roster for ever.
func (r *Roster) Lock(who access.Actor, checksum []byte, now time.Time) error {
	if err := r.in(Checked); err != nil {
		return err
	}
	r.State, r.Locked, r.Checksum = Locked, Stamp{who.AccountID, now}, checksum
	return nil
}

// Send gives the roster to the bank. Maker, checker and sender are three people.
func (r *Roster) Send(who access.Actor, now time.Time) error {
	if err := r.in(Locked); err != nil {
		return err
	}
	if r.Made.of(who) || r.Checked.of(who) {
		return SameHands
	}
	r.State, r.Sent = Sent, Stamp{who.AccountID, now}
	return nil
}

// TakeResults notes that the bank has answered.
func (r *Roster) TakeResults() error {
	if err := r.in(Sent, ResultsIn); err != nil {
		return err
	}
	r.State = ResultsIn
	return nil
}

// Return looks whether payments may come back that the bank has reported as paid: also when the roster is closed, which stays as it is.
func (r *Roster) Return() error { return r.in(ResultsIn, Closed) }

// Close ends the roster once the bank has answered for every line.
func (r *Roster) Close(who access.Actor, unanswered int, now time.Time) error {
	if err := r.in(ResultsIn); err != nil {
		return err
	}
	if unanswered > 0 {
		return fault.New(fault.Conflict, "UNANSWERED_LINES", "仍有未收到银行结果的明细，不能办结", "the bank has not answered for every line")
	}
	r.State, r.Closed = Closed, Stamp{who.AccountID, now}
	return nil
}

// Cancel gives up a roster that is not locked; what was on it can be put on another.
func (r *Roster) Cancel() error {
	if err := r.in(Draft, Calculated, Checked); err != nil {
		return err
	}
	r.State, r.Totals = Cancelled, Totals{}
	return nil
}

// SameHands is the answer to one person for two steps that want two.
var SameHands = fault.New(fault.Conflict, "SAME_HANDS", "编制、复核、发送须由不同人员办理", "maker, checker and sender are different people")

func (r *Roster) in(states ...State) error {
	if slices.Contains(states, r.State) {
		return nil
	}
	return fault.New(fault.Conflict, "WRONG_STATE", "花名册当前状态（"+r.State.ZH()+"）不能进行此操作", "the roster is "+string(r.State)+"; this cannot be done now")
}

// TotalsOf adds up lines that are not written yet.
func TotalsOf(lines []Line) (t Totals) {
	persons := map[uuid.UUID]bool{}
	for _, l := range lines {
		if l.Hold != "" {
			t.Held++
			continue
		}
		persons[l.PersonID] = true
		t.Lines, t.PersonMonths = t.Lines+1, t.PersonMonths+l.Months
		t.Gross, t.Deduction, t.Net = t.Gross+l.Net+l.Deduction, t.Deduction+l.Deduction, t.Net+l.Net
		i := slices.IndexFunc(t.Programmes, func(p ProgrammeTotal) bool { return p.Programme == l.Programme })
		if i < 0 {
			i, t.Programmes = len(t.Programmes), append(t.Programmes, ProgrammeTotal{Programme: l.Programme})
		}
		p := &t.Programmes[i]
		p.Persons, p.PersonMonths, p.Net = p.Persons+1, p.PersonMonths+l.Months, p.Net+l.Net
	}
	t.Persons = len(persons)
	slices.SortFunc(t.Programmes, func(a, b ProgrammeTotal) int { return strings.Compare(a.Programme, b.Programme) })
	return t
}
