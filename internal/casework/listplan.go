package casework

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/idnum"
	"zhucan/internal/ledger"
	"zhucan/internal/standing"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// heard is everything that lists have said of one person and kind, and the facts that are recorded.
type heard struct {
	dossier   store.Dossier
	kind      string
	active    []store.Statement
	pending   []store.Statement
	silent    []store.Statement       // of other lists that name everybody, and not this one
	dismissed []store.Statement       // what earlier lists of the kind said and an officer has dismissed
	facts     []casefile.Circumstance // of the kind, held true now
	beside    []store.Statement       // of cards: what lists say of them otherwise, and counts
	card      idnum.Certificate       // that the row names
	home      uuid.UUID               // of facts of a household; the dossier has its facts then, and is otherwise that of the member named
}

// hear takes what is said and recorded of a kind; of one whose sorts run side by side, of the sort alone.
func hear(dossier store.Dossier, kind, sort string, live []store.Statement) heard {
	if k, _ := casefile.KindOf(kind); !k.SideBySide {
		sort = ""
	}
	h := heard{dossier: dossier, kind: kind}
	for _, s := range live {
		switch {
		case s.PersonID != dossier.File.Person.ID:
		case s.Kind != kind && s.State == store.StatementActive && ofCards(kind) && ofCards(s.Kind):
			h.beside = append(h.beside, s)
		case s.Kind != kind || sort != "" && s.Sort != sort:
		case s.State == store.StatementPending:
			h.pending = append(h.pending, s)
		default:
			h.active = append(h.active, s)
		}
	}
	for _, c := range dossier.File.Circumstances {
		if c.Kind == kind && c.SupersededAt.IsZero() && c.Value.Answer == casefile.Yes && (sort == "" || c.Value.Sort == sort) {
			h.facts = append(h.facts, c)
		}
	}
	slices.SortFunc(h.facts, func(a, b casefile.Circumstance) int { return a.ValidFrom.Compare(b.ValidFrom) })
	return h
}

func factOf(c casefile.Circumstance) statement.Fact {
	return statement.Fact{Sort: c.Value.Sort, Days: c.Interval()}
}

// recorded are the facts as they are recorded, joined where one follows the other.
func (h heard) recorded() (list []statement.Fact) {
	for _, c := range h.facts {
		list = joined(list, factOf(c))
	}
	return list
}

// folded are the facts that statements of one kind give. A sort that no list has said is the first of the kind.
func folded(list []store.Statement) (facts []statement.Fact) {
	said, otherwise := make([]statement.Statement, len(list)), ""
	for i, s := range list {
		kind, _ := casefile.KindOf(s.Kind)
		said[i], otherwise = s.Statement, firstSort(kind)
	}
	for _, f := range statement.Fold(said) {
		if f.Sort == "" {
			f.Sort = otherwise
		}
		facts = joined(facts, f)
	}
	return facts
}

// joined adds a fact to those before it, as one where it goes on with the last.
func joined(facts []statement.Fact, f statement.Fact) []statement.Fact {
	if n := len(facts); n > 0 && facts[n-1].Sort == f.Sort && !facts[n-1].Days.To.IsZero() && facts[n-1].Days.To.Add(1) == f.Days.From {
		facts[n-1].Days.To = f.Days.To
		return facts
	}
	return append(facts, f)
}

// settle makes statements and facts agree before anything is added: what officers have recorded by hand since counts, and takes
// the place of what was said. It returns what to overrule and what to keep in its place.
func (h *heard) settle(newID func() uuid.UUID) (overruled, seeds []store.Statement) {
	if ofCards(h.kind) {
		return nil, nil // what officers have written of cards stays beside what lists say
	}
	if slices.Equal(folded(h.active), h.recorded()) {
		return nil, nil
	}
	overruled = h.active
	for _, f := range h.recorded() {
		seeds = append(seeds, store.Statement{ID: newID(), PersonID: h.dossier.File.Person.ID, HouseholdID: h.home, Kind: h.kind, State: store.StatementActive,
			Statement: statement.Statement{Says: statement.Holds, Sort: f.Sort, From: f.Days.From, To: f.Days.To, AsOf: f.Days.From}})
	}
	h.active = seeds
	return overruled, seeds
}

// rewriting is how the recorded facts become those that all statements give.
type rewriting struct {
	supersede, insert []casefile.Circumstance
	moved             []movedPerson // whose places follow
	cards             cardChange
}

// movedPerson is a person before and after.
type movedPerson struct{ before, after casefile.Person }

func (r rewriting) empty() bool {
	return len(r.supersede)+len(r.insert) == 0 && r.cards.empty()
}

// add joins what two rewritings do, the second after the first: a fact of the first that the second takes away was never written.
func (r *rewriting) add(o rewriting) {
	for _, gone := range o.supersede {
		if !r.unwrite(gone.ID) {
			r.supersede = append(r.supersede, gone)
		}
	}
	r.insert = append(r.insert, o.insert...)
	r.cards.add(o.cards)
	for _, m := range o.moved {
		if i := slices.IndexFunc(r.moved, func(old movedPerson) bool { return old.after.ID == m.after.ID }); i >= 0 {
			r.moved[i].after = m.after
			continue
		}
		r.moved = append(r.moved, m)
	}
}

// unwrite leaves out a fact that is not written yet, and says whether there was one.
func (r *rewriting) unwrite(id uuid.UUID) bool {
	for i := range r.insert { // by index: a portion has many, and they are large
		if r.insert[i].ID == id {
			r.insert = slices.Concat(r.insert[:i], r.insert[i+1:])
			return true
		}
	}
	return false
}

// shown are the facts of the kind as they are, for who looks at a change.
func (h heard) shown() []statement.Fact {
	switch h.kind {
	case factCard:
		return shownCards(h.dossier.File)
	case factCardState:
		return shownStates(h.active)
	}
	return h.recorded()
}

// change is what statements do beside those that count already, and the facts of the kind then.
func (h heard) change(said []store.Statement, newID func() uuid.UUID, source string) (r rewriting, after []statement.Fact) {
	return h.become(append(slices.Clone(h.active), said...), newID, source)
}

// become is what has to change so that these statements and no others hold.
func (h heard) become(active []store.Statement, newID func() uuid.UUID, source string) (r rewriting, after []statement.Fact) {
	switch h.kind {
	case factCard:
		r = h.rewriteCards(active, h.beside, newID)
		return r, shownCards(r.applied(h.dossier.File))
	case factCardState:
		return h.rewriteCards(h.beside, active, newID), shownStates(active)
	}
	after = folded(active)
	r = h.rewrite(after, newID, source, "")
	if ofPlaces(h.kind) && !r.empty() {
		before := h.dossier.File.Person
		if now := atPlace(before, h.kind, after); now != before {
			r.moved = []movedPerson{{before, now}}
		}
	}
	return r, after
}

func ofPlaces(kind string) bool {
	k, _ := casefile.KindOf(kind)
	return k.Place
}

// atPlace is a person with the place that the facts of a kind end in.
func atPlace(p casefile.Person, kind string, facts []statement.Fact) casefile.Person {
	var at area.Code
	if n := len(facts); n > 0 && facts[n-1].Days.To.IsZero() {
		at = area.Code(facts[n-1].Sort)
	}
	switch {
	case kind == casefile.HukouArea:
		p.Hukou = at
	case kind == casefile.ManagingArea && at != "":
		p.Managing = at
	}
	return p
}

// rewrite compares the facts with a target. What is there already stays.
func (h heard) rewrite(target []statement.Fact, newID func() uuid.UUID, source, document string) (r rewriting) {
	if slices.Equal(target, h.recorded()) {
		return r
	}
	wanted, kept := map[statement.Fact]bool{}, map[statement.Fact]bool{} // looked up: somebody may have thousands
	for _, f := range target {
		wanted[f] = true
	}
	for _, c := range h.facts {
		f := factOf(c)
		if kept[f] = wanted[f]; !wanted[f] {
			r.supersede = append(r.supersede, c)
		}
	}
	for _, f := range target {
		if kept[f] {
			continue
		}
		raw, _ := json.Marshal(f.Sort)
		r.insert = append(r.insert, casefile.Circumstance{ID: newID(), PersonID: h.dossier.File.Person.ID, Kind: h.kind, Raw: raw,
			Value: casefile.Value{Answer: casefile.Yes, Sort: f.Sort}, ValidFrom: f.Days.From, ValidTo: f.Days.To, Source: source, SourceDoc: document})
	}
	return r
}

// applied is the file with a rewriting carried out, its facts in the order in which files have them.
func (r rewriting) applied(file casefile.File) casefile.File {
	for _, m := range r.moved {
		file.Person = m.after
	}
	file = r.cards.applied(file)
	file.Circumstances = slices.DeleteFunc(slices.Clone(file.Circumstances), func(c casefile.Circumstance) bool {
		return slices.ContainsFunc(r.supersede, func(gone casefile.Circumstance) bool { return gone.ID == c.ID })
	})
	file.Circumstances = append(file.Circumstances, r.insert...)
	slices.SortStableFunc(file.Circumstances, func(a, b casefile.Circumstance) int { return a.ValidFrom.Compare(b.ValidFrom) })
	return file
}

// atStake is what a rewriting takes from somebody, by programme.
func (d *Desk) atStake(dossier store.Dossier, r rewriting) ([]ledger.Loss, error) {
	paying := func(c casefile.Circumstance) bool { return d.Pack().Pays(c.Kind) }
	facts := len(r.moved) == 0 && r.cards.empty() // and nothing else
	if len(dossier.Awards) == 0 || facts && !slices.ContainsFunc(r.insert, paying) && !slices.ContainsFunc(r.supersede, paying) {
		return nil, nil
	}
	before, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
	if err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	after, err := standing.Read(r.applied(dossier.File), dossier.Awards, d.Pack())
	if err != nil {
		return nil, fmt.Errorf("read a file as a list has it: %w", err)
	}
	return ledger.Losses(ledger.Dues(before), ledger.Dues(after)), nil
}

// holdFor keeps back the money of a programme that is at stake, or of both.
func holdFor(losses []ledger.Loss) (programme string, monthly int64) {
	for _, loss := range losses {
		monthly += int64(loss.Amount)
	}
	if len(losses) == 1 {
		programme = losses[0].Programme
	}
	return programme, monthly
}

// outdated are the pending statements that a later list contradicts: somebody who is said to hold a fact has not lost it before, a card
// that is said to be in order was not frozen, and somebody who has come back to a place has left it before.
func outdated(pending []store.Statement, said []statement.Statement) (list []store.Statement) {
	for _, p := range pending {
		if slices.ContainsFunc(said, func(s statement.Statement) bool {
			back := ofPlaces(p.Kind) && s.From.After(p.From)
			changed := s.Says == statement.Holds && p.Says != statement.Holds && !back || p.Kind == factCardState && s.Says == statement.Absent && p.Says == statement.Holds && strings.HasPrefix(p.Sort, s.Sort)
			return changed && !s.AsOf.Before(p.AsOf)
		}) {
			list = append(list, p)
		}
	}
	return list
}

// waitingWith are the pending statements that share a hold with some that go.
func waitingWith(pending, gone []store.Statement) (list []store.Statement) {
	for _, p := range without(pending, gone) {
		if slices.ContainsFunc(gone, func(g store.Statement) bool { return p.HoldID != uuid.Nil && g.HoldID == p.HoldID }) {
			list = append(list, p)
		}
	}
	return list
}

// dueDay is until when an officer has to look at a statement.
func (d *Desk) dueDay(from calendar.Date) calendar.Date { return d.Workdays().Add(from, confirmDays) }

// confirmDays is how many working days an officer has to confirm what a list would take from somebody (choice).
const confirmDays = 5
