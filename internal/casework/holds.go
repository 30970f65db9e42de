package casework

import (
	"context"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// PlaceHold keeps a person's money back while an officer looks into something. What is owed stays owed.
func (d *Desk) PlaceHold(ctx context.Context, who access.Actor, h store.Hold) (store.Hold, error) {
	h.ID, h.Reason, h.PlacedBy = d.NewID(), "OFFICER", who.AccountID
	err := d.write(ctx, who, "hold.place", func(tx *store.Tx) error {
		if _, err := tx.LockDossier(ctx, h.PersonID); err != nil {
			return err
		}
		h.PlacedAt = tx.Now
		if err := tx.InsertHold(ctx, h); err != nil {
			return err
		}
		return tx.Describe(ctx, h.ID, map[string]any{"person_id": h.PersonID})
	})
	return h, err
}

// ReleaseHold lets the money go. A hold for an objection stays until the objection is answered; one that was upheld is
// released here once what followed from it is done. One for what a list says goes with the decision about it.
func (d *Desk) ReleaseHold(ctx context.Context, who access.Actor, id uuid.UUID, reason string) (h store.Hold, err error) {
	err = d.write(ctx, who, "hold.release", func(tx *store.Tx) error {
		if h, err = tx.LockHold(ctx, id); err != nil {
			return err
		}
		switch {
		case !h.ReleasedAt.IsZero():
			return fault.New(fault.Conflict, "RELEASED_ALREADY", "该暂缓发放已解除", "the hold has been released already")
		case h.Contested:
			return fault.New(fault.Conflict, "OBJECTION_OPEN", "异议尚未答复，不能解除", "the objection has not been answered")
		case h.Undecided:
			return fault.New(fault.Conflict, "LIST_UNDECIDED", "名单所述尚待核实，请先认定是否属实，暂缓发放随之解除", "what a list says is not decided; confirm or dismiss it, and the money is let go with it")
		}
		if err := tx.ReleaseHold(ctx, id); err != nil {
			return err
		}
		h.ReleasedAt = tx.Now
		return tx.Describe(ctx, id, map[string]any{"person_id": h.PersonID, "reason": reason})
	})
	return h, err
}
