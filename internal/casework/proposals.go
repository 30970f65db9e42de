package casework

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/fault"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

var errDecided = fault.New(fault.Conflict, "DECIDED_ALREADY", "该事项已处理", "this has been decided already")

// ConfirmStatement finds that a list is right which would take money from somebody: the facts become what all statements give, and the
// hold ends, because what is owed from now on is right. Lists that left the person out meanwhile had nothing to take until now.
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
		s = h.pending[0]
		list, err := tx.ImportOf(ctx, s.ImportID)
		if err != nil {
			return err
		}
		change, _ := h.change(h.pending, d.NewID, list.Sender)
		if err := d.carryOut(ctx, tx, change, []uuid.UUID{s.PersonID}); err != nil {
			return err
		}
		repeated, err := repeatedBy(ctx, tx, h)
		if err != nil {
			return err
		}
		if err := d.hearAgain(ctx, tx, repeated); err != nil {
			return err
		}
		return d.hearSilent(ctx, tx, list, []store.Statement{s})
	})
	s.State = store.StatementActive
	return s, err
}

// DismissStatement finds that a list is wrong about somebody: nothing changes, and the held money is paid.
func (d *Desk) DismissStatement(ctx context.Context, who access.Actor, id uuid.UUID, reason string) (s store.Statement, err error) {
	err = d.decideStatement(ctx, who, "statement.dismiss", id, func(tx *store.Tx, h heard) error {
		s = h.pending[0]
		repeated, err := repeatedBy(ctx, tx, h)
		if err != nil {
			return err
		}
		return tx.DecideStatements(ctx, store.StatementDismissed, reason, append(repeated, s)...)
	})
	s.State = store.StatementDismissed
	return s, err
}

// repeatedBy is what later lists said again while the pending statement waited: it is decided with it.
func repeatedBy(ctx context.Context, tx *store.Tx, h heard) (list []store.Statement, err error) {
	first := h.pending[0]
	withdrawn, err := tx.WithdrawnBy(ctx, first.ImportID, first.PersonID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(withdrawn, func(s store.Statement) bool {
		_, same := h.waiting([]statement.Statement{s.Statement})
		return s.Kind != first.Kind || !same
	}), nil
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
		live, err := tx.LiveStatements(ctx, besides(s.Kind), []uuid.UUID{person})
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
// recorded something by hand since, that stays. What other lists said and it had closed is heard again.
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
	case i.State != store.ImportDone && i.State != store.ImportWaiting || i.DryRun:
		return i, fault.New(fault.Conflict, "NOT_APPLIED", "该导入未生效或已撤销", "the import is not in force")
	}
	err = d.write(ctx, who, "import.undo", func(tx *store.Tx) error {
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		said, err := tx.StatementsOfImport(ctx, id)
		if err != nil {
			return err
		}
		kept, err := d.takeBack(ctx, tx, i, said)
		if err != nil {
			return err
		}
		if err := tx.UndoImport(ctx, id, version, kept); err != nil {
			return err
		}
		closed, err := tx.WithdrawnBy(ctx, id, uuid.Nil)
		if err != nil {
			return err
		}
		if err := d.hearAgain(ctx, tx, closed); err != nil {
			return err
		}
		if err := d.hearSilent(ctx, tx, i, said); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"statements": len(said), "kept": len(kept)})
	})
	if err != nil {
		return i, err
	}
	return d.DB.ImportByID(ctx, who, id)
}

// takeBack takes back what a list said, kind by kind, and what it brought; it says what stays because somebody has gone on with it.
func (d *Desk) takeBack(ctx context.Context, tx *store.Tx, i store.Import, said []store.Statement) (kept []store.Refusal, err error) {
	meaning := listMeanings[i.Kind]
	if meaning.gives != nil {
		return d.takeBackServices(ctx, tx, i.ID)
	}
	for _, kind := range meaning.facts {
		ofIt := slices.DeleteFunc(slices.Clone(said), func(s store.Statement) bool { return s.Kind != kind })
		for portion := range slices.Chunk(ofIt, listPortion) {
			switch {
			case meaning.home:
				err = d.unsayHomes(ctx, tx, kind, portion)
			default:
				var stays []store.Refusal
				stays, err = d.unsay(ctx, tx, kind, portion)
				kept = append(kept, stays...)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return kept, nil
}

// besides are the kinds of fact that have to be known to judge one of a kind.
func besides(kind string) []string {
	if ofCards(kind) {
		return []string{factCard, factCardState}
	}
	return []string{kind}
}

// without are statements that stay when some are taken back.
func without(list, gone []store.Statement) []store.Statement {
	taken := map[uuid.UUID]bool{}
	for _, s := range gone {
		taken[s.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(s store.Statement) bool { return taken[s.ID] })
}

// unsay takes statements back.
func (d *Desk) unsay(ctx context.Context, tx *store.Tx, kind string, said []store.Statement) (kept []store.Refusal, err error) {
	var persons, touched []uuid.UUID
	for _, s := range said {
		persons = append(persons, s.PersonID)
	}
	dossiers, err := tx.LockDossiers(ctx, persons...)
	if err != nil {
		return nil, err
	}
	live, err := tx.LiveStatements(ctx, besides(kind), persons)
	if err != nil {
		return nil, err
	}
	var all rewriting
	var idle []store.Statement
	for _, dossier := range dossiers {
		h := hear(dossier, kind, said[0].Sort, live) // a list speaks of one sort, where several run side by side
		idle = append(idle, h.idle(said, d.NewID)...)
		if !ofCards(kind) && !slices.Equal(folded(h.active), h.recorded()) {
			continue // recorded by hand since
		}
		r, _ := h.become(without(h.active, said), d.NewID, "撤销导入")
		kept = append(kept, h.stays(said, r)...)
		if !r.empty() {
			all.add(r)
			touched = append(touched, dossier.File.Person.ID)
		}
	}
	if err := tx.DecideStatements(ctx, store.StatementUndone, "the import was taken back", said...); err != nil {
		return nil, err
	}
	if err := tx.DecideStatements(ctx, store.StatementActive, "takes nothing by itself", idle...); err != nil {
		return nil, err
	}
	return kept, d.carryOut(ctx, tx, all, touched)
}

// idle is what waits beside statements that are taken back, said by the silence of other lists, where it has no effect without them.
func (h heard) idle(gone []store.Statement, newID func() uuid.UUID) []store.Statement {
	left := waitingWith(h.pending, gone)
	if len(left) == 0 {
		return nil
	}
	rest := without(h.active, gone)
	_, alone := h.become(rest, newID, "")
	if _, beside := h.become(slices.Concat(rest, left), newID, ""); !slices.Equal(alone, beside) {
		return nil
	}
	return left
}

// ConfirmImport lets a list have its way that leaves out far more than it should: it is queued again and taken in. What it would take from
// anybody still waits for an officer, one by one.
func (d *Desk) ConfirmImport(ctx context.Context, who access.Actor, id uuid.UUID, version int, reason string) (store.Import, error) {
	i, err := d.DB.ImportByID(ctx, who, id)
	if err != nil {
		return i, err
	}
	switch {
	case i.Version != version:
		return i, stale(i.Version, version)
	case i.State != store.ImportWaiting:
		return i, fault.New(fault.Conflict, "NOT_WAITING", "该导入不在待确认状态", "the import does not wait to be confirmed")
	}
	err = d.write(ctx, who, "import.confirm", func(tx *store.Tx) error {
		if err := tx.ConfirmImport(ctx, id, version, reason); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"known": i.Absence.Known, "missing": i.Absence.Missing, "reason": reason})
	})
	if err != nil {
		return i, err
	}
	if d.DB.Joins(ctx) { // it is queued when that is committed, and then worked on by whoever keeps the imports
		i.Version, i.State, i.Refusals, i.Refused, i.FinishedAt, i.ConfirmedReason = version+1, store.ImportQueued, nil, 0, time.Time{}, reason
		return i, nil
	}
	return d.awaitImport(ctx, who, id)
}
