package httpapi_test

import (
	"fmt"
	"testing"
)

// sentBack records that a line of a roster has come back.
func (s *service) sentBack(roster string, line map[string]any, on string) answer {
	s.t.Helper()
	return s.do("finance", "POST", "/rosters/"+roster+"/returns", map[string]any{"seq": line["seq"], "net_fen": line["net_fen"], "returned_on": on,
		"document": "退汇单0042", "reason": "账户6222000011112222已销户"})
}

// lineOf is the line of a person.
func (s *service) lineOf(roster, person string) map[string]any {
	s.t.Helper()
	for _, l := range s.lines("/rosters/" + roster) {
		if l["person_id"] == person {
			return l
		}
	}
	s.t.Fatal("no line of this person")
	return nil
}

// TestPaidThenReturned is M36 after the bank has said paid: the payment comes back, before or after its roster is closed, and is paid again by a
// later one, once. The roster stays as it was, and what contradicts it without saying that it is a return is still refused.
func TestPaidThenReturned(t *testing.T) {
	t.Parallel()
	for n, closed := range []bool{false, true} {
		t.Run(fmt.Sprintf("closed %v", closed), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id, other := s.person1(460+2*n, 1), s.person1(461+2*n, 1)
			for _, person := range []string{id, other} {
				s.granted(person, nursing, "2023-01-05", "2023-01-10")
			}
			january, _ := s.pay("2023-01-15", "2023-01", everyone)
			february := s.made("2023-02-05", "2023-02")
			path := "/rosters/" + february
			s.stage(february, "check", "lock", "send")
			s.sentBack(february, s.lineOf(february, id), "2023-02-05").want(409, "WRONG_STATE")
			s.results(february, s.lines(path), everyone)
			before := s.do("finance", "GET", path, nil).want(200)
			if closed {
				before = s.do("finance", "POST", path+"/close", nil, "If-Match", before.version()).want(200)
			} else {
				rows := s.bankFile(february)
				rows[1][23], rows[2][23] = "退票", "成功"
				if a := s.upload("finance", csvOf(rows), path+"/results").want(200).json(); a["same"] != 1.0 || len(a["errors"].([]any)) != 1 {
					t.Errorf("a file that contradicts: %v", a)
				}
			}
			s.at("2023-02-20")
			line := s.lineOf(february, id)
			for code, body := range map[string]map[string]any{"UNKNOWN_LINE": {"seq": 77, "net_fen": 16700}, "AMOUNT_DIFFERS": {"seq": line["seq"], "net_fen": 16701}} {
				body["returned_on"], body["document"], body["reason"] = "2023-02-18", "x", "x"
				s.do("finance", "POST", path+"/returns", body).want(422, code)
			}
			s.sentBack(february, line, "2023-02-04").want(422, "DATE_OUT_OF_RANGE")
			s.sentBack(february, line, "2023-02-21").want(422, "DATE_OUT_OF_RANGE")
			for range 2 { // the second changes nothing
				back := s.sentBack(february, line, "2023-02-18").want(200).json()
				if back["state"] != "failed" || back["returned_on"] != "2023-02-18" || back["return_document"] != "退汇单0042" || back["failure"] != "账户****已销户" {
					t.Errorf("the line: %v", back)
				}
			}
			s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/0/16700")
			s.wantLedger(other, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0")
			if !closed {
				s.results(february, s.lines(path), everyone) // sent again, the file says what is known
				s.do("finance", "POST", path+"/close", nil, "If-Match", s.do("finance", "GET", path, nil).want(200).version()).want(200)
			} else if after := s.do("finance", "GET", path, nil).want(200); string(after.body) != string(before.body) {
				t.Errorf("the closed roster was %s, is %s", before.body, after.body)
			}
			if _, broken, err := s.desk.VerifyRosters(t.Context(), systemActor); err != nil || broken.String() == february {
				t.Errorf("a roster does not add up any more: %s (%v)", broken, err)
			}
			if list := s.do("finance", "GET", "/worklists/undeliverable_payment", nil).want(200).json()["items"].([]any); len(list) != 1 {
				t.Errorf("undelivered: %v", list)
			}
			r, lines := s.pay("2023-03-10", "2023-03", everyone)
			if r.json()["net_fen"] != 50100.0 || len(lines) != 2 {
				t.Errorf("March: %s", r.body)
			}
			s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 16700/16700/0")
			s.sentBack(february, line, "2023-02-18").want(200)
			// and the one of March comes back, too, with two months, and January's of somebody else, long since closed
			s.at("2023-03-20")
			s.sentBack(r.text("id"), s.lineOf(r.text("id"), id), "2023-03-19").want(200)
			s.sentBack(january.text("id"), s.lineOf(january.text("id"), other), "2023-03-19").want(200)
			s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/0/16700", "2023-03 16700/0/16700")
			if r, _ := s.pay("2023-04-10", "2023-04", everyone); r.json()["net_fen"] != 83500.0 {
				t.Errorf("April: %s", r.body)
			}
			s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 16700/16700/0", "2023-04 16700/16700/0")
			s.wantLedger(other, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 16700/16700/0", "2023-04 16700/16700/0")
			s.wantDerived()
		})
	}
}

// TestPaidAgainIsLookedAt: that a payment has come back is one officer's word, and it is paid again; whoever checks the roster is told which lines rest
// on that, however many months later.
func TestPaidAgainIsLookedAt(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, other := s.person1(476, 1), s.person1(477, 1)
	for _, person := range []string{id, other} {
		s.granted(person, nursing, "2023-01-05", "2023-01-10")
	}
	january, _ := s.pay("2023-01-15", "2023-01", everyone)
	looked := func(month string, want float64) {
		t.Helper()
		path := "/rosters/" + s.made(month+"-10", month)
		if got := s.do("finance", "GET", path, nil).want(200).json()["returned_lines"]; got != want {
			t.Errorf("%s: %v lines to look at, want %v", month, got, want)
		}
		lines := items(s.do("finance", "GET", path+"/lines?doubt=returned", nil).want(200), "items")
		if len(lines) != int(want) || len(lines) == 1 && lines[0]["person_id"] != id {
			t.Errorf("%s: %v", month, lines)
		}
		s.do("finance", "POST", path+"/cancel", nil, "If-Match", s.do("finance", "GET", path, nil).want(200).version()).want(200)
	}
	looked("2023-02", 0)
	s.sentBack(january.text("id"), s.lineOf(january.text("id"), id), "2023-01-20").want(200)
	looked("2023-03", 1)
	looked("2023-04", 1)
	if r, _ := s.pay("2023-05-10", "2023-05", everyone); r.json()["returned_lines"] != nil {
		t.Error("it is told of a roster that is closed")
	}
	looked("2023-06", 0)
}

// TestReturnedWithWhatWasKeptBack: with the payment comes back what it kept back: it is asked for again, and may be kept back again.
func TestReturnedWithWhatWasKeptBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(466, 1)
	recovery := s.askedFrom(id, 10000)
	asked := func() string {
		r := s.do("finance", "GET", recovery, nil).want(200).json()
		return fmt.Sprintln(r["state"], r["amount_fen"], r["repaid_fen"], r["consented_fen"])
	}
	may, _ := s.pay("2023-05-10", "2023-05", everyone)
	if got := asked(); got != "open 16700 10000 0\n" {
		t.Errorf("after May: %s", got)
	}
	s.at("2023-05-20")
	s.sentBack(may.text("id"), s.lineOf(may.text("id"), id), "2023-05-19").want(200)
	if got := asked(); got != "open 16700 0 10000\n" {
		t.Errorf("after May came back: %s", got)
	}
	s.wantAskedBack(id)
	june, _ := s.pay("2023-06-10", "2023-06", everyone)
	if june.json()["deduction_fen"] != 10000.0 {
		t.Errorf("June: %s", june.body)
	}
	s.do("finance", "POST", recovery+"/events", map[string]any{"event": "repay", "amount_fen": 6700}, "If-Match", s.do("finance", "GET", recovery, nil).want(200).version()).want(200)
	if got := asked(); got != "closed 16700 16700 0\n" {
		t.Errorf("after the rest was repaid: %s", got)
	}
	s.sentBack(june.text("id"), s.lineOf(june.text("id"), id), "2023-06-10").want(200)
	if got := asked(); got != "open 16700 6700 10000\n" {
		t.Errorf("after June came back: %s", got)
	}
	s.wantAskedBack(id)
	if r, _ := s.pay("2023-07-10", "2023-07", everyone); r.json()["deduction_fen"] != 10000.0 || r.json()["net_fen"] != 56800.0 {
		t.Errorf("July: %s", r.body) // April to July, less what was agreed to
	}
	if got := asked(); got != "closed 16700 16700 0\n" {
		t.Errorf("after July: %s", got)
	}
	s.wantAskedBack(id)
	s.wantDerived()
}

// TestNothingComesBack: of a line that was kept back whole the bank had nothing to pay.
func TestNothingComesBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(468, 1)
	s.askedFrom(id, 16700)
	april := s.made("2023-04-10", "2023-04")
	s.stage(april, "check", "lock", "send")
	s.do("finance", "POST", "/rosters/"+april+"/returns", map[string]any{"seq": 1, "net_fen": 16700, "returned_on": "2023-04-10", "document": "x", "reason": "x"}).want(422, "AMOUNT_DIFFERS")
}

// TestReturnedAfterRecovery: of a month that was not owed and has been asked back, paid back, or waived, the payment itself comes back.
func TestReturnedAfterRecovery(t *testing.T) {
	t.Parallel()
	for n, how := range []string{"asked", "repaid", "waived"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(470+n, 1)
			s.granted(id, nursing, "2023-01-05", "2023-01-10")
			s.pay("2023-02-15", "2023-02", everyone)
			march, _ := s.pay("2023-03-05", "2023-03", everyone)
			s.at("2023-03-20")
			s.pause(id, "2023-03", "2023-04", false)
			item := s.do("finance", "GET", "/recoveries?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)
			recovery := "/recoveries/" + item["id"].(string)
			step := func(user, event string) {
				s.do(user, "POST", recovery+"/events", map[string]any{"event": event, "amount_fen": 16700, "reason": "一次办结"},
					"If-Match", s.do(user, "GET", recovery, nil).want(200).version()).want(200)
			}
			owed := 0
			switch how {
			case "repaid":
				step("finance", "repay")
				owed = 16700
			case "waived":
				step("finance", "propose_waiver")
				step("civil", "waive")
			}
			s.at("2023-03-25")
			s.sentBack(march.text("id"), s.lineOf(march.text("id"), id), "2023-03-24").want(200)
			want := []string{"2023-01 16700/16700/0", "2023-02 16700/16700/0"}
			if owed > 0 {
				want = append(want, "2023-03 0/0/16700")
			}
			s.wantLedger(id, nursing, want...)
			s.wantAskedBack(id)
			if r, _ := s.pay("2023-04-10", "2023-04", everyone); r.json()["net_fen"] != float64(16700+owed) {
				t.Errorf("April: %s", r.body)
			}
			s.wantAskedBack(id)
			s.wantDerived()
		})
	}
}

// TestReturnedAfterMerge: the payment of a file that is merged into another comes back with what it kept back, and what it had before, too, when
// the two are two again.
func TestReturnedAfterMerge(t *testing.T) {
	t.Parallel()
	for n, undone := range []bool{false, true} {
		t.Run(fmt.Sprintf("undone %v", undone), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			stays, goes := s.twice(983 + 2*n)
			recovery := s.askedFrom(goes, 10000)
			april, _ := s.pay("2023-04-10", "2023-04", everyone)
			line := s.lineOf(april.text("id"), goes)
			m := s.merge("town.a", goes, stays).want(201)
			whose := stays
			if undone {
				s.undo(m).want(200)
				whose = goes
			}
			s.do("liaison.a", "POST", "/persons/"+whose+"/payees", map[string]any{"holder": line["person_name"], "relation": "self", "account": "6222000011113333", "reason": "换卡"}).want(201)
			s.sentBack(april.text("id"), line, "2023-04-10").want(200)
			r := s.do("finance", "GET", recovery, nil).want(200).json()
			if r["person_id"] != whose || r["repaid_fen"] != 0.0 || r["consented_fen"] != 10000.0 {
				t.Errorf("recovery: %v", r)
			}
			s.wantAskedBack(whose)
			s.wantAskedBack(stays)
			march := "2023-03 0/14000/-14000"
			s.wantLedger(whose, nursing, "2023-01 14000/14000/0", "2023-02 14000/14000/0", march, "2023-04 14000/0/14000")
			may, lines := s.pay("2023-05-10", "2023-05", everyone)
			if len(lines) != 1 || lines[0]["person_id"] != whose || may.json()["deduction_fen"] != 10000.0 || may.json()["net_fen"] != 18000.0 {
				t.Errorf("May: %s %v", may.body, lines)
			}
			s.wantAskedBack(whose)
			s.wantDerived()
		})
	}
}
