package httpapi_test

import (
	"fmt"
	"testing"
)

// void asks to take a step of a service back.
func (c *chain) void(user, on string, seq int, reason string) answer {
	c.s.t.Helper()
	c.s.at(on)
	return c.s.do(user, "POST", c.path+"/steps/void", map[string]any{"seq": seq, "reason": reason}, "If-Match", c.last.version())
}

// voided takes the last step of a service back.
func (c *chain) voided(user, on string, seq int) *chain {
	c.s.t.Helper()
	c.last = c.void(user, on, seq, "记错").want(200)
	return c
}

// TestVoidStep: a device that was accepted for the wrong person is taken back step by step. It counts no more and does not keep him from
// his own; the history keeps what was recorded, and partners hear of it.
func TestVoidStep(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.inNeed(1, 4, 1)
	c := s.reviewed(id, "120312", "grant", 1).take("cdpf", "approve", "2019-01-15", costs("120312", 15000, 15000, 0, "none")).
		take("town.a", "fit", "2019-02-01", `{"supplier":"辅具店","pieces":1}`).take("liaison.a", "accept", "2019-02-02", `{"signed_by":"person"}`)
	s.wantRate(deviceRate, yearEnd19, 1, 1)

	c.void("liaison.a", "2019-02-03", 4, "记错").want(409, "NOT_THE_LAST_STEP")
	c.void("liaison.a", "2019-02-03", 5, "  ").want(422)
	s.do("liaison.a", "POST", c.path+"/steps/void", map[string]any{"seq": 5, "reason": "记错"}).want(428)
	s.do("liaison.a", "POST", c.path+"/steps/void", map[string]any{"seq": 5, "reason": "记错"}, "If-Match", `"1"`).want(412)
	s.do("liaison.b", "POST", c.path+"/steps/void", map[string]any{"seq": 5, "reason": "记错"}, "If-Match", c.last.version()).want(404)
	c.unchanged()

	body, seen := map[string]any{"seq": 5, "reason": "签给了另一人"}, c.last.version()
	c.last = s.do("liaison.a", "POST", c.path+"/steps/void", body, "If-Match", seen, "Idempotency-Key", "void-5").want(200)
	if again := s.do("liaison.a", "POST", c.path+"/steps/void", body, "If-Match", seen, "Idempotency-Key", "void-5").want(200); again.version() != c.last.version() {
		t.Errorf("a repeat takes back another step: %s", again.body)
	}
	c.state("FITTED")
	last := c.last.json()["steps"].([]any)[4].(map[string]any)
	voided := last["voided"].(map[string]any)
	if last["step"] != "accept" || len(last["counts"].([]any)) != 0 || voided["reason"] != "签给了另一人" || voided["role"] != "village_liaison" || voided["at"] == nil || voided["by"] == nil {
		t.Errorf("the history says %v", last)
	}
	s.wantRate(deviceRate, yearEnd19, 0, 1)
	s.wantRate(rehabRate, yearEnd19, 0, 1)
	s.wantDerived()
	heard := ""
	list, _ := s.changes("auditor", "", "0")
	for _, e := range list {
		if data := e["data"].(map[string]any); e["type"] == "service.withdrawn" {
			heard = fmt.Sprint(data["kind"], data["counts"])
		}
	}
	if heard != "device[device rehab]" {
		t.Errorf("partners hear %s", heard)
	}

	c.void("liaison.a", "2019-02-03", 5, "记错").want(409, "NOT_THE_LAST_STEP") // it is taken back already
	c.voided("cdpf", "2019-02-03", 4).state("APPROVED")
	c.void("liaison.a", "2019-02-03", 3, "记错").want(403, "NOT_YOUR_STEP")
	c.take("cdpf", "reject", "2019-02-04", `{"reason":"非本人申请"}`).state("REJECTED")
	if steps := c.last.json()["steps"].([]any); len(steps) != 6 || steps[5].(map[string]any)["seq"] != 6.0 {
		t.Errorf("the history has %d steps", len(steps))
	}
	s.reviewed2(id, "120312", "2019-06-01").take("cdpf", "approve", "2019-06-15", costs("120312", 15000, 15000, 0, "none")).
		take("town.a", "fit", "2019-06-16", `{"supplier":"辅具店","pieces":1}`).take("liaison.a", "accept", "2019-06-17", `{"signed_by":"person"}`)
	s.wantRate(deviceRate, yearEnd19, 1, 1)
	s.wantDerived()
}

// TestVoidedHome: an acceptance that is taken back takes the home out of the numerator, and it is accepted anew.
func TestVoidedHome(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "own")
	c := s.verified(h).built()
	c.take("cdpf", "accept", "2019-04-01", c.shown("PASS", threeSigns, "RAMP", "BATH"))
	s.wantRate(retrofitRate, yearEnd19, 1, 1)
	c.void("town.a", "2019-04-02", len(c.last.json()["steps"].([]any)), "记错").want(403, "NOT_YOUR_STEP")
	c.voided("cdpf", "2019-04-02", len(c.last.json()["steps"].([]any))).state("ACCEPTANCE")
	s.wantRate(retrofitRate, yearEnd19, 0, 1)
	s.wantDerived()
	c.take("cdpf", "accept", "2019-04-03", c.shown("PASS", threeSigns, "RAMP", "BATH"))
	s.wantRate(retrofitRate, yearEnd19, 1, 1)
	s.wantDerived()
}

// TestRejectedHome: a home that the office turns down is no gap, and says why it is none.
func TestRejectedHome(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "own")
	s.verified(h).take("town.a", "reject", "2019-01-20", `{"reason":"不符合条件"}`).state("REJECTED")
	s.wantRate(retrofitRate, yearEnd19, 0, 0)
	s.wantPart(retrofitRate, yearEnd19, "excluded", h)
	s.wantDerived()
}

// TestRescueApprovedWrongly: a hundred and fifty yuan instead of fifteen thousand is put right in the same year.
func TestRescueApprovedWrongly(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	child := s.born("liaison.a", villageA, 1, "2012-05-01", 4, 1, nil)
	wrong := fmt.Sprintf(`{"row":"ZIBO_2018","category":4,"applied_on":"2019-01-12","year":2019,"institution":"育才中心","approved_fen":%d,"guardian_consents":true}`, 15000)
	c := s.inRehab(child, "MOTOR_TRAINING").take("cdpf", "approve_rescue", "2019-01-15", wrong)
	c.refused(422, "ONE_CATEGORY_A_YEAR", "cdpf", "approve_rescue", "2019-01-16", rescue(4, "2019-01-12", 2019))
	c.voided("cdpf", "2019-01-16", 3).state("PLANNED").take("cdpf", "approve_rescue", "2019-01-16", rescue(4, "2019-01-12", 2019))
	c.refused(422, "NOT_ON_CARD", "cdpf", "approve_rescue", "2019-01-17", rescue(6, "2019-01-12", 2020))
}

// TestMergedDevices: two files of one person had a device approved each. Neither is handed out before the other is rejected.
func TestMergedDevices(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	a := s.born("liaison.a", villageA, 1, "2012-01-01", 4, 2, nil)
	b := s.do("liaison.b", "POST", "/persons", map[string]any{"name": "金丝雀1", "birth_date": "2012-01-01", "sex": "male", "hukou_area_code": villageB, "hukou_type": "agricultural",
		"diagnosis": "脑瘫", "guardian": map[string]any{"name": "金丝雀母", "relation": "mother"}}).want(201).text("id")
	approved := costs("120312", 15000, 15000, 0, "none")
	first := s.reviewed(a, "120312", "grant", 1).take("cdpf", "approve", "2019-01-15", approved)
	second := s.open("liaison.b", "device", b, "2019-01-05", deviceNeed("120312", "grant", 1)).
		take("liaison.b", "village_check", "2019-01-06", `{"findings":"属实"}`).take("town.a", "town_review", "2019-01-08", `{"findings":"同意"}`).take("cdpf", "approve", "2019-01-15", approved)
	s.at("2019-02-01")
	s.do("town.a", "POST", "/persons/"+b+"/merge", map[string]any{"into": a, "reason": "同一人"}, "If-Match", s.do("town.a", "GET", "/persons/"+b, nil).version()).want(201)
	first.last, second.last = s.do("town.a", "GET", first.path, nil), s.do("town.a", "GET", second.path, nil)
	const fit = `{"supplier":"辅具店","pieces":1}`
	first.refused(409, "GRANTED_TWICE", "town.a", "fit", "2019-02-03", fit)
	second.refused(409, "GRANTED_TWICE", "town.a", "fit", "2019-02-03", fit)
	second.take("cdpf", "reject", "2019-02-03", `{"reason":"重复审批"}`).state("REJECTED")
	first.take("town.a", "fit", "2019-02-03", fit).take("liaison.a", "accept", "2019-02-04", `{"signed_by":"person"}`).state("ACCEPTED")
	second.void("cdpf", "2019-02-05", 4, "记错").want(200) // stands approved again, and still is not handed out
	second.last = s.do("town.a", "GET", second.path, nil)
	second.refused(409, "GRANTED_TWICE", "town.a", "fit", "2019-02-05", fit)
}

// TestOutsideThePopulation: who has no valid card is granted nothing, and who was registered as a child is none for ever.
func TestOutsideThePopulation(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 1, nil)
	waiting := s.reviewed(id, "120312", "grant", 1)
	card := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).json()["certificates"].([]any)[0].(map[string]any)["id"].(string)
	s.do("cdpf", "POST", "/certificates/"+card+"/events", map[string]any{"event": "CANCEL", "on": "2019-01-08", "cancel_reason": "FRAUD"}, "If-Match", `"1"`).want(201)
	waiting.refused(422, "NO_VALID_CERTIFICATE", "cdpf", "approve", "2019-01-15", costs("120312", 15000, 15000, 0, "none"))
	s.asked("liaison.a", "rehab", id, "2019-01-20", training).want(422, "NO_VALID_CERTIFICATE")
	s.at("2018-07-01")
	grown := s.born("liaison.a", villageA, 2, "2000-08-01", 0, 0, map[string]any{"diagnosis": "脑瘫", "guardian": map[string]any{"name": "金丝雀母", "relation": "mother"}})
	s.asked("liaison.a", "device", grown, "2022-01-05", deviceNeed("120312", "grant", 1)).want(422, "NO_VALID_CERTIFICATE")
	s.asked("liaison.a", "rehab", grown, "2022-01-05", training).want(422, "NO_VALID_CERTIFICATE")
}

// TestSameNeedTwice: one need is recorded once, whoever records it, and what was given on a day is given once.
func TestSameNeedTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.inNeed(1, 4, 1)
	s.asked("liaison.a", "device", id, "2019-01-05", deviceNeed("122203", "grant", 1)).want(201)
	s.asked("town.a", "device", id, "2019-01-05", deviceNeed("122203", "grant", 1)).want(409, "OPEN_ALREADY")
	c := s.inRehab(id, "THERAPY").take("liaison.a", "serve", "2019-03-05", given("THERAPY", "project"))
	s.asked("liaison.a", "rehab", id, "2019-03-05", training).want(409, "OPEN_ALREADY")
	c.refused(409, "SERVED_ALREADY", "town.a", "serve", "2019-03-05", given("THERAPY", "project"))
	s.do("liaison.a", "POST", "/services", map[string]any{"kind": "rehab", "person_id": id, "opened_on": "1959-12-31", "need": map[string]any{"types": []any{map[string]any{"type": "training"}}}}).want(422, "BEFORE_BIRTH")
}

// TestVisitedLoan: a visit shows that a loan has lasted.
func TestVisitedLoan(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.inNeed(1, 4, 1)
	s.reviewed(id, "120312", "loan", 1).take("cdpf", "approve", "2019-01-15", costs("120312", 15000, 15000, 0, "none")).
		take("town.a", "fit", "2019-02-01", `{"supplier":"辅具店","pieces":1}`).take("liaison.a", "accept", "2019-02-02", `{"signed_by":"person"}`).
		take("liaison.a", "follow_up", "2019-06-02", `{"findings":"正常使用"}`).take("liaison.a", "give_back", "2020-03-01", `{"condition":"good"}`)
	s.wantRate(deviceRate, yearEnd19, 1, 1)
	s.wantDerived()
}
