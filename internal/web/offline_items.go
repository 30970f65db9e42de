package web

import (
	"encoding/hex"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
)

// capture is a kind of entry that a phone keeps and sends: the form of a page, for the roles of that page, done by the same verbs.
type capture struct {
	page  string
	do    func(*visit) (string, error)
	clash func(*visit) (*conflict, error) // what stands against it, where somebody was quicker; nil: nothing can
}

var captures map[string]capture

func init() { // not in the declaration, since they lead back to the list of pages
	captures = map[string]capture{
		"case":   {page: "/persons/new", do: newCase},
		"apply":  {page: "/persons/:id/apply", do: enterApplication(false)},
		"survey": {page: "/persons/:id/survey", do: answerAfter, clash: surveyClash},
		"phone":  {page: "/persons/:id/edit", do: changePhone, clash: phoneClash},
		"need":   {page: "/persons/:id/services/new", do: func(v *visit) (string, error) { return v.open(care.Kind(v.value("chain"))) }},
		"step":   {page: "/services/:id/steps/:step", do: takeStep, clash: stepClash},
		"visit":  {page: "/worklists/:name", do: visitLead},
	}
}

// conflict is one record changed by two people: what the phone says, and what is recorded now. Sent again with the members of
// Fresh, the phone's entry counts.
type conflict struct {
	Fresh  map[string]string `json:"fresh"`
	Fields []clashField      `json:"fields"`
}

type clashField struct {
	Name   string   `json:"name"`
	Label  string   `json:"label"`
	Mine   string   `json:"mine"`
	Theirs string   `json:"theirs"`
	Values []string `json:"values,omitempty"` // theirs, as the form has them; nil: to take theirs is to let the entry go
}

// knownPerson is somebody of one's area whom a new case is about and who is in the register already.
type knownPerson struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// refusal is a refusal with more to show.
type refusal struct {
	error
	conflict *conflict
	known    *knownPerson
}

func (r *refusal) Unwrap() error { return r.error }

type done struct {
	Next string `json:"next"` // where in the pages it is now
}

// takeItem does what an entry of a phone asks for, once for its key, whichever of its sendings arrives. What is answered with
// success is recorded; everything else has changed nothing.
func takeItem(v *visit) (any, error) {
	in := v.echo.Request()
	if kind, _, _ := mime.ParseMediaType(in.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return nil, fault.New(fault.WrongType, "WRONG_TYPE", "请通过页面提交", "send it from the page")
	}
	if err := v.readFiles(in); err != nil {
		return nil, err
	}
	if err := v.clean(in.PostForm); err != nil {
		return nil, err
	}
	c, ok := captures[v.value("kind")]
	if !ok {
		return nil, badForm
	}
	if v.page = pageOf(c.page); !v.page.allows(v.who.Role) {
		return nil, forbidden
	}
	v.key = in.Header.Get("Idempotency-Key")
	v.echo.SetParamNames("id", "step")
	v.echo.SetParamValues(v.value("id"), v.value("step"))
	next, err := v.site.once(v, act{do: c.do})
	if err != nil {
		return nil, v.explained(c, err)
	}
	return done{next}, nil
}

// explained adds to a refusal what somebody has to see who decides what counts.
func (v *visit) explained(c capture, err error) error {
	f, ok := fault.Of(err)
	if !ok {
		return err
	}
	var more error
	r := &refusal{error: err}
	switch {
	case f.Kind == fault.Stale && c.clash != nil:
		r.conflict, more = c.clash(v)
	case f.Code == "PERSON_EXISTS":
		r.known, more = v.sameNumber()
	}
	if more != nil {
		return more
	}
	return r
}

// sameNumber finds the person of the entry in one's own area.
func (v *visit) sameNumber() (*knownPerson, error) {
	id, err := idnum.ParseResident(v.value("id_number"), v.today)
	if err != nil {
		return nil, nil //nolint:nilerr // no such number: nobody has it
	}
	found, err := v.desk.DB.SearchPersons(v.ctx, v.who, store.Search{IDNumber: id.Reveal()})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &knownPerson{found[0].ID, found[0].Name}, nil
}

// newCase makes the file of somebody and, where a programme is chosen, an application with its photos: all of it or nothing.
func newCase(v *visit) (string, error) {
	id, err := v.createPerson()
	if err != nil {
		return "", err
	}
	if v.value("programme") == "" {
		if len(v.uploads) > 0 {
			return "", fault.InvalidFields(fault.Field{Name: "programme", Code: "REQUIRED", ZH: "有照片时请选择补贴", EN: "photos belong to an application: choose a benefit"})
		}
		return "/persons/" + id.String(), nil
	}
	c, err := v.enterCase(id)
	return "/applications/" + c.ID.String(), err
}

// visitLead keeps what came of seeing somebody of a worklist.
func visitLead(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	a := r.outcome(v.value("list"))
	if err := r.err(); err != nil {
		return "", err
	}
	a.PersonID, a.Programme = id, v.value("programme")
	_, err = v.desk.ActOnLead(v.ctx, v.who, a)
	return "/persons/" + id.String(), err
}

// answerAfter records answers that were given in sight of the set that the form names.
func answerAfter(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r, err := v.response(id)
	if err != nil {
		return "", err
	}
	seen, _ := uuid.Parse(v.value("seen")) // zero: none was there
	if said := v.value("year"); said != "" && said != strconv.Itoa(r.Year) {
		seen = uuid.Nil // what was there was of another year
	}
	_, err = v.desk.AnswerAfter(v.ctx, v.who, r, seen)
	return "/persons/" + id.String(), err
}

func surveyClash(v *visit) (*conflict, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	year := v.surveyYear(v.reader().day("collected_on", true))
	asked, err := v.desk.Questionnaire(v.ctx, v.who, year, id)
	if err != nil {
		return nil, err
	}
	during, _, err := v.desk.DB.LatestResponses(v.ctx, v.who, year, id)
	if err != nil {
		return nil, err
	}
	theirs, mine := during[id], chosen(v, asked)
	c := &conflict{Fresh: map[string]string{"seen": theirs.ID.String(), "year": strconv.Itoa(year)}, Fields: []clashField{}}
	for _, q := range asked.Questions {
		a, b := mine[q.Code], theirs.Answers[q.Code]
		if slices.Equal(a, b) {
			continue
		}
		f := v.question(q, nil, nil)
		c.Fields = append(c.Fields, clashField{Name: f.Name, Label: f.Label, Mine: v.labels(f, a), Theirs: v.labels(f, b), Values: append([]string{}, b...)})
	}
	return c, nil
}

// labels are choices in words.
func (v *visit) labels(f *Field, values []string) string {
	var words []string
	for _, o := range f.Options {
		if slices.Contains(values, o.Value) {
			words = append(words, o.Label)
		}
	}
	return orNone(v, strings.Join(words, v.t("merge.comma")))
}

// tag tells whether a number has changed without telling the number. It differs for each person.
func (v *visit) tag(person uuid.UUID, phone string) string {
	return hex.EncodeToString(v.desk.DB.Ring.BlindIndex("phone_tag", person.String()+"|"+phone)[:8])
}

func maskedPhone(number string) string {
	if number == "" {
		return ""
	}
	return idnum.MaskPhone(number)
}

// changePhone changes a telephone number. Another change of the file since it was seen does not stand in the way; another number does.
func changePhone(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	phone := r.text("phone", 20, true)
	if err := r.err(); err != nil {
		return "", err
	}
	old, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return "", err
	}
	version := v.version()
	if v.value("tag") == v.tag(id, old.File.Person.Phone) {
		version = old.File.Person.Version
	}
	_, err = v.desk.UpdatePerson(v.ctx, v.who, id, version, casework.PersonPatch{Phone: &phone})
	return "/persons/" + id.String(), err
}

func phoneClash(v *visit) (*conflict, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	p := d.File.Person
	return &conflict{Fresh: map[string]string{"version": strconv.Itoa(p.Version), "tag": v.tag(id, p.Phone)},
		Fields: []clashField{{Name: "phone", Label: v.t("person.phone"), Mine: v.value("phone"), Theirs: orNone(v, maskedPhone(p.Phone))}}}, nil
}

func stepClash(v *visit) (*conflict, error) {
	s, step, err := v.step()
	if err != nil {
		return nil, err
	}
	done := v.serviceState(s)
	for _, d := range s.Steps {
		done += " · " + d.On.String()
		for _, known := range care.ChainOf(s.Kind).Steps {
			if known.Name == d.Step {
				done += " " + v.either(known.ZH, known.EN)
			}
		}
	}
	on, _ := exchange.TypedDay(v.value("on"))
	return &conflict{Fresh: map[string]string{"version": strconv.Itoa(s.Version)},
		Fields: []clashField{{Label: v.t("service.title"), Mine: on.String() + " " + v.either(step.ZH, step.EN), Theirs: done}}}, nil
}
