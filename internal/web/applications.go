package web

import (
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
)

type applicationsData struct {
	filters
	Lines []caseLine
	More  string
}

var stages = []string{"draft", "returned", "submitted", "town_review", "cdpf_review", "civil_affairs_decision", "approved", "rejected", "withdrawn"}

func showApplications(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	data, f := applicationsData{}, store.ApplicationFilter{After: after.ID, Limit: pageSize}
	late, err := v.applicationsAsked(&data, &f)
	if err != nil || data.Text.Error != "" {
		return data, err
	}
	list := v.desk.DB.ListApplications
	if late {
		list = v.desk.OverdueApplications
	}
	found, err := list(v.ctx, v.who, f)
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	data.Lines = v.caseLines(found)
	for i := range data.Lines {
		data.Lines[i].Place = place(found[i].Area)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

// applicationsAsked reads which applications an address asks for; what it asks for that there is not narrows nothing, but a number that is none
// is said to be none.
func (v *visit) applicationsAsked(data *applicationsData, f *store.ApplicationFilter) (late bool, err error) {
	places, in, err := v.areaFilter()
	if err != nil {
		return false, err
	}
	f.Area = in
	if stage := v.query.Get("stage"); slices.Contains(stages, stage) {
		f.Stage = stage
	}
	if programme := v.query.Get("programme"); v.desk.Pack().Programme(programme) != nil {
		f.Programme = programme
	}
	atStage := v.options("stage", stages...)
	asked(atStage, f.Stage)
	late = v.query.Get("late") == "yes"
	data.Text = &Field{Name: "case_number", Label: v.t("case.number"), Kind: "text", Mode: "numeric", Max: 30, Value: v.query.Get("case_number")}
	if data.Text.Value != "" {
		if f.CaseNumber, err = application.ParseCaseNumber(data.Text.Value); err != nil {
			data.Text.Error = v.refusal(err)
		}
	}
	data.Filters = append([]filter{{"stage", v.t("case.stage"), v.t("persons.all"), atStage}, {"programme", v.t("case.programme"), v.t("persons.all"), v.programmeOptions(f.Programme)}}, places...)
	data.Tick = &tick{"late", v.t("queue.late"), late}
	return late, nil
}

type applyData struct {
	Name     string
	Verdicts []verdictLine
	Form     *Form
}

var relations = []string{"self", "guardian", "supporter", "village_committee", "agent"}

// showApply is the form of an application on behalf of a person, beside what the rules say today.
func showApply(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := applyData{Name: d.File.Person.Name}
	verdicts, err := v.desk.Eligibility(v.ctx, v.who, id, v.today)
	if err != nil {
		return nil, err
	}
	open, err := v.openCases(id)
	if err != nil {
		return nil, err
	}
	var programmes []Option
	for _, verdict := range verdicts {
		line := v.verdictLine(verdict)
		line.Open = open[verdict.Programme]
		if err := v.desk.Awarded(d, verdict.Programme); err != nil {
			line.Note = v.refusal(err)
		}
		data.Verdicts = append(data.Verdicts, line)
		programmes = append(programmes, Option{Value: verdict.Programme, Label: line.Programme})
	}
	data.Form = v.newForm("submit", "apply.submit",
		&Field{Name: "programme", Label: v.t("apply.programme"), Kind: "radio", Need: true, Options: programmes},
		&Field{Name: "applied_on", Label: v.t("case.applied"), Hint: v.t("apply.applied_on.hint"), Kind: "date", Need: true, Value: v.today.String()})
	v.group(data.Form, v.t("apply.group.by"), v.applicantFields(application.Applicant{Relation: "self"})...)
	v.group(data.Form, v.t("apply.group.more"), &Field{Name: "bank_account", Label: v.t("apply.bank_account"), Hint: v.t("apply.bank_account.hint"), Kind: "text", Mode: "numeric", Max: 40},
		&Field{Name: "photos", Label: v.t("apply.photos"), Hint: v.t("apply.photos.hint"), Kind: "file", Many: true})
	v.button(data.Form, "draft", "apply.draft")
	return data, nil
}

// openCases lead to the applications of a person that are not decided, by programme: while one is open there is no other.
func (v *visit) openCases(person uuid.UUID) (map[string][]link, error) {
	f := store.ApplicationFilter{Area: v.who.Area, PersonID: person, Limit: pageSize}
	for _, stage := range application.Undecided {
		f.Among = append(f.Among, string(stage))
	}
	cases, err := v.desk.DB.ListApplications(v.ctx, v.who, f)
	open := map[string][]link{}
	for _, c := range cases {
		open[c.Programme] = append(open[c.Programme], link{Path: "/applications/" + c.ID.String(), Text: v.t("apply.open", c.CaseNumber, v.t("stage."+string(c.Stage)))})
	}
	return open, err
}

func (v *visit) applicantFields(by application.Applicant) []*Field {
	return []*Field{{Name: "applicant.relation", Label: v.t("apply.relation"), Kind: "radio", Need: true, Options: v.options("relation", relations...), Value: by.Relation},
		{Name: "applicant.name", Label: v.t("apply.applicant"), Hint: v.t("apply.applicant.hint"), Kind: "text", Max: 60, Value: by.Name}}
}

func (r *reader) applicant() application.Applicant {
	return application.Applicant{Relation: r.choice("applicant.relation", true, relations...), Name: r.text("applicant.name", 60, false)}
}

// enterApplication enters a case, with its photos, and hands it in at once where that is asked for: all of it or nothing.
func enterApplication(submit bool) func(*visit) (string, error) {
	return func(v *visit) (string, error) {
		person, err := v.id()
		if err != nil {
			return "", err
		}
		c, err := v.enterCase(person)
		if err != nil {
			return "", err
		}
		next := "/applications/" + c.ID.String()
		if !submit {
			return next + "?done=drafted", nil
		}
		if c, err = v.desk.SubmitApplication(v.ctx, v.who, c.ID, c.Version); err != nil {
			return "", err
		}
		v.told = c.StatusCode
		return next + "?done=submitted", nil
	}
}

// enterCase enters the application that the form describes for a person, with its photos.
func (v *visit) enterCase(person uuid.UUID) (store.Case, error) {
	r := v.reader()
	in := casework.NewApplication{PersonID: person, Programme: r.text("programme", 60, true), AppliedOn: r.day("applied_on", true),
		Applicant: r.applicant(), BankAccount: r.text("bank_account", 40, false)}
	if err := r.err(); err != nil {
		return store.Case{}, err
	}
	c, err := v.desk.EnterApplication(v.ctx, v.who, in)
	if err != nil {
		return c, err
	}
	return c, v.attachPhotos(c.ID)
}

func (v *visit) attachPhotos(id uuid.UUID) error {
	for _, content := range v.uploads["photos"] {
		if _, _, err := v.desk.AttachToApplication(v.ctx, v.who, id, content); err != nil {
			return atField("photos", err)
		}
	}
	return nil
}

// atField puts a refusal that names no field beside one.
func atField(name string, err error) error {
	f, ok := fault.Of(err)
	if !ok || len(f.Fields) > 0 {
		return err
	}
	return f.With(fault.Field{Name: name, Code: f.Code, ZH: f.ZH, EN: f.EN})
}

// renamed puts what is wrong about one field beside another: where the desk names several by one name.
func renamed(err error, from, to string) error {
	f, ok := fault.Of(err)
	if !ok {
		return err
	}
	c := *f
	c.Fields = slices.Clone(f.Fields)
	for i := range c.Fields {
		if c.Fields[i].Name == from {
			c.Fields[i].Name = to
		}
	}
	return &c
}

type applicationData struct {
	Case     caseLine
	Person   string // path of the file
	Facts    []pair
	Warnings []string // what is odd about it
	Why      string   // it was returned
	Told     string   // the code by which the applicant asks, once
	Reasons  []reasonLine
	Start    string
	Steps    []stepLine
	Photos   []photo
	Forms    []titledForm
	Papers   []link // what can be printed of it
	Rating   *rating
}

type stepLine struct {
	At, Who, What, Reason string
	Changes               []string
}

type photo struct {
	Path, Text string // no path: it was withdrawn
	Picture    bool
	Withdraw   bool // by who looks
}

type titledForm struct {
	Title string
	Form  *Form
}

func showApplication(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	c, err := v.desk.DB.Application(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := applicationData{Case: v.caseLines([]store.Case{c})[0], Person: "/persons/" + c.PersonID.String(), Why: v.whyReturned(c), Told: v.toldOnce()}
	for _, w := range v.desk.CaseWarnings(c.Application) {
		data.Warnings = append(data.Warnings, v.either(w.ZH, w.EN))
	}
	data.Facts = []pair{{v.t("case.person"), c.PersonName}, {v.t("case.programme"), data.Case.Programme}, {v.t("case.applied"), data.Case.Applied},
		{v.t("apply.relation"), v.t("relation."+c.Applicant.Relation) + " " + c.Applicant.Name}, {v.t("apply.bank_account"), orNone(v, idnum.MaskAccount(c.BankAccount))}, {v.t("person.managing"), v.placeName(c.Area)}}
	if e := c.Explanation; e != nil {
		if !e.StartMonth.IsZero() {
			data.Start = v.t("application.start", e.StartMonth.String())
		}
		for _, r := range e.Reasons {
			data.Reasons = append(data.Reasons, v.reason(r.Passed, v.either(r.ZH, r.EN), r.Cite))
		}
	}
	for _, s := range c.Steps {
		line := stepLine{At: s.At.In(china).Format("2006-01-02 15:04"), Who: s.ActorName + v.within(v.t("role."+string(s.ActorRole))), What: v.t("action." + s.Action), Reason: v.reasonOf(c, s)}
		for _, change := range s.Changes {
			line.Changes = append(line.Changes, v.t("application.change", v.t("changed."+change.Field), orNone(v, v.relationName(change.Before)), orNone(v, v.relationName(change.After))))
		}
		data.Steps = append(data.Steps, line)
	}
	if v.may("/attachments/:id") {
		if data.Photos, err = v.photos(c.ID); err != nil {
			return nil, err
		}
	}
	if step, err := c.Rates(v.who); step.ID != uuid.Nil {
		if data.Rating, err = v.ratingOf(step.ID, err != nil); err != nil {
			return nil, err
		}
	}
	data.Forms, data.Papers = v.caseForms(c), v.papers(c)
	return data, nil
}

func (v *visit) relationName(text string) string {
	if slices.Contains(relations, text) {
		return v.t("relation." + text)
	}
	return text
}

func (v *visit) reason(passed *bool, text, cite string) reasonLine {
	switch {
	case passed == nil:
		return reasonLine{Mark: v.t("reason.open"), Tone: "warn", Text: text, Cite: cite}
	case *passed:
		return reasonLine{Mark: v.t("reason.yes"), Tone: "good", Text: text, Cite: cite}
	}
	return reasonLine{Mark: v.t("reason.no"), Tone: "bad", Text: text, Cite: cite}
}

func (v *visit) photos(subject uuid.UUID) (list []photo, err error) {
	found, err := v.desk.DB.Attachments(v.ctx, v.who, subject)
	if err != nil {
		return nil, err
	}
	for i, a := range found {
		if !a.Withdrawn.IsZero() {
			list = append(list, photo{Text: v.t("attachment.withdrawn", i+1, a.RecordedAt.In(china).Format("2006-01-02"), a.Reason)})
			continue
		}
		list = append(list, photo{Withdraw: casework.MayWithdraw(a, v.who), Path: "/attachments/" + a.ID.String(), Text: v.t("attachment.name", i+1, a.RecordedAt.In(china).Format("2006-01-02")), Picture: a.Type != "application/pdf"})
	}
	return list, nil
}

// caseForms are the forms of what this role may do. Whether the case is in a stage for it the desk decides; a form is shown where
// it leads somewhere.
func (v *visit) caseForms(c store.Case) (list []titledForm) {
	add := func(do, submit string, grave bool, fields ...*Field) {
		if !v.acts(do) {
			return
		}
		f := v.newForm(do, submit, fields...)
		f.Version, f.Grave = c.Version, grave
		list = append(list, titledForm{Title: v.t(submit), Form: f})
	}
	reason := func(need bool) *Field {
		return &Field{Name: "reason", Label: v.t("application.reason"), Kind: "textarea", Max: 500, Need: need}
	}
	photos := &Field{Name: "photos", Label: v.t("apply.photos"), Hint: v.t("apply.photos.hint"), Kind: "file", Many: true}
	switch c.Stage {
	case application.Draft:
		add("submit", "application.submit", false)
		add("photos", "application.photos", false, photos)
	case application.Returned:
		add("resubmit", "application.resubmit", false, append(v.applicantFields(c.Applicant),
			&Field{Name: "bank_account", Label: v.t("apply.bank_account"), Hint: v.t("application.account.hint", orNone(v, idnum.MaskAccount(c.BankAccount))), Kind: "text", Mode: "numeric", Max: 40})...)
		add("photos", "application.photos", false, photos)
	case application.Submitted:
		add("pass", "application.pass", false)
		add("return", "application.return", false, reason(true), v.wantedField())
	}
	if c.Correctable(v.who) {
		add("redate", "application.redate", true, &Field{Name: "applied_on", Label: v.t("case.applied"), Hint: v.t("application.redate.hint"), Kind: "date", Need: true, Value: c.AppliedOn.String()},
			&Field{Name: "reason", Of: "redate", Label: v.t("fact.reason"), Kind: "textarea", Max: 500, Need: true})
	}
	if !c.SubmittedAt.IsZero() {
		add("renew", "application.renew", true, &Field{Kind: "static", Name: "about", Label: v.t("application.renew.about"), Value: v.t("application.renew.lead")})
	}
	if !slices.Contains([]application.Stage{application.Approved, application.Rejected, application.Withdrawn, application.CancelledDuplicate}, c.Stage) {
		add("withdraw", "application.withdraw", true, reason(false))
	}
	return list
}

// onCase does something to the case of the page, at the version that the form was shown with.
func onCase(done string, do func(v *visit, id uuid.UUID) (store.Case, error)) func(*visit) (string, error) {
	return func(v *visit) (string, error) {
		id, err := v.id()
		if err != nil {
			return "", err
		}
		c, err := do(v, id)
		if err != nil {
			return "", err
		}
		v.told = c.StatusCode
		return "/applications/" + id.String() + "?done=" + done, nil
	}
}

var (
	submitCase = onCase("submitted", func(v *visit, id uuid.UUID) (store.Case, error) {
		return v.desk.SubmitApplication(v.ctx, v.who, id, v.version())
	})
	renewStatusCode = onCase("code_renewed", func(v *visit, id uuid.UUID) (store.Case, error) {
		return v.desk.NewStatusCode(v.ctx, v.who, id)
	})
	resubmitCase = onCase("submitted", func(v *visit, id uuid.UUID) (store.Case, error) {
		r := v.reader()
		by, account := r.applicant(), r.text("bank_account", 40, false)
		again := casework.Resubmission{Applicant: &by}
		if account != "" {
			again.BankAccount = &account
		}
		if err := r.err(); err != nil {
			return store.Case{}, err
		}
		return v.desk.ResubmitApplication(v.ctx, v.who, id, v.version(), again)
	})
	redateCase = onCase("redated", func(v *visit, id uuid.UUID) (store.Case, error) {
		r := v.reader()
		on, reason := r.day("applied_on", true), r.text("reason", 500, true)
		if err := r.err(); err != nil {
			return store.Case{}, err
		}
		return v.desk.CorrectApplication(v.ctx, v.who, id, v.version(), on, reason)
	})
	withdrawCase = onCase("withdrawn", func(v *visit, id uuid.UUID) (store.Case, error) {
		r := v.reader()
		reason := r.text("reason", 500, false)
		if err := r.err(); err != nil {
			return store.Case{}, err
		}
		return v.desk.WithdrawApplication(v.ctx, v.who, id, v.version(), reason)
	})
	passCase = onCase("passed", func(v *visit, id uuid.UUID) (store.Case, error) {
		return v.desk.DecideApplication(v.ctx, v.who, id, v.version(), application.Ruling{Decision: "approve"}) // of this stage: it goes on to the town
	})
	returnCase = onCase("returned", func(v *visit, id uuid.UUID) (store.Case, error) {
		r := v.reader()
		ruling := application.Ruling{Decision: "return", Reason: r.text("reason", 500, true), Fields: r.wanted()}
		if err := r.err(); err != nil {
			return store.Case{}, err
		}
		return v.desk.DecideApplication(v.ctx, v.who, id, v.version(), ruling)
	})
)

func addPhotos(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	if len(v.uploads["photos"]) == 0 {
		return "", fault.InvalidFields(fault.Field{Name: "photos", Code: "REQUIRED", ZH: "请选择照片", EN: "choose a photo"})
	}
	return "/applications/" + id.String() + "?done=photos", v.attachPhotos(id)
}

var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}

// showAttachment is a file as it was uploaded. Who looks is kept by the desk.
func showAttachment(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	a, content, err := v.desk.ReadAttachment(v.ctx, v.who, id)
	return raw{kind: a.Type, name: id.String() + extensions[a.Type], content: content}, err
}
