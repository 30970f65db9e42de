package casework

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/recovery"
	"zhucan/internal/roster"
	"zhucan/internal/store"
)

// offset counts as repaid what a paid line has kept back from somebody with his consent.
func (d *Desk) offset(ctx context.Context, tx *store.Tx, id uuid.UUID, k store.Deduction) error {
	list, err := tx.LockRecoveries(ctx, []uuid.UUID{k.PersonID})
	if err != nil {
		return err
	}
	rest := k.Fen
	var last *recovery.Recovery
	for _, r := range list {
		if r.Programme != k.Programme {
			continue
		}
		last = r
		if part := min(rest, r.Outstanding(), r.Consented); part > 0 {
			r.Offset(part, id, tx.Now)
			rest -= part
			if err := tx.SaveRecovery(ctx, r); err != nil {
				return err
			}
		}
	}
	if rest == 0 {
		return nil
	}
	if last == nil { // what asked for it went back to another file when a merge was undone
		last = &recovery.Recovery{ID: d.NewID(), PersonID: k.PersonID, Programme: k.Programme, State: recovery.Open, OpenedAt: tx.Now, Reason: "KEPT_BACK",
			Months: []recovery.Month{{Month: k.Month}}}
	}
	last.Offset(rest, id, tx.Now) // kept back wrongly: owed again
	if err := tx.OpenMonths(ctx, last); err != nil {
		return err
	}
	return tx.SaveRecovery(ctx, last)
}

// returnOffset makes outstanding again what a line has kept back that came back itself, and lists whose recoveries these are.
func (d *Desk) returnOffset(ctx context.Context, tx *store.Tx, l roster.Line) (persons []uuid.UUID, err error) {
	if l.Deduction == 0 {
		return nil, nil
	}
	whose, err := tx.EverMerged(ctx, l.PersonID)
	if err != nil {
		return nil, err
	}
	list, err := tx.LockRecoveries(ctx, whose)
	if err != nil {
		return nil, err
	}
	rest := l.Deduction
	for _, r := range slices.Backward(list) {
		if r.Programme != l.Programme {
			continue
		}
		if part := r.OffsetReturned(rest, l.RosterID, tx.Now); part > 0 {
			rest, persons = rest-part, append(persons, r.PersonID)
			if err := tx.SaveRecovery(ctx, r); err != nil {
				return nil, err
			}
		}
	}
	if rest > 0 {
		return nil, fmt.Errorf("line %d of roster %s has kept back %d fen that no recovery knows", l.Seq, l.RosterID, rest)
	}
	return persons, nil
}

// askBack makes recoveries ask for what was paid and is not owed, and for nothing else.
func (d *Desk) askBack(ctx context.Context, tx *store.Tx, persons []uuid.UUID) error {
	found, err := tx.Overpaid(ctx, persons)
	if err != nil || len(found) == 0 {
		return err
	}
	var ids []uuid.UUID
	for _, o := range found {
		ids = append(ids, o.PersonID)
	}
	list, err := tx.LockRecoveries(ctx, ids)
	if err != nil {
		return err
	}
	for _, o := range found {
		var mine []*recovery.Recovery
		for _, r := range list {
			if r.PersonID == o.PersonID && r.Programme == o.Programme {
				mine = append(mine, r)
			}
		}
		changed := recovery.Adjust(mine, o.Months, tx.Now, func() *recovery.Recovery {
			return &recovery.Recovery{ID: d.NewID(), PersonID: o.PersonID, Programme: o.Programme, State: recovery.Open, OpenedAt: tx.Now, Reason: "OVERPAID"}
		})
		for _, r := range changed {
			if err := tx.SaveRecovery(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// StepRecovery takes one step of a recovery.
func (d *Desk) StepRecovery(ctx context.Context, who access.Actor, id uuid.UUID, version int, step recovery.Step) (r *recovery.Recovery, err error) {
	err = d.write(ctx, who, "recovery."+step.Event, func(tx *store.Tx) error {
		if r, err = tx.LockRecovery(ctx, id); err != nil {
			return err
		}
		if err := stale(r.Version, version); err != nil {
			return err
		}
		if err := r.Do(who, step, tx.Now); err != nil {
			return err
		}
		if err := tx.SaveRecovery(ctx, r); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"person_id": r.PersonID, "amount_fen": int64(step.Amount)})
	})
	return r, err
}
