package casework

import (
	"cmp"
	"context"
	"errors"
	"time"

	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// said is what a list says of one kind of fact.
type said struct {
	Kind string
	statement.Statement
}

// wrongCell is why a row says nothing that can be taken.
type wrongCell struct{ column, code, zh, en string }

// saying reads what a row says of somebody whose file is known.
type saying func(r exchange.ListRow, asOf calendar.Date, file casefile.File) ([]said, *wrongCell)

// listMeaning says what the rows of a kind of list mean for the files of those whom they name: facts, or a service that was given.
type listMeaning struct {
	facts []string // the kinds of fact; of a list that names everybody, the silence is about the first
	only  string   // and about one sort alone; empty: about any
	says  saying
	home  bool        // they are facts of the household
	gives serviceList // or what was given
	apart *apart      // how rows about one person are told from each other; nil: a list names nobody twice
	// opens: somebody who is not on the register gets a file, where a row says enough.
	opens bool
}

// apart tells the rows about one person from each other, and which of them comes first.
type apart struct {
	column string                                                  // that has the day
	turn   func(r exchange.ListRow) (day calendar.Date, of string) // of two rows of one day and thing one is too many
	terms  bool                                                    // from that day to the one in the column "to", which may not overlap
}

var (
	oneMove = &apart{column: "moved_on", turn: func(r exchange.ListRow) (calendar.Date, string) { return r.Date("moved_on"), "" }}
	oneTerm = &apart{column: "from", turn: func(r exchange.ListRow) (calendar.Date, string) { return r.Date("from"), r.Date("to").String() }, terms: true}
	// a card that was replaced is looked at when the one that has taken its place is known
	oneCard = &apart{column: "on", turn: func(r exchange.ListRow) (calendar.Date, string) {
		day := firstOf(r, r.Date("on"), "issued_on")
		if r.Text("sort") == "REPLACED" {
			day = firstDay(2200, time.January)
		}
		return day, r.Certificate("certificate").Reveal() + r.Date("on").String()
	}}
)

// listMeanings are the lists that are taken in. To add one, add a line, and its columns to exchange.ListKinds.
var listMeanings = map[string]listMeaning{
	"dibao":            {facts: []string{"dibao"}, says: of("dibao", allowance(""))},
	"dibao_edge":       {facts: []string{"dibao_edge"}, says: of("dibao_edge", allowance("household"))},
	"tekun":            {facts: []string{"tekun"}, says: of("tekun", allowance(""))},
	"orphan":           {facts: []string{"orphan_support"}, only: "orphan", says: of("orphan_support", allowance("orphan"))},
	"defacto":          {facts: []string{"orphan_support"}, only: "defacto", says: of("orphan_support", allowance("defacto"))},
	"injury_fee":       {facts: []string{"injury_care_fee"}, says: of("injury_care_fee", allowance("yes"))},
	"deaths":           {facts: []string{"death"}, says: died("died_on")},
	"cremations":       {facts: []string{"death"}, says: died("died_on", "cremated_on")},
	"imprisonment":     {facts: []string{"imprisonment"}, says: of("imprisonment", allowance("yes")), apart: oneTerm},
	"pension":          {facts: []string{"insurance_pension", "insurance_paid"}, says: both(of("insurance_pension", allowance("")), of("insurance_paid", paidFor("pension")))},
	"medical":          {facts: []string{"insurance_medical", "insurance_paid"}, says: both(of("insurance_medical", insuredYear), of("insurance_paid", paidFor("medical")))},
	"school":           {facts: []string{"school"}, says: of("school", schooling)},
	"registered_poor":  {facts: []string{"registered_poor"}, says: of("registered_poor", poverty)},
	"dangerous_houses": {facts: []string{"dangerous_house", "house_converted"}, says: house, home: true},
	"moves":            {facts: []string{casefile.HukouArea, casefile.ManagingArea}, says: moved, apart: oneMove},
	"certificates":     {facts: []string{factCard, factCardState}, says: cardSays, opens: true, apart: oneCard},
	"rehab":            {gives: rehabGiven},
	"devices":          {gives: deviceGiven},
	"retrofits":        {gives: retrofitGiven, home: true},
}

// of is a list about one kind of fact, whatever the file says.
func of(kind string, says func(exchange.ListRow, calendar.Date) []statement.Statement) saying {
	return func(r exchange.ListRow, asOf calendar.Date, _ casefile.File) (list []said, _ *wrongCell) {
		for _, s := range says(r, asOf) {
			list = append(list, said{kind, s})
		}
		return list, nil
	}
}

// both is a list about two kinds of fact.
func both(first, second saying) saying {
	return func(r exchange.ListRow, asOf calendar.Date, file casefile.File) ([]said, *wrongCell) {
		list, wrong := first(r, asOf, file)
		if wrong != nil {
			return nil, wrong
		}
		more, wrong := second(r, asOf, file)
		return append(list, more...), wrong
	}
}

// allowance is a list of who receives something: since when, until when, and whether still. What was suspended is not received
// on the day of the list. Without a sort it is of the one that is known, unless the kind has but one. A row that says only that something is over, and not since when it was, says its end and no beginning.
func allowance(sort string) func(exchange.ListRow, calendar.Date) []statement.Statement {
	return func(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
		from, to, status := r.Date("from"), r.Date("to"), r.Text("status")
		stopped := statement.Statement{Says: statement.Absent, Sort: r.Text("sort"), AsOf: asOf} // without a sort: of any
		switch {
		case !from.IsZero():
		case !to.IsZero() && (status == "ended" || to.Before(asOf)):
			return []statement.Statement{{Says: statement.Ended, Sort: stopped.Sort, From: to, AsOf: asOf}}
		case status == "ended", status == "suspended":
			return []statement.Statement{stopped}
		}
		s := statement.Statement{Says: statement.Holds, Sort: cmp.Or(r.Text("sort"), sort), From: firstOf(r, asOf, "from"), To: to, AsOf: asOf}
		if status == "suspended" || status == "ended" && to.IsZero() {
			s.AsOf = s.From // it held once, and not on this day
			return []statement.Statement{s, stopped}
		}
		return []statement.Statement{s}
	}
}

// died is a list of the dead: since the first of some columns that has a day.
func died(columns ...string) saying {
	return func(r exchange.ListRow, asOf calendar.Date, file casefile.File) ([]said, *wrongCell) {
		on := firstOf(r, asOf, columns...)
		if on.Before(file.Person.BirthDate) {
			return nil, &wrongCell{columns[0], "BEFORE_BIRTH", "死亡日期早于出生日期，请核对", "the day of death lies before the person was born; compare it"}
		}
		return []said{{"death", statement.Statement{Says: statement.Holds, Sort: "yes", From: on, AsOf: asOf}}}, nil
	}
}

// insuredYear is medical insurance, which is taken out for a calendar year. It ends with the year, or on an earlier day that the list gives; what
// has ended without one, or is suspended, is not held on the day of the list. Employees are insured month by month, so what a row says of them
// without a year ends with no year.
func insuredYear(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
	year := insuredIn(r, asOf)
	first := firstDay(year, time.January)
	s := statement.Statement{Says: statement.Holds, Sort: r.Text("sort"), From: later(first, r.Date("from")), To: first.AddYears(1).Add(-1), AsOf: asOf}
	if s.Sort == "employee" && r.Year("year") == 0 {
		s.To = calendar.Date{}
	}
	last := r.Date("to")
	switch status := r.Text("status"); {
	case status == "ended" && last.IsZero(), status == "suspended" && (last.IsZero() || !last.Before(asOf)):
		last = asOf.Add(-1)
	}
	if last.IsZero() || !s.To.IsZero() && !last.Before(s.To) {
		return []statement.Statement{s}
	}
	// of this scheme alone: who has left it for another is insured there
	ended := statement.Statement{Says: statement.Ended, Sort: s.Sort, From: later(s.From.Add(-1), last), AsOf: asOf}
	switch {
	case last.Before(s.From):
		return []statement.Statement{ended}
	case last.Before(asOf):
		s.AsOf = s.From // it held once, and not on this day
	}
	return []statement.Statement{s, ended}
}

// insuredIn is the year that a row speaks of. Who signs up towards the end of a year is insured from the next on.
func insuredIn(r exchange.ListRow, asOf calendar.Date) int {
	year := r.Year("year")
	if year == 0 {
		year = asOf.Year()
	}
	if from := r.Date("from"); !from.IsZero() {
		year = max(year, from.Year())
	}
	return year
}

// paidFor is whether the government pays somebody's contribution for a year (政府代缴, 资助参保), where the list says either.
func paidFor(scheme string) func(exchange.ListRow, calendar.Date) []statement.Statement {
	return func(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
		year := insuredIn(r, asOf)
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

// schooling is the state of a child in a school year, which begins on 1 September. Who has finished school has since he left it.
func schooling(r exchange.ListRow, asOf calendar.Date) []statement.Statement {
	left := r.Date("to")
	if !r.Has("from") && !r.Has("school_year") && !left.IsZero() && left.Before(asOf) && r.Text("sort") != "finished" {
		return []statement.Statement{{Says: statement.Ended, Sort: r.Text("sort"), From: left, AsOf: asOf}}
	}
	s := statement.Statement{Says: statement.Holds, Sort: r.Text("sort"), From: firstOf(r, asOf, "from"), To: r.Date("to"), AsOf: asOf}
	if year := r.Year("school_year"); year > 0 {
		first := firstDay(year, time.September)
		s.From = later(first, r.Date("from"))
		if s.To.IsZero() {
			s.To = first.AddYears(1).Add(-1)
		}
	}
	if s.Sort == "finished" {
		s.To = calendar.Date{}
		if !left.IsZero() {
			s.From = left.Add(1)
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

// house is a house on the stock list of dangerous ones since a day, and what was done about it once that was accepted (indicator 7 counts
// what is converted and accepted). Where the list does not say how, it was repaired.
func house(r exchange.ListRow, asOf calendar.Date, _ casefile.File) ([]said, *wrongCell) {
	completed := r.Date("completed_on")
	list := []said{{"dangerous_house", statement.Statement{Says: statement.Holds, Sort: r.Text("grade"), From: firstOf(r, asOf, "identified_on", "completed_on"), AsOf: asOf}}}
	switch accepted := r.Text("accepted"); {
	case accepted == "pass" && completed.IsZero():
		return nil, &wrongCell{"completed_on", "REQUIRED", "已验收的须填竣工日期", "what was accepted needs the day on which it was completed"}
	case accepted == "pass", accepted == "" && !completed.IsZero():
		list = append(list, said{"house_converted", statement.Statement{Says: statement.Holds, Sort: cmp.Or(r.Text("sort"), "repaired"), From: completed, AsOf: asOf}})
	}
	return list, nil
}

// moved is a move of hukou. Its day still belongs to the old place, as that of every event which ends a right. Out of the district the
// hukou is known no longer; whoever has the file keeps it. Inside, the managing village follows where it was that of the hukou
// (choice): the right goes on and nobody loses anything, so no officer is asked. What came after the move is not the list's affair, whatever its
// day, nor is another village to which somebody who has entered the same move has given the file.
func moved(r exchange.ListRow, _ calendar.Date, file casefile.File) ([]said, *wrongCell) {
	on := r.Date("moved_on")
	if r.Text("sort") == "out" {
		return []said{{casefile.HukouArea, statement.Statement{Says: statement.Ended, From: on, AsOf: on}}}, nil
	}
	to := r.Area("area")
	if to == "" {
		return nil, &wrongCell{"area", "REQUIRED", "迁入或区内迁移须填迁入的村居", "a move here or inside the district needs the village moved to"}
	}
	there := statement.Statement{Says: statement.Holds, Sort: string(to), From: on.Add(1), AsOf: on.Add(1)}
	list := []said{{casefile.HukouArea, there}}
	before, after := file.On(on, nil), file.On(on.Add(1), nil)
	given := after.Hukou == string(to) && after.Managing != string(to) && after.Managing != before.Managing
	if before.Managing == before.Latest(casefile.HukouArea).Sort && !given {
		list = append(list, said{casefile.ManagingArea, there})
	}
	return list, nil
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

// readList reads the file of a queued import as the kind of list that it is. One that is gone does not come back, so that its import ends;
// one that cannot be read now may be read later.
func (d *Desk) readList(ctx context.Context, i store.Import) (*exchange.List, error) {
	kind, _ := exchange.ListKindOf(i.Kind)
	data, err := d.Files.Get(ctx, i.ID)
	if errors.Is(err, blobs.ErrGone) {
		return nil, errNoFile.Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	tree, err := d.DB.Divisions(ctx, d.Pack().District, i.AsOf)
	if err != nil {
		return nil, err
	}
	return exchange.ReadList(kind, data, i.Mapping, exchange.NewPlaces(tree), d.today())
}

// namedIn are rows of a list, by whom they name.
func namedIn(list []exchange.ListRow) []saidRow {
	rows := make([]saidRow, len(list))
	for n, r := range list {
		rows[n] = saidRow{Row: r.Row, ID: r.ID("id"), Certificate: r.Certificate("certificate"), Name: r.Text("name"), Birth: r.Date("birth"),
			Guardian: r.ID("guardian_id"), Town: r.Text("town"), in: r}
	}
	return rows
}
