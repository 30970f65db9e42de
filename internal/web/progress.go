package web

import (
	"slices"
	"strconv"

	"zhucan/internal/area"
	"zhucan/internal/indicator"
	"zhucan/internal/store"
	"zhucan/internal/survey"
)

// progressData is how far the survey of a year is, by village or by town. Numbers only.
type progressData struct {
	filters
	Lead string
	Rows []progressRow
	Sum  progressRow
	More string
}

type progressRow struct {
	Unit, Due, Answered, Rate, Visits, Phone, Window, System, Share string
	Behind                                                          bool   // too few of those surveyed were visited
	Answers                                                         string // where they are, for who may read them
}

const progressRows = 60

func showProgress(v *visit) (any, error) {
	year, by, in := v.progressAsked()
	counts, err := v.desk.SurveyProgress(v.ctx, v.who, year, in)
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	data := progressData{Lead: v.t("progress.lead", year, survey.Builtin.VisitPercent)}
	if data.filters, err = v.progressFilters(year, by, in); err != nil {
		return nil, err
	}
	sum := store.SurveyCount{}
	for _, c := range counts {
		sum = added(sum, c)
	}
	data.Sum = v.progressRow(v.t("board.sum"), sum)
	if by == "town" {
		counts = byTown(counts)
	}
	from, to := v.part(len(counts), progressRows)
	for _, c := range counts[from:to] {
		row := v.progressRow(place(c.Area), c)
		if c.Answered > 0 && v.may("/surveys/answers") {
			row.Answers = "/surveys/answers?year=" + strconv.Itoa(year) + "&area=" + string(c.Area)
		}
		data.Rows = append(data.Rows, row)
	}
	data.More = v.more(to < len(counts), strconv.Itoa(to))
	return data, nil
}

var progressLevels = []string{"town", "village"}

// progressAsked reads which year, units and area an address asks for; what is none of them narrows nothing.
func (v *visit) progressAsked() (year int, by string, in area.Code) {
	year, by = v.desk.SurveyYear(), v.query.Get("by")
	if n, err := strconv.Atoi(v.query.Get("year")); err == nil && n <= v.desk.OpenSurvey() && n > year-yearsOfProgress {
		year = n
	}
	if !slices.Contains(progressLevels, by) {
		by = "village"
	}
	if code, err := area.Parse(v.query.Get("area")); err == nil && v.who.Covers(code) {
		in = code
	}
	return year, by, in
}

const yearsOfProgress = 3

func (v *visit) progressFilters(year int, by string, in area.Code) (f filters, err error) {
	levels := v.options("board_level", progressLevels...)
	for i := range levels {
		levels[i].Chosen = levels[i].Value == by
	}
	f, err = v.surveyFilters(year, in)
	f.Filters = slices.Insert(f.Filters, 1, filter{"by", v.t("board.by"), "", levels})
	return f, err
}

// surveyFilters narrow to a year and, for who sees several, a place.
func (v *visit) surveyFilters(year int, in area.Code) (f filters, err error) {
	var years []Option
	for y := v.desk.OpenSurvey(); y > v.desk.SurveyYear()-yearsOfProgress; y-- {
		years = append(years, Option{Value: strconv.Itoa(y), Label: strconv.Itoa(y), Chosen: y == year})
	}
	f.Filters = []filter{{"year", v.t("record.year"), "", years}}
	places, err := v.placesBelow(in)
	if len(places) > 0 {
		f.Filters = append(f.Filters, filter{"area", v.t("queue.area"), v.t("persons.all"), places})
	}
	return f, err
}

// byTown adds villages up under their towns, in the order of the first village of each.
func byTown(counts []store.SurveyCount) (towns []store.SurveyCount) {
	for _, c := range counts {
		i := slices.IndexFunc(towns, func(t store.SurveyCount) bool { return t.Area == c.Area.Parent() })
		if i < 0 {
			i, towns = len(towns), append(towns, store.SurveyCount{Area: c.Area.Parent()})
		}
		towns[i] = added(towns[i], c)
	}
	return towns
}

func added(a, b store.SurveyCount) store.SurveyCount {
	a.Due, a.Answered, a.Visits = a.Due+b.Due, a.Answered+b.Answered, a.Visits+b.Visits
	a.Phone, a.Window, a.System = a.Phone+b.Phone, a.Window+b.Window, a.System+b.System
	return a
}

func (v *visit) progressRow(unit string, c store.SurveyCount) progressRow {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	rate := func(n, of int64) string {
		if text := (indicator.Count{Covered: n, Gap: of - n}).Rate(); text != "" {
			return text + "%"
		}
		return "—"
	}
	return progressRow{Unit: unit, Due: number(c.Due), Answered: number(c.Answered), Rate: rate(c.Answered, c.Due), Visits: number(c.Visits), Phone: number(c.Phone), Window: number(c.Window),
		System: number(c.System), Share: rate(c.Visits, c.Answered), Behind: c.Answered > 0 && 100*c.Visits < int64(survey.Builtin.VisitPercent)*c.Answered}
}
