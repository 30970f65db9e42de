package casework

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/store"
)

// sentBefore is what became of the same list when it was sent before, and rows of it were refused. What it says again is said already,
// and what an officer has decided against it since, or another list has said, holds: sent again, a list has a say in what was refused of
// it alone.
type sentBefore struct {
	imports   []uuid.UUID
	confirmed bool // that it may leave out as many as it does
	against   map[saidBefore]store.Statement
}

// saidBefore is what a row, or silence, said of a person or household.
type saidBefore struct {
	subject uuid.UUID
	kind    string
	row     int
}

// sentBefore finds the earlier imports of a list that is sent again.
func (d *Desk) sentBefore(ctx context.Context, i store.Import) (before sentBefore, err error) {
	sent, err := d.DB.AppliedImports(ctx, i)
	for _, earlier := range sent {
		if earlier.State == store.ImportDone && earlier.ID != i.ID {
			before.imports = append(before.imports, earlier.ID)
			before.confirmed = before.confirmed || !earlier.ConfirmedAt.IsZero()
		}
	}
	return before, err
}

// read reads what of it counts no longer.
func (b *sentBefore) read(ctx context.Context, tx *store.Tx) error {
	if len(b.imports) == 0 {
		return nil
	}
	list, err := tx.NoLongerSaid(ctx, b.imports)
	b.against = map[saidBefore]store.Statement{}
	for _, s := range list {
		b.against[saidBefore{cmp.Or(s.HouseholdID, s.PersonID), s.Kind, s.Row}] = s
	}
	return err
}

// settled reports whether what is said was said before and counts no longer, or is overruled now by what was recorded by hand since. It is kept
// then, for the list to have named somebody, and counts for as little.
func (b *sentBefore) settled(said, overruled []store.Statement) bool {
	first := said[0]
	before, found := b.against[saidBefore{cmp.Or(first.HouseholdID, first.PersonID), first.Kind, first.Row}]
	if !found && !slices.ContainsFunc(overruled, func(s store.Statement) bool { return s.Row == first.Row && slices.Contains(b.imports, s.ImportID) }) {
		return false
	}
	if before.State == store.StatementWithdrawn { // and is heard again with the first
		withdrawn(before.WithdrawnBy, said)
		return true
	}
	for i := range said {
		said[i].State = store.StatementDismissed
	}
	return true
}
