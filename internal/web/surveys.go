package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
	"zhucan/internal/survey"
)

type surveyData struct {
	Name string
	Year int
	Form *Form
}

var modes = []string{"visit", "phone", "window"}

// showSurvey asks a person's questions of the year. What follows from an answer is hidden until that answer is chosen: by the
// script at once, without it when the form comes back.
func showSurvey(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	year := v.surveyYear(v.reader().day("collected_on", false))
	asked, err := v.desk.Questionnaire(v.ctx, v.who, year, id)
	if err != nil {
		return nil, err
	}
	during, _, err := v.desk.DB.LatestResponses(v.ctx, v.who, year, id)
	if err != nil {
		return nil, err
	}
	form := v.surveyForm(asked, during[id])
	form.Fields = append(form.Fields, &Field{Name: "year", Kind: "hidden", Value: strconv.Itoa(year)})
	return surveyData{Name: d.File.Person.Name, Year: year, Form: form}, nil
}

// surveyForm is filled in with what was answered this year. It names that set, so that one which comes between is not passed over; once
// both were shown, the form names the other.
func (v *visit) surveyForm(asked casework.Asked, answered store.Response) *Form {
	seen := &Field{Name: "seen", Kind: "hidden", Value: answered.ID.String()}
	form := v.newForm("save", "survey.save", &Field{Name: "mode", Label: v.t("survey.mode"), Kind: "radio", Need: true, Options: v.options("mode", modes...)},
		&Field{Name: "collected_on", Label: v.t("survey.on"), Kind: "date", Need: true, Value: v.today.String()}, seen)
	if form.Stale {
		seen.Value = answered.ID.String()
	}
	now := answered.Answers
	switch {
	case v.form != nil:
		now = chosen(v, asked)
	case now == nil:
		now = asked.Proposed
	}
	var fields []*Field
	for _, q := range asked.Questions {
		f := v.question(q, asked.Proposed[q.Code], now)
		switch given := answered.Answers[q.Code]; {
		case q.Multi:
			f.Values = given
		case len(given) > 0:
			f.Value = given[0]
		}
		fields = append(fields, f)
	}
	v.group(form, v.t("survey.questions"), fields...)
	v.button(form, "next", "survey.next")
	return form
}

// surveyYear is the year whose survey the form was made for. One that lay on a phone until that survey was over, and was answered then, is of
// the survey that is open now.
func (v *visit) surveyYear(on calendar.Date) int {
	year, err := strconv.Atoi(v.value("year"))
	if open := v.desk.OpenSurvey(); err != nil || year < 2014 || year > open || on.After(survey.Builtin.Window(year).To) {
		return open
	}
	return year
}

func (v *visit) question(q *survey.Question, before []string, now survey.Answers) *Field {
	f := &Field{Name: "answers." + q.Code, Label: v.either(q.ZH, q.EN), Kind: "radio", Need: q.Required, Off: !q.Follows(now)}
	if q.Multi {
		f.Kind = "checks"
	}
	for _, o := range q.Options {
		f.Options = append(f.Options, Option{Value: o.Code, Label: v.either(o.ZH, o.EN)})
		if slices.Contains(before, o.Code) {
			f.Hint += " " + v.either(o.ZH, o.EN)
		}
	}
	if f.Hint != "" {
		f.Hint = v.t("survey.before", strings.TrimSpace(f.Hint))
	}
	if q.After != nil {
		f.After, f.AfterAny = q.After.Question, strings.Join(q.After.Any, " ")
	}
	return f
}

// chosen are the answers of the form to the questions that are asked with them. An answer to what is not asked any more, because
// an earlier one has changed, is no answer.
func chosen(v *visit, asked casework.Asked) survey.Answers {
	answers := survey.Answers{}
	for _, q := range asked.Questions {
		if given := v.form["answers."+q.Code]; len(given) > 0 && given[0] != "" && q.Follows(answers) {
			answers[q.Code] = given
		}
	}
	return answers
}

func saveSurvey(v *visit) (string, error) {
	file, err := answerAfter(v)
	return file + "?done=surveyed", err
}

// response reads a person's answers from the form.
func (v *visit) response(person uuid.UUID) (store.Response, error) {
	r := v.reader()
	mode, on := r.choice("mode", true, modes...), r.day("collected_on", true)
	if err := r.err(); err != nil {
		return store.Response{}, err
	}
	year := v.surveyYear(on)
	asked, err := v.desk.Questionnaire(v.ctx, v.who, year, person)
	if err != nil {
		return store.Response{}, err
	}
	answers := chosen(v, asked)
	var confirmed []string
	for code, given := range answers {
		if slices.Equal(given, asked.Proposed[code]) {
			confirmed = append(confirmed, code)
		}
	}
	slices.Sort(confirmed)
	return store.Response{Year: year, PersonID: person, Mode: mode, CollectedOn: on, Answers: answers, Confirmed: confirmed}, nil
}

// askOn shows the form again, with the questions that the answers so far lead to.
func askOn(*visit) error { return nil }
