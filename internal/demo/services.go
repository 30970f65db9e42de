package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// shown are the towns of the demonstration's liaisons and town officers: their desks have something of everything.
var shown = []area.Code{"370305001", "370305111"}

// offices are those who take the steps of a service.
type offices struct {
	desk                    *casework.Desk
	village, town, district access.Actor
	today                   calendar.Date
}

// MakeServices takes services of each chain to each of its states, through the same verbs as any officer: so many rounds.
func MakeServices(ctx context.Context, desk *casework.Desk, rounds int) error {
	o := offices{desk: desk, today: calendar.DateOf(desk.Now())}
	for username, who := range map[string]*access.Actor{"liaison.xindong": &o.village, "town.wenshao": &o.town, "cdpf": &o.district} {
		found, err := actor(ctx, desk, username)
		if err != nil {
			return err
		}
		*who = found
	}
	for _, c := range []struct {
		kind      care.Kind
		indicator string
		ways      []way
	}{{care.Rehab, "rehab_coverage", rehabWays}, {care.Device, "device_fitting", deviceWays}, {care.Retrofit, "retrofit_coverage@all_severe", retrofitWays}} {
		subjects, err := o.unserved(ctx, c.kind, c.indicator, rounds*len(c.ways))
		if err != nil {
			return err
		}
		for i, subject := range subjects {
			way := c.ways[i%len(c.ways)]
			if err := o.goes(ctx, c.kind, subject, way); err != nil {
				return fmt.Errorf("take a %s to %s: %w", c.kind, way.state, err)
			}
		}
	}
	return nil
}

// unserved are persons or households in need who have no service of the kind: first of the towns that are shown. They have been in need
// since the day on which a service here begins, or it could not begin: a card may be younger.
func (o *offices) unserved(ctx context.Context, kind care.Kind, indicator string, most int) (subjects []store.Named, err error) {
	services, err := o.desk.DB.ListServices(ctx, o.district, store.ServiceFilter{Area: o.district.Area, Kind: string(kind), Limit: 100_000})
	if err != nil {
		return nil, err
	}
	seen := map[uuid.UUID]bool{}
	for _, s := range services {
		seen[s.PersonID], seen[s.HouseholdID] = true, true
	}
	for _, at := range append(slices.Clone(shown), o.district.Area) {
		waiting, err := o.waiting(ctx, indicator, at, o.today, 3*most)
		if err != nil {
			return nil, err
		}
		before, err := o.waiting(ctx, indicator, at, o.day(0), 3*most)
		if err != nil {
			return nil, err
		}
		since := map[uuid.UUID]bool{}
		for _, n := range before {
			since[n.ID] = true
		}
		half := most / len(shown)
		for _, n := range waiting {
			if len(subjects) >= most || at != o.district.Area && half == 0 {
				break
			}
			if since[n.ID] && !seen[n.ID] {
				seen[n.ID] = true
				subjects, half = append(subjects, n), half-1
			}
		}
	}
	return subjects, nil
}

// waiting are some of those who are in need on a day.
func (o *offices) waiting(ctx context.Context, indicator string, at area.Code, on calendar.Date, most int) ([]store.Named, error) {
	found, err := o.desk.Names(ctx, o.district, store.NamesOf{Indicator: indicator, Moment: store.Moment{On: on}, Area: at, Part: standing.Gap, Limit: most})
	if err != nil {
		return nil, fmt.Errorf("find who waits for a service: %w", err)
	}
	return found.Names, nil
}

// goes takes one service all the way. Its days are of the last weeks, and of this year.
func (o *offices) goes(ctx context.Context, kind care.Kind, subject store.Named, w way) error {
	s := &served{offices: o, subject: subject, item: deviceItems[subject.Category]}
	person, household := subject.ID, uuid.Nil
	if kind == care.Retrofit {
		person, household = uuid.Nil, subject.ID
		if err := o.dwells(ctx, household); err != nil {
			return err
		}
	}
	need, err := parsed(w.need(s))
	if err != nil {
		return err
	}
	if s.service, err = o.desk.OpenService(ctx, o.town, kind, person, household, o.day(0), need); err != nil {
		return err
	}
	for i, step := range w.steps {
		evidence := step.evidence
		if step.from != nil {
			if evidence, err = step.from(ctx, s); err != nil {
				return err
			}
		}
		e, err := parsed(evidence)
		if err != nil {
			return err
		}
		who := map[office]access.Actor{village: o.village, town: o.town, district: o.district}[step.by]
		if s.service, err = o.desk.TakeStep(ctx, who, s.service.ID, s.service.Version, step.name, o.day(i+1), e); err != nil {
			return err
		}
	}
	return nil
}

// day is that of a step: two days from one to the next, the last possible one today.
func (o *offices) day(step int) calendar.Date {
	day := o.today.Add(2*step - 20)
	if first := calendar.NewYear(o.today.Year()); day.Before(first) {
		return first
	}
	return day
}

func parsed(evidence given) (care.Evidence, error) {
	raw, err := json.Marshal(evidence)
	if err != nil {
		return nil, err
	}
	if evidence == nil {
		raw = nil
	}
	return care.ParseEvidence(raw)
}

// dwells records the dwelling of a household of which it is not known.
func (o *offices) dwells(ctx context.Context, household uuid.UUID) error {
	h, err := o.desk.DB.Household(ctx, o.town, household)
	if err != nil {
		return err
	}
	for _, c := range h.Circumstances {
		if c.Kind == "dwelling" {
			return nil
		}
	}
	_, err = o.desk.AddHouseholdCircumstance(ctx, o.town, household, casework.NewCircumstance{Kind: "dwelling", Value: json.RawMessage(`"own"`),
		ValidFrom: calendar.MustDate("2016-01-01"), Source: "入户登记"})
	return err
}

// death records that the person of the service has died.
func (s *served) death(ctx context.Context) error {
	_, err := s.desk.AddCircumstance(ctx, s.town, s.subject.ID, casework.NewCircumstance{Kind: "death", Value: json.RawMessage("true"), ValidFrom: s.day(1), Source: "公安局"})
	return err
}

// photo uploads a picture to the service.
func (s *served) photo(ctx context.Context, number int) (uuid.UUID, error) {
	content, err := picture(s.service.ID, number)
	if err != nil {
		return uuid.Nil, err
	}
	a, _, err := s.desk.Attach(ctx, s.district, s.service.ID, content)
	return a.ID, err
}
