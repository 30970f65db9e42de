package httpapi

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
)

func (a *API) rateApplication(r *Request) (Response, error) { return a.rate(r, a.Desk.RateApplication) }

func (a *API) rateService(r *Request) (Response, error) { return a.rate(r, a.Desk.RateService) }

func (a *API) rate(r *Request, keep func(ctx context.Context, who access.Actor, id uuid.UUID, o casework.Opinion) (store.Rating, error)) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewRating](r)
	if err != nil {
		return Response{}, err
	}
	rating, err := keep(r.Ctx, r.Who, id, casework.Opinion{Score: in.Score, Text: value(in.Text)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: ratingView(rating)}, nil
}

func (a *API) listRatings(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	most, _ := strconv.Atoi(r.Query.Get("score_up_to")) // the contract has been checked
	found, err := a.Desk.DB.ListRatings(r.Ctx, r.Who, store.RatingFilter{Area: in, Most: most, After: after, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	v := api.RatingList{Items: []api.Rating{}, NextCursor: next(found, r.limit(), func(r store.Rating) string { return idCursor(r.ID) })}
	for _, rating := range found {
		v.Items = append(v.Items, ratingView(rating))
	}
	return Response{Body: v}, nil
}

func (a *API) listRateable(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.Rateable(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	v := api.RateableList{Items: []api.Rateable{}}
	for _, of := range found {
		item := api.Rateable{ApplicationID: some(of.ApplicationID), ServiceID: some(of.ServiceID), About: of.About, On: of.On}
		if !of.Rated.RatedAt.IsZero() {
			at := of.Rated.RatedAt.UTC()
			item.RatedAt = &at
		}
		v.Items = append(v.Items, item)
	}
	return Response{Body: v}, nil
}

func ratingView(r store.Rating) api.Rating {
	return api.Rating{ID: r.ID, ApplicationID: some(r.ApplicationID), ServiceID: some(r.ServiceID), AreaCode: api.AreaCode(r.Area), Score: r.Score, Text: some(r.Text),
		Channel: api.RatingChannel(r.Channel), RatedAt: r.RatedAt.UTC(), RatedBy: some(r.RatedBy)}
}

func (a *API) renewStatusCode(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	c, err := a.Desk.NewStatusCode(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.StatusCode{CaseNumber: c.CaseNumber, StatusCode: c.StatusCode}}, nil
}

// getApplicationStatus is for everybody with a number and its code. Nothing in the answer is of the person.
func (a *API) getApplicationStatus(r *Request) (Response, error) {
	in, err := decode[api.StatusQuestion](r)
	if err != nil {
		return Response{}, err
	}
	c, err := a.Desk.CaseStatus(r.Ctx, in.CaseNumber, in.Code, r.Client)
	if err != nil {
		return Response{}, err
	}
	v := api.ApplicationStatus{Stage: api.Stage(c.Stage), AppliedOn: c.AppliedOn, SubmittedOn: dayOf(c.SubmittedAt), ReturnedOn: some(c.ReturnedOn), DecidedOn: dayOf(c.DecidedAt)}
	if clock := a.Desk.Clock(c.Application); clock != nil && c.Stage != application.Returned {
		v.DueOn = &clock.DueOn
	}
	return Response{Body: v}, nil
}

// dayOf is the civil day of an instant, or nil of none.
func dayOf(t time.Time) *calendar.Date {
	if t.IsZero() {
		return nil
	}
	day := calendar.DateOf(t)
	return &day
}

func (a *API) rateByCode(r *Request) (Response, error) {
	in, err := decode[api.NewRatingByCode](r)
	if err != nil {
		return Response{}, err
	}
	rating, err := a.Desk.RateByCode(r.Ctx, in.CaseNumber, in.Code, r.Client, r.ID, casework.Opinion{Score: in.Score, Text: value(in.Text)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: api.RatingReceipt{RatedAt: rating.RatedAt.UTC()}}, nil
}

func (a *API) getSupervision(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	from := r.queryDay("from")
	to := r.queryDay("to")
	board, err := a.Desk.Supervision(r.Ctx, r.Who, casework.BoardOf{Area: in, From: from, To: to, By: cmp.Or(r.Query.Get("by"), "town")})
	if err != nil {
		return Response{}, err
	}
	if form := cmp.Or(r.Query.Get("format"), "json"); form != "json" {
		return a.streamed(r, form, "supervision-"+board.From.String()+"-"+board.To.String(), func(w io.Writer) error { return exchange.WriteBoard(w, form, board) }), nil
	}
	return Response{Body: boardView(board)}, nil
}

func boardView(b exchange.Board) api.SupervisionBoard {
	v := api.SupervisionBoard{From: b.From, To: b.To, AsOf: b.AsOf, Area: api.AreaCode(b.Area), By: api.SupervisionLevel(b.By), Items: []api.SupervisionRow{}}
	for _, r := range b.Rows {
		v.Items = append(v.Items, api.SupervisionRow{AreaCode: api.AreaCode(r.AreaCode), AreaName: r.AreaName, Group: some(api.SupervisionRowGroup(r.Group)),
			Received: r.Received, Decided: r.Decided, InTime: r.InTime, InTimeRate: some(r.InTimeRate()), Overdue: r.Overdue, WorkingDays: r.WorkingDays,
			AverageDays: some(r.AverageDays()), MostDays: r.MostDays, Returned: r.Returned, Rejected: r.Rejected, Withdrawn: r.Withdrawn,
			TicketsReceived: r.TicketsReceived, TicketsClosed: r.TicketsClosed, TicketsOverdue: r.TicketsOverdue, CalledBack: r.CalledBack, Satisfied: r.Satisfied,
			SatisfiedRate: some(r.SatisfiedRate()), ServicesOpened: r.ServicesOpened, ServicesCompleted: r.ServicesCompleted, Ratings: r.Ratings, Scores: r.Scores,
			AverageScore: some(r.AverageScore())})
	}
	return v
}
