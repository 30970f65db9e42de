package casework

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/store"
)

// sentBefore is what became of the same list when it was sent before, and rows of it were refused. What it says again is said already,
// and what an officer has decided against it since holds: sent again, a list has a say in what was refused of it alone.
type sentBefore struct {
	imports   []uuid.UUID
	confirmed bool // that it may leave out as many as it does
	against   map[saidBefore]bool
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

// read reads what was decided against them.
func (b *sentBefore) read(ctx context.Context, tx *store.Tx) error {
	if len(b.imports) == 0 {
		return nil
	}
	list, err := tx.DecidedAgainst(ctx, b.imports)
	b.against = map[saidBefore]bool{}
	for _, s := range list {
		b.against[saidBefore{cmp.Or(s.HouseholdID, s.PersonID), s.Kind, s.Row}] = true
	}
	return err
}

// decided reports whether something else was decided about what a row says: before, or by hand since, which overrules what was said then.
func (b *sentBefore) decided(subject uuid.UUID, kind string, row int, overruled []store.Statement) bool {
	return b.against[saidBefore{subject, kind, row}] ||
		slices.ContainsFunc(overruled, func(s store.Statement) bool { return s.Row == row && slices.Contains(b.imports, s.ImportID) })
}

// unheard are statements that are kept for the list to have named somebody, and count for nothing.
func unheard(list []store.Statement) []store.Statement {
	for i := range list {
		list[i].State = store.StatementDismissed
	}
	return list
}
