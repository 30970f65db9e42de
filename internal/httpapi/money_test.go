package httpapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// at sets the clock to noon of a day in Shanghai and forgets who is signed in: sessions do not last for months.
func (s *service) at(day string) {
	s.t.Helper()
	t, err := time.Parse("2006-01-02 15:04 -0700", day+" 12:00 +0800")
	if err != nil {
		s.t.Fatal(err)
	}
	s.clock.Set(t)
	clear(s.tokens)
}

// fact records a circumstance.
func (s *service) fact(person, kind string, value any, from, to string) answer {
	s.t.Helper()
	body := map[string]any{"kind": kind, "value": value, "valid_from": from, "source": "民政"}
	if to != "" {
		body["valid_to"] = to
	}
	return s.do("cdpf", "POST", "/persons/"+person+"/circumstances", body).want(201)
}

// granted applies for a programme on one day and has it approved on another.
func (s *service) granted(person, programme, applied, approved string) answer {
	s.t.Helper()
	s.at(applied)
	app := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": person, "programme": programme, "applied_on": applied,
		"applicant": map[string]any{"relation": "self"}, "bank_account": "6222000011112222"}).want(201)
	submitted := s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(200)
	s.at(approved)
	return s.do("town.a", "POST", "/applications/"+app.text("id")+"/decisions", map[string]any{"decision": "approve"}, "If-Match", submitted.version()).want(200)
}

// pay makes the roster of a month on a day and takes it to the bank, which pays what ok says. It returns the roster and
// its lines.
func (s *service) pay(day, month string, ok func(line map[string]any) bool) (answer, []map[string]any) {
	s.t.Helper()
	s.at(day)
	r := s.do("civil", "POST", "/rosters", map[string]any{"month": month}).want(201)
	path := "/rosters/" + r.text("id")
	for _, step := range []struct{ user, verb string }{{"cdpf", "check"}, {"civil", "lock"}, {"finance", "send"}} {
		r = s.do(step.user, "POST", path+"/"+step.verb, nil, "If-Match", r.version()).want(200)
	}
	lines := s.lines(path)
	s.results(r.text("id"), lines, ok)
	r = s.do("finance", "GET", path, nil).want(200)
	return s.do("finance", "POST", path+"/close", nil, "If-Match", r.version()).want(200), lines
}

func (s *service) lines(path string) (list []map[string]any) {
	s.t.Helper()
	for _, l := range s.do("finance", "GET", path+"/lines?limit=200", nil).want(200).json()["items"].([]any) {
		list = append(list, l.(map[string]any))
	}
	return list
}

// results fetches the bank's file, fills in what the bank does, and sends it back.
func (s *service) results(roster string, lines []map[string]any, ok func(map[string]any) bool) answer {
	s.t.Helper()
	bySeq := map[string]map[string]any{}
	for _, l := range lines {
		bySeq[fmt.Sprint(l["seq"])] = l
	}
	rows := s.bankFile(roster)
	for _, row := range rows[1:] {
		if line := bySeq[row[1]]; line != nil && len(row) == 25 && row[0] == roster {
			if row[23] = "失败"; ok(line) {
				row[23] = "成功"
			}
			row[24] = "账户6222000011112222已销户"
		}
	}
	a := s.upload("finance", csvOf(rows), "/rosters/"+roster+"/results").want(200)
	if n := len(a.json()["errors"].([]any)); n > 0 {
		s.t.Fatalf("%d rows of the bank were not taken: %s", n, a.body)
	}
	return a
}

// bankFile is the roster's csv file without its last row.
func (s *service) bankFile(roster string) [][]string {
	s.t.Helper()
	file := s.do("finance", "GET", "/rosters/"+roster+"/file?format=csv", nil).want(200).body
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\uFEFF"))))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	seal := bytes.LastIndex(file, []byte("校验,"))
	if last := rows[len(rows)-1]; last[1] != fmt.Sprintf("%x", sha256.Sum256(file[:seal])) {
		s.t.Errorf("the last row is not the checksum of the rows before it: %v", last)
	}
	return rows[:len(rows)-1]
}

func csvOf(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.WriteAll(rows)
	return b.Bytes()
}

func everyone(map[string]any) bool { return true }

// ledger is due/paid/difference of the months of a programme, as "2023-03 18500/18500/0".
func (s *service) ledger(person, programme string) (list []string) {
	s.t.Helper()
	for _, raw := range s.do("town.a", "GET", "/persons/"+person+"/ledger", nil).want(200).json()["items"].([]any) {
		if i := raw.(map[string]any); i["programme"] == programme {
			list = append(list, fmt.Sprintf("%s %v/%v/%v", i["month"], i["due_fen"], i["paid_fen"], i["difference_fen"]))
		}
	}
	return list
}

func (s *service) wantLedger(person, programme string, want ...string) {
	s.t.Helper()
	if got := s.ledger(person, programme); fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("ledger of %s:\n got %q\nwant %q", programme, got, want)
	}
}

const (
	living  = "living_allowance"
	nursing = "nursing_subsidy"
)

// TestFirstRosterPaysFromTheMonthOfApplication is M01: applied in March, approved in May, three months of both at once.
func TestFirstRosterPaysFromTheMonthOfApplication(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person("liaison.a", villageA, 100, 1).want(201).text("id")
	s.fact(id, "dibao", true, "2022-01-01", "")
	s.granted(id, living, "2023-03-28", "2023-05-10")
	s.granted(id, nursing, "2023-03-28", "2023-05-10")
	r, lines := s.pay("2023-05-12", "2023-05", everyone)
	if r.json()["net_fen"] != 105600.0 || r.json()["persons"] != 1.0 || r.json()["person_months"] != 6.0 || r.text("net_capitals") != "壹仟零伍拾陆圆整" {
		t.Errorf("roster: %s, want 1,056 yuan", r.body)
	}
	if len(lines) != 2 || lines[0]["arrears_from"] != "2023-03" || lines[0]["arrears_to"] != "2023-04" || lines[0]["regular_fen"] != 18500.0 {
		t.Errorf("lines: %v", lines)
	}
	s.wantLedger(id, living, "2023-03 18500/18500/0", "2023-04 18500/18500/0", "2023-05 18500/18500/0")
	s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-05"}).want(409, "NOTHING_TO_PAY")
	s.at("2023-06-02")
	if r, _ := s.pay("2023-06-05", "2023-06", everyone); r.json()["net_fen"] != 35200.0 {
		t.Errorf("June: %s", r.body)
	}
}

// person1 is somebody in village A with a card of a level and, for the living allowance, 低保 since 2022.
func (s *service) person1(n, level int) string {
	s.t.Helper()
	s.at("2022-12-01")
	id := s.person("liaison.a", villageA, n, level).want(201).text("id")
	s.fact(id, "dibao", true, "2022-01-01", "")
	return id
}

// renewed gives a person a new card at another level.
func (s *service) renewed(person, event, on string, n, level int) {
	s.t.Helper()
	card := s.do("cdpf", "GET", "/persons/"+person, nil).want(200).json()["certificates"].([]any)
	last := card[len(card)-1].(map[string]any)
	s.do("cdpf", "POST", "/certificates/"+last["id"].(string)+"/events", map[string]any{"event": event, "on": on,
		"certificate": map[string]any{"number": fmt.Sprintf("%s4%d", number(n), level), "category": 4, "level": level, "issued_on": on}},
		"If-Match", fmt.Sprintf(`"%v"`, last["version"])).want(201)
}

// TestMonthsAndMoney is one test a scenario of the field: what is owed, month by month, after something has happened.
func TestMonthsAndMoney(t *testing.T) {
	t.Parallel()
	for n, tt := range []struct {
		name            string
		level           int
		happens         func(s *service, id string, n int)
		until           string
		living, nursing []int // fen a month from January 2023 on
	}{
		{"M03 dies on 3 March", 1, func(s *service, id string, _ int) { s.fact(id, "death", true, "2023-03-03", "") }, "2023-05-10",
			[]int{18500, 18500, 18500}, []int{16700, 16700, 16700}},
		{"M05 dies on the first", 1, func(s *service, id string, _ int) { s.fact(id, "death", true, "2023-03-01", "") }, "2023-05-10",
			[]int{18500, 18500, 18500}, []int{16700, 16700, 16700}},
		{"M05 dies on the last day", 1, func(s *service, id string, _ int) { s.fact(id, "death", true, "2023-03-31", "") }, "2023-05-10",
			[]int{18500, 18500, 18500}, []int{16700, 16700, 16700}},
		{"M07 from level 2 to 3 on 12 March", 2, func(s *service, id string, n int) { s.renewed(id, "CHANGE", "2023-03-12", n, 3) }, "2023-05-10",
			[]int{18500, 18500, 18500, 14500, 14500}, []int{14000, 14000, 14000}},
		{"M09 from level 2 to 1 on 12 March", 2, func(s *service, id string, n int) { s.renewed(id, "CHANGE", "2023-03-12", n, 1) }, "2023-05-10",
			[]int{18500, 18500, 18500, 18500, 18500}, []int{14000, 14000, 14000, 16700, 16700}},
		{"M07 with a card of 1 March", 2, func(s *service, id string, n int) { s.renewed(id, "CHANGE", "2023-03-01", n, 3) }, "2023-05-10",
			[]int{18500, 18500, 18500, 14500, 14500}, []int{14000, 14000, 14000}},
		{"M09 with a card of 1 March", 2, func(s *service, id string, n int) { s.renewed(id, "CHANGE", "2023-03-01", n, 1) }, "2023-05-10",
			[]int{18500, 18500, 18500, 18500, 18500}, []int{14000, 14000, 14000, 16700, 16700}},
		{"M16 moves to the other village on the 15th", 1, func(s *service, id string, _ int) {
			v := s.do("town.a", "GET", "/persons/"+id, nil).want(200).version()
			s.do("town.a", "PATCH", "/persons/"+id, map[string]any{"managing_area_code": villageB, "effective_on": "2023-03-15"}, "If-Match", v).want(200)
		}, "2023-04-10", []int{18500, 18500, 18500, 18500}, []int{16700, 16700, 16700, 16700}},
		{"M19 leaves 低保 on 10 March", 1, func(s *service, id string, _ int) { s.endFact(id, "dibao", "2023-03-10") }, "2023-05-10",
			[]int{18500, 18500, 18500}, []int{16700, 16700, 16700, 16700, 16700}},
		{"M20 低保 again in May needs another application", 1, func(s *service, id string, _ int) {
			s.endFact(id, "dibao", "2023-03-10")
			s.at("2023-05-20")
			s.fact(id, "dibao", true, "2023-05-01", "")
		}, "2023-06-10", []int{18500, 18500, 18500}, []int{16700, 16700, 16700, 16700, 16700, 16700}},
		{"M20 and comes with one in June", 1, func(s *service, id string, _ int) {
			s.endFact(id, "dibao", "2023-03-10")
			s.at("2023-05-20")
			s.fact(id, "dibao", true, "2023-05-01", "")
			s.granted(id, living, "2023-06-03", "2023-06-05")
		}, "2023-07-10", []int{18500, 18500, 18500, 0, 0, 18500, 18500}, []int{16700, 16700, 16700, 16700, 16700, 16700, 16700}},
		{"M18 out of the district and back within March", 1, func(s *service, id string, _ int) {
			for _, move := range []struct{ to, on string }{{"370304001", "2023-03-05"}, {villageA, "2023-03-20"}} {
				v := s.do("town.a", "GET", "/persons/"+id, nil).want(200).version()
				s.do("town.a", "PATCH", "/persons/"+id, map[string]any{"hukou_area_code": move.to, "effective_on": move.on}, "If-Match", v).want(200)
			}
		}, "2023-04-10", []int{18500, 18500, 18500, 18500}, []int{16700, 16700, 16700, 16700}},
		{"M29 enters 特困 on 15 March", 1, func(s *service, id string, _ int) { s.fact(id, "tekun", true, "2023-03-15", "") }, "2023-05-10",
			[]int{18500, 18500, 18500}, []int{16700, 16700, 16700}},
		{"M31 judgment on 20 February, released 5 May, applies on the 9th", 1, func(s *service, id string, _ int) {
			s.fact(id, "imprisonment", true, "2023-02-20", "2023-05-04")
			s.granted(id, nursing, "2023-05-09", "2023-05-10")
		}, "2023-06-10", []int{18500, 18500}, []int{16700, 16700, 0, 0, 16700, 16700}},
		{"M33 voluntary stop in March", 1, func(s *service, id string, _ int) {
			for _, a := range s.do("town.a", "GET", "/awards?person_id="+id, nil).want(200).json()["items"].([]any) {
				w := a.(map[string]any)
				s.do("town.a", "POST", "/awards/"+w["id"].(string)+"/end", map[string]any{"last_month": "2023-03", "reason": "本人自愿"}, "If-Match", fmt.Sprintf(`"%v"`, w["version"])).want(200)
			}
		}, "2023-05-10", []int{18500, 18500, 18500}, []int{16700, 16700, 16700}},
		{"suspended in February, resumed from April without the months between", 1, func(s *service, id string, _ int) { s.pause(id, "2023-02", "2023-04", false) }, "2023-05-10",
			[]int{18500, 0, 0, 18500, 18500}, []int{16700, 0, 0, 16700, 16700}},
		{"suspended in February, resumed from April with them", 1, func(s *service, id string, _ int) { s.pause(id, "2023-02", "2023-04", true) }, "2023-05-10",
			[]int{18500, 18500, 18500, 18500, 18500}, []int{16700, 16700, 16700, 16700, 16700}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(200+n, tt.level)
			s.granted(id, living, "2023-01-05", "2023-01-10")
			s.granted(id, nursing, "2023-01-05", "2023-01-10")
			s.at("2023-04-01")
			tt.happens(s, id, 200+n)
			s.at(tt.until)
			for programme, want := range map[string][]int{living: tt.living, nursing: tt.nursing} {
				if got := s.owed(id, programme); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s owed %v, want %v", programme, got, want)
				}
			}
			if _, differed, err := s.desk.RebuildStandings(t.Context(), systemActor, true); err != nil || differed != 0 {
				t.Errorf("%d standings or dues differ from the facts (%v)", differed, err)
			}
		})
	}
}

// owed is what the ledger says is due from January 2023 on, a zero for a month without an item.
func (s *service) owed(person, programme string) (list []int) {
	s.t.Helper()
	for _, raw := range s.do("auditor", "GET", "/persons/"+person+"/ledger", nil).want(200).json()["items"].([]any) {
		i := raw.(map[string]any)
		if i["programme"] != programme {
			continue
		}
		var month int
		if _, err := fmt.Sscanf(i["month"].(string), "2023-%d", &month); err != nil {
			s.t.Fatalf("a month outside 2023: %v", i)
		}
		for len(list) < month-1 {
			list = append(list, 0)
		}
		list = append(list, int(i["due_fen"].(float64)))
	}
	return list
}

func (s *service) endFact(person, kind, on string) {
	s.t.Helper()
	for _, raw := range s.do("cdpf", "GET", "/persons/"+person+"/circumstances", nil).want(200).json()["items"].([]any) {
		if c := raw.(map[string]any); c["kind"] == kind && c["valid_to"] == nil && c["superseded_at"] == nil {
			s.do("cdpf", "POST", "/circumstances/"+c["id"].(string)+"/end", map[string]any{"valid_to": on}, "If-Match", `"1"`).want(200)
		}
	}
}

func (s *service) pause(person, from, again string, backPay bool) {
	s.t.Helper()
	for _, raw := range s.do("town.a", "GET", "/awards?person_id="+person, nil).want(200).json()["items"].([]any) {
		w := raw.(map[string]any)
		paused := s.do("town.a", "POST", "/awards/"+w["id"].(string)+"/suspend", map[string]any{"from_month": from, "reason": "REVERIFY"}, "If-Match", fmt.Sprintf(`"%v"`, w["version"])).want(200)
		s.do("town.a", "POST", "/awards/"+w["id"].(string)+"/resume", map[string]any{"from_month": again, "back_pay": backPay}, "If-Match", paused.version()).want(200)
	}
}

// TestLateRenewal is M11: the card runs out, nothing is paid, and three months of the gap at most come back.
func TestLateRenewal(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2022-12-01")
	id := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀", "id_number": number(300), "hukou_area_code": villageA, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": number(300) + "41", "category": 4, "level": 1, "issued_on": "2013-02-20", "expires_on": "2023-02-19"}}).want(201).text("id")
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-08-10")
	if got := s.owed(id, nursing); fmt.Sprint(got) != "[16700 16700]" {
		t.Errorf("after the card ran out: %v", got)
	}
	s.renewed(id, "RENEW", "2023-08-03", 300, 2)
	if got := s.owed(id, nursing); fmt.Sprint(got) != "[16700 16700 0 0 0 0 0 14000]" {
		t.Errorf("after renewal: %v", got)
	}
	w := s.do("cdpf", "GET", "/awards?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)
	path := "/awards/" + w["id"].(string) + "/back-pay"
	s.do("cdpf", "POST", path, map[string]any{"months": 4, "reason": "住院"}, "If-Match", fmt.Sprintf(`"%v"`, w["version"])).want(422)
	done := s.do("cdpf", "POST", path, map[string]any{"months": 3, "reason": "住院"}, "If-Match", fmt.Sprintf(`"%v"`, w["version"])).want(200)
	if got := s.owed(id, nursing); fmt.Sprint(got) != "[16700 16700 0 0 14000 14000 14000 14000]" {
		t.Errorf("after the grant: %v", got)
	}
	s.do("cdpf", "POST", path, map[string]any{"months": 3, "reason": "又"}, "If-Match", done.version()).want(409)
}

// TestCancelledCardIsNotRenewed: after a cancellation a first card is issued, on an application; a renewal, also one of a day before it, would
// let the right go on.
func TestCancelledCardIsNotRenewed(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(340, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-05-20")
	card := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).json()["certificates"].([]any)[0].(map[string]any)
	path := "/certificates/" + card["id"].(string) + "/events"
	gone := s.do("cdpf", "POST", path, map[string]any{"event": "CANCEL", "on": "2023-05-10", "cancel_reason": "FRAUD"}, "If-Match", fmt.Sprintf(`"%v"`, card["version"])).want(201)
	next := func(event, on string) answer {
		return s.do("cdpf", "POST", path, map[string]any{"event": event, "on": on, "certificate": map[string]any{"number": number(340) + "41B1", "category": 4, "level": 1, "issued_on": on}}, "If-Match", gone.version())
	}
	for _, event := range []string{"RENEW", "CHANGE", "REISSUE_LOST", "REPLACE_DAMAGED"} {
		next(event, "2023-05-20").want(409, "WRONG_STATUS")
		next(event, "2023-04-01").want(409, "WRONG_STATUS")
	}
	// a first card ten days later is another right, for which somebody applies
	s.do("cdpf", "POST", "/persons/"+id+"/certificates", map[string]any{"number": number(340) + "41", "category": 4, "level": 1, "issued_on": "2023-05-20"}).want(201)
	s.at("2023-07-10")
	if got := s.owed(id, nursing); fmt.Sprint(got) != "[16700 16700 16700 16700 16700]" {
		t.Errorf("owed after the cancellation: %v", got)
	}
	s.granted(id, nursing, "2023-07-12", "2023-07-13")
	if got := s.owed(id, nursing); fmt.Sprint(got) != "[16700 16700 16700 16700 16700 0 16700]" {
		t.Errorf("owed after another application: %v", got)
	}
	s.wantDerived()
}

// TestFrozenCardIsNotReplaced: what is frozen is looked at again, and no other card comes in its place, be it dated before.
func TestFrozenCardIsNotReplaced(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(345, 1)
	s.at("2023-05-20")
	card := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).json()["certificates"].([]any)[0].(map[string]any)
	path := "/certificates/" + card["id"].(string) + "/events"
	frozen := s.do("cdpf", "POST", path, map[string]any{"event": "FREEZE", "on": "2023-05-10", "reason": "x"}, "If-Match", fmt.Sprintf(`"%v"`, card["version"])).want(201)
	for _, on := range []string{"2023-05-09", "2023-05-15"} {
		s.do("cdpf", "POST", path, map[string]any{"event": "REISSUE_LOST", "on": on, "certificate": map[string]any{"number": number(345) + "41B1", "category": 4, "level": 1, "issued_on": "2023-05-20"}},
			"If-Match", frozen.version()).want(409, "WRONG_STATUS")
	}
	s.do("cdpf", "POST", "/persons/"+id+"/certificates", map[string]any{"number": number(345) + "41", "category": 4, "level": 1, "issued_on": "2023-05-20"}).want(409, "WRONG_STATUS")
}

// TestRecovery pays four months of somebody whose death in February becomes known in May, and gets the money back.
func TestRecovery(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(310, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.pay("2023-02-05", "2023-02", everyone)
	s.pay("2023-04-05", "2023-04", everyone)
	s.at("2023-05-06")
	death := s.fact(id, "death", true, "2023-02-11", "")
	list := s.do("finance", "GET", "/recoveries?person_id="+id, nil).want(200).json()["items"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["outstanding_fen"] != 33400.0 {
		t.Fatalf("recoveries: %v, want one of 334 yuan", list)
	}
	path := "/recoveries/" + list[0].(map[string]any)["id"].(string)
	step := func(user string, body map[string]any) answer {
		return s.do(user, "POST", path+"/events", body, "If-Match", s.do(user, "GET", path, nil).want(200).version())
	}
	step("finance", map[string]any{"event": "notify"}).want(200)
	step("finance", map[string]any{"event": "repay", "amount_fen": 33401}).want(422, "AMOUNT_OUT_OF_RANGE")
	step("finance", map[string]any{"event": "repay", "amount_fen": 20000}).want(200)
	step("finance", map[string]any{"event": "waive", "amount_fen": 13400, "reason": "无力偿还"}).want(409, "WAIVER_NOT_PROPOSED")
	step("finance", map[string]any{"event": "propose_waiver", "amount_fen": 13400, "reason": "无力偿还"}).want(200)
	step("finance", map[string]any{"event": "waive", "amount_fen": 13400, "reason": "无力偿还"}).want(409, "WAIVER_NOT_PROPOSED")
	if r := step("civil", map[string]any{"event": "waive", "amount_fen": 13400, "reason": "无力偿还"}).want(200); r.text("state") != "closed" {
		t.Errorf("after repayment and waiver: %s", r.body)
	}
	s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 0/16700/0", "2023-04 0/16700/0")

	// the report was wrong: what was repaid is owed again, what was waived is not paid twice
	s.do("cdpf", "POST", "/circumstances/"+death.text("id")+"/correct", map[string]any{"value": false, "source": "公安", "reason": "误报"}, "If-Match", `"1"`).want(200)
	s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 16700/16700/16700", "2023-04 16700/16700/3300", "2023-05 16700/0/16700")
	r, lines := s.pay("2023-05-10", "2023-05", everyone)
	if r.json()["net_fen"] != 36700.0 || lines[0]["supplement_fen"] != 20000.0 {
		t.Errorf("roster: %s %v", r.body, lines)
	}
	s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 16700/33400/0", "2023-04 16700/20000/0", "2023-05 16700/16700/0")
}

// TestRepaymentIsSaidByFinance: who can make that something was not owed, and take it back, does not also say that it was repaid: one officer paid
// the same months twice by reporting a death, a repayment that nobody made, and that the report was wrong.
func TestRepaymentIsSaidByFinance(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(311, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.pay("2023-04-05", "2023-04", everyone)
	s.at("2023-05-06")
	death := s.fact(id, "death", true, "2023-02-11", "")
	path := "/recoveries/" + s.do("cdpf", "GET", "/recoveries?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)["id"].(string)
	for _, user := range []string{"cdpf", "civil"} {
		s.do(user, "POST", path+"/events", map[string]any{"event": "repay", "amount_fen": 33400}, "If-Match", s.do(user, "GET", path, nil).want(200).version()).want(403, "NOT_YOUR_STEP")
	}
	s.do("cdpf", "POST", "/circumstances/"+death.text("id")+"/correct", map[string]any{"value": false, "source": "公安", "reason": "误报"}, "If-Match", `"1"`).want(200)
	r, _ := s.pay("2023-05-10", "2023-05", everyone)
	if r.json()["net_fen"] != 16700.0 {
		t.Errorf("after a death, a repayment and a correction by one officer, a roster pays: %s", r.body)
	}
}

// TestConsentedOffset keeps back from a later payment what the person agreed to, and nothing without it.
func TestConsentedOffset(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(320, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.pay("2023-03-05", "2023-03", everyone)
	s.at("2023-03-20")
	w := s.do("town.a", "GET", "/awards?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)
	s.pause(id, "2023-03", "2023-04", false) // March was paid and is not owed
	if w["status"] != "active" {
		t.Errorf("award: %v", w)
	}
	if r, _ := s.pay("2023-04-05", "2023-04", everyone); r.json()["net_fen"] != 16700.0 {
		t.Errorf("netted without consent: %s", r.body)
	}
	item := s.do("finance", "GET", "/recoveries?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)
	path := "/recoveries/" + item["id"].(string)
	s.do("finance", "POST", path+"/events", map[string]any{"event": "consent", "amount_fen": 10000}, "If-Match", fmt.Sprintf(`"%v"`, item["version"])).want(200)
	r, _ := s.pay("2023-05-05", "2023-05", everyone)
	if r.json()["net_fen"] != 6700.0 || r.json()["deduction_fen"] != 10000.0 {
		t.Errorf("May: %s", r.body)
	}
	if after := s.do("finance", "GET", path, nil).want(200).json(); after["outstanding_fen"] != 6700.0 || after["repaid_fen"] != 10000.0 || after["consented_fen"] != 0.0 {
		t.Errorf("recovery: %v", after)
	}
}

// TestFailedPayment is M36: the bank returns May, the next roster pays it again, once.
func TestFailedPayment(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(330, 1)
	s.granted(id, nursing, "2023-05-02", "2023-05-03")
	s.pay("2023-05-10", "2023-05", func(map[string]any) bool { return false })
	s.wantLedger(id, nursing, "2023-05 16700/0/16700")
	s.do("liaison.a", "POST", "/persons/"+id+"/payees", map[string]any{"holder": "他人", "relation": "self", "account": "6222000011112222"}).want(422, "NOT_OWN_ACCOUNT")
	s.do("liaison.a", "POST", "/persons/"+id+"/payees", map[string]any{"holder": "金丝雀330", "relation": "self", "account": "6222000011112222", "reason": "换卡"}).want(201)
	r, lines := s.pay("2023-06-10", "2023-06", everyone)
	if r.json()["net_fen"] != 33400.0 || len(lines) != 1 || lines[0]["arrears_from"] != "2023-05" {
		t.Errorf("June: %s %v", r.body, lines)
	}
	s.wantLedger(id, nursing, "2023-05 16700/16700/0", "2023-06 16700/16700/0")
}

// TestFileStaysAsItWasLocked corrects the name and the card of somebody and the name of his village after his roster
// was locked: the bank's file does not change by a byte, and the next roster says it as it is by then.
func TestFileStaysAsItWasLocked(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(340, 1)
	s.granted(id, nursing, "2023-05-02", "2023-05-03")
	r, _ := s.pay("2023-05-10", "2023-05", everyone)
	files := func() (both string) {
		for _, form := range []string{"csv", "xlsx"} {
			both += string(s.do("finance", "GET", "/rosters/"+r.text("id")+"/file?format="+form, nil).want(200).body)
		}
		return both
	}
	before := files()
	s.at("2023-05-12")
	v := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).version()
	s.do("cdpf", "PATCH", "/persons/"+id, map[string]any{"name": "金丝雀新"}, "If-Match", v).want(200)
	s.renewed(id, "RENEW", "2023-05-11", 340, 1)
	if _, err := s.owner().Exec(t.Context(), "SET session_replication_role = replica; UPDATE divisions SET name = '新' || name WHERE code = '"+villageA+"'"); err != nil {
		t.Fatal(err)
	}
	if files() != before {
		t.Error("the file of a locked roster follows what was corrected after it")
	}
	next, _ := s.pay("2023-06-10", "2023-06", everyone)
	if row := s.bankFile(next.text("id"))[1]; row[5] != "金丝雀新" || !strings.HasPrefix(row[4], "新") {
		t.Errorf("the next roster has %q in %q", row[5], row[4])
	}
}

// TestProgrammeThatTheRulesNameNoMore: a programme that the rules in force do not name any more does not keep a roster from being locked; its id stands for its name.
func TestProgrammeThatTheRulesNameNoMore(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.granted(s.person1(344, 1), nursing, "2023-05-02", "2023-05-03")
	s.at("2023-05-10")
	r := s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-05"}).want(201)
	err := s.desk.DB.Write(t.Context(), systemActor, "roster.lock", func(tx *store.Tx) error {
		held, err := tx.LockRoster(t.Context(), uuid.MustParse(r.text("id")))
		if err != nil {
			return err
		}
		return tx.KeepBankLines(t.Context(), held, map[string]string{})
	})
	if err != nil {
		t.Fatal(err)
	}
	var name string
	if err := s.owner().QueryRow(t.Context(), "SELECT programme FROM bank_lines").Scan(&name); err != nil || name != nursing {
		t.Errorf("the bank is told %q (%v)", name, err)
	}
}

// TestBackdatedRaise is M22 to M24: the rates of 2023 become known in February and count from January. Who was paid gets a
// supplement, also for somebody who died meanwhile, and nobody who was not owed January.
func TestBackdatedRaise(t *testing.T) {
	t.Parallel()
	s := start(t)
	var before []string
	for _, line := range strings.Split(string(policy.Builtin), "\n") {
		if !strings.Contains(line, "淄民〔2023〕4号") {
			before = append(before, line)
		}
	}
	s.enact(map[string]any{"document": strings.Replace(strings.Join(before, "\n"), s.desk.Pack().Version, "before the raise", 1)})
	var ids []string
	for n := range 3 {
		ids = append(ids, s.person1(360+n, 1))
		s.granted(ids[n], nursing, "2022-12-05", "2022-12-10")
	}
	s.at("2022-12-20")
	s.fact(ids[2], "tekun", true, "2022-12-15", "")
	s.pay("2023-01-10", "2023-01", everyone)
	s.wantLedger(ids[0], nursing, "2022-12 16100/16100/0", "2023-01 16100/16100/0")
	s.wantLedger(ids[2], nursing, "2022-12 16100/16100/0")
	s.at("2023-01-25")
	s.fact(ids[1], "death", true, "2023-01-20", "")

	s.at("2023-02-15")
	s.enact(map[string]any{"pack_version": "raised", "rates": []any{map[string]any{"programme": nursing, "from": "2023-01-01", "document": "淄民〔2023〕4号",
		"by_level": []any{map[string]any{"level": 1, "amount_fen": 16700}, map[string]any{"level": 2, "amount_fen": 14000}}}}})
	s.wantLedger(ids[0], nursing, "2022-12 16100/16100/0", "2023-01 16700/16100/600", "2023-02 16700/0/16700")
	s.wantLedger(ids[1], nursing, "2022-12 16100/16100/0", "2023-01 16700/16100/600")
	r, lines := s.pay("2023-02-20", "2023-02", everyone)
	if r.json()["net_fen"] != 17900.0 || len(lines) != 2 {
		t.Errorf("roster with the supplements: %s", r.body)
	}
	for _, l := range lines {
		if l["supplement_fen"] != 600.0 {
			t.Errorf("supplement: %v", l)
		}
	}
	s.wantLedger(ids[1], nursing, "2022-12 16100/16100/0", "2023-01 16700/16700/0")
	s.wantLedger(ids[2], nursing, "2022-12 16100/16100/0")
}
