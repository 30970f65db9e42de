package casework

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
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
	of := byPerson(closed)
	var persons []uuid.UUID
	var kinds []string
	for _, s := range closed {
		persons, kinds = append(persons, s.PersonID), append(kinds, besides(s.Kind)...)
	}
	dossiers, err := a.tx.LockDossiers(ctx, persons...)
	if err != nil {
		return err
	}
	live, err := a.live(ctx, kinds, persons)
	if err != nil {
		return err
	}
	for _, dossier := range dossiers {
		person := dossier.File.Person.ID
		for _, s := range of[person] {
			if s, dossier, err = a.one(ctx, dossier, live[person], s); err != nil {
				return err
			}
			a.heard = append(a.heard, s)
			if s.State != store.StatementWithdrawn {
				live[person] = append(live[person], s)
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
	return a.weigh(ctx, dossier, h, s)
}

// weigh lets a withdrawn statement have its say: it waits where it would take money, unless the same waits already, and counts otherwise.
func (a *hearing) weigh(ctx context.Context, dossier store.Dossier, h heard, s store.Statement) (store.Statement, store.Dossier, error) {
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
		if first, waits := h.waiting([]statement.Statement{s.Statement}); waits {
			s.WithdrawnBy = first.ImportID
			return s, dossier, nil
		}
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

// hearSilent hears what the other lists of a kind, which name everybody, have left unsaid of whom a list spoke that was taken back: what it had closed is
// open again, so their silence takes something now.
func (d *Desk) hearSilent(ctx context.Context, tx *store.Tx, of store.Import, said []store.Statement) error {
	kind, _ := exchange.ListKindOf(of.Kind)
	if !kind.Complete {
		return nil
	}
	meaning := listMeanings[of.Kind]
	ofIt := slices.DeleteFunc(slices.Clone(said), func(s store.Statement) bool { return s.Kind != meaning.facts[0] })
	ofIt = slices.CompactFunc(ofIt, sameSubject) // whoever is in two portions would be heard twice: what is heard is written at the end
	a := &hearing{desk: d, tx: tx, senders: map[uuid.UUID]string{}}
	for portion := range slices.Chunk(ofIt, listPortion) {
		hear := a.silence
		if meaning.home {
			hear = a.silenceOfHomes
		}
		if err := hear(ctx, of, portion); err != nil {
			return err
		}
	}
	if err := tx.InsertHolds(ctx, a.holds...); err != nil {
		return err
	}
	return tx.InsertStatements(ctx, a.heard...)
}

func sameSubject(a, b store.Statement) bool {
	return a.PersonID == b.PersonID && a.HouseholdID == b.HouseholdID
}

// live is what is said of each of some persons and stands.
func (a *hearing) live(ctx context.Context, kinds []string, persons []uuid.UUID) (map[uuid.UUID][]store.Statement, error) {
	list, err := a.tx.LiveStatements(ctx, kinds, persons)
	return byPerson(list), err
}

// silence hears the lists that are silent about the persons of some statements, one after the other by their days. What takes nothing is not kept: it
// is asked for again when a list says otherwise.
func (a *hearing) silence(ctx context.Context, of store.Import, said []store.Statement) error {
	meaning, silent := listMeanings[of.Kind], map[uuid.UUID][]store.Statement{}
	found, err := a.tx.SilentImports(ctx, of, personsOf(said))
	if err != nil || len(found) == 0 {
		return err
	}
	for _, f := range found {
		silent[f.PersonID] = append(silent[f.PersonID], a.desk.unsaid(f, meaning, f.PersonID, store.StatementWithdrawn))
	}
	persons := slices.Collect(maps.Keys(silent))
	dossiers, err := a.tx.LockDossiers(ctx, persons...)
	if err != nil {
		return err
	}
	live, err := a.live(ctx, meaning.facts[:1], persons)
	if err != nil {
		return err
	}
	for _, dossier := range dossiers {
		person := dossier.File.Person.ID
		for _, s := range byDay(silent[person]) {
			h := hear(dossier, s.Kind, s.Sort, live[person])
			if !slices.Equal(folded(h.active), h.recorded()) {
				break // recorded by hand since
			}
			if change, _ := h.change([]store.Statement{s}, a.desk.NewID, ""); change.empty() {
				continue
			}
			if s, dossier, err = a.weigh(ctx, dossier, h, s); err != nil {
				return err
			}
			a.heard = append(a.heard, s)
			if s.State != store.StatementWithdrawn {
				live[person] = append(live[person], s)
			}
		}
	}
	return nil
}

// silenceOfHomes is silence about households. No money hangs on a house.
func (a *hearing) silenceOfHomes(ctx context.Context, of store.Import, said []store.Statement) error {
	persons := map[uuid.UUID]uuid.UUID{}
	for _, s := range said {
		persons[s.HouseholdID] = s.PersonID
	}
	ids := slices.Collect(maps.Keys(persons))
	files, err := a.tx.LockHouseholds(ctx, ids...)
	if err != nil {
		return err
	}
	homes, byID, silent := make([]casefile.Household, len(files)), map[uuid.UUID]casefile.HouseholdFile{}, map[uuid.UUID][]store.Statement{}
	for i, f := range files {
		homes[i], byID[f.Household.ID] = f.Household, f
	}
	found, err := a.tx.SilentOfHomes(ctx, of, homes)
	if err != nil || len(found) == 0 {
		return err
	}
	meaning := listMeanings[of.Kind]
	for _, f := range found {
		if couldName(f, byID[f.HouseholdID]) {
			silent[f.HouseholdID] = append(silent[f.HouseholdID], a.desk.unsaid(f, meaning, persons[f.HouseholdID], store.StatementWithdrawn))
		}
	}
	live, err := a.tx.HomeStatements(ctx, meaning.facts[:1], ids)
	if err != nil {
		return err
	}
	var all []homeFacts
	for _, f := range files {
		id := f.Household.ID
		h := hearHome(f, persons[id], meaning.facts[0], live[id])
		now := folded(h.active)
		if !slices.Equal(now, h.recorded()) {
			continue // recorded by hand since
		}
		for _, s := range byDay(silent[id]) {
			then := folded(append(h.active, s))
			if slices.Equal(now, then) {
				continue
			}
			s.State, now = store.StatementActive, then
			h.active, a.heard = append(h.active, s), append(a.heard, s)
		}
		if r, _ := h.become(h.active, a.desk.NewID, "撤销导入"); !r.empty() {
			all = append(all, homeFacts{f.Household, r})
		}
	}
	return a.desk.carryOutHomes(ctx, a.tx, all)
}

// unsaid is what a list leaves unsaid of somebody, or of the household of which he is a member, not kept yet; withdrawn, until it is heard.
func (d *Desk) unsaid(f store.Silent, meaning listMeaning, person uuid.UUID, state string) store.Statement {
	return store.Statement{ID: d.NewID(), ImportID: f.ImportID, PersonID: person, HouseholdID: f.HouseholdID, Kind: meaning.facts[0], State: state,
		Statement: statement.Statement{Says: statement.Absent, Sort: meaning.only, AsOf: f.AsOf}}
}

func byDay(list []store.Statement) []store.Statement {
	slices.SortStableFunc(list, func(a, b store.Statement) int { return a.AsOf.Compare(b.AsOf) })
	return list
}

// personsOf are those of whom statements are, each once.
func personsOf(list []store.Statement) (persons []uuid.UUID) {
	for _, s := range list {
		persons = append(persons, s.PersonID)
	}
	slices.SortFunc(persons, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(persons)
}

func (a *hearing) sender(ctx context.Context, imported uuid.UUID) (string, error) {
	if sender, known := a.senders[imported]; known {
		return sender, nil
	}
	i, err := a.tx.ImportOf(ctx, imported)
	a.senders[imported] = i.Sender
	return i.Sender, err
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
