package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestNothingBeforeBirth: nobody applies or holds a card before he is born.
func TestNothingBeforeBirth(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	p := s.person("liaison.a", villageA, 11, 1).want(201) // born on 1 January 1970
	apply := func(day string) answer {
		return s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": p.text("id"), "programme": nursing, "applied_on": day, "applicant": map[string]any{"relation": "self"}})
	}
	if got := apply("1969-12-31").want(422, "BEFORE_BIRTH"); got.json()["errors"].([]any)[0].(map[string]any)["field"] != "applied_on" {
		t.Errorf("refused beside another field: %s", got.body)
	}
	apply("1950-05-01").want(422, "BEFORE_BIRTH")
	card := func(n int, issued string) map[string]any {
		return map[string]any{"number": number(n) + "41", "category": 4, "level": 1, "issued_on": issued}
	}
	for _, day := range []string{"1800-01-01", "1969-12-31"} {
		got := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀12", "id_number": number(12), "hukou_area_code": villageA, "hukou_type": "agricultural", "certificate": card(12, day)})
		if got.want(422, "BEFORE_BIRTH").json()["errors"].([]any)[0].(map[string]any)["field"] != "certificate.issued_on" {
			t.Errorf("refused beside another field: %s", got.body)
		}
	}
	child := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀12", "id_number": number(12), "hukou_area_code": villageA, "hukou_type": "agricultural", "record_type": "RECOVERING", "diagnosis": "骨折"}).want(201)
	s.do("liaison.a", "POST", "/persons/"+child.text("id")+"/certificates", card(12, "1969-12-31")).want(422, "BEFORE_BIRTH")
	s.do("liaison.a", "POST", "/persons/"+child.text("id")+"/certificates", card(12, "1970-01-01")).want(201)
}

// TestAppliedLongBefore: a day of application that lies long before it was entered is said to who decides; one within the days of the pack is not.
func TestAppliedLongBefore(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	for day, warned := range map[string]bool{"2023-03-28": false, "2023-02-26": false, "2023-02-25": true, "2020-02-03": true} {
		p := s.person("liaison.a", villageA, 11+len(day)+int(day[3])+int(day[9]), 1).want(201).text("id")
		id := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": p, "programme": nursing, "applied_on": day, "applicant": map[string]any{"relation": "self"}}).want(201).text("id")
		s.at("2023-06-28") // it is the day of entry that counts
		got := s.do("town.a", "GET", "/applications/"+id, nil).want(200)
		s.at("2023-03-28")
		warnings, _ := got.json()["warnings"].([]any)
		if (len(warnings) == 1) != warned {
			t.Errorf("applied on %s: %s", day, got.body)
		}
		if warned {
			w := warnings[0].(map[string]any)
			if w["code"] != "APPLIED_LONG_BEFORE" || !strings.Contains(fmt.Sprint(w["message"]), day) {
				t.Errorf("applied on %s: %v", day, w)
			}
		}
	}
}
