package casework

import (
	"context"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/store"
)

// QueueOf asks for the cases that wait in a stage.
type QueueOf struct {
	Area      area.Code // the caller's own where empty
	Stage     application.Stage
	Programme string
	Late      bool // only those whose limit has passed
	After     store.QueueKey
	Behind    uuid.UUID // a case of the queue: only what comes after it
	Limit     int
}

// Queue lists the cases that wait in a stage, those with the least time left first.
func (d *Desk) Queue(ctx context.Context, who access.Actor, q QueueOf) (store.Queue, error) {
	in, err := InArea(who, q.Area)
	if err != nil {
		return store.Queue{}, err
	}
	today := d.today()
	return d.DB.Queue(ctx, who, store.QueueOf{Area: in, Stage: string(q.Stage), Programme: q.Programme, Late: q.Late, Today: today, FirstDay: firstNumbered,
		Numbers: d.Workdays().Numbers(firstNumbered, today), Allowed: d.Pack().Limits[string(q.Stage)], After: q.After, Behind: q.Behind, Limit: q.Limit})
}

// Preview is a case with what a decision of this moment would rest on: the explanation that would be kept with it.
func (d *Desk) Preview(ctx context.Context, who access.Actor, id uuid.UUID) (c store.Case, file store.Dossier, e application.Explanation, err error) {
	if c, err = d.DB.Application(ctx, who, id); err != nil {
		return c, file, e, err
	}
	if file, err = d.DB.Dossier(ctx, who, c.PersonID); err != nil {
		return c, file, e, err
	}
	if c.OwedFrom.IsZero() {
		c.OwedFrom = c.AppliedOn.Month() // a draft: what submission would fix
	}
	explanation, err := d.explain(file, c.Application)
	if err != nil {
		return c, file, e, err
	}
	return c, file, *explanation, nil
}
