package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestAllowedValuesAreNamed: whoever sends a value that its kind does not have is told which it has, and each that is named is taken.
func TestAllowedValuesAreNamed(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(650, 1)
	home := s.household(person)
	wrong := func(path, kind string, value any) (map[string]any, string) {
		t.Helper()
		a := s.do("cdpf", "POST", path, map[string]any{"kind": kind, "value": value, "valid_from": "2022-05-01", "source": "民政"}, "Accept-Language", "en").want(422, "VALUE_NOT_OF_KIND")
		return items(a, "errors")[0], a.text("detail")
	}
	facts, ofHome := "/persons/"+person+"/circumstances", "/households/"+home+"/circumstances"
	for _, tt := range []struct {
		path, kind string
		value      any
		allowed    string
	}{
		{facts, "tekun", "nonsense", "[true false unknown dispersed institution]"}, {facts, "tekun", 5, "[true false unknown dispersed institution]"},
		{facts, "other_benefit", true, "[elder_living elder_nursing gaoling elder_service retired_care duty_injury_living veteran_nursing]"},
		{ofHome, "dangerous_house", "B", "[true false unknown D C]"},
		{facts, "other_benefit", map[string]any{"sort": "gaoling", "monthly_amount_fen": -1}, "<nil>"},
	} {
		e, detail := wrong(tt.path, tt.kind, tt.value)
		if got := fmt.Sprint(e["allowed"]); got != tt.allowed || e["field"] != "value" {
			t.Errorf("%s: allowed are %s of %v, want %s", tt.kind, got, e["field"], tt.allowed)
		}
		if list, some := e["allowed"].([]any); some && !strings.Contains(detail, fmt.Sprint(list[len(list)-1])) {
			t.Errorf("%s: %q does not name them", tt.kind, detail)
		}
	}
	enum := s.do("cdpf", "POST", "/persons/"+person+"/circumstances", map[string]any{"kind": "marriage", "value": true, "valid_from": "2022-05-01", "source": "民政"}).want(422)
	if e := items(enum, "errors")[0]; e["code"] != "NOT_ALLOWED" || e["field"] != "kind" || !strings.Contains(fmt.Sprint(e["allowed"]), "dibao_edge") {
		t.Errorf("an unknown kind is refused with %v", e)
	}
	for kind, value := range map[string]any{"tekun": "nonsense", "other_benefit": true, "care_programme": "nonsense", "veteran": "nonsense"} {
		e, _ := wrong(facts, kind, value)
		for i, one := range e["allowed"].([]any) {
			body := map[string]any{"kind": kind, "value": one, "valid_from": fmt.Sprintf("202%d-01-01", i), "valid_to": fmt.Sprintf("202%d-01-31", i), "source": "民政"}
			if one == "true" || one == "false" {
				body["value"] = one == "true"
			}
			if a := s.do("cdpf", "POST", facts, body); a.status != 201 && a.text("code") != "OVERLAPS" {
				t.Errorf("%s %v: %d %s", kind, one, a.status, a.body)
			}
		}
	}
}
