package casework

import (
	"context"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/lead"
	"zhucan/internal/store"
)

// readsList refuses a worklist that is not the actor's. Who is drawn to be visited a liaison does not know as an officer's deputy, either.
func (d *Desk) readsList(ctx context.Context, who access.Actor, l *lead.List) error {
	switch {
	case !l.ReadBy(who.Role):
		return notTheirs
	case l.Name != lead.HomeVisit || who.ActingFor == uuid.Nil:
		return nil
	}
	account, err := d.DB.AccountByID(ctx, who.AccountID)
	if err == nil && !l.ReadBy(account.Role) {
		err = notTheirs
	}
	return err
}

// HomeVisits lists the visits to a person, the last one first, for those who may know who is drawn.
func (d *Desk) HomeVisits(ctx context.Context, who access.Actor, person uuid.UUID) ([]store.HomeVisit, error) {
	if err := d.readsList(ctx, who, lead.Find(lead.HomeVisit)); err != nil {
		return nil, err
	}
	return d.DB.HomeVisits(ctx, who, person)
}

// VisitHome records what a look at home has found. It changes no right by itself: what was found is on the person's page and keeps its line of the
// worklist until a later visit finds the person or nothing is paid any more, and whoever acts records facts or ends the award.
func (d *Desk) VisitHome(ctx context.Context, who access.Actor, v store.HomeVisit) (store.HomeVisit, error) {
	if v.On.After(d.today()) {
		return v, field("on", "DATE_IN_FUTURE", "入户日期不能晚于今天", "the day lies in the future")
	}
	if v.Outcome == "other" && v.Note == "" {
		return v, field("note", "REASON_REQUIRED", "请说明情况", "say what was found")
	}
	v.ID, v.RecordedBy, v.ActingFor, v.ByName = d.NewID(), who.AccountID, who.ActingFor, who.Name
	err := d.write(ctx, who, "home_visit.record", func(tx *store.Tx) error {
		if _, err := tx.LockDossier(ctx, v.PersonID); err != nil {
			return err
		}
		v.RecordedAt = tx.Now
		if err := tx.InsertHomeVisit(ctx, v); err != nil {
			return err
		}
		return tx.Describe(ctx, v.PersonID, map[string]any{"visit_id": v.ID, "outcome": v.Outcome})
	})
	return v, err
}
