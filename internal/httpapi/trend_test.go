package httpapi_test

import (
	"fmt"
	"testing"
	"time"
)

// TestTrend: a point a month at its end, the last one today; each is the value of that day, and how many are still missing.
func TestTrend(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-05")
	var ids []string
	for n := range 3 {
		ids = append(ids, s.person("liaison.a", villageA, 610+n, 2).want(201).text("id"))
	}
	s.granted(ids[0], nursing, "2023-02-10", "2023-02-12")
	s.granted(ids[1], nursing, "2023-03-10", "2023-03-12")
	var got []string
	for _, raw := range s.do("town.a", "GET", "/indicators/nursing_subsidy_coverage/trend?from=2023-01&to=2023-04", nil).want(200).json()["items"].([]any) {
		p := raw.(map[string]any)
		row := p["value"].(map[string]any)
		got = append(got, fmt.Sprint(p["on"], " ", stands(row)))
		if day := s.indicatorRow("town.a", nursingQuery+"&as_of="+p["on"].(string)); fmt.Sprint(day) != fmt.Sprint(row) {
			t.Errorf("on %s the trend says %v, the day itself %v", p["on"], row, day)
		}
	}
	want := []string{"2023-01-31 0/3 0.00 unmet, short by 3", "2023-02-28 1/3 33.33 unmet, short by 2", "2023-03-12 2/3 66.66 unmet, short by 1"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("trend %q, want %q", got, want)
	}
	told := s.clock.Now().UTC().Format(time.RFC3339)
	s.clock.Set(s.clock.Now().Add(time.Minute))
	s.fact(ids[0], "tekun", true, "2022-12-01", "")
	trend := func(query string) string {
		text := ""
		for _, raw := range s.do("stats", "GET", "/indicators/nursing_subsidy_coverage/trend?from=2023-01&to=2023-03&area="+townA+query, nil).want(200).json()["items"].([]any) {
			row := raw.(map[string]any)["value"].(map[string]any)
			text += fmt.Sprint(row["numerator"], "/", row["denominator"], " ")
		}
		return text
	}
	if now, then := trend(""), trend("&known_at="+told); now != "0/2 0/2 1/2 " || then != "0/3 1/3 2/3 " {
		t.Errorf("once 特困 is known the trend is %q, as known before %q", now, then)
	}
	s.do("town.a", "GET", "/indicators/nursing_subsidy_coverage/trend?from=2023-05&to=2023-04", nil).want(422)
	s.do("town.a", "GET", "/indicators/nursing_subsidy_coverage/trend?from=2018-01&to=2023-01", nil).want(422)
	for _, query := range []string{"from=2023-13", "from=2023-01&to=2023-99", "from=0000-01", "to=2023-1"} {
		s.do("town.a", "GET", "/indicators/nursing_subsidy_coverage/trend?"+query, nil).want(400, "BAD_PARAMETER")
	}
	for _, key := range []string{"nursing_subsidy_coverage", "dangerous_house_conversion", "income_growth"} {
		s.do("town.a", "GET", "/indicators/"+key+"/trend?to=1800-05", nil).want(422)
	}
	s.do("town.a", "GET", "/indicators/nursing_subsidy_coverage/trend?from=1800-01&to=1800-05", nil).want(200)
	s.do("town.c", "GET", "/indicators/nursing_subsidy_coverage/trend?area="+townA, nil).want(404)
	s.do("town.a", "GET", "/indicators/nonsense/trend", nil).want(404)
}

// TestTrendFromOutside: a figure that nobody has entered is missing in every month, and not 0; facilities are counted by their last
// inspection where no figure of the year stands, and a list that has just been begun does not take its place.
func TestTrendFromOutside(t *testing.T) {
	t.Parallel()
	s := start(t)
	lights := func(indicator string) string {
		text := ""
		for _, raw := range s.do("stats", "GET", "/indicators/"+indicator+"/trend?from=2022-12&to=2023-03", nil).want(200).json()["items"].([]any) {
			row := raw.(map[string]any)["value"].(map[string]any)
			text += fmt.Sprint(row["rate"], " ", row["light"], "; ")
		}
		return text
	}
	const missing = "<nil> missing; <nil> missing; <nil> missing; <nil> missing; "
	if got := lights("income_growth") + lights("facility_accessibility"); got != missing+missing {
		t.Errorf("before anything is entered: %s", got)
	}
	for year, fen := range map[int]int{2015: 1000000, 2020: 2000000} {
		s.do("stats", "POST", "/external-figures", map[string]any{"indicator": "income_growth", "year": year, "income_fen": fen, "source_doc": "抽样调查"}).want(201)
	}
	s.do("cdpf", "POST", "/external-figures", map[string]any{"indicator": "facility_accessibility", "year": 2022, "numerator": 81, "denominator": 100, "source_doc": "住建函"}).want(201)
	hall := s.do("town.a", "POST", "/facilities", map[string]any{"area_code": villageA, "name": "便民服务中心", "kind": "government"}).want(201).text("id")
	s.do("town.a", "POST", "/facilities/"+hall+"/inspections", map[string]any{"inspected_on": "2023-02-10", "standard": "GB 50763-2012", "compliant": false}).want(201)
	s.do("town.a", "POST", "/facilities/"+hall+"/inspections", map[string]any{"inspected_on": "2023-03-10", "standard": "GB 50763-2012", "compliant": true}).want(201)
	if got := lights("income_growth"); got != "14.86 met; 14.86 met; 14.86 met; 14.86 met; " { // the fifth root of 2 is 1.14869
		t.Errorf("income: %s", got)
	}
	if got := lights("facility_accessibility"); got != "81.00 met; <nil> missing; 0.00 unmet; 100.00 met; " {
		t.Errorf("facilities: %s", got)
	}
	s.do("cdpf", "POST", "/external-figures", map[string]any{"indicator": "facility_accessibility", "year": 2023, "numerator": 70, "denominator": 100, "source_doc": "住建函"}).want(201)
	if got := lights("facility_accessibility"); got != "81.00 met; 70.00 unmet; 70.00 unmet; 70.00 unmet; " {
		t.Errorf("facilities with a figure of the year: %s", got)
	}
}
