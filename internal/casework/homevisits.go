package casework

import (
	"context"

	"zhucan/internal/access"
	"zhucan/internal/store"
)

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
