package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

type newServiceData struct {
	Name  string
	Kinds []link
	Form  *Form
}

// showNewService asks what is needed: first which kind, then what opens a service of that kind.
func showNewService(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	return v.serviceForm(d.File.Person.Name, func(c *care.Chain) bool { return !c.Household || d.HomeOn(v.today) != uuid.Nil }), err
}

// serviceForm offers the chains that may be opened here, and asks for what the chosen one needs.
func (v *visit) serviceForm(name string, open func(*care.Chain) bool) newServiceData {
	data := newServiceData{Name: name}
	for _, c := range care.Chains {
		if open(c) {
			data.Kinds = append(data.Kinds, link{Path: v.path + "?kind=" + string(c.Kind), Text: v.either(c.ZH, c.EN), Here: v.kind() == c.Kind})
		}
	}
	if chain := care.ChainOf(v.kind()); chain != nil && open(chain) {
		data.Form = v.newForm("open", "service.open", &Field{Name: "kind", Kind: "hidden", Value: string(chain.Kind)},
			&Field{Name: "opened_on", Label: v.t("service.opened_on"), Kind: "date", Need: true, Value: v.today.String()})
		v.group(data.Form, v.either(chain.ZH, chain.EN), v.evidenceFields(chain.Kind, chain.Need, "need", nil)...)
	}
	return data
}

func (v *visit) kind() care.Kind {
	if v.form != nil {
		return care.Kind(v.value("kind"))
	}
	return care.Kind(v.query.Get("kind"))
}

func openService(v *visit) (string, error) { return v.open(v.kind()) }

var noHousehold = fault.New(fault.Conflict, "NO_HOUSEHOLD", "本辖区内没有登记其当日所在的家庭，不能登记家庭的需求", "no household of your area is recorded in which the person lives on the day, so none can need anything")

// open records a need of a kind, of the person of the path or of the household that the person belongs to on its day.
func (v *visit) open(kind care.Kind) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	return v.openFor(kind, func(chain *care.Chain, on calendar.Date) (person, household uuid.UUID, err error) {
		if !chain.Household {
			return id, uuid.Nil, nil
		}
		d, err := v.desk.Person(v.ctx, v.who, id)
		if household = d.HomeOn(on); err == nil && household == uuid.Nil {
			err = noHousehold
		}
		return uuid.Nil, household, err
	})
}

// openFor opens a service of a kind, for whom it is said to be on its day.
func (v *visit) openFor(kind care.Kind, whom func(*care.Chain, calendar.Date) (person, household uuid.UUID, err error)) (string, error) {
	chain := care.ChainOf(kind)
	if chain == nil {
		return "", store.NotFound
	}
	r := v.reader()
	on, need := r.day("opened_on", true), r.evidence(chain.Need, "need", nil)
	if err := r.err(); err != nil {
		return "", err
	}
	person, household, err := whom(chain, on)
	if err != nil {
		return "", err
	}
	s, err := v.desk.OpenService(v.ctx, v.who, chain.Kind, person, household, on, need)
	return "/services/" + s.ID.String() + "?done=opened", err
}

type serviceData struct {
	Kind, State, Opened string
	Died                string // why it waits for nobody
	Person, Household   string
	Steps               []doneLine
	Next                []link
	Photos              []photo
	Withdraw            *Form
	Rating              *rating
	Void, Correct       *Form
}

type doneLine struct {
	On, Step, Role string
	Voided         string // by whom and why it was taken back
	Evidence       []pair
}

func showService(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	s, err := v.desk.DB.Service(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	chain := care.ChainOf(s.Kind)
	data := serviceData{Kind: v.either(chain.ZH, chain.EN), State: v.serviceState(s), Opened: s.OpenedOn.String(), Died: v.diedOn(s)}
	if s.PersonID != uuid.Nil && v.may("/persons/:id") {
		data.Person = "/persons/" + s.PersonID.String()
	}
	if s.HouseholdID != uuid.Nil && v.may("/households/:id") {
		data.Household = "/households/" + s.HouseholdID.String()
	}
	data.Steps = append(data.Steps, doneLine{On: data.Opened, Step: v.t("service.need"), Evidence: v.evidencePairs(chain.Kind, chain.Need, s.Need)})
	for _, d := range s.History() {
		data.Steps = append(data.Steps, v.doneLine(chain, d))
	}
	data.Void, data.Correct = v.voidForm(s, chain), v.correctForm(s, chain)
	if v.may("/services/:id/steps/:step") {
		for _, step := range chain.Next(s.State, v.who.Role) {
			data.Next = append(data.Next, link{Path: "/services/" + id.String() + "/steps/" + step.Name, Text: v.either(step.ZH, step.EN)})
		}
	}
	if step, given := s.Given(); given {
		if data.Rating, err = v.ratingOf(step.ID, application.Did(step.By, step.ActingFor, v.who)); err != nil {
			return nil, err
		}
	}
	if v.may("/attachments/:id") {
		data.Photos, err = v.photos(id)
		data.Withdraw = v.withdrawForm(data.Photos)
	}
	return data, err
}

// doneLine is a step as it was recorded, and that it was taken back, if so.
func (v *visit) doneLine(chain *care.Chain, d care.Done) doneLine {
	line := doneLine{On: d.On.String(), Step: d.Step, Role: v.t("role." + string(d.Role))}
	for _, step := range chain.Steps {
		if step.Name == d.Step {
			line.Step, line.Evidence = v.either(step.ZH, step.EN), v.evidencePairs(chain.Kind, slices.Concat(step.Evidence, step.Added), d.Evidence)
		}
	}
	if !d.Voided.At.IsZero() {
		line.Voided = v.t("service.voided", d.Voided.At.In(china).Format("2006-01-02"), v.t("role."+string(d.Voided.Role)), d.Voided.Reason)
	}
	return line
}

// voidForm asks why the last step is taken back, where this role may take it back.
func (v *visit) voidForm(s care.Service, chain *care.Chain) *Form {
	last, mine := s.Voidable(v.who.Role)
	if !mine || !v.acts("void") {
		return nil
	}
	f := v.newForm("void", "service.void", &Field{Name: "seq", Kind: "hidden", Value: strconv.Itoa(last.Seq)},
		&Field{Name: "reason", Label: v.t("application.reason"), Hint: v.t("service.void.hint", v.doneLine(chain, last).Step), Kind: "textarea", Max: 500, Need: true})
	f.Version, f.Grave = s.Version, true
	return f
}

// correctForm puts right what a service was opened with, while no step rests on it.
func (v *visit) correctForm(s care.Service, chain *care.Chain) *Form {
	if len(s.Steps) > 0 || !v.acts("correct") {
		return nil
	}
	f := v.newForm("correct", "service.correct", &Field{Name: "opened_on", Label: v.t("service.opened_on"), Kind: "date", Need: true, Value: s.OpenedOn.String()})
	f.Version = s.Version
	fields := v.evidenceFields(chain.Kind, chain.Need, "need", nil)
	for _, a := range chain.Need {
		entered(fields, "need."+a.Name, a, s.Need)
	}
	v.group(f, v.either(chain.ZH, chain.EN), append(fields, &Field{Name: "reason", Of: "correct", Label: v.t("fact.reason"), Kind: "textarea", Max: 500, Need: true})...)
	return f
}

// entered puts what is recorded of a piece of evidence into its field. Amounts are not asked for where something is opened.
func entered(fields []*Field, name string, a care.Field, e care.Evidence) {
	for _, f := range fields {
		switch {
		case f.Name != name:
		case single(a):
			for _, entry := range e.List(a.Name) {
				f.Values = append(f.Values, entry.Text(a.Of[0].Name))
			}
		case a.Is == care.Flag:
			f.Value = map[bool]string{true: "yes", false: "no"}[e.Flag(a.Name)]
		case e[a.Name] != nil:
			f.Value = fmt.Sprint(e[a.Name])
		}
	}
}

// correctService puts right what the service of the page was opened with.
func correctService(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	s, err := v.desk.DB.Service(v.ctx, v.who, id)
	if err != nil {
		return "", err
	}
	r := v.reader()
	on, need, reason := r.day("opened_on", true), r.evidence(care.ChainOf(s.Kind).Need, "need", nil), r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.CorrectService(v.ctx, v.who, id, v.version(), casework.ServiceCorrection{OpenedOn: &on, Need: need, Reason: reason})
	return "/services/" + id.String() + "?done=service_corrected", err
}

// voidStep takes back the step that the form named.
func voidStep(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	reason := r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	seq, _ := strconv.Atoi(v.value("seq")) // a number that is none is no step's
	_, err = v.desk.VoidStep(v.ctx, v.who, id, v.version(), seq, reason)
	return "/services/" + id.String() + "?done=step_voided", err
}

// evidencePairs are what a step brought, in words.
func (v *visit) evidencePairs(kind care.Kind, fields []care.Field, e care.Evidence) (list []pair) {
	for _, f := range fields {
		value, given := e[f.Name]
		if !given || f.Is == care.Files {
			continue
		}
		label := v.evidenceLabel(f)
		if f.Is == care.List {
			var parts []string
			for _, entry := range e.List(f.Name) {
				var words []string
				for _, p := range v.evidencePairs(kind, f.Of, entry) {
					words = append(words, p.Value)
				}
				parts = append(parts, strings.Join(words, " "))
			}
			list = append(list, pair{label, cmp.Or(strings.Join(parts, v.t("award.and")), v.t("choice.none"))})
			continue
		}
		list = append(list, pair{label, v.evidenceText(kind, f, value, e)})
	}
	return list
}

func (v *visit) evidenceText(kind care.Kind, f care.Field, value any, e care.Evidence) string {
	text := fmt.Sprint(value)
	switch f.Is {
	case care.Choice:
		return v.t("choice." + text)
	case care.Item:
		for _, o := range v.items(kind) {
			if o.Value == text {
				return o.Label
			}
		}
	case care.Flag:
		return v.t("answer." + map[bool]string{true: "yes", false: "no"}[e.Flag(f.Name)])
	case care.Fen:
		n := e.Int(f.Name)
		return fmt.Sprintf("%d.%02d", n/100, n%100)
	}
	return text
}

// evidenceLabel names a piece of evidence. People write yuan, not fen.
func (v *visit) evidenceLabel(f care.Field) string {
	return strings.Replace(v.either(f.ZH, v.t("evidence."+f.Name)), "（分）", "（元）", 1)
}

func (v *visit) items(kind care.Kind) (list []Option) {
	c := v.desk.Pack().Catalogue
	switch kind {
	case care.Rehab:
		for _, i := range c.Rehab {
			list = append(list, Option{Value: i.Code, Label: v.either(i.ZH, i.EN)})
		}
	case care.Device:
		for _, i := range c.Devices {
			list = append(list, Option{Value: i.Code, Label: v.either(i.ZH, i.EN)})
		}
	case care.Retrofit:
		for _, i := range c.Retrofit {
			list = append(list, Option{Value: i.Code, Label: v.either(i.ZH, i.EN)})
		}
	}
	return list
}

const defaultRows = 3 // of a list with several members an entry

// rows is how many entries of a list are asked for.
func (v *visit) rows() int {
	n, _ := strconv.Atoi(v.value("rows"))
	return min(max(n, defaultRows), 60)
}

// single reports whether the entries of a list have one member that is chosen: then it is a set of boxes to tick.
func single(f care.Field) bool {
	return len(f.Of) == 1 && (f.Of[0].Is == care.Choice || f.Of[0].Is == care.Item)
}

// evidenceFields are the fields of a form that ask for evidence, named as the chain names what is wrong with it.
func (v *visit) evidenceFields(kind care.Kind, asked []care.Field, path string, others []Option) (fields []*Field) {
	for _, a := range asked {
		f := &Field{Name: path + "." + a.Name, Label: v.evidenceLabel(a), Need: a.Need}
		switch a.Is {
		case care.Text:
			f.Kind, f.Max = "textarea", 300
		case care.Day:
			f.Kind = "date"
		case care.Fen:
			f.Kind, f.Mode = "text", "decimal"
		case care.Number:
			f.Kind, f.Mode = "text", "numeric"
		case care.Flag:
			f.Kind, f.Options = "radio", v.options("answer", "yes", "no")
		case care.Choice:
			f.Kind, f.Options = "radio", v.options("choice", a.Codes...)
		case care.Item:
			f.Kind, f.Options = "select", v.items(kind)
		case care.Ref:
			f.Kind, f.Options = "select", others
		case care.Files:
			f.Kind, f.Many = "file", true
		case care.List:
			fields = append(fields, v.listFields(kind, a, f, others)...)
			continue
		}
		fields = append(fields, f)
	}
	return fields
}

func (v *visit) listFields(kind care.Kind, a care.Field, f *Field, others []Option) (fields []*Field) {
	if single(a) {
		if f.Kind, f.Options = "checks", v.items(kind); a.Of[0].Is == care.Choice {
			f.Options = v.options("choice", a.Of[0].Codes...)
		}
		return []*Field{f}
	}
	for i := range v.rows() {
		row := v.evidenceFields(kind, a.Of, fmt.Sprintf("%s.%d", f.Name, i), others)
		for _, one := range row {
			one.Label = v.t("service.row", f.Label, i+1, one.Label)
			one.Need = one.Need && f.Need && i == 0
			if one.Kind == "radio" {
				one.Kind = "select"
			}
		}
		fields = append(fields, row...)
	}
	return fields
}

// evidence reads what evidenceFields asks for. Files that were uploaded come by their fields, and those that were there by their ids.
func (r *reader) evidence(asked []care.Field, path string, files map[string][]uuid.UUID) care.Evidence {
	e := care.Evidence{}
	for _, a := range asked {
		name := path + "." + a.Name
		text := r.v.value(name)
		switch a.Is {
		case care.Files:
			if ids := r.filesOf(name, files[name]); len(ids) > 0 {
				e[a.Name] = ids
			}
			continue
		case care.List:
			if list := r.evidenceList(a, name, files); len(list) > 0 {
				e[a.Name] = list
			}
			continue
		}
		if text == "" {
			continue
		}
		e[a.Name] = r.piece(a, name, text)
	}
	return e
}

func (r *reader) piece(a care.Field, name, text string) any {
	switch a.Is {
	case care.Fen:
		n, ok := fen(text)
		if !ok {
			r.wrong(name, "NOT_AN_AMOUNT", "金额应写成123.45的形式", "write the amount as 123.45")
		}
		return json.Number(strconv.FormatInt(n, 10))
	case care.Number:
		n, err := strconv.ParseInt(typed(text), 10, 64)
		if err != nil {
			r.wrong(name, "NOT_A_NUMBER", "应为整数", "a whole number")
		}
		return json.Number(strconv.FormatInt(n, 10))
	case care.Day:
		return r.day(name, false).String()
	case care.Flag:
		return text == "yes"
	}
	return text
}

func (r *reader) evidenceList(a care.Field, name string, files map[string][]uuid.UUID) (list []any) {
	if single(a) {
		for _, code := range r.v.form[name] {
			if code != "" {
				list = append(list, map[string]any{a.Of[0].Name: code})
			}
		}
		return list
	}
	for i := range r.v.rows() {
		if entry := r.evidence(a.Of, fmt.Sprintf("%s.%d", name, i), files); len(entry) > 0 {
			list = append(list, map[string]any(entry))
		}
	}
	return list
}

type stepData struct {
	Kind, State string
	Form        *Form
	Photos      []photo // to choose from
}

// step is the service of the page and the step of its chain that the path names.
func (v *visit) step() (s care.Service, step *care.Step, err error) {
	id, err := v.id()
	if err != nil {
		return s, nil, err
	}
	if s, err = v.desk.DB.Service(v.ctx, v.who, id); err != nil {
		return s, nil, err
	}
	chain := care.ChainOf(s.Kind)
	for i := range chain.Steps {
		if chain.Steps[i].Name == v.echo.Param("step") {
			return s, &chain.Steps[i], nil
		}
	}
	return s, nil, store.NotFound
}

func showStep(v *visit) (any, error) {
	s, step, err := v.step()
	if err != nil {
		return nil, err
	}
	chain := care.ChainOf(s.Kind)
	data := stepData{Kind: v.either(chain.ZH, chain.EN), State: v.serviceState(s)}
	rows := v.rows()
	if v.do == "more" {
		rows += defaultRows
		v.form.Set("rows", strconv.Itoa(rows))
	}
	data.Form = v.newForm("take", "service.take", &Field{Name: "rows", Kind: "hidden", Value: strconv.Itoa(rows)},
		&Field{Name: "on", Label: v.t("service.on"), Kind: "date", Need: true, Value: v.today.String()})
	data.Form.Version = s.Version
	others, err := v.otherServices(s)
	if err != nil {
		return nil, err
	}
	kept, choices, err := v.keptFiles(s)
	if err != nil {
		return nil, err
	}
	fields := v.evidenceFields(s.Kind, step.Evidence, "evidence", others)
	if err := v.tellHardships(s, fields); err != nil {
		return nil, err
	}
	v.group(data.Form, v.either(step.ZH, step.EN), v.orKept(fields, choices)...)
	if data.Form.Upload {
		data.Photos = kept
	}
	for _, a := range step.Evidence {
		if a.Is == care.List && !single(a) {
			v.button(data.Form, "more", "service.more")
			break
		}
	}
	return data, nil
}

// hardships says by which hardships the register has a household on a day.
func (v *visit) hardships(household uuid.UUID, on calendar.Date) (string, error) {
	recorded, err := v.desk.RecordedHardships(v.ctx, v.who, household, on)
	var words []string
	for _, code := range recorded {
		words = append(words, v.t("choice."+code))
	}
	return v.t("service.hardship.recorded", on.String(), cmp.Or(strings.Join(words, v.t("merge.comma")), v.t("choice.none"))), err
}

// tellHardships says beside the question for it by which hardships the register has the household on the day of the step.
func (v *visit) tellHardships(s care.Service, fields []*Field) error {
	for _, f := range fields {
		switch f.Name {
		case "evidence.hardship":
			on, ok := exchange.TypedDay(v.value("on"))
			if !ok {
				on = v.today
			}
			recorded, err := v.hardships(s.HouseholdID, on)
			if err != nil {
				return err
			}
			f.Hint = recorded
		case "evidence.hardship_basis":
			f.Hint = v.t("service.hardship_basis.hint")
		}
	}
	return nil
}

// otherServices are the services of the same household, which a retrofit may name.
func (v *visit) otherServices(s care.Service) (list []Option, err error) {
	if s.HouseholdID == uuid.Nil {
		return nil, nil
	}
	h, err := v.desk.DB.Household(v.ctx, v.who, s.HouseholdID)
	if err != nil {
		return nil, err
	}
	for _, m := range h.Members {
		found, err := v.desk.DB.ListServices(v.ctx, v.who, store.ServiceFilter{Area: v.who.Area, Person: m.PersonID, Kind: string(care.Device), Limit: 50})
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			list = append(list, Option{Value: o.ID.String(), Label: v.t("service.device", o.OpenedOn.String(), v.serviceState(o))})
		}
	}
	return list, nil
}

// takeStep records a step with its files: all of it or nothing.
func takeStep(v *visit) (string, error) {
	s, step, err := v.step()
	if err != nil {
		return "", err
	}
	files := map[string][]uuid.UUID{}
	for name, contents := range v.uploads {
		for _, content := range contents {
			a, _, err := v.desk.Attach(v.ctx, v.who, s.ID, content)
			if err != nil {
				return "", atField(name, err)
			}
			files[name] = append(files[name], a.ID)
		}
	}
	r := v.reader()
	on, evidence := r.day("on", true), r.evidence(step.Evidence, "evidence", files)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.TakeStep(v.ctx, v.who, s.ID, v.version(), step.Name, on, evidence)
	return "/services/" + s.ID.String() + "?done=step", err
}
