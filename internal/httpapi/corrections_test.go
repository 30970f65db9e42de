package httpapi_test

import (
	"fmt"
	"testing"
)

// typedWrongly is an application of a person of village A that was handed in with a year that was typed wrongly.
func (s *service) typedWrongly(n int, applied, entered string) answer {
	s.t.Helper()
	person := s.person1(n, 1)
	s.at(entered)
	app := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": person, "programme": nursing, "applied_on": applied, "applicant": map[string]any{"relation": "self"}}).want(201)
	return s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(200)
}

func (s *service) redated(user string, app answer, on string) answer {
	s.t.Helper()
	return s.do(user, "POST", "/applications/"+app.text("id")+"/correct", map[string]any{"applied_on": on, "reason": "年份录错"}, "If-Match", app.version())
}

// TestDayOfApplicationPutRight: who typed a wrong year puts it right in review, and the month that is owed goes with it; the reviewer sees both days, and
// what was known before stays known.
func TestDayOfApplicationPutRight(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.typedWrongly(421, "2022-03-09", "2023-03-10")
	if len(items(app, "warnings")) != 1 || app.text("owed_from_month") != "2022-03" {
		t.Fatalf("handed in with %v, owed from %s", app.json()["warnings"], app.text("owed_from_month"))
	}
	s.at("2023-03-13")
	s.redated("town.a", app, "2023-03-09").want(409, "NOT_YOUR_ENTRY")
	s.redated("liaison.b", app, "2023-03-09").want(404)
	for day, code := range map[string]string{"2022-03-09": "NOTHING_CORRECTED", "2023-03-11": "AFTER_ENTRY", "1969-03-09": "BEFORE_BIRTH", "2015-03-09": "NO_CERT"} {
		if a := s.redated("liaison.a", app, day).want(422, code); items(a, "errors")[0]["field"] != "applied_on" {
			t.Errorf("%s is refused at %v", day, a.json()["errors"])
		}
	}
	right := s.redated("liaison.a", app, "2023-03-09").want(200)
	if right.text("applied_on") != "2023-03-09" || right.text("owed_from_month") != "2023-03" || right.text("stage") != "town_review" || right.json()["warnings"] != nil {
		t.Errorf("put right: %s, owed from %s, %s, %v", right.text("applied_on"), right.text("owed_from_month"), right.text("stage"), right.json()["warnings"])
	}
	steps := items(right, "steps")
	last := steps[len(steps)-1]
	if got := fmt.Sprint(last["action"], last["reason"], last["changes"]); got != "correct年份录错[map[after:2023-03-09 before:2022-03-09 field:applied_on]]" {
		t.Errorf("the last step is %s", got)
	}
	s.redated("liaison.a", app, "2023-03-08").want(412)
	if n := len(items(s.do("auditor", "GET", "/audit-events?action=application.correct&subject="+app.text("id"), nil).want(200), "items")); n != 1 {
		t.Errorf("%d entries in the audit", n)
	}
	s.at("2023-03-14")
	for known, want := range map[string]string{"2023-03-12T00:00:00Z": "2022-03-09 2022-03", "2023-03-13T12:00:00Z": "2023-03-09 2023-03"} {
		c := items(s.do("auditor", "GET", "/persons/"+app.text("person_id")+"/record?known_at="+known, nil).want(200), "applications")[0]
		if got := fmt.Sprint(c["applied_on"], " ", c["owed_from_month"]); got != want {
			t.Errorf("known at %s: %s, want %s", known, got, want)
		}
	}
	approved := s.decide("town.a", right, map[string]any{"decision": "approve"}).want(200)
	if start := approved.json()["explanation"].(map[string]any)["start_month"]; start != "2023-03" {
		t.Errorf("owed from %v", start)
	}
	s.redated("liaison.a", approved, "2022-03-09").want(409, "WRONG_STAGE")
}

// TestWhoPutsTheDayRightDecidesNothing: of what was returned the town may put the day right, and then does not decide.
func TestWhoPutsTheDayRightDecidesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.typedWrongly(423, "2022-03-09", "2023-03-10")
	app = s.decide("town.a", app, map[string]any{"decision": "return", "reason": "申请日期有误"}).want(200)
	app = s.redated("town.a", app, "2023-03-08").want(200)
	app = s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/resubmit", map[string]any{}, "If-Match", app.version()).want(200)
	if app.text("owed_from_month") != "2023-03" {
		t.Errorf("owed from %s", app.text("owed_from_month"))
	}
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(409, "OWN_CASE")
}

// TestCorrectionStopsNoClock: a day that is put right is nobody's decision, so the time of the office goes on as before, on the case, among the overdue and
// on the board.
func TestCorrectionStopsNoClock(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.typedWrongly(425, "2022-04-26", "2023-04-26")
	due := func() string {
		c := s.do("town.a", "GET", "/applications/"+app.text("id"), nil).want(200).json()["clock"].(map[string]any)
		return fmt.Sprint(c["due_on"], " ", c["working_days_left"])
	}
	late := func() string {
		r := s.board("town.a", "?from=2023-04-01&to=2023-05-31")[townA]
		return fmt.Sprint(len(items(s.do("town.a", "GET", "/applications?overdue=true", nil).want(200), "items")), r["overdue"], r["decided"], r["in_time"])
	}
	s.at("2023-05-05")
	was := due()
	app = s.redated("liaison.a", app, "2023-04-26").want(200)
	if is := due(); is != was || was != "2023-05-06 1" {
		t.Errorf("due %s, after the correction %s", was, is)
	}
	s.at("2023-05-08")
	if got := late(); got != "1 1 0 0" {
		t.Errorf("overdue, decided and in time: %s", got)
	}
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	if got := late(); got != "0 0 1 0" {
		t.Errorf("after a decision that came late: %s", got)
	}
}

// TestServicePutRight: what a service was opened with is put right by the rules by which it is opened, until a step rests on it.
func TestServicePutRight(t *testing.T) {
	t.Parallel()
	s := start(t)
	home, _ := s.severeHome(427, "own")
	s.at("2019-02-01")
	c := s.open("liaison.a", "retrofit", home, "2019-02-01", homeNeed)
	correct := func(user string, body map[string]any) answer {
		t.Helper()
		body["reason"] = "年份录错"
		return s.do(user, "POST", c.path+"/correct", body, "If-Match", c.last.version())
	}
	correct("liaison.a", map[string]any{"opened_on": "2019-02-02"}).want(422, "IN_FUTURE")
	correct("liaison.a", map[string]any{"opened_on": "2019-02-01"}).want(422, "NOTHING_CORRECTED")
	correct("liaison.a", map[string]any{"need": map[string]any{"items": []any{map[string]any{"item": "POOL"}}}}).want(422, "NOT_IN_CATALOGUE")
	correct("liaison.b", map[string]any{"opened_on": "2019-01-31"}).want(404)
	s.do("liaison.a", "POST", c.path+"/correct", map[string]any{"opened_on": "2019-01-31", "reason": " "}, "If-Match", c.last.version()).want(422)
	c.last = correct("liaison.a", map[string]any{"opened_on": "2018-12-31"}).want(200)
	if got := fmt.Sprint(c.last.text("opened_on"), c.last.json()["need"]); got != "2018-12-31map[items:[map[item:RAMP] map[item:BATH]] survey_year:2018]" {
		t.Errorf("the day put right: %s", got)
	}
	c.last = correct("town.a", map[string]any{"need": map[string]any{"survey_year": 2017, "items": []any{map[string]any{"item": "RAMP"}}}}).want(200)
	if got := fmt.Sprint(c.last.text("opened_on"), c.last.json()["need"]); got != "2018-12-31map[items:[map[item:RAMP]] survey_year:2017]" {
		t.Errorf("the need put right: %s", got)
	}
	c.take("liaison.a", "verify", "2018-12-31", atHome)
	correct("liaison.a", map[string]any{"opened_on": "2018-11-01"}).want(409, "STEPS_STAND")
	c.last = s.do("liaison.a", "POST", c.path+"/steps/void", map[string]any{"seq": 1, "reason": "日期有误"}, "If-Match", c.last.version()).want(200)
	c.last = correct("liaison.a", map[string]any{"opened_on": "2018-11-01"}).want(200)
	changed := items(s.do("auditor", "GET", "/audit-events?action=service.correct&subject="+c.last.text("id"), nil).want(200), "items")
	if len(changed) != 3 {
		t.Errorf("%d entries in the audit", len(changed))
	}
}

// TestResubmissionNamesTheApplicant: who applies for another is named also in what is handed in again.
func TestResubmissionNamesTheApplicant(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.applied(s.person1(429, 1), nursing, "2023-03-10")
	app = s.decide("town.a", app, map[string]any{"decision": "return", "reason": "申请人有误"}).want(200)
	again := func(applicant map[string]any) answer {
		return s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/resubmit", map[string]any{"applicant": applicant}, "If-Match", app.version())
	}
	a := again(map[string]any{"relation": "guardian"}).want(422, "APPLICANT_NAME_REQUIRED")
	if e := items(a, "errors"); len(e) != 1 || e[0]["field"] != "applicant.name" {
		t.Errorf("the refusal is about %v", e)
	}
	again(map[string]any{"relation": "guardian", "name": "金丝雀父"}).want(200)
}
