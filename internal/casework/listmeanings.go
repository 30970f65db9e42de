package casework

import (
	"context"
	"time"

	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// listMeaning says what the rows of a kind of list mean for the files of those whom they name.
type listMeaning struct {
	fact string // the kind of circumstance
	only string // of a list that names everybody: of which sort its silence speaks; empty: of any
	says func(exchange.ListRow, calendar.Date) []statement.Statement
	also *listMeaning // what a row may say beside
}

// all are the meaning and what a row may say beside.
func (m listMeaning) all() []listMeaning {
	if m.also == nil {
		return []listMeaning{m}
	}
	return []listMeaning{m, *m.also}
}

// listMeanings are the lists that are taken in. To add one, add a line, and its columns to exchange.ListKinds.
var listMeanings = map[string]listMeaning{
	"dibao":           {"dibao", "", allowance("household"), nil},
	"dibao_edge":      {"dibao_edge", "", allowance("household"), nil},
	"tekun":           {"tekun", "", allowance("dispersed"), nil},
	"orphan":          {"orphan_support", "orphan", allowance("orphan"), nil},
	"defacto":         {"orphan_support", "defacto", allowance("defacto"), nil},
	"injury_fee":      {"injury_care_fee", "", allowance("yes"), nil},
	"deaths":          {"death", "", from("yes", "died_on"), nil},
	"cremations":      {"death", "", from("yes", "died_on", "cremated_on"), nil},
	"imprisonment":    {"imprisonment", "", allowance("yes"), nil},
	"pension":         {"insurance_pension", "", allowance(""), &listMeaning{"insurance_paid", "pension", paidFor("pension"), nil}},
	"medical":         {"insurance_medical", "", insuredYear, &listMeaning{"insurance_paid", "medical", paidFor("medical"), nil}},
	"school":          {"school", "", schooling, nil},
	"registered_poor": {"registered_poor", "", poverty, nil},
}

// allowance is a list of who receives something: since when, until when, and whether still. What was suspended is not received
// on the day of the list.
func allowance(sort string) func(exchange.ListRow, calendar.Date) []statement.Statement {
	return func(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
		s := statement.Statement{Says: statement.Holds, Sort: sortIn(r, sort), From: firstOf(r, asOf, "from"), To: r.Date("to"), AsOf: asOf}
		list := []statement.Statement{s}
		switch status := r.Text("status"); {
		case status == "ended" && s.To.IsZero(), status == "suspended":
			list = append(list, statement.Statement{Says: statement.Absent, Sort: s.Sort, AsOf: asOf})
			list[0].AsOf = s.From // it held once, and not on this day
		}
		return list
	}
}

// from is a list of what happened on a day and lasts.
func from(sort string, columns ...string) func(exchange.ListRow, calendar.Date) []statement.Statement {
	return func(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
		return []statement.Statement{{Says: statement.Holds, Sort: sort, From: firstOf(r, asOf, columns...), AsOf: asOf}}
	}
}

// insuredYear is medical insurance, which is taken out for a calendar year.
func insuredYear(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
	year := r.Year("year")
	if year == 0 {
		year = asOf.Year()
	}
	first := firstDay(year, time.January)
	return []statement.Statement{{Says: statement.Holds, Sort: r.Text("sort"), From: later(first, r.Date("from")), To: first.AddYears(1).Add(-1), AsOf: asOf}}
}

// paidFor is whether the government pays somebody's contribution for a year (政府代缴, 资助参保), where the list says either.
func paidFor(scheme string) func(exchange.ListRow, calendar.Date) []statement.Statement {
	return func(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
		year := r.Year("year")
		if year == 0 {
			year = asOf.Year()
		}
		first := firstDay(year, time.January)
		switch {
		case r.Text("government_paid") == "yes", r.Text("status") == "government_paid":
			return []statement.Statement{{Says: statement.Holds, Sort: scheme, From: first, To: first.AddYears(1).Add(-1), AsOf: asOf}}
		case r.Text("government_paid") == "no" && year == asOf.Year():
			return []statement.Statement{{Says: statement.Absent, Sort: scheme, AsOf: asOf}}
		}
		return nil
	}
}

// schooling is the state of a child in a school year, which begins on 1 September.
func schooling(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
	s := statement.Statement{Says: statement.Holds, Sort: r.Text("sort"), From: firstOf(r, asOf, "from"), To: r.Date("to"), AsOf: asOf}
	if year := r.Year("school_year"); year > 0 {
		first := firstDay(year, time.September)
		s.From = later(first, r.Date("from"))
		if s.To.IsZero() {
			s.To = first.AddYears(1).Add(-1)
		}
	}
	return []statement.Statement{s}
}

// poverty is the list of registered poor: on it since a day, and exited with a year, or taken off as wrongly identified.
func poverty(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
	sort, since := r.Text("sort"), r.Date("registered_on")
	if sort == "yes" || since.IsZero() && r.Year("exited_year") == 0 {
		return []statement.Statement{{Says: statement.Holds, Sort: sort, From: firstOf(r, asOf, "registered_on"), AsOf: asOf}}
	}
	changed := asOf
	if year := r.Year("exited_year"); year > 0 {
		changed = firstDay(year, time.December).AddMonths(1).Add(-1)
	}
	list := []statement.Statement{{Says: statement.Holds, Sort: sort, From: changed, AsOf: asOf}}
	if !since.IsZero() && since.Before(changed) {
		list = append(list, statement.Statement{Says: statement.Holds, Sort: "yes", From: since, To: changed.Add(-1), AsOf: since})
	}
	return list
}

func sortIn(r exchange.ListRow, otherwise string) string {
	if sort := r.Text("sort"); sort != "" {
		return sort
	}
	return otherwise
}

// firstOf is the first of some columns that has a day, or else the day of the list.
func firstOf(r exchange.ListRow, asOf calendar.Date, columns ...string) calendar.Date {
	for _, c := range columns {
		if d := r.Date(c); !d.IsZero() {
			return d
		}
	}
	return asOf
}

// firstDay is the first of a month; years have been checked.
func firstDay(year int, month time.Month) calendar.Date {
	d, _ := calendar.NewDate(year, month, 1)
	return d
}

func later(a, b calendar.Date) calendar.Date {
	if b.After(a) {
		return b
	}
	return a
}

// readList reads the file of a queued import as the kind of list that it is.
func (d *Desk) readList(ctx context.Context, i store.Import) (*exchange.List, error) {
	kind, _ := exchange.ListKindOf(i.Kind)
	data, err := d.Files.Get(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	tree, err := d.DB.Divisions(ctx, d.Pack().District, i.AsOf)
	if err != nil {
		return nil, err
	}
	return exchange.ReadList(kind, data, i.Mapping, exchange.NewPlaces(tree), d.today())
}

// saidIn is what the rows of a list say of whom they name.
func saidIn(list *exchange.List, i store.Import) []saidRow {
	meaning, rows := listMeanings[i.Kind], make([]saidRow, len(list.Rows))
	for n, r := range list.Rows {
		rows[n] = saidRow{Row: r.Row, ID: r.ID("id"), Certificate: r.Certificate("certificate"), Name: r.Text("name"), Birth: r.Date("birth"),
			Guardian: r.ID("guardian_id"), Town: r.Text("town"), Statements: meaning.says(r, i.AsOf)}
		if meaning.also != nil {
			rows[n].Also = meaning.also.says(r, i.AsOf)
		}
	}
	return rows
}
