package httpapi

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"time"

	"zhucan/api"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/patience"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

func (a *API) listIndicators(r *Request) (Response, error) {
	v := api.IndicatorDefinitionList{}
	include, pack := r.Query.Get("include"), a.Desk.Pack()
	for i := range pack.Indicators {
		if d := &pack.Indicators[i]; d.Variant == "" || include == "variants" || include == "all" {
			v.Items = append(v.Items, definitionView(d))
		}
	}
	for i := range pack.Benefits {
		if include == "benefits" || include == "all" {
			d := definitionView(&pack.Benefits[i])
			d.Benefit = true
			v.Items = append(v.Items, d)
		}
	}
	return Response{Body: v}, nil
}

func definitionView(d *policy.Indicator) api.IndicatorDefinition {
	return api.IndicatorDefinition{Key: d.Key(), ID: d.ID, Variant: some(d.Variant), No: d.No, NameZH: d.ZH, NameEN: d.EN, TargetPercent: float32(d.Target()),
		Comparator: api.IndicatorDefinitionComparator(d.Comparator), Binding: d.Binding, Unit: api.IndicatorDefinitionUnit(d.Unit), Basis: d.Basis,
		DefinitionVersion: d.DefinitionVersion, Population: d.Population, Exclusions: d.Exclusions, Covered: some(d.Covered), Note: d.Note, NoteZH: some(d.NoteZH)}
}

// moment is the day asked about, and the instant of which it is asked what was known.
func (a *API) moment(r *Request) (m store.Moment, err error) {
	m.On = r.asOf()
	if err := a.Desk.CheckDay(m.On); err != nil {
		return m, err
	}
	if asked := r.Query.Get("known_at"); asked != "" {
		m.KnownAt, _ = time.Parse(time.RFC3339, asked) // the contract has been checked
		err = a.Desk.CheckKnown(r.Ctx, m.KnownAt)
	}
	return m, err
}

func (a *API) getIndicatorValues(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	moment, err := a.moment(r)
	if err != nil {
		return Response{}, err
	}
	by := store.Dimension(r.Query.Get("by"))
	if by == "" {
		by = store.ByNone
	}
	asked := casework.ValuesOf{Area: in, Moment: moment, By: by, Indicator: r.Query.Get("indicator")}
	figures, err := a.Desk.FigureRows(r.Ctx, r.Who, asked)
	if err != nil {
		return Response{}, err
	}
	form := cmp.Or(r.Query.Get("format"), "json")
	return a.streamed(r, form, "indicators-"+asked.On.String(), func(w io.Writer) error { return exchange.WriteFigures(w, form, figures) }), nil
}

// fileTypes are the media types of files by their form.
var fileTypes = map[string]string{"json": "application/json; charset=utf-8", "csv": "text/csv; charset=utf-8", "xlsx": xlsxType}

// streamed hands out a file while it is written, so that a large one takes no memory. What breaks on the way breaks the
// connection; what breaks before is answered as ever.
func (a *API) streamed(r *Request, form, name string, write func(io.Writer) error) Response {
	return Response{raw: func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", fileTypes[form])
		if form != "json" {
			w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, form))
		}
		began, err := patience.Send(r.Ctx, w, write)
		if err == nil {
			return nil
		}
		if began {
			a.Log.ErrorContext(r.Ctx, "a file broke off", "err", err, "request_id", r.ID)
			panic(http.ErrAbortHandler)
		}
		w.Header().Del("Content-Disposition")
		return err
	}}
}

var parts = map[string]standing.Status{"": standing.Gap, "covered": standing.Covered, "gap": standing.Gap, "excluded": standing.Excluded, "extra": standing.Extra}

func (a *API) listIndicatorPersons(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := store.ParseCursor(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	moment, err := a.moment(r)
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.Names(r.Ctx, r.Who, store.NamesOf{Indicator: r.params("id"), Area: in, Moment: moment,
		Part: parts[r.Query.Get("list")], After: after, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	v := api.IndicatorPersonList{Items: []api.IndicatorPerson{}, Total: found.Total, Elsewhere: found.Elsewhere,
		NextCursor: next(found.Names, r.limit(), func(n store.Named) string { return store.Cursor{Area: n.Area, ID: n.ID}.String() })}
	for _, n := range found.Names {
		item := api.IndicatorPerson{Name: n.Name, AreaCode: api.AreaCode(n.Area), Category: some(n.Category), Level: some(api.Level(n.Level)), Reason: some(n.Reason)}
		if found.Definition.Unit == policy.UnitHousehold {
			item.HouseholdID = &n.ID
		} else {
			item.PersonID = &n.ID
		}
		v.Items = append(v.Items, item)
	}
	return Response{Body: v}, nil
}

func (a *API) getIndicatorTrend(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	moment, err := a.moment(r)
	if err != nil {
		return Response{}, err
	}
	to := r.Today.Month()
	if m, err := calendar.ParseMonth(r.Query.Get("to")); err == nil {
		to = m
	}
	from := to.Add(-11)
	if m, err := calendar.ParseMonth(r.Query.Get("from")); err == nil {
		from = m
	}
	list, at, err := a.Desk.Trend(r.Ctx, r.Who, r.params("id"), in, from, to, moment.KnownAt)
	if err != nil {
		return Response{}, err
	}
	v := trendView{Indicator: r.params("id"), Area: string(at), Items: []trendPoint{}}
	for _, p := range list {
		v.Items = append(v.Items, trendPoint{p.On, p.Figure()})
	}
	return Response{Body: v}, nil
}

// trendView is the contract's IndicatorTrend with the rows that every face has.
type trendView struct {
	Indicator  string       `json:"indicator"`
	Area       string       `json:"area"`
	Items      []trendPoint `json:"items"`
	NextCursor *string      `json:"next_cursor"`
}

type trendPoint struct {
	On    calendar.Date   `json:"on"`
	Value exchange.Figure `json:"value"`
}
