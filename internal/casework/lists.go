package casework

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/idnum"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// saidRow is a row of a list that names somebody, and what it says.
type saidRow struct {
	Row         int
	ID          idnum.Resident
	Certificate idnum.Certificate
	Name        string
	Birth       calendar.Date
	Guardian    idnum.Resident
	Town        string // as the list writes it
	Statements  []statement.Statement
	Also        []statement.Statement // of the list's other kind of fact
}

// listPortion is how many rows are held against the register at a time: what is in memory does not grow with the list.
const listPortion = 1000

// listRun is an import of a list under way.
type listRun struct {
	desk     *Desk
	tx       *store.Tx
	done     *store.Import
	kind     string             // of fact
	complete bool               // the list names everybody of its area
	only     string             // of which sort its silence speaks; empty: of any
	n        int                // changes so far
	named    map[uuid.UUID]int  // the row that names somebody
	possible map[uuid.UUID]bool // whom a row may mean that names nobody for certain
	towns    []area.Division
	also     *listRun // takes what rows say beside; its counts are its own
	progress func(rows int) error
}

// take holds rows against the register, a portion at a time.
func (l *listRun) take(ctx context.Context, rows []saidRow) error {
	for portion := range slices.Chunk(rows, listPortion) {
		found, err := l.match(ctx, portion)
		if err != nil {
			return err
		}
		said := map[uuid.UUID][]saidRow{}
		for _, r := range portion {
			if m, ok := found[r.Row]; ok && l.once(m, r) {
				said[m] = append(said[m], r)
			}
		}
		if err := l.settle(ctx, said); err != nil {
			return err
		}
		if err := l.settleAlso(ctx, said); err != nil {
			return err
		}
		if err := l.progress(len(portion)); err != nil {
			return err
		}
	}
	if l.complete {
		return l.silence(ctx)
	}
	return nil
}

// settleAlso takes what rows say beside. A row that changes nothing else counts as changed by it.
func (l *listRun) settleAlso(ctx context.Context, said map[uuid.UUID][]saidRow) error {
	if l.also == nil {
		return nil
	}
	beside := map[uuid.UUID][]saidRow{}
	for person, rows := range said {
		for _, r := range rows {
			if len(r.Also) > 0 {
				r.Statements = r.Also
				beside[person] = append(beside[person], r)
			}
		}
	}
	if l.also.done == nil {
		counts := *l.done
		counts.Refusals, counts.Changed = nil, 0
		l.also.done = &counts
	}
	l.also.n, l.also.done.Changed, l.also.done.Refusals = l.n, 0, nil
	if err := l.also.settle(ctx, beside); err != nil {
		return err
	}
	l.n, l.done.Refusals = l.also.n, append(l.done.Refusals, l.also.done.Refusals...)
	moved := min(l.also.done.Changed, l.done.Same)
	l.done.Changed, l.done.Same = l.done.Changed+moved, l.done.Same-moved
	return nil
}

func (l *listRun) refuse(row int, column, code, zh, en string) {
	l.done.Refusals = append(l.done.Refusals, store.Refusal{Row: row, Column: column, Code: code, ZH: zh, EN: en})
}

// once refuses a second row about somebody.
func (l *listRun) once(person uuid.UUID, r saidRow) bool {
	if first, again := l.named[person]; again {
		l.refuse(r.Row, "", "DUPLICATE_IN_FILE", fmt.Sprintf("与第%d行为同一人", first), fmt.Sprintf("row %d names the same person", first))
		return false
	}
	l.named[person] = r.Row
	return true
}

// silence is what a list that names everybody says of those whom it does not name. Of somebody whom a row may mean it says nothing.
func (l *listRun) silence(ctx context.Context) error {
	asOf := l.done.AsOf
	for after := uuid.Nil; ; {
		holders, err := l.tx.HoldersOf(ctx, l.kind, l.done.Area, asOf, after, listPortion)
		if err != nil {
			return err
		}
		said := map[uuid.UUID][]saidRow{}
		for _, person := range holders {
			if _, named := l.named[person]; !named && !l.possible[person] {
				said[person] = []saidRow{{Statements: []statement.Statement{l.absent(asOf)}}}
			}
		}
		if err := l.settle(ctx, said); err != nil {
			return err
		}
		if len(holders) < listPortion {
			return nil
		}
		after = holders[len(holders)-1]
	}
}

func (l *listRun) absent(on calendar.Date) statement.Statement {
	return statement.Statement{Says: statement.Absent, Sort: l.only, AsOf: on}
}

// settle decides of each person what a statement does, and writes it unless this only looks.
func (l *listRun) settle(ctx context.Context, said map[uuid.UUID][]saidRow) error {
	if len(said) == 0 {
		return nil
	}
	persons := make([]uuid.UUID, 0, len(said))
	for person := range said {
		persons = append(persons, person)
	}
	slices.SortFunc(persons, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	dossiers, err := l.tx.LockDossiers(ctx, persons...)
	if err != nil {
		return err
	}
	live, err := l.tx.LiveStatements(ctx, l.kind, persons)
	if err != nil {
		return err
	}
	silent, err := l.silentBefore(ctx, persons)
	if err != nil {
		return err
	}
	w := &listWrites{}
	for _, dossier := range dossiers {
		h := hear(dossier, l.kind, l.only, live)
		h.silent = silent[dossier.File.Person.ID]
		for _, r := range said[dossier.File.Person.ID] {
			if err := l.decide(w, &h, r); err != nil {
				return err
			}
		}
	}
	if l.done.DryRun {
		return l.tx.InsertImportChanges(ctx, l.done.ID, w.changes)
	}
	return l.write(ctx, w)
}

// listWrites is what a portion of a list writes.
type listWrites struct {
	statements []store.Statement
	overruled  []store.Statement
	withdrawn  []store.Statement
	holds      []store.Hold
	rewriting
	changes []store.ImportChange
	touched []uuid.UUID
}

// decide says what a row does: nothing new, changes facts, or waits because it would take money.
func (l *listRun) decide(w *listWrites, h *heard, r saidRow) error {
	d, person := l.desk, h.dossier.File.Person.ID
	overruled, seeds := h.settle(d.NewID)
	w.overruled, w.statements = append(w.overruled, overruled...), append(w.statements, seeds...)
	said := append(h.silent, l.statements(person, r)...)
	w.withdrawn = append(w.withdrawn, outdated(h.pending, r.Statements)...)
	target := folded(append(slices.Clone(h.active), said...))
	change := h.rewrite(target, d.NewID, l.done.Sender, "")
	if len(change.insert)+len(change.supersede) == 0 {
		l.done.Same += min(r.Row, 1)
		w.statements = append(w.statements, said...)
		return nil
	}
	if h.against(change) {
		l.refuse(r.Row, "", "CONTRADICTS_RECORD", "与经办人登记的情况矛盾，请核实后更正登记", "an officer has recorded the opposite; correct one of the two")
		return nil
	}
	losses, err := d.atStake(h.dossier, change)
	if err != nil {
		return err
	}
	if len(losses) > 0 && h.waits(r.Statements) {
		l.done.Same += min(r.Row, 1) // an earlier list said so, and waits for an officer
		return nil
	}
	l.n++
	programme, monthly := holdFor(losses)
	noted := store.ImportChange{N: l.n, Row: r.Row, PersonID: person, Outcome: "changed", Kind: l.kind, Before: h.recorded(), After: target, MonthlyFen: monthly}
	if len(losses) > 0 {
		noted.Outcome = store.StatementPending
		hold := store.Hold{ID: d.NewID(), PersonID: person, Programme: programme, Reason: "LEAD", Note: l.done.Sender}
		for i := range said { // also what others left unsaid: without this list it is of no account
			said[i].State, said[i].MonthlyFen, said[i].DueOn, said[i].HoldID = store.StatementPending, monthly, d.dueDay(d.today()), hold.ID
		}
		w.holds = append(w.holds, hold)
		l.done.Pending++
	} else {
		l.done.Changed++
		w.supersede, w.insert, w.touched = append(w.supersede, change.supersede...), append(w.insert, change.insert...), append(w.touched, person)
	}
	w.statements, w.changes = append(w.statements, said...), append(w.changes, noted)
	return nil
}

// silentBefore is what other lists of the kind, which name everybody, have left unsaid of persons: it was of no account while nobody
// said otherwise, and counts from now on. So the order in which lists arrive makes no difference.
func (l *listRun) silentBefore(ctx context.Context, persons []uuid.UUID) (map[uuid.UUID][]store.Statement, error) {
	if !l.complete {
		return nil, nil
	}
	found, err := l.tx.SilentImports(ctx, *l.done, persons)
	if err != nil {
		return nil, err
	}
	silent := map[uuid.UUID][]store.Statement{}
	for _, f := range found {
		silent[f.PersonID] = append(silent[f.PersonID], store.Statement{ID: l.desk.NewID(), ImportID: f.ImportID, PersonID: f.PersonID, Kind: l.kind,
			State: store.StatementActive, Statement: l.absent(f.AsOf)})
	}
	return silent, nil
}

// statements are what a row says, to be kept.
func (l *listRun) statements(person uuid.UUID, r saidRow) []store.Statement {
	list := make([]store.Statement, len(r.Statements))
	for i, s := range r.Statements {
		list[i] = store.Statement{ID: l.desk.NewID(), ImportID: l.done.ID, Row: r.Row, PersonID: person, Kind: l.kind, State: store.StatementActive, Statement: s}
	}
	return list
}

// waits reports whether something of this sort waits for an officer already.
func (h heard) waits(said []statement.Statement) bool {
	return slices.ContainsFunc(h.pending, func(p store.Statement) bool { return p.Says == said[len(said)-1].Says })
}

// against reports whether a fact that would be inserted meets one that says no.
func (h heard) against(r rewriting) bool {
	return slices.ContainsFunc(h.dossier.File.Circumstances, func(c casefile.Circumstance) bool {
		return c.Kind == h.kind && c.SupersededAt.IsZero() && c.Value.Answer != casefile.Yes &&
			slices.ContainsFunc(r.insert, func(f casefile.Circumstance) bool { return f.Interval().Overlaps(c.Interval()) })
	})
}

func (l *listRun) write(ctx context.Context, w *listWrites) error {
	steps := []func() error{
		func() error {
			return l.tx.DecideStatements(ctx, store.StatementOverruled, "recorded by hand since", w.overruled...)
		},
		func() error {
			return l.tx.DecideStatements(ctx, store.StatementWithdrawn, "named again by a later list", w.withdrawn...)
		},
		func() error { return l.tx.InsertHolds(ctx, w.holds...) },
		func() error { return l.tx.InsertStatements(ctx, w.statements...) },
		func() error { return l.desk.carryOut(ctx, l.tx, w.rewriting, w.touched) },
		func() error { return l.tx.InsertImportChanges(ctx, l.done.ID, w.changes) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("take in a list: %w", err)
		}
	}
	return nil
}

// carryOut writes a rewriting and derives again.
func (d *Desk) carryOut(ctx context.Context, tx *store.Tx, r rewriting, touched []uuid.UUID) error {
	ids := make([]uuid.UUID, len(r.supersede))
	for i, c := range r.supersede {
		ids[i] = c.ID
	}
	if err := tx.Supersede(ctx, ids...); err != nil {
		return err
	}
	emitRewriting(tx, r)
	if err := tx.InsertCircumstances(ctx, r.insert...); err != nil {
		return err
	}
	if len(touched) == 0 {
		return nil
	}
	_, err := d.rederive(ctx, tx, touched...)
	return err
}
