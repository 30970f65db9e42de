package httpapi_test

import (
	"testing"

	"zhucan/internal/idnum"
)

func checkCharacter(body string) (byte, bool) { return idnum.CheckCharacter(body) }

// TestMainJob is the whole main job over HTTP: a liaison enters a case, a town officer approves it, a statistician
// reads the rate, an auditor sees who did it.
func TestMainJob(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.person("liaison.a", villageA, 1, 1).want(201)
	id := p.text("id")
	s.do("liaison.a", "POST", "/persons/"+id+"/circumstances", map[string]any{"kind": "dibao", "value": true, "valid_from": "2022-01-01", "source": "区民政局"}).want(201)

	values := func() map[string]any {
		rows := s.do("stats", "GET", "/indicators/values?as_of=2023-03-31&indicator=living_allowance_coverage", nil).want(200).json()["items"].([]any)
		return rows[0].(map[string]any)
	}
	if v := values(); v["numerator"] != 0.0 || v["denominator"] != 1.0 || v["rate"] != "0.00" || v["met"] != false {
		t.Errorf("before: %v, want 0 of 1", v)
	}
	verdict := s.do("liaison.a", "GET", "/persons/"+id+"/eligibility?as_of=2023-03-28", nil).want(200).json()["programmes"].([]any)
	for i, fen := range []float64{18500, 16700} {
		if p := verdict[i].(map[string]any); p["eligible"] != true || p["monthly_amount_fen"] != fen {
			t.Errorf("eligibility %d: %v, want %v fen", i, p, fen)
		}
	}

	app := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": id, "programme": "living_allowance", "applied_on": "2023-03-28",
		"applicant": map[string]any{"relation": "self"}, "bank_account": "6222000011112222"}, "Idempotency-Key", "k1").want(201)
	again := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": id, "programme": "living_allowance", "applied_on": "2023-03-28",
		"applicant": map[string]any{"relation": "self"}, "bank_account": "6222000011112222"}, "Idempotency-Key", "k1").want(201)
	if app.text("id") != again.text("id") || string(app.body) != string(again.body) {
		t.Error("the same Idempotency-Key made a second application")
	}
	case1 := "/applications/" + app.text("id")
	submitted := s.do("liaison.a", "POST", case1+"/submit", nil, "If-Match", app.version()).want(200)
	if submitted.text("stage") != "town_review" || submitted.text("owed_from_month") != "2023-03" {
		t.Errorf("submitted: %s", submitted.body)
	}
	s.do("liaison.a", "POST", case1+"/decisions", map[string]any{"decision": "approve"}, "If-Match", submitted.version()).want(403, "FORBIDDEN")
	s.do("town.c", "POST", case1+"/decisions", map[string]any{"decision": "approve"}, "If-Match", submitted.version()).want(404, "NOT_FOUND")
	s.do("town.a", "POST", case1+"/decisions", map[string]any{"decision": "approve"}, "If-Match", `"1"`).want(412, "STALE")
	s.do("town.a", "POST", case1+"/decisions", map[string]any{"decision": "approve"}).want(428, "IF_MATCH_MISSING")
	approved := s.do("town.a", "POST", case1+"/decisions", map[string]any{"decision": "approve"}, "If-Match", submitted.version()).want(200)
	if approved.text("stage") != "approved" || approved.text("award_id") == "" {
		t.Errorf("approved: %s", approved.body)
	}
	s.do("town.a2", "POST", case1+"/decisions", map[string]any{"decision": "reject", "reason": "晚了"}, "If-Match", approved.version()).want(409, "WRONG_STAGE")

	if v := values(); v["numerator"] != 1.0 || v["denominator"] != 1.0 || v["rate"] != "100.00" || v["met"] != true {
		t.Errorf("after: %v, want 1 of 1", v)
	}
	gap := s.do("town.a", "GET", "/indicators/nursing_subsidy_coverage/persons?list=gap&as_of=2023-03-31", nil).want(200).json()
	if gap["total"] != 1.0 {
		t.Errorf("gap of the nursing subsidy: %v, want 1", gap)
	}
	s.do("stats", "GET", "/persons/"+id, nil).want(403)
	s.do("stats", "GET", "/indicators/nursing_subsidy_coverage/persons", nil).want(403)

	events := s.do("auditor", "GET", "/audit-events?action=application.approve", nil).want(200).json()["items"].([]any)
	if len(events) != 1 {
		t.Fatalf("audit shows %d approvals, want 1", len(events))
	}
	refused := s.do("auditor", "GET", "/audit-events?outcome=refused", nil).want(200).json()["items"].([]any)
	if len(refused) < 4 {
		t.Errorf("audit shows %d refused attempts, want at least 4", len(refused))
	}
	if v, err := s.desk.DB.VerifyAudit(t.Context()); err != nil || v.Broken != "" {
		t.Errorf("VerifyAudit = %+v, %v", v, err)
	}
}
