package casework

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

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
	Statements  []statement.Statement
}

// listPortion is how many rows are held against the register at a time: what is in memory does not grow with the list.
const listPortion = 1000

// listRun is an import of a list under way.
type listRun struct {
	desk     *Desk
	tx       *store.Tx
	done     *store.Import
	kind     string            // of fact
	complete bool              // the list names everybody of its area
	only     string            // of which sort its silence speaks; empty: of any
	n        int               // changes so far
	named    map[uuid.UUID]int // the row that names somebody
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
		if err := l.progress(len(portion)); err != nil {
			return err
		}
	}
	if l.complete {
		return l.silence(ctx)
	}
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

// silence is what a list that names everybody says of those whom it does not name.
func (l *listRun) silence(ctx context.Context) error {
	asOf := l.done.AsOf
	for after := uuid.Nil; ; {
		holders, err := l.tx.HoldersOf(ctx, l.kind, l.done.Area, asOf, after, listPortion)
		if err != nil {
			return err
		}
		said := map[uuid.UUID][]saidRow{}
		for _, person := range holders {
			if _, named := l.named[person]; !named {
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
		h := hear(dossier, l.kind, live)
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
	after   []store.Dossier // the files of whose facts change, as they will be
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
		w.supersede, w.insert = append(w.supersede, change.supersede...), append(w.insert, change.insert...)
		after := h.dossier
		after.File = change.applied(after.File)
		w.after = append(w.after, after)
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
		func() error { return l.desk.writeFacts(ctx, l.tx, w.rewriting) },
		func() error { return l.desk.deriveKnown(ctx, l.tx, w.after) },
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
	if err := d.writeFacts(ctx, tx, r); err != nil || len(touched) == 0 {
		return err
	}
	_, err := d.rederive(ctx, tx, touched...)
	return err
}

func (d *Desk) writeFacts(ctx context.Context, tx *store.Tx, r rewriting) error {
	ids := make([]uuid.UUID, len(r.supersede))
	for i, c := range r.supersede {
		ids[i] = c.ID
	}
	if err := tx.Supersede(ctx, ids...); err != nil {
		return err
	}
	emitRewriting(tx, r)
	return tx.InsertCircumstances(ctx, r.insert...)
}

// deriveKnown derives from files that are locked and known as they are after what was written: reading thousands of them again would
// take longer than all else.
func (d *Desk) deriveKnown(ctx context.Context, tx *store.Tx, dossiers []store.Dossier) error {
	if len(dossiers) == 0 {
		return nil
	}
	var persons, households []uuid.UUID
	for _, dossier := range dossiers {
		persons, households = append(persons, dossier.File.Person.ID), append(households, dossier.Households...)
	}
	if err := d.derive(ctx, tx, persons, dossiers); err != nil {
		return err
	}
	return d.deriveHouseholds(ctx, tx, households...)
}

// match finds whom rows name: by ID number, also an earlier one; by certificate; or by name and birth date where that is one
// person and no number stands against it.
func (l *listRun) match(ctx context.Context, rows []saidRow) (map[int]uuid.UUID, error) {
	var ids, cards, names []string
	var births []calendar.Date
	for _, r := range rows {
		if !r.ID.IsZero() {
			ids = append(ids, r.ID.Reveal())
		}
		if !r.Certificate.IsZero() {
			cards = append(cards, r.Certificate.Reveal())
		}
		if r.ID.IsZero() && r.Certificate.IsZero() {
			names, births = append(names, r.Name), append(births, r.Birth)
		}
	}
	byID, err := l.tx.MatchIDNumbers(ctx, ids)
	if err != nil {
		return nil, err
	}
	byCard, err := l.tx.MatchCertificates(ctx, cards)
	if err != nil {
		return nil, err
	}
	byName, err := l.tx.MatchNames(ctx, names, births)
	if err != nil {
		return nil, err
	}
	found := map[int]uuid.UUID{}
	for _, r := range rows {
		l.matchOne(found, r, byID, byCard, byName)
	}
	return found, nil
}

func (l *listRun) matchOne(found map[int]uuid.UUID, r saidRow, byID, byCard map[string]store.Match, byName map[string][]store.Candidate) {
	one, numbered := byID[r.ID.Reveal()], !r.ID.IsZero()
	if one.PersonID == uuid.Nil && !r.Certificate.IsZero() {
		one, numbered = byCard[r.Certificate.Reveal()], true
	}
	switch candidates := byName[store.NameKey(r.Name, r.Birth)]; {
	case one.PersonID != uuid.Nil:
		found[r.Row] = one.PersonID
	case numbered:
		l.refuse(r.Row, "", "NOT_IN_REGISTER", "本辖区残疾人档案中没有此人", "nobody in the register of this area has this number")
	case r.Birth.IsZero():
		l.refuse(r.Row, "", "NO_NUMBER", "没有证件号，且没有出生日期，无法识别", "neither a number nor a birth date")
	case len(candidates) == 1:
		found[r.Row] = candidates[0].PersonID
	case len(candidates) == 0:
		l.refuse(r.Row, "", "NOT_IN_REGISTER", "本辖区残疾人档案中没有此人", "nobody in the register of this area has this name and birth date")
	default:
		l.refuse(r.Row, "", "SEVERAL_CANDIDATES", fmt.Sprintf("同名同出生日期的有%d人，请补充证件号", len(candidates)), fmt.Sprintf("%d persons have this name and birth date; give a number", len(candidates)))
	}
}
