package httpapi_test

import (
	"strings"
	"testing"
)

// TestNewRecordsSayWhereTheyAre: an answer that promises where the new record is says it, again to a repeat, and the record is there.
func TestNewRecordsSayWhereTheyAre(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := map[string]any{"name": "金丝雀一", "hukou_area_code": villageA, "hukou_type": "agricultural", "birth_date": "2016-05-01", "sex": "female"}
	for range 2 {
		made := s.do("liaison.a", "POST", "/persons", person, "Idempotency-Key", "where").want(201)
		at, ok := strings.CutPrefix(made.header.Get("Location"), "/api/v1")
		if !ok || at != "/persons/"+made.text("id") {
			t.Fatalf("the new record is at %q", made.header.Get("Location"))
		}
		if read := s.do("liaison.a", "GET", at, nil).want(200); read.text("id") != made.text("id") {
			t.Errorf("at %s stands %s", at, read.body)
		}
	}
}

// TestEmptyObjectIsNoBody: programs that send {} where there is nothing to say are understood, and anything else is not.
func TestEmptyObjectIsNoBody(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 1, 1).want(201).text("id")
	draft := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": person, "programme": "nursing_subsidy",
		"applied_on": "2023-03-28", "applicant": map[string]any{"relation": "self"}}).want(201)
	submit := "/applications/" + draft.text("id") + "/submit"
	s.do("liaison.a", "POST", submit, `{"note":"x"}`, "If-Match", draft.version()).want(400, "BAD_JSON")
	s.do("liaison.a", "POST", submit, "[]", "If-Match", draft.version()).want(400, "BAD_JSON")
	first := s.do("liaison.a", "POST", submit, " {\n}", "If-Match", draft.version(), "Idempotency-Key", "sent").want(200)
	if repeat := s.do("liaison.a", "POST", submit, nil, "If-Match", draft.version(), "Idempotency-Key", "sent").want(200); repeat.text("id") != first.text("id") {
		t.Errorf("without a body it is another request: %s", repeat.body)
	}
}
