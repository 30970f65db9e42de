package casework

import (
	"context"
	"net/netip"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/auth"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// Opinion is a rating as it is given.
type Opinion struct {
	Score int
	Text  string
}

var ratingChannels = map[access.Role]string{access.VillageLiaison: "liaison", access.HotlineClerk: "hotline"}

// RateApplication keeps what an applicant thinks of the decision, entered for him by somebody who did not make it.
func (d *Desk) RateApplication(ctx context.Context, who access.Actor, id uuid.UUID, o Opinion) (store.Rating, error) {
	return d.rateApplication(ctx, who, id, o, ratingChannels[who.Role])
}

func (d *Desk) rateApplication(ctx context.Context, who access.Actor, id uuid.UUID, o Opinion, channel string) (r store.Rating, err error) {
	err = d.write(ctx, who, "application.rate", func(tx *store.Tx) error {
		c, err := tx.Case(ctx, id)
		if err != nil {
			return err
		}
		decision, err := c.Rates(who)
		if err != nil {
			return err
		}
		r = store.Rating{ID: d.NewID(), ApplicationID: id, PersonID: c.PersonID, StepID: decision.ID, Area: c.Area, Score: o.Score, Text: o.Text,
			Channel: channel, RatedAt: tx.Now, RatedBy: who.AccountID, ActingFor: who.ActingFor}
		if err := tx.InsertRating(ctx, r); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"score": o.Score})
	})
	return r, err
}

// RateService keeps what somebody thinks of a service that was given, once for each step by which it came to stand as it does.
func (d *Desk) RateService(ctx context.Context, who access.Actor, id uuid.UUID, o Opinion) (r store.Rating, err error) {
	err = d.write(ctx, who, "service.rate", func(tx *store.Tx) error {
		s, err := tx.Service(ctx, id)
		if err != nil {
			return err
		}
		step, given := s.Given()
		switch {
		case !given:
			return fault.New(fault.Conflict, "NOT_GIVEN", "服务尚未完成，暂不能评价", "the service has not been given yet")
		case application.Did(step.By, step.ActingFor, who):
			return application.OwnCase
		}
		r = store.Rating{ID: d.NewID(), ServiceID: id, StepID: step.ID, Area: area.Code(s.Area), Score: o.Score, Text: o.Text, Channel: ratingChannels[who.Role],
			RatedAt: tx.Now, RatedBy: who.AccountID, ActingFor: who.ActingFor}
		if err := tx.InsertRating(ctx, r); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"score": o.Score})
	})
	return r, err
}

// Rateable is a decision or a service of somebody, who may say once what he thinks of it.
type Rateable struct {
	ApplicationID uuid.UUID
	ServiceID     uuid.UUID
	About         string // the programme of a decision, or the kind of a service
	On            calendar.Date
	Rated         store.Rating // zero where nothing was said yet

	step uuid.UUID
}

// Rateable are those of a person that were not the actor's own doing; what a household was given, where the person lived there then.
// Nothing else of them is told.
func (d *Desk) Rateable(ctx context.Context, who access.Actor, person uuid.UUID) (list []Rateable, err error) {
	dossier, err := d.DB.Dossier(ctx, who, person)
	if err != nil {
		return nil, err
	}
	cases, err := d.DB.ListApplications(ctx, who, store.ApplicationFilter{PersonID: person, Limit: 200})
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		if step, err := c.Rates(who); err == nil {
			list = append(list, Rateable{ApplicationID: c.ID, About: c.Programme, On: calendar.DateOf(step.At), step: step.ID})
		}
	}
	services, err := d.DB.ServicesOf(ctx, who, person, dossier.Households())
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		if step, given := s.Given(); given && (s.HouseholdID == uuid.Nil || s.HouseholdID == dossier.HomeOn(step.On)) && !application.Did(step.By, step.ActingFor, who) {
			list = append(list, Rateable{ServiceID: s.ID, About: string(s.Kind), On: step.On, step: step.ID})
		}
	}
	return list, d.findRatings(ctx, who, list)
}

func (d *Desk) findRatings(ctx context.Context, who access.Actor, list []Rateable) error {
	steps := make([]uuid.UUID, len(list))
	for n, r := range list {
		steps[n] = r.step
	}
	ratings, err := d.DB.RatingsOf(ctx, who, steps...)
	for _, r := range ratings {
		list[slices.Index(steps, r.StepID)].Rated = r
	}
	return err
}

// NewStatusCode gives an applicant another code; who has lost the slip gets one so. The one before is good no more.
func (d *Desk) NewStatusCode(ctx context.Context, who access.Actor, id uuid.UUID) (c store.Case, err error) {
	err = d.write(ctx, who, "application.status_code", func(tx *store.Tx) error {
		if _, err := tx.LockPersonOf(ctx, "application", id); err != nil {
			return err
		}
		if c, err = tx.Case(ctx, id); err != nil {
			return err
		}
		if c.SubmittedAt.IsZero() {
			return fault.New(fault.Conflict, "WRONG_STAGE", "申请尚未提交", "the application has not been handed in")
		}
		c.StatusCode = auth.NewStatusCode()
		if err := tx.SetStatusCode(ctx, c.Application, c.StatusCode); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"person_id": c.PersonID})
	})
	return c, err
}

// CaseStatus finds a case for the applicant, who has no account: by its number and the code. Wrong pairs slow down the same
// number from the same network, and the same address, as wrong passwords do.
func (d *Desk) CaseStatus(ctx context.Context, caseNumber, code string, client netip.Addr) (c store.Case, err error) {
	if caseNumber, err = application.ParseCaseNumber(caseNumber); err != nil {
		return c, err
	}
	buckets := d.bucketsOf("status", caseNumber, client)
	if err := d.DB.TakeLoginAttempt(ctx, buckets, d.countAttempt); err != nil {
		return c, err
	}
	c, err = d.DB.CaseByCode(ctx, caseNumber, auth.NormalStatusCode(code))
	if fault.Is(err, "NOT_FOUND") {
		return c, fault.New(fault.NotFound, "NOT_FOUND", "受理编号或查询码不正确", "the number of the case or the code is wrong")
	}
	if err != nil {
		return c, err
	}
	return c, d.DB.ForgiveLoginAttempt(ctx, buckets[0], buckets[1])
}

// RateByCode keeps what an applicant thinks of the decision, by his own hand.
func (d *Desk) RateByCode(ctx context.Context, caseNumber, code string, client netip.Addr, requestID string, o Opinion) (store.Rating, error) {
	c, err := d.CaseStatus(ctx, caseNumber, code, client)
	if err != nil {
		return store.Rating{}, err
	}
	who := access.SystemActor()
	who.RequestID = requestID
	return d.rateApplication(ctx, who, c.ID, o, "code")
}
