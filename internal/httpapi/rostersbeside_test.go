package httpapi_test

import (
	"fmt"
	"testing"
)

// stage takes a roster through steps that each somebody else takes.
func (s *service) stage(id string, verbs ...string) (r answer) {
	s.t.Helper()
	users := map[string]string{"check": "cdpf", "lock": "civil", "send": "finance", "cancel": "civil"}
	r = s.do("finance", "GET", "/rosters/"+id, nil).want(200)
	for _, verb := range verbs {
		r = s.do(users[verb], "POST", "/rosters/"+id+"/"+verb, nil, "If-Match", r.version()).want(200)
	}
	return r
}

func (s *service) made(day, month string) string {
	s.t.Helper()
	s.at(day)
	return s.do("civil", "POST", "/rosters", map[string]any{"month": month}).want(201).text("id")
}

// answered sends a locked roster to the bank, which pays all of it.
func (s *service) answered(id string) {
	s.t.Helper()
	s.stage(id, "send")
	s.results(id, s.lines("/rosters/"+id), everyone)
}

// TestLaterRosterLockedFirst: a roster that still waits when the next month's is locked can be locked after it, and where it is given up
// its month is paid by the next.
func TestLaterRosterLockedFirst(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(350, 1)
	s.granted(id, nursing, "2023-05-02", "2023-05-03")
	may := s.made("2023-05-10", "2023-05")
	s.stage(may, "check")
	june := s.made("2023-06-10", "2023-06")
	if r := s.stage(june, "check", "lock"); r.json()["net_fen"] != 16700.0 {
		t.Errorf("June beside May: %s", r.body)
	}
	s.answered(june)
	s.wantLedger(id, nursing, "2023-05 16700/0/16700", "2023-06 16700/16700/0")
	s.stage(may, "lock")
	s.answered(may)
	s.wantLedger(id, nursing, "2023-05 16700/16700/0", "2023-06 16700/16700/0")

	july := s.made("2023-07-10", "2023-07")
	august := s.made("2023-08-10", "2023-08")
	s.stage(august, "check", "lock")
	s.answered(august)
	s.stage(july, "cancel")
	r, lines := s.pay("2023-09-10", "2023-09", everyone)
	if r.json()["net_fen"] != 33400.0 || len(lines) != 1 || lines[0]["arrears_from"] != "2023-07" || lines[0]["arrears_to"] != "2023-07" {
		t.Errorf("September: %s %v", r.body, lines)
	}
	s.wantLedger(id, nursing, "2023-05 16700/16700/0", "2023-06 16700/16700/0", "2023-07 16700/16700/0", "2023-08 16700/16700/0", "2023-09 16700/16700/0")
}

// askedFrom is somebody who was paid March, which is asked back, and who agrees that some of it is kept back.
func (s *service) askedFrom(id string, consented int) (recovery string) {
	s.t.Helper()
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.pay("2023-03-05", "2023-03", everyone)
	s.at("2023-03-20")
	s.pause(id, "2023-03", "2023-04", false)
	item := s.do("finance", "GET", "/recoveries?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)
	recovery = "/recoveries/" + item["id"].(string)
	if consented > 0 {
		s.do("finance", "POST", recovery+"/events", map[string]any{"event": "consent", "amount_fen": consented}, "If-Match", fmt.Sprintf(`"%v"`, item["version"])).want(200)
	}
	return recovery
}

// TestConsentIsKeptBackOnce: what one roster keeps back is not kept back by the next while the bank has not answered the first.
func TestConsentIsKeptBackOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(360, 1)
	recovery := s.askedFrom(id, 10000)
	april := s.made("2023-04-10", "2023-04")
	s.stage(april, "check", "lock", "send")
	may := s.made("2023-05-10", "2023-05")
	r := s.stage(may, "check", "lock", "send")
	if r.json()["deduction_fen"] != 0.0 || r.json()["net_fen"] != 16700.0 {
		t.Errorf("May beside April: %s", r.body)
	}
	// the bank fails April: its consent is there again, for June
	s.results(april, s.lines("/rosters/"+april), func(map[string]any) bool { return false })
	s.results(may, s.lines("/rosters/"+may), everyone)
	s.do("liaison.a", "POST", "/persons/"+id+"/payees", map[string]any{"holder": "金丝雀360", "relation": "self", "account": "6222000011112222", "reason": "换卡"}).want(201)
	r, _ = s.pay("2023-06-10", "2023-06", everyone)
	if r.json()["deduction_fen"] != 10000.0 || r.json()["net_fen"] != 23400.0 {
		t.Errorf("June: %s", r.body)
	}
	after := s.do("finance", "GET", recovery, nil).want(200).json()
	if after["amount_fen"] != 16700.0 || after["repaid_fen"] != 10000.0 || after["consented_fen"] != 0.0 {
		t.Errorf("recovery: %v", after)
	}
}

// TestKeptBackTwice: what a roster that is under way keeps back is repaid or waived meanwhile, for a month of which nothing is due. Once the bank
// has paid, it has come back twice, and the next roster pays it.
func TestKeptBackTwice(t *testing.T) {
	t.Parallel()
	for n, how := range []string{"repaid", "waived", "stopped"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(361+n, 1)
			recovery := s.askedFrom(id, 16000)
			step := func(user, event string) {
				s.do(user, "POST", recovery+"/events", map[string]any{"event": event, "amount_fen": 16700, "reason": "一次办结"},
					"If-Match", s.do(user, "GET", recovery, nil).want(200).version()).want(200)
			}
			april := s.made("2023-04-10", "2023-04")
			if r := s.stage(april, "check", "lock", "send"); r.json()["deduction_fen"] != 16000.0 {
				t.Fatalf("April: %s", r.body)
			}
			if how == "waived" {
				step("finance", "propose_waiver")
				step("civil", "waive")
			} else {
				step("finance", "repay")
			}
			s.results(april, s.lines("/rosters/"+april), everyone)
			s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 0/16700/16000", "2023-04 16700/16700/0")
			s.wantAskedBack(id)
			owed, may := 32700.0, []string{"2023-05 16700/16700/0"}
			if how == "stopped" { // nothing is due any more
				s.at("2023-05-01")
				s.fact(id, "death", true, "2023-04-20", "")
				owed, may = 16000, nil
			}
			r, lines := s.pay("2023-05-10", "2023-05", everyone)
			if len(lines) != 1 || lines[0]["supplement_fen"] != 16000.0 || lines[0]["arrears_from"] != "2023-03" || r.json()["net_fen"] != owed {
				t.Errorf("May: %s %v", r.body, lines)
			}
			s.wantLedger(id, nursing, append([]string{"2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 0/32700/0", "2023-04 16700/16700/0"}, may...)...)
			s.wantAskedBack(id)
			s.wantDerived()
		})
	}
}

// TestKeptBackWhole: of a line that is kept back whole the bank gets nothing and answers nothing; it is settled when the roster is sent.
func TestKeptBackWhole(t *testing.T) {
	t.Parallel()
	for n, alone := range []bool{false, true} {
		t.Run(fmt.Sprintf("alone %v", alone), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id, other := s.person1(365+2*n, 1), s.person1(366+2*n, 1)
			recovery := s.askedFrom(id, 16700)
			if !alone {
				s.granted(other, nursing, "2023-03-25", "2023-04-01")
			}
			april := s.made("2023-04-10", "2023-04")
			path := "/rosters/" + april
			s.do("finance", "POST", path+"/close", nil, "If-Match", s.stage(april, "check").version()).want(409, "WRONG_STATE")
			r := s.stage(april, "lock", "send")
			state, lines, persons := "sent", "1", "1人"
			if alone {
				state, lines, persons = "results_in", "0", "0人"
			}
			if r.text("state") != state || r.json()["deduction_fen"] != 16700.0 || r.json()["lines"] == lines {
				t.Errorf("sent: %s", r.body)
			}
			for _, l := range s.lines(path) {
				if settled := l["state"] == "paid"; settled != (l["person_id"] == id) {
					t.Errorf("a line is %v", l)
				}
			}
			if after := s.do("finance", "GET", recovery, nil).want(200).json(); after["state"] != "closed" || after["repaid_fen"] != 16700.0 {
				t.Errorf("recovery: %v", after)
			}
			s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 0/16700/0", "2023-04 16700/16700/0")
			file := s.bankFile(april)
			for i, row := range file {
				if row[0] == "合计" && (row[1] != lines || row[5] != persons || fmt.Sprint(i-1) != lines) {
					t.Errorf("the bank's file ends with %q after %d lines", row, i-1)
				}
				if row[0] == "其中" && (row[5] != persons || row[11] != "2") {
					t.Errorf("a part of the bank's file: %q", row)
				}
			}
			if !alone {
				s.results(april, s.lines(path), everyone)
				s.wantLedger(other, nursing, "2023-03 16700/16700/0", "2023-04 16700/16700/0")
			}
			s.do("finance", "POST", path+"/close", nil, "If-Match", s.do("finance", "GET", path, nil).want(200).version()).want(200)
			s.wantAskedBack(id)
		})
	}
}

// TestProposalIsWaivedOnce: an amount that one has proposed is waived once, also where more is outstanding.
func TestProposalIsWaivedOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	recovery := s.askedFrom(s.person1(370, 1), 0)
	step := func(user, event string) answer {
		return s.do(user, "POST", recovery+"/events", map[string]any{"event": event, "amount_fen": 5000, "reason": "无力偿还"}, "If-Match", s.do(user, "GET", recovery, nil).want(200).version())
	}
	step("finance", "propose_waiver").want(200)
	step("civil", "waive").want(200)
	step("civil", "waive").want(409, "WAIVER_NOT_PROPOSED")
	step("civil", "propose_waiver").want(200)
	if r := step("finance", "waive").want(200); r.json()["waived_fen"] != 10000.0 {
		t.Errorf("after two proposals: %s", r.body)
	}
}

// TestMergeUndoneBeforeTheBankAnswers: what a line has kept back from a file that nothing is asked back from any more is owed again.
func TestMergeUndoneBeforeTheBankAnswers(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(981)
	s.askedFrom(goes, 0)
	m := s.merge("town.a", goes, stays).want(201)
	item := s.do("finance", "GET", "/recoveries?person_id="+stays, nil).want(200).json()["items"].([]any)[0].(map[string]any)
	s.do("finance", "POST", "/recoveries/"+item["id"].(string)+"/events", map[string]any{"event": "consent", "amount_fen": 10000}, "If-Match", fmt.Sprintf(`"%v"`, item["version"])).want(200)
	april := s.made("2023-04-10", "2023-04")
	if r := s.stage(april, "check", "lock", "send"); r.json()["deduction_fen"] != 10000.0 {
		t.Errorf("April: %s", r.body)
	}
	s.undo(m).want(200)
	s.results(april, s.lines("/rosters/"+april), everyone)
	s.wantLedger(stays, nursing, "2023-04 0/14000/-4000")
	s.wantAskedBack(stays)
	s.wantAskedBack(goes)
	s.wantDerived()
	r, lines := s.pay("2023-05-10", "2023-05", everyone) // April again, and May, less what was agreed to
	if len(lines) != 1 || lines[0]["person_id"] != goes || r.json()["deduction_fen"] != 10000.0 || r.json()["net_fen"] != 18000.0 {
		t.Errorf("May: %s %v", r.body, lines)
	}
	s.wantLedger(goes, nursing, "2023-01 14000/14000/0", "2023-02 14000/14000/0", "2023-03 0/14000/-4000", "2023-04 14000/14000/0", "2023-05 14000/14000/0")
}

// TestRosterSaysWhatWasNotPublished: a roster names how many of its lines pay cases that no notice has shown.
func TestRosterSaysWhatWasNotPublished(t *testing.T) {
	t.Parallel()
	s := start(t)
	shown, hidden := s.person1(380, 1), s.person1(381, 2)
	s.granted(shown, nursing, "2023-05-02", "2023-05-03")
	s.do("town.a", "POST", "/public-notices", map[string]any{}).want(201)
	s.granted(hidden, nursing, "2023-05-02", "2023-05-15") // when the notice is over
	r := s.do("finance", "GET", "/rosters/"+s.made("2023-05-16", "2023-05"), nil).want(200)
	if r.json()["lines"] != 2.0 || r.json()["unpublished_lines"] != 1.0 {
		t.Errorf("one of two was shown: %s", r.body)
	}
}

// TestDeputyAndMoney: who acts for somebody neither checks his roster nor approves what he has proposed to waive.
func TestDeputyAndMoney(t *testing.T) {
	t.Parallel()
	s := start(t)
	recovery := s.askedFrom(s.person1(395, 1), 0)
	s.do("civil", "POST", recovery+"/events", map[string]any{"event": "propose_waiver", "amount_fen": 5000, "reason": "无力偿还"}, "If-Match", s.do("civil", "GET", recovery, nil).want(200).version()).want(200)
	april := s.made("2023-04-10", "2023-04")
	d := s.do("admin", "POST", "/deputations", map[string]any{"principal_id": s.accountID("civil"), "deputy_id": s.accountID("cdpf"), "from": "2023-04-10", "until": "2023-04-14", "reason": "休假"}).want(201)
	s.tokens["deputy"] = s.do("cdpf", "POST", "/auth/act-for", map[string]any{"deputation_id": d.text("id")}).want(200).text("access_token")
	s.do("deputy", "POST", "/rosters/"+april+"/check", nil, "If-Match", s.do("deputy", "GET", "/rosters/"+april, nil).want(200).version()).want(409, "SAME_HANDS")
	s.do("deputy", "POST", recovery+"/events", map[string]any{"event": "waive", "amount_fen": 5000, "reason": "x"}, "If-Match", s.do("deputy", "GET", recovery, nil).want(200).version()).want(409, "WAIVER_NOT_PROPOSED")
	s.stage(april, "check") // under his own name the same officer may
}

// TestRosterOfWhoHasMoved is M16: a roster of the old town pays who has moved to another one meanwhile, and its own officers make it, take in the
// bank's answer and close it, with account, holds and what is asked back. Beside that they see nothing of him.
func TestRosterOfWhoHasMoved(t *testing.T) {
	t.Parallel()
	s := start(t)
	for user, role := range map[string]string{"finance.a": "finance_officer", "civil.a": "civil_affairs_approver"} {
		s.do("admin", "POST", "/accounts", map[string]any{"username": user, "name": "测试", "role": role, "area_code": townA, "password": password}).want(201)
	}
	agreed, held, plain, stays := s.person1(396, 1), s.person1(397, 1), s.person1(398, 1), s.person1(399, 1)
	for _, id := range []string{held, plain, stays} {
		s.granted(id, nursing, "2023-01-05", "2023-01-10")
	}
	recovery := s.askedFrom(agreed, 10000)
	s.at("2023-04-05")
	s.do("town.a", "POST", "/persons/"+held+"/holds", map[string]any{"programme": nursing, "note": "账户待核实"}).want(201)
	move := func(ids ...string) {
		for _, id := range ids {
			v := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).version()
			s.do("cdpf", "PATCH", "/persons/"+id, map[string]any{"managing_area_code": villageC, "effective_on": "2023-04-05"}, "If-Match", v).want(200)
		}
	}
	moved := []string{agreed, held, plain}
	move(moved...)
	r := s.do("civil.a", "POST", "/rosters", map[string]any{"month": "2023-04"}).want(201)
	path := "/rosters/" + r.text("id")
	for _, l := range s.lines(path) {
		want := map[string][3]any{agreed: {"due", nil, 6700.0}, held: {"held", "OFFICER", 16700.0}}[l["person_id"].(string)]
		if want[0] == nil {
			want = [3]any{"due", nil, 16700.0}
		}
		if got := [3]any{l["state"], l["hold"], l["net_fen"]}; got != want {
			t.Errorf("a line is %v, want %v", got, want)
		}
	}
	if r.json()["lines"] != 3.0 || r.json()["unpublished_lines"] != nil || s.do("civil.a", "GET", path, nil).want(200).json()["unpublished_lines"] != 3.0 {
		t.Errorf("the roster of the old town: %s", r.body)
	}
	r = s.do("cdpf", "POST", path+"/check", nil, "If-Match", r.version()).want(200)
	r = s.do("civil.a", "POST", path+"/lock", nil, "If-Match", r.version()).want(200)
	r = s.do("finance.a", "POST", path+"/send", nil, "If-Match", r.version()).want(200)
	rows := s.bankFile(r.text("id"))
	for _, row := range rows[1:4] {
		row[23] = "成功"
	}
	if a := s.upload("finance.a", csvOf(rows), path+"/results").want(200).json(); a["paid"] != 3.0 || len(a["errors"].([]any)) > 0 {
		t.Errorf("the bank's answer: %v", a)
	}
	s.do("finance.a", "POST", path+"/close", nil, "If-Match", s.do("finance.a", "GET", path, nil).want(200).version()).want(200)
	if after := s.do("finance", "GET", recovery, nil).want(200).json(); after["repaid_fen"] != 10000.0 || after["amount_fen"] != 16700.0 {
		t.Errorf("what was asked back: %v", after)
	}
	if n := len(s.do("finance", "GET", "/recoveries?person_id="+agreed, nil).want(200).json()["items"].([]any)); n != 1 {
		t.Errorf("%d recoveries", n)
	}
	for _, id := range moved {
		s.do("finance.a", "GET", "/persons/"+id+"/ledger", nil).want(404)
	}
	s.do("finance.a", "GET", recovery, nil).want(404)
	for _, l := range s.do("finance.a", "GET", path+"/lines", nil).want(200).json()["items"].([]any) {
		if l := l.(map[string]any); (l["person_name"] == nil) != (l["person_id"] != stays) {
			t.Errorf("a line shows %v", l)
		}
	}
	s.at("2023-05-10")
	if lines := s.lines("/rosters/" + s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-05", "area_code": townC}).want(201).text("id")); len(lines) != 3 {
		t.Errorf("the new town's roster of May has %v", lines)
	}
}
