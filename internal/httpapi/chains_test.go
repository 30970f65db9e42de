package httpapi_test

import (
	"fmt"
	"slices"
	"testing"
)

// TestServiceChains reads what a form is made from: steps with their evidence, and the catalogue with categories, ages, caps, the
// edition of the codes, and the rows of the rescue programme.
func TestServiceChains(t *testing.T) {
	t.Parallel()
	s := start(t)
	chains := map[string]map[string]any{}
	entries := map[string]map[string]any{}
	for _, raw := range s.do("liaison.a", "GET", "/service-chains", nil).want(200).json()["items"].([]any) {
		c := raw.(map[string]any)
		chains[c["kind"].(string)] = c
		for _, e := range c["catalogue"].([]any) {
			entry := e.(map[string]any)
			if entry["source"] == "" || entry["name"] == "" {
				t.Errorf("without a source: %v", entry)
			}
			entries[fmt.Sprint(c["kind"], " ", entry["code"])] = entry
		}
	}
	for code, want := range map[string]string{
		"rehab CATARACT":       "[1] 7 <nil> true", // 白内障: visual, from seven years on
		"rehab MOTOR_TRAINING": "[4] <nil> 17 true",
		"rehab LECTURE":        "<nil> <nil> <nil> false",
	} {
		e := entries[code]
		if got := fmt.Sprintf("%v %v %v %v", e["categories"], e["age_from"], e["age_to"], e["counts"]); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
	if e := entries["device 122203"]; e["edition"] != 2016.0 || e["cap_fen"] != 120000.0 || e["years"] != 4.0 || e["assessment"] != true || e["loan"] != true {
		t.Errorf("a manual wheelchair: %v; want edition 2016, 1,200 yuan, four years (北京市2018)", e)
	}
	if e := entries["retrofit BATH"]; e["device"] != "093307" {
		t.Errorf("a bath chair: %v", e)
	}
	rows := map[string]string{}
	for _, raw := range chains["rehab"]["rescue"].([]any) {
		r := raw.(map[string]any)
		rows[r["code"].(string)] = fmt.Sprint(r["from"], " ", r["age_from"], "-", r["age_to"], " ", r["annual_cap_fen"], " ", r["max_years"], " ", r["residents"])
	}
	for code, want := range map[string]string{ // in fen; 淄博市2018-12, 山东省2026
		"ZIBO_2018": "2018-12-13 0-17 1.5e+06 <nil> true", "SD_2026_YOUNG": "2026-01-01 0-6 2e+06 <nil> true", "SD_2026_OLDER": "2026-01-01 7-17 1.5e+06 <nil> true",
		"SD_2026_MIXED": "2026-01-01 7-17 500000 <nil> true", "SD_2026_VISION": "2026-01-01 0-17 600000 2 true",
	} {
		if rows[code] != want {
			t.Errorf("%s: %s, want %s", code, rows[code], want)
		}
	}
}

// TestRehabFile is the record of a person's rehabilitation (康复服务档案): referred in, assessed, planned, served with place, staff,
// sessions, money and papers, referred out and answered, completed, evaluated and visited.
func TestRehabFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 2, nil)
	c := s.open("liaison.a", "rehab", id, "2019-01-05", `{"survey_year":2018,"types":[{"type":"training"},{"type":"nursing"}],"referred_by":"镇卫生院"}`)
	paper := c.attached("liaison.a", 1)
	if next := c.next("liaison.a"); !slices.Equal(next, []string{"assess", "deceased", "moved", "not_suitable", "refuse"}) {
		t.Errorf("the liaison may %v", next)
	}
	c.take("liaison.a", "assess", "2019-01-08", fmt.Sprintf(`{"institution":"区康复中心","assessor":"甲","findings":"步态不稳","items":[{"item":"THERAPY"}],"files":[%q]}`, paper))
	if next := c.next("cdpf"); !slices.Contains(next, "approve_rescue") || slices.Contains(c.next("town.a"), "approve_rescue") || len(c.next("auditor")) != 0 {
		t.Errorf("the district may %v, the town %v, the auditor %v", next, c.next("town.a"), c.next("auditor"))
	}
	c.take("town.a", "plan", "2019-01-10", planOf("THERAPY"))
	c.take("liaison.a", "serve", "2019-03-05", fmt.Sprintf(`{"item":"THERAPY","institution":"区康复中心","place":"home","started_on":"2019-02-01","sessions":12,"staff":"乙",
		"cost_fen":30000,"payers":[{"source":"insurance","fen":20000},{"source":"project","fen":9000},{"source":"self","fen":1000}],"signed_by":"person","files":[%q]}`, paper))
	c.take("town.a", "refer_out", "2019-03-10", `{"to":"市康复医院","reason":"需进一步治疗"}`)
	c.take("town.a", "referral_answered", "2019-03-20", `{"answer":"accepted","outcome":"已住院"}`)
	c.refused(409, "NO_REFERRAL", "town.a", "referral_answered", "2019-03-21", `{"answer":"declined"}`)
	c.take("liaison.a", "complete", "2019-06-01", "")
	c.refused(409, "WRONG_STATE", "liaison.a", "refuse", "2019-06-02", `{"reason":"x","signed_by":"person"}`)
	c.take("town.a", "evaluate", "2019-06-10", `{"outcome":"maintained","satisfaction":"4","note":"继续家庭训练"}`).take("liaison.a", "follow_up", "2019-09-01", `{"findings":"坚持训练"}`).state("EVALUATED")
	taken := []string{}
	for _, raw := range s.do("auditor", "GET", c.path, nil).want(200).json()["steps"].([]any) {
		step := raw.(map[string]any)
		taken = append(taken, fmt.Sprint(step["seq"], step["step"], " ", step["on"], " ", step["role"]))
	}
	want := []string{"1assess 2019-01-08 village_liaison", "2plan 2019-01-10 town_officer", "3serve 2019-03-05 village_liaison", "4refer_out 2019-03-10 town_officer",
		"5referral_answered 2019-03-20 town_officer", "6complete 2019-06-01 village_liaison", "7evaluate 2019-06-10 town_officer", "8follow_up 2019-09-01 village_liaison"}
	if !slices.Equal(taken, want) {
		t.Errorf("the file says %v, want %v", taken, want)
	}
	// served without a need of the year before: beside the rate
	s.wantRate(rehabRate, yearEnd19, 0, 0)
	s.wantPart(rehabRate, yearEnd19, "extra", id)
	s.wantRate(rehabRate+"@old_cbr", yearEnd19, 1, 1)
}

// wantPages reads a list page by page: so many items, each once.
func (s *service) wantPages(path string, want int) {
	s.t.Helper()
	seen, cursor := map[string]bool{}, ""
	for more := true; more; {
		page := s.do("town.a", "GET", path+"?limit=2"+cursor, nil).want(200).json()
		for _, raw := range page["items"].([]any) {
			id := raw.(map[string]any)["id"].(string)
			if seen[id] {
				s.t.Errorf("%s lists %s twice", path, id)
			}
			seen[id] = true
		}
		var next string
		next, more = page["next_cursor"].(string)
		cursor = "&cursor=" + next
	}
	if len(seen) != want {
		s.t.Errorf("%s has %d items page by page, want %d", path, len(seen), want)
	}
}

// TestPagesOfHouseholds: and of what else is listed by its id.
func TestPagesOfHouseholds(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := range 3 {
		s.at("2018-07-01")
		id := s.born("liaison.a", villageA, n, "1970-01-01", 4, 2, nil)
		s.household(id)
		s.do("town.a", "POST", "/facilities", map[string]any{"area_code": villageA, "name": fmt.Sprint("便民服务中心", n), "kind": "government"}).want(201)
		s.surveyed(id, 2018, "2018-08-01", needsNothing)
	}
	for _, path := range []string{"/households", "/facilities", "/surveys/2018/responses"} {
		s.wantPages(path, 3)
	}
}

// next are the steps that somebody may take now, in order of their names.
func (c *chain) next(user string) (steps []string) {
	c.s.t.Helper()
	for _, raw := range c.s.do(user, "GET", c.path, nil).want(200).json()["next"].([]any) {
		steps = append(steps, raw.(map[string]any)["step"].(string))
	}
	slices.Sort(steps)
	return steps
}

// TestServiceLists: a queue by kind, state and area, page by page.
func TestServiceLists(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-01-04")
	a := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 2, nil)
	b := s.born("liaison.b", villageB, 2, "1970-01-01", 4, 2, nil)
	s.open("liaison.a", "rehab", a, "2019-01-05", training).take("liaison.a", "moved", "2019-01-05", "")
	s.open("liaison.a", "rehab", a, "2019-01-05", training)
	s.open("liaison.a", "device", a, "2019-01-05", deviceNeed("120312", "grant", 1)).take("liaison.a", "village_check", "2019-01-05", `{"findings":"属实"}`)
	s.open("liaison.b", "rehab", b, "2019-01-05", training)
	count := func(user, query string) int {
		return len(s.do(user, "GET", "/services?"+query, nil).want(200).json()["items"].([]any))
	}
	for _, tt := range []struct {
		user, query string
		want        int
	}{{"town.a", "", 4}, {"town.a", "kind=rehab", 3}, {"town.a", "kind=device&state=VILLAGE_CHECKED", 1}, {"town.a", "area=" + villageB, 1}, {"liaison.a", "", 3}, {"liaison.b", "person_id=" + a, 0},
		{"town.c", "", 0}, {"cdpf", "person_id=" + a, 3}} {
		if got := count(tt.user, tt.query); got != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.user, tt.query, got, tt.want)
		}
	}
	s.wantPages("/services", 4)
	s.do("liaison.a", "GET", "/services?area="+villageB, nil).want(404)
	s.do("town.a", "GET", "/services?kind=magic", nil).want(400, "BAD_PARAMETER")
}
