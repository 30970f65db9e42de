package web

import (
	"github.com/google/uuid"

	"zhucan/internal/store"
	"zhucan/internal/survey"
)

// answersData is what people of an area have answered in the survey of a year, in the order in which it was recorded.
type answersData struct {
	filters
	Lead     string
	Progress string
	Lines    []answersLine
	More     string
}

type answersLine struct {
	Path, Name, Place, On, Mode, Needs string
	Answers                            []pair
}

func showAnswers(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	year, _, in := v.progressAsked()
	area := in
	if area == "" {
		area = v.who.Area
	}
	found, err := v.desk.DB.ListResponses(v.ctx, v.who, year, area, uuid.Nil, after.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := answersData{Lead: v.t("answers.lead", year), Progress: "/surveys/progress"}
	if data.Lines, err = v.answersLines(found); err != nil {
		return nil, err
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	data.filters, err = v.surveyFilters(year, in)
	return data, err
}

func (v *visit) answersLines(found []store.Response) (list []answersLine, err error) {
	ids := make([]uuid.UUID, len(found))
	for i, r := range found {
		ids[i] = r.PersonID
	}
	names, err := v.desk.DB.PersonNames(v.ctx, v.who, ids)
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		list = append(list, answersLine{Path: "/persons/" + r.PersonID.String(), Name: names[r.PersonID], Place: place(r.Area), On: r.CollectedOn.String(), Mode: v.t("mode." + r.Mode),
			Needs: v.needNames(r.Needs), Answers: v.answerPairs(r.Answers)})
	}
	return list, nil
}

// answerPairs are answers in words, in the order of the questions.
func (v *visit) answerPairs(a survey.Answers) (list []pair) {
	for _, q := range survey.Builtin.Questions {
		text := ""
		for _, o := range q.Options {
			for _, chosen := range a[q.Code] {
				if chosen == o.Code {
					text += " " + v.either(o.ZH, o.EN)
				}
			}
		}
		if text != "" {
			list = append(list, pair{v.either(q.ZH, q.EN), text[1:]})
		}
	}
	return list
}
