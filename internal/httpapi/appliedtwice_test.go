package httpapi_test

import (
	"strings"
	"testing"
)

// TestAppliedForWhatRuns: who receives a benefit and applies for it again is told so when the application is handed in, and the draft keeps its
// day until it is known that the right has ended.
func TestAppliedForWhatRuns(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(840, 1)
	s.granted(id, living, "2023-01-05", "2023-01-10")
	s.at("2023-05-20")
	draft := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": id, "programme": living, "applied_on": "2023-05-20", "applicant": map[string]any{"relation": "self"}}).want(201)
	submit := func(headers ...string) answer {
		return s.do("liaison.a", "POST", "/applications/"+draft.text("id")+"/submit", nil, append(headers, "If-Match", draft.version())...)
	}
	refused := submit("Idempotency-Key", "840-once").want(409, "ALREADY_AWARDED")
	if detail := refused.text("detail"); !strings.Contains(detail, "2023-01") || strings.Contains(detail, "暂停") {
		t.Errorf("the liaison is told: %s", detail)
	}
	s.onRight("town.a", id, "suspend", map[string]any{"from_month": "2023-06", "reason": "未复核"}).want(200)
	if detail := submit().want(409, "ALREADY_AWARDED").text("detail"); !strings.Contains(detail, "暂停") {
		t.Errorf("of a right that is suspended: %s", detail)
	}
	if detail := s.do("liaison.a", "POST", "/applications/"+draft.text("id")+"/submit", nil, "If-Match", draft.version(), "Accept-Language", "en").want(409, "ALREADY_AWARDED").text("detail"); !strings.Contains(detail, "suspended") {
		t.Errorf("in English: %s", detail)
	}
	if again := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": id, "programme": living, "applied_on": "2023-05-20", "applicant": map[string]any{"relation": "self"}}); again.want(409, "DUPLICATE_APPLICATION").text("detail") == "" {
		t.Error("a second draft is refused without a word")
	}
	s.at("2023-06-02")
	s.endFact(id, "dibao", "2023-04-10") // recorded late; again from June
	s.fact(id, "dibao", true, "2023-06-01", "")
	app := submit("Idempotency-Key", "840-again").want(200)
	submit("Idempotency-Key", "840-again").want(200) // sent again after a broken line
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
}

// TestAppliedAgainForWhatHasEnded: whoever's right has ended, or ends, applies again; also one whose end was taken back meanwhile is told.
func TestAppliedAgainForWhatHasEnded(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(841, 1)
	s.granted(id, living, "2023-01-05", "2023-01-10")
	s.at("2023-05-20")
	w := s.right(id)
	s.onRight("town.a", id, "end", map[string]any{"last_month": "2023-06", "reason": "自愿停发"}).want(200)
	app := s.applied(id, living, "2023-05-21")
	returned := s.decide("town.a", app, map[string]any{"decision": "return", "reason": "补材料"}).want(200)
	s.do("civil", "POST", "/awards/"+w["id"].(string)+"/reinstate", map[string]any{"from_month": "2023-07", "document": "x", "reason": "记错"}, "If-Match", `"2"`).want(200)
	s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/resubmit", map[string]any{}, "If-Match", returned.version()).want(409, "ALREADY_AWARDED")
	s.onRight("town.a", id, "end", map[string]any{"last_month": "2023-06", "reason": "自愿停发"}).want(200)
	app = s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/resubmit", map[string]any{}, "If-Match", returned.version()).want(200)
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	s.at("2023-08-05")
	s.wantOwes(id, living, 18500, 18500, 18500, 18500, 18500, 18500, 18500, 18500)
}
