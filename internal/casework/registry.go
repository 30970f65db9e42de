package casework

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/award"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// Inquiry is what a program of another office asks the registry: about whom, and what its message says of itself.
type Inquiry struct {
	Numbers  []string // ID numbers, in their full form
	Sender   string   // as the message names it; who asks is the account
	Purposes []string // of its questions, each once
}

// Registered is what the registry tells of somebody.
type Registered struct {
	File     casefile.File
	Card     casefile.Certificate // held today
	Status   casefile.CertificateStatus
	Needs    []string // kinds of service that the latest survey names and of which nothing was given this year
	Services []care.Service
	Awards   []award.Award // as they are seen today
}

// LookUp answers a program of another office, in the asker's area, and says in the audit who has asked about whom. Not found is whose number nobody
// carries, and who holds no certificate today, also because it was cancelled.
func (d *Desk) LookUp(ctx context.Context, who access.Actor, in Inquiry) (found map[string]Registered, err error) {
	found = map[string]Registered{}
	if len(in.Numbers) == 0 {
		return found, nil
	}
	d.DB.Asked(ctx, who, in.Numbers) // whoever tries numbers is told who is in the register, and who not
	err = d.write(ctx, who, "registry.ask", func(tx *store.Tx) error {
		matched, err := tx.MatchIDNumbers(ctx, in.Numbers)
		if err != nil {
			return err
		}
		told, err := d.registered(ctx, tx, matched)
		if err != nil {
			return err
		}
		subject, persons := uuid.Nil, []uuid.UUID{}
		for number, match := range matched {
			if one, ok := told[match.PersonID]; ok && !one.File.WasNumbered(number) { // one written by mistake may be somebody else's
				found[number], subject, persons = one, match.PersonID, append(persons, match.PersonID)
			}
		}
		detail := map[string]any{"asked": len(in.Numbers), "sender": in.Sender, "purpose": strings.Join(in.Purposes, "; ")}
		if len(persons) != 1 {
			slices.SortFunc(persons, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
			subject, detail["persons"] = uuid.Nil, slices.Compact(persons)
		}
		return tx.Describe(ctx, subject, detail)
	})
	return found, err
}

func (d *Desk) registered(ctx context.Context, tx *store.Tx, matched map[string]store.Match) (map[uuid.UUID]Registered, error) {
	var persons, households []uuid.UUID
	for _, match := range matched {
		persons = append(persons, match.PersonID)
	}
	if len(persons) == 0 {
		return nil, nil
	}
	dossiers, err := tx.ReadDossiers(ctx, persons...)
	if err != nil {
		return nil, err
	}
	for _, dossier := range dossiers {
		households = append(households, dossier.HomeOn(d.today()))
	}
	services, err := tx.ServicesAround(ctx, persons, households)
	if err != nil {
		return nil, err
	}
	told := map[uuid.UUID]Registered{}
	for _, dossier := range dossiers {
		one, ok, err := d.tell(dossier, services)
		if err != nil {
			return nil, err
		}
		if ok {
			told[dossier.File.Person.ID] = one
		}
	}
	return told, nil
}

// tell is what is told of somebody, given the services of several; false where no certificate is held.
func (d *Desk) tell(dossier store.Dossier, services []care.Service) (r Registered, ok bool, err error) {
	file, today := dossier.File, d.today()
	facts := file.On(today, d.Pack().Transitions)
	r = Registered{File: file}
	if r.Card, ok = file.Current(today); !ok || !facts.Alive {
		return r, false, nil
	}
	if r.Status = file.StatusOn(r.Card, today); r.Status == casefile.Cancelled {
		return r, false, nil
	}
	if r.Status == casefile.Expired && facts.Certificate.Status.Valid() { // a declared transition carries it
		r.Status = facts.Certificate.Status
	}
	home := dossier.HomeOn(today)
	for _, s := range services {
		if s.PersonID == file.Person.ID || home != uuid.Nil && s.HouseholdID == home {
			r.Services = append(r.Services, s)
		}
	}
	if r.Needs = facts.NeedsThisYear; len(r.Needs) == 0 {
		r.Needs = facts.NeedsLastYear
	}
	r.Needs = slices.DeleteFunc(slices.Clone(r.Needs), func(kind string) bool { return slices.Contains(facts.ServedThisYear, kind) })
	reading, err := standing.Read(file, dossier.Awards, d.Pack())
	if err != nil {
		return r, false, err
	}
	for _, a := range reading.Awards() {
		r.Awards = append(r.Awards, asSeen(reading, a, today))
	}
	return r, true, nil
}
