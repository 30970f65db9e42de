package casework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/names"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// NewPerson is what is entered about somebody who comes into the register. Sex and birth date come from the ID number
// where there is one.
type NewPerson struct {
	RecordType       casefile.RecordType // derived where empty
	Name             string
	IDNumber         string
	BirthCertificate string
	Sex              string
	BirthDate        calendar.Date
	Phone            string
	Diagnosis        string
	HukouType        string
	Hukou            area.Code
	Residence        area.Code
	Managing         area.Code // the hukou place where empty
	Guardian         *NewGuardian
	Certificate      *NewCertificate
}

// NewGuardian is a guardian as entered.
type NewGuardian struct{ Name, Relation, IDNumber, Phone string }

// CreatePerson brings somebody into the register, with the certificate if there is one.
func (d *Desk) CreatePerson(ctx context.Context, who access.Actor, in NewPerson) (dossier store.Dossier, err error) {
	p, err := d.newPerson(ctx, who, in)
	if err != nil {
		return dossier, err
	}
	file := casefile.File{Person: p}
	card, err := d.checkedCard(file, in.Certificate)
	if err != nil {
		return dossier, err
	}
	err = d.write(ctx, who, "person.create", func(tx *store.Tx) error {
		if err := taken(ctx, tx, p, card); err != nil {
			return err
		}
		if err := tx.InsertPersons(ctx, p); err != nil {
			return err
		}
		tx.Emit(ofPerson(personCreated, p.ID, p.ID, map[string]any{"record_type": string(p.RecordType)}))
		if err := tx.InsertCircumstances(ctx, d.firstPlaces(p, card)...); err != nil {
			return err
		}
		if idnum.UpgradedFrom15(in.IDNumber) {
			alias := casefile.Alias{ID: d.NewID(), PersonID: p.ID, Kind: "id_number_15", Value: idnum.Normalize(in.IDNumber)}
			if err := tx.InsertAliases(ctx, alias); err != nil {
				return err
			}
		}
		if card != nil {
			if err := d.issue(ctx, tx, *card, "FIRST_ISSUE"); err != nil {
				return err
			}
		}
		dossier, err = d.saved(ctx, tx, p.ID)
		return err
	})
	return dossier, err
}

// taken refuses numbers that somebody of the actor's own area has, and says who. Of anybody elsewhere the database says that a number is taken; what is
// said here is the same whoever has the others there.
func taken(ctx context.Context, tx *store.Tx, p casefile.Person, card *casefile.Certificate) error {
	persons, holders, err := tx.WhoHas(ctx, p, card)
	switch {
	case err != nil:
		return err
	case len(persons) > 0:
		return store.PersonExists.Naming(persons...)
	case len(holders) > 0:
		return store.CertificateExists.Naming(holders...)
	}
	return nil
}

func (d *Desk) newPerson(ctx context.Context, who access.Actor, in NewPerson) (casefile.Person, error) {
	now := d.Now()
	p := casefile.Person{ID: d.NewID(), Version: 1, Sex: in.Sex, BirthDate: in.BirthDate,
		BirthCertificate: in.BirthCertificate, Diagnosis: in.Diagnosis, HukouType: in.HukouType, Hukou: in.Hukou, Residence: in.Residence,
		Managing: in.Managing, CreatedAt: now, UpdatedAt: now}
	err := d.newPlaces(ctx, who, &p)
	if err != nil {
		return p, err
	}
	if p.Name, err = needName(in.Name); err != nil {
		return p, err
	}
	if err := d.setIDNumber(&p, in.IDNumber); err != nil {
		return p, err
	}
	if p.Phone, err = phone("phone", in.Phone); err != nil {
		return p, err
	}
	if p.Guardian, err = d.guardian(in.Guardian); err != nil {
		return p, err
	}
	if p.BirthDate.IsZero() && p.InvalidID != "" {
		return p, field("id_number", "ID_CHECK", "身份证号校验码不正确，请核对；证件上确为此号的，另填出生日期后登记",
			"the check character of the ID number is wrong; if it is what the card says, give the birth date with it")
	}
	if p.BirthDate.IsZero() {
		return p, field("birth_date", "BIRTH_DATE_REQUIRED", "没有身份证号时须填写出生日期", "without an ID number the birth date is required")
	}
	if p.BirthDate.After(d.today()) {
		return p, bornLater
	}
	p.RecordType, err = d.ground(in, p)
	return p, err
}

// newPlaces refuses places that there are not, and a managing one that is not the actor's: that of the hukou where none is given.
func (d *Desk) newPlaces(ctx context.Context, who access.Actor, p *casefile.Person) error {
	for _, place := range []struct {
		name string
		code area.Code
	}{{"hukou_area_code", p.Hukou}, {"residence_area_code", p.Residence}, {"managing_area_code", p.Managing}} {
		if err := d.checkArea(ctx, place.name, place.code, d.today()); err != nil {
			return err
		}
	}
	switch {
	case p.Managing == "" && !who.Covers(p.Hukou):
		return field("hukou_area_code", "OUTSIDE_AREA", "户籍地超出本人管辖区域；常住本辖区的，请填写管理村居", "the place of hukou is outside your area; of a resident of your area, name the managing village")
	case p.Managing == "":
		p.Managing = p.Hukou
	case !who.Covers(p.Managing):
		return outsideArea("managing_area_code")
	}
	return nil
}

// outsideArea refuses a division that is not the actor's.
func outsideArea(name string) error {
	return field(name, "OUTSIDE_AREA", "超出本人管辖区域", "outside your area")
}

// setIDNumber reads the number and what follows from it. A wrong check character is recorded, since old files hold such
// numbers, and blocks applications until it is corrected; anything else wrong is refused.
func (d *Desk) setIDNumber(p *casefile.Person, raw string) error {
	if raw == "" {
		return nil
	}
	id, err := idnum.ParseResident(raw, d.today())
	var wrong *idnum.Error
	if errors.As(err, &wrong) {
		if wrong.Code != "ID_CHECK" {
			return field("id_number", wrong.Code, wrong.ZH, wrong.EN)
		}
		p.InvalidID, p.IDNumber = idnum.Normalize(raw), idnum.Resident{}
		return nil
	}
	if sex := id.Sex(); p.Sex != "" && p.Sex != sex && p.IDNumber.IsZero() {
		return field("sex", "SEX_MISMATCH", "性别与身份证号不一致", "the sex does not agree with the ID number")
	}
	if birth := id.BirthDate(); !p.BirthDate.IsZero() && p.BirthDate != birth && p.IDNumber.IsZero() && p.InvalidID == "" {
		return field("birth_date", "BIRTH_DATE_MISMATCH", "出生日期与身份证号不一致", "the birth date does not agree with the ID number")
	}
	p.IDNumber, p.InvalidID, p.Sex, p.BirthDate = id, "", id.Sex(), id.BirthDate()
	return nil
}

// personName is a name as it is kept.
func personName(member, raw string) (string, error) {
	name, err := names.Written(raw)
	var wrong *names.Error
	if errors.As(err, &wrong) {
		return "", field(member, wrong.Code, wrong.ZH, wrong.EN)
	}
	return name, err
}

// needName is a name that there has to be.
func needName(raw string) (string, error) {
	name, err := personName("name", raw)
	if err == nil && name == "" {
		err = field("name", "REQUIRED", "请填写姓名", "the name is missing")
	}
	return name, err
}

func phone(name, raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	number, err := idnum.ParsePhone(raw)
	return number, numberFault(name, err)
}

// numberFault says which member held the wrong number.
func numberFault(name string, err error) error {
	var wrong *idnum.Error
	if errors.As(err, &wrong) {
		return field(name, wrong.Code, wrong.ZH, wrong.EN)
	}
	return err
}

func (d *Desk) guardian(in *NewGuardian) (g *casefile.Guardian, err error) {
	if in == nil {
		return nil, nil
	}
	g = &casefile.Guardian{Relation: in.Relation}
	if g.Name, err = personName("guardian.name", in.Name); err != nil {
		return nil, err
	}
	if in.IDNumber != "" {
		if g.IDNumber, err = idnum.ParseResident(in.IDNumber, d.today()); err != nil {
			return nil, numberFault("guardian.id_number", err)
		}
	}
	g.Phone, err = phone("guardian.phone", in.Phone)
	return g, err
}

// firstPlaces dates the places of somebody new from the birth or the card: where the person lived before is not known.
func (d *Desk) firstPlaces(p casefile.Person, card *casefile.Certificate) []casefile.Circumstance {
	from := p.BirthDate
	if from.IsZero() && card != nil {
		from = card.IssuedOn
	}
	if from.IsZero() {
		from = d.today()
	}
	var facts []casefile.Circumstance
	for _, place := range []struct {
		kind string
		code area.Code
	}{{casefile.HukouArea, p.Hukou}, {casefile.ResidenceArea, p.Residence}, {casefile.ManagingArea, p.Managing}} {
		if place.code != "" {
			facts = append(facts, d.placeFact(p.ID, place.kind, place.code, from))
		}
	}
	return facts
}

func (d *Desk) placeFact(person uuid.UUID, kind string, code area.Code, from calendar.Date) casefile.Circumstance {
	raw, _ := json.Marshal(string(code))
	return casefile.Circumstance{ID: d.NewID(), PersonID: person, Kind: kind, Raw: raw,
		Value: casefile.Value{Answer: casefile.Yes, Sort: string(code)}, ValidFrom: from, Source: "register"}
}

// PersonPatch is what may change of a person. Nil members stay. Places change on EffectiveOn; today where it is zero.
type PersonPatch struct {
	Name        *string
	Phone       *string
	HukouType   *string
	Guardian    *NewGuardian
	Diagnosis   *string
	BirthDate   *calendar.Date // of who has no ID number; else they come from it
	Sex         *string
	IDNumber    *string
	Reason      string // of a correction of the ID number, the name, the birth date or the sex
	Hukou       *area.Code
	Residence   *area.Code
	Managing    *area.Code
	EffectiveOn calendar.Date
}

// UpdatePerson changes a person's master data. A corrected ID number or name leaves an alias; a move leaves a dated fact.
func (d *Desk) UpdatePerson(ctx context.Context, who access.Actor, id uuid.UUID, version int, in PersonPatch) (dossier store.Dossier, err error) {
	if in.EffectiveOn.IsZero() {
		in.EffectiveOn = d.today()
	}
	if in.EffectiveOn.After(d.today()) {
		return dossier, field("effective_on", "DATE_IN_FUTURE", "生效日期不能晚于今天", "effective_on is after today")
	}
	err = d.write(ctx, who, "person.update", func(tx *store.Tx) error {
		old, err := tx.LockDossier(ctx, id)
		if err != nil {
			return err
		}
		if err := stale(old.File.Person.Version, version); err != nil {
			return err
		}
		p, aliases, err := d.patched(old.File.Person, in)
		if err != nil {
			return err
		}
		if in.IDNumber != nil {
			if err := taken(ctx, tx, p, nil); err != nil {
				return err
			}
		}
		if err := d.movePlaces(ctx, tx, who, old.File, &p, in); err != nil {
			return err
		}
		if err := tx.InsertAliases(ctx, aliases...); err != nil {
			return err
		}
		p.UpdatedAt = tx.Now
		if err := tx.UpdatePersons(ctx, p); err != nil {
			return err
		}
		emitUpdate(tx, old.File.Person, p)
		if dossier, err = d.saved(ctx, tx, id); err != nil || p.BirthDate == old.File.Person.BirthDate && p.Sex == old.File.Person.Sex {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"reason": in.Reason}) // a number or a name leaves an alias with it
	})
	return dossier, err
}

func (d *Desk) patched(p casefile.Person, in PersonPatch) (casefile.Person, []casefile.Alias, error) {
	var aliases []casefile.Alias
	if in.Name != nil && *in.Name != p.Name {
		name, err := needName(*in.Name)
		if err != nil {
			return p, nil, err
		}
		if name != p.Name {
			aliases = append(aliases, casefile.Alias{ID: d.NewID(), PersonID: p.ID, Kind: "name", Value: p.Name, Reason: in.Reason})
			p.Name = name
		}
	}
	p, err := d.bornAs(p, in)
	if err != nil {
		return p, nil, err
	}
	if in.IDNumber != nil {
		if in.Reason == "" {
			return p, nil, field("reason", "REASON_REQUIRED", "更正身份证号须说明依据", "a correction of the ID number needs a reason")
		}
		before := p.IDNumber.Reveal() + p.InvalidID
		if err := d.setIDNumber(&p, *in.IDNumber); err != nil {
			return p, nil, err
		}
		if after := p.IDNumber.Reveal() + p.InvalidID; before != "" && before != after {
			aliases = append(aliases, casefile.Alias{ID: d.NewID(), PersonID: p.ID, Kind: "id_number_corrected", Value: before, Reason: in.Reason})
		}
	}
	if in.HukouType != nil {
		p.HukouType = *in.HukouType
	}
	if in.Phone != nil {
		if p.Phone, err = phone("phone", *in.Phone); err != nil {
			return p, nil, err
		}
	}
	if in.Diagnosis != nil {
		if p.Diagnosis = strings.TrimSpace(*in.Diagnosis); p.Diagnosis == "" {
			return p, nil, field("diagnosis", "REQUIRED", "请填写诊断", "the diagnosis is missing")
		}
	}
	if in.Guardian != nil {
		if p.Guardian, err = d.guardian(in.Guardian); err != nil {
			return p, nil, err
		}
	}
	return p, aliases, nil
}

// bornAs puts birth date and sex right of somebody who has no ID number that says them.
func (d *Desk) bornAs(p casefile.Person, in PersonPatch) (casefile.Person, error) {
	born, sex := p.BirthDate, p.Sex
	amend(&born, in.BirthDate)
	amend(&sex, in.Sex)
	switch {
	case born == p.BirthDate && sex == p.Sex:
		return p, nil
	case !p.IDNumber.IsZero() && born != p.BirthDate:
		return p, field("birth_date", "BIRTH_DATE_MISMATCH", "出生日期与身份证号不一致；身份证号有误的，请更正身份证号", "the birth date does not agree with the ID number; if that is wrong, correct it")
	case !p.IDNumber.IsZero():
		return p, field("sex", "SEX_MISMATCH", "性别与身份证号不一致；身份证号有误的，请更正身份证号", "the sex does not agree with the ID number; if that is wrong, correct it")
	case in.Reason == "":
		return p, field("reason", "REASON_REQUIRED", "更正出生日期或性别须说明依据", "a correction of the birth date or the sex needs a reason")
	case born.After(d.today()):
		return p, bornLater
	case p.RecordType == casefile.UncertifiedChild && !casefile.IsChild(born, calendar.DateOf(p.CreatedAt)): // who has grown up since was one
		return p, field("birth_date", "NO_CERT", "未持证人员只登记18周岁以下残疾儿童", "only a child under 18 is registered without a certificate")
	}
	p.BirthDate, p.Sex = born, sex
	return p, nil
}

var bornLater = field("birth_date", "IN_FUTURE", "出生日期不能晚于今天", "the birth date lies in the future")

// movePlaces closes the old place and opens the new one. The day of a hukou move still belongs to the old place, as
// the day of every event that ends a right does, and so it does to the managing village that changes with it: the roster of the month is that of
// the town that is left, also on the first (M16), as when a list tells of the move. A managing village that changes alone does so on its day; on that
// of a move it takes the place of the one moved to.
func (d *Desk) movePlaces(ctx context.Context, tx *store.Tx, who access.Actor, file casefile.File, p *casefile.Person, in PersonPatch) error {
	managed, next := in.EffectiveOn, in.EffectiveOn.Add(1)
	if in.Hukou != nil && *in.Hukou != p.Hukou || slices.ContainsFunc(file.Circumstances, func(c casefile.Circumstance) bool {
		return c.Kind == casefile.ManagingArea && c.SupersededAt.IsZero() && c.ValidFrom == next
	}) {
		managed = next
	}
	moves := []struct {
		name, kind string
		to         *area.Code
		now        *area.Code
		from       calendar.Date
	}{
		{"hukou_area_code", casefile.HukouArea, in.Hukou, &p.Hukou, in.EffectiveOn.Add(1)},
		{"residence_area_code", casefile.ResidenceArea, in.Residence, &p.Residence, in.EffectiveOn},
		{"managing_area_code", casefile.ManagingArea, in.Managing, &p.Managing, managed},
	}
	for _, m := range moves {
		if m.to == nil || *m.to == *m.now {
			continue
		}
		if err := d.checkArea(ctx, m.name, *m.to, in.EffectiveOn); err != nil {
			return err
		}
		if m.kind == casefile.ManagingArea && !who.Covers(*m.to) {
			return field("managing_area_code", "OUTSIDE_AREA", "调出本人管辖区域，请由上级办理", "the new managing area is outside yours")
		}
		*m.now = *m.to
		if err := d.replaceFact(ctx, tx, file, d.placeFact(p.ID, m.kind, *m.to, m.from)); err != nil {
			return err
		}
	}
	return nil
}

// replaceFact lets a new fact follow the open one of its kind.
func (d *Desk) replaceFact(ctx context.Context, tx *store.Tx, file casefile.File, next casefile.Circumstance) error {
	for _, old := range file.Circumstances {
		if old.Kind != next.Kind || !old.SupersededAt.IsZero() || !old.ValidTo.IsZero() {
			continue
		}
		if err := tx.Supersede(ctx, old.ID); err != nil {
			return err
		}
		old.ID, old.ValidTo = d.NewID(), next.ValidFrom.Add(-1)
		if !old.ValidTo.Before(old.ValidFrom) {
			if err := tx.InsertCircumstances(ctx, old); err != nil {
				return err
			}
		}
	}
	return tx.InsertCircumstances(ctx, next)
}

// Person reads one file.
func (d *Desk) Person(ctx context.Context, who access.Actor, id uuid.UUID) (store.Dossier, error) {
	return d.DB.Dossier(ctx, who, id)
}

// Record is the whole file at a date, as known at an instant (一人一档).
type Record struct {
	store.Dossier
	Applications []store.Case
	Merges       []store.Merge // of which the person is either side
	Past         bool          // as known at an instant before now: nothing waits for anybody
}

var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Record reads the whole file: circumstances that hold on asOf, by what was known at knownAt, or now where that is zero.
func (d *Desk) Record(ctx context.Context, who access.Actor, id uuid.UUID, asOf calendar.Date, knownAt time.Time) (Record, error) {
	past := !knownAt.IsZero()
	if !past {
		knownAt = endOfTime // what is recorded is known, also where it bears a later time than the clock does by now (store.Tx.afterClosed)
	}
	dossier, err := d.DB.Dossier(ctx, who, id)
	if err != nil {
		return Record{}, err
	}
	cases, err := d.DB.ListApplications(ctx, who, store.ApplicationFilter{PersonID: id, Limit: 200})
	if err != nil {
		return Record{}, err
	}
	if err := d.DB.CardsTakenBack(ctx, who, id, &dossier.File, knownAt); err != nil {
		return Record{}, err
	}
	dossier.File = dossier.File.KnownAt(knownAt)
	if past {
		if dossier.Awards, err = d.DB.AwardsKnownAt(ctx, who, dossier.Awards, knownAt); err != nil {
			return Record{}, err
		}
		cases = casesKnownAt(cases, dossier.Awards, knownAt)
	}
	reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
	if err != nil {
		return Record{}, err
	}
	dossier.Awards = reading.Awards()
	for i, a := range dossier.Awards {
		dossier.Awards[i] = asSeen(reading, a, asOf)
	}
	dossier.File.Circumstances = slices.DeleteFunc(dossier.File.Circumstances,
		func(c casefile.Circumstance) bool { return !c.Interval().Contains(asOf) })
	merges, err := d.Merges(ctx, who, id)
	if err != nil {
		return Record{}, err
	}
	merges = slices.DeleteFunc(merges, func(m store.Merge) bool { return m.MergedAt.After(knownAt) })
	return Record{Dossier: dossier, Applications: cases, Merges: merges, Past: past}, nil
}

// casesKnownAt are the cases that had been entered at an instant, as they were, with the awards that there were.
func casesKnownAt(list []store.Case, awards []award.Award, at time.Time) (then []store.Case) {
	for _, c := range list {
		if c.CreatedAt.After(at) {
			continue
		}
		c.Application = c.KnownAt(at)
		if !slices.ContainsFunc(awards, func(a award.Award) bool { return a.ID == c.AwardID }) {
			c.AwardID = uuid.Nil
		}
		then = append(then, c)
	}
	return then
}

// Reveal reads numbers in clear, and says in the audit who read which and why.
func (d *Desk) Reveal(ctx context.Context, who access.Actor, id uuid.UUID, fields []string, reason string) (clear map[string]string, err error) {
	clear = map[string]string{}
	err = d.write(ctx, who, "person.reveal", func(tx *store.Tx) error {
		dossier, err := tx.LockDossier(ctx, id)
		if err != nil {
			return err
		}
		for _, name := range fields {
			if value := d.clearValue(dossier, name); value != "" {
				clear[name] = value
			}
		}
		if slices.Contains(fields, "bank_account") {
			if clear["bank_account"], err = tx.BankAccount(ctx, id); err != nil {
				return err
			}
		}
		return tx.Describe(ctx, id, map[string]any{"fields": fields, "reason": reason})
	})
	if err != nil {
		return nil, fmt.Errorf("reveal: %w", err)
	}
	return clear, nil
}

func (d *Desk) clearValue(dossier store.Dossier, name string) string {
	p := dossier.File.Person
	guardian := casefile.Guardian{}
	if p.Guardian != nil {
		guardian = *p.Guardian
	}
	switch name {
	case "id_number":
		return p.IDNumber.Reveal() + p.InvalidID
	case "phone":
		return p.Phone
	case "guardian_phone":
		return guardian.Phone
	case "guardian_id_number":
		return guardian.IDNumber.Reveal()
	case "certificate_number":
		if c, ok := dossier.File.Current(d.today()); ok {
			return c.Number.Reveal()
		}
	}
	return ""
}

// Warnings says what is odd about a file without being wrong: a number that fails its check, a guardian that is missing.
func (d *Desk) Warnings(file casefile.File) []fault.Field {
	var list []fault.Field
	if file.Person.InvalidID != "" {
		list = append(list, fault.Field{Name: "id_number", Code: "ID_CHECK", ZH: "身份证号校验码不正确，更正前不能提交申请", EN: "the check character is wrong; no application can be submitted before it is corrected"})
	}
	if file.Person.RecordType == casefile.UncertifiedChild && file.Person.Diagnosis == "" {
		list = append(list, fault.Field{Name: "diagnosis", Code: "DIAGNOSIS_MISSING", ZH: "未办证儿童尚无医院诊断，补录前不计入残疾儿童，也不能登记服务",
			EN: "no diagnosis of a child without a certificate is recorded; until it is, the child is not counted and gets no service"})
	}
	card, held := file.Current(d.today())
	needs := casefile.IsChild(file.Person.BirthDate, d.today()) || held && (card.Category == 5 || card.Category == 6)
	if needs && file.Person.Guardian == nil {
		list = append(list, fault.Field{Name: "guardian", Code: "GUARDIAN_MISSING", ZH: "未成年人及智力、精神残疾人须登记监护人", EN: "a guardian is to be recorded for a minor or an intellectual or psychiatric disability"})
	}
	return list
}
