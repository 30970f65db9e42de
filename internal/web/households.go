package web

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

var ofHousehold = factSubject{above: "/households/:id", kinds: casefile.HouseholdKinds, facts: (*visit).factsOfHousehold,
	add: func(v *visit, id uuid.UUID, in casework.NewCircumstance) error {
		_, err := v.desk.AddHouseholdCircumstance(v.ctx, v.who, id, in)
		return err
	},
	correct: func(v *visit, household, fact uuid.UUID, in casework.Correction) error {
		_, err := v.desk.CorrectHouseholdCircumstance(v.ctx, v.who, household, fact, in)
		return err
	},
	end: func(v *visit, household uuid.UUID, fact casefile.Circumstance, lastDay calendar.Date) error {
		in := casework.Correction{ValidTo: &lastDay, Source: fact.Source, SourceDoc: fact.SourceDoc, Reason: say(false, "fact.end")}
		if lastDay.Before(fact.ValidFrom) {
			return datesReversed
		}
		_, err := v.desk.CorrectHouseholdCircumstance(v.ctx, v.who, household, fact.ID, in)
		return err
	}}

func (v *visit) factsOfHousehold(id uuid.UUID) (string, []casefile.Circumstance, error) {
	h, err := v.desk.DB.Household(v.ctx, v.who, id)
	return v.householdName(h), h.Circumstances, err
}

// householdName is what people call a household: by its head, or by where it lives.
func (v *visit) householdName(h casefile.HouseholdFile) string {
	for _, m := range h.Members {
		if m.Relation == "head" && m.To.IsZero() && m.Name != "" {
			return v.t("household.of", m.Name)
		}
	}
	if h.Household.Address != "" {
		return h.Household.Address
	}
	return v.placeName(h.Household.Area)
}

// householdsData is the households of an area.
type householdsData struct {
	filters
	Lines []householdLine
	More  string
	New   bool
}

type householdLine struct{ Path, Name, Place, Address, Members string }

func showHouseholds(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	places, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.DB.ListHouseholds(v.ctx, v.who, in, uuid.Nil, after.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := householdsData{filters: filters{Filters: places}, New: v.may("/households/new")}
	if data.Lines, err = v.householdLines(found); err != nil {
		return nil, err
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].Household.ID}.String())
	}
	return data, nil
}

func (v *visit) householdLines(found []casefile.HouseholdFile) (lines []householdLine, err error) {
	if len(found) == 0 {
		return nil, nil
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	for _, h := range found {
		line := householdLine{Path: "/households/" + h.Household.ID.String(), Name: v.householdName(h), Place: place(h.Household.Area), Address: h.Household.Address}
		var names []string
		for _, m := range h.Members {
			if m.To.IsZero() {
				names = append(names, v.memberName(m))
			}
		}
		line.Members = strings.Join(names, v.t("merge.comma"))
		lines = append(lines, line)
	}
	return lines, nil
}

func (v *visit) memberName(m casefile.Member) string {
	if m.Name == "" {
		return v.t("household.elsewhere")
	}
	return m.Name
}

// householdData is one household: where it lives, who belongs to it, what is recorded of it, and what it was given.
type householdData struct {
	Name, Place, Address string
	Members, Superseded  []memberLine
	Leave, Correct, Void *Form
	Hardships            string
	AsOf                 string   // of which day they are
	Wrong                []string // a day that was asked for and cannot be
	Facts, Earlier       []factLine
	Services             []serviceLine
	Links                []link
	NewFact              string
	NewService           string
}

type memberLine struct{ Path, Name, Relation, Days, Recorded string }

// memberLine is a membership in words, with when it was recorded and when that was found to be wrong.
func (v *visit) memberLine(m casefile.Member) memberLine {
	line := memberLine{Name: v.memberName(m), Relation: v.t("house." + m.Relation), Days: v.daysText(m.From.String(), m.To.String())}
	if m.Name != "" {
		line.Path = "/persons/" + m.PersonID.String()
	}
	if !m.SupersededAt.IsZero() {
		line.Recorded = v.t("fact.replaced", m.RecordedAt.In(china).Format("2006-01-02"), m.SupersededAt.In(china).Format("2006-01-02"))
	}
	return line
}

func showHousehold(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	h, err := v.desk.DB.Household(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := householdData{Name: v.householdName(h), Place: v.placeName(h.Household.Area), Address: orNone(v, h.Household.Address)}
	for _, m := range h.Members {
		data.Members = append(data.Members, v.memberLine(m))
	}
	for _, m := range h.Superseded {
		data.Superseded = append(data.Superseded, v.memberLine(m))
	}
	on, _, _ := v.recordMoment()
	data.AsOf, data.Wrong = on.String(), v.daysNotTaken(v.today, "as_of")
	if data.Hardships, err = v.hardships(id, on); err != nil {
		return nil, err
	}
	if data.Facts, data.Earlier, err = v.factLines(ofHousehold, h.Circumstances, v.path+"/facts/"); err != nil {
		return nil, err
	}
	services, err := v.desk.DB.ServicesOf(v.ctx, v.who, uuid.Nil, []uuid.UUID{id})
	for _, s := range services {
		data.Services = append(data.Services, v.serviceLine(s))
	}
	v.householdForms(&data, h)
	return &data, err
}

// householdForms is what this role may do about a household.
func (v *visit) householdForms(data *householdData, h casefile.HouseholdFile) {
	if !v.acts("leave") {
		return
	}
	data.Links = []link{{Path: v.path + "/members/new", Text: v.t("member.new.title")}, {Path: v.path + "/edit", Text: v.t("household.edit.title")}}
	data.NewFact, data.NewService = v.path+"/facts/new", v.path+"/services/new"
	var present, all []Option
	for _, m := range h.Members {
		one := Option{Value: m.ID.String(), Label: v.memberName(m) + v.within(v.t("house."+m.Relation))}
		if m.To.IsZero() {
			present = append(present, one)
		}
		one.Label += v.daysText(m.From.String(), m.To.String())
		all = append(all, one)
	}
	if len(present) > 0 {
		data.Leave = v.newForm("leave", "member.leave.save", &Field{Name: "member", Label: v.t("member.who"), Kind: "select", Need: true, Options: present},
			&Field{Name: "to", Label: v.t("member.to"), Hint: v.t("member.to.hint"), Kind: "date", Need: true})
	}
	if len(all) > 0 {
		v.memberCorrections(data, h.Household.Version, all)
	}
}

// memberCorrections are two forms: who was entered with wrong days or a wrong relation, and who never belonged there. What is not filled in
// stays as it is recorded, which the table above shows.
func (v *visit) memberCorrections(data *householdData, version int, all []Option) {
	who := func(form string) *Field {
		return &Field{Name: "member", Label: v.t("member.who"), Kind: "select", Need: true, Options: slices.Clone(all), Of: form}
	}
	why := func(form string) *Field {
		return &Field{Name: "reason", Label: v.t("fact.reason"), Kind: "textarea", Need: true, Max: 1000, Of: form}
	}
	data.Correct = v.newForm("correct", "fact.correct.save", who("correct"),
		&Field{Name: "from", Label: v.t("member.from"), Hint: v.t("member.unchanged"), Kind: "date", Of: "correct"},
		&Field{Name: "to", Label: v.t("member.to"), Hint: v.t("member.unchanged"), Kind: "date", Of: "correct"},
		&Field{Name: "ongoing", Label: v.t("member.ongoing"), Kind: "checks", Options: v.options("member.ongoing", "yes"), Of: "correct"},
		&Field{Name: "relation", Label: v.t("member.relation"), Hint: v.t("member.unchanged"), Kind: "select", Options: v.options("house", casefile.Relations...), Of: "correct"},
		why("correct"))
	data.Void = v.newForm("void", "member.void.save", who("void"), why("void"))
	data.Correct.Version, data.Void.Version, data.Void.Grave = version, version, true
}

func correctMember(v *visit) (string, error) {
	r := v.reader()
	in := casework.MemberCorrection{From: given(r.day("from", false)), To: given(r.day("to", false)), Ongoing: r.choice("ongoing", false, "yes") == "yes",
		Relation: given(r.choice("relation", false, casefile.Relations...))}
	return v.correctMember(r, in, "member_corrected")
}

func voidMember(v *visit) (string, error) {
	return v.correctMember(v.reader(), casework.MemberCorrection{Void: true}, "member_voided")
}

func (v *visit) correctMember(r *reader, in casework.MemberCorrection, done string) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	member := r.ref("member")
	in.Reason = r.text("reason", 1000, true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.CorrectMember(v.ctx, v.who, id, member, v.version(), in)
	return v.path + "?done=" + done, err
}

// given is what a field says, and nil where nothing is filled in.
func given[T comparable](entered T) *T {
	var nothing T
	if entered == nothing {
		return nil
	}
	return &entered
}

func leaveHousehold(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	member, lastDay := r.ref("member"), r.day("to", true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.EndMember(v.ctx, v.who, id, member, lastDay)
	return v.path + "?done=member_left", err
}

// ref is the id of something that was chosen from a list.
func (r *reader) ref(name string) uuid.UUID {
	id, err := uuid.Parse(r.v.value(name))
	if err != nil {
		r.wrong(name, "REQUIRED", "请选择", "choose one")
	}
	return id
}

// showNewHousehold is the form of a household, with the person from whose file one has come as its first member.
func showNewHousehold(v *visit) (any, error) {
	villages, err := v.villages()
	if err != nil {
		return nil, err
	}
	at := &Field{Name: "area_code", Label: v.t("household.place"), Kind: "select", Need: true, Options: villages}
	if len(villages) == 1 {
		at.Value = villages[0].Value
	}
	f := v.newForm("add", "person.save")
	first, err := v.firstMember()
	if err != nil {
		return nil, err
	}
	if first != nil {
		at.Value = string(first.Managing)
	}
	v.group(f, v.t("household.dwelling"), at, &Field{Name: "address", Label: v.t("household.address"), Kind: "text", Max: 200})
	if first != nil {
		v.group(f, v.t("member.first"), append([]*Field{{Name: "person_id", Kind: "hidden", Value: first.ID.String()}, {Name: "name", Label: v.t("case.person"), Kind: "static", Value: first.Name}}, v.memberFields("head")...)...)
	}
	return oneForm{f}, nil
}

// firstMember is the person whom the address or the form names; nil where there is none.
func (v *visit) firstMember() (*casefile.Person, error) {
	text := v.query.Get("person")
	if v.form != nil {
		text = v.value("person_id")
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, nil //nolint:nilerr // a household may be entered before its members are
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	return &d.File.Person, err
}

// memberFields ask for somebody's place in a household. No first day is proposed: a family that is entered today has mostly lived there for
// years, and a day that stands in the field is left there.
func (v *visit) memberFields(relation string) []*Field {
	return []*Field{{Name: "relation", Label: v.t("member.relation"), Kind: "select", Need: true, Options: v.options("house", casefile.Relations...), Value: relation},
		{Name: "from", Label: v.t("member.from"), Hint: v.t("member.from.hint"), Kind: "date", Need: true},
		{Name: "to", Label: v.t("member.to"), Hint: v.t("member.over"), Kind: "date"}}
}

// member reads what memberFields ask for.
func (r *reader) member(person uuid.UUID) casework.NewMember {
	return casework.NewMember{PersonID: person, Relation: r.choice("relation", true, casefile.Relations...), From: r.day("from", true), To: r.day("to", false)}
}

func addHousehold(v *visit) (string, error) {
	r := v.reader()
	in := casework.NewHousehold{Area: r.place("area_code", true), Address: r.text("address", 200, false)}
	if v.value("person_id") != "" {
		in.Members = []casework.NewMember{r.member(r.ref("person_id"))}
	}
	if err := r.err(); err != nil {
		return "", err
	}
	h, err := v.desk.CreateHousehold(v.ctx, v.who, in)
	if f, ok := fault.Of(err); ok { // the form has one member
		err = f.Renamed(func(name string) string { return strings.TrimPrefix(name, "members.0.") })
	}
	return "/households/" + h.Household.ID.String() + "?done=household_added", err
}

// showEditHousehold changes an address, or says from which day on the household lives in another village.
func showEditHousehold(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	h, err := v.desk.DB.Household(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	villages, err := v.villages()
	if err != nil {
		return nil, err
	}
	f := v.newForm("save", "person.save", &Field{Name: "address", Label: v.t("household.address"), Kind: "text", Max: 200, Value: h.Household.Address},
		&Field{Name: "area_code", Label: v.t("household.place"), Kind: "select", Need: true, Options: villages, Value: string(h.Household.Area)},
		&Field{Name: "moved_on", Label: v.t("household.moved_on"), Hint: v.t("household.moved_on.hint"), Kind: "date"})
	f.Version = h.Household.Version
	return oneForm{f}, nil
}

func saveHousehold(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	to, address, from := r.place("area_code", true), r.text("address", 200, false), r.day("moved_on", false)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.MoveHousehold(v.ctx, v.who, id, v.version(), to, &address, from)
	return v.address("/households/:id") + "?done=household_saved", err
}

type newMemberData struct {
	Name string
	Form *Form
}

// showNewMember asks for a person by a number or a whole name. Of several who bear the name one is chosen.
func showNewMember(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	data := newMemberData{}
	if data.Name, _, err = v.factsOfHousehold(id); err != nil {
		return nil, err
	}
	fields := []*Field{{Name: "who", Label: v.t("persons.text"), Hint: v.t("persons.text.hint"), Kind: "text", Need: true, Max: 60}}
	if v.form != nil {
		found, err := v.lookUp(v.value("who"))
		if err != nil {
			return nil, err
		}
		if len(found) > 1 {
			fields = append(fields, v.whichOf(found))
		}
	}
	data.Form = v.newForm("join", "member.join", append(fields, v.memberFields("")...)...)
	return data, nil
}

func (v *visit) whichOf(found []store.Listed) *Field {
	f := &Field{Name: "person_id", Label: v.t("member.which"), Kind: "radio", Need: true}
	for _, l := range found {
		line := v.personLine(l)
		f.Options = append(f.Options, Option{Value: l.ID.String(), Label: strings.Join([]string{line.Name, line.Number, line.Birth, line.Place}, " ")})
	}
	return f
}

// person is whom a number or a whole name means, and of several the one that was chosen.
func (r *reader) person() (uuid.UUID, error) {
	text := r.text("who", 60, true)
	if text == "" {
		return uuid.Nil, nil
	}
	found, err := r.v.lookUp(text)
	if err != nil {
		return uuid.Nil, err
	}
	chosen := slices.IndexFunc(found, func(l store.Listed) bool { return len(found) == 1 || l.ID.String() == r.v.value("person_id") })
	switch {
	case chosen >= 0:
		return found[chosen].ID, nil
	case len(found) == 0:
		r.wrong("who", "NOBODY", "本辖区内没有符合的人员", "nobody in your area fits")
	default:
		r.wrong("person_id", "SEVERAL", "有多人符合，请选择是哪一位", "several people fit; choose one")
	}
	return uuid.Nil, nil
}

func joinHousehold(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	person, err := r.person()
	if err != nil {
		return "", err
	}
	in := r.member(person)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.AddMember(v.ctx, v.who, id, in)
	return v.address("/households/:id") + "?done=member_joined", err
}

// showHouseholdService asks what a household needs: a chain of those that serve households.
func showHouseholdService(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	name, _, err := v.factsOfHousehold(id)
	return v.serviceForm(name, func(c *care.Chain) bool { return c.Household }), err
}

func openHouseholdService(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	return v.openFor(v.kind(), func(c *care.Chain, _ calendar.Date) (uuid.UUID, uuid.UUID, error) {
		if !c.Household {
			return uuid.Nil, uuid.Nil, store.NotFound
		}
		return uuid.Nil, id, nil
	})
}
