package casework

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/names"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// planNew adds who stands on a roster and is not in the register yet.
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
	dossier := &store.Dossier{File: casefile.File{Person: p}}
	if r.RawID15 != "" {
		c.aliases = append(c.aliases, casefile.Alias{ID: d.NewID(), PersonID: p.ID, Kind: "id_number_15", Value: r.RawID15})
	}
	file := &dossier.File
	card := d.rosterCard(p.ID, r)
	if card != nil {
		file.Certificates = []casefile.Certificate{*card}
		file.Events = []casefile.CertificateEvent{{ID: d.NewID(), CertificateID: card.ID, PersonID: p.ID, Event: "FIRST_ISSUE", On: card.IssuedOn}}
	}
	file.Circumstances = append(d.firstPlaces(p, card), d.hardshipFacts(p.ID, r)...)
	dossier.Awards = d.takenOver(p.ID, r)
	c.fresh, c.byNumber[r.ID.Reveal()], c.isNew[p.ID] = append(c.fresh, dossier), dossier, true
	c.cards, c.events = append(c.cards, file.Certificates...), append(c.events, file.Events...)
	c.facts, c.awards = append(c.facts, file.Circumstances...), append(c.awards, dossier.Awards...)
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
var hardshipSorts = map[string][2]string{"dibao": {"dibao", "household"}, "dibao_single": {"dibao", "single"}, "dibao_edge": {"dibao_edge", "household"}, "tekun": {"tekun", "dispersed"},
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
			// recorded now: the first verification that is asked for is the one after
			list = append(list, award.Award{ID: d.NewID(), PersonID: person, Programme: right.programme, Basis: award.FromImport,
				StartMonth: right.from, OwedFrom: d.today().Month(), RecordedAt: d.Now()})
		}
	}
	return list
}

// planKnown adds what a roster newly says about somebody who is in the register. What it contradicts is refused, since
// only a person can tell which of the two is right.
func (d *Desk) planKnown(c *change, dossier *store.Dossier, r exchange.RosterRow) {
	p := dossier.File.Person
	if names.Key(p.Name) != names.Key(r.Name) {
		c.refuse(r.Row, "姓名", "NAME_MISMATCH", "与在册姓名不一致，请核实；更名的，先更正档案再重新发送", "the register has another name for this ID number; if it was changed, correct the file first and send the roster again")
		return
	}
	before := len(c.cards) + len(c.facts) + len(c.awards) + len(c.updated) + len(c.payees)
	d.planPhone(c, p, r)
	if !d.planCard(c, &dossier.File, r) {
		return
	}
	for _, fact := range d.hardshipFacts(p.ID, r) {
		if !slices.ContainsFunc(dossier.File.Circumstances, func(old casefile.Circumstance) bool {
			return old.Kind == fact.Kind && old.SupersededAt.IsZero() && old.Interval().Overlaps(fact.Interval())
		}) {
			c.facts, dossier.File.Circumstances = append(c.facts, fact), append(dossier.File.Circumstances, fact)
		}
	}
	for _, right := range d.takenOver(p.ID, r) {
		if !slices.ContainsFunc(dossier.Awards, func(old award.Award) bool { return old.Programme == right.Programme }) {
			c.awards = append(c.awards, right)
		}
	}
	if r.Account != "" && dossier.Payee == nil {
		c.payees = append(c.payees, d.ownPayee(p, r.Account))
	}
	c.rows = append(c.rows, p.ID)
	if len(c.cards)+len(c.facts)+len(c.awards)+len(c.updated)+len(c.payees) > before {
		c.touch(p.ID)
	}
}

// planPhone adds a telephone number where none is known: one that is may have been corrected since the roster was written.
func (d *Desk) planPhone(c *change, p casefile.Person, r exchange.RosterRow) {
	uncertified := p.RecordType == casefile.UncertifiedChild || p.RecordType == casefile.Recovering
	if r.Phone != "" && p.Phone == "" || uncertified && !r.Certificate.IsZero() {
		c.was(p)
		if p.Phone == "" {
			p.Phone = r.Phone
		}
		if !r.Certificate.IsZero() {
			p.RecordType = casefile.Certified
		}
		p.UpdatedAt = d.Now()
		c.updated = append(c.updated, p)
	}
}

// planCard lets a newer card follow the one in the register.
func (d *Desk) planCard(c *change, file *casefile.File, r exchange.RosterRow) bool {
	card := d.rosterCard(file.Person.ID, r)
	if card == nil || slices.ContainsFunc(file.Certificates, func(old casefile.Certificate) bool {
		return old.Number == card.Number && old.IssuedOn == card.IssuedOn
	}) {
		return true
	}
	if n := len(file.Certificates); n > 0 {
		last := &file.Certificates[n-1]
		if status := file.StatusOn(*last, d.today()); status == casefile.Cancelled || status == casefile.Frozen {
			c.refuse(r.Row, "残疾人证号", "WRONG_STATUS", "在册残疾人证已注销或冻结，请先办理", "the certificate of the register is cancelled or frozen; see to that first")
			return false
		}
		if !card.IssuedOn.After(last.IssuedOn) {
			c.refuse(r.Row, "发证日期", "OLDER_CERTIFICATE", "在册残疾人证的发证日期更晚", "the register has a later certificate")
			return false
		}
		if last.HeldTo.IsZero() {
			last.HeldTo = card.IssuedOn.Add(-1)
			c.ended = append(c.ended, *last)
		}
	}
	c.cards, file.Certificates = append(c.cards, *card), append(file.Certificates, *card)
	c.events = append(c.events, casefile.CertificateEvent{ID: d.NewID(), CertificateID: card.ID, PersonID: file.Person.ID, Event: "RENEW", On: card.IssuedOn})
	return true
}
