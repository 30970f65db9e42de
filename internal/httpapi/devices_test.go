package httpapi_test

import (
	"fmt"
	"testing"
)

// A device on its way: what is needed, and what each office says.
func deviceNeed(item, mode string, pieces int) string {
	return fmt.Sprintf(`{"survey_year":2018,"item":%q,"mode":%q,"pieces":%d}`, item, mode, pieces)
}

func suits(item string) string {
	return fmt.Sprintf(`{"institution":"市辅具中心","assessor":"乙","item":%q}`, item)
}

func costs(item string, price, subsidy, own int, elsewhere string) string {
	return fmt.Sprintf(`{"item":%q,"price_fen":%d,"subsidy_fen":%d,"own_fen":%d,"paid_elsewhere":%q}`, item, price, subsidy, own, elsewhere)
}

// reviewed is a device that somebody of village A has applied for in January 2019, and the town has reviewed.
func (s *service) reviewed(person, item, mode string, pieces int) *chain {
	s.t.Helper()
	return s.open("liaison.a", "device", person, "2019-01-05", deviceNeed(item, mode, pieces)).
		take("liaison.a", "village_check", "2019-01-06", `{"findings":"属实"}`).take("town.a", "town_review", "2019-01-08", `{"findings":"同意"}`)
}

// inNeed is somebody with a card of a category whose survey of 2018 says that a device is needed.
func (s *service) inNeed(n, category, level int) string {
	s.t.Helper()
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, n, "1960-01-01", category, level, nil)
	s.surveyed(id, 2018, "2018-08-01", needsDevice)
	return id
}

// TestV11Pair: two hearing aids are one application and one person; the fitting is a rehabilitation service as well.
func TestV11Pair(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.inNeed(1, 2, 1)
	c := s.reviewed(id, "220615", "grant", 2).take("cdpf", "assess", "2019-01-10", suits("220615")).
		take("cdpf", "approve", "2019-01-15", costs("220615", 600000, 600000, 0, "none")) // 3,000 yuan a piece
	c.refused(422, "PIECES_DIFFER", "town.a", "fit", "2019-02-01", `{"supplier":"助听器店","pieces":1}`)
	c.take("town.a", "fit", "2019-02-01", `{"supplier":"助听器店","pieces":2,"serial":"A1、A2"}`)
	s.wantRate(deviceRate, "2019-02-09", 0, 1)
	c.take("liaison.a", "accept", "2019-02-10", `{"signed_by":"person"}`).take("liaison.a", "follow_up", "2019-05-10", `{"findings":"正常使用","satisfaction":"5"}`).state("FOLLOWED_UP")
	s.wantRate(deviceRate, "2019-02-10", 1, 1)
	s.wantRate(deviceRate, yearEnd19, 1, 1)
	s.wantRate(rehabRate, yearEnd19, 1, 1) // who needs a device needs rehabilitation, by the same answer
	if list := s.do("cdpf", "GET", "/services?kind=device&person_id="+id, nil).want(200).json()["items"].([]any); len(list) != 1 {
		t.Errorf("%d applications, want 1", len(list))
	}
}

// TestV12AboveTheCap: of a wheelchair of 2,000 yuan the cap of 1,200 is paid, and the person pays 800. The edition of the code
// is kept.
func TestV12AboveTheCap(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.inNeed(1, 4, 1)
	c := s.reviewed(id, "122203", "subsidy", 1)
	c.refused(409, "NOT_ASSESSED", "cdpf", "approve", "2019-01-15", costs("122203", 200000, 120000, 80000, "none"))
	c.take("cdpf", "assess", "2019-01-10", suits("122203"))
	c.refused(409, "NOT_AS_ASSESSED", "cdpf", "approve", "2019-01-15", costs("122306", 200000, 120000, 80000, "none"))
	c.refused(422, "OVER_CAP", "cdpf", "approve", "2019-01-15", costs("122203", 200000, 120001, 79999, "none"))
	c.refused(422, "DOES_NOT_ADD_UP", "cdpf", "approve", "2019-01-15", costs("122203", 200000, 120000, 70000, "none"))
	c.take("cdpf", "approve", "2019-01-15", costs("122203", 200000, 120000, 80000, "none"))
	steps := c.last.json()["steps"].([]any)
	approved := steps[len(steps)-1].(map[string]any)["evidence"].(map[string]any)
	if approved["subsidy_fen"] != 120000.0 || approved["own_fen"] != 80000.0 || approved["edition"] != 2016.0 {
		t.Errorf("approved: %v", approved)
	}
	c.take("town.a", "fit", "2019-02-01", `{"supplier":"辅具店","pieces":1}`).take("liaison.a", "accept", "2019-02-10", `{"signed_by":"guardian"}`)
	s.wantRate(deviceRate, yearEnd19, 1, 1)

	// four years before the same again, unless damage or a change is assessed
	again := s.reviewed2(id, "122203", "2019-06-01").take("cdpf", "assess", "2019-06-10", suits("122203"))
	again.refused(422, "WITHIN_SERVICE_LIFE", "cdpf", "approve", "2019-06-15", costs("122203", 120000, 120000, 0, "none"))
	again.take("cdpf", "reject", "2019-06-16", `{"reason":"未到更换年限"}`).state("REJECTED")
	next := s.reviewed2(id, "122203", "2019-07-01").take("cdpf", "assess", "2019-07-10", `{"institution":"市辅具中心","assessor":"乙","item":"122203","replaces_because":"damaged"}`).
		take("cdpf", "approve", "2019-07-15", costs("122203", 120000, 120000, 0, "none"))
	// that one is on its way: another is not asked for before it is there, nor granted before it has served its time
	s.asked("liaison.a", "device", id, "2019-07-16", deviceNeed("122203", "grant", 1)).want(409, "OPEN_ALREADY")
	next.take("town.a", "fit", "2019-07-16", `{"supplier":"辅具店","pieces":1}`).take("liaison.a", "accept", "2019-07-16", `{"signed_by":"person"}`)
	third := s.reviewed2(id, "122203", "2023-02-10").take("cdpf", "assess", "2023-02-11", suits("122203"))
	third.refused(422, "WITHIN_SERVICE_LIFE", "cdpf", "approve", "2023-02-12", costs("122203", 120000, 120000, 0, "none"))
	third.take("cdpf", "approve", "2023-07-16", costs("122203", 120000, 120000, 0, "none"))
}

// TestLentAsAssessed: a loan that is assessed as a device which is not lent is not approved.
func TestLentAsAssessed(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.reviewed(s.inNeed(1, 2, 1), "122203", "loan", 1).take("cdpf", "assess", "2019-01-10", suits("220615")).
		refused(422, "NOT_LENT", "cdpf", "approve", "2019-01-15", costs("220615", 300000, 300000, 0, "none"))
}

// reviewed2 is another application of the person, from a day on.
func (s *service) reviewed2(person, item, on string) *chain {
	s.t.Helper()
	return s.open("liaison.a", "device", person, on, deviceNeed(item, "grant", 1)).
		take("liaison.a", "village_check", on, `{"findings":"属实"}`).take("town.a", "town_review", on, `{"findings":"同意"}`)
}

// TestV13PaidElsewhere: what work-injury insurance has paid for is not paid again.
func TestV13PaidElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.inNeed(1, 4, 1)
	c := s.reviewed(id, "122203", "grant", 1).take("cdpf", "assess", "2019-01-10", suits("122203"))
	for _, payer := range []string{"work_injury", "traffic", "insurance"} {
		c.refused(422, "PAID_ELSEWHERE", "cdpf", "approve", "2019-01-15", costs("122203", 120000, 120000, 0, payer))
	}
	c.take("cdpf", "reject", "2019-01-16", `{"reason":"工伤保险已支付"}`).state("REJECTED")
	c.refused(409, "WRONG_STATE", "cdpf", "approve", "2019-01-17", costs("122203", 120000, 120000, 0, "none"))
	s.wantRate(deviceRate, yearEnd19, 0, 1)
}

// TestV14Recovering: who recovers without a card borrows crutches, gets nothing else, and is in no indicator.
func TestV14Recovering(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	body := map[string]any{"record_type": "RECOVERING", "name": "金丝雀恢复", "birth_date": "1985-01-01", "sex": "male", "hukou_area_code": villageA, "hukou_type": "agricultural"}
	s.do("liaison.a", "POST", "/persons", body).want(422, "DIAGNOSIS_REQUIRED")
	body["diagnosis"] = "胫骨骨折术后"
	p := s.do("liaison.a", "POST", "/persons", body).want(201)
	id := p.text("id")
	if p.text("record_type") != "RECOVERING" {
		t.Errorf("entered as %s", p.text("record_type"))
	}
	s.surveyed(id, 2018, "2018-08-01", needsDevice)
	for kind, need := range map[string]string{"device": deviceNeed("120312", "grant", 1), "rehab": training} {
		if got := codeOf(s.asked("liaison.a", kind, id, "2019-01-04", need).want(422)); got != "LOANS_ONLY" {
			t.Errorf("a %s: %s", kind, got)
		}
	}
	c := s.reviewed(id, "120312", "loan", 1).take("cdpf", "approve", "2019-01-15", costs("120312", 15000, 15000, 0, "none")).
		take("town.a", "fit", "2019-02-01", `{"supplier":"区辅具站","pieces":1}`).take("liaison.a", "accept", "2019-02-02", `{"signed_by":"person"}`).
		take("liaison.a", "loan_lasts", "2019-03-10", "").take("liaison.a", "give_back", "2019-05-01", `{"condition":"good"}`).state("LOAN_RETURNED")
	c.refused(409, "WRONG_STATE", "liaison.a", "give_back", "2019-05-02", `{"condition":"good"}`)
	for _, key := range []string{deviceRate, rehabRate, deviceRate + "@current_year_need", deviceRate + "@resident_basis"} {
		s.wantRate(key, yearEnd19, 0, 0)
		s.wantPart(key, yearEnd19, "extra")
	}
	child := map[string]any{"record_type": "RECOVERING", "name": "金丝雀童", "birth_date": "2012-01-01", "sex": "male", "hukou_area_code": villageA, "hukou_type": "agricultural", "diagnosis": "骨折"}
	s.do("liaison.a", "POST", "/persons", child).want(201)
	s.wantRate("medical_enrolment", yearEnd19, 0, 0) // in which uncertified children are
	child["record_type"] = "CERTIFIED"
	s.do("liaison.a", "POST", "/persons", child).want(422, "RECORD_TYPE_MISMATCH")
}

// TestV15NotSigned: a device that was fitted and not signed for is not counted.
func TestV15NotSigned(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.inNeed(1, 4, 1)
	c := s.reviewed(id, "120312", "grant", 1).take("cdpf", "approve", "2019-01-15", costs("120312", 15000, 15000, 0, "none")).
		take("town.a", "fit", "2019-02-01", `{"supplier":"辅具店","pieces":1}`)
	c.refused(422, "REQUIRED", "liaison.a", "accept", "2019-02-10", "")
	c.refused(422, "NOT_A_CHOICE", "liaison.a", "accept", "2019-02-10", `{"signed_by":"supplier"}`)
	c.state("FITTED")
	s.wantRate(deviceRate, yearEnd19, 0, 1)
	s.wantPart(deviceRate, yearEnd19, "gap", id)
}

// TestLoansCountAfterThirtyDays: a holder's loan is a fitting once it has lasted thirty days, and one person however often.
func TestLoansCountAfterThirtyDays(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.inNeed(1, 4, 2)
	if got := codeOf(s.asked("liaison.a", "device", id, "2019-01-04", deviceNeed("220615", "loan", 1)).want(422)); got != "NOT_LENT" {
		t.Errorf("a hearing aid on loan: %s", got)
	}
	c := s.reviewed(id, "120603", "loan", 1).take("cdpf", "approve", "2019-01-15", costs("120603", 30000, 30000, 0, "none")).
		take("town.a", "fit", "2019-02-01", `{"supplier":"区辅具站","pieces":1}`).take("liaison.a", "accept", "2019-02-02", `{"signed_by":"person"}`)
	s.wantRate(deviceRate, yearEnd19, 0, 1)
	c.refused(422, "TOO_SHORT", "liaison.a", "loan_lasts", "2019-03-03", "") // 29 days
	c.take("liaison.a", "follow_up", "2019-03-03", `{"findings":"正常使用"}`).take("liaison.a", "loan_lasts", "2019-03-04", "")
	s.wantRate(deviceRate, "2019-03-03", 0, 1)
	s.wantRate(deviceRate, "2019-03-04", 1, 1)
	c.take("liaison.a", "give_back", "2019-06-01", `{"condition":"worn"}`)
	s.wantRate(deviceRate, yearEnd19, 1, 1)
	s.wantDerived()
}
