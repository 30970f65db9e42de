package application

import (
	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/fault"
)

// OwnCase refuses somebody who rates, for another, what he did himself.
var OwnCase = fault.New(fault.Conflict, "OWN_CASE", "不能代为评价本人作出的决定或办理的服务", "nobody enters a rating of what he decided or did himself")

// Rates is the decision that a rating is of: the step that approved or rejected the application. Who decided it, or had it
// decided by his deputy, enters no rating of it; who is zero rates his own case with the code.
func (a *Application) Rates(who access.Actor) (Step, error) {
	for _, s := range a.Steps {
		if s.To != Approved && s.To != Rejected {
			continue
		}
		if Did(s.ActorID, s.ActingFor, who) {
			return s, OwnCase
		}
		return s, nil
	}
	return Step{}, fault.New(fault.Conflict, "NOT_DECIDED", "申请尚未办结，暂不能评价", "the application is not decided yet")
}

// Did reports whether who took a step, or acts for somebody who did, or had his deputy take it.
func Did(actor, actingFor uuid.UUID, who access.Actor) bool {
	if who.AccountID == uuid.Nil {
		return false
	}
	return actor == who.AccountID || actingFor == who.AccountID || who.ActingFor != uuid.Nil && (actor == who.ActingFor || actingFor == who.ActingFor)
}
