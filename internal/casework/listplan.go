package casework

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/ledger"
	"zhucan/internal/standing"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// heard is everything that lists have said of one person and kind, and the facts that are recorded.
type heard struct {
	dossier store.Dossier
	kind    string
	active  []store.Statement
	pending []store.Statement
	silent  []store.Statement       // of other lists that name everybody, and not this one
	facts   []casefile.Circumstance // of the kind, held true now
}

func hear(dossier store.Dossier, kind string, live []store.Statement) heard {
	h := heard{dossier: dossier, kind: kind}
	for _, s := range live {
		switch {
		case s.Kind != kind || s.PersonID != dossier.File.Person.ID:
		case s.State == store.StatementPending:
			h.pending = append(h.pending, s)
		default:
			h.active = append(h.active, s)
		}
	}
	for _, c := range dossier.File.Circumstances {
		if c.Kind == kind && c.SupersededAt.IsZero() && c.Value.Answer == casefile.Yes {
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
		f := factOf(c)
		if n := len(list); n > 0 && list[n-1].Sort == f.Sort && !list[n-1].Days.To.IsZero() && list[n-1].Days.To.Add(1) == f.Days.From {
			list[n-1].Days.To = f.Days.To
			continue
		}
		list = append(list, f)
	}
	return list
}

func folded(list []store.Statement) []statement.Fact {
	said := make([]statement.Statement, len(list))
	for i, s := range list {
		said[i] = s.Statement
	}
	return statement.Fold(said)
}

// settle makes statements and facts agree before anything is added: what officers have recorded by hand since counts, and takes
// the place of what was said. It returns what to overrule and what to keep in its place.
func (h *heard) settle(newID func() uuid.UUID) (overruled, seeds []store.Statement) {
	if slices.Equal(folded(h.active), h.recorded()) {
		return nil, nil
	}
	overruled = h.active
	for _, f := range h.recorded() {
		seeds = append(seeds, store.Statement{ID: newID(), PersonID: h.dossier.File.Person.ID, Kind: h.kind, State: store.StatementActive,
			Statement: statement.Statement{Says: statement.Holds, Sort: f.Sort, From: f.Days.From, To: f.Days.To, AsOf: f.Days.From}})
	}
	h.active = seeds
	return overruled, seeds
}

// rewriting is how the recorded facts become those that all statements give.
type rewriting struct {
	supersede, insert []casefile.Circumstance
}

// rewrite compares the facts with a target. What is there already stays.
func (h heard) rewrite(target []statement.Fact, newID func() uuid.UUID, source, document string) (r rewriting) {
	if slices.Equal(target, h.recorded()) {
		return r
	}
	kept := map[statement.Fact]bool{}
	for _, c := range h.facts {
		if f := factOf(c); slices.Contains(target, f) {
			kept[f] = true
			continue
		}
		r.supersede = append(r.supersede, c)
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
	if len(dossier.Awards) == 0 || !slices.ContainsFunc(r.insert, paying) && !slices.ContainsFunc(r.supersede, paying) {
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

// outdated are the pending statements that a later list contradicts: who is said to hold a fact has not lost it before.
func outdated(pending []store.Statement, said []statement.Statement) (list []store.Statement) {
	for _, p := range pending {
		if slices.ContainsFunc(said, func(s statement.Statement) bool {
			return s.Says == statement.Holds && p.Says != statement.Holds && !s.AsOf.Before(p.AsOf)
		}) {
			list = append(list, p)
		}
	}
	return list
}

// dueDay is until when an officer has to look at a statement.
func (d *Desk) dueDay(from calendar.Date) calendar.Date { return d.Workdays().Add(from, confirmDays) }

// confirmDays is how many working days an officer has to confirm what a list would take from somebody (choice; domain text 8.1).
const confirmDays = 5
