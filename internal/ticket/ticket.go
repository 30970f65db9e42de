// Package ticket is the life of what people bring to the hotline (12385残疾人服务热线): received, given to a unit, answered, called
// back, closed and archived (事事有结果、件件有回音). It is pure: the caller locks, loads and saves.
package ticket

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/calendar/workdays"
	"zhucan/internal/fault"
)

// State is where a ticket stands.
type State string

// The states. Assigned tickets wait for their unit, received and returned ones for the clerk who finds a unit.
const (
	Received   State = "received"
	Assigned   State = "assigned"
	Returned   State = "returned" // by a unit that it is not for
	Answered   State = "answered"
	CalledBack State = "called_back"
	Closed     State = "closed"
	Archived   State = "archived"
)

var states = map[State]string{Received: "待转办", Assigned: "办理中", Returned: "已退回", Answered: "已答复待回访", CalledBack: "已回访", Closed: "已办结", Archived: "已归档"}

// ZH is the state as officers say it.
func (s State) ZH() string { return states[s] }

// The limits that a ticket waits under are that of its kind until it is answered, and this one until it is closed.
const callBack = "call_back"

// WaitsFor are the states in which a ticket waits for somebody of a role: for its unit until it has answered, and for the hotline before and after.
func WaitsFor(role access.Role) []State {
	switch role {
	case access.HotlineClerk:
		return []State{Received, Returned, Answered, CalledBack}
	case access.TownOfficer, access.CDPFReviewer, access.CivilAffairsApprover:
		return []State{Assigned}
	}
	return nil
}

// What callers say of an answer: 满意, 基本满意, 不满意, or 未接通 where nobody could reach them. Dissatisfied opens the ticket again. Unreached needs
// a text that says when it was tried; it is no answer, and is not counted beside the satisfied.
const (
	Satisfied       = "satisfied"
	FairlySatisfied = "fairly_satisfied"
	Dissatisfied    = "dissatisfied"
	Unreached       = "unreached"
)

// Unit is who answers: a role of an area.
type Unit struct {
	Area area.Code
	Role access.Role
}

// levels are of which area the units of each role are.
var levels = map[access.Role]string{access.TownOfficer: "town", access.CDPFReviewer: "district", access.CivilAffairsApprover: "district"}

// is reports whether who acts for the unit. A reviewer of a larger area is another unit.
func (u Unit) is(who access.Actor) bool { return who.Role == u.Role && who.Area == u.Area }

// Caller is who brought it; empty where he is not named.
type Caller struct{ Name, Phone string }

// Ticket is one matter.
type Ticket struct {
	ID         uuid.UUID
	Version    int
	Home       area.Code // whose hotline
	State      State
	Channel    string // 12385, 12345, web or visit
	Kind       string // advice, complaint or petition
	Topic      string
	Anonymous  bool
	Caller     Caller
	PersonID   uuid.UUID // about whom, where that is known
	Text       string
	ReceivedAt time.Time
	Unit       Unit          // zero while the clerk has it
	Since      calendar.Date // from when working days count
	Limit      string        // which limit runs; empty: none
	Result     string        // of the last call back
	Reopened   int
	ClosedAt   time.Time
	Steps      []Step
}

// Step is one thing done to a ticket. It is never changed.
type Step struct {
	ID        uuid.UUID
	Seq       int
	Step      string
	From, To  State
	Unit      Unit
	Text      string
	Result    string
	At        time.Time
	ActorID   uuid.UUID
	ActorRole access.Role
	ActorName string
	ActingFor uuid.UUID
}

// Receive writes down what somebody brings, within some days of the day on which it came. A caller who may be called back has a name and a telephone.
func Receive(t Ticket, who access.Actor, now time.Time, within int) (Ticket, error) {
	if t.ReceivedAt.IsZero() {
		t.ReceivedAt = now
	}
	switch {
	case t.ReceivedAt.After(now):
		return t, invalid("received_at", "IN_FUTURE", "受理时间不能晚于现在", "received_at lies in the future")
	case t.ReceivedAt.Before(now.AddDate(0, 0, -within)):
		return t, invalid("received_at", "TOO_EARLY", fmt.Sprintf("受理时间早于%d天前，请核对年份", within), fmt.Sprintf("received_at lies more than %d days ago; look at its year", within))
	case t.Anonymous && t.Caller != Caller{}:
		return t, invalid("caller", "ANONYMOUS", "匿名来件不登记来电人", "who calls without a name has none written down")
	case !t.Anonymous && t.Caller.Name == "":
		return t, invalid("caller.name", "CALLER_REQUIRED", "请登记来电人姓名，或注明匿名", "name the caller, or say that he is not named")
	case !t.Anonymous && t.Caller.Phone == "":
		return t, invalid("caller.phone", "CALLER_REQUIRED", "请登记来电人电话以便回访，或注明匿名", "note the caller's telephone to call back, or say that he is not named")
	}
	t.Version, t.State, t.Home = 1, Received, who.Area
	t.Since, t.Limit = calendar.DateOf(t.ReceivedAt), t.Kind
	t.add(who, Deed{Step: "receive"}, Received, now)
	return t, nil
}

// Deed is what somebody does to a ticket.
type Deed struct {
	Step   string
	Text   string
	Unit   Unit   // who has it from now on
	Result string // of a call back
}

// rule is who may take a step, from where to where, and with what.
type rule struct {
	step               string
	from               []State
	to                 State
	clerk, unit        bool // who takes it
	text, names, asked bool // needs a text, a unit, a result
}

var rules = []rule{
	{step: "assign", from: []State{Received, Returned}, to: Assigned, clerk: true, names: true},
	{step: "forward", from: []State{Assigned}, to: Assigned, clerk: true, unit: true, names: true, text: true},
	{step: "return", from: []State{Assigned}, to: Returned, unit: true, text: true},
	{step: "reply", from: []State{Assigned}, to: Answered, unit: true, text: true},
	{step: "call_back", from: []State{Answered}, to: CalledBack, clerk: true, asked: true},
	{step: "close", from: []State{CalledBack, Answered}, to: Closed, clerk: true},
	{step: "reopen", from: []State{Closed}, to: Assigned, clerk: true, text: true},
	{step: "archive", from: []State{Closed}, to: Archived, clerk: true},
}

func (r rule) takes(t *Ticket, who access.Actor) bool {
	return r.clerk && who.Role == access.HotlineClerk || r.unit && t.Unit.is(who)
}

// Next lists the steps that who may take now.
func (t *Ticket) Next(who access.Actor) (steps []string) {
	for _, r := range rules {
		if slices.Contains(r.from, t.State) && r.takes(t, who) && r.possible(t) == nil {
			steps = append(steps, r.step)
		}
	}
	return steps
}

// Take takes a step.
func (t *Ticket) Take(who access.Actor, d Deed, now time.Time) error {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.step == d.Step })
	if i < 0 {
		return invalid("step", "UNKNOWN_STEP", "没有这个步骤", "there is no such step")
	}
	r := rules[i]
	if err := r.check(t, who, d); err != nil {
		return err
	}
	to, today := r.to, calendar.DateOf(now)
	switch d.Step {
	case "assign", "forward":
		t.Unit = d.Unit
	case "return":
		t.Unit = Unit{}
	case "reply":
		t.Since, t.Limit = today, callBack
	case "call_back":
		if t.Result = d.Result; d.Result == Dissatisfied {
			to = Assigned
			t.again(today)
		}
	case "close":
		t.ClosedAt, t.Limit = now, ""
	case "reopen":
		t.ClosedAt, t.Result = time.Time{}, ""
		t.again(today)
	}
	t.add(who, d, to, now)
	return nil
}

// Follow gives an open ticket of a unit that has ended to the unit that follows it, in the state in which it is and with the time that it
// has left. Nobody asks for this step: it follows from the end of a division. steps is how many the ticket has.
func (t *Ticket) Follow(who access.Actor, next area.Code, steps int, now time.Time) {
	t.Unit.Area = next
	t.Steps = append(t.Steps, Step{Seq: steps + 1, Step: "follow", From: t.State, To: t.State, Unit: t.Unit, At: now,
		ActorID: who.AccountID, ActorRole: who.Role, ActorName: who.Name, ActingFor: who.ActingFor})
}

// again gives the unit the whole time of the kind once more, from today (choice).
func (t *Ticket) again(today calendar.Date) {
	t.Reopened++
	t.Since, t.Limit = today, t.Kind
}

func (r rule) check(t *Ticket, who access.Actor, d Deed) error {
	switch {
	case !r.takes(t, who):
		return fault.New(fault.Forbidden, "NOT_YOUR_STEP", "此步骤不由您的岗位或单位办理", "this step is not your role's or your unit's")
	case !slices.Contains(r.from, t.State):
		return fault.New(fault.Conflict, "WRONG_STATE", "工单当前状态（"+t.State.ZH()+"）不能进行此操作", "the ticket is "+string(t.State)+"; this cannot be done now")
	}
	if err := r.possible(t); err != nil {
		return err
	}
	return r.complete(t, d)
}

// possible refuses what the way of this ticket does not allow: who is not named cannot be called back, and all others are
// called back before their tickets close.
func (r rule) possible(t *Ticket) error {
	switch {
	case r.step == "call_back" && t.Anonymous:
		return fault.New(fault.Conflict, "ANONYMOUS", "匿名来件无法回访，可直接办结", "nobody can be called back; close the ticket")
	case r.step == "close" && t.State == Answered && !t.Anonymous:
		return fault.New(fault.Conflict, "CALL_BACK_FIRST", "回访后方可办结", "the caller is called back before a ticket closes")
	}
	return nil
}

// complete refuses a deed that lacks what its step needs, or brings what is not of it.
func (r rule) complete(t *Ticket, d Deed) error {
	needsText := r.text || d.Result == Dissatisfied || d.Result == Unreached
	switch {
	case needsText && d.Text == "":
		return invalid("text", "TEXT_REQUIRED", "请填写说明", "say what was answered or why")
	case r.asked != (d.Result != ""):
		return invalid("result", "RESULT_OF_CALL_BACK", "回访步骤须填写满意度，其他步骤不填", "a call back has a result, and no other step")
	case r.names != (d.Unit != Unit{}):
		return invalid("unit", "UNIT_OF_ASSIGNMENT", "转办步骤须指定承办单位，其他步骤不填", "an assignment names a unit, and no other step")
	case !r.names:
		return nil
	case d.Unit == t.Unit:
		return invalid("unit", "SAME_UNIT", "已由该单位承办", "this unit has it already")
	case levels[d.Unit.Role] != d.Unit.Area.Level() || !t.Home.Contains(d.Unit.Area):
		return invalid("unit.area_code", "NO_SUCH_UNIT", "该区划没有此类承办单位", "there is no such unit in this area")
	}
	return nil
}

func (t *Ticket) add(who access.Actor, d Deed, to State, now time.Time) {
	from := t.State
	t.State = to
	t.Steps = append(t.Steps, Step{Seq: len(t.Steps) + 1, Step: d.Step, From: from, To: to, Unit: d.Unit, Text: d.Text, Result: d.Result, At: now,
		ActorID: who.AccountID, ActorRole: who.Role, ActorName: who.Name, ActingFor: who.ActingFor})
}

// Clock is the time that a ticket has left. It is computed when asked, never stored.
type Clock struct {
	DueOn    calendar.Date
	DaysLeft int // working days until then; negative once it has passed
}

// ClockOn is the clock of a ticket on a day, or nil once it is closed.
func (t *Ticket) ClockOn(day calendar.Date, days *workdays.Calendar, limits map[string]int) *Clock {
	if t.Limit == "" {
		return nil
	}
	due := days.Add(t.Since, limits[t.Limit])
	return &Clock{DueOn: due, DaysLeft: days.Between(day, due)}
}

func invalid(name, code, zh, en string) error {
	return fault.InvalidFields(fault.Field{Name: name, Code: code, ZH: zh, EN: en})
}
