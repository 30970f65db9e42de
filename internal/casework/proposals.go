package casework

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

var errDecided = fault.New(fault.Conflict, "DECIDED_ALREADY", "该事项已处理", "this has been decided already")

// ConfirmStatement lets a list have its way that would take money from somebody: the facts become what all statements give, and
// the hold ends, because what is owed from now on is right.
func (d *Desk) ConfirmStatement(ctx context.Context, who access.Actor, id uuid.UUID, reason string) (s store.Statement, err error) {
	err = d.decideStatement(ctx, who, "statement.confirm", id, func(tx *store.Tx, h heard) error {
		if err := tx.DecideStatements(ctx, store.StatementActive, reason, h.pending...); err != nil {
			return err
		}
		overruled, seeds := h.settle(d.NewID)
		if err := tx.DecideStatements(ctx, store.StatementOverruled, "recorded by hand since", overruled...); err != nil {
			return err
		}
		if err := tx.InsertStatements(ctx, seeds...); err != nil {
			return err
		}
		source, err := tx.SenderOf(ctx, h.pending[0].ImportID)
		if err != nil {
			return err
		}
		target := folded(append(slices.Clone(h.active), h.pending...))
		s = h.pending[0]
		return d.carryOut(ctx, tx, h.rewrite(target, d.NewID, source, ""), []uuid.UUID{s.PersonID})
	})
	s.State = store.StatementActive
	return s, err
}

// DismissStatement finds that a list is wrong about somebody: nothing changes, and the money goes.
func (d *Desk) DismissStatement(ctx context.Context, who access.Actor, id uuid.UUID, reason string) (s store.Statement, err error) {
	err = d.decideStatement(ctx, who, "statement.dismiss", id, func(tx *store.Tx, h heard) error {
		s = h.pending[0]
		return tx.DecideStatements(ctx, store.StatementDismissed, reason, s)
	})
	s.State = store.StatementDismissed
	return s, err
}

// decideStatement holds the person and the pending statement, and decides.
func (d *Desk) decideStatement(ctx context.Context, who access.Actor, action string, id uuid.UUID, decide func(*store.Tx, heard) error) error {
	return d.write(ctx, who, action, func(tx *store.Tx) error {
		person, err := tx.PersonOfStatement(ctx, id)
		if err != nil {
			return err
		}
		dossier, err := tx.LockDossier(ctx, person)
		if err != nil {
			return err
		}
		s, err := tx.LockStatement(ctx, id)
		if err != nil {
			return err
		}
		if s.State != store.StatementPending {
			return errDecided
		}
		live, err := tx.LiveStatements(ctx, s.Kind, []uuid.UUID{person})
		if err != nil {
			return err
		}
		h := hear(dossier, s.Kind, s.Sort, live)
		h.pending = []store.Statement{s}
		if err := decide(tx, h); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"person_id": person, "kind": s.Kind})
	})
}

// PendingStatements lists what an area has to confirm.
func (d *Desk) PendingStatements(ctx context.Context, who access.Actor, asked area.Code, imported, after uuid.UUID, limit int) ([]store.PendingStatement, error) {
	in, err := InArea(who, asked)
	if err != nil {
		return nil, err
	}
	return d.DB.PendingStatements(ctx, who, store.PendingOf{Area: in, Import: imported, After: after, Limit: limit})
}

// UndoImport takes a list back: what it said no longer counts, and the facts become what the rest gives. Where an officer has
// recorded something by hand since, that stays.
func (d *Desk) UndoImport(ctx context.Context, who access.Actor, id uuid.UUID, version int) (store.Import, error) {
	i, err := d.DB.ImportByID(ctx, who, id)
	if err != nil {
		return i, err
	}
	switch {
	case i.Version != version:
		return i, stale(i.Version, version)
	case i.Kind == KindRoster:
		return i, fault.New(fault.Conflict, "NOT_A_LIST", "花名册导入不能整体撤销", "the take-over of a roster is not taken back as a whole")
	case i.State != store.ImportDone || i.DryRun:
		return i, fault.New(fault.Conflict, "NOT_APPLIED", "该导入未生效或已撤销", "the import is not in force")
	}
	err = d.write(ctx, who, "import.undo", func(tx *store.Tx) error {
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		if err := tx.UndoImport(ctx, id, version); err != nil {
			return err
		}
		said, err := tx.StatementsOfImport(ctx, id)
		if err != nil {
			return err
		}
		for _, meaning := range listMeanings[i.Kind].all() {
			of := slices.DeleteFunc(slices.Clone(said), func(s store.Statement) bool { return s.Kind != meaning.fact })
			for portion := range slices.Chunk(of, listPortion) {
				if err := d.unsay(ctx, tx, meaning, portion); err != nil {
					return err
				}
			}
		}
		return tx.Describe(ctx, id, map[string]any{"statements": len(said)})
	})
	if err != nil {
		return i, err
	}
	return d.DB.ImportByID(ctx, who, id)
}

// unsay takes statements back.
func (d *Desk) unsay(ctx context.Context, tx *store.Tx, meaning listMeaning, said []store.Statement) error {
	kind := meaning.fact
	var persons, touched []uuid.UUID
	for _, s := range said {
		persons = append(persons, s.PersonID)
	}
	dossiers, err := tx.LockDossiers(ctx, persons...)
	if err != nil {
		return err
	}
	live, err := tx.LiveStatements(ctx, kind, persons)
	if err != nil {
		return err
	}
	var all rewriting
	for _, dossier := range dossiers {
		h := hear(dossier, kind, meaning.only, live)
		if !slices.Equal(folded(h.active), h.recorded()) {
			continue // recorded by hand since
		}
		h.active = slices.DeleteFunc(h.active, func(s store.Statement) bool {
			return slices.ContainsFunc(said, func(gone store.Statement) bool { return gone.ID == s.ID })
		})
		r := h.rewrite(folded(h.active), d.NewID, "撤销导入", "")
		if len(r.insert)+len(r.supersede) > 0 {
			all.insert, all.supersede, touched = append(all.insert, r.insert...), append(all.supersede, r.supersede...), append(touched, dossier.File.Person.ID)
		}
	}
	if err := tx.DecideStatements(ctx, store.StatementUndone, "the import was taken back", said...); err != nil {
		return err
	}
	return d.carryOut(ctx, tx, all, touched)
}
