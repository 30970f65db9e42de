package web

import (
	"regexp"
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
)

// personsData is the people of an area, or those that a search has found.
type personsData struct {
	filters
	Search   *Form
	Searched bool
	Lines    []personLine
	More     string
	New      bool
}

type personLine struct {
	Path, Name, Number, Birth, Disability, Place string
}

var categories = []string{"1", "2", "3", "4", "5", "6", "7"}
var levels = []string{"1", "2", "3", "4"}

func showPersons(v *visit) (any, error) {
	data := personsData{New: v.may("/persons/new")}
	data.Search = v.newForm("search", "persons.search", &Field{Name: "text", Label: v.t("persons.text"), Hint: v.t("persons.text.hint"), Kind: "text", Max: 40})
	found, searched := v.found.([]store.Listed)
	if data.Searched = searched; !searched {
		after, err := store.ParseCursor(v.query.Get("cursor"))
		if err != nil {
			return nil, err
		}
		categories, levels := v.options("category", categories...), v.options("level", levels...)
		category, level := asked(categories, v.query.Get("category")), asked(levels, v.query.Get("level"))
		places, in, err := v.areaFilter()
		if err != nil {
			return nil, err
		}
		data.Filters = append([]filter{{"category", v.t("person.category"), v.t("persons.all"), categories}, {"level", v.t("person.level"), v.t("persons.all"), levels}}, places...)
		if found, err = v.desk.DB.ListPersons(v.ctx, v.who, store.PersonFilter{Area: in, Category: category, Level: level, After: after, Limit: pageSize}); err != nil {
			return nil, err
		}
		if n := len(found); n > 0 {
			data.More = v.more(n == pageSize, store.Cursor{Area: found[n-1].Managing, ID: found[n-1].ID}.String())
		}
	}
	for _, l := range found {
		data.Lines = append(data.Lines, v.personLine(l))
	}
	return data, nil
}

// asked is the choice that an address names, marked in its list; 0: none.
func asked(list []Option, value string) int {
	for i, o := range list {
		if list[i].Chosen = o.Value == value; list[i].Chosen {
			n, _ := strconv.Atoi(value)
			return n
		}
	}
	return 0
}

func (v *visit) personLine(l store.Listed) personLine {
	line := personLine{Path: "/persons/" + l.ID.String(), Name: l.Name, Number: maskedNumber(l.Person), Place: v.placeName(l.Managing)}
	if !l.BirthDate.IsZero() {
		line.Birth = v.t("persons.birth", l.BirthDate.String(), calendar.Age(l.BirthDate, v.today))
	}
	if l.Category > 0 {
		line.Disability = v.disability(l.Category, l.Level)
	}
	return line
}

func (v *visit) disability(category, level int) string {
	return v.t("category."+strconv.Itoa(category)) + " " + v.t("level."+strconv.Itoa(level))
}

func maskedNumber(p casefile.Person) string {
	switch {
	case p.InvalidID != "":
		return idnum.MaskID(p.InvalidID)
	case p.IDNumber.IsZero():
		return ""
	}
	return p.IDNumber.Masked()
}

// longNumber is what makes a text a number and no name.
var longNumber = regexp.MustCompile(`\d{6}`)

// searchPersons looks for a number or a whole name. It is a post, since no number stands in an address.
func searchPersons(v *visit) error {
	text := v.value("text")
	if text == "" {
		return fault.InvalidFields(fault.Field{Name: "text", Code: "REQUIRED", ZH: "请填写姓名、身份证号或残疾人证号", EN: "give a name, an ID number or a certificate number"})
	}
	found, err := v.lookUp(text)
	v.found = append([]store.Listed{}, found...)
	return err
}

// lookUp finds people by a number or a whole name.
func (v *visit) lookUp(text string) ([]store.Listed, error) {
	if text == "" {
		return nil, nil
	}
	s := store.Search{Name: text}
	if number := idnum.Normalize(text); longNumber.MatchString(number) {
		s = store.Search{IDNumber: number}
		if card, err := idnum.ParseCertificate(number, v.today); err == nil {
			s = store.Search{Certificate: card.Reveal()}
		} else if id, err := idnum.ParseResident(number, v.today); err == nil {
			s.IDNumber = id.Reveal() // also what was written with 15 digits
		}
	}
	return v.desk.DB.SearchPersons(v.ctx, v.who, s)
}

var hukouTypes = []string{"agricultural", "non_agricultural"}

type personFormData struct{ Form *Form }

func showNewPerson(v *visit) (any, error) {
	villages, err := v.villages()
	if err != nil {
		return nil, err
	}
	own := ""
	if len(villages) == 1 {
		own = villages[0].Value
	}
	f := v.newForm("add", "person.add")
	v.group(f, v.t("person.group.who"),
		&Field{Name: "id_number", Label: v.t("person.id_number"), Hint: v.t("person.id_number.hint"), Kind: "text", Max: 30, Check: "id-number"},
		&Field{Name: "name", Label: v.t("person.name"), Kind: "text", Need: true, Max: 60},
		&Field{Name: "sex", Label: v.t("person.sex"), Kind: "select", Options: v.options("sex", "male", "female")},
		&Field{Name: "birth_date", Label: v.t("person.birth_date"), Hint: v.t("person.birth_date.hint"), Kind: "date"},
		&Field{Name: "birth_certificate_number", Label: v.t("person.birth_certificate"), Hint: v.t("person.birth_certificate.hint"), Kind: "text", Max: 40},
		&Field{Name: "phone", Label: v.t("person.phone"), Kind: "text", Mode: "tel", Max: 20})
	v.group(f, v.t("person.group.place"),
		&Field{Name: "managing_area_code", Label: v.t("person.managing"), Kind: "select", Need: true, Options: villages, Value: own},
		&Field{Name: "hukou_area_code", Label: v.t("person.hukou"), Hint: v.t("person.hukou.hint"), Kind: "text", Mode: "numeric", Max: 12},
		&Field{Name: "hukou_type", Label: v.t("person.hukou_type"), Kind: "select", Need: true, Options: v.options("hukou", hukouTypes...)})
	v.group(f, v.t("person.group.card"),
		&Field{Name: "certificate.number", Label: v.t("person.card"), Hint: v.t("person.card.hint"), Kind: "text", Max: 30, Check: "certificate"},
		&Field{Name: "certificate.category", Label: v.t("person.category"), Kind: "select", Options: v.options("category", categories...)},
		&Field{Name: "certificate.level", Label: v.t("person.level"), Kind: "select", Options: v.options("level", levels...)},
		&Field{Name: "certificate.issued_on", Label: v.t("person.issued_on"), Kind: "date"},
		&Field{Name: "certificate.expires_on", Label: v.t("person.expires_on"), Hint: v.t("person.expires_on.hint"), Kind: "date"},
		&Field{Name: "record_type", Label: v.t("person.without_card"), Kind: "checks", Options: v.options("without_card", string(casefile.Recovering))},
		&Field{Name: "diagnosis", Label: v.t("person.diagnosis"), Hint: v.t("person.diagnosis.hint"), Kind: "textarea", Max: 1000})
	v.group(f, v.t("person.group.guardian"), v.guardianFields(nil)...)
	return personFormData{f}, nil
}

func (v *visit) guardianFields(g *casefile.Guardian) []*Field {
	if g == nil {
		g = &casefile.Guardian{}
	}
	return []*Field{{Name: "guardian.name", Label: v.t("person.guardian"), Kind: "text", Max: 60, Value: g.Name},
		{Name: "guardian.relation", Label: v.t("person.guardian.relation"), Kind: "text", Max: 60, Value: g.Relation},
		{Name: "guardian.phone", Label: v.t("person.phone"), Kind: "text", Mode: "tel", Max: 20},
		{Name: "guardian.id_number", Label: v.t("person.id_number"), Kind: "text", Max: 30, Check: "id-number"}}
}

func (r *reader) guardian() *casework.NewGuardian {
	g := casework.NewGuardian{Name: r.text("guardian.name", 60, false), Relation: r.text("guardian.relation", 60, false),
		Phone: r.text("guardian.phone", 20, false), IDNumber: r.text("guardian.id_number", 30, false)}
	if g == (casework.NewGuardian{}) {
		return nil
	}
	if g.Name == "" {
		r.missing("guardian.name")
	}
	if g.Relation == "" {
		r.missing("guardian.relation")
	}
	return &g
}

func addPerson(v *visit) (string, error) {
	id, err := v.createPerson()
	return "/persons/" + id.String() + "?done=person_added", err
}

// createPerson makes the file that the form describes.
func (v *visit) createPerson() (uuid.UUID, error) {
	r := v.reader()
	in := casework.NewPerson{Name: r.text("name", 60, true), IDNumber: r.text("id_number", 30, false), Sex: r.choice("sex", false, "male", "female"),
		BirthCertificate: r.text("birth_certificate_number", 40, false), RecordType: casefile.RecordType(r.choice("record_type", false, string(casefile.Recovering))),
		BirthDate: r.day("birth_date", false), Phone: r.text("phone", 20, false), Diagnosis: r.text("diagnosis", 1000, false),
		HukouType: r.choice("hukou_type", true, hukouTypes...), Hukou: r.place("hukou_area_code", false), Managing: r.place("managing_area_code", true),
		Guardian: r.guardian(), Certificate: r.certificate()}
	if in.Hukou == "" {
		in.Hukou = in.Managing
	}
	if err := r.err(); err != nil {
		return uuid.Nil, err
	}
	d, err := v.desk.CreatePerson(v.ctx, v.who, in)
	return d.File.Person.ID, err
}

// certificate reads a card where any of its fields is filled in.
func (r *reader) certificate() *casework.NewCertificate {
	given := false
	for _, name := range []string{"number", "category", "level", "issued_on", "expires_on"} {
		given = given || r.v.value("certificate."+name) != ""
	}
	if !given {
		return nil
	}
	return &casework.NewCertificate{Number: r.text("certificate.number", 30, true), Category: r.number("certificate.category", true, 1, 7),
		Level: r.number("certificate.level", true, 1, 4), IssuedOn: r.day("certificate.issued_on", true), ExpiresOn: r.day("certificate.expires_on", false)}
}

// showEditPerson is what may be changed at a village or town desk. Numbers are not shown again; an empty field leaves them.
func showEditPerson(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	p := d.File.Person
	f := v.newForm("save", "person.save", &Field{Name: "name", Label: v.t("person.name"), Kind: "text", Need: true, Max: 60, Value: p.Name},
		&Field{Name: "id_number", Label: v.t("person.id_number"), Hint: v.t("person.id_number.now", orNone(v, maskedNumber(p))), Kind: "text", Max: 30, Check: "id-number"},
		&Field{Name: "reason", Label: v.t("person.reason"), Hint: v.t("person.reason.hint"), Kind: "text", Max: 200},
		&Field{Name: "phone", Label: v.t("person.phone"), Hint: v.t("person.phone.now", orNone(v, idnum.MaskPhone(p.Phone))), Kind: "text", Mode: "tel", Max: 20},
		&Field{Name: "hukou_type", Label: v.t("person.hukou_type"), Kind: "select", Need: true, Options: v.options("hukou", hukouTypes...), Value: p.HukouType})
	if p.RecordType == casefile.UncertifiedChild || p.RecordType == casefile.Recovering {
		v.group(f, v.t("person.group.diagnosis"), &Field{Name: "diagnosis", Label: v.t("person.diagnosis"), Hint: v.t("person.diagnosis.later"), Kind: "textarea", Max: 1000, Value: p.Diagnosis})
	}
	if p.IDNumber.IsZero() {
		v.group(f, v.t("person.group.born"), &Field{Name: "birth_date", Label: v.t("person.birth_date"), Hint: v.t("person.born.hint"), Kind: "date", Value: p.BirthDate.String()},
			&Field{Name: "sex", Label: v.t("person.sex"), Kind: "select", Options: v.options("sex", "male", "female"), Value: p.Sex})
	}
	places, err := v.placeFields(p)
	if err != nil {
		return nil, err
	}
	v.group(f, v.t("person.group.move"), places...)
	v.group(f, v.t("person.group.guardian"), v.guardianFields(p.Guardian)...)
	f.Version = p.Version
	return personFormData{f}, nil
}

// placeFields ask where somebody is from now on. Another managing village is offered where the area has several.
func (v *visit) placeFields(p casefile.Person) ([]*Field, error) {
	villages, err := v.villages()
	if err != nil {
		return nil, err
	}
	var fields []*Field
	if len(villages) > 1 {
		fields = append(fields, &Field{Name: "managing_area_code", Label: v.t("person.managing"), Kind: "select", Options: villages, Value: string(p.Managing)})
	}
	for _, one := range []struct {
		name string
		now  area.Code
	}{{"hukou", p.Hukou}, {"residence", p.Residence}} {
		fields = append(fields, &Field{Name: one.name + "_area_code", Label: v.t("person." + one.name), Hint: v.t("person.place.now", orNone(v, v.placeName(one.now))), Kind: "text", Mode: "numeric", Max: 12, Value: string(one.now)})
	}
	return append(fields, &Field{Name: "effective_on", Label: v.t("person.effective_on"), Hint: v.t("person.effective_on.hint"), Kind: "date"}), nil
}

func orNone(v *visit, text string) string {
	if text == "" {
		return v.t("shell.none")
	}
	return text
}

func savePerson(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	old, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return "", err
	}
	r := v.reader()
	name, hukou := r.text("name", 60, true), r.choice("hukou_type", true, hukouTypes...)
	in := casework.PersonPatch{Name: &name, HukouType: &hukou, Reason: r.text("reason", 200, false), EffectiveOn: r.day("effective_on", false),
		Hukou: r.moved("hukou_area_code"), Residence: r.moved("residence_area_code"), Managing: r.moved("managing_area_code")}
	if number := r.text("id_number", 30, false); number != "" {
		in.IDNumber = &number
	}
	if phone := r.text("phone", 20, false); phone != "" {
		in.Phone = &phone
	}
	if diagnosis := r.text("diagnosis", 1000, false); diagnosis != "" && diagnosis != old.File.Person.Diagnosis {
		in.Diagnosis = &diagnosis
	}
	in.BirthDate, in.Sex = given(r.day("birth_date", false)), given(r.choice("sex", false, "male", "female"))
	if g := r.guardian(); g != nil && !sameGuardian(old.File.Person.Guardian, g) {
		in.Guardian = keepNumbers(old.File.Person.Guardian, g)
	}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.UpdatePerson(v.ctx, v.who, id, v.version(), in)
	return "/persons/" + id.String() + "?done=person_saved", err
}

// moved is a place that was filled in; nil: it stays.
func (r *reader) moved(name string) *area.Code {
	code := r.place(name, false)
	if code == "" {
		return nil
	}
	return &code
}

func sameGuardian(old *casefile.Guardian, g *casework.NewGuardian) bool {
	return old != nil && old.Name == g.Name && old.Relation == g.Relation && g.Phone == "" && g.IDNumber == ""
}

// keepNumbers leaves the numbers of the same guardian that were not entered anew.
func keepNumbers(old *casefile.Guardian, g *casework.NewGuardian) *casework.NewGuardian {
	if old != nil && old.Name == g.Name {
		if g.Phone == "" {
			g.Phone = old.Phone
		}
		if g.IDNumber == "" {
			g.IDNumber = old.IDNumber.Reveal()
		}
	}
	return g
}
