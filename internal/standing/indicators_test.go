package standing_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/standing"
)

// wider is a history with the facts that the other indicators read. Most people in it are children or young, so that ages
// matter.
func wider(t *rapid.T) oracle {
	file, awards := history(t)
	day := func(label string) calendar.Date { return firstDay.Add(rapid.IntRange(0, daysDrawn).Draw(t, label)) }
	file.Person.BirthDate = calendar.NewYear(rapid.IntRange(1950, 2019).Draw(t, "born")).Add(rapid.IntRange(0, 364).Draw(t, "day of birth"))
	if rapid.Bool().Draw(t, "diagnosed") {
		file.Person.Diagnosis = "孤独症"
		file.Person.CreatedAt = time.Date(2016, 1, 1, 12, 0, 0, 0, calendar.Civil).AddDate(0, 0, rapid.IntRange(0, 1500).Draw(t, "registered"))
	}
	for kind, sorts := range map[string][]string{"insurance_pension": {"resident", "employee", "civil_servant", "none"}, "insurance_medical": {"resident", "employee", "none"},
		"school": {"regular", "home_teaching", "deferred", "not_enrolled", "finished", "elsewhere"}} {
		at := day(kind)
		for range rapid.IntRange(0, 3).Draw(t, kind) {
			sort := rapid.SampledFrom(sorts).Draw(t, kind+" sort")
			to := at.Add(rapid.IntRange(0, 500).Draw(t, "days"))
			addFact(&file, kind, fmt.Sprintf("%q", sort), at, to)
			at = to.Add(rapid.IntRange(1, 200).Draw(t, "days between"))
		}
	}
	if rapid.Bool().Draw(t, "listed poor") {
		on := day("listed")
		off := on.Add(rapid.IntRange(1, 900).Draw(t, "days listed"))
		addFact(&file, "registered_poor", `"yes"`, on, off)
		if next := rapid.SampledFrom([]string{"", "exited", "removed", "no", "unknown"}).Draw(t, "after the list"); next != "" {
			addFact(&file, "registered_poor", fmt.Sprintf("%q", next), off.Add(rapid.IntRange(1, 30).Draw(t, "gap")), calendar.Date{})
		}
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "surveys") {
		year := rapid.IntRange(2016, 2022).Draw(t, "survey year")
		on := calendar.NewYear(year).Add(rapid.IntRange(0, 450).Draw(t, "collected"))
		kinds := rapid.SampledFrom([][]string{nil, {"rehab"}, {"device"}, {"device", "rehab"}}).Draw(t, "needs")
		file.Needs = append(file.Needs, casefile.SurveyNeeds{Year: year, On: on, Kinds: kinds, RecordedAt: time.Unix(int64(i), 0)})
	}
	for range rapid.IntRange(0, 4).Draw(t, "services") {
		file.Served = append(file.Served, casefile.Served{On: day("served"), Kinds: rapid.SampledFrom([][]string{{"rehab"}, {"device", "rehab"}}).Draw(t, "counts")})
	}
	return oracle{file, awards}
}

// needs is what the last word of a survey year is, as far as it had been collected.
func (o oracle) needs(year int, day calendar.Date, kind string) bool {
	for i := len(o.file.Needs) - 1; i >= 0; i-- {
		if n := o.file.Needs[i]; n.Year == year && !n.On.After(day) {
			return slices.Contains(n.Kinds, kind)
		}
	}
	return false
}

func (o oracle) served(day calendar.Date, kind string) bool {
	return slices.ContainsFunc(o.file.Served, func(s casefile.Served) bool {
		return s.On.Year() == day.Year() && !s.On.After(day) && slices.Contains(s.Kinds, kind)
	})
}

// child is a registered child without a card on a day, who lives here.
func (o oracle) child(day calendar.Date) bool {
	for _, c := range o.file.Certificates {
		if !day.Before(c.IssuedOn) && (c.HeldTo.IsZero() || !day.After(c.HeldTo)) {
			return false
		}
	}
	for _, c := range o.file.Circumstances {
		if c.Kind == "death" && day.After(c.ValidFrom) {
			return false
		}
	}
	hukou, _ := o.lasting(casefile.HukouArea, day, false)
	born := o.file.Person.BirthDate
	return o.file.Person.Diagnosis != "" && len(hukou) >= 6 && hukou[:6] == "370305" && !day.Before(calendar.DateOf(o.file.Person.CreatedAt)) &&
		!day.Before(born) && day.Before(born.AddYears(18))
}

// inSchoolWindow is the window of the field's worked example: for the school year that begins on 1 September of S, born from
// 1 September S-15 to 31 August S-6.
func (o oracle) inSchoolWindow(day calendar.Date) bool {
	s, month, _ := day.YMD()
	if month < time.September {
		s--
	}
	born := o.file.Person.BirthDate
	return !born.Before(calendar.MustDate(fmt.Sprintf("%d-09-01", s-15))) && !born.After(calendar.MustDate(fmt.Sprintf("%d-08-31", s-6)))
}

// poor is what the list said last: who is not on it any more, or of whom nobody knows, was on it all the same.
func (o oracle) poor(day calendar.Date) (last string) {
	from := calendar.Date{}
	for _, c := range o.file.Circumstances {
		if c.Kind == "registered_poor" && c.Value.Answer == casefile.Yes && !c.ValidFrom.After(day) && !c.ValidFrom.Before(from) {
			last, from = c.Value.Sort, c.ValidFrom
		}
	}
	return last
}

// place answers for an indicator in words of the field's text.
func (o oracle) place(key string, day calendar.Date) standing.Status {
	registered, child := o.inPopulation(day), o.child(day)
	pension, _ := o.lasting("insurance_pension", day, false)
	medical, _ := o.lasting("insurance_medical", day, false)
	school, _ := o.lasting("school", day, false)
	grown := calendar.Age(o.file.Person.BirthDate, day) >= 16 && !day.Before(o.file.Person.BirthDate)
	atSchool := slices.Contains([]string{"regular", "home_teaching", "elsewhere"}, school)
	which := func(counted, excluded, covered bool) standing.Status {
		switch {
		case !counted:
			return 0
		case excluded:
			return standing.Excluded
		case covered:
			return standing.Covered
		}
		return standing.Gap
	}
	service := func(needed, served bool) standing.Status {
		here := registered || child
		found := which(here && needed, false, served)
		if found == 0 && served && here {
			return standing.Extra
		}
		return found
	}
	year := day.Year()
	switch key {
	case "pension_enrolment":
		return which(registered && grown, atSchool || pension == "employee" || pension == "civil_servant", pension == "resident")
	case "pension_enrolment@any_scheme":
		return which(registered && grown, atSchool, pension != "" && pension != "none")
	case "medical_enrolment":
		return which(registered || child, medical == "employee", medical == "resident")
	case "medical_enrolment@any_scheme":
		return which(registered || child, false, medical != "" && medical != "none")
	case "poverty_exit":
		return which(registered && o.poor(day) != "", o.poor(day) == "removed", o.poor(day) == "exited")
	case "rehab_coverage", "rehab_coverage@national_ratio":
		return service(o.needs(year-1, day, "rehab"), o.served(day, "rehab"))
	case "rehab_coverage@current_year_need":
		return service(o.needs(year, day, "rehab"), o.served(day, "rehab"))
	case "rehab_coverage@old_cbr":
		return which(registered || child && o.needs(year-1, day, "rehab"), false, o.served(day, "rehab"))
	case "device_fitting":
		return service(o.needs(year-1, day, "device"), o.served(day, "device"))
	case "device_fitting@current_year_need":
		return service(o.needs(year, day, "device"), o.served(day, "device"))
	case "compulsory_education":
		return which((registered || child) && o.inSchoolWindow(day), false, atSchool || school == "finished")
	}
	panic(key)
}

// judged are the indicators that the oracle above speaks of.
var judged = []string{"pension_enrolment", "pension_enrolment@any_scheme", "medical_enrolment", "medical_enrolment@any_scheme", "poverty_exit",
	"rehab_coverage", "rehab_coverage@national_ratio", "rehab_coverage@current_year_need", "rehab_coverage@old_cbr", "device_fitting",
	"device_fitting@current_year_need", "compulsory_education"}

func TestOtherIndicatorsEqualDayByDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := wider(t)
		timeline, err := derive(o.file, o.awards, pack)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range judged {
			for day := firstDay; day.Before(firstDay.Add(daysDrawn + 200)); day = day.Add(1) {
				got, _ := statusOn(timeline, key, day)
				if want := o.place(key, day); got != want {
					t.Fatalf("%s on %s: %d, want %d", key, day, got, want)
				}
			}
		}
	})
}

// TestSchoolWindow is the worked example of 灵璧县2020: born 2005-09-01 to 2014-08-31.
func TestSchoolWindow(t *testing.T) {
	t.Parallel()
	for born, in := range map[string]bool{"2005-08-31": false, "2005-09-01": true, "2014-08-31": true, "2014-09-01": false, "2013-09-01": true, "2013-08-31": true} {
		file := casefile.File{Person: casefile.Person{ID: uuid.UUID{1}, BirthDate: calendar.MustDate(born)}}
		file.Certificates = []casefile.Certificate{{Category: 4, Level: 2, IssuedOn: calendar.MustDate("2015-01-01"), ExpiresOn: calendar.MustDate("2024-12-31")}}
		addFact(&file, casefile.HukouArea, `"370305001005"`, file.Person.BirthDate, calendar.Date{})
		addFact(&file, casefile.ManagingArea, `"370305001005"`, file.Person.BirthDate, calendar.Date{})
		timeline, err := derive(file, nil, pack)
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range []string{"2020-09-01", "2020-12-31", "2021-08-31"} {
			if got, _ := statusOn(timeline, "compulsory_education", calendar.MustDate(day)); (got == standing.Gap) != in {
				t.Errorf("born %s on %s: %d, in the window %v", born, day, got, in)
			}
		}
	}
}

// TestEverOnTheListOfThePoor: indicator 6 counts who was ever on the list. That somebody is not on it any more is another thing than that he was
// taken off it as wrongly identified.
func TestEverOnTheListOfThePoor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		then, later string
		want        standing.Status
	}{{`"yes"`, "false", standing.Gap}, {`"exited"`, "false", standing.Covered}, {`"exited"`, `"unknown"`, standing.Covered}, {`"yes"`, `"removed"`, standing.Excluded}, {"false", "false", 0}} {
		file := casefile.File{Person: casefile.Person{BirthDate: calendar.MustDate("1970-01-01")}}
		file.Certificates = []casefile.Certificate{{Category: 4, Level: 3, IssuedOn: calendar.MustDate("2014-01-01"), ExpiresOn: calendar.MustDate("2033-12-31")}}
		addFact(&file, casefile.HukouArea, `"370305001005"`, file.Person.BirthDate, calendar.Date{})
		addFact(&file, casefile.ManagingArea, `"370305001005"`, file.Person.BirthDate, calendar.Date{})
		addFact(&file, "registered_poor", c.then, calendar.MustDate("2016-01-01"), calendar.MustDate("2019-12-31"))
		addFact(&file, "registered_poor", c.later, calendar.MustDate("2020-01-01"), calendar.Date{})
		timeline, err := derive(file, nil, pack)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := statusOn(timeline, "poverty_exit", calendar.MustDate("2020-12-31")); got != c.want {
			t.Errorf("%s, and %s since 2020: %d, want %d", c.then, c.later, got, c.want)
		}
	}
}

func TestHouseholdStandings(t *testing.T) {
	t.Parallel()
	severe, mild := uuid.UUID{1}, uuid.UUID{2}
	person := func(id uuid.UUID, level int) casefile.File {
		f := casefile.File{Person: casefile.Person{ID: id, BirthDate: calendar.MustDate("1970-01-01")}}
		f.Certificates = []casefile.Certificate{{ID: id, Category: 4, Level: level, IssuedOn: calendar.MustDate("2014-01-01"), ExpiresOn: calendar.MustDate("2033-12-31")}}
		return f
	}
	date := calendar.MustDate
	home := func() casefile.HouseholdFile {
		return casefile.HouseholdFile{Household: casefile.Household{ID: uuid.UUID{9}, Area: "370305001005"},
			Members: []casefile.Member{{PersonID: severe, From: date("2015-01-01")}, {PersonID: mild, From: date("2015-01-01"), To: date("2019-06-30")}},
			Files:   map[uuid.UUID]casefile.File{severe: person(severe, 1), mild: person(mild, 3)}}
	}
	fact := func(kind, value, from string) casefile.Circumstance {
		k, _ := casefile.HouseholdKindOf(kind)
		v, err := casefile.ParseValue(k, json.RawMessage(value))
		if err != nil {
			t.Fatal(err)
		}
		return casefile.Circumstance{Kind: kind, Value: v, ValidFrom: date(from)}
	}
	on := func(h casefile.HouseholdFile, key, day string) (standing.Status, int, string) {
		timeline, err := standing.DeriveHousehold(h, pack)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range timeline {
			if i.Indicator == key && i.Days.Contains(date(day)) {
				return i.Status, i.Holders, i.Reason
			}
		}
		return 0, 0, ""
	}
	retrofits := home()
	retrofits.Retrofits = []casefile.RetrofitDay{{On: date("2018-03-01"), State: "NEED"}, {On: date("2018-04-01"), State: "VERIFIED"}, {On: date("2018-05-01"), State: "PLANNED"},
		{On: date("2019-09-01"), State: "DONE", Done: true}}
	dead := retrofits
	dead.Files = map[uuid.UUID]casefile.File{severe: person(severe, 1), mild: person(mild, 3)}
	f := dead.Files[severe]
	addFact(&f, "death", "true", date("2020-01-10"), calendar.Date{})
	dead.Files[severe] = f
	again := retrofits
	again.Retrofits = append(slices.Clone(retrofits.Retrofits), casefile.RetrofitDay{On: date("2021-03-01"), State: "NEED"}, casefile.RetrofitDay{On: date("2021-04-01"), State: "REFUSED"})
	// one that was begun before another may have been accepted after it
	older := home()
	older.Retrofits = []casefile.RetrofitDay{{On: date("2015-01-10"), State: "NEED"}, {On: date("2017-06-01"), State: "DONE", Done: true},
		{On: date("2015-03-01"), State: "NEED"}, {On: date("2015-09-01"), State: "DONE", Done: true}}
	refused := home()
	refused.Retrofits = []casefile.RetrofitDay{{On: date("2018-04-01"), State: "VERIFIED"}, {On: date("2018-06-01"), State: "REFUSED"}}
	house := home()
	house.Circumstances = []casefile.Circumstance{fact("dangerous_house", `"C"`, "2016-01-01"), fact("house_converted", `"moved"`, "2018-07-01")}
	for _, c := range []struct {
		h        casefile.HouseholdFile
		key, day string
		want     standing.Status
		holders  int
		reason   string
	}{
		{retrofits, "retrofit_coverage", "2018-03-31", 0, 0, ""},
		{retrofits, "retrofit_coverage", "2018-04-01", standing.Gap, 2, ""},
		{retrofits, "retrofit_coverage", "2019-08-31", standing.Gap, 1, ""},
		{retrofits, "retrofit_coverage", "2019-09-01", standing.Covered, 1, ""},
		{retrofits, "retrofit_coverage@all_severe", "2016-01-01", standing.Gap, 2, ""},
		{dead, "retrofit_coverage", "2021-01-01", standing.Covered, 0, ""},  // V21
		{again, "retrofit_coverage", "2021-05-01", standing.Covered, 1, ""}, // a second one refused leaves the first done
		{older, "retrofit_coverage", "2018-01-01", standing.Covered, 2, ""},
		{refused, "retrofit_coverage", "2018-07-01", standing.Excluded, 2, "RETROFIT_REFUSED"},
		{refused, "retrofit_coverage@all_severe", "2018-07-01", standing.Gap, 2, ""},
		{house, "dangerous_house_conversion", "2015-12-31", 0, 0, ""},
		{house, "dangerous_house_conversion", "2018-06-30", standing.Gap, 2, ""},
		{house, "dangerous_house_conversion", "2018-07-01", standing.Covered, 2, ""},
		{house, "dangerous_house_conversion@poor_only", "2018-07-01", 0, 0, ""},
	} {
		if got, holders, reason := on(c.h, c.key, c.day); got != c.want || holders != c.holders || reason != c.reason {
			t.Errorf("%s on %s: %d, %d holders, %q; want %d, %d, %q", c.key, c.day, got, holders, reason, c.want, c.holders, c.reason)
		}
	}
}
