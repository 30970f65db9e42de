package casework

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/store"
	"zhucan/internal/survey"
)

// Answer records what a person answered in a survey year. An earlier set of the year stays; the latest counts.
func (d *Desk) Answer(ctx context.Context, who access.Actor, r store.Response) (store.Response, error) {
	return d.answer(ctx, who, r, func(*store.Tx) error { return nil })
}

// answer records answers, unless check, which runs while the person is held, has something against it.
func (d *Desk) answer(ctx context.Context, who access.Actor, r store.Response, check func(*store.Tx) error) (store.Response, error) {
	if err := d.checkCollected(r); err != nil {
		return r, err
	}
	r.ID, r.Questionnaire = d.NewID(), survey.Builtin.Version
	err := d.write(ctx, who, "survey.answer", func(tx *store.Tx) error {
		dossier, err := tx.LockDossier(ctx, r.PersonID)
		if err != nil {
			return err
		}
		if err := check(tx); err != nil {
			return err
		}
		facts := dossier.File.On(r.CollectedOn, d.Pack().Transitions)
		if !facts.Alive || dossier.File.Person.RecordType == casefile.HistoricalPerson {
			return fault.New(fault.Conflict, "DECEASED", "该人当日已不在调查范围", "the person was no longer surveyed on this day")
		}
		before, err := tx.AnswersBefore(ctx, r.PersonID, r.Year)
		if err != nil {
			return err
		}
		if err := survey.Builtin.Check(facts, r.Answers, r.Confirmed, before); err != nil {
			return err
		}
		r.Needs, r.Area, r.RecordedAt, r.RecordedBy = survey.Builtin.Needs(r.Answers), dossier.File.Person.Managing, tx.Now, who.AccountID
		if err := tx.InsertResponses(ctx, r); err != nil {
			return err
		}
		_, err = d.saved(ctx, tx, r.PersonID)
		return err
	})
	return r, err
}

func (d *Desk) checkCollected(r store.Response) error {
	switch {
	case r.CollectedOn.After(calendar.DateOf(d.Now())):
		return field("collected_on", "IN_FUTURE", "日期不能晚于今天", "the day lies in the future")
	case !survey.Builtin.Window(r.Year).Contains(r.CollectedOn):
		return field("collected_on", "OUTSIDE_SURVEY", "日期不在该年度的调查期内", "the day is outside the survey of that year")
	}
	return nil
}

// SurveyYear is the year of the survey that has begun last: answers of today belong to it while its window lasts.
func (d *Desk) SurveyYear() int {
	year := d.today().Year()
	if d.today().Before(d.Pack().SurveyFrom(year)) {
		year--
	}
	return year
}

// OpenSurvey is the year of which a person is asked today: of the survey that has begun last until its window is over, and from then on
// of the next, whose answers are taken although nobody is expected to have given any yet.
func (d *Desk) OpenSurvey() int {
	year := d.SurveyYear()
	if !survey.Builtin.Window(year).Contains(d.today()) {
		year++
	}
	return year
}

// Asked is what a person is asked in a year, with last year's answers to be confirmed.
type Asked struct {
	Questions []*survey.Question
	Proposed  survey.Answers
}

// Questionnaire lists the questions of a person, with those to which other answers would lead: a form on an old phone has to do without
// asking again.
func (d *Desk) Questionnaire(ctx context.Context, who access.Actor, year int, person uuid.UUID) (Asked, error) {
	dossier, err := d.DB.Dossier(ctx, who, person)
	if err != nil {
		return Asked{}, err
	}
	before, err := d.DB.AnswersBefore(ctx, who, person, year)
	if err != nil {
		return Asked{}, err
	}
	return asked(dossier.File.On(calendar.DateOf(d.Now()), d.Pack().Transitions), before), nil
}

func asked(facts casefile.Facts, before survey.Answers) (a Asked) {
	for i := range survey.Builtin.Questions {
		if q := &survey.Builtin.Questions[i]; q.Asks(facts) {
			a.Questions = append(a.Questions, q)
		}
	}
	a.Proposed = survey.Builtin.Prefill(facts, before)
	return a
}

// surveyed is the population of the survey: certificate holders, and children on the register who have no certificate yet.
const surveyed = "medical_enrolment@any_scheme"

// SurveyProgress counts by village who is due in a year and who has answered.
func (d *Desk) SurveyProgress(ctx context.Context, who access.Actor, year int, asked area.Code) ([]store.SurveyCount, error) {
	until := survey.Builtin.PopulationUntil
	day, err := calendar.NewDate(year, time.Month(until.Month), until.Day)
	if err != nil {
		return nil, field("year", "BAD_YEAR", "年份不合理", "the year does not fit")
	}
	day = earlier(day, d.today())
	in, err := d.divisionAt(ctx, who, asked, store.Moment{On: day})
	if err != nil {
		return nil, err
	}
	if ctx, err = d.DB.Reading(ctx, who); err != nil {
		return nil, err
	}
	return d.DB.SurveyCounts(ctx, who, year, surveyed, day, in)
}
