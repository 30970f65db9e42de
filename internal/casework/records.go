package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/store"
	"zhucan/internal/survey"
)

// recorder plans what the records of a handover add to a change. Every rule holds that holds at a desk; whose step a service's
// step was, and the photos, were seen to when it was taken. A line is taken whole or not at all.
type recorder struct {
	*Desk
	*change
	who      access.Actor
	at       area.Code
	villages map[area.Code]bool
	given    map[uuid.UUID][]care.Service // services that there are, by the person or household they are for
	homesOf  map[uuid.UUID][]uuid.UUID    // of which households somebody is a member
	known    map[uuid.UUID]casefile.HouseholdFile
}

// planRecords plans persons first, since what households are depends on them.
func (d *Desk) planRecords(ctx context.Context, tx *store.Tx, at area.Code, c *change, read handover) error {
	if len(read.records) == 0 {
		return nil
	}
	r := &recorder{Desk: d, change: c, who: tx.Who, at: at, villages: read.villages, given: map[uuid.UUID][]care.Service{}, homesOf: map[uuid.UUID][]uuid.UUID{}, known: map[uuid.UUID]casefile.HouseholdFile{}}
	if err := r.lookUp(ctx, tx); err != nil {
		return err
	}
	for _, record := range read.records {
		if record.Person != nil {
			if err := r.orRefuse(record.Row, r.person(record.Person)); err != nil {
				return err
			}
		}
	}
	for _, record := range read.records {
		if record.Household != nil {
			if err := r.orRefuse(record.Row, r.household(record.Household)); err != nil {
				return err
			}
		}
	}
	return nil
}

// lookUp reads the services of those who are known, and their households.
func (r *recorder) lookUp(ctx context.Context, tx *store.Tx) error {
	var known, households []uuid.UUID
	for _, dossier := range r.byNumber {
		if id := dossier.File.Person.ID; !r.isNew[id] {
			known, households = append(known, id), append(households, dossier.Households()...)
			r.homesOf[id] = dossier.Households()
		}
	}
	if len(known) == 0 {
		return nil
	}
	return tx.Everywhere(ctx, func() error {
		list, err := tx.ServicesAround(ctx, known, households)
		for _, s := range list {
			subject := s.PersonID
			if subject == uuid.Nil {
				subject = s.HouseholdID
			}
			r.given[subject] = append(r.given[subject], s)
		}
		if err != nil {
			return err
		}
		homes, err := tx.ReadHouseholds(ctx, households...)
		for _, h := range homes {
			r.known[h.Household.ID] = h
		}
		return err
	})
}

// orRefuse notes that a line was not taken, and what rule was in its way.
func (r *recorder) orRefuse(row int, err error) error {
	f, ok := fault.Of(err)
	if !ok {
		return err
	}
	column, where := exchange.RecordColumn, (*placed)(nil)
	for inner := err; errors.As(inner, &where); inner = where.error {
		column += where.where
	}
	if len(f.Fields) > 0 {
		first := f.Fields[0]
		r.refuse(row, column+first.Name, first.Code, first.ZH, first.EN)
		return nil
	}
	r.refuse(row, column, f.Code, f.ZH, f.EN)
	return nil
}

// placed says where in a line an error is.
type placed struct {
	where string
	error
}

func (p *placed) Unwrap() error { return p.error }

func at(err error, format string, args ...any) error {
	return &placed{fmt.Sprintf(format, args...), err}
}

var errNotRegistered = field("id_number", "NOT_ON_REGISTER", "该人不在册，花名册中也没有", "the person is neither on the register nor on the roster")

// person plans one person's line: facts first, for they decide what is asked and what may be given.
func (r *recorder) person(in *exchange.PersonRecord) error {
	dossier := r.byNumber[in.ID.Reveal()]
	if dossier == nil {
		return errNotRegistered
	}
	file := dossier.File
	diagnosed := in.Diagnosis != "" && file.Person.Diagnosis != in.Diagnosis
	if diagnosed {
		file.Person.Diagnosis = in.Diagnosis
	}
	facts, err := r.personFacts(&file, in.Facts)
	if err != nil {
		return err
	}
	responses, err := r.answers(&file, in.Surveys)
	if err != nil {
		return err
	}
	services, err := r.personServices(&file, dossier.Households(), in.Services)
	if err != nil {
		return err
	}
	if !diagnosed && len(facts)+len(responses)+len(services) == 0 {
		return nil
	}
	person := file.Person.ID
	if diagnosed && !r.isNew[person] {
		file.Person.UpdatedAt = r.Now()
		r.update(file.Person)
	}
	r.touch(person)
	dossier.File, r.given[person] = file, append(r.given[person], services...)
	r.facts, r.responses, r.services = append(r.facts, facts...), append(r.responses, responses...), append(r.services, services...)
	return nil
}

// update writes a person, once, whatever else of the handover has changed the same one.
func (c *change) update(p casefile.Person) {
	if i := slices.IndexFunc(c.updated, func(u casefile.Person) bool { return u.ID == p.ID }); i >= 0 {
		c.updated[i].Diagnosis = p.Diagnosis
		return
	}
	c.was(p) // of what partners hear, nothing has changed
	c.updated = append(c.updated, p)
}

func (r *recorder) personFacts(file *casefile.File, list []exchange.FactRecord) (facts []casefile.Circumstance, err error) {
	for i, in := range list {
		fact, err := r.circumstance(file.Person.ID, newFact(in))
		if err != nil {
			return nil, at(err, "facts.%d.", i)
		}
		kind, _ := casefile.KindOf(in.Kind)
		if err := stands(in, kind, fact, file.Circumstances); errors.Is(err, errSame) {
			continue
		} else if err != nil {
			return nil, at(err, "facts.%d.", i)
		}
		facts, file.Circumstances = append(facts, fact), append(file.Circumstances, fact)
	}
	return facts, nil
}

func newFact(in exchange.FactRecord) NewCircumstance {
	return NewCircumstance{Kind: in.Kind, Value: in.Value, ValidFrom: in.From, ValidTo: in.To, Source: in.Source, SourceDoc: in.SourceDoc}
}

// errSame is a fact that is recorded already.
var errSame = errors.New("the fact is recorded already")

// stands holds a fact against those that are there. What says something else about the same days is refused, since only a
// person can tell which of the two is right.
func stands(in exchange.FactRecord, kind casefile.Kind, fact casefile.Circumstance, old []casefile.Circumstance) error {
	if in.From.IsZero() || in.Source == "" {
		return field("from", "REQUIRED", "起始日期和来源为必填", "the first day and the source are required")
	}
	for _, o := range old {
		if o.Kind != fact.Kind || !o.SupersededAt.IsZero() || kind.ExclusiveKey(o.Value) != kind.ExclusiveKey(fact.Value) || !o.Interval().Overlaps(fact.Interval()) {
			continue
		}
		if o.Value == fact.Value && o.Interval() == fact.Interval() {
			return errSame
		}
		return field("from", "FACT_OVERLAPS", "与已有记录的期间重叠且内容不同", "another fact of this kind holds on some of these days")
	}
	return nil
}

var modes = []string{"visit", "phone", "window", "system"}

// answers checks sets of answers against what the person was asked on the day. A set of a day that is there already is the same.
func (r *recorder) answers(file *casefile.File, list []exchange.SurveyRecord) (responses []store.Response, err error) {
	for i, in := range list {
		if slices.ContainsFunc(file.Needs, func(n casefile.SurveyNeeds) bool { return n.Year == in.Year && n.On == in.CollectedOn }) {
			continue
		}
		response := store.Response{ID: r.NewID(), Year: in.Year, PersonID: file.Person.ID, Mode: in.Mode, CollectedOn: in.CollectedOn, Answers: in.Answers,
			Questionnaire: survey.Builtin.Version, Needs: survey.Builtin.Needs(in.Answers)}
		if !slices.Contains(modes, in.Mode) {
			return nil, at(field("mode", "NOT_A_CHOICE", "调查方式不正确", "no such way of asking"), "surveys.%d.", i)
		}
		if err := r.checkCollected(response); err != nil {
			return nil, at(err, "surveys.%d.", i)
		}
		facts := file.On(in.CollectedOn, r.Pack().Transitions)
		if !facts.Alive || file.Person.RecordType == casefile.HistoricalPerson {
			return nil, at(errDeceased, "surveys.%d.", i)
		}
		if err := survey.Builtin.Check(facts, in.Answers, nil, nil); err != nil {
			return nil, at(err, "surveys.%d.", i)
		}
		responses = append(responses, response)
		file.Needs = append(file.Needs, casefile.SurveyNeeds{Year: in.Year, On: in.CollectedOn, Kinds: response.Needs, RecordedAt: r.Now()})
	}
	return responses, nil
}

var errDeceased = fault.New(fault.Conflict, "DECEASED", "该人当日已不在调查范围", "the person was no longer surveyed on this day")

func (r *recorder) personServices(file *casefile.File, households []uuid.UUID, list []exchange.ServiceRecord) (services []care.Service, err error) {
	person := file.Person.ID
	others := slices.Clone(r.given[person])
	for _, household := range households {
		others = append(others, r.given[household]...)
	}
	for i, in := range list {
		s := care.Service{ID: r.NewID(), Kind: care.Kind(in.Kind), PersonID: person, Area: string(file.Person.Managing)}
		if recorded(others, s, in) {
			continue
		}
		s, err := r.walk(care.Case{Service: s, File: *file, Others: others}, in, func(c *care.Case, day calendar.Date) {
			c.Facts = file.On(day, r.Pack().Transitions)
		})
		if err != nil {
			return nil, at(err, "services.%d.", i)
		}
		for _, done := range s.Steps {
			if len(done.Counts) > 0 {
				file.Served = append(file.Served, casefile.Served{On: done.On, Kinds: done.Counts, RecordedAt: r.Now()})
			}
		}
		services, others = append(services, s), append(others, s)
	}
	return services, nil
}

// recorded reports whether a service of the kind that began on the day is there already; of devices, one of the same item: somebody may get several
// on one day.
func recorded(others []care.Service, s care.Service, in exchange.ServiceRecord) bool {
	need, _ := care.ParseEvidence(in.Need) // what is wrong with it is said later
	return slices.ContainsFunc(others, func(o care.Service) bool {
		return o.Kind == s.Kind && o.PersonID == s.PersonID && o.HouseholdID == s.HouseholdID && o.OpenedOn == in.OpenedOn &&
			(s.Kind != care.Device || o.Need.Text("item") == need.Text("item"))
	})
}

// walk takes a service from its opening through its steps, as the chain allows. look reads the subject on a day.
func (r *recorder) walk(c care.Case, in exchange.ServiceRecord, look func(*care.Case, calendar.Date)) (care.Service, error) {
	chain := care.ChainOf(c.Kind)
	if chain == nil || chain.Household != (c.HouseholdID != uuid.Nil) {
		return c.Service, field("kind", "WRONG_SUBJECT", "家庭无障碍改造以户为单位，其他服务以人为单位", "a retrofit is for a household, the others are for a person")
	}
	if in.OpenedOn.IsZero() || in.OpenedOn.After(r.today()) {
		return c.Service, field("opened_on", "IN_FUTURE", "日期为空或晚于今天", "the day is missing or lies in the future")
	}
	need, err := care.ParseEvidence(in.Need)
	if err != nil {
		return c.Service, err
	}
	c.TakenOver, c.Catalogue, c.District, c.On, c.Evidence = true, r.Pack().Catalogue, string(r.Pack().District), in.OpenedOn, need
	look(&c, c.On)
	if c.Service, err = care.Open(c); err != nil {
		return c.Service, err
	}
	for i, step := range in.Steps {
		if c.Evidence, err = care.ParseEvidence(step.Evidence); err != nil {
			return c.Service, at(err, "steps.%d.", i)
		}
		c.On = step.On
		look(&c, c.On)
		if c.Service, _, err = care.Take(c, step.Step, r.who, r.today()); err != nil {
			return c.Service, at(err, "steps.%d.", i)
		}
		c.Steps[i].ID = r.NewID()
	}
	return c.Service, nil
}
