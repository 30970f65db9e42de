package care

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/fault"
)

// Voided is who took a step back, when and why; a step that stands has none.
type Voided struct {
	At        time.Time
	By        uuid.UUID
	Role      access.Role
	ActingFor uuid.UUID
	Reason    string
}

// History are all steps in the order in which they were recorded, with those that were taken back.
func (s Service) History() []Done {
	return slices.SortedFunc(slices.Values(slices.Concat(s.Steps, s.Voided)), func(a, b Done) int { return a.Seq - b.Seq })
}

// Void takes back the last step that stands: the service goes back to where it was before, and what the step counted no longer counts.
// Whoever may take such a step may take it back, and so may the district's 残联, since a mistake must not be final.
func Void(c Case, seq int, reason string, who access.Actor, now time.Time) (Service, Done, error) {
	n := len(c.Steps)
	if n == 0 || c.Steps[n-1].Seq != seq {
		return c.Service, Done{}, fault.New(fault.Conflict, "NOT_THE_LAST_STEP", "只能撤销最后一个有效步骤", "only the last step that stands can be taken back")
	}
	if c.Steps[n-1].Step == Reported {
		return c.Service, Done{}, fault.New(fault.Conflict, "FROM_A_LIST", "据名单登记的步骤随名单撤销", "what a list has brought goes with its list")
	}
	last, mine := c.Voidable(who.Role)
	if !mine {
		return c.Service, Done{}, fault.New(fault.Forbidden, "NOT_YOUR_STEP", "您的岗位不办理此步骤", "this step is not your role's")
	}
	s := c.Service
	s.State, s.Steps = last.From, slices.Clone(s.Steps[:n-1])
	last.Voided = Voided{At: now, By: who.AccountID, Role: who.Role, ActingFor: who.ActingFor, Reason: reason}
	s.Voided = append(slices.Clone(s.Voided), last)
	if c.UnderWay() || !s.UnderWay() {
		return s, last, nil
	}
	// meanwhile the same may have been opened anew
	if c.Service = s; c.openTwice(s.Need) {
		return s, last, openAlready
	}
	return s, last, nil
}

// Unsay takes back the last step, which came with a list, because that list was taken back.
func Unsay(s Service, who access.Actor, now time.Time) (Service, Done) {
	n := len(s.Steps)
	last := s.Steps[n-1]
	last.Voided = Voided{At: now, By: who.AccountID, Role: who.Role, ActingFor: who.ActingFor, Reason: "名单已撤销"}
	s.State, s.Steps, s.Voided = last.From, slices.Clone(s.Steps[:n-1]), append(slices.Clone(s.Voided), last)
	return s, last
}

// Correct puts right what a service was opened with, by the rules by which it would be opened, while no step rests on it.
func Correct(c Case) (Service, error) {
	switch {
	case len(c.Steps) > 0:
		return c.Service, fault.New(fault.Conflict, "STEPS_STAND", "已有办理步骤，须先撤销各步骤再更正登记内容", "steps rest on it; take them back first")
	case c.OpenedOn == c.On && sameEvidence(c.Need, c.Evidence):
		return c.Service, fault.InvalidFields(fault.Field{Name: "opened_on", Code: "NOTHING_CORRECTED", ZH: "与原登记相同，没有更正的内容", EN: "this is what is recorded already"})
	}
	return Open(c)
}

func sameEvidence(a, b Evidence) bool {
	one, err := json.Marshal(a)
	other, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// Voidable is the step that Void would take back for somebody.
func (s Service) Voidable(role access.Role) (last Done, ok bool) {
	n := len(s.Steps)
	if n == 0 || s.Steps[n-1].Step == Reported {
		return Done{}, false
	}
	last = s.Steps[n-1]
	return last, slices.Contains(ChainOf(s.Kind).step(last.Step).Roles, role) || slices.Contains(district, role)
}
