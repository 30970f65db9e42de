package casework

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// hearing evaluates once more the statements that were withdrawn because of a list which has been taken back, or whose hit has been
// decided.
type hearing struct {
	desk    *Desk
	tx      *store.Tx
	senders map[uuid.UUID]string // of imports
	heard   []store.Statement
	holds   []store.Hold
}

// hearAgain hears withdrawn statements again, as if the lists that said them came now: what would take money waits for an officer, and all else
// counts.
func (d *Desk) hearAgain(ctx context.Context, tx *store.Tx, closed []store.Statement) error {
	a := &hearing{desk: d, tx: tx, senders: map[uuid.UUID]string{}}
	for portion := range slices.Chunk(closed, listPortion) {
		if err := a.portion(ctx, portion); err != nil {
			return err
		}
	}
	if err := tx.InsertHolds(ctx, a.holds...); err != nil {
		return err
	}
	return tx.HeardAgain(ctx, a.heard...)
}

// portion hears some statements, which are sorted by persons.
func (a *hearing) portion(ctx context.Context, closed []store.Statement) error {
	byPerson := map[uuid.UUID][]store.Statement{}
	var persons []uuid.UUID
	var kinds []string
	for _, s := range closed {
		persons, kinds = append(persons, s.PersonID), append(kinds, besides(s.Kind)...)
		byPerson[s.PersonID] = append(byPerson[s.PersonID], s)
	}
	dossiers, err := a.tx.LockDossiers(ctx, persons...)
	if err != nil {
		return err
	}
	live, err := a.tx.LiveStatements(ctx, kinds, persons)
	if err != nil {
		return err
	}
	liveOf := map[uuid.UUID][]store.Statement{}
	for _, s := range live {
		liveOf[s.PersonID] = append(liveOf[s.PersonID], s)
	}
	for _, dossier := range dossiers {
		person := dossier.File.Person.ID
		for _, s := range byPerson[person] {
			if s, dossier, err = a.one(ctx, dossier, liveOf[person], s); err != nil {
				return err
			}
			a.heard = append(a.heard, s)
			if s.State != store.StatementWithdrawn {
				liveOf[person] = append(liveOf[person], s)
			}
		}
	}
	return nil
}

// one hears one statement, and says what becomes of it and of the file.
func (a *hearing) one(ctx context.Context, dossier store.Dossier, live []store.Statement, s store.Statement) (store.Statement, store.Dossier, error) {
	h := hear(dossier, s.Kind, s.Sort, live)
	if by, closed := h.closedBy(s); closed {
		s.WithdrawnBy = by
		return s, dossier, nil
	}
	sender, err := a.sender(ctx, s.ImportID)
	if err != nil {
		return s, dossier, err
	}
	change, _ := h.change([]store.Statement{s}, a.desk.NewID, sender)
	losses, err := a.desk.atStake(dossier, change)
	if err != nil {
		return s, dossier, err
	}
	switch {
	case h.against(change):
		s.WithdrawnBy = uuid.Nil
		return s, dossier, nil
	case len(losses) > 0:
		programme, monthly := holdFor(losses)
		hold := store.Hold{ID: a.desk.NewID(), PersonID: s.PersonID, Programme: programme, Reason: "LEAD", Note: sender}
		s.State, s.MonthlyFen, s.DueOn, s.HoldID = store.StatementPending, monthly, a.desk.dueDay(a.desk.today()), hold.ID
		a.holds = append(a.holds, hold)
		return s, dossier, nil
	}
	s.State = store.StatementActive
	if change.empty() {
		return s, dossier, nil
	}
	// one by one, for it is rare: what was withdrawn would have taken money, and takes none any more
	if err := a.desk.carryOut(ctx, a.tx, change, []uuid.UUID{s.PersonID}); err != nil {
		return s, dossier, err
	}
	dossier, err = a.tx.LockDossier(ctx, s.PersonID)
	return s, dossier, err
}

func (a *hearing) sender(ctx context.Context, imported uuid.UUID) (sender string, err error) {
	sender, known := a.senders[imported]
	if !known {
		sender, err = a.tx.SenderOf(ctx, imported)
		a.senders[imported] = sender
	}
	return sender, err
}

// closedBy reports whether the matter of a withdrawn statement is closed otherwise, and by which import: one that says otherwise, or waits
// with the same. What an officer has recorded since closes it for good.
func (h heard) closedBy(s store.Statement) (by uuid.UUID, closed bool) {
	if !ofCards(h.kind) && !slices.Equal(folded(h.active), h.recorded()) {
		return uuid.Nil, true
	}
	for _, other := range h.active {
		byHand := other.ImportID == uuid.Nil && other.RecordedAt.After(s.RecordedAt) && other.RecordedAt.After(s.DecidedAt)
		if byHand || other.ImportID != s.ImportID && len(outdated([]store.Statement{s}, []statement.Statement{other.Statement})) > 0 {
			return other.ImportID, true
		}
	}
	first, waits := h.waiting([]statement.Statement{s.Statement})
	return first.ImportID, waits
}
