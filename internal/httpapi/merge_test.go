package httpapi_test

import (
	"fmt"
	"testing"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
)

// indicatorRows are the rows of an answer about indicators.
func (s *service) indicatorRows(user, query string) (list []map[string]any) {
	s.t.Helper()
	for _, raw := range s.do(user, "GET", "/indicators/values?"+query, nil).want(200).json()["items"].([]any) {
		list = append(list, raw.(map[string]any))
	}
	return list
}

// indicatorRow is the one row of an answer, or the one of a group or area.
func (s *service) indicatorRow(user, query string, group ...string) map[string]any {
	s.t.Helper()
	for _, row := range s.indicatorRows(user, query) {
		if len(group) == 0 || row["group"] == group[0] || row["group"] == nil && row["area_code"] == group[0] {
			return row
		}
	}
	s.t.Fatalf("no row for %v in %s", group, query)
	return nil
}

// stands writes a row as covered/denominator rate light, and by how many it is short.
func stands(row map[string]any) string {
	return fmt.Sprintf("%v/%v %v %v, short by %v", row["numerator"], row["denominator"], row["rate"], row["light"], row["short_by"])
}

// moved changes the managing village of a person from a day on.
func (s *service) moved(person, to, from string) {
	s.t.Helper()
	now := s.do("town.a", "GET", "/persons/"+person, nil).want(200)
	s.do("town.a", "PATCH", "/persons/"+person, map[string]any{"managing_area_code": to, "effective_on": from}, "If-Match", now.version()).want(200)
}

const nursingQuery = "indicator=nursing_subsidy_coverage"

// TestMergedVillage: a village that was merged into its neighbour keeps last year's rate on last year's tree; today's rate is the
// neighbour's. Who has not been moved yet is counted openly. What was known before the merger was entered stays as it was said.
func TestMergedVillage(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2022-01-10")
	old := s.person("liaison.a", villageA, 600, 1).want(201).text("id") // covered from January
	s.granted(old, nursing, "2022-01-10", "2022-01-12")
	var others []string
	for n := range 3 {
		others = append(others, s.do("liaison.b", "POST", "/persons", map[string]any{"name": fmt.Sprint("金丝雀", 601+n), "id_number": number(601 + n), "hukou_area_code": villageB,
			"hukou_type": "agricultural", "certificate": map[string]any{"number": number(601+n) + "41", "category": 4, "level": 1, "issued_on": "2020-01-06"}}).want(201).text("id"))
	}
	s.at("2023-03-28")
	before := s.indicatorRows("stats", nursingQuery+"&by=tree&area="+townA)
	end := area.Division{Code: villageB, Name: "乙社区", ValidFrom: calendar.MustDate("2016-01-01"), ValidTo: calendar.MustDate("2022-12-31"), Successor: villageA}
	s.clock.Set(s.clock.Now().Add(60e9))
	for _, want := range []int{1, 0} { // the same file again changes nothing, and the first one does not undo it
		if n, err := s.desk.ImportDivisions(t.Context(), systemActor, []area.Division{end}); err != nil || n != want {
			t.Fatalf("%d divisions changed, want %d (%v)", n, want, err)
		}
		end.ValidTo, end.Successor = calendar.Date{}, ""
	}
	town := area.Division{Code: townA, Name: "闻韶街道", ValidFrom: calendar.MustDate("2016-01-01"), ValidTo: calendar.MustDate("2022-12-31")}
	if _, err := s.desk.ImportDivisions(t.Context(), systemActor, []area.Division{town}); !fault.Is(err, "DIVISION_NOT_EMPTY") {
		t.Errorf("a town ended while its villages go on: %v", err)
	}
	s.moved(others[0], villageA, "2023-01-01")
	s.moved(others[1], villageA, "2023-01-01")

	for _, c := range []struct{ day, village, want string }{
		{"2022-12-31", villageA, "1/1 100.00 met, short by 0"}, {"2022-12-31", villageB, "0/3 0.00 unmet, short by 3"}, {"2022-12-31", townA, "1/4 25.00 unmet, short by 3"},
		{"2023-03-28", villageA, "1/3 33.33 unmet, short by 2"}, {"2023-03-28", "unplaced", "0/1 0.00 unmet, short by 1"}, {"2023-03-28", townA, "1/4 25.00 unmet, short by 3"},
	} {
		if got := stands(s.indicatorRow("stats", nursingQuery+"&by=tree&area="+townA+"&as_of="+c.day, c.village)); got != c.want {
			t.Errorf("%s on %s: %s, want %s", c.village, c.day, got, c.want)
		}
	}
	for _, row := range s.indicatorRows("stats", nursingQuery+"&by=tree&area="+townA) {
		if row["area_code"] == villageB {
			t.Errorf("the merged village is in today's tree: %v", row)
		}
	}
	if after := s.indicatorRows("stats", nursingQuery+"&by=tree&area="+townA+"&known_at=2023-03-28T04:00:00Z"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("as known before the merger was entered:\n%v\nthen it was\n%v", after, before)
	}
	s.do("stats", "GET", "/areas/"+villageB+"?as_of=2022-12-31", nil).want(200)
	s.do("stats", "GET", "/areas/"+villageB, nil).want(404)

	// the names of last year's number are shown to whose they are now
	names := func(user string) string {
		page := s.do(user, "GET", "/indicators/nursing_subsidy_coverage/persons?list=gap&as_of=2022-12-31", nil).want(200).json()
		return fmt.Sprintf("%v, %v elsewhere, %d named", page["total"], page["elsewhere"], len(page["items"].([]any)))
	}
	for user, want := range map[string]string{"liaison.b": "3, 2 elsewhere, 1 named", "liaison.a": "0, 0 elsewhere, 0 named", "town.a": "3, 0 elsewhere, 3 named"} {
		if got := names(user); got != want {
			t.Errorf("%s: %s, want %s", user, got, want)
		}
	}
}
