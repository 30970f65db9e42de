package httpapi_test

import "testing"

// TestBlankReasonsAreNone: a reason of which nothing can be seen is refused like an empty one, whatever it is made of.
func TestBlankReasonsAreNone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-05")
	id := s.person1(950, 1)
	s.granted(id, nursing, "2023-01-06", "2023-01-09")
	a := s.do("civil", "GET", "/awards?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)["id"].(string)
	for _, reason := range []string{"", " ", "　", "\u200b", " \t\n", "\ufeff\u2060"} {
		for _, act := range []string{"void", "suspend", "end"} {
			body := map[string]any{"reason": reason}
			if act != "void" {
				body["month"] = "2023-03"
			}
			answer := s.do("civil", "POST", "/awards/"+a+"/"+act, body, "If-Match", `"1"`)
			if answer.status != 422 && answer.status != 400 {
				t.Errorf("%s for %q: %d %s", act, reason, answer.status, answer.body)
			}
		}
		s.do("hotline", "POST", "/tickets", map[string]any{"channel": "phone", "kind": "complaint", "text": reason}).want(422)
	}
}

// TestApprovedForAReasonAgainst: a reason to refuse and a decision to approve are no decision.
func TestApprovedForAReasonAgainst(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-05")
	app := s.applied(s.person1(950, 1), nursing, "2023-01-06")
	for _, against := range []map[string]any{{"reason_code": "MATERIAL_MISSING"}, {"fields": []string{"bank_account"}}} {
		against["decision"] = "approve"
		if a := s.decide("town.a", app, against).want(422); a.json()["errors"].([]any)[0].(map[string]any)["code"] != "REASON_AGAINST" {
			t.Errorf("refused with %s", a.body)
		}
	}
	s.decide("town.a", app, map[string]any{"decision": "approve", "reason": "材料齐全"}).want(200)
}

// TestMistypedNumberIsNamed: whoever mistypes a number is told of the number, not of a date that he need not give with a right one.
func TestMistypedNumberIsNamed(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-05")
	body := map[string]any{"name": "错号", "id_number": "370305198001011234", "hukou_type": "agricultural", "hukou_area_code": villageA, "residence_area_code": villageA, "managing_area_code": villageA}
	a := s.do("liaison.a", "POST", "/persons", body).want(422)
	if f := a.json()["errors"].([]any)[0].(map[string]any); f["code"] != "ID_CHECK" || f["field"] != "id_number" {
		t.Errorf("refused with %s", a.body)
	}
}

// TestLaterYearsHaveNoNumbers: of years that are far there are no rates, which a wrong digit would ask for.
func TestLaterYearsHaveNoNumbers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	for _, at := range []string{"/indicators/values?", "/indicators/medical_enrolment/persons?"} {
		s.do("cdpf", "GET", at+"as_of=2024-12-31", nil).want(200)
		for _, day := range []string{"2025-01-01", "2032-03-28"} {
			if a := s.do("cdpf", "GET", at+"as_of="+day, nil).want(422); a.json()["errors"].([]any)[0].(map[string]any)["code"] != "IN_FUTURE" {
				t.Errorf("%s of %s: %s", at, day, a.body)
			}
		}
	}
}
