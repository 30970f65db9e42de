package httpapi_test

import (
	"fmt"
	"testing"
)

// TestFirstMonthOfEachProgramme is M21: both are applied for in March, 低保 is granted from April.
func TestFirstMonthOfEachProgramme(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	id := s.person("liaison.a", villageA, 500, 1).want(201).text("id")
	apps := []answer{s.applied(id, living, "2023-03-28"), s.applied(id, nursing, "2023-03-28")}
	s.at("2023-04-03")
	s.fact(id, "dibao", true, "2023-04-01", "")
	s.at("2023-05-10")
	for _, app := range apps {
		s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	}
	s.wantOwed(id, living, 0, 0, 0, 18500, 18500)
	s.wantOwed(id, nursing, 0, 0, 16700, 16700, 16700)
}

func (s *service) wantOwed(person, programme string, want ...int) {
	s.t.Helper()
	if got := s.owed(person, programme); fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("%s owed %v, want %v", programme, got, want)
	}
}

// TestAfterOrphanSupport is M30: the orphan's allowance ends, and the living allowance begins with the application.
func TestAfterOrphanSupport(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(501, 1)
	s.fact(id, "orphan_support", "orphan", "2022-01-01", "2023-03-31")
	early := s.applied(id, living, "2023-03-01")
	s.at("2023-03-02")
	s.do("liaison.a", "POST", "/applications/"+early.text("id")+"/withdraw", nil, "If-Match", early.version()).want(200)
	s.granted(id, living, "2023-04-10", "2023-04-12")
	s.at("2023-05-10")
	s.wantOwed(id, living, 0, 0, 0, 18500, 18500)
}

// TestFalseMaterials is M32: nothing was ever owed, and all that was paid is asked back.
func TestFalseMaterials(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(502, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.pay("2023-02-10", "2023-02", everyone)
	s.at("2023-03-05")
	w := s.do("civil", "GET", "/awards?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)
	path := "/awards/" + w["id"].(string) + "/void"
	s.do("town.a", "POST", path, map[string]any{"reason": "伪造材料"}, "If-Match", `"1"`).want(403)
	done := s.do("civil", "POST", path, map[string]any{"reason": "伪造材料"}, "If-Match", fmt.Sprintf(`"%v"`, w["version"])).want(200)
	s.do("civil", "POST", path, map[string]any{"reason": "又"}, "If-Match", done.version()).want(409, "ENDED_ALREADY")
	s.wantLedger(id, nursing, "2023-01 0/16700/-16700", "2023-02 0/16700/-16700")
	if r := s.do("finance", "GET", "/recoveries?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any); r["outstanding_fen"] != 33400.0 {
		t.Errorf("recovery: %v", r)
	}
}

// TestDeclaredMissing is M34 and M35: the month after the declaration is stopped, and paid back once it proves wrong.
func TestDeclaredMissing(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(503, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-03-20")
	missing := s.fact(id, "missing", true, "2023-03-15", "")
	s.at("2023-05-10")
	s.wantOwed(id, nursing, 16700, 16700, 16700)
	s.do("cdpf", "POST", "/circumstances/"+missing.text("id")+"/correct", map[string]any{"value": false, "source": "法院", "reason": "撤销宣告"}, "If-Match", `"1"`).want(200)
	s.wantOwed(id, nursing, 16700, 16700, 16700, 16700, 16700)
	if r, lines := s.pay("2023-05-12", "2023-05", everyone); r.json()["net_fen"] != 83500.0 || lines[0]["months"] != 5.0 {
		t.Errorf("roster: %s", r.body)
	}
}

// TestStopsInTheSameMonth is M41: where the stricter mode is in force, the month in which 特困 is entered is not paid; a new
// level still begins with the next month.
func TestStopsInTheSameMonth(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.enact(map[string]any{"document": s.edited("stop_mode: next_month", "stop_mode: same_month")})
	id := s.person1(504, 2)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-04-01")
	s.renewed(id, "CHANGE", "2023-02-12", 504, 1)
	s.at("2023-06-20")
	s.fact(id, "tekun", true, "2023-06-15", "")
	s.at("2023-07-10")
	s.wantOwed(id, nursing, 14000, 14000, 16700, 16700, 16700)
	if _, differed, err := s.desk.RebuildStandings(t.Context(), systemActor, true); err != nil || differed != 0 {
		t.Errorf("%d differ (%v)", differed, err)
	}
}

// TestStopsInTheSameMonthWhateverElse: so it does where something else of the person has changed earlier in that month, be it the level.
func TestStopsInTheSameMonthWhateverElse(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.enact(map[string]any{"document": s.edited("stop_mode: next_month", "stop_mode: same_month")})
	insured, changed, back := s.person1(508, 2), s.person1(509, 2), s.person1(510, 2)
	for _, id := range []string{insured, changed, back} {
		s.granted(id, nursing, "2023-01-05", "2023-01-10")
	}
	s.at("2023-06-30")
	s.fact(insured, "insurance_medical", "resident", "2023-06-03", "")
	s.renewed(changed, "CHANGE", "2023-06-03", 509, 1)
	s.fact(back, "insurance_medical", "resident", "2023-06-03", "")
	for id, to := range map[string]string{insured: "", changed: "", back: "2023-06-20"} {
		s.fact(id, "tekun", true, "2023-06-15", to)
	}
	s.at("2023-07-10")
	s.wantOwed(insured, nursing, 14000, 14000, 14000, 14000, 14000)
	s.wantOwed(changed, nursing, 14000, 14000, 14000, 14000, 14000)
	s.wantOwed(back, nursing, 14000, 14000, 14000, 14000, 14000, 14000, 14000)
	names := items(s.do("civil", "GET", "/indicators/nursing_subsidy_coverage/persons?as_of=2023-06-10&list=excluded", nil).want(200), "items")
	if len(names) != 2 || names[0]["reason"] != "X_TEKUN" || names[1]["reason"] != "X_TEKUN" {
		t.Errorf("excluded before the event: %v", names)
	}
	s.wantDerived()
}

// TestStopModeFromADay: a stricter mode of a rule set leaves the months before it as they were owed.
func TestStopModeFromADay(t *testing.T) {
	t.Parallel()
	s := start(t)
	before, after := s.person1(506, 2), s.person1(507, 2)
	for id, on := range map[string]string{before: "2023-03-15", after: "2023-06-15"} {
		s.granted(id, nursing, "2023-01-05", "2023-01-10")
		s.at("2023-06-20")
		s.fact(id, "tekun", true, on, "")
	}
	s.enact(map[string]any{"document": s.edited("conditions: *nursing\n    rates:", `conditions: *nursing
      - id: RS2023
        from: 2023-05-01
        stop_mode: same_month
        switches: {living_ext_edge: false, nursing_ext_34_mental: false}
        conditions: *nursing
    rates:`)})
	s.at("2023-07-10")
	s.wantOwed(before, nursing, 14000, 14000, 14000)
	s.wantOwed(after, nursing, 14000, 14000, 14000, 14000, 14000)
	s.wantDerived()
}

// TestDiesBeforeTheDecision is M06: what was owed until the month of death is owed to the estate, and paid to an heir.
func TestDiesBeforeTheDecision(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(505, 1)
	app := s.applied(id, nursing, "2023-03-28")
	s.at("2023-04-12")
	s.fact(id, "death", true, "2023-04-10", "")
	s.at("2023-05-10")
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	s.wantOwed(id, nursing, 0, 0, 16700, 16700)
	s.do("town.a", "POST", "/persons/"+id+"/payees", map[string]any{"holder": "金丝雀之子", "relation": "estate", "account": "6222000011112222", "reason": "继承"}).want(201)
	if r, _ := s.pay("2023-05-12", "2023-05", everyone); r.json()["net_fen"] != 33400.0 {
		t.Errorf("roster: %s", r.body)
	}
}

// TestReassessment is M10: the old level is paid until the month of the new card.
func TestReassessment(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(506, 2)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-06-20")
	card := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).json()["certificates"].([]any)[0].(map[string]any)
	s.do("cdpf", "POST", "/certificates/"+card["id"].(string)+"/events", map[string]any{"event": "REASSESS", "on": "2023-06-10"}, "If-Match", fmt.Sprintf(`"%v"`, card["version"])).want(201)
	s.at("2023-08-20")
	s.renewed(id, "CHANGE", "2023-08-12", 506, 1)
	s.at("2023-09-10")
	s.wantOwed(id, nursing, 14000, 14000, 14000, 14000, 14000, 14000, 14000, 14000, 16700)
}

// TestCancelledAndIssuedAnew is M15: a card runs out, is frozen and cancelled; the award has stopped for good, and a new card
// needs a new application, from whose month on it is paid.
func TestCancelledAndIssuedAnew(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-01")
	p := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀985", "id_number": number(985), "hukou_area_code": villageA, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": number(985) + "41", "category": 4, "level": 1, "issued_on": "2013-02-20", "expires_on": "2023-02-19"}}).want(201)
	id := p.text("id")
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	card := p.json()["certificates"].([]any)[0].(map[string]any)["id"].(string)
	s.at("2023-08-25")
	version := `"1"`
	for _, e := range []map[string]any{{"event": "FREEZE", "on": "2023-02-20"}, {"event": "CANCEL", "on": "2023-08-20", "cancel_reason": "EXPIRED_6M"}} {
		version = s.do("cdpf", "POST", "/certificates/"+card+"/events", e, "If-Match", version).want(201).version()
	}
	s.at("2023-10-20")
	s.do("cdpf", "POST", "/persons/"+id+"/certificates", map[string]any{"number": number(985) + "41", "category": 4, "level": 1, "issued_on": "2023-10-10"}).want(201)
	s.wantOwed(id, nursing, 16700, 16700)
	s.granted(id, nursing, "2023-11-03", "2023-11-10")
	s.at("2023-12-10")
	s.wantOwed(id, nursing, 16700, 16700, 0, 0, 0, 0, 0, 0, 0, 0, 16700, 16700)
	s.wantDerived()
}
