package httpapi

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/indicator"
	"zhucan/internal/store"
	"zhucan/internal/survey"
)

// surveyYear is the year of the path; what is no year of a survey names nothing.
func (r *Request) surveyYear() (int, error) {
	year, err := strconv.Atoi(r.params("year"))
	if err != nil || year < 2014 || year > 2199 {
		return 0, store.NotFound
	}
	return year, nil
}

func (a *API) getQuestionnaire(r *Request) (Response, error) {
	year, err := r.surveyYear()
	if err != nil {
		return Response{}, err
	}
	person, err := uuid.Parse(r.Query.Get("person_id"))
	if err != nil {
		return Response{}, store.NotFound
	}
	asked, err := a.Desk.Questionnaire(r.Ctx, r.Who, year, person)
	if err != nil {
		return Response{}, err
	}
	v := api.Questionnaire{Questionnaire: survey.Builtin.Version, Questions: []api.SurveyQuestion{}, Proposed: answersView(asked.Proposed)}
	for _, q := range asked.Questions {
		one := api.SurveyQuestion{Code: q.Code, Text: q.ZH, TextEN: q.EN, Required: q.Required, Multi: q.Multi, Source: q.Source, Options: []api.SurveyOption{}}
		if q.After != nil {
			one.AfterQuestion, one.AfterAny = some(q.After.Question), q.After.Any
		}
		for _, o := range q.Options {
			one.Options = append(one.Options, api.SurveyOption{Code: o.Code, Text: o.ZH, TextEN: o.EN})
		}
		v.Questions = append(v.Questions, one)
	}
	return Response{Body: v}, nil
}

// answersView lists answers in the order of the questionnaire.
func answersView(answers survey.Answers) []api.SurveyAnswer {
	list := []api.SurveyAnswer{}
	for _, q := range survey.Builtin.Questions {
		if chosen := answers[q.Code]; len(chosen) > 0 {
			list = append(list, api.SurveyAnswer{Question: q.Code, Chosen: chosen})
		}
	}
	return list
}

func (a *API) listSurveyResponses(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	year, err := r.surveyYear()
	if err != nil {
		return Response{}, err
	}
	person := r.queryID("person_id")
	list, err := a.Desk.DB.ListResponses(r.Ctx, r.Who, year, in, person, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.SurveyResponseList{Items: []api.SurveyResponse{}, NextCursor: next(list, r.limit(), func(s store.Response) string { return idCursor(s.ID) })}
	for _, s := range list {
		v.Items = append(v.Items, responseView(s))
	}
	return Response{Body: v}, nil
}

func (a *API) answerSurvey(r *Request) (Response, error) {
	year, err := r.surveyYear()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewSurveyResponse](r)
	if err != nil {
		return Response{}, err
	}
	answers := survey.Answers{}
	for _, one := range in.Answers {
		answers[one.Question] = append(answers[one.Question], one.Chosen...)
	}
	s, err := a.Desk.Answer(r.Ctx, r.Who, store.Response{Year: year, PersonID: in.PersonID, Mode: string(in.Mode), CollectedOn: in.CollectedOn,
		Answers: answers, Confirmed: slices.Clone(in.Confirmed)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: responseView(s)}, nil
}

func responseView(s store.Response) api.SurveyResponse {
	v := api.SurveyResponse{ID: s.ID, Year: s.Year, PersonID: s.PersonID, AreaCode: api.AreaCode(s.Area), Mode: api.SurveyMode(s.Mode), CollectedOn: s.CollectedOn,
		Answers: answersView(s.Answers), Confirmed: append([]string{}, s.Confirmed...), Needs: []api.ServiceKind{}, Questionnaire: s.Questionnaire,
		RecordedAt: s.RecordedAt.UTC(), RecordedBy: some(s.RecordedBy)}
	for _, need := range s.Needs {
		v.Needs = append(v.Needs, api.ServiceKind(need))
	}
	return v
}

func (a *API) getSurveyProgress(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	year, err := r.surveyYear()
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.SurveyProgress(r.Ctx, r.Who, year, in)
	if err != nil {
		return Response{}, err
	}
	v := api.SurveyProgress{Items: []api.SurveyVillage{}}
	for _, c := range list {
		share := indicator.Count{Covered: c.Visits, Gap: c.Answered - c.Visits}
		one := api.SurveyVillage{AreaCode: api.AreaCode(c.Area), Due: c.Due, Answered: c.Answered, Visits: c.Visits, Phone: c.Phone, Window: c.Window, System: c.System,
			VisitShare: some(share.Rate())}
		if c.Answered > 0 {
			met := 100*c.Visits >= int64(survey.Builtin.VisitPercent)*c.Answered
			one.Met = &met
		}
		v.Items = append(v.Items, one)
	}
	return Response{Body: v}, nil
}
