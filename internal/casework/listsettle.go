package casework

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/policy"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// settle decides for each person what the rows about him do, one after the other. Facts are written later, while the next portion is being
// decided: no two portions are about the same person. Cards and places are written at once, since people are found by them, and so is
// everything that the list may say more of in the next portion.
func (l *listRun) settle(ctx context.Context, rows map[uuid.UUID][]saidRow) error {
	if len(rows) == 0 {
		return nil
	}
	known, err := l.read(ctx, rows)
	if err != nil {
		return err
	}
	written, last := make(chan error, 1), l.waiting
	go func() { written <- l.write(ctx, last) }()
	next, err := l.think(known)
	if err := errors.Join(err, <-written); err != nil {
		return err
	}
	if l.waiting = next; next.again() || l.meaning.apart != nil {
		return l.writeWaiting(ctx)
	}
	return nil
}

// writeWaiting writes what waits to be written: from here on the database is asked about it.
func (l *listRun) writeWaiting(ctx context.Context) error {
	last := l.waiting
	l.waiting = nil
	return l.write(ctx, last)
}

// portionRead is what the register knows of the people of a portion.
type portionRead struct {
	rows      map[uuid.UUID][]saidRow
	dossiers  []store.Dossier
	live      map[uuid.UUID][]store.Statement // what was said of each, and counts or waits still
	silent    map[uuid.UUID][]store.Statement
	dismissed map[uuid.UUID][]store.Statement // what earlier lists of the kind said and an officer has dismissed
}

// read reads the files of a portion, and keeps others from changing them.
func (l *listRun) read(ctx context.Context, rows map[uuid.UUID][]saidRow) (p portionRead, err error) {
	persons := slices.SortedFunc(maps.Keys(rows), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	p.rows = rows
	if p.dossiers, err = l.tx.LockDossiers(ctx, persons...); err != nil {
		return p, err
	}
	list, err := l.tx.LiveStatements(ctx, l.meaning.facts, persons)
	if err != nil {
		return p, err
	}
	p.live = byPerson(list)
	if p.silent, err = l.silentBefore(ctx, persons); err != nil || l.chosen {
		return p, err
	}
	list, err = l.tx.DismissedStatements(ctx, l.done.Kind, l.done.Sender, persons)
	p.dismissed = byPerson(list)
	return p, err
}

func byPerson(list []store.Statement) map[uuid.UUID][]store.Statement {
	of := map[uuid.UUID][]store.Statement{}
	for _, s := range list {
		of[s.PersonID] = append(of[s.PersonID], s)
	}
	return of
}

// think decides of everybody in a portion, and begins to derive what follows.
func (l *listRun) think(p portionRead) (*listWrites, error) {
	w := &listWrites{}
	for _, dossier := range p.dossiers {
		person := dossier.File.Person.ID
		known := knownOf{dossier: dossier, live: p.live[person], silent: p.silent[person], dismissed: p.dismissed[person]}
		for _, r := range p.rows[person] {
			next, err := l.decide(w, known, r)
			if err != nil {
				return nil, err
			}
			known = next
		}
		if known.changed {
			w.after = append(w.after, known.dossier)
		}
	}
	w.reach = w.reaches(l.desk.Pack())
	if l.done.DryRun || w.again() {
		return w, nil
	}
	w.found = deriving(l.desk.Pack(), w.after, w.reach)
	var err error
	w.ready, err = l.tx.Taking(l.done.ID, store.Taken{Statements: w.statements, Superseded: idsOf(w.supersede), Facts: w.insert, Changes: w.changes})
	return w, err
}

// listWrites is what a portion of a list writes.
type listWrites struct {
	statements []store.Statement
	overruled  []store.Statement
	withdrawn  []store.Statement
	idle       []store.Statement // waited with what is withdrawn
	dismissed  []store.Statement // an officer has found wrong before
	holds      []store.Hold
	rewriting
	changes []store.ImportChange
	after   []store.Dossier // the files of whose facts change, as they will be
	reach   policy.Reach    // of what changes
	found   derivation      // what follows from it; nil where the files have to be read again
	ready   store.Query     // statements, facts and changes, made ready while the last portion was written; nil in the same case
}

// rowOutcome is what a row does. Of several kinds of fact the most counts.
type rowOutcome int

const (
	outcomeSame rowOutcome = iota
	outcomeChanged
	outcomePending
	outcomeRefused
)

// knownOf is what is known of somebody while his rows are decided, and changes with each.
type knownOf struct {
	dossier   store.Dossier
	live      []store.Statement
	silent    []store.Statement
	dismissed []store.Statement
	changed   bool
}

// decide says what a row does: nothing new, changes facts, or waits because it would take money. One kind of fact after the other: what
// the first has changed, the next finds. A row is taken whole or not at all.
func (l *listRun) decide(w *listWrites, known knownOf, r saidRow) (knownOf, error) {
	person, says := known.dossier.File.Person.ID, r.silent
	was, written, n := known, *w, l.n
	if r.Row > 0 {
		var wrong *wrongCell
		if says, wrong = l.meaning.says(r.in, l.done.AsOf, known.dossier.File); wrong == nil {
			wrong = l.outside(says)
		}
		if wrong != nil {
			l.wrong(r.Row, wrong)
			l.doubt(person, uuid.Nil, r.Row)
			return known, nil
		}
	}
	most := outcomeSame
	for _, kind := range l.meaning.facts {
		statements := ofKind(says, kind)
		if len(statements) == 0 {
			continue
		}
		h := hear(known.dossier, kind, statements[0].Sort, known.live)
		h.card, h.dismissed = r.Certificate, known.dismissed
		if kind == l.meaning.facts[0] {
			h.silent = known.silent
		}
		before := slices.Concat(h.active, h.pending)
		does, err := l.decideKind(w, &h, r.Row, statements)
		if err != nil {
			return known, err
		}
		if does == outcomeRefused {
			*w, l.n = written, n
			l.doubt(person, uuid.Nil, r.Row)
			return was, nil
		}
		known.dossier, known.live = h.dossier, slices.Concat(without(known.live, before), h.active, h.pending)
		known.changed, most = known.changed || does == outcomeChanged, max(most, does)
	}
	l.tally(person, r.Row, most)
	return known, nil
}

// outside refuses a move out of the area of who hands the list in: the file would leave it.
func (l *listRun) outside(says []said) *wrongCell {
	for _, s := range says {
		if s.Kind == casefile.ManagingArea && !l.done.Area.Contains(area.Code(s.Sort)) {
			return &wrongCell{"area", "OUTSIDE_AREA", "迁出本人管辖区域，请由上级办理", "the move leads out of your area"}
		}
	}
	return nil
}

func ofKind(says []said, kind string) (list []statement.Statement) {
	for _, s := range says {
		if s.Kind == kind {
			list = append(list, s.Statement)
		}
	}
	return list
}

// tally counts a row by what it did.
func (l *listRun) tally(subject uuid.UUID, row int, does rowOutcome) {
	switch {
	case does == outcomePending:
		l.done.Pending++
	case does == outcomeChanged && l.fresh[subject]:
		l.done.New++
	case does == outcomeChanged:
		l.done.Changed++
	default:
		l.done.Same += min(row, 1)
	}
}

// decideKind says what a row does to one kind of fact; what was heard has it from then on.
func (l *listRun) decideKind(w *listWrites, h *heard, row int, statements []statement.Statement) (does rowOutcome, err error) {
	d, person := l.desk, h.dossier.File.Person.ID
	overruled, seeds := h.settle(d.NewID)
	w.overruled, w.statements = append(w.overruled, overruled...), append(w.statements, seeds...)
	said := append(h.silent, l.statements(h, row, statements)...)
	if decision, found := h.dismissedBefore(statements); found {
		change, _ := h.change(said, d.NewID, "")
		if losses, err := d.atStake(h.dossier, change); err != nil || len(losses) > 0 {
			// that he was left out before is cleared, though, where he is on the list and it holds on its day (T26)
			l.clearUp(w, h, slices.DeleteFunc(slices.Clone(statements), func(s statement.Statement) bool { return !term(s).Contains(s.AsOf) }))
			w.dismissed = append(w.dismissed, dismissedAs(decision, said[len(h.silent):])...)
			return outcomeSame, err
		}
	}
	l.clearUp(w, h, statements)
	before := h.shown()
	change, after := h.change(said, d.NewID, l.done.Sender)
	if change.empty() {
		w.statements, h.active = append(w.statements, said...), append(h.active, said...)
		return outcomeSame, nil
	}
	if h.against(change) {
		l.refuse(row, "", "CONTRADICTS_RECORD", "与经办人登记的情况矛盾，请核实后更正登记", "an officer has recorded the opposite; correct one of the two")
		return outcomeRefused, nil
	}
	losses, err := d.atStake(h.dossier, change)
	if err != nil {
		return outcomeRefused, err
	}
	if first, waits := h.waiting(statements); waits && len(losses) > 0 { // an earlier list said so; kept is that this one has spoken
		w.statements = append(w.statements, withdrawn(first.ImportID, said[len(h.silent):])...)
		return outcomeSame, nil
	}
	l.n++
	programme, monthly := holdFor(losses)
	noted := store.ImportChange{N: l.n, Row: row, PersonID: person, Outcome: "changed", Kind: h.kind, Before: before, After: after, MonthlyFen: monthly}
	switch {
	case len(losses) > 0:
		does, noted.Outcome = outcomePending, store.StatementPending
		hold := store.Hold{ID: d.NewID(), PersonID: person, Programme: programme, Reason: "LEAD", Note: l.done.Sender}
		for i := range said { // also what others left unsaid: without this list it is of no account
			said[i].State, said[i].MonthlyFen, said[i].DueOn, said[i].HoldID = store.StatementPending, monthly, d.dueDay(d.today()), hold.ID
		}
		w.holds, h.pending = append(w.holds, hold), append(h.pending, said...)
	default:
		if does = outcomeChanged; l.fresh[person] {
			noted.Outcome = "new"
		}
		w.add(change)
		h.active, h.dossier.File = append(h.active, said...), change.applied(h.dossier.File)
	}
	w.statements, w.changes = append(w.statements, said...), append(w.changes, noted)
	return does, nil
}

// clearUp withdraws pending statements that the row contradicts, but those that speak for the person beside a hit that stays. What waited
// beside them and takes nothing by itself counts as said from now on.
func (l *listRun) clearUp(w *listWrites, h *heard, says []statement.Statement) {
	contradicted := outdated(h.pending, says)
	gone := slices.DeleteFunc(slices.Clone(contradicted), func(p store.Statement) bool { return h.speaksFor(p, contradicted, l.desk.NewID) })
	if len(gone) == 0 {
		return
	}
	w.withdrawn, h.pending = append(w.withdrawn, gone...), without(h.pending, gone)
	left := waitingWith(h.pending, gone)
	if change, _ := h.change(left, l.desk.NewID, l.done.Sender); len(left) > 0 && change.empty() {
		w.idle, h.active, h.pending = append(w.idle, left...), append(h.active, left...), without(h.pending, left)
	}
}

// speaksFor reports whether a pending statement that a list contradicts takes nothing by itself, but something off the hit that it waits with.
func (h heard) speaksFor(p store.Statement, contradicted []store.Statement, newID func() uuid.UUID) bool {
	hit := waitingWith(without(h.pending, contradicted), []store.Statement{p})
	if alone, _ := h.change([]store.Statement{p}, newID, ""); len(hit) == 0 || !alone.empty() {
		return false
	}
	_, says := h.change(hit, newID, "")
	_, beside := h.change(append(slices.Clone(hit), p), newID, "")
	return !slices.Equal(says, beside)
}

// silentBefore is what other lists of the kind that name everybody say by leaving persons out. It had no effect while nobody said
// otherwise, and counts from now on; so the order in which lists arrive makes no difference.
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
		silent[f.PersonID] = append(silent[f.PersonID], l.desk.unsaid(f, l.meaning, f.PersonID, store.StatementActive))
	}
	return silent, nil
}

// statements are what a row says, to be kept.
func (l *listRun) statements(h *heard, row int, says []statement.Statement) []store.Statement {
	list := make([]store.Statement, len(says))
	for i, s := range says {
		list[i] = store.Statement{ID: l.desk.NewID(), ImportID: l.done.ID, Row: row, PersonID: h.dossier.File.Person.ID, HouseholdID: h.home, Kind: h.kind,
			State: store.StatementActive, Statement: s}
	}
	return list
}

// withdrawn are statements that are not kept yet, as they are kept because of an import.
func withdrawn(by uuid.UUID, list []store.Statement) []store.Statement {
	for i := range list {
		list[i].State, list[i].WithdrawnBy = store.StatementWithdrawn, by
	}
	return list
}

// dismissedBefore is the decision by which an officer has found wrong all that a row says, when an earlier list said the very same. That somebody is left out, or
// is suspended, a list says of its own day alone: that is another matter each time, or who has truly lost something would be paid for ever. So is a day that was
// still to come then, and has come since.
func (h heard) dismissedBefore(said []statement.Statement) (decision store.Statement, found bool) {
	for _, s := range said {
		i := slices.IndexFunc(h.dismissed, func(w store.Statement) bool {
			return s.Says != statement.Absent && w.Kind == h.kind && w.Says == s.Says && w.Sort == s.Sort && w.From == s.From && w.To == s.To && !s.CameAfter(calendar.DateOf(w.DecidedAt))
		})
		if i < 0 {
			return decision, false
		}
		decision = h.dismissed[i]
	}
	return decision, true
}

// dismissedAs are statements that are not kept yet, as they are kept by a decision of before.
func dismissedAs(decision store.Statement, list []store.Statement) []store.Statement {
	for i := range list {
		list[i].State, list[i].DecidedAt, list[i].DecidedBy, list[i].Reason = store.StatementDismissed, decision.DecidedAt, decision.DecidedBy, decision.Reason
	}
	return list
}

// waiting is what of this sort waits for an officer already. Of cards and moves each says something of its own, and so do two terms with time between them.
func (h heard) waiting(said []statement.Statement) (store.Statement, bool) {
	last := said[len(said)-1]
	i := slices.IndexFunc(h.pending, func(p store.Statement) bool {
		switch {
		case p.Says != last.Says:
			return false
		case ofCards(h.kind) || ofPlaces(h.kind):
			return p.Sort == last.Sort && p.From == last.From
		}
		return p.Says != statement.Holds || h.oneMatter(term(p.Statement), term(last))
	})
	if i < 0 {
		return store.Statement{}, false
	}
	return h.pending[i], true
}

// oneMatter reports whether two terms overlap, or both speak of one recorded fact: what the one takes of it, the other may give back.
func (h heard) oneMatter(a, b calendar.Interval) bool {
	return a.Overlaps(b) || slices.ContainsFunc(h.facts, func(c casefile.Circumstance) bool { return c.Interval().Overlaps(a) && c.Interval().Overlaps(b) })
}

// term is when a statement says that something holds.
func term(s statement.Statement) calendar.Interval { return calendar.Interval{From: s.From, To: s.To} }

// against reports whether a fact that would be inserted contradicts one that says no.
func (h heard) against(r rewriting) bool {
	kind, _ := casefile.KindOf(h.kind)
	return slices.ContainsFunc(h.dossier.File.Circumstances, func(c casefile.Circumstance) bool {
		return c.Kind == h.kind && c.SupersededAt.IsZero() && c.Value.Answer != casefile.Yes && slices.ContainsFunc(r.insert, func(f casefile.Circumstance) bool {
			return kind.ExclusiveKey(f.Value) == kind.ExclusiveKey(c.Value) && f.Interval().Overlaps(c.Interval())
		})
	})
}

// write writes what a portion does, if there is one, or only what it would where this only looks.
func (l *listRun) write(ctx context.Context, w *listWrites) error {
	if w == nil {
		return nil
	}
	for _, s := range w.dismissed {
		on := calendar.DateOf(s.DecidedAt).String()
		l.list.Notes = append(l.list.Notes, exchange.Note{Row: s.Row, Code: "DISMISSED_BEFORE", ZH: on + "已认定不属实，内容与那次相同，不再列入待确认",
			EN: "found wrong on " + on + "; it says the same as then, and does not wait again"})
	}
	if l.done.DryRun {
		return l.tx.InsertImportChanges(ctx, l.done.ID, w.changes)
	}
	steps := []func() error{
		func() error {
			return l.tx.DecideStatements(ctx, store.StatementOverruled, "recorded by hand since", w.overruled...)
		},
		func() error {
			return l.tx.WithdrawStatements(ctx, l.done.ID, "named again by a later list", w.withdrawn...)
		},
		func() error {
			return l.tx.DecideStatements(ctx, store.StatementActive, "takes nothing by itself", w.idle...)
		},
		func() error { return l.tx.InsertHolds(ctx, w.holds...) },
		func() error { return l.writeTaken(ctx, w) },
		func() error { return l.tx.InsertDismissed(ctx, w.dismissed...) },
		func() error { return l.desk.deriveKnown(ctx, l.tx, w.after, w.reach, w.found) },
		func() error { return l.tx.WriteEvents(ctx) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("take in a list: %w", err)
		}
	}
	return nil
}

// writeTaken writes what is ready, or step by step what touches cards and places.
func (l *listRun) writeTaken(ctx context.Context, w *listWrites) error {
	if w.ready != nil {
		emitRewriting(l.tx, w.rewriting)
		return l.tx.Batch(ctx, w.ready)
	}
	if err := l.tx.InsertStatements(ctx, w.statements...); err != nil {
		return err
	}
	if err := l.desk.writeFacts(ctx, l.tx, w.rewriting); err != nil {
		return err
	}
	return l.tx.InsertImportChanges(ctx, l.done.ID, w.changes)
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
	emitRewriting(tx, r)
	emitCards(tx, r.cards)
	persons := make([]casefile.Person, len(r.moved))
	for i, m := range r.moved {
		persons[i] = m.after
		persons[i].UpdatedAt = tx.Now
		emitUpdate(tx, m.before, m.after)
	}
	for _, step := range []func() error{
		func() error { return tx.Supersede(ctx, idsOf(r.supersede)...) },
		func() error { return tx.InsertCircumstances(ctx, r.insert...) },
		func() error { return tx.TakeBackCards(ctx, r.cards.gone, r.cards.goneEvents) },
		func() error { return tx.HoldCertificates(ctx, r.cards.held...) },
		func() error { return tx.InsertCertificates(ctx, r.cards.insert...) },
		func() error { return tx.InsertEvents(ctx, r.cards.events...) },
		func() error { return tx.UpdatePersons(ctx, persons...) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func idsOf(facts []casefile.Circumstance) []uuid.UUID {
	ids := make([]uuid.UUID, len(facts))
	for i, c := range facts {
		ids[i] = c.ID
	}
	return ids
}

// again reports whether files have to be read again before anything is derived: cards and places, in which the database has a part.
func (r rewriting) again() bool { return len(r.moved) > 0 || !r.cards.empty() }

// reaches is what of standings and dues the rewritten facts can change.
func (r rewriting) reaches(pack *policy.Pack) policy.Reach {
	if r.again() {
		return policy.Everything
	}
	var kinds []string
	for _, c := range slices.Concat(r.supersede, r.insert) {
		if !slices.Contains(kinds, c.Kind) {
			kinds = append(kinds, c.Kind)
		}
	}
	return pack.Reach(kinds...)
}

// deriveKnown derives from files that are locked and known as they are after what was written: reading thousands of them again would
// take longer than all else. Where nothing is found they are read again.
func (d *Desk) deriveKnown(ctx context.Context, tx *store.Tx, dossiers []store.Dossier, reach policy.Reach, found derivation) error {
	if len(dossiers) == 0 {
		return nil
	}
	var persons, households []uuid.UUID
	for _, dossier := range dossiers {
		persons, households = append(persons, dossier.File.Person.ID), append(households, dossier.Households()...)
	}
	if found == nil {
		_, err := d.rederive(ctx, tx, persons...)
		return err
	}
	if err := d.writeDerived(ctx, tx, persons, reach, found); err != nil || !reach.All {
		return err // households ask of their members only what reaches everything
	}
	return d.deriveHouseholds(ctx, tx, households...)
}
