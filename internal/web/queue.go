package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// queueData is the cases that wait in a stage, those with the least time left first.
type queueData struct {
	filters
	Waiting, Over int64
	Lines         []queueLine
	More          string
	Results       []decidedLine // of what was decided together just now
	Form          *Form         // nil: this stage is another's
}

type queueLine struct {
	caseLine
	Value  string // of its box: the case at the version that is shown
	Own    string // why this officer does not decide it
	Late   string // that it was entered long after the day of application
	Picked bool
}

// decidedLine is what became of one case of several.
type decidedLine struct {
	Case        caseLine
	Text, Tone  string
	Now, Person string
}

// filter is a choice in the address of a list.
type filter struct {
	Name, Label, All string
	Options          []Option
}

// tick is a yes or no in the address of a list.
type tick struct {
	Name, Label string
	On          bool
}

// filters is what narrows a list.
type filters struct {
	Filters []filter
	Tick    *tick    // nil: none
	Text    *Field   // nil: none
	Days    []*Field // of what day, and as known on which
}

// Any reports whether there is anything to narrow by.
func (f filters) Any() bool {
	return len(f.Filters)+len(f.Days) > 0 || f.Tick != nil || f.Text != nil && f.Text.Kind != "hidden"
}

// Narrowed reports whether a list does not show all that it could.
func (f filters) Narrowed() bool {
	return f.Tick != nil && f.Tick.On || f.Text != nil && f.Text.Value != "" || slices.ContainsFunc(f.Filters, func(by filter) bool { return by.All != "" && chosenOf(by.Options) != "" })
}

// areaFilter narrows to a division of the level below one's own, where there are any, and says which was chosen: one's own where none is.
func (v *visit) areaFilter() (list []filter, in area.Code, err error) {
	in = v.areaAsked()
	places, err := v.placesBelow(in)
	if len(places) > 0 {
		list = append(list, filter{"area", v.t("queue.area"), v.t("persons.all"), places})
	}
	return list, in, err
}

// areaAsked is the division that an address names, one's own where it names none of it.
func (v *visit) areaAsked() area.Code {
	if code, err := area.Parse(v.query.Get("area")); err == nil && v.who.Covers(code) {
		return code
	}
	return v.who.Area
}

// openStages are the stages in which a case waits for somebody.
var openStages = []string{"submitted", "town_review", "cdpf_review", "civil_affairs_decision"}

// queueAsked is which part of which queue an address asks for.
type queueAsked struct {
	casework.QueueOf
	values url.Values // what of it stands in addresses
}

// queueAsked reads the address; what it asks for that there is not narrows nothing.
func (v *visit) queueAsked() queueAsked {
	q := queueAsked{QueueOf: casework.QueueOf{Stage: application.WaitsFor(v.who.Role)}, values: url.Values{}}
	keep := func(name string, good bool) bool {
		good = good && v.query.Get(name) != ""
		if good {
			q.values.Set(name, v.query.Get(name))
		}
		return good
	}
	if stage := v.query.Get("stage"); keep("stage", slices.Contains(openStages, stage)) {
		q.Stage = application.Stage(stage)
	}
	if programme := v.query.Get("programme"); keep("programme", v.desk.Pack().Programme(programme) != nil) {
		q.Programme = programme
	}
	if code, err := area.Parse(v.query.Get("area")); keep("area", err == nil && v.who.Covers(code)) {
		q.Area = code
	}
	q.Late = keep("late", v.query.Get("late") == "yes")
	return q
}

// with is an address with what the queue was narrowed by.
func (q queueAsked) with(path string) string {
	if len(q.values) == 0 {
		return path
	}
	return path + "?" + q.values.Encode()
}

func showQueue(v *visit) (any, error) {
	asked := v.queueAsked()
	cursor, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	asked.After.ID, asked.Limit = cursor.ID, pageSize
	if asked.After.Due, err = store.ParsePlace(string(cursor.Area)); err != nil { // a place in the queue has a number where lists have an area
		return nil, err
	}
	found, err := v.desk.Queue(v.ctx, v.who, asked.QueueOf)
	if err != nil {
		return nil, err
	}
	data := queueData{Waiting: found.Waiting, Over: found.Late}
	if data.filters, err = v.queueFilters(asked); err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	cases := make([]store.Case, len(found.Cases))
	for i, c := range found.Cases {
		cases[i] = c.Case
	}
	picked, err := v.stillPicked(cases, asked.Stage)
	if err != nil {
		return nil, err
	}
	for _, c := range append(picked, cases...) {
		line := v.queueLine(c, asked)
		line.Place = place(c.Area)
		data.Lines = append(data.Lines, line)
	}
	if n := len(found.Cases); n > 0 {
		last := found.Cases[n-1].Key
		data.More = v.more(n == pageSize, store.Cursor{Area: area.Code(strconv.Itoa(last.Due)), ID: last.ID}.String())
	}
	data.Results, _ = v.found.([]decidedLine)
	if asked.Stage == application.WaitsFor(v.who.Role) && len(data.Lines) > 0 {
		data.Form = v.decisionForm("decide", nil)
	}
	return data, nil
}

// stillPicked are cases that a form which was refused has picked and that others have pushed off its page since.
func (v *visit) stillPicked(shown []store.Case, stage application.Stage) ([]store.Case, error) {
	var ids []uuid.UUID
	for _, box := range v.form["case"] {
		text, _, _ := strings.Cut(box, "/")
		id, err := uuid.Parse(text)
		if err == nil && len(ids) < mostTogether && !slices.ContainsFunc(shown, func(c store.Case) bool { return c.ID == id }) {
			ids = append(ids, id)
		}
	}
	cases, err := v.desk.DB.Cases(v.ctx, v.who, ids)
	return slices.DeleteFunc(cases, func(c store.Case) bool { return c.Stage != stage }), err
}

func (v *visit) queueFilters(asked queueAsked) (filters, error) {
	programmes := v.programmeOptions(asked.Programme)
	stages := v.options("stage", openStages...)
	for i := range stages {
		stages[i].Chosen = stages[i].Value == string(asked.Stage)
	}
	places, err := v.placesBelow(asked.Area)
	return filters{Filters: []filter{{"stage", v.t("case.stage"), "", stages}, {"programme", v.t("case.programme"), v.t("persons.all"), programmes},
		{"area", v.t("queue.area"), v.t("persons.all"), places}}, Tick: &tick{"late", v.t("queue.late"), asked.Late}}, err
}

func (v *visit) programmeOptions(chosen string) (list []Option) {
	for _, p := range v.desk.Pack().Programmes {
		list = append(list, Option{Value: p.ID, Label: v.either(p.ZH, p.EN), Chosen: p.ID == chosen})
	}
	return list
}

// placesBelow are the divisions of the level below one's own area, towns for a district, villages for a town, and the chosen one where it is another:
// what narrows a list is not to be shown as nothing.
func (v *visit) placesBelow(chosen area.Code) (list []Option, err error) {
	tree, err := v.desk.DB.Divisions(v.ctx, v.who.Area, v.today)
	if err != nil {
		return nil, err
	}
	for _, d := range tree {
		if d.Code.Parent() == v.who.Area {
			list = append(list, Option{Value: string(d.Code), Label: d.Name, Chosen: d.Code == chosen})
		}
	}
	if chosen != "" && chosen != v.who.Area && len(list) > 0 && !slices.ContainsFunc(list, func(o Option) bool { return o.Chosen }) {
		list = append(list, Option{Value: string(chosen), Label: v.placeName(chosen), Chosen: true})
	}
	return list, nil
}

func (v *visit) queueLine(c store.Case, asked queueAsked) queueLine {
	line := queueLine{caseLine: v.caseLines([]store.Case{c})[0], Value: c.ID.String() + "/" + strconv.Itoa(c.Version)}
	line.Path = asked.with("/queue/" + c.ID.String())
	if err := c.Decidable(v.who); fault.Is(err, "OWN_CASE") {
		line.Own = v.refusal(err)
	}
	if len(v.desk.CaseWarnings(c.Application)) > 0 {
		line.Late = v.t("queue.entered_late", c.EnteredAfter())
	}
	line.Picked = v.form != nil && slices.ContainsFunc(v.form["case"], func(box string) bool { return strings.HasPrefix(box, c.ID.String()) })
	return line
}

// refusal is what a refusal says, in the language of the visit.
func (v *visit) refusal(err error) string { return faultOf(err).Message(v.english) }

var decisions = []string{"approve", "return", "reject"}

// writtenReasons are the reasons of a return or a rejection that no condition of the rules gives (choice). Their words stand
// in the catalogue of texts.
var writtenReasons = []string{"MATERIAL_MISSING", "ACCOUNT_NOT_OWN", "CERT_NUMBER_MISMATCH", "DUPLICATE_APPLICATION", "NOT_LOCAL_HUKOU", "OBJECTION_UPHELD", "FALSE_MATERIAL", "WITHDRAWN"}

// decisionForm asks for a decision and its reason. What the rules say against a case stands first among the reasons.
func (v *visit) decisionForm(do string, against []application.ExplanationReason, more ...*Field) *Form {
	var reasons []Option
	for _, r := range against {
		if r.Passed == nil || !*r.Passed {
			reasons = append(reasons, Option{Value: r.Code, Label: v.either(r.ZH, r.EN)})
		}
	}
	reasons = append(reasons, v.options("why", writtenReasons...)...)
	return v.newForm(do, "decide.submit", append([]*Field{{Name: "decision", Label: v.t("decide.decision"), Kind: "radio", Need: true, Options: v.options("decision", decisions...)},
		{Name: "reason_code", Label: v.t("decide.code"), Hint: v.t("decide.code.hint"), Kind: "select", Options: reasons},
		{Name: "reason", Label: v.t("decide.reason"), Hint: v.t("decide.reason.hint"), Kind: "textarea", Max: 1000}}, more...)...)
}

// wantedField asks who returns a case what is to be put right in it.
func (v *visit) wantedField() *Field {
	return &Field{Name: "fields", Label: v.t("decide.fields"), Hint: v.t("decide.fields.hint"), Kind: "text", Max: 300}
}

// wanted is what is to be put right, one behind the other.
func (r *reader) wanted() []string {
	list := strings.FieldsFunc(r.text("fields", 300, false), func(c rune) bool { return strings.ContainsRune("、，,；;", c) })
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
		if utf8.RuneCountInString(list[i]) > 60 {
			r.wrong("fields", "TOO_LONG", "每项不能超过60个字，多项用顿号隔开", "at most 60 characters each, with commas between them")
		}
	}
	return slices.DeleteFunc(list, func(text string) bool { return text == "" })
}

// ruling reads what was decided. Whether it needs a reason the desk says.
func (v *visit) ruling() (application.Ruling, error) {
	r := v.reader()
	ruling := application.Ruling{Decision: r.choice("decision", true, decisions...), ReasonCode: r.text("reason_code", 60, false), Reason: r.text("reason", 1000, false), Fields: r.wanted()}
	if strings.Trim(ruling.ReasonCode, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		r.wrong("reason_code", "NOT_A_CHOICE", "请从选项中选择", "choose one of the list")
	}
	return ruling, r.err()
}

// mostTogether is how many cases one form decides.
const mostTogether = 200

// decideTogether decides the cases that were picked, each for itself, and shows what became of each. Sent again it decides nothing
// again: the desk knows a decision that its officer has made of the same version.
func decideTogether(v *visit) error {
	ruling, err := v.ruling()
	if err != nil {
		return err
	}
	items, err := v.picked()
	if err != nil {
		return err
	}
	if ruling.Decision != "approve" && ruling.Reason == "" && ruling.ReasonCode == "" {
		return fault.InvalidFields(fault.Field{Name: "reason_code", Code: "REASON_REQUIRED", ZH: "退回或不予批准须说明理由", EN: "a return or rejection needs a reason"})
	}
	_, errs := v.desk.DecideApplications(v.ctx, v.who, items, ruling)
	ids := make([]uuid.UUID, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	cases, err := v.desk.DB.Cases(v.ctx, v.who, ids)
	if err != nil {
		return err
	}
	known := map[uuid.UUID]store.Case{}
	for _, c := range cases {
		known[c.ID] = c
	}
	lines := make([]decidedLine, len(items))
	for i, item := range items {
		lines[i] = v.decidedLine(known[item.ID], item.ID, errs[i], ruling.Decision)
	}
	v.found = lines
	v.form = nil // what was picked is decided; the queue is shown as it is now, from its beginning
	v.query.Del("cursor")
	return nil
}

// picked reads the boxes: a case and the version that was seen.
func (v *visit) picked() (items []casework.BulkItem, err error) {
	for _, box := range v.form["case"] {
		text, version, _ := strings.Cut(box, "/")
		id, wrong := uuid.Parse(text)
		n, notNumber := strconv.Atoi(version)
		if wrong != nil || notNumber != nil || len(items) == mostTogether {
			return nil, badForm
		}
		if !slices.ContainsFunc(items, func(i casework.BulkItem) bool { return i.ID == id }) {
			items = append(items, casework.BulkItem{ID: id, Version: n})
		}
	}
	if len(items) == 0 {
		return nil, fault.New(fault.Invalid, "NOTHING_PICKED", "请先勾选要办理的事项", "tick what is to be dealt with first")
	}
	return items, nil
}

func (v *visit) decidedLine(c store.Case, id uuid.UUID, err error, decision string) decidedLine {
	line := decidedLine{Text: v.t("decided." + decision), Tone: "good"}
	if c.ID != uuid.Nil {
		line.Case = v.caseLines([]store.Case{c})[0]
		line.Person, line.Now = c.PersonName, line.Case.Stage
	}
	if err != nil {
		f := v.single("decide together", id, err)
		line.Text, line.Tone = v.t("decided.not", f.Message(v.english)), "bad"
	}
	return line
}

// single is the refusal of one of several things that one form asks for; what has to be known of it is kept as if it had been asked for
// alone.
func (v *visit) single(what string, id uuid.UUID, err error) *fault.Error {
	f := faultOf(err)
	if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		v.site.Log.ErrorContext(v.ctx, "one of several failed", "err", err, "request_id", v.who.RequestID)
	}
	if f.Kind == fault.Forbidden || f.Kind == fault.NotFound || f.Code == "OWN_CASE" {
		detail := map[string]any{"code": f.Code, "status": f.Kind.Status()}
		if err := v.desk.DB.Refused(context.WithoutCancel(v.ctx), v.who, "page "+v.page.path+" "+what, id, detail); err != nil {
			v.site.Log.Error("a refused attempt was not recorded", "err", err, "request_id", v.who.RequestID)
		}
	}
	return f
}
