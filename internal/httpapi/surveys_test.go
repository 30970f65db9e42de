package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// said are answers as they are sent, from question and codes: "REHAB_NEED=training,device".
func said(lines ...string) (list []any) {
	for _, line := range lines {
		question, codes, _ := strings.Cut(line, "=")
		list = append(list, map[string]any{"question": question, "chosen": strings.Split(codes, ",")})
	}
	return list
}

// grown are the answers that every adult with a mild physical disability gives, with further ones.
func grown(more ...string) []any {
	return said(append([]string{"R3_HUKOU=agricultural", "R4_MARITAL=single", "INCOME=middle", "HOUSING=own", "EMPLOYMENT=self", "R22_PENSION=resident", "R23_MEDICAL=resident",
		"RETROFIT_RECEIVED=no"}, more...)...)
}

func survey(person, mode, on string, answers []any, confirmed ...string) map[string]any {
	return map[string]any{"person_id": person, "mode": mode, "collected_on": on, "answers": answers, "confirmed": append([]string{}, confirmed...)}
}

// wrongs are the members that a problem names, with their codes.
func (a answer) wrongs() string {
	a.t.Helper()
	var list []string
	for _, raw := range a.json()["errors"].([]any) {
		e := raw.(map[string]any)
		list = append(list, fmt.Sprint(e["field"], " ", e["code"]))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func (s *service) questions(user, year, person string) (codes []string, proposed string) {
	s.t.Helper()
	form := s.do(user, "GET", "/surveys/"+year+"/questionnaire?person_id="+person, nil).want(200).json()
	for _, raw := range form["questions"].([]any) {
		codes = append(codes, raw.(map[string]any)["code"].(string))
	}
	for _, raw := range form["proposed"].([]any) {
		a := raw.(map[string]any)
		proposed += fmt.Sprint(a["question"], "=", a["chosen"], " ")
	}
	return codes, proposed
}

// TestSurveyIsAppendOnly: every set of answers stays with who collected it, when and how; a correction is another set, and the latest
// of the year says what is needed.
func TestSurveyIsAppendOnly(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.holders(villageA, 100, 1, "1970-01-01", 4, 3)[0]
	first := s.do("liaison.a", "POST", "/surveys/2022/responses", survey(person, "phone", "2022-08-03", grown("REHAB_NEED=training"))).want(201)
	s.clock.Set(s.clock.Now().Add(time.Minute))
	second := s.do("town.a", "POST", "/surveys/2022/responses", survey(person, "visit", "2023-03-20", grown("REHAB_NEED=device", "DEVICE_NEED=mobility"))).want(201)
	if needs := fmt.Sprint(first.json()["needs"], second.json()["needs"]); needs != "[rehab] [device rehab]" {
		t.Errorf("needs are %s", needs)
	}
	list := s.do("auditor", "GET", "/surveys/2022/responses?person_id="+person, nil).want(200).json()["items"].([]any)
	if len(list) != 2 || fmt.Sprint(list[0]) != fmt.Sprint(first.json()) || fmt.Sprint(list[1]) != fmt.Sprint(second.json()) {
		t.Errorf("recorded are %v, want\n%s\n%s", list, first.body, second.body)
	}
	for i, want := range []string{"phone 2022-08-03 " + s.accountID("liaison.a"), "visit 2023-03-20 " + s.accountID("town.a")} {
		r := list[i].(map[string]any)
		if got := fmt.Sprint(r["mode"], " ", r["collected_on"], " ", r["recorded_by"]); got != want {
			t.Errorf("set %d: %s, want %s", i, got, want)
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		s.do("town.a", method, "/surveys/2022/responses/"+first.text("id"), nil).want(404)
	}
	// pages of one are the same list
	var ids []string
	for cursor := ""; ; {
		page := s.do("liaison.a", "GET", "/surveys/2022/responses?limit=1"+cursor, nil).want(200).json()
		for _, raw := range page["items"].([]any) {
			ids = append(ids, raw.(map[string]any)["id"].(string))
		}
		if page["next_cursor"] == nil {
			break
		}
		cursor = "&cursor=" + page["next_cursor"].(string)
	}
	if fmt.Sprint(ids) != fmt.Sprint([]string{first.text("id"), second.text("id")}) {
		t.Errorf("page by page: %v", ids)
	}
}

// TestPrefillHasToBeConfirmed: last year's answers are proposed, and count only when they are sent; what is said to be confirmed has to
// be what was answered.
func TestPrefillHasToBeConfirmed(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.holders(villageA, 100, 1, "1970-01-01", 4, 3)[0]
	if _, proposed := s.questions("liaison.a", "2022", person); proposed != "" {
		t.Errorf("proposed without an earlier survey: %s", proposed)
	}
	s.do("liaison.a", "POST", "/surveys/2022/responses", survey(person, "visit", "2022-08-03", grown("REHAB_NEED=training", "CULTURE=often"))).want(201)
	_, proposed := s.questions("liaison.a", "2023", person)
	const want = "R3_HUKOU=[agricultural] R4_MARITAL=[single] INCOME=[middle] HOUSING=[own] EMPLOYMENT=[self] R22_PENSION=[resident] R23_MEDICAL=[resident] REHAB_NEED=[training] RETROFIT_RECEIVED=[no] CULTURE=[often] "
	if proposed != want {
		t.Errorf("proposed is %s, want %s", proposed, want)
	}
	if again, _ := s.questions("liaison.a", "2022", person); len(again) == 0 { // this year's own answers are no proposal for it
		t.Error("no questions")
	}
	if _, own := s.questions("liaison.a", "2022", person); own != "" {
		t.Errorf("this year's answers are proposed for this year: %s", own)
	}
	if n := len(s.do("liaison.a", "GET", "/surveys/2023/responses", nil).want(200).json()["items"].([]any)); n != 0 {
		t.Errorf("a proposal is recorded as %d sets of answers", n)
	}
	post := func(answers []any, confirmed ...string) answer {
		return s.do("liaison.a", "POST", "/surveys/2023/responses", survey(person, "visit", "2023-03-20", answers, confirmed...))
	}
	if got := post(grown("REHAB_NEED=none", "CULTURE=often"), "REHAB_NEED", "CULTURE").want(422).wrongs(); got != "answers.REHAB_NEED NOT_AS_BEFORE" {
		t.Errorf("confirmed what was answered otherwise: %s", got)
	}
	if got := post(grown("REHAB_NEED=none", "R31_ILL=2"), "R31_ILL").want(422).wrongs(); got != "answers.R31_ILL NOT_AS_BEFORE" {
		t.Errorf("confirmed what was not answered before: %s", got)
	}
	done := post(grown("REHAB_NEED=none", "CULTURE=often"), "CULTURE", "INCOME").want(201)
	if got := fmt.Sprint(done.json()["confirmed"]); got != "[CULTURE INCOME]" {
		t.Errorf("confirmed is %s", got)
	}
}

// TestWhoIsAskedWhat: care is asked of ages 16 to 59 with an intellectual, psychiatric or severe physical disability, schooling of 6 to 14,
// and what follows from an answer only after it.
func TestWhoIsAskedWhat(t *testing.T) {
	t.Parallel()
	s := start(t)
	n := 100
	asks := func(born string, category, level int, code string) bool {
		n++
		codes, _ := s.questions("liaison.a", "2023", s.holders(villageA, n, 1, born, category, level)[0])
		return slices.Contains(codes, code)
	}
	for _, c := range []struct {
		born            string // on 28 March 2023
		category, level int
		code            string
		want            bool
	}{
		{"2007-03-29", 5, 3, "R29_CARE", false}, {"2007-03-28", 5, 3, "R29_CARE", true}, {"1963-03-29", 6, 4, "R30_CARE_NEED", true}, {"1963-03-28", 6, 4, "R29_CARE", false}, // 60 that day
		{"1980-01-01", 4, 2, "R29_CARE", true}, {"1980-01-01", 4, 3, "R29_CARE", false}, {"1980-01-01", 1, 1, "R29_CARE", false}, {"1980-01-01", 7, 2, "R29_CARE", true}, {"1980-01-01", 7, 3, "R29_CARE", false},
		{"2017-03-28", 4, 1, "SCHOOLING", true}, {"2017-03-29", 4, 1, "SCHOOLING", false}, {"2008-03-29", 4, 1, "SCHOOLING", true}, {"2008-03-28", 4, 1, "SCHOOLING", false},
		{"1980-01-01", 4, 2, "RETROFIT_NEED", true}, {"1980-01-01", 4, 3, "RETROFIT_NEED", false}, {"2010-01-01", 4, 3, "R4_MARITAL", false},
	} {
		if got := asks(c.born, c.category, c.level, c.code); got != c.want {
			t.Errorf("%s of somebody born %s, category %d, level %d: asked %v", c.code, c.born, c.category, c.level, got)
		}
	}
	person := s.holders(villageA, 300, 1, "1970-01-01", 4, 3)[0]
	post := func(answers []any) string {
		a := s.do("liaison.a", "POST", "/surveys/2023/responses", survey(person, "visit", "2023-03-20", answers))
		if a.status == 201 {
			return ""
		}
		return a.want(422).wrongs()
	}
	replaced := func(with string) []any {
		return slices.DeleteFunc(grown("REHAB_NEED=none", with), func(a any) bool {
			chosen := a.(map[string]any)
			return chosen["question"] == with[:strings.Index(with, "=")] && fmt.Sprint(chosen["chosen"]) != fmt.Sprint(strings.Split(with[strings.Index(with, "=")+1:], ","))
		})
	}
	for _, c := range []struct {
		answers []any
		want    string
	}{
		{grown(), "answers.REHAB_NEED REQUIRED"}, {grown("REHAB_NEED=none", "R29_CARE=1"), "answers.R29_CARE NOT_ASKED"}, {grown("REHAB_NEED=none", "NONSENSE=1"), "answers.NONSENSE NOT_ASKED"},
		{grown("REHAB_NEED=training", "DEVICE_NEED=mobility"), "answers.DEVICE_NEED NOT_ASKED"}, {grown("REHAB_NEED=none", "R33_UNTREATED=poor"), "answers.R33_UNTREATED NOT_ASKED"},
		{grown("REHAB_NEED=magic"), "answers.REHAB_NEED NO_SUCH_ANSWER"}, {grown("REHAB_NEED=training,training"), "answers.REHAB_NEED NO_SUCH_ANSWER"}, {grown("REHAB_NEED=none,training"), "answers.REHAB_NEED ONE_ANSWER"},
		{replaced("R4_MARITAL=single,married"), "answers.R4_MARITAL ONE_ANSWER"},
		{replaced("EMPLOYMENT=none"), "answers.R18_LIVING_SOURCE REQUIRED, answers.R19_NOT_EMPLOYED REQUIRED"}, {said("R3_HUKOU=agricultural", "INCOME=middle"),
			"answers.EMPLOYMENT REQUIRED, answers.HOUSING REQUIRED, answers.R22_PENSION REQUIRED, answers.R23_MEDICAL REQUIRED, answers.R4_MARITAL REQUIRED, answers.REHAB_NEED REQUIRED, answers.RETROFIT_RECEIVED REQUIRED"},
		{grown("REHAB_NEED=none", "R31_ILL=1", "R33_UNTREATED=poor,far"), ""},
	} {
		if got := post(c.answers); got != c.want {
			t.Errorf("%v: %q, want %q", c.answers, got, c.want)
		}
	}
	whole := grown("REHAB_NEED=none")
	for name, c := range map[string]struct {
		body map[string]any
		year string
		want int
		code string
	}{
		"a day to come": {survey(person, "visit", "2023-03-29", whole), "2023", 422, "IN_FUTURE"}, "before the survey": {survey(person, "visit", "2022-12-31", whole), "2023", 422, "OUTSIDE_SURVEY"},
		"last year's until March": {survey(person, "window", "2023-03-28", whole), "2022", 201, ""}, "an old one": {survey(person, "visit", "2022-04-01", whole), "2021", 422, "OUTSIDE_SURVEY"},
		"no such mode": {survey(person, "dream", "2023-03-20", whole), "2023", 422, "INVALID_INPUT"}, "nobody": {survey(someID, "visit", "2023-03-20", whole), "2023", 404, "NOT_FOUND"},
		"no year": {survey(person, "visit", "2023-03-20", whole), "1999", 404, "NOT_FOUND"}, "no number": {survey(person, "visit", "2023-03-20", whole), "x", 404, "NOT_FOUND"},
	} {
		a := s.do("liaison.a", "POST", "/surveys/"+c.year+"/responses", c.body)
		if a.want(c.want); c.code != "" && a.text("code") != c.code {
			t.Errorf("%s: %s", name, a.body)
		}
	}
}

// rehabilitated gives somebody a rehabilitation service on a day.
func (s *service) rehabilitated(person, on string) {
	s.t.Helper()
	a := s.do("town.a", "POST", "/services", map[string]any{"kind": "rehab", "person_id": person, "opened_on": on, "need": map[string]any{"types": []any{map[string]any{"type": "training"}}}}).want(201)
	for _, step := range []struct {
		name     string
		evidence map[string]any
	}{
		{"assess", map[string]any{"institution": "区康复中心", "assessor": "甲", "findings": "需要"}}, {"plan", map[string]any{"items": []any{map[string]any{"item": "COUNSELLING"}}, "agreed_by": "person"}},
		{"serve", map[string]any{"item": "COUNSELLING", "institution": "区康复中心", "place": "home", "started_on": on, "sessions": 1, "cost_fen": 0, "payers": []any{map[string]any{"source": "project", "fen": 0}}, "signed_by": "person"}},
	} {
		a = s.do("town.a", "POST", "/services/"+a.text("id")+"/steps", map[string]any{"step": step.name, "on": on, "evidence": step.evidence}, "If-Match", a.version()).want(201)
	}
}

// TestNeedsFeedNextYear: a need of 2022 is the denominator of 2023, with who has died or left taken out; one found in 2023 waits for
// 2024 and its service is shown beside. The latest set of a year is what counts, from the day on which it was collected.
func TestNeedsFeedNextYear(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := s.holders(villageA, 100, 5, "1970-01-01", 4, 3)
	post := func(person, year, on string, answers []any) {
		s.clock.Set(s.clock.Now().Add(time.Minute))
		s.do("liaison.a", "POST", "/surveys/"+year+"/responses", survey(person, "visit", on, answers)).want(201)
	}
	for _, id := range ids[:3] {
		post(id, "2022", "2022-08-01", grown("REHAB_NEED=training"))
	}
	post(ids[3], "2022", "2022-08-01", grown("REHAB_NEED=device", "DEVICE_NEED=mobility"))
	query := func(indicator, day string) string { return "indicator=" + indicator + "&as_of=" + day }
	s.wantStands("stats", map[string]string{
		query("rehab_coverage", "2022-12-31"): "0/0 <nil> not_applicable, short by <nil>", query("rehab_coverage@current_year_need", "2022-12-31"): "0/4 0.00 unmet, short by 4",
		query("rehab_coverage", "2023-03-28"): "0/4 0.00 unmet, short by 4", query("device_fitting", "2023-03-28"): "0/1 0.00 unmet, short by 1", query("device_fitting", "2022-12-31"): "0/0 <nil> not_applicable, short by <nil>",
		query("device_fitting@current_year_need", "2022-07-31"): "0/0 <nil> not_applicable, short by <nil>", query("rehab_coverage", "2024-01-01"): "0/0 <nil> not_applicable, short by <nil>",
	})

	// a correction of last year's answers, a death, a service with the need and one without
	post(ids[0], "2022", "2023-03-10", grown("REHAB_NEED=none"))
	s.fact(ids[1], "death", true, "2023-02-01", "")
	s.rehabilitated(ids[2], "2023-03-20")
	post(ids[4], "2023", "2023-03-15", grown("REHAB_NEED=training"))
	s.rehabilitated(ids[4], "2023-03-21")
	s.wantStands("stats", map[string]string{
		query("rehab_coverage", "2023-03-28"): "1/2 50.00 unmet, short by 1", query("rehab_coverage", "2023-03-09"): "0/3 0.00 unmet, short by 3", query("rehab_coverage@current_year_need", "2023-03-28"): "1/1 100.00 met, short by 0",
		query("rehab_coverage@national_ratio", "2023-03-28"): "2/2 100.00 met, short by 0", query("rehab_coverage", "2024-06-30"): "0/1 0.00 unmet, short by 1", query("rehab_coverage@old_cbr", "2023-03-28"): "2/4 50.00 unmet, short by 2",
	})
	if row := s.indicatorRow("stats", query("rehab_coverage", "2023-03-28")); row["extra"] != 1.0 {
		t.Errorf("served without last year's need: %v", row)
	}
	page := s.do("liaison.a", "GET", "/indicators/rehab_coverage/persons?list=extra", nil).want(200).json()
	if items := page["items"].([]any); len(items) != 1 || items[0].(map[string]any)["person_id"] != ids[4] {
		t.Errorf("extra is %v", page)
	}
}

// TestRetrofitNeed: a home that needs a retrofit is in the denominator once its need was verified and the dwelling can be altered; what a
// survey says is where that begins.
func TestRetrofitNeed(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.holders(villageA, 100, 1, "1970-01-01", 4, 1)[0]
	home := s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": []any{map[string]any{"person_id": person, "relation": "head", "from": "2018-01-06"}}}).want(201).text("id")
	s.do("liaison.a", "POST", "/households/"+home+"/circumstances", map[string]any{"kind": "dwelling", "value": "own", "valid_from": "2018-01-06", "source": "入户"}).want(201)
	a := s.do("liaison.a", "POST", "/surveys/2022/responses", survey(person, "visit", "2022-08-01", grown("REHAB_NEED=none", "RETROFIT_NEED=yes", "R29_CARE=2"))).want(201)
	if needs := fmt.Sprint(a.json()["needs"]); needs != "[retrofit]" {
		t.Errorf("needs are %s", needs)
	}
	s.wantStands("stats", map[string]string{"indicator=retrofit_coverage": "0/0 <nil> not_applicable, short by <nil>", "indicator=retrofit_coverage@all_severe": "0/1 0.00 unmet, short by 1"})
	work := s.do("liaison.a", "POST", "/services", map[string]any{"kind": "retrofit", "household_id": home, "opened_on": "2023-01-10", "need": map[string]any{"survey_year": 2022, "items": []any{map[string]any{"item": "RAMP"}}}}).want(201)
	s.do("liaison.a", "POST", "/services/"+work.text("id")+"/steps", map[string]any{"step": "verify", "on": "2023-02-10", "evidence": map[string]any{"findings": "属实", "hardship": "dibao", "hardship_basis": "低保证", "willing": true}}, "If-Match", work.version()).want(201)
	s.wantStands("stats", map[string]string{"indicator=retrofit_coverage&as_of=2023-02-09": "0/0 <nil> not_applicable, short by <nil>", "indicator=retrofit_coverage": "0/1 0.00 unmet, short by 1"})
}

// TestSurveyProgress: who held a valid card on 30 September is due, by the village of that day, whoever asks and wherever they live now.
func TestSurveyProgress(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2022-08-10")
	ids := s.holders(villageA, 100, 4, "1970-01-01", 4, 3)
	beside := s.holders(villageB, 110, 1, "1970-01-01", 4, 3)[0]
	for i, mode := range []string{"visit", "visit", "phone"} {
		s.do("town.a", "POST", "/surveys/2022/responses", survey(ids[i], mode, "2022-08-05", grown("REHAB_NEED=none"))).want(201)
	}
	s.clock.Set(s.clock.Now().Add(time.Minute))
	s.do("town.a", "POST", "/surveys/2022/responses", survey(ids[2], "visit", "2022-08-06", grown("REHAB_NEED=none"))).want(201) // visited after all
	s.do("town.a", "POST", "/surveys/2022/responses", survey(beside, "window", "2022-08-06", grown("REHAB_NEED=none"))).want(201)
	s.at("2022-12-10")
	late := s.holders(villageA, 120, 1, "1970-01-01", 4, 3)[0] // entered later, the card is older
	s.moved(ids[0], villageB, "2022-11-01")
	s.fact(ids[3], "death", true, "2022-09-29", "")
	s.fact(late, "death", true, "2022-10-05", "")
	progress := func(user, query string) string {
		text := ""
		for _, raw := range s.do(user, "GET", "/surveys/2022/progress"+query, nil).want(200).json()["items"].([]any) {
			v := raw.(map[string]any)
			text += fmt.Sprintf("%v %v/%v visits %v phone %v window %v %v %v; ", v["area_code"], v["answered"], v["due"], v["visits"], v["phone"], v["window"], v["visit_share"], v["met"])
		}
		return text
	}
	first, second := villageA+" 3/4 visits 3 phone 0 window 0 100.00 true; ", villageB+" 1/1 visits 0 phone 0 window 1 0.00 false; "
	for user, want := range map[string]string{"cdpf": first + second, "stats": first + second, "town.a": first + second, "liaison.a": first, "liaison.b": second, "town.c": ""} {
		if got := progress(user, ""); got != want {
			t.Errorf("%s is told %s, want %s", user, got, want)
		}
	}
	s.do("town.a", "GET", "/surveys/2022/progress?area="+townC, nil).want(404)
}

// TestSurveyScope: answers are of those of the area; who is elsewhere is absent, who has died was no longer surveyed.
func TestSurveyScope(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := s.holders(villageA, 100, 2, "1970-01-01", 4, 3)
	body := survey(ids[0], "visit", "2023-03-20", grown("REHAB_NEED=none"))
	for _, user := range []string{"liaison.b", "town.c"} {
		s.do(user, "POST", "/surveys/2023/responses", body).want(404)
		s.do(user, "GET", "/surveys/2023/questionnaire?person_id="+ids[0], nil).want(404)
	}
	s.do("civil", "POST", "/surveys/2023/responses", body).want(403)
	s.fact(ids[1], "death", true, "2023-03-19", "")
	s.do("liaison.a", "POST", "/surveys/2023/responses", survey(ids[1], "visit", "2023-03-20", grown("REHAB_NEED=none"))).want(409, "DECEASED")
	s.do("liaison.a", "POST", "/surveys/2023/responses", survey(ids[1], "visit", "2023-03-19", grown("REHAB_NEED=none"))).want(201)
	s.do("liaison.a", "POST", "/surveys/2023/responses", body).want(201)
	for user, want := range map[string]int{"liaison.a": 2, "liaison.b": 0, "town.a": 2, "town.c": 0, "auditor": 2} {
		if n := len(s.do(user, "GET", "/surveys/2023/responses", nil).want(200).json()["items"].([]any)); n != want {
			t.Errorf("%s is shown %d sets, want %d", user, n, want)
		}
	}
}
