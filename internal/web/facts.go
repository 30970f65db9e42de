package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// factSubject is whose dated facts a page is about: a person's or a household's. Both are recorded and corrected alike.
type factSubject struct {
	above   string // the page of the subject
	kinds   []casefile.Kind
	facts   func(*visit, uuid.UUID) (name string, facts []casefile.Circumstance, err error)
	add     func(*visit, uuid.UUID, casework.NewCircumstance) error
	correct func(v *visit, subject, fact uuid.UUID, in casework.Correction) error
	end     func(v *visit, subject uuid.UUID, fact casefile.Circumstance, lastDay calendar.Date) error
}

var ofPerson = factSubject{above: "/persons/:id/facts", kinds: casefile.Kinds, facts: (*visit).factsOfPerson,
	add: func(v *visit, id uuid.UUID, in casework.NewCircumstance) error {
		_, err := v.desk.AddCircumstance(v.ctx, v.who, id, in)
		return err
	},
	correct: func(v *visit, _, fact uuid.UUID, in casework.Correction) error {
		_, err := v.desk.CorrectCircumstance(v.ctx, v.who, fact, v.version(), in)
		return err
	},
	end: func(v *visit, _ uuid.UUID, fact casefile.Circumstance, lastDay calendar.Date) error {
		_, err := v.desk.EndCircumstance(v.ctx, v.who, fact.ID, v.version(), lastDay)
		return err
	}}

func (v *visit) factsOfPerson(id uuid.UUID) (string, []casefile.Circumstance, error) {
	d, err := v.desk.Person(v.ctx, v.who, id)
	return d.File.Person.Name, d.File.Circumstances, err
}

// kind is the kind with this name that can be recorded: places are changed with the person or the household.
func (s factSubject) kind(name string) (casefile.Kind, bool) {
	i := slices.IndexFunc(s.kinds, func(k casefile.Kind) bool { return k.Name == name && !k.Place })
	if i < 0 {
		return casefile.Kind{}, false
	}
	return s.kinds[i], true
}

var datesReversed = fault.InvalidFields(fault.Field{Name: "valid_to", Code: "DATES_REVERSED", ZH: "结束日期早于开始日期", EN: "the last day is before the first"})

// factsData is every fact of a person: those held true, and those that a later record has replaced.
type factsData struct {
	Name    string
	Add     string
	Lines   []factLine
	Earlier []factLine
}

type factLine struct{ Path, Kind, Value, Days, Source, Paper, Recorded string }

func showFacts(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	data := factsData{}
	var facts []casefile.Circumstance
	if data.Name, facts, err = v.factsOfPerson(id); err != nil {
		return nil, err
	}
	if v.may("/persons/:id/facts/new") {
		data.Add = v.path + "/new"
	}
	data.Lines, data.Earlier, err = v.factLines(ofPerson, facts, v.path+"/")
	return data, err
}

// factLines are facts in words, the latest first, with who recorded them and when. Each has its page under a path.
func (v *visit) factLines(s factSubject, facts []casefile.Circumstance, path string) (held, earlier []factLine, err error) {
	var by []uuid.UUID
	for _, c := range facts {
		by = append(by, c.RecordedBy)
	}
	names, err := v.desk.DB.AccountNames(v.ctx, v.who, by)
	if err != nil {
		return nil, nil, err
	}
	facts = slices.Clone(facts)
	slices.SortStableFunc(facts, func(a, b casefile.Circumstance) int { return b.ValidFrom.Compare(a.ValidFrom) })
	for _, c := range facts {
		kind := kindIn(s.kinds, c.Kind)
		line := factLine{Path: path + c.ID.String(), Kind: v.either(kind.ZH, kind.EN), Value: v.factValue(kind, c), Days: v.daysText(c.ValidFrom.String(), c.ValidTo.String()),
			Source: v.source(c.Source), Paper: c.SourceDoc, Recorded: v.recorded(c, names)}
		if c.SupersededAt.IsZero() {
			held = append(held, line)
		} else {
			earlier = append(earlier, line)
		}
	}
	return held, earlier, nil
}

// recorded is when a fact was recorded and by whom, and when another took its place.
func (v *visit) recorded(c casefile.Circumstance, names map[uuid.UUID]string) string {
	text := c.RecordedAt.In(china).Format("2006-01-02") + " " + names[c.RecordedBy]
	if !c.SupersededAt.IsZero() {
		text = v.t("fact.replaced", text, c.SupersededAt.In(china).Format("2006-01-02"))
	}
	return text
}

func kindIn(kinds []casefile.Kind, name string) casefile.Kind {
	i := slices.IndexFunc(kinds, func(k casefile.Kind) bool { return k.Name == name })
	if i < 0 {
		return casefile.Kind{Name: name, ZH: name, EN: name}
	}
	return kinds[i]
}

// factValue is what a fact says, in words.
func (v *visit) factValue(kind casefile.Kind, c casefile.Circumstance) string {
	value := c.Value
	if kind.Place {
		return v.placeName(area.Code(value.Sort))
	}
	text := v.t("answer." + answerCode(value.Answer))
	if sort := v.sortName(kind, value.Sort); sort != "" {
		switch {
		case value.Answer == casefile.Yes:
			text = sort
		case kind.SideBySide:
			text = v.t("form.problem", sort, text)
		}
	}
	if value.MonthlyFen > 0 {
		text = v.t("fact.monthly.is", text, yuan(value.MonthlyFen))
	}
	if value.AnnualFen > 0 {
		text = v.t("fact.annual.is", text, yuan(value.AnnualFen))
	}
	return text
}

// sortName is the word for a sort of a kind; none for a plain yes. Of open kinds a sort may be any word, and is shown as it is.
func (v *visit) sortName(kind casefile.Kind, sort string) string {
	if sort == "" || sort == "yes" {
		return ""
	}
	if key := "sort." + kind.Name + "." + sort; slices.Contains(kind.Sorts, sort) {
		return v.t(key)
	}
	return sort
}

// source is who says so. What the register writes by itself has words of its own.
func (v *visit) source(text string) string {
	if text == "register" || text == "roster" {
		return v.t("source." + text)
	}
	return text
}

// newFactData asks which kind of fact is to be recorded, and then what that kind needs.
type newFactData struct {
	Name  string
	Kinds []Option
	Form  *Form
}

func (s factSubject) showNew(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	data := newFactData{}
	if data.Name, _, err = s.facts(v, id); err != nil {
		return nil, err
	}
	chosen := v.query.Get("kind")
	if v.form != nil {
		chosen = v.value("kind")
	}
	for _, k := range s.kinds {
		if !k.Place {
			data.Kinds = append(data.Kinds, Option{Value: k.Name, Label: v.either(k.ZH, k.EN), Chosen: k.Name == chosen})
		}
	}
	if kind, ok := s.kind(chosen); ok {
		data.Form = v.newForm("add", "fact.add", &Field{Name: "kind", Kind: "hidden", Value: kind.Name})
		v.group(data.Form, v.either(kind.ZH, kind.EN), v.factFields(kind, casefile.Circumstance{Value: casefile.Value{Answer: casefile.Yes}})...)
	}
	return data, nil
}

// manySorts is from how many sorts on a list is shorter than choices side by side.
const manySorts = 4

// amounts are the kinds of which an amount is kept: what a benefit pays a month, or a contribution costs a year.
var amounts = map[string]string{"other_benefit": "value.monthly", "insurance_paid": "value.annual"}

// factFields ask what a fact of a kind says, on which days, and who says so.
func (v *visit) factFields(kind casefile.Kind, c casefile.Circumstance) []*Field {
	fields := []*Field{{Name: "value", Label: v.t("fact.value"), Kind: "radio", Need: true, Options: v.options("answer", "yes", "no", "unknown"), Value: answerCode(c.Value.Answer)}}
	known := slices.Contains(kind.Sorts, c.Value.Sort)
	if len(kind.Sorts) > 1 {
		sorts := &Field{Name: "value.sort", Label: v.t("fact.sort"), Kind: "radio", Need: kind.SideBySide}
		if len(kind.Sorts) > manySorts {
			sorts.Kind = "select"
		}
		for _, sort := range kind.Sorts {
			sorts.Options = append(sorts.Options, Option{Value: sort, Label: cmp.Or(v.sortName(kind, sort), v.t("answer.yes"))})
		}
		if known {
			sorts.Value = c.Value.Sort
		}
		fields = append(fields, sorts)
	}
	if kind.Open {
		other := &Field{Name: "value.other", Label: v.t("fact.other"), Hint: v.t("fact.other.hint"), Kind: "text", Max: 60}
		if !known {
			other.Value = c.Value.Sort
		}
		fields = append(fields, other)
	}
	switch amounts[kind.Name] {
	case "value.monthly":
		fields = append(fields, amountField("value.monthly", v.t("fact.monthly"), c.Value.MonthlyFen))
	case "value.annual":
		fields = append(fields, amountField("value.annual", v.t("fact.annual"), c.Value.AnnualFen))
	}
	return append(fields, &Field{Name: "valid_from", Label: v.t("fact.from"), Kind: "date", Need: true, Value: c.ValidFrom.String()},
		&Field{Name: "valid_to", Label: v.t("fact.to"), Hint: v.t("fact.to.hint"), Kind: "date", Value: c.ValidTo.String()},
		&Field{Name: "source", Label: v.t("record.source"), Hint: v.t("fact.source.hint"), Kind: "text", Need: true, Max: 60, Value: c.Source},
		&Field{Name: "source_doc", Label: v.t("fact.paper"), Hint: v.t("fact.paper.hint"), Kind: "text", Max: 200, Value: c.SourceDoc})
}

func amountField(name, label string, now int64) *Field {
	f := &Field{Name: name, Label: label, Kind: "text", Mode: "decimal", Max: 16}
	if now > 0 {
		f.Value = yuan(now)
	}
	return f
}

// fact reads what factFields ask for. Over an old value it changes what the form asks for and keeps the rest.
func (r *reader) fact(kind casefile.Kind, old json.RawMessage) casework.NewCircumstance {
	return casework.NewCircumstance{Kind: kind.Name, Value: r.factValue(kind, old), ValidFrom: r.day("valid_from", true), ValidTo: r.day("valid_to", false),
		Source: r.text("source", 60, true), SourceDoc: r.text("source_doc", 200, false)}
}

func (r *reader) factValue(kind casefile.Kind, old json.RawMessage) json.RawMessage {
	value := map[string]any{}
	reading := json.NewDecoder(bytes.NewReader(old))
	reading.UseNumber()
	if reading.Decode(&value) != nil || value == nil {
		value = map[string]any{}
	}
	for _, name := range []string{"sort", "kind", "type"} { // one of them is the sort
		delete(value, name)
	}
	value["answer"] = r.choice("value", true, "yes", "no", "unknown")
	sort := cmp.Or(r.text("value.other", 60, false), r.text("value.sort", 60, false))
	switch {
	case sort != "":
		value["sort"] = sort
	case kind.SideBySide || len(kind.Sorts) > 1 && value["answer"] == "yes": // the first sort is not what everybody means who chooses none
		r.wrong("value.sort", "REQUIRED", "请选择", "choose one")
	}
	if name := amounts[kind.Name]; name != "" {
		member := map[string]string{"value.monthly": "monthly_amount_fen", "value.annual": "annual_amount_fen"}[name]
		delete(value, member)
		if text := r.v.value(name); text != "" {
			n, ok := fen(text)
			if !ok {
				r.wrong(name, "NOT_AN_AMOUNT", "金额应写成123.45的形式", "write the amount as 123.45")
			}
			value[member] = json.Number(strconv.FormatInt(n, 10))
		}
	}
	written, _ := json.Marshal(value)
	return written
}

func (s factSubject) addFact(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	if _, _, err := s.facts(v, id); err != nil {
		return "", err
	}
	kind, ok := s.kind(v.value("kind"))
	r := v.reader()
	if !ok {
		r.wrong("kind", "UNKNOWN_KIND", "没有这种情况类别", "no fact is of this kind")
		return "", r.err()
	}
	in := r.fact(kind, nil)
	if err := r.err(); err != nil {
		return "", err
	}
	return v.address(s.above) + "?done=fact_added", s.add(v, id, in)
}

// factData is one fact, and the forms that end or correct it while nothing has taken its place.
type factData struct {
	Name    string
	Line    factLine
	Held    bool
	End     *Form
	Correct *Form
}

// fact is the fact that the path names, of the subject that it names.
func (s factSubject) fact(v *visit) (name string, c casefile.Circumstance, err error) {
	id, err := v.id()
	if err != nil {
		return "", c, err
	}
	name, facts, err := s.facts(v, id)
	if err != nil {
		return "", c, err
	}
	for _, c := range facts {
		if c.ID.String() == v.echo.Param("fact") {
			return name, c, nil
		}
	}
	return "", c, store.NotFound
}

func (s factSubject) showFact(v *visit) (any, error) {
	name, c, err := s.fact(v)
	if err != nil {
		return nil, err
	}
	held, earlier, err := v.factLines(s, []casefile.Circumstance{c}, "")
	if err != nil {
		return nil, err
	}
	data := factData{Name: name, Line: append(held, earlier...)[0], Held: len(held) > 0}
	kind, ok := s.kind(c.Kind)
	if !ok || !data.Held || !v.acts("correct") {
		return data, nil
	}
	if c.ValidTo.IsZero() {
		data.End = v.newForm("end", "fact.end.save", &Field{Name: "valid_to", Label: v.t("fact.to"), Kind: "date", Need: true, Of: "end"})
		data.End.Version = 1
	}
	data.Correct = v.newForm("correct", "fact.correct.save")
	v.group(data.Correct, data.Line.Kind, v.factFields(kind, c)...)
	v.group(data.Correct, v.t("fact.reason.group"), &Field{Name: "reason", Label: v.t("fact.reason"), Kind: "textarea", Need: true, Max: 1000})
	data.Correct.Version = 1 // a fact that was changed is another fact
	return data, nil
}

func (s factSubject) endFact(v *visit) (string, error) {
	_, c, err := s.fact(v)
	if err != nil {
		return "", err
	}
	id, _ := v.id()
	r := v.reader()
	lastDay := r.day("valid_to", true)
	if err := r.err(); err != nil {
		return "", err
	}
	return v.address(s.above) + "?done=fact_ended", s.end(v, id, c, lastDay)
}

func (s factSubject) correctFact(v *visit) (string, error) {
	_, c, err := s.fact(v)
	if err != nil {
		return "", err
	}
	id, _ := v.id()
	kind, ok := s.kind(c.Kind)
	if !ok {
		return "", store.NotFound
	}
	r := v.reader()
	in, reason := r.fact(kind, c.Raw), r.text("reason", 1000, true)
	if err := r.err(); err != nil {
		return "", err
	}
	correction := casework.Correction{Value: in.Value, ValidFrom: &in.ValidFrom, ValidTo: &in.ValidTo, Source: in.Source, SourceDoc: in.SourceDoc, Reason: reason}
	if now, err := casefile.ParseValue(kind, in.Value); err == nil && now == c.Value {
		correction.Value = nil // it was right, and stays as it was written
	}
	return v.address(s.above) + "?done=fact_corrected", s.correct(v, id, c.ID, correction)
}
