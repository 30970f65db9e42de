package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
)

// numberOf is a made-up ID number of somebody born on a day.
func numberOf(born string, n int) string {
	body := fmt.Sprintf("379999%s%03d", strings.ReplaceAll(born, "-", ""), n)
	c, _ := checkCharacter(body)
	return body + string(c)
}

// holders enters people who hold a card of a category and level, born on a day, past the API: reading is what is asked here.
func (s *service) holders(at string, from, many int, born string, category, level int) (ids []string) {
	s.t.Helper()
	for n := range many {
		number := numberOf(born, from+n)
		issued := max(born, "2018-01-06")
		card := &casework.NewCertificate{Number: fmt.Sprint(number, category, level), Category: category, Level: level, IssuedOn: calendar.MustDate(issued)}
		if category == 7 {
			card.Components = []casefile.Component{{Category: 4, Level: level}, {Category: 2, Level: 4}}
		}
		d, err := s.desk.CreatePerson(s.t.Context(), systemActor, casework.NewPerson{Name: fmt.Sprint("金丝雀", from+n), IDNumber: number, Hukou: area.Code(at), HukouType: "agricultural", Certificate: card})
		if err != nil {
			s.t.Fatal(err)
		}
		ids = append(ids, d.File.Person.ID.String())
	}
	return ids
}

// known records a fact of several people since the beginning of 2022.
func (s *service) known(ids []string, kind, value string) {
	s.t.Helper()
	for _, id := range ids {
		s.fact(id, kind, value, "2022-01-01", "")
	}
}

// wantStands compares rows with what they should be, by query.
func (s *service) wantStands(user string, want map[string]string) {
	s.t.Helper()
	for query, text := range want {
		if got := stands(s.indicatorRow(user, query)); got != text {
			s.t.Errorf("%s: %s, want %s", query, got, text)
		}
	}
}

// TestTargetsT01T03T04T05: exactly the target does not meet "more than"; a village without anybody to cover is neither met nor not.
func TestTargetsT01T03T04T05(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.enact(map[string]any{"document": s.edited("target_percent: 80", "target_percent: 96")})
	figure := func(numerator, denominator int) {
		s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "facility_accessibility", "year": 2023, "numerator": numerator, "denominator": denominator, "source_doc": "住建函1号"}).want(201)
	}
	figure(9600, 10000)
	s.wantStands("stats", map[string]string{"indicator=facility_accessibility": "9600/10000 96.00 near, short by 1"})
	figure(9601, 10000)
	s.wantStands("stats", map[string]string{"indicator=facility_accessibility": "9601/10000 96.01 met, short by 0"})

	insured := s.holders(villageA, 100, 20, "1970-01-01", 4, 3)
	s.known(insured[:19], "insurance_pension", "resident")
	s.wantStands("stats", map[string]string{"indicator=pension_enrolment": "19/20 95.00 near, short by 1"}) // more than 95 is the target
	s.known(insured[19:], "insurance_pension", "resident")
	s.wantStands("stats", map[string]string{"indicator=pension_enrolment": "20/20 100.00 met, short by 0"})

	s.known(insured[:12], "registered_poor", "exited")
	s.known(insured[12:13], "registered_poor", "yes")
	s.wantStands("stats", map[string]string{"indicator=poverty_exit": "12/13 92.30 unmet, short by 1"}) // all of them is the target
	empty := s.indicatorRow("stats", "by=village&area="+townA+"&indicator=poverty_exit", villageB)
	if stands(empty) != "0/0 <nil> not_applicable, short by <nil>" || empty["met"] != nil {
		t.Errorf("a village without registered poor: %v", empty)
	}
}

// TestSchoolT08: 120 of 122 children, among them 24 who are taught at home, are in compulsory education; a deferred one stays in the
// denominator.
func TestSchoolT08(t *testing.T) {
	t.Parallel()
	s := start(t)
	children := s.holders(villageA, 100, 122, "2012-05-05", 6, 2)
	for school, ids := range map[string][]string{"regular": children[:96], "home_teaching": children[96:120], "deferred": children[120:121], "not_enrolled": children[121:]} {
		s.known(ids, "school", school)
	}
	s.wantStands("stats", map[string]string{"indicator=compulsory_education": "120/122 98.36 met, short by 0"})
	page := s.do("town.a", "GET", "/indicators/compulsory_education/persons?list=gap", nil).want(200).json()
	reasons := ""
	for _, raw := range page["items"].([]any) {
		reasons += fmt.Sprint(raw.(map[string]any)["reason"], ";")
	}
	if reasons != "SCHOOL_DEFERRED;<nil>;" && reasons != "<nil>;SCHOOL_DEFERRED;" {
		t.Errorf("the gap is %s of %s", reasons, page)
	}
}

// TestSubsidiesT09T10T11T12: who is in 特困 is not meant; who never applied is; a waiver stays in the denominator and is shown; twelve
// months are one person.
func TestSubsidiesT09T10T11T12(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-03")
	ids := s.holders(villageA, 100, 5, "1970-01-01", 4, 1)
	paid, never, waived, supported, mild := ids[0], ids[1], ids[2], ids[3], s.holders(villageA, 110, 1, "1970-01-01", 4, 3)[0]
	s.known(ids, "dibao", "household")
	s.known([]string{supported}, "tekun", "institution")
	s.known([]string{waived}, "waiver", "nursing_subsidy")
	s.granted(paid, nursing, "2023-01-05", "2023-01-10")
	s.granted(ids[4], nursing, "2023-01-05", "2023-01-10")
	s.at("2023-12-28")
	s.wantStands("stats", map[string]string{nursingQuery: "2/4 50.00 unmet, short by 2", nursingQuery + "@without_waivers": "2/3 66.66 unmet, short by 1",
		"indicator=living_allowance_coverage": "0/4 0.00 unmet, short by 4"})
	row := s.indicatorRow("stats", nursingQuery)
	if row["waived"] != 1.0 || row["rate_without_waivers"] != "66.66" || row["excluded"] != 2.0 {
		t.Errorf("waived and excluded: %v", row)
	}
	where := map[string]string{}
	for _, list := range []string{"covered", "gap", "excluded"} {
		for _, raw := range s.do("town.a", "GET", "/indicators/nursing_subsidy_coverage/persons?list="+list, nil).want(200).json()["items"].([]any) {
			p := raw.(map[string]any)
			where[p["person_id"].(string)] = fmt.Sprint(list, " ", p["reason"])
		}
	}
	for id, want := range map[string]string{paid: "covered <nil>", never: "gap <nil>", waived: "gap WAIVED", supported: "excluded X_TEKUN", mild: "excluded LEVEL_OUT_OF_RANGE"} {
		if where[id] != want {
			t.Errorf("%s is %s, want %s", id, where[id], want)
		}
	}
	roster, lines := s.pay("2023-12-28", "2023-12", everyone)
	if roster.json()["persons"] != 2.0 || len(lines) != 2 || lines[0]["months"] != 12.0 {
		t.Errorf("the roster has %v persons and a line of %v months, want 2 and 12", roster.json()["persons"], lines[0]["months"])
	}
	s.wantStands("stats", map[string]string{nursingQuery: "2/4 50.00 unmet, short by 2"})
}

// TestGroupsT14T15: urban and rural by the class of the village and not by its name; a multiple disability is one person under
// category 7, and one under each of its components, which are said to overlap.
func TestGroupsT14T15(t *testing.T) {
	t.Parallel()
	s := start(t)
	tree := []area.Division{{Code: "370305111298", Name: "某某村委会", UrbanRuralClass: "121", ValidFrom: calendar.MustDate("2016-01-01")},
		{Code: "370305001198", Name: "某某居委会", UrbanRuralClass: "220", ValidFrom: calendar.MustDate("2016-01-01")}}
	if _, err := s.desk.ImportDivisions(t.Context(), systemActor, tree); err != nil {
		t.Fatal(err)
	}
	s.holders("370305111298", 100, 2, "1970-01-01", 4, 1)
	s.holders("370305001198", 110, 1, "1970-01-01", 7, 1)
	groups := func(by string) string {
		text := ""
		for _, row := range s.indicatorRows("stats", nursingQuery+"&by="+by) {
			text += fmt.Sprint(row["group"], ":", row["denominator"], " ")
		}
		return text
	}
	for by, want := range map[string]string{"urban_rural": "rural:1 urban:2 ", "category": "4:2 7:1 ", "component": "2:1 4:3 ", "level": "1:3 ", "sex": "female:2 male:1 ",
		"age_band": "18-59:3 ", "severity": "severe:3 ", "hukou_type": "agricultural:3 ", "hardship": "none:3 ", "multi_disabled": "not_applicable:3 "} {
		if got := groups(by); got != want {
			t.Errorf("by %s: %s, want %s", by, got, want)
		}
		answer := s.do("stats", "GET", "/indicators/values?by="+by, nil).want(200).json()
		if answer["overlapping"] != (by == "component") {
			t.Errorf("by %s: overlapping is %v", by, answer["overlapping"])
		}
	}
}

// TestLateDeathT16: a death of March that is reported in April changes the 31 March as it is seen now, and not as it was known then.
func TestLateDeathT16(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := s.holders(villageA, 100, 3, "1970-01-01", 4, 1)
	s.granted(ids[0], nursing, "2023-03-02", "2023-03-03")
	s.at("2023-03-31")
	instant := s.clock.Now().UTC().Format(time.RFC3339)
	query := nursingQuery + "&as_of=2023-03-31"
	then, tree := s.do("stats", "GET", "/indicators/values?"+query, nil).want(200).json()["items"], s.indicatorRows("stats", query+"&by=tree")
	s.wantStands("stats", map[string]string{query: "1/3 33.33 unmet, short by 2"})
	s.at("2023-04-10")
	s.fact(ids[0], "death", true, "2023-03-20", "")
	s.wantStands("stats", map[string]string{query: "0/2 0.00 unmet, short by 2", query + "&known_at=" + instant: "1/3 33.33 unmet, short by 2",
		nursingQuery + "&as_of=2023-03-20": "1/3 33.33 unmet, short by 2"}) // the day of death still is one of life
	again := s.do("stats", "GET", "/indicators/values?"+query+"&known_at="+instant, nil).want(200).json()
	if fmt.Sprint(again["items"]) != fmt.Sprint(then) || again["known_at"] == nil {
		t.Errorf("as known on 31 March: %v, then it was %v", again, then)
	}
	if rows := s.indicatorRows("stats", query+"&by=tree&known_at="+instant); fmt.Sprint(rows) != fmt.Sprint(tree) {
		t.Error("the tree as known on 31 March has changed")
	}
	covered := func(known string) float64 {
		return s.do("town.a", "GET", "/indicators/nursing_subsidy_coverage/persons?list=covered&as_of=2023-03-31"+known, nil).want(200).json()["total"].(float64)
	}
	if covered("") != 0 || covered("&known_at="+instant) != 1 {
		t.Errorf("covered are %v now and were %v", covered(""), covered("&known_at="+instant))
	}
}

// TestWhoSeesWhatT19T20: a statistician is told every number and no person; an officer the numbers and names of the area; what is
// outside is absent, and who asked for it is in the audit.
func TestWhoSeesWhatT19T20(t *testing.T) {
	t.Parallel()
	s := start(t)
	mine, theirs := s.holders(villageA, 100, 2, "1970-01-01", 4, 1), s.holders(villageC, 110, 1, "1970-01-01", 4, 1)
	beside := s.holders(villageB, 120, 1, "1970-01-01", 4, 1)[0]
	for user, want := range map[string]string{"stats": "0/4", "cdpf": "0/4", "town.a": "0/3", "town.c": "0/1", "liaison.a": "0/2", "liaison.b": "0/1"} {
		row := s.indicatorRow(user, nursingQuery)
		if got := fmt.Sprint(row["numerator"], "/", row["denominator"]); got != want {
			t.Errorf("%s is told %s, want %s", user, got, want)
		}
	}
	names := func(user, query string) (ids []string) {
		for _, raw := range s.do(user, "GET", "/indicators/nursing_subsidy_coverage/persons?list=gap"+query, nil).want(200).json()["items"].([]any) {
			ids = append(ids, raw.(map[string]any)["person_id"].(string))
		}
		return ids
	}
	if got := names("town.c", ""); fmt.Sprint(got) != fmt.Sprint(theirs) {
		t.Errorf("town.c is shown %v, want %v", got, theirs)
	}
	if got := names("town.a", "&area="+villageA); len(got) != 2 || fmt.Sprint(got) != fmt.Sprint(mine) {
		t.Errorf("town.a is shown %v in village A, want %v", got, mine)
	}
	for _, path := range []string{"/indicators/values?area=" + townC, "/indicators/nursing_subsidy_coverage/persons?area=" + townC, "/indicators/nursing_subsidy_coverage/trend?area=" + townC} {
		s.do("town.a", "GET", path, nil).want(404)
	}
	for _, path := range []string{"/indicators/nursing_subsidy_coverage/persons", "/persons", "/persons/" + mine[0], "/persons/" + mine[0] + "/record", "/persons/" + mine[0] + "/circumstances",
		"/persons/" + mine[0] + "/eligibility", "/persons/" + mine[0] + "/ledger", "/applications", "/awards", "/households", "/services", "/surveys/2022/responses",
		"/surveys/2022/questionnaire?person_id=" + mine[0], "/verifications?year=2027", "/rosters"} {
		s.do("stats", "GET", path, nil).want(403)
	}
	s.do("stats", "POST", "/persons/search", map[string]any{"name": "金丝雀100"}).want(403)
	s.do("stats", "POST", "/persons/"+mine[0]+"/reveal", map[string]any{"fields": []string{"id_number"}, "reason": "统计"}).want(403)

	s.do("liaison.a", "GET", "/persons/"+beside, nil).want(404)
	seen := s.do("auditor", "GET", "/audit-events?action=getPerson&subject="+beside, nil).want(200)
	if !strings.Contains(string(seen.body), "refused") || !strings.Contains(string(seen.body), "NOT_FOUND") {
		t.Errorf("the attempt is not in the audit: %s", seen.body)
	}
}

// TestInstantsOfWhichNothingIsKnown: none of them is taken for now, and none of another instant.
func TestInstantsOfWhichNothingIsKnown(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 670, 1).want(201).text("id")
	for _, path := range []string{"/indicators/values?", "/indicators/values?by=tree&format=xlsx&", "/indicators/nursing_subsidy_coverage/persons?", "/indicators/nursing_subsidy_coverage/trend?",
		"/indicators/income_growth/trend?", "/facilities?", "/persons/" + person + "/record?"} {
		for known, code := range map[string]string{"0000-01-01T00:00:00Z": "TOO_EARLY", "0001-01-01T00:00:00Z": "TOO_EARLY", "2023-03-28T02:00:01Z": "IN_FUTURE", "9999-01-01T00:00:00Z": "IN_FUTURE"} {
			if a := s.do("town.a", "GET", path+"known_at="+known, nil).want(422); !strings.Contains(string(a.body), code) {
				t.Errorf("%s known at %s: %s", path, known, a.body)
			}
		}
		s.do("town.a", "GET", path+"known_at=2023-03-28T02:00:00Z", nil).want(200)
	}
	for known, code := range map[string]string{"0001-01-01T00:00:00Z": "TOO_EARLY", "2023-03-28T02:00:01Z": "IN_FUTURE"} {
		if a := s.do("stats", "POST", "/indicator-releases", map[string]any{"title": "x", "as_of": "2023-03-28", "known_at": known}).want(422); !strings.Contains(string(a.body), code) {
			t.Errorf("sealed as known at %s: %s", known, a.body)
		}
	}
}

// TestUnplacedAboveDistricts: a district says how many are in no village whichever way it is asked, and a city in no way; the group of the tree has them for both.
func TestUnplacedAboveDistricts(t *testing.T) {
	t.Parallel()
	s := start(t)
	from := calendar.MustDate("2016-01-01")
	if _, err := s.desk.ImportDivisions(t.Context(), access.SystemActor(), []area.Division{{Code: "37", Name: "山东省", ValidFrom: from}, {Code: "3703", Name: "淄博市", ValidFrom: from}}); err != nil {
		t.Fatal(err)
	}
	city := casework.NewAccount{Username: "city", Name: "测试city", Password: password, Role: access.Statistician, Area: "3703"}
	if _, err := s.desk.CreateAccount(t.Context(), access.SystemActor(), city); err != nil {
		t.Fatal(err)
	}
	d := &district{s: s}
	var list []resident
	d.add(&list, 5, resident{village: townA, level: 1, category: 4, born: 1960})
	d.add(&list, 4, resident{village: villageA, level: 1, category: 4, born: 1960})
	d.bring(list)
	const key = "medical_enrolment"
	for user, want := range map[string]string{"stats": "9 of whom 5", "city": "9 of whom <nil>"} {
		for _, path := range []string{"/indicators/values?indicator=" + key, "/indicators/values?known_at=2023-03-28T02:00:00Z&indicator=" + key, "/indicators/values?by=tree&indicator=" + key,
			"/indicators/values?by=sex&indicator=" + key, "/indicators/" + key + "/trend?from=2023-03"} {
			row := s.do(user, "GET", path, nil).want(200).json()["items"].([]any)[0].(map[string]any)
			if of, trend := row["value"].(map[string]any); trend {
				row = of
			}
			if got := fmt.Sprint(row["denominator"], " of whom ", row["unplaced"]); got != want {
				t.Errorf("%s, %s: %s, want %s", user, path, got, want)
			}
		}
		if rows := s.indicatorRows(user, "by=tree&indicator="+key); rows[len(rows)-1]["group"] != "unplaced" || rows[len(rows)-1]["denominator"] != 5.0 {
			t.Errorf("%s: the last row of the tree is %v", user, rows[len(rows)-1])
		}
	}
}

// TestFiguresT28: a figure that nobody has entered is missing and not 0; one with its source is compared; another takes its place and
// does not change what was known.
func TestFiguresT28(t *testing.T) {
	t.Parallel()
	s := start(t)
	income := func(known string) string {
		row := s.indicatorRow("stats", "indicator=income_growth"+known)
		return fmt.Sprint(row["numerator"], " ", row["rate"], " ", row["met"], " ", row["light"], " ", row["missing"])
	}
	if got := income(""); got != "<nil> <nil> <nil> missing true" {
		t.Errorf("without figures: %s", got)
	}
	record := func(year, fen int) answer {
		return s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "income_growth", "year": year, "income_fen": fen, "source_doc": "省抽样调查2020"})
	}
	record(2020, 15036567).want(201)
	if got := income(""); got != "<nil> <nil> <nil> missing true" {
		t.Errorf("without the base year: %s", got)
	}
	record(2015, 10000000).want(201)
	record(2019, 20000000).want(201) // the definition is of five years
	record(2021, 20000000).want(201)
	if got := income("&as_of=2020-12-31"); got != "1.5036567e+07 8.50 true met <nil>" { // 1.085⁵ is 1.50365669…
		t.Errorf("income: %s", got)
	}
	for day, want := range map[string]string{"2019-12-31": "<nil> true", "2020-12-31": "2020 <nil>", "2023-03-28": "2020 <nil>"} {
		if row := s.indicatorRow("stats", "indicator=income_growth&as_of="+day); fmt.Sprint(row["figure_year"], " ", row["missing"]) != want {
			t.Errorf("on %s: %v, want %s", day, row, want)
		}
	}
	s.clock.Set(s.clock.Now().Add(time.Minute))
	before := s.clock.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	record(2020, 15036566).want(201)
	if now, then := income(""), income("&known_at="+before); now != "1.5036566e+07 8.49 false unmet <nil>" || then != "1.5036567e+07 8.50 true met <nil>" {
		t.Errorf("corrected: %s, as known before %s", now, then)
	}
	list := s.do("auditor", "GET", "/external-figures", nil).want(200).json()["items"].([]any)
	if first := list[2].(map[string]any); len(list) != 5 || first["superseded_at"] == nil || first["source_doc"] != "省抽样调查2020" {
		t.Errorf("figures: %v", list)
	}
	if rows := s.indicatorRows("town.a", "indicator=income_growth"); rows[0]["missing"] != true { // the district's figure is not the town's
		t.Errorf("the town: %v", rows)
	}
	for code, body := range map[string]map[string]any{
		"NOT_EXTERNAL": {"indicator": "rehab_coverage", "year": 2022, "numerator": 1, "denominator": 2, "source_doc": "x"}, "IN_FUTURE": {"indicator": "income_growth", "year": 2024, "income_fen": 1, "source_doc": "x"},
		"FIGURE_FORM": {"indicator": "income_growth", "year": 2022, "numerator": 1, "denominator": 2, "source_doc": "x"},
	} {
		s.do("stats", "POST", "/external-figures", body).want(422, code)
	}
	s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "facility_accessibility", "year": 2022, "numerator": 3, "denominator": 2, "source_doc": "x"}).want(422, "FIGURE_FORM")
	s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "facility_accessibility", "year": 2022, "denominator": 2, "source_doc": "x"}).want(422, "FIGURE_FORM")
	s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "income_growth", "year": 2022, "income_fen": 1, "numerator": 0, "source_doc": "x"}).want(422, "FIGURE_FORM")
	s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "income_growth", "year": 2022, "income_fen": 1, "source_doc": " "}).want(422, "INVALID_INPUT")
	for _, at := range []string{"370305999", "370305001999"} {
		s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "income_growth", "year": 2022, "income_fen": 1, "source_doc": "x", "area_code": at}).want(422, "UNKNOWN_AREA")
	}
	s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "income_growth", "year": 2022, "income_fen": 1}).want(422, "INVALID_INPUT")
	s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "income_growth", "year": 2022, "income_fen": 1, "source_doc": "x", "area_code": "370306"}).want(404)
	s.do("town.a", "POST", "/external-figures", map[string]any{"indicator": "income_growth", "year": 2022, "income_fen": 1, "source_doc": "x"}).want(403)
	s.do("cdpf", "GET", "/indicators/income_growth/persons", nil).want(409, "NO_NAMES")
}

// TestCorrectedFromOutside: figures, facilities and inspections that were entered wrongly are put right or taken away; what was known before
// is answered as before.
func TestCorrectedFromOutside(t *testing.T) {
	t.Parallel()
	s := start(t)
	const query = "indicator=facility_accessibility"
	later := func() (known string) { // by which what has been done so far is known, and what follows is not
		s.clock.Set(s.clock.Now().Add(time.Minute))
		return query + "&known_at=" + s.clock.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	}
	reason := map[string]any{"reason": "录入错误"}
	correct := func(path string, version int, in map[string]any) answer {
		in["reason"] = "录入错误"
		return s.do("town.a", "POST", path+"/correct", in, "If-Match", fmt.Sprintf("%q", fmt.Sprint(version)))
	}
	hall := "/facilities/" + s.do("town.a", "POST", "/facilities", map[string]any{"area_code": villageA, "name": "卫生院", "kind": "medical"}).want(201).text("id")
	inspection := hall + "/inspections/" + s.do("town.a", "POST", hall+"/inspections", map[string]any{"inspected_on": "2023-02-10", "standard": "GB 50763-2012", "compliant": true}).want(201).text("id")
	figure := "/external-figures/" + s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "facility_accessibility", "year": 2023, "numerator": 70, "denominator": 100, "source_doc": "住建函"}).want(201).text("id")
	s.wantStands("stats", map[string]string{query: "70/100 70.00 unmet, short by 11"})

	withFigure := later()
	s.do("stats", "POST", figure+"/withdraw", map[string]any{"reason": " "}).want(422, "INVALID_INPUT")
	if got := s.do("stats", "POST", figure+"/withdraw", reason).want(200).text("withdrawn_reason"); got != "录入错误" {
		t.Errorf("withdrawn for %q", got)
	}
	s.do("stats", "POST", figure+"/withdraw", reason).want(409, "SUPERSEDED")
	s.wantStands("stats", map[string]string{query: "1/1 100.00 met, short by 0", withFigure: "70/100 70.00 unmet, short by 11"})

	asInspected := later()
	correct(inspection, 0, map[string]any{"compliant": true}).want(422, "NOTHING_CORRECTED")
	correct(inspection, 0, map[string]any{"inspected_on": "2023-04-01"}).want(422, "IN_FUTURE")
	correct(inspection, 0, map[string]any{"compliant": false, "void": true}).want(422, "VOID_ALONE")
	correct(inspection, 0, map[string]any{"compliant": false}).want(200)
	correct(inspection, 0, map[string]any{"compliant": true}).want(409, "SUPERSEDED")
	s.wantStands("stats", map[string]string{query: "0/1 0.00 unmet, short by 1", asInspected: "1/1 100.00 met, short by 0"})

	asPlaced := later()
	correct(hall, 9, map[string]any{"area_code": villageB}).want(412)
	correct(hall, 1, map[string]any{"area_code": villageC}).want(422, "OUTSIDE_AREA")
	correct(hall, 1, map[string]any{"name": "卫生院"}).want(422, "NOTHING_CORRECTED")
	file := correct(hall, 1, map[string]any{"area_code": villageB, "name": "中心卫生院"}).want(200).json()
	earlier, looks := file["earlier"].([]any)[0].(map[string]any), file["inspections"].([]any)
	if file["version"] != 2.0 || earlier["name"] != "卫生院" || earlier["area_code"] != villageA || earlier["reason"] != "录入错误" || len(looks) != 2 {
		t.Errorf("the corrected facility: %v", file)
	}
	s.wantStands("stats", map[string]string{query + "&area=" + villageB: "0/1 0.00 unmet, short by 1", asPlaced + "&area=" + villageA: "0/1 0.00 unmet, short by 1"})
	for _, q := range []string{query + "&area=" + villageA, asPlaced + "&area=" + villageB} {
		if row := s.indicatorRow("stats", q, q[len(q)-len(villageA):]); row["missing"] != true {
			t.Errorf("%s: %v, want missing", q, row)
		}
	}
	if known := s.do("stats", "GET", "/facilities?"+strings.TrimPrefix(asPlaced, query+"&"), nil).want(200).json()["items"].([]any); known[0].(map[string]any)["name"] != "卫生院" {
		t.Errorf("as known before, the list has %v", known)
	}

	asListed := later()
	correct(hall, 2, map[string]any{"void": true}).want(200)
	correct(hall, 3, map[string]any{"name": "x"}).want(409, "FACILITY_WITHDRAWN")
	s.do("town.a", "POST", hall+"/inspections", map[string]any{"inspected_on": "2023-02-11", "standard": "x", "compliant": true}).want(409, "FACILITY_WITHDRAWN")
	if row := s.indicatorRow("stats", query, "370305"); row["missing"] != true {
		t.Errorf("without a facility: %v", row)
	}
	s.wantStands("stats", map[string]string{asListed: "0/1 0.00 unmet, short by 1"})
	s.do("town.a", "POST", "/facilities", map[string]any{"area_code": villageB, "name": "中心卫生院", "kind": "medical"}).want(201)
	if got := s.do("stats", "GET", hall, nil).want(200).text("withdrawn_reason"); got != "录入错误" {
		t.Errorf("taken off the list for %q", got)
	}
	s.do("town.c", "GET", hall, nil).want(404)
}

// TestFacilities: the last inspection up to a day counts, where the facility is; the list says what was known at an instant.
func TestFacilities(t *testing.T) {
	t.Parallel()
	s := start(t)
	build := func(user, village, name string) string {
		return s.do(user, "POST", "/facilities", map[string]any{"area_code": village, "name": name, "kind": "medical"}).want(201).text("id")
	}
	inspect := func(user, id, on string, compliant bool) answer {
		return s.do(user, "POST", "/facilities/"+id+"/inspections", map[string]any{"inspected_on": on, "standard": "GB 50763-2012", "compliant": compliant})
	}
	one, two, three := build("town.a", villageA, "卫生院"), build("town.a", villageB, "福利院"), build("town.c", villageC, "文化站")
	never := build("town.a", villageA, "图书馆")
	s.do("town.a", "POST", "/facilities", map[string]any{"area_code": villageA, "name": "卫生院", "kind": "medical"}).want(409, "FACILITY_EXISTS")
	s.do("town.a", "POST", "/facilities", map[string]any{"area_code": villageC, "name": "卫生院", "kind": "medical"}).want(422, "OUTSIDE_AREA")
	s.do("town.a", "POST", "/facilities", map[string]any{"area_code": townA, "name": "卫生院", "kind": "medical"}).want(422, "UNKNOWN_AREA")
	inspect("town.a", one, "2022-05-01", false).want(201)
	inspect("town.a", one, "2023-02-01", true).want(201)
	inspect("town.a", two, "2022-05-01", true).want(201)
	inspect("town.c", three, "2022-05-01", false).want(201)
	inspect("town.a", three, "2022-05-01", true).want(404)
	inspect("town.a", one, "2023-03-29", true).want(422, "IN_FUTURE")
	query := "indicator=facility_accessibility"
	s.wantStands("stats", map[string]string{query + "&as_of=2022-12-31": "1/3 33.33 unmet, short by 2", query: "2/3 66.66 unmet, short by 1", query + "&area=" + townA: "2/2 100.00 met, short by 0"})
	if row := s.indicatorRow("stats", query+"&by=town", "370305002"); row["missing"] != true || row["numerator"] != nil {
		t.Errorf("a town without facilities: %v", row)
	}
	s.clock.Set(s.clock.Now().Add(time.Minute))
	before := s.clock.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	inspect("town.a", two, "2022-06-01", false).want(201) // entered late
	later := build("town.a", villageA, "新学校")
	inspect("town.a", later, "2022-06-01", true).want(201)
	s.wantStands("stats", map[string]string{query + "&as_of=2022-12-31": "1/4 25.00 unmet, short by 3", query + "&as_of=2022-12-31&known_at=" + before: "1/3 33.33 unmet, short by 2"})
	list := func(known string) string {
		said := map[string]string{}
		for _, raw := range s.do("stats", "GET", "/facilities?as_of=2022-12-31"+known, nil).want(200).json()["items"].([]any) {
			f := raw.(map[string]any)
			said[f["id"].(string)] = fmt.Sprint(f["inspected_on"], " ", f["compliant"])
		}
		return fmt.Sprint(said[one], ", ", said[two], ", ", said[three], ", ", said[never], ", ", said[later])
	}
	if got, want := list(""), "2022-05-01 false, 2022-06-01 false, 2022-05-01 false, <nil> <nil>, 2022-06-01 true"; got != want {
		t.Errorf("the list is %s, want %s", got, want)
	}
	if got, want := list("&known_at="+before), "2022-05-01 false, 2022-05-01 true, 2022-05-01 false, <nil> <nil>, "; got != want {
		t.Errorf("as known before the list is %s, want %s", got, want)
	}
}
