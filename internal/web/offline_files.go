package web

import (
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/lead"
	"zhucan/internal/survey"
)

// What a phone takes along. Forms are the fields of the pages themselves, as data: there is one list of fields, one wording and one
// rule of what follows from what, here and there.

type fieldData struct {
	Name     string       `json:"name"`
	Kind     string       `json:"kind"`
	Label    string       `json:"label"`
	Hint     string       `json:"hint,omitempty"`
	Value    string       `json:"value,omitempty"`
	Options  []optionData `json:"options,omitempty"`
	Need     bool         `json:"need,omitempty"`
	Max      int          `json:"max,omitempty"`
	Mode     string       `json:"mode,omitempty"`
	Check    string       `json:"check,omitempty"`
	After    string       `json:"after,omitempty"`
	AfterAny string       `json:"after_any,omitempty"`
	Many     bool         `json:"many,omitempty"`
	Today    bool         `json:"today,omitempty"` // the day of entering, until another is chosen
}

type optionData struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

type groupData struct {
	Title  string      `json:"title"`
	Fields []fieldData `json:"fields"`
}

type filesData struct {
	Place     string               `json:"place"`
	Year      int                  `json:"year"`
	Total     int                  `json:"total,omitempty"` // how many people there are, where the phone has only the first of them
	Forms     map[string]formData  `json:"forms"`           // case, apply, phone, survey, visit, the need of a chain as "need/rehab" and a step of it as "rehab/assess"
	Questions map[string]fieldData `json:"questions"`
	People    []personData         `json:"people"`
}

type formData struct {
	Title  string      `json:"title"`
	Groups []groupData `json:"groups"`
}

type personData struct {
	ID       uuid.UUID      `json:"id"`
	Name     string         `json:"name"`
	About    string         `json:"about"`
	Version  int            `json:"version"`
	Phone    string         `json:"phone"` // masked
	Tag      string         `json:"tag"`   // by which the server knows whether the number is still the same
	Asked    []string       `json:"asked"`
	Before   survey.Answers `json:"before,omitempty"`  // last year's
	Answers  survey.Answers `json:"answers,omitempty"` // this year's
	Seen     string         `json:"seen,omitempty"`    // which set of this year they are
	Needs    []string       `json:"needs"`             // forms of what may be needed
	Visits   []visitRef     `json:"visits,omitempty"`
	Services []serviceRef   `json:"services,omitempty"`
}

type serviceRef struct {
	ID      uuid.UUID `json:"id"`
	Text    string    `json:"text"`
	Version int       `json:"version"`
	Steps   []string  `json:"steps"` // forms
}

// visitRef is a worklist on which somebody stands.
type visitRef struct {
	List      string `json:"list"`
	Programme string `json:"programme"`
	Text      string `json:"text"`
}

func files(v *visit) (any, error) {
	known, total, err := v.desk.FieldFiles(v.ctx, v.who)
	if err != nil {
		return nil, err
	}
	visits, err := v.visits()
	if err != nil {
		return nil, err
	}
	data := filesData{Place: v.placeName(v.who.Area), Year: v.desk.OpenSurvey(), Total: total, Forms: map[string]formData{}, Questions: map[string]fieldData{}, People: []personData{}}
	if err := v.fieldForms(&data); err != nil {
		return nil, err
	}
	for _, f := range known {
		p := f.Dossier.File.Person
		one := personData{ID: p.ID, Name: p.Name, Version: p.Version, Phone: maskedPhone(p.Phone), Tag: v.tag(p.ID, p.Phone), About: maskedNumber(p),
			Before: f.Asked.Proposed, Asked: []string{}}
		if !p.BirthDate.IsZero() {
			one.About = p.BirthDate.String() + " " + one.About
		}
		for _, q := range f.Asked.Questions {
			one.Asked = append(one.Asked, q.Code)
			if _, ok := data.Questions[q.Code]; !ok {
				data.Questions[q.Code] = v.fieldData([]*Field{v.question(q, nil, nil)})[0]
			}
		}
		if f.Answered.ID != uuid.Nil {
			one.Seen, one.Answers = f.Answered.ID.String(), f.Answered.Answers
		}
		one.Needs, one.Services, one.Visits = v.needs(f, &data), v.serviceRefs(f, &data), visits[p.ID]
		data.People = append(data.People, one)
	}
	return data, nil
}

// visitsTaken is how many people of one worklist a phone takes along.
const visitsTaken = 200

// visits are the worklists of this role on which the people of the area stand.
func (v *visit) visits() (map[uuid.UUID][]visitRef, error) {
	of := map[uuid.UUID][]visitRef{}
	for i := range lead.All {
		list := &lead.All[i]
		if !list.WorkedOnBy(v.who.Role) {
			continue
		}
		found, err := v.desk.Leads(v.ctx, v.who, casework.LeadsOf{Worklist: list.Name, Limit: visitsTaken})
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			one := visitRef{List: list.Name, Programme: l.Programme, Text: v.either(list.ZH, list.EN) + v.programmeOrNothing(l.Programme)}
			if !slices.Contains(of[l.PersonID], one) {
				of[l.PersonID] = append(of[l.PersonID], one)
			}
		}
	}
	return of, nil
}

// needs are the forms of the chains that are open to somebody: those of a household where he has one.
func (v *visit) needs(f casework.FieldFile, data *filesData) (list []string) {
	for _, c := range care.Chains {
		if c.Household && f.Dossier.HomeOn(v.today) == uuid.Nil {
			continue
		}
		name := "need/" + string(c.Kind)
		if _, ok := data.Forms[name]; !ok {
			data.Forms[name] = formData{Title: v.t("offline.need", v.either(c.ZH, c.EN)), Groups: []groupData{
				{Fields: v.fieldData([]*Field{v.dayOf("opened_on", "service.opened_on")})}, {v.either(c.ZH, c.EN), v.fieldData(v.evidenceFields(c.Kind, c.Need, "need", nil))}}}
		}
		list = append(list, name)
	}
	return list
}

func (v *visit) serviceRefs(f casework.FieldFile, data *filesData) (list []serviceRef) {
	for _, s := range f.Services {
		chain := care.ChainOf(s.Kind)
		ref := serviceRef{ID: s.ID, Text: v.either(chain.ZH, chain.EN) + " " + v.serviceState(s), Version: s.Version}
		for _, step := range chain.Next(s.State, v.who.Role) {
			name := string(s.Kind) + "/" + step.Name
			if _, ok := data.Forms[name]; !ok {
				data.Forms[name] = formData{Title: v.either(step.ZH, step.EN), Groups: []groupData{
					{Fields: v.fieldData([]*Field{v.dayOf("on", "service.on")})}, {v.either(step.ZH, step.EN), v.fieldData(v.evidenceFields(s.Kind, step.Evidence, "evidence", nil))}}}
			}
			ref.Steps = append(ref.Steps, name)
		}
		if len(ref.Steps) > 0 {
			list = append(list, ref)
		}
	}
	return list
}

func (v *visit) dayOf(name, label string) *Field {
	return &Field{Name: name, Label: v.t(label), Kind: "date", Need: true, Value: v.today.String()}
}

// fieldForms are the forms that need no person.
func (v *visit) fieldForms(data *filesData) error {
	made, err := showNewPerson(v)
	if err != nil {
		return err
	}
	who := formData{Title: v.t("offline.case")}
	for _, g := range made.(personFormData).Form.Groups {
		who.Groups = append(who.Groups, groupData{g.Title, v.fieldData(g.Fields)})
	}
	apply := v.applyGroups()
	data.Forms["apply"] = formData{Title: v.t("apply.title"), Groups: apply}
	also := groupData{apply[0].Title, slices.Clone(apply[0].Fields)}
	also.Fields[0].Need, also.Fields[0].Hint = false, v.t("offline.programme.hint") // somebody may be entered who applies for nothing yet
	who.Groups = append(who.Groups, also)
	data.Forms["case"] = who
	data.Forms["phone"] = formData{Title: v.t("offline.phone"), Groups: []groupData{{Fields: v.fieldData([]*Field{
		{Name: "phone", Label: v.t("offline.phone"), Kind: "text", Mode: "tel", Max: 20, Need: true}})}}}
	data.Forms["visit"] = formData{Title: v.t("offline.visit"), Groups: []groupData{{Fields: v.fieldData(v.outcomeFields())}}}
	data.Forms["survey"] = formData{Title: v.t("survey.title"), Groups: []groupData{{Fields: v.fieldData([]*Field{
		{Name: "mode", Label: v.t("survey.mode"), Kind: "radio", Need: true, Options: v.options("mode", modes...)}, v.dayOf("collected_on", "survey.on")})}}}
	return nil
}

func (v *visit) applyGroups() []groupData {
	var programmes []Option
	for _, p := range v.desk.Pack().Programmes {
		programmes = append(programmes, Option{Value: p.ID, Label: v.programme(p.ID)})
	}
	first := []*Field{{Name: "programme", Label: v.t("apply.programme"), Kind: "radio", Need: true, Options: programmes}, v.dayOf("applied_on", "case.applied")}
	first = append(first, v.applicantFields(application.Applicant{Relation: "self"})...)
	return []groupData{{v.t("apply.title"), v.fieldData(append(first,
		&Field{Name: "bank_account", Label: v.t("apply.bank_account"), Hint: v.t("apply.bank_account.hint"), Kind: "text", Mode: "numeric", Max: 40},
		&Field{Name: "photos", Label: v.t("apply.photos"), Hint: v.t("offline.photos.hint"), Kind: "file", Many: true}))}}
}

func (v *visit) fieldData(fields []*Field) []fieldData {
	list := make([]fieldData, 0, len(fields))
	for _, f := range fields {
		d := fieldData{Name: f.Name, Kind: f.Kind, Label: f.Label, Hint: f.Hint, Value: f.Value, Need: f.Need, Max: f.Max, Mode: f.Mode, Check: f.Check,
			After: f.After, AfterAny: f.AfterAny, Many: f.Many}
		if d.Today = f.Kind == "date" && f.Value == v.today.String(); d.Today {
			d.Value = ""
		}
		for _, o := range f.Options {
			d.Options = append(d.Options, optionData{o.Value, o.Label})
		}
		list = append(list, d)
	}
	return list
}
