// Package application is the life of one application: who may do what to it in which stage, and what a decision
// produces. It is pure: the caller locks, loads and saves.
package application

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
)

// Stage is the state of an application.
type Stage string

// The stages. In Submitted the village checks what others handed in; what its own liaison hands in counts as checked. The two stages of
// the district belong to the full chain.
const (
	Draft               Stage = "draft"
	Submitted           Stage = "submitted"
	TownReview          Stage = "town_review"
	CDPFReview          Stage = "cdpf_review"
	CivilAffairsDecides Stage = "civil_affairs_decision"
	Approved            Stage = "approved"
	Returned            Stage = "returned"
	Rejected            Stage = "rejected"
	Withdrawn           Stage = "withdrawn"
	CancelledDuplicate  Stage = "cancelled_duplicate"
)

var stages = map[Stage]string{Draft: "草稿", Submitted: "待村居核实", TownReview: "待镇办审核", CDPFReview: "待残联审核", CivilAffairsDecides: "待民政审定",
	Approved: "已批准", Returned: "已退回", Rejected: "不予批准", Withdrawn: "已撤回", CancelledDuplicate: "重复已注销"}

// ZH is the stage as officers say it.
func (s Stage) ZH() string { return stages[s] }

// KeepsMonthFor is how many days after a return the month of application is kept (choice).
const KeepsMonthFor = 30

// Applicant is who applies for the person: self, guardian, supporter, village_committee or agent.
type Applicant struct{ Relation, Name string }

// Application is one request for one programme.
type Application struct {
	ID          uuid.UUID
	Version     int
	CaseNumber  string // what people say and write; given by the database
	PersonID    uuid.UUID
	Programme   string
	Stage       Stage
	AppliedOn   calendar.Date
	OwedFrom    calendar.Month // first month that can be owed; fixed at submission
	Applicant   Applicant
	BankAccount string
	EnteredBy   uuid.UUID
	SubmittedBy uuid.UUID
	SubmittedAt time.Time
	ReturnedOn  calendar.Date
	DecidedBy   uuid.UUID
	DecidedAt   time.Time
	Explanation *Explanation
	CreatedAt   time.Time
	Steps       []Step
	AwardID     uuid.UUID // of the award that approval opened
}

// Step is one thing done to an application.
type Step struct {
	ID         uuid.UUID
	At         time.Time
	Action     string
	ActorID    uuid.UUID
	ActingFor  uuid.UUID // whom a deputy acted for
	ActorRole  access.Role
	ActorName  string
	From, To   Stage
	ReasonCode string
	Reason     string
	Fields     []string // what has to be corrected
	Changes    []Change // what a resubmission or a correction changed
}

// Change is one field that a resubmission changed, long numbers masked.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Explanation is what a decision rested on, kept as it was.
type Explanation struct {
	RuleSet     string              `json:"rule_set"`
	PackVersion string              `json:"pack_version"`
	AsOf        calendar.Date       `json:"as_of"`
	StartMonth  calendar.Month      `json:"start_month,omitzero"`
	Outcome     string              `json:"outcome"`
	AmountFen   int64               `json:"monthly_amount_fen"`
	Reasons     []ExplanationReason `json:"reasons"`
}

// ExplanationReason is one condition in both languages. Passed is nil where a fact was missing.
type ExplanationReason struct {
	Code   string `json:"code"`
	Passed *bool  `json:"passed"`
	ZH     string `json:"zh"`
	EN     string `json:"en"`
	Cite   string `json:"cite"`
}

// Enter begins an application as a draft.
func Enter(id, person uuid.UUID, programme string, appliedOn calendar.Date, by Applicant, account string, who access.Actor, now time.Time) (Application, error) {
	a := Application{ID: id, Version: 1, PersonID: person, Programme: programme, Stage: Draft, AppliedOn: appliedOn, Applicant: by,
		BankAccount: account, EnteredBy: who.AccountID, CreatedAt: now}
	if appliedOn.After(calendar.DateOf(now)) {
		return a, fault.InvalidFields(fault.Field{Name: "applied_on", Code: "DATE_IN_FUTURE", ZH: "申请日期不能晚于今天", EN: "applied_on is after today"})
	}
	a.step(who, now, "enter", Draft, Draft)
	return a, nil
}

// EnteredAfter is how many days after the day of application it was entered.
func (a *Application) EnteredAfter() int { return calendar.DateOf(a.CreatedAt).Sub(a.AppliedOn) }

// Submit hands a draft in. The month of application becomes the first that can be owed (自递交申请当月计发, 国发〔2015〕52号).
func (a *Application) Submit(who access.Actor, villageChecks bool, now time.Time) error {
	if a.Stage != Draft {
		return a.notInStage()
	}
	a.OwedFrom = a.AppliedOn.Month()
	a.handIn(who, now, "submit", villageChecks)
	return nil
}

// Resubmit hands a returned application in again. Within 30 days of the return its month is kept; later the month of
// the new submission counts.
func (a *Application) Resubmit(who access.Actor, villageChecks bool, now time.Time, changes []Change) error {
	if a.Stage != Returned {
		return a.notInStage()
	}
	a.OwedFrom = a.monthOnReturn(calendar.DateOf(now))
	a.handIn(who, now, "resubmit", villageChecks)
	a.lastStep().Changes = changes
	return nil
}

// entryStands refuses to change what an application was entered with once somebody has decided on it; and while it is in review, to
// anybody but those who entered it: a reviewer sends it back instead.
func (a *Application) entryStands(who access.Actor) error {
	switch a.Stage {
	case Draft, Returned:
		return nil
	case Submitted, TownReview:
		for i := len(a.Steps) - 1; i >= 0; i-- {
			switch a.Steps[i].Action {
			case "correct":
			case "submit", "resubmit":
				if slices.ContainsFunc(a.Steps, func(own Step) bool { return enters(own.Action) && Did(own.ActorID, own.ActingFor, who) }) {
					return nil
				}
				return fault.New(fault.Conflict, "NOT_YOUR_ENTRY", "审核中的申请由录入或提交人更正；审核人发现有误的，请退回", "in review it is put right by those who entered it; whoever reviews it sends it back")
			default:
				return fault.New(fault.Conflict, "DECIDED_ON", "已有审核意见，申请日期不能再更正；有误的请退回补正", "somebody has decided on it already; have it sent back")
			}
		}
	}
	return a.notInStage()
}

// Correctable reports whether somebody may put right now what the application was entered with.
func (a *Application) Correctable(who access.Actor) bool { return a.entryStands(who) == nil }

// Correct puts the day of application right. The month from which can be owed goes with it, unless a late resubmission has set it.
func (a *Application) Correct(who access.Actor, on calendar.Date, reason string, now time.Time) error {
	if err := a.entryStands(who); err != nil {
		return err
	}
	wrong := func(code, zh, en string) error {
		return fault.InvalidFields(fault.Field{Name: "applied_on", Code: code, ZH: zh, EN: en})
	}
	switch {
	case on == a.AppliedOn:
		return wrong("NOTHING_CORRECTED", "与原登记相同，没有更正的内容", "this is what is recorded already")
	case on.After(calendar.DateOf(a.CreatedAt)):
		return wrong("AFTER_ENTRY", "申请日期不能晚于录入日期", "applied_on lies after the day on which the application was entered")
	}
	change := Change{Field: appliedOn, Before: a.AppliedOn.String(), After: on.String()}
	a.applyOn(on)
	a.step(who, now, "correct", a.Stage, a.Stage)
	a.lastStep().Reason, a.lastStep().Changes = reason, []Change{change}
	return nil
}

const appliedOn = "applied_on"

func (a *Application) applyOn(on calendar.Date) {
	if a.OwedFrom == a.AppliedOn.Month() {
		a.OwedFrom = on.Month()
	}
	a.AppliedOn = on
}

// AccountNamedAt is when the applicant named the account to which the application wants the money paid: when it was handed in, or
// corrected after a return.
func (a *Application) AccountNamedAt() (at time.Time) {
	for _, s := range a.Steps {
		if s.Action == "submit" || slices.ContainsFunc(s.Changes, func(c Change) bool { return c.Field == "bank_account" }) {
			at = s.At
		}
	}
	return at
}

// monthOnReturn is the month that counts for what was returned and is handed in again on a day.
func (a *Application) monthOnReturn(day calendar.Date) calendar.Month {
	if day.After(a.ReturnedOn.Add(KeepsMonthFor)) {
		return day.Month()
	}
	return a.OwedFrom
}

// AskedOn is the day of the application that counts: that of the last submission, where it came too late to keep the month of the first.
func (a *Application) AskedOn() calendar.Date {
	if a.OwedFrom.After(a.AppliedOn.Month()) {
		return calendar.DateOf(a.SubmittedAt)
	}
	return a.AppliedOn
}

func (a *Application) handIn(who access.Actor, now time.Time, action string, villageChecks bool) {
	a.SubmittedBy, a.SubmittedAt = who.AccountID, now
	to := TownReview
	if villageChecks && who.Role != access.VillageLiaison {
		to = Submitted
	}
	a.step(who, now, action, a.Stage, to)
}

// Undecided are the stages in which a case is open: there is one at most for a person and programme.
var Undecided = []Stage{Draft, Submitted, TownReview, CDPFReview, CivilAffairsDecides, Returned}

// Withdraw ends an application that is not decided, at the applicant's wish.
func (a *Application) Withdraw(who access.Actor, reason string, now time.Time) error {
	if !slices.Contains(Undecided, a.Stage) {
		return a.notInStage()
	}
	a.step(who, now, "withdraw", a.Stage, Withdrawn)
	a.lastStep().Reason = reason
	return nil
}

// Ruling is what an officer decides.
type Ruling struct {
	Decision   string // approve, return or reject
	ReasonCode string
	Reason     string
	Fields     []string
}

// deciders are the roles that decide in each stage.
var deciders = map[Stage]access.Role{Submitted: access.VillageLiaison, TownReview: access.TownOfficer, CDPFReview: access.CDPFReviewer, CivilAffairsDecides: access.CivilAffairsApprover}

// WaitsFor is the stage in which cases wait for a role, or none.
func WaitsFor(role access.Role) Stage {
	for stage, decider := range deciders {
		if decider == role {
			return stage
		}
	}
	return ""
}

// after is where an approval leads in the full chain.
var after = map[Stage]Stage{Submitted: TownReview, TownReview: CDPFReview, CDPFReview: CivilAffairsDecides, CivilAffairsDecides: Approved}

// Decide rules on an application in the stage that is the actor's to decide. Who entered or handed in a case does not
// decide it, and nobody acts at two of its stages. In the full chain an approval leads to the next stage. A case that has
// reached the county stays there when the mode changes.
func (a *Application) Decide(who access.Actor, r Ruling, fullChain bool, now time.Time) error {
	if err := a.Decidable(who); err != nil {
		return err
	}
	to, known := map[string]Stage{"approve": Approved, "return": Returned, "reject": Rejected}[r.Decision]
	if to == Approved && (fullChain || a.Stage != TownReview) {
		to = after[a.Stage]
	}
	if !known {
		return fault.InvalidFields(fault.Field{Name: "decision", Code: "UNKNOWN_DECISION", ZH: "审批意见无效", EN: "unknown decision"})
	}
	if r.Decision != "approve" && r.Reason == "" && r.ReasonCode == "" {
		return fault.InvalidFields(fault.Field{Name: "reason", Code: "REASON_REQUIRED", ZH: "退回或不予批准须说明理由", EN: "a return or rejection needs a reason"})
	}
	if r.Decision == "approve" && (r.ReasonCode != "" || len(r.Fields) > 0) {
		return fault.InvalidFields(fault.Field{Name: "decision", Code: "REASON_AGAINST", ZH: "选择了退回或不予批准的理由，审批意见却是同意，请核对",
			EN: "a reason for a return or a rejection was chosen, and the decision is to approve"})
	}
	a.step(who, now, r.Decision, a.Stage, to)
	last := a.lastStep()
	last.ReasonCode, last.Reason, last.Fields = r.ReasonCode, r.Reason, r.Fields
	switch to {
	case Returned:
		a.ReturnedOn = calendar.DateOf(now)
	case Approved, Rejected:
		a.DecidedBy, a.DecidedAt = who.AccountID, now
	}
	return nil
}

// Decidable refuses who has no decision on a case as it stands: it is in another's stage, or he has had a hand in it.
func (a *Application) Decidable(who access.Actor) error {
	if role, open := deciders[a.Stage]; !open || role != who.Role {
		return a.notInStage()
	}
	return a.apart(who)
}

// apart keeps one person out of two duties in the same case. A deputy is kept out of what he and the one for whom he acts
// are kept out of.
func (a *Application) apart(who access.Actor) error {
	for _, s := range a.Steps {
		switch {
		case s.ActorID != who.AccountID && (who.ActingFor == uuid.Nil || s.ActorID != who.ActingFor):
		case enters(s.Action):
			return fault.New(fault.Conflict, "OWN_CASE", "不能审批本人录入或提交的申请", "nobody decides a case that he entered")
		case slices.Contains([]string{"approve", "return", "reject"}, s.Action) && s.From != a.Stage:
			return fault.New(fault.Conflict, "OWN_CASE", "同一人不能在同一申请的两个环节审批", "nobody acts at two stages of a case")
		}
	}
	return nil
}

// enters reports whether an action says what is applied for, so that who has taken it decides nothing.
func enters(action string) bool {
	return slices.Contains([]string{"enter", "submit", "resubmit", "correct"}, action)
}

func (a *Application) step(who access.Actor, now time.Time, action string, from, to Stage) {
	a.Stage = to
	a.Steps = append(a.Steps, Step{At: now, Action: action, ActorID: who.AccountID, ActingFor: who.ActingFor, ActorRole: who.Role, ActorName: who.Name, From: from, To: to})
}

func (a *Application) lastStep() *Step { return &a.Steps[len(a.Steps)-1] }

func (a *Application) notInStage() error {
	return fault.New(fault.Conflict, "WRONG_STAGE", "申请当前状态（"+a.Stage.ZH()+"）不能进行此操作", "the application is "+string(a.Stage)+"; this cannot be done now")
}
