// Package care runs the service chains: rehabilitation, assistive devices and home retrofits. A chain is one file: its
// states, who takes which step with which evidence, and what counts. This file is what they have in common.
package care

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/money"
)

// Kind names a chain.
type Kind string

// The chains.
const (
	Rehab    Kind = casefile.Rehab
	Device   Kind = casefile.Device
	Retrofit Kind = casefile.Retrofit
)

// Chain is the way of one kind of service from a need to what came of it.
type Chain struct {
	Kind      Kind
	ZH, EN    string
	Household bool // it is for a household, not for a person
	States    []State
	Given     []string // the states in which the service was given
	Need      []Field  // what opens it; the first state is where it begins
	Opens     func(Case) error
	Steps     []Step
}

// State is where a service stands.
type State struct {
	Code, ZH, EN string
	Final        bool // nothing has to follow
}

// Step leads from one state to another.
type Step struct {
	Name, ZH, EN string
	From         []string
	To           string            // empty: the state stays
	ByResult     map[string]string // or the state by the evidence's result
	Roles        []access.Role
	Evidence     []Field
	Check        func(Case) error
	Adds         func(Case) Evidence // what the catalogue or the register says at the time, kept with the evidence
	Added        []Field             // what of it is shown
	Counts       func(Case) []string // for the indicators, of which services this day is one
	Afterwards   bool                // it may follow the person's death
}

// Chains are all chains. One more needs its file, a line here, its kind in the contract (ServiceKind) and in the CHECK of the table services.
var Chains = []*Chain{&rehab, &device, &retrofit}

// ChainOf is the chain of a kind, or nil.
func ChainOf(kind Kind) *Chain {
	i := slices.IndexFunc(Chains, func(c *Chain) bool { return c.Kind == kind })
	if i < 0 {
		return nil
	}
	return Chains[i]
}

// Service is one run through a chain.
type Service struct {
	ID          uuid.UUID
	Version     int
	Kind        Kind
	PersonID    uuid.UUID // nil for a household's
	HouseholdID uuid.UUID
	Area        string
	State       string
	OpenedOn    calendar.Date
	Need        Evidence
	OpenedBy    uuid.UUID
	CreatedAt   time.Time
	Steps       []Done        // those that stand
	Voided      []Done        // those that were taken back; no rule looks at them
	DiedOn      calendar.Date // the person, as recorded when it was read; zero: nobody says so
}

// Done is a step that was taken. It is never changed, but may be taken back once.
type Done struct {
	ID         uuid.UUID
	Seq        int
	Step       string
	From, To   string
	On         calendar.Date
	Evidence   Evidence
	Counts     []string
	By         uuid.UUID
	Role       access.Role
	ActingFor  uuid.UUID
	RecordedAt time.Time
	Voided     Voided
}

// Last is the latest step of a name.
func (s Service) Last(step string) (Done, bool) {
	for i := len(s.Steps) - 1; i >= 0; i-- {
		if s.Steps[i].Step == step {
			return s.Steps[i], true
		}
	}
	return Done{}, false
}

// lastTo is the latest step that led to a state.
func (s Service) lastTo(state string) (Done, bool) {
	for i := len(s.Steps) - 1; i >= 0; i-- {
		if d := s.Steps[i]; d.To == state && d.From != d.To {
			return d, true
		}
	}
	return Done{}, false
}

// FromLists reports whether all that stands of a service came with lists of another system.
func (s Service) FromLists() bool {
	return len(s.Steps) > 0 && !slices.ContainsFunc(s.Steps, func(d Done) bool { return d.Step != Reported })
}

// counted reports whether a step has counted as a kind before.
func (s Service) counted(kind string) bool {
	return slices.ContainsFunc(s.Steps, func(d Done) bool { return slices.Contains(d.Counts, kind) })
}

// Case is all that the checks of a chain may look at.
type Case struct {
	Service
	Evidence  Evidence // of the step, or the need that opens the service
	On        calendar.Date
	File      casefile.File           // of the person, empty for a household
	Facts     casefile.Facts          // on the day of the step
	Household casefile.HouseholdFacts // on that day, empty for a person
	Others    []Service               // of the person, and of the household with its members
	Before    []Service               // retrofits of other homes in which a member of this household lived when they were accepted
	Files     map[uuid.UUID]bool      // what was uploaded to this service
	Catalogue *Catalogue
	District  string
	// TakenOver is a service that was given before the office began with this register: whose step it was and the photos were
	// seen to at the time, and lie in the office's own files. Everything else is asked for as of any other.
	TakenOver bool
}

// own are the other services of the same person, without those of housemates.
func (c Case) own() []Service {
	return slices.DeleteFunc(slices.Clone(c.Others), func(s Service) bool { return s.PersonID != c.PersonID })
}

// gone reports whether the person was no longer there to be served on the day.
func (c Case) gone() bool {
	return c.File.Person.RecordType == casefile.HistoricalPerson || c.PersonID != uuid.Nil && !c.Facts.Alive
}

var errGone = fault.New(fault.Conflict, "DECEASED", "该人已不在服务范围", "the person is no longer served")

// Open checks what a service is opened with.
func Open(c Case) (Service, error) {
	chain := ChainOf(c.Kind)
	if problems := check(chain.Need, c.Evidence, c, "need"); len(problems) > 0 {
		return Service{}, fault.InvalidFields(problems...)
	}
	if c.gone() {
		return Service{}, errGone
	}
	if birth := c.File.Person.BirthDate; !birth.IsZero() && c.On.Before(birth) {
		return Service{}, fault.InvalidFields(fault.Field{Name: "opened_on", Code: "BEFORE_BIRTH", ZH: "登记日期早于出生日期", EN: "the day is before the person's birth"})
	}
	if err := chain.Opens(c); err != nil {
		return Service{}, err
	}
	s := c.Service
	s.State, s.OpenedOn, s.Need = chain.States[0].Code, c.On, c.Evidence
	return s, nil
}

// Take takes a step of a service: it is one of the chain, leads on from where the service stands, is this role's, comes after
// the step before and brings its evidence.
func Take(c Case, name string, who access.Actor, today calendar.Date) (Service, Done, error) {
	step := ChainOf(c.Kind).step(name)
	if err := step.open(c, who, today); err != nil {
		return c.Service, Done{}, err
	}
	if problems := check(step.Evidence, c.Evidence, c, "evidence"); len(problems) > 0 {
		return c.Service, Done{}, fault.InvalidFields(problems...)
	}
	if step.Check != nil {
		if err := step.Check(c); err != nil {
			return c.Service, Done{}, err
		}
	}
	done := Done{Seq: len(c.Steps) + len(c.Voided) + 1, Step: name, From: c.State, To: step.leadsTo(c), On: c.On, Evidence: c.Evidence, Counts: []string{},
		By: who.AccountID, Role: who.Role, ActingFor: who.ActingFor}
	if step.Adds != nil {
		done.Evidence = maps.Clone(c.Evidence)
		maps.Copy(done.Evidence, step.Adds(c))
	}
	if step.Counts != nil {
		done.Counts = append(done.Counts, step.Counts(c)...)
	}
	s := c.Service
	s.State, s.Steps = done.To, append(slices.Clone(s.Steps), done)
	return s, done, nil
}

// open refuses a step that the chain does not have, that is another role's, or that cannot be taken now; nil is no step.
func (s *Step) open(c Case, who access.Actor, today calendar.Date) error {
	switch {
	case s == nil:
		return fault.InvalidFields(fault.Field{Name: "step", Code: "UNKNOWN_STEP", ZH: "没有这个步骤", EN: "there is no such step"})
	case !c.TakenOver && !slices.Contains(s.Roles, who.Role):
		return fault.New(fault.Forbidden, "NOT_YOUR_STEP", "您的岗位不办理此步骤", "this step is not your role's")
	case !slices.Contains(s.From, c.State):
		return fault.New(fault.Conflict, "WRONG_STATE", "服务当前处于“"+ChainOf(c.Kind).StateText(c.State)+"”，不能"+s.ZH, "the service is in another state")
	case c.gone() && !s.Afterwards:
		return errGone
	}
	return inOrder(c, today)
}

func (s *Step) leadsTo(c Case) string {
	if s.ByResult != nil {
		return s.ByResult[c.Evidence.Text("result")]
	}
	if s.To == "" {
		return c.State
	}
	return s.To
}

// inOrder refuses a day that is still to come or before the step before.
func inOrder(c Case, today calendar.Date) error {
	before := c.OpenedOn
	if n := len(c.Steps); n > 0 {
		before = c.Steps[n-1].On
	}
	switch {
	case c.On.After(today):
		return fault.InvalidFields(fault.Field{Name: "on", Code: "IN_FUTURE", ZH: "日期不能晚于今天", EN: "the day lies in the future"})
	case c.On.Before(before):
		return fault.InvalidFields(fault.Field{Name: "on", Code: "OUT_OF_ORDER", ZH: "日期早于上一步骤", EN: "the day is before that of the step before"})
	}
	return nil
}

func (c *Chain) step(name string) *Step {
	for i := range c.Steps {
		if c.Steps[i].Name == name {
			return &c.Steps[i]
		}
	}
	return nil
}

// Given reports whether a service was given, and by which step it came to stand as it does.
func (s Service) Given() (by Done, ok bool) {
	if !slices.Contains(ChainOf(s.Kind).Given, s.State) {
		return Done{}, false
	}
	return s.lastTo(s.State)
}

// GivenStates are the states of all chains in which a service was given, each behind its kind.
func GivenStates() (states []string) {
	for _, c := range Chains {
		for _, state := range c.Given {
			states = append(states, string(c.Kind)+" "+state)
		}
	}
	return states
}

// StateText is what a state is called.
func (c *Chain) StateText(code string) string {
	i := slices.IndexFunc(c.States, func(s State) bool { return s.Code == code })
	if i < 0 {
		return ""
	}
	return c.States[i].ZH
}

// Next lists the steps that a role may take from a state.
func (c *Chain) Next(state string, role access.Role) (steps []*Step) {
	for i := range c.Steps {
		if s := &c.Steps[i]; slices.Contains(s.From, state) && slices.Contains(s.Roles, role) {
			steps = append(steps, s)
		}
	}
	return steps
}

// refuse is a rule of a chain that stands in the way.
func refuse(code, zh, en string) error { return fault.New(fault.Invalid, code, zh, en) }

// The offices: the village and the town enter and look, the district's 残联 decides.
var (
	village  = []access.Role{access.VillageLiaison}
	town     = []access.Role{access.TownOfficer}
	field    = []access.Role{access.VillageLiaison, access.TownOfficer}
	district = []access.Role{access.CDPFReviewer}
	anyone   = []access.Role{access.VillageLiaison, access.TownOfficer, access.CDPFReviewer}
	lists    = []access.Role{access.System} // what another system has done: nobody takes such a step by hand
)

// Reported is the step by which a service comes that another system has recorded, from the need to where it stands there.
const Reported = "report"

// reported is what is known of such a service beside what a chain asks for itself.
func reported(more ...Field) []Field {
	return append([]Field{{Name: "source", ZH: "来源", Is: Text, Need: true}, {Name: "note", ZH: "说明", Is: Text}}, more...)
}

// sums adds the fen of a list of parts.
func sums(parts []Evidence) (fen int64) {
	for _, p := range parts {
		fen += p.Int("fen")
	}
	return fen
}

// split is money by who pays it; the parts add up to the whole.
func split(name string) Field {
	return Field{Name: name, ZH: "资金来源", Is: List, Need: true, Of: []Field{
		{Name: "source", ZH: "来源", Is: Choice, Need: true, Codes: []string{"project", "rescue", "insurance", "central", "province", "city", "district", "lottery", "donation", "self"}},
		{Name: "fen", ZH: "金额（分）", Is: Fen, Need: true}}}
}

func adds(parts []Evidence, whole int64, name string) error {
	if got := sums(parts); got != whole {
		sum, total := money.Fen(got).Yuan(), money.Fen(whole).Yuan()
		return fault.InvalidFields(fault.Field{Name: "evidence." + name, Code: "DOES_NOT_ADD_UP", ZH: fmt.Sprintf("各来源合计%s元，与总额%s元不符", sum, total),
			EN: fmt.Sprintf("the parts add up to %s yuan, the whole is %s yuan", sum, total)})
	}
	return nil
}

// leave are the steps by which a service ends without having been given.
func leave(from []string, more ...Step) []Step {
	signed := Field{Name: "signed_by", ZH: "签字人", Is: Choice, Need: true, Codes: []string{"person", "guardian", "family"}}
	steps := []Step{
		{Name: "refuse", ZH: "拒绝服务", EN: "refused by the person or family", From: from, To: "REFUSED", Roles: anyone,
			Evidence: []Field{{Name: "reason", ZH: "原因", Is: Text, Need: true}, signed, {Name: "files", ZH: "签字材料", Is: Files}}},
		{Name: "moved", ZH: "迁出", EN: "moved away", From: from, To: "MOVED", Roles: anyone, Evidence: []Field{{Name: "note", ZH: "说明", Is: Text}}},
		{Name: "deceased", ZH: "去世", EN: "deceased", From: from, To: "DECEASED", Roles: anyone, Afterwards: true, Evidence: []Field{{Name: "note", ZH: "说明", Is: Text}}},
	}
	return append(steps, more...)
}

var gone = []State{{"REFUSED", "已拒绝", "refused", true}, {"MOVED", "已迁出", "moved away", true}, {"DECEASED", "已去世", "deceased", true}}
