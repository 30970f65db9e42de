package casework

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/store"
)

// OpenService opens a run through a chain for a person of the actor's area, or for a household.
func (d *Desk) OpenService(ctx context.Context, who access.Actor, kind care.Kind, person, household uuid.UUID, on calendar.Date, need care.Evidence) (s care.Service, err error) {
	chain := care.ChainOf(kind)
	if chain.Household != (household != uuid.Nil) || chain.Household == (person != uuid.Nil) {
		return s, field("kind", "WRONG_SUBJECT", "家庭无障碍改造以户为单位，其他服务以人为单位", "a retrofit is for a household, the others are for a person")
	}
	if on.After(d.today()) {
		return s, openedInFuture
	}
	id := d.NewID()
	err = d.write(ctx, who, "service.open", func(tx *store.Tx) error {
		c, err := d.careCase(ctx, tx, care.Service{ID: id, Kind: kind, PersonID: person, HouseholdID: household}, on)
		if err != nil {
			return err
		}
		c.Evidence = need
		if err := servedBefore(ctx, tx, &c); err != nil {
			return err
		}
		opened, err := care.Open(c)
		if err != nil {
			return err
		}
		if err := tx.InsertServices(ctx, opened); err != nil {
			return err
		}
		if household != uuid.Nil { // one that was refused is a need again
			if err := d.deriveHouseholds(ctx, tx, household); err != nil {
				return err
			}
		}
		if err := tx.Describe(ctx, id, map[string]any{"kind": kind}); err != nil {
			return err
		}
		s, err = tx.Service(ctx, id)
		return err
	})
	return s, err
}

var openedInFuture = field("opened_on", "IN_FUTURE", "日期不能晚于今天", "the day lies in the future")

// servedBefore adds the retrofits from which somebody of a household has had something elsewhere.
func servedBefore(ctx context.Context, tx *store.Tx, c *care.Case) error {
	if c.HouseholdID == uuid.Nil {
		return nil
	}
	return tx.Everywhere(ctx, func() (err error) { c.Before, err = tx.RetrofitsBefore(ctx, c.HouseholdID, c.On); return err })
}

// ServiceCorrection is what a service was opened with and what was wrong about it; nil members stay.
type ServiceCorrection struct {
	OpenedOn *calendar.Date
	Need     care.Evidence
	Reason   string
}

// CorrectService puts right what a service was opened with while no step rests on it. How it was is in the audit.
func (d *Desk) CorrectService(ctx context.Context, who access.Actor, id uuid.UUID, version int, in ServiceCorrection) (s care.Service, err error) {
	if in.Reason = strings.TrimSpace(in.Reason); in.Reason == "" {
		return s, noReason
	}
	err = d.write(ctx, who, "service.correct", func(tx *store.Tx) error {
		before, err := tx.Service(ctx, id)
		if err != nil {
			return err
		}
		on, need := before.OpenedOn, before.Need
		if in.OpenedOn != nil {
			on = *in.OpenedOn
		}
		if in.Need != nil {
			need = in.Need
		}
		if on.After(d.today()) {
			return openedInFuture
		}
		c, err := d.heldCase(ctx, tx, id, version, on)
		if err != nil {
			return err
		}
		c.Evidence = need
		if err := servedBefore(ctx, tx, &c); err != nil {
			return err
		}
		right, err := care.Correct(c)
		if err != nil {
			return err
		}
		if err := tx.CorrectService(ctx, right); err != nil {
			return err
		}
		if right.HouseholdID != uuid.Nil { // which of its retrofits was begun last is read from these days
			if err := d.deriveHouseholds(ctx, tx, right.HouseholdID); err != nil {
				return err
			}
		}
		if err := tx.Describe(ctx, id, map[string]any{"reason": in.Reason}); err != nil {
			return err
		}
		s, err = tx.Service(ctx, id)
		return err
	})
	return s, err
}

// careCase locks whom a service is for and gathers what the rules of its chain look at: the file or the household on the day, and the
// other services of the person, the household and its members, wherever they are managed. For a person it locks the home as well: a
// retrofit may pay for the same device at the same moment.
func (d *Desk) careCase(ctx context.Context, tx *store.Tx, s care.Service, on calendar.Date) (care.Case, error) {
	c := care.Case{Service: s, On: on, Catalogue: d.Pack().Catalogue, District: string(d.Pack().District)}
	var persons, households []uuid.UUID
	if s.PersonID != uuid.Nil {
		dossier, err := tx.LockDossier(ctx, s.PersonID)
		if err != nil {
			return c, err
		}
		c.File, c.Facts, c.Area = dossier.File, dossier.File.On(on, d.Pack().Transitions), string(dossier.File.Person.Managing)
		persons = []uuid.UUID{s.PersonID}
		if home := dossier.HomeOn(on); home != uuid.Nil { // what is done for a household that he has left is none of his
			households = []uuid.UUID{home}
			if err := tx.Everywhere(ctx, func() error { _, err := tx.LockHousehold(ctx, home); return err }); err != nil {
				return c, err
			}
		}
	} else {
		h, err := tx.LockHousehold(ctx, s.HouseholdID)
		if err != nil {
			return c, err
		}
		c.Household, c.Area, households = h.On(on, d.Pack().Transitions), string(h.Household.Area), []uuid.UUID{s.HouseholdID}
	}
	err := tx.Everywhere(ctx, func() error {
		mates, err := tx.Housemates(ctx, households)
		if err != nil {
			return err
		}
		others, err := tx.ServicesAround(ctx, append(persons, mates...), households)
		for _, o := range others {
			if o.ID != s.ID {
				c.Others = append(c.Others, o)
			}
		}
		return err
	})
	if err != nil {
		return c, err
	}
	c.Files, err = tx.ServiceFiles(ctx, s.ID)
	return c, err
}

// RecordedHardships are the recognised hardships that the register has of a household on a day: what whoever verifies a retrofit says is held
// against them.
func (d *Desk) RecordedHardships(ctx context.Context, who access.Actor, household uuid.UUID, on calendar.Date) ([]string, error) {
	h, err := d.DB.HouseholdWithFiles(ctx, who, household)
	if err != nil {
		return nil, err
	}
	return d.Pack().Catalogue.RetrofitRules.Recorded(h.On(on, d.Pack().Transitions)), nil
}

// TakeStep takes a step of a service. What it completes counts from its day on.
func (d *Desk) TakeStep(ctx context.Context, who access.Actor, id uuid.UUID, version int, step string, on calendar.Date, evidence care.Evidence) (s care.Service, err error) {
	err = d.write(ctx, who, "service.step", func(tx *store.Tx) error {
		c, err := d.heldCase(ctx, tx, id, version, on)
		if err != nil {
			return err
		}
		c.Evidence = evidence
		next, done, err := care.Take(c, step, who, calendar.DateOf(tx.Now))
		if err != nil {
			return err
		}
		done.ID = d.NewID()
		if err := tx.InsertStep(ctx, next, done); err != nil {
			return err
		}
		emitService(tx, next, done)
		if err := d.savedService(ctx, tx, next, done); err != nil {
			return err
		}
		s, err = tx.Service(ctx, id)
		return err
	})
	return s, err
}

// heldCase holds a service in the version that was seen, and gathers what its rules look at: whom it is for is held first, as everywhere,
// and the service then.
func (d *Desk) heldCase(ctx context.Context, tx *store.Tx, id uuid.UUID, version int, on calendar.Date) (care.Case, error) {
	person, household, err := tx.ServiceSubject(ctx, id)
	if err != nil {
		return care.Case{}, err
	}
	c, err := d.careCase(ctx, tx, care.Service{ID: id, PersonID: person, HouseholdID: household}, on)
	if err != nil {
		return c, err
	}
	at := c.Area
	if c.Service, err = tx.LockService(ctx, id); err != nil {
		return c, err
	}
	if c.Area = at; c.Version != version {
		return c, stale(c.Version, version)
	}
	return c, nil
}

// VoidStep takes the last step of a service back that still stands. What it counted does not count any more.
func (d *Desk) VoidStep(ctx context.Context, who access.Actor, id uuid.UUID, version, seq int, reason string) (s care.Service, err error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return s, noReason
	}
	err = d.write(ctx, who, "service.void_step", func(tx *store.Tx) error {
		c, err := d.heldCase(ctx, tx, id, version, calendar.DateOf(tx.Now))
		if err != nil {
			return err
		}
		back, done, err := care.Void(c, seq, reason, who, tx.Now)
		if err != nil {
			return err
		}
		if err := tx.VoidStep(ctx, back, done); err != nil {
			return err
		}
		emitVoided(tx, back, done)
		if err := d.savedService(ctx, tx, back, done); err != nil {
			return err
		}
		s, err = tx.Service(ctx, id)
		return err
	})
	return s, err
}

// savedService derives again what a step may have changed: a household is placed by the state of its retrofit, a person only
// by what was completed.
func (d *Desk) savedService(ctx context.Context, tx *store.Tx, s care.Service, done care.Done) error {
	switch {
	case s.HouseholdID != uuid.Nil:
		if err := d.deriveHouseholds(ctx, tx, s.HouseholdID); err != nil {
			return err
		}
	case len(done.Counts) > 0:
		if _, err := d.rederive(ctx, tx, s.PersonID); err != nil {
			return err
		}
	}
	return tx.Describe(ctx, s.ID, map[string]any{"step": done.Step})
}
