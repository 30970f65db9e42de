package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/casework"
	"zhucan/internal/policy"
)

// edited is the pack that comes with the service with a version of its own and one passage changed.
func (s *service) edited(old, changed string) string {
	s.t.Helper()
	text := string(policy.Builtin)
	if strings.Count(text, old) != 1 {
		s.t.Fatalf("%q stands %d times in the pack", old, strings.Count(text, old))
	}
	return strings.Replace(strings.Replace(text, policy.MustLoadBuiltin().Version, fmt.Sprintf("edited %x", changed), 1), old, changed, 1)
}

// enact has one administrator propose a draft and another activate it.
func (s *service) enact(draft map[string]any) answer {
	s.t.Helper()
	p := s.do("admin", "POST", "/policies", map[string]any{"draft": draft, "note": "测试"}).want(201)
	return s.do("admin2", "POST", "/policies/"+p.text("id")+"/activate", nil, "If-Match", p.version()).want(200)
}

func (s *service) wantDerived() {
	s.t.Helper()
	if _, differed, err := s.desk.RebuildStandings(s.t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
		s.t.Errorf("%d persons differ from what their facts give (%v)", differed, err)
	}
}

func raise(version string, from string, first, second int) map[string]any {
	return map[string]any{"pack_version": version, "rates": []any{map[string]any{"programme": nursing, "from": from, "document": "淄民〔2023〕99号",
		"by_level": []any{map[string]any{"level": 1, "amount_fen": first}, map[string]any{"level": 2, "amount_fen": second}}}}}
}

// TestForecastComesTrue asks what a backdated raise for the first level and a cut for the second would do, then does it:
// the roster, the ledger and what is asked back are what was foretold, and asking changed nothing.
func TestForecastComesTrue(t *testing.T) {
	t.Parallel()
	s := start(t)
	one, two, never := s.person1(700, 1), s.person1(701, 2), s.person1(702, 1)
	s.granted(one, nursing, "2023-01-05", "2023-01-10")
	s.granted(two, nursing, "2023-01-05", "2023-01-10")
	s.pay("2023-02-10", "2023-02", everyone)
	s.at("2023-03-10")
	draft := raise("forecast", "2023-02-01", 17700, 13000)
	ask := map[string]any{"draft": draft, "month": "2023-03", "to_month": "2023-04", "budgets": []any{map[string]any{"area_code": townA, "monthly_fen": 30000}}}
	before := s.do("civil", "GET", "/persons/"+one+"/ledger", nil).want(200)
	told := s.do("civil", "POST", "/policies/simulate", ask).want(200).json()
	if after := s.do("civil", "GET", "/persons/"+one+"/ledger", nil).want(200); string(after.body) != string(before.body) {
		t.Errorf("asking has changed the ledger: %s", after.body)
	}
	want := map[string]any{"gain": "map[fen:2000 persons:1]", "lose": "map[fen:2000 persons:1]", "asked_back_fen": "1000", "changes_total": "2",
		"roster":     "map[deduction_fen:0 gross_fen:31700 held:0 lines:2 net_fen:31700 person_months:3 persons:2 programmes:[map[net_fen:31700 person_months:3 persons:2 programme:nursing_subsidy]]]",
		"budgets":    "[map[area_code:370305001 budget_fen:30000 cost_fen:30700 month:2023-03 remaining_fen:-700] map[area_code:370305001 budget_fen:30000 cost_fen:30700 month:2023-04 remaining_fen:-700]]",
		"unenrolled": "[map[area_code:370305001 now_fen:55500 persons_now:3 persons_then:3 programme:living_allowance then_fen:55500] map[area_code:370305001 now_fen:16700 persons_now:1 persons_then:1 programme:nursing_subsidy then_fen:17700]]"}
	for name, text := range want {
		if got := fmt.Sprint(told[name]); got != text {
			t.Errorf("%s is\n%s, want\n%s", name, got, text)
		}
	}
	if first := told["changes"].([]any)[0].(map[string]any); first["person_id"] != two || first["difference_fen"] != -2000.0 {
		t.Errorf("the largest loss is %v", first)
	}
	if admin := s.do("admin", "POST", "/policies/simulate", ask).want(200).json(); len(admin["changes"].([]any)) != 0 || fmt.Sprint(admin["roster"]) != fmt.Sprint(told["roster"]) {
		t.Errorf("an administrator is told %v", admin)
	}

	s.enact(draft)
	s.wantDerived()
	r := s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-03"}).want(201).json()
	for name, v := range told["roster"].(map[string]any) {
		if fmt.Sprint(r[name]) != fmt.Sprint(v) {
			t.Errorf("the roster's %s is %v, foretold was %v", name, r[name], v)
		}
	}
	s.wantLedger(one, nursing, "2023-01 16700/16700/0", "2023-02 17700/16700/1000", "2023-03 17700/0/17700")
	back := s.do("finance", "GET", "/recoveries?person_id="+two, nil).want(200).json()["items"].([]any)
	if len(back) != 1 || back[0].(map[string]any)["amount_fen"] != 1000.0 {
		t.Errorf("asked back: %v", back)
	}
	s.wantOwed(never, nursing)
}

// TestTwoPeopleChangeRules: who proposes does not activate, nothing bad is proposed, nothing is activated twice.
func TestTwoPeopleChangeRules(t *testing.T) {
	t.Parallel()
	s := start(t)
	propose := func(draft map[string]any) answer {
		return s.do("admin", "POST", "/policies", map[string]any{"draft": draft, "note": "x"})
	}
	propose(map[string]any{"document": "pack: x"}).want(422, "BAD_PACK")
	propose(map[string]any{"document": s.edited(`district: "370305"`, `district: "370306"`)}).want(422, "OTHER_PACK")
	propose(map[string]any{"document": strings.Replace(s.edited("stop_mode: next_month", "stop_mode: same_month"), "expr: alive", "expr: alife", 1)}).want(422, "BAD_PACK")
	propose(map[string]any{"document": "x", "policy_id": "01a20a63-7168-7056-b276-4c563bc9a280"}).want(422, "ONE_DRAFT")
	propose(map[string]any{"document": string(policy.Builtin)}).want(409, "PACK_VERSION_EXISTS")
	p := propose(raise("2027.1", "2027-01-01", 20000, 15000)).want(201)
	if p.text("state") != "proposed" || !strings.Contains(p.text("document"), "淄民〔2023〕99号") || !strings.Contains(p.text("document"), "# Limits are in working days") {
		t.Errorf("proposed: %s", p.body)
	}
	path := "/policies/" + p.text("id")
	s.do("admin", "POST", path+"/activate", nil, "If-Match", p.version()).want(409, "OWN_CASE")
	s.do("admin2", "POST", path+"/activate", nil, "If-Match", `"2"`).want(412, "STALE")
	done := s.do("admin2", "POST", path+"/activate", nil, "If-Match", p.version(), "Idempotency-Key", "k1").want(200)
	if again := s.do("admin2", "POST", path+"/activate", nil, "If-Match", p.version(), "Idempotency-Key", "k1").want(200); string(again.body) != string(done.body) {
		t.Errorf("the repeat says %s", again.body)
	}
	s.do("admin2", "POST", path+"/activate", nil, "If-Match", done.version()).want(409, "ACTIVATED_ALREADY")
	states := ""
	for _, raw := range s.do("auditor", "GET", "/policies", nil).want(200).json()["items"].([]any) {
		states += raw.(map[string]any)["state"].(string) + " "
	}
	if states != "in_force replaced " {
		t.Errorf("the packs are %s", states)
	}
}

// TestAnotherProcessFollows: a desk that did not activate the rules works by them from its next write on.
func TestAnotherProcessFollows(t *testing.T) {
	t.Parallel()
	s := start(t)
	other := *s.desk
	other.Rules = casework.NewRules(s.desk.Pack())
	id := s.person1(710, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.enact(raise("elsewhere", "2023-02-01", 20000, 15000))
	s.desk.Rules = other.Rules // the same face, with a desk that has seen nothing of it
	s.at("2023-02-20")
	s.fact(id, "veteran", true, "2023-02-01", "")
	s.wantOwed(id, nursing, 16700, 20000)
	s.wantDerived()
}

// TestForceMajeure is M14: a card that runs out in a declared transition goes on at the old standard until its end.
func TestForceMajeure(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-01")
	id := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀711", "id_number": number(711), "hukou_area_code": villageA, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": number(711) + "41", "category": 4, "level": 1, "issued_on": "2013-05-20", "expires_on": "2023-05-19"}}).want(201).text("id")
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.enact(map[string]any{"document": s.edited("transitions: []", "transitions: [{from: 2023-04-01, to: 2023-08-31}]")})
	s.at("2023-10-10")
	s.wantOwed(id, nursing, 16700, 16700, 16700, 16700, 16700, 16700, 16700, 16700)
	s.wantDerived()
}

// TestRecordedCalendar: the order of a later year counts from the moment that it is recorded, and can be replaced.
func TestRecordedCalendar(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.applied(s.person1(712, 1), nursing, "2027-04-30") // Friday
	due := func() string {
		return s.do("town.a", "GET", "/applications/"+app.text("id"), nil).want(200).json()["clock"].(map[string]any)["due_on"].(string)
	}
	if got := due(); got != "2027-05-07" {
		t.Errorf("without holidays the case is due on %s", got)
	}
	year := map[string]any{"year": 2027, "document": "国办发明电〔2026〕9号", "holidays": []string{"2027-05-01..2027-05-05"}, "working": []string{"2027-05-08"}}
	s.do("admin", "POST", "/calendars", year).want(201)
	if got := due(); got != "2027-05-11" {
		t.Errorf("with the holidays the case is due on %s", got)
	}
	year["working"] = []string{"2027-05-10"}
	s.do("admin", "POST", "/calendars", year).want(422, "BAD_CALENDAR")
	year["working"], year["holidays"] = []string{}, []string{"2027-05-03"}
	s.do("admin", "POST", "/calendars", year).want(201)
	if got := due(); got != "2027-05-10" {
		t.Errorf("with the later order the case is due on %s", got)
	}
	years := s.do("liaison.a", "GET", "/calendars", nil).want(200).json()["years"].([]any)
	if last := years[len(years)-1].(map[string]any); len(years) != 12 || last["year"] != 2027.0 || last["document"] != "国办发明电〔2026〕9号" {
		t.Errorf("%d years, the last %v", len(years), last)
	}
	fresh, err := casework.LoadRules(t.Context(), s.desk.DB)
	if err != nil {
		t.Fatal(err)
	}
	s.desk.Rules = fresh
	if got := due(); got != "2027-05-10" {
		t.Errorf("another process says %s", got)
	}
}
