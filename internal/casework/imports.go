package casework

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// KindRoster is the certificate roster of twenty columns.
const KindRoster = "roster"

// ImportRoster takes in a roster: everybody new with card, facts and running benefits, and what is new about those who
// are known. The whole file is read and checked first; what is good in it is then written in one transaction, and every
// row that is refused is named. The same file again is the same import. A dry run says what would happen.
func (d *Desk) ImportRoster(ctx context.Context, who access.Actor, data []byte, dryRun bool) (done store.Import, first bool, err error) {
	at := who.Area
	if who.Role == access.System {
		at = d.Pack().District
	}
	sum := sha256.Sum256(data)
	earlier, found, err := d.DB.AppliedImport(ctx, KindRoster, at, sum[:])
	if err != nil || found && !dryRun {
		return earlier, false, err
	}
	rows, refusals, err := d.readRoster(ctx, at, data)
	if err != nil {
		return done, false, err
	}
	done = store.Import{ID: d.NewID(), Kind: KindRoster, SHA256: sum[:], Area: at, AccountID: who.AccountID, DryRun: dryRun}
	err = d.write(ctx, who, "import.roster", func(tx *store.Tx) error {
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		change, err := d.plan(ctx, tx, at, rows)
		if err != nil {
			return err
		}
		done.New, done.Changed, done.Same, done.At = len(change.persons), change.changed, change.same, tx.Now
		done.Refusals = append(refusals, change.refused...)
		done.Refused = countRows(done.Refusals)
		if !dryRun {
			if err := d.apply(ctx, tx, change); err != nil {
				return err
			}
			if len(change.touched) > bulk {
				if err := tx.RefreshStatistics(ctx); err != nil {
					return err
				}
			}
		}
		if err := tx.InsertImport(ctx, done); err != nil {
			return err
		}
		return tx.Describe(ctx, done.ID, map[string]any{"new": done.New, "changed": done.Changed, "same": done.Same, "refused": done.Refused, "dry_run": dryRun})
	})
	return done, true, err
}

// bulk is how many persons an import touches before it changes the shape of the tables.
const bulk = 500

func countRows(refusals []store.Refusal) int {
	rows := map[int]bool{}
	for _, r := range refusals {
		rows[r.Row] = true
	}
	return len(rows)
}

func (d *Desk) readRoster(ctx context.Context, at area.Code, data []byte) ([]exchange.RosterRow, []store.Refusal, error) {
	table, err := exchange.ReadTable(data)
	if err != nil {
		return nil, nil, err
	}
	tree, err := d.DB.Divisions(ctx, d.Pack().District, d.today())
	if err != nil {
		return nil, nil, err
	}
	rows, errs, err := exchange.ParseRoster(table, exchange.NewPlaces(tree), d.today())
	if err != nil {
		return nil, nil, err
	}
	var refusals []store.Refusal
	for _, e := range errs {
		refusals = append(refusals, store.Refusal(e))
	}
	rows = slices.DeleteFunc(rows, func(r exchange.RosterRow) bool {
		if at.Contains(r.Hukou) {
			return false
		}
		refusals = append(refusals, store.Refusal{Row: r.Row, Column: "户籍村居", Code: "OUTSIDE_AREA", ZH: "超出本人管辖区域", EN: "outside your area"})
		return true
	})
	return rows, refusals, nil
}

// change is everything that an import will write.
type change struct {
	persons       []casefile.Person
	updated       []casefile.Person
	before        map[uuid.UUID]casefile.Person // of those
	cards         []casefile.Certificate
	ended         []casefile.Certificate
	events        []casefile.CertificateEvent
	facts         []casefile.Circumstance
	aliases       []casefile.Alias
	awards        []award.Award
	payees        []store.Payee
	touched       []uuid.UUID
	changed, same int
	refused       []store.Refusal
}

func (c *change) refuse(row int, column, code, zh, en string) {
	c.refused = append(c.refused, store.Refusal{Row: row, Column: column, Code: code, ZH: zh, EN: en})
}

// plan holds the rows against the register: one look-up for all of them.
func (d *Desk) plan(ctx context.Context, tx *store.Tx, at area.Code, rows []exchange.RosterRow) (*change, error) {
	var numbers []string
	for _, r := range rows {
		if !r.ID.IsZero() {
			numbers = append(numbers, r.ID.Reveal())
		}
	}
	matches, err := tx.MatchIDNumbers(ctx, numbers)
	if err != nil {
		return nil, err
	}
	var known []uuid.UUID
	for _, m := range matches {
		known = append(known, m.PersonID)
	}
	dossiers, err := tx.LockDossiers(ctx, known...)
	if err != nil {
		return nil, err
	}
	files := map[uuid.UUID]store.Dossier{}
	for _, dossier := range dossiers {
		files[dossier.File.Person.ID] = dossier
	}
	c := &change{before: map[uuid.UUID]casefile.Person{}}
	for _, r := range rows {
		if m, ok := matches[r.ID.Reveal()]; ok && !r.ID.IsZero() {
			d.planKnown(c, files[m.PersonID], r)
			continue
		}
		d.planNew(c, r)
	}
	return c, nil
}

func (d *Desk) planNew(c *change, r exchange.RosterRow) {
	now := d.Now()
	p := casefile.Person{ID: d.NewID(), Version: 1, RecordType: casefile.Certified, Name: r.Name, Sex: r.Sex, BirthDate: r.BirthDate, IDNumber: r.ID,
		Phone: r.Phone, HukouType: r.HukouType, Hukou: r.Hukou, Residence: r.Residence, Managing: r.Hukou, CreatedAt: now, UpdatedAt: now}
	if r.GuardianName != "" {
		p.Guardian = &casefile.Guardian{Name: r.GuardianName, Relation: r.GuardianRelation}
	}
	if r.Certificate.IsZero() {
		p.RecordType = casefile.UncertifiedChild
	}
	c.persons, c.touched = append(c.persons, p), append(c.touched, p.ID)
	if r.RawID15 != "" {
		c.aliases = append(c.aliases, casefile.Alias{ID: d.NewID(), PersonID: p.ID, Kind: "id_number_15", Value: r.RawID15})
	}
	file := casefile.File{Person: p}
	if card := d.rosterCard(p.ID, r); card != nil {
		c.cards, file.Certificates = append(c.cards, *card), []casefile.Certificate{*card}
		c.events = append(c.events, casefile.CertificateEvent{ID: d.NewID(), CertificateID: card.ID, PersonID: p.ID, Event: "FIRST_ISSUE", On: card.IssuedOn})
		c.facts = append(c.facts, d.firstPlaces(p, card)...)
	} else {
		c.facts = append(c.facts, d.firstPlaces(p, nil)...)
	}
	c.facts = append(c.facts, d.hardshipFacts(p.ID, r)...)
	c.awards = append(c.awards, d.takenOver(p.ID, r)...)
	if r.Account != "" {
		c.payees = append(c.payees, d.ownPayee(p, r.Account))
	}
}

func (d *Desk) ownPayee(p casefile.Person, account string) store.Payee {
	return store.Payee{ID: d.NewID(), PersonID: p.ID, Holder: p.Name, Relation: "self", Account: account, Reason: "roster"}
}

func (d *Desk) rosterCard(person uuid.UUID, r exchange.RosterRow) *casefile.Certificate {
	if r.Certificate.IsZero() {
		return nil
	}
	return &casefile.Certificate{ID: d.NewID(), Version: 1, PersonID: person, Number: r.Certificate, RawNumber: r.RawCertificate, Category: r.Category,
		Level: r.Level, Components: r.Components, IssuedOn: r.IssuedOn, ExpiresOn: r.ExpiresOn}
}

// hardshipSorts says which kind and sort of circumstance a hardship of the roster is.
var hardshipSorts = map[string][2]string{"dibao": {"dibao", "household"}, "dibao_edge": {"dibao_edge", "household"}, "tekun": {"tekun", "dispersed"},
	"orphan": {"orphan_support", "orphan"}, "defacto": {"orphan_support", "defacto"}}

func (d *Desk) hardshipFacts(person uuid.UUID, r exchange.RosterRow) []casefile.Circumstance {
	var facts []casefile.Circumstance
	for _, h := range r.Hardships {
		kind, sort := hardshipSorts[h][0], hardshipSorts[h][1]
		raw, _ := json.Marshal(sort)
		facts = append(facts, casefile.Circumstance{ID: d.NewID(), PersonID: person, Kind: kind, Raw: raw, Value: casefile.Value{Answer: casefile.Yes, Sort: sort},
			ValidFrom: r.HardshipFrom, Source: "roster"})
	}
	return facts
}

// takenOver are the rights that somebody had before the office began with this service. The months before this one were
// paid by the system before (choice).
func (d *Desk) takenOver(person uuid.UUID, r exchange.RosterRow) []award.Award {
	var list []award.Award
	for _, right := range []struct {
		programme string
		from      calendar.Month
	}{{policy.LivingAllowance, r.LivingFrom}, {policy.NursingSubsidy, r.NursingFrom}} {
		if !right.from.IsZero() {
			list = append(list, award.Award{ID: d.NewID(), PersonID: person, Programme: right.programme, Basis: award.FromImport,
				StartMonth: right.from, OwedFrom: d.today().Month()})
		}
	}
	return list
}

// planKnown adds what a roster newly says about somebody who is in the register. What it contradicts is refused, since
// only a person can tell which of the two is right.
func (d *Desk) planKnown(c *change, dossier store.Dossier, r exchange.RosterRow) {
	p := dossier.File.Person
	if p.Name != r.Name {
		c.refuse(r.Row, "姓名", "NAME_MISMATCH", "与在册姓名不一致，请核实", "the register has another name for this ID number")
		return
	}
	before := len(c.cards) + len(c.facts) + len(c.awards) + len(c.updated) + len(c.payees)
	d.planPhone(c, p, r)
	if !d.planCard(c, dossier.File, r) {
		return
	}
	for _, fact := range d.hardshipFacts(p.ID, r) {
		if !slices.ContainsFunc(dossier.File.Circumstances, func(old casefile.Circumstance) bool {
			return old.Kind == fact.Kind && old.SupersededAt.IsZero() && old.Interval().Overlaps(fact.Interval())
		}) {
			c.facts = append(c.facts, fact)
		}
	}
	for _, right := range d.takenOver(p.ID, r) {
		if !slices.ContainsFunc(dossier.Awards, func(old award.Award) bool { return old.Programme == right.Programme }) {
			c.awards = append(c.awards, right)
		}
	}
	if r.Account != "" && !dossier.HasPayee {
		c.payees = append(c.payees, d.ownPayee(p, r.Account))
	}
	if len(c.cards)+len(c.facts)+len(c.awards)+len(c.updated)+len(c.payees) == before {
		c.same++
		return
	}
	c.changed++
	c.touched = append(c.touched, p.ID)
}

func (d *Desk) planPhone(c *change, p casefile.Person, r exchange.RosterRow) {
	old := p
	if r.Phone != "" && r.Phone != p.Phone || p.RecordType == casefile.UncertifiedChild && !r.Certificate.IsZero() {
		if r.Phone != "" {
			p.Phone = r.Phone
		}
		if !r.Certificate.IsZero() {
			p.RecordType = casefile.Certified
		}
		p.UpdatedAt = d.Now()
		c.updated, c.before[p.ID] = append(c.updated, p), old
	}
}

// planCard lets a newer card follow the one in the register.
func (d *Desk) planCard(c *change, file casefile.File, r exchange.RosterRow) bool {
	card := d.rosterCard(file.Person.ID, r)
	if card == nil || slices.ContainsFunc(file.Certificates, func(old casefile.Certificate) bool {
		return old.Number == card.Number && old.IssuedOn == card.IssuedOn
	}) {
		return true
	}
	if n := len(file.Certificates); n > 0 {
		last := file.Certificates[n-1]
		if !card.IssuedOn.After(last.IssuedOn) {
			c.refuse(r.Row, "发证日期", "OLDER_CERTIFICATE", "在册残疾人证的发证日期更晚", "the register has a later certificate")
			return false
		}
		if last.HeldTo.IsZero() {
			last.HeldTo = card.IssuedOn.Add(-1)
			c.ended = append(c.ended, last)
		}
	}
	c.cards = append(c.cards, *card)
	c.events = append(c.events, casefile.CertificateEvent{ID: d.NewID(), CertificateID: card.ID, PersonID: file.Person.ID, Event: "RENEW", On: card.IssuedOn})
	return true
}

// apply writes a change: one statement a table, then the standings of everybody touched.
func (d *Desk) apply(ctx context.Context, tx *store.Tx, c *change) error {
	steps := []func() error{
		func() error { return tx.InsertPersons(ctx, c.persons...) },
		func() error { return tx.UpdatePersons(ctx, c.updated...) },
		func() error { return tx.EndCertificates(ctx, c.ended...) },
		func() error { return tx.InsertCertificates(ctx, c.cards...) },
		func() error { return tx.InsertEvents(ctx, c.events...) },
		func() error { return tx.InsertCircumstances(ctx, c.facts...) },
		func() error { return tx.InsertAliases(ctx, c.aliases...) },
		func() error { return tx.InsertAwards(ctx, c.awards...) },
		func() error { return tx.ReplacePayees(ctx, c.payees...) },
		func() error { return d.deriveTouched(ctx, tx, c) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("apply a roster: %w", err)
		}
	}
	emitImport(tx, c)
	return nil
}

// deriveTouched derives from what was just written. Those who are new need no reading back.
func (d *Desk) deriveTouched(ctx context.Context, tx *store.Tx, c *change) error {
	files := map[uuid.UUID]*store.Dossier{}
	for _, p := range c.persons {
		files[p.ID] = &store.Dossier{File: casefile.File{Person: p}}
	}
	for _, card := range c.cards {
		if f := files[card.PersonID]; f != nil {
			f.File.Certificates = append(f.File.Certificates, card)
		}
	}
	for _, e := range c.events {
		if f := files[e.PersonID]; f != nil {
			f.File.Events = append(f.File.Events, e)
		}
	}
	for _, fact := range c.facts {
		if f := files[fact.PersonID]; f != nil {
			f.File.Circumstances = append(f.File.Circumstances, fact)
		}
	}
	for _, a := range c.awards {
		if f := files[a.PersonID]; f != nil {
			f.Awards = append(f.Awards, a)
		}
	}
	var read, fresh []uuid.UUID
	var known []store.Dossier
	for _, id := range c.touched {
		if f, isNew := files[id]; isNew {
			fresh, known = append(fresh, id), append(known, *f)
			continue
		}
		read = append(read, id)
	}
	if err := d.derive(ctx, tx, fresh, known); err != nil || len(read) == 0 {
		return err
	}
	_, err := d.rederive(ctx, tx, read...)
	return err
}

// Import reads an import of the actor's area.
func (d *Desk) Import(ctx context.Context, who access.Actor, id uuid.UUID) (store.Import, error) {
	return d.DB.ImportByID(ctx, who, id)
}
