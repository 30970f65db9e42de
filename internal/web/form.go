package web

import (
	"net/url"
	"slices"
	"strings"

	"zhucan/internal/fault"
)

// Option is a choice of a field.
type Option struct {
	Value, Label string
	Chosen       bool
}

// Field is one field of a form. Its name is that by which the desk names it in what it refuses, so that the refusal stands
// beside the field.
type Field struct {
	Name     string
	Kind     string // text, password, date, month, number, textarea, select, radio, checks, file, hidden, static
	Label    string
	Hint     string
	Value    string
	Values   []string // of checks
	Options  []Option
	Need     bool
	Max      int    // characters; 0: no bound
	Auto     string // what a browser may fill in
	Mode     string // the keyboard of a phone
	Check    string // what the script looks at while typing
	Error    string
	Now      string // what is recorded now, where somebody has changed it meanwhile
	Off      bool   // not asked at the moment, as answers stand
	After    string // the question that decides whether this one is asked
	AfterAny string // and its answers, by spaces
	Many     bool   // a file field takes several
	Accept   string // what a file field takes; photos and papers where empty
	All      string // what choosing nothing means, where a list is narrowed
	Of       string // its form, where several of a page ask for the same
}

// ID is the field's id in the page.
func (f *Field) ID() string {
	name := f.Name
	if f.Of != "" {
		name = f.Of + "-" + name
	}
	return "f-" + strings.NewReplacer(".", "-", "[", "-", "]", "").Replace(name)
}

// Described are the ids of what explains the field.
func (f *Field) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID()+"-hint")
	}
	if f.Now != "" {
		ids = append(ids, f.ID()+"-now")
	}
	if f.Error != "" {
		ids = append(ids, f.ID()+"-error")
	}
	return strings.Join(ids, " ")
}

// Focus is the id that the summary of errors leads to: the first choice of several.
func (f *Field) Focus() string {
	if (f.Kind == "radio" || f.Kind == "checks") && len(f.Options) > 0 {
		return f.ID() + "-0"
	}
	return f.ID()
}

// Group is fields under one heading.
type Group struct {
	Title  string
	Fields []*Field
}

// Button is a further button of a form.
type Button struct{ Do, Label string }

// Form is a form of a page. Every form that was shown is done at most once, however often it is sent.
type Form struct {
	Action  string
	Do      string
	Submit  string
	CSRF    string
	Key     string
	Version int
	Unsent  bool   // what was entered before the session began has to be sent once more
	Before  string // and the version that it was made from
	Upload  bool
	Fields  []*Field // in no group
	Groups  []Group
	Buttons []Button
	Errors  []Problem // the summary above the form
	General string    // what is wrong, where no field is
	Known   []link    // what stands in the way and is the reader's own
	Stale   bool
	Grave   bool // it cannot be taken back
}

// Problem is one line of the summary of errors, with the field that it leads to.
type Problem struct{ Text, To string }

// newForm makes a form of the current page, with what narrows the page in its address. Where the page is shown again because this form was
// refused, it holds what was entered and says what was wrong with it.
func (v *visit) newForm(do, submit string, fields ...*Field) *Form {
	f := &Form{Action: v.here(), Do: do, Submit: v.t(submit), CSRF: v.csrf(), Key: newKey(), Fields: fields}
	v.refill(f, fields)
	return f
}

// group adds fields under a heading.
func (v *visit) group(f *Form, title string, fields ...*Field) {
	f.Groups = append(f.Groups, Group{Title: title, Fields: fields})
	v.refill(f, fields)
}

// button adds another button: another act of the same fields.
func (v *visit) button(f *Form, do, label string) {
	f.Buttons = append(f.Buttons, Button{do, v.t(label)})
}

// sent reports whether this is the form that was sent.
func (v *visit) sent(f *Form) bool {
	return v.form != nil && (v.do == f.Do || slices.ContainsFunc(f.Buttons, func(b Button) bool { return b.Do == v.do }) || v.form.Get("form") == f.Do)
}

func (v *visit) refill(f *Form, fields []*Field) {
	for _, field := range fields {
		field.choose()
		if field.Kind == "file" {
			f.Upload = true
		}
	}
	if !v.sent(f) {
		return
	}
	if v.key != "" {
		f.Key = v.key
	}
	if v.kept {
		f.Unsent, f.Before = true, v.form.Get("version")
	}
	v.placed, f.Stale = true, v.fault != nil && v.fault.Kind == fault.Stale
	for _, field := range fields {
		field.refill(v.form, f.Stale)
	}
	if v.fault == nil {
		return
	}
	f.General, f.Known = v.faultText(), v.knownPersons()
	for _, problem := range v.fault.Fields {
		for _, field := range fields {
			if field.Name == problem.Name || strings.HasPrefix(problem.Name, field.Name+".") && !slices.ContainsFunc(fields, func(o *Field) bool { return o.Name == problem.Name }) {
				field.Error = v.either(problem.ZH, problem.EN)
				f.Errors = append(f.Errors, Problem{Text: v.t("form.problem", field.Label, field.Error), To: field.Focus()})
				break
			}
		}
	}
}

// knownPersons leads to the files that stand in the way of the form.
func (v *visit) knownPersons() (list []link) {
	if !v.may("/persons/:id") {
		return nil
	}
	for _, id := range v.fault.Existing {
		list = append(list, link{Path: "/persons/" + id.String(), Text: v.t("form.known")})
	}
	return list
}

func (f *Field) choose() {
	for i, o := range f.Options {
		f.Options[i].Chosen = o.Value == f.Value && f.Value != "" || slices.Contains(f.Values, o.Value)
	}
}

// refill puts in what was sent. Where the record has changed meanwhile, both values are shown.
func (f *Field) refill(sent url.Values, stale bool) {
	if f.Kind == "file" || f.Kind == "static" || f.Kind == "password" { // a password is not sent back
		return
	}
	before := f.text()
	if f.Kind == "checks" {
		f.Values = sent[f.Name]
	} else {
		f.Value = sent.Get(f.Name)
	}
	f.choose()
	if stale && f.Kind != "hidden" && before != f.text() {
		if f.Now = before; before == "" {
			f.Now = "—"
		}
	}
}

// text is the value as people read it.
func (f *Field) text() string {
	var words []string
	for _, o := range f.Options {
		if o.Value == f.Value || f.Kind == "checks" && slices.Contains(f.Values, o.Value) {
			words = append(words, o.Label)
		}
	}
	if len(words) == 0 {
		return f.Value
	}
	return strings.Join(words, "、")
}

// options are choices whose labels stand in the catalogue under a prefix.
func (v *visit) options(prefix string, codes ...string) []Option {
	list := make([]Option, len(codes))
	for i, code := range codes {
		list[i] = Option{Value: code, Label: v.t(prefix + "." + code)}
	}
	return list
}
