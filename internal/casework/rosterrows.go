package casework

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/area"
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
	for _, right := range rightsOf(r) {
		if !right.from.IsZero() {
			// recorded now: the first verification that is asked for is the one after
			list = append(list, award.Award{ID: d.NewID(), PersonID: person, Programme: right.programme, Basis: award.FromImport,
				StartMonth: right.from, OwedFrom: d.today().Month(), RecordedAt: d.Now()})
		}
	}
	return list
}

// rosterRight is a column of a roster from which month on somebody has a right.
type rosterRight struct {
	programme, column string
	from              calendar.Month
}

func rightsOf(r exchange.RosterRow) []rosterRight {
	return []rosterRight{{policy.LivingAllowance, "生活补贴起始月", r.LivingFrom}, {policy.NursingSubsidy, "护理补贴起始月", r.NursingFrom}}
}

// late refuses a row that brings a right to somebody whom rosters of this service pay by now. Rights are taken over only when an office
// begins; after that one officer enters an application and another decides, so that nobody makes a right alone, with a file.
func (c *change) late(file *store.Dossier, r exchange.RosterRow) bool {
	at, has := r.Hukou, []award.Award(nil)
	if file != nil {
		at, has = file.File.Person.Managing, file.Awards
	}
	if !slices.ContainsFunc(c.paying, func(paid area.Code) bool { return paid.Contains(at) }) {
		return false
	}
	for _, right := range rightsOf(r) {
		if right.from.IsZero() || slices.ContainsFunc(has, func(a award.Award) bool { return a.Programme == right.programme }) {
			continue
		}
		c.refuse(r.Row, right.column, store.RightNeedsApplication.Code, store.RightNeedsApplication.ZH, store.RightNeedsApplication.EN)
		return true
	}
	return false
}

// planKnown adds what a roster newly says about somebody who is in the register. What it contradicts is refused, since
// only a person can tell which of the two is right.
func (d *Desk) planKnown(c *change, dossier *store.Dossier, r exchange.RosterRow) {
	p := dossier.File.Person
	if names.Key(p.Name) != names.Key(r.Name) {
		c.refuse(r.Row, "姓名", "NAME_MISMATCH", "与在册姓名不一致，请核实；更名的，先更正档案再重新发送", "the register has another name for this ID number; if it was changed, correct the file first and send the roster again")
		return
	}
	if !dossier.File.On(d.today(), d.Pack().Transitions).Alive {
		d.planDead(c, dossier, r)
		return
	}
	before := len(c.cards) + len(c.facts) + len(c.awards) + len(c.updated) + len(c.payees)
	if !d.planCard(c, &dossier.File, r) {
		return
	}
	d.planPhone(c, p, r)
	for _, fact := range d.hardshipFacts(p.ID, r) {
		there := slices.IndexFunc(dossier.File.Circumstances, func(old casefile.Circumstance) bool {
			return old.Kind == fact.Kind && old.SupersededAt.IsZero() && old.Interval().Overlaps(fact.Interval())
		})
		if there < 0 {
			c.facts, dossier.File.Circumstances = append(c.facts, fact), append(dossier.File.Circumstances, fact)
		} else if old := dossier.File.Circumstances[there]; old.Value.Answer != casefile.Yes || old.Value.Sort != fact.Value.Sort {
			c.differ(r.Row, "困难类别")
		} else if old.ValidFrom != fact.ValidFrom {
			c.differ(r.Row, "困难类别起始日")
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
	c.compare(dossier, r)
	c.rows = append(c.rows, p.ID)
	if len(c.cards)+len(c.facts)+len(c.awards)+len(c.updated)+len(c.payees) > before {
		c.touch(p.ID)
	}
}

// planDead takes nothing for somebody whose death is recorded. A row that only repeats what the register has is one of many that a roster goes on
// naming; one with another card or a right that is not there contradicts the death.
func (d *Desk) planDead(c *change, dossier *store.Dossier, r exchange.RosterRow) {
	card := d.rosterCard(dossier.File.Person.ID, r)
	known := card == nil || slices.ContainsFunc(dossier.File.Certificates, func(old casefile.Certificate) bool {
		return old.Number == card.Number && old.IssuedOn == card.IssuedOn
	})
	for _, right := range rightsOf(r) {
		known = known && (right.from.IsZero() || slices.ContainsFunc(dossier.Awards, func(old award.Award) bool { return old.Programme == right.programme }))
	}
	if !known {
		c.refuse(r.Row, "姓名", "DECEASED", "在册已登记死亡，请核实；登记有误的，先更正档案再重新发送", "the register has the person's death; if that is wrong, correct the file first and send the roster again")
		return
	}
	c.compare(dossier, r)
	c.rows = append(c.rows, dossier.File.Person.ID)
}

// compare notes where a row differs from the register about somebody who is known: the register may have been put right since, and only a
// person can tell which of the two is true.
func (c *change) compare(dossier *store.Dossier, r exchange.RosterRow) {
	p, guardian := dossier.File.Person, ""
	if p.Guardian != nil {
		guardian = names.Key(p.Guardian.Name)
	}
	for _, column := range []struct {
		name    string
		differs bool
	}{
		{"户籍村居", !r.Hukou.Contains(p.Hukou)},
		{"居住村居", r.Residence != "" && !r.Residence.Contains(p.Residence)},
		{"户口性质", r.HukouType != "" && r.HukouType != p.HukouType},
		{"联系电话", r.Phone != "" && p.Phone != "" && r.Phone != p.Phone},
		{"监护人姓名", r.GuardianName != "" && names.Key(r.GuardianName) != guardian},
		{"银行账号", r.Account != "" && dossier.Payee != nil && c.accounts[p.ID] != r.Account},
	} {
		if column.differs {
			c.differ(r.Row, column.name)
		}
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
	if card == nil {
		return true
	}
	for _, old := range file.Certificates {
		if old.Number == card.Number && old.IssuedOn == card.IssuedOn {
			c.compareCard(old, file.StatusOn(old, d.today()), r)
			return true
		}
	}
	var last *casefile.Certificate
	if n := len(file.Certificates); n > 0 {
		last = &file.Certificates[n-1]
		if status := file.StatusOn(*last, d.today()); status == casefile.Cancelled || status == casefile.Frozen {
			c.refuse(r.Row, "残疾人证号", "WRONG_STATUS", "在册残疾人证已注销或冻结，请先办理", "the certificate of the register is cancelled or frozen; see to that first")
			return false
		}
		if wrong := notAfter(*last, *card); wrong != nil {
			c.refuse(r.Row, wrong.column, wrong.code, wrong.zh, wrong.en)
			return false
		}
		if last.HeldTo.IsZero() {
			last.HeldTo = card.IssuedOn.Add(-1)
			c.ended = append(c.ended, *last)
		}
	}
	made := casefile.CertificateEvent{ID: d.NewID(), CertificateID: card.ID, PersonID: file.Person.ID, Event: madeBy(last, *card), On: card.IssuedOn}
	c.cards, file.Certificates, c.events = append(c.cards, *card), append(file.Certificates, *card), append(c.events, made)
	return true
}

// compareCard notes where a row says otherwise of a card that is known.
func (c *change) compareCard(card casefile.Certificate, status casefile.CertificateStatus, r exchange.RosterRow) {
	if status == casefile.Cancelled || status == casefile.Frozen {
		c.differ(r.Row, "残疾证号")
	}
	if !near(card.ExpiresOn, r.ExpiresOn) {
		c.differ(r.Row, "有效期至")
	}
}

// notAfter says why a card cannot follow another: it was issued before it, or on the same day. A reissue has a day of its own, which a roster may
// not have been told of.
func notAfter(last, card casefile.Certificate) *wrongCell {
	switch alike := last.Number.Resident() == card.Number.Resident() && last.Category == card.Category && last.Level == card.Level; {
	case card.IssuedOn.After(last.IssuedOn):
		return nil
	case card.IssuedOn.Before(last.IssuedOn):
		return &wrongCell{"发证日期", "OLDER_CERTIFICATE", "在册残疾人证的发证日期更晚", "the register has a later certificate"}
	case alike && card.Number.Reissue() > last.Number.Reissue():
		return &wrongCell{"发证日期", "REISSUED_SAME_DAY", "在册为补办前的证号，发证日期相同；请填补办后新证的发证日期，或在档案中登记补办", "the register has the number before the reissue, issued on the same day; give the day of the reissue, or record it in the file"}
	case alike:
		return &wrongCell{"残疾证号", "OLDER_CERTIFICATE", "此为补办前的证号，在册已是补办后的新证", "this is the number before a reissue; the register has the reissued certificate"}
	}
	return &wrongCell{"残疾证号", "CONTRADICTS_RECORD", "与在册同日发证的残疾人证号不一致，请核实", "the register has a certificate of that day with another number; find out which is right"}
}
