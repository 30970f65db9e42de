package httpapi_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/calendar"
)

// board is the supervision board as rows by area code; what is unplaced stands under that word.
func (s *service) board(user, query string) map[string]map[string]any {
	s.t.Helper()
	rows := map[string]map[string]any{}
	for _, raw := range s.do(user, "GET", "/supervision"+query, nil).want(200).json()["items"].([]any) {
		r := raw.(map[string]any)
		key := r["area_code"].(string)
		if r["group"] != nil {
			key = r["group"].(string)
		}
		rows[key] = r
	}
	return rows
}

// TestSupervision counts by hand what three cases, three tickets, a service and two ratings come to.
func TestSupervision(t *testing.T) {
	t.Parallel()
	s := start(t)
	// two cases of the town: one decided on its last day, over the holiday and the make-up Saturday, one too late; the third waits
	s.at("2023-04-01")
	for n := range 2 {
		s.person("liaison.a", villageA, 750+n, 1).want(201)
	}
	list := s.do("liaison.a", "GET", "/persons", nil).want(200).json()["items"].([]any)
	id := func(i int) string { return list[i].(map[string]any)["id"].(string) }
	one, two := s.applied(id(0), nursing, "2023-04-26"), s.applied(id(1), nursing, "2023-04-26")
	s.at("2023-05-06") // five working days
	one = s.decide("town.a", one, map[string]any{"decision": "approve"}).want(200)
	s.at("2023-05-08") // six
	two = s.decide("town.a", two, map[string]any{"decision": "reject", "reason": "材料不实"}).want(200)
	s.do("hotline", "POST", "/applications/"+one.text("id")+"/rating", map[string]any{"score": 5}).want(201)
	s.do("hotline", "POST", "/applications/"+two.text("id")+"/rating", map[string]any{"score": 2}).want(201)
	third := s.applied(id(1), nursing, "2023-05-09")
	third = s.decide("town.a", third, map[string]any{"decision": "return", "reason": "缺账号"}).want(200)
	s.at("2023-05-10")
	s.do("liaison.a", "POST", "/applications/"+third.text("id")+"/resubmit", nil, "If-Match", third.version()).want(200)
	a, b := s.assigned(s.brought("advice", "rehab", ""), townA, town), s.assigned(s.brought("advice", "rehab", ""), "370305", cdpf)
	a = s.took("town.a", a, map[string]any{"step": "reply", "text": "x"}, "answered")
	a = s.took("hotline", a, map[string]any{"step": "call_back", "result": "dissatisfied", "text": "x"}, "assigned")
	a = s.took("town.a", a, map[string]any{"step": "reply", "text": "x"}, "answered")
	a = s.took("hotline", a, map[string]any{"step": "call_back", "result": "satisfied"}, "called_back")
	s.took("hotline", a, map[string]any{"step": "close"}, "closed")
	s.do("liaison.a", "POST", "/services", map[string]any{"kind": "device", "person_id": id(0), "need": map[string]any{"item": "120312", "mode": "grant", "pieces": 1}}).want(201)
	s.at("2023-05-18") // 11, 12, 15, 16, 17 and 18 May are six working days
	query := "?from=2023-05-01&to=2023-05-31"
	town1 := s.board("town.a", query)
	if len(town1) != 1 {
		t.Errorf("a town sees %v", town1)
	}
	want := map[string]any{"received": 1, "decided": 2, "in_time": 1, "in_time_rate": "50.00", "overdue": 1, "working_days": 11, "average_days": "5.50", "most_days": 6, "returned": 1, "rejected": 1,
		"withdrawn": 0, "tickets_received": 1, "tickets_closed": 1, "tickets_overdue": 0, "called_back": 2, "satisfied": 1, "satisfied_rate": "50.00", "services_opened": 1, "services_completed": 0,
		"ratings": 2, "scores": 7, "average_score": "3.50"}
	for name, value := range want {
		if got := town1[townA][name]; fmt.Sprint(got) != fmt.Sprint(value) {
			t.Errorf("%s is %v, want %v", name, got, value)
		}
	}
	for _, user := range []string{"stats", "auditor", "cdpf", "civil"} {
		rows := s.board(user, query)
		if rows[townA]["decided"] != 2.0 || rows[townC]["decided"] != 0.0 || rows[townC]["average_days"] != nil || rows["unplaced"]["tickets_received"] != 1.0 || rows["unplaced"]["tickets_overdue"] != 1.0 {
			t.Errorf("%s sees %v, %v, %v", user, rows[townA], rows[townC], rows["unplaced"])
		}
	}
	if rows := s.board("stats", query+"&by=village&area="+townA); rows[villageA]["decided"] != 2.0 || rows["unplaced"]["tickets_closed"] != 1.0 || rows[villageA]["tickets_closed"] != 0.0 {
		t.Errorf("by village: %v, %v", rows[villageA], rows["unplaced"])
	}
	if rows := s.board("stats", query+"&by=district"); len(rows) != 1 || rows["370305"]["tickets_received"] != 2.0 {
		t.Errorf("by district: %v", rows)
	}
	if rows := s.board("stats", "?from=2023-04-01&to=2023-04-30"); rows[townA]["received"] != 2.0 || rows[townA]["decided"] != 0.0 || rows[townA]["overdue"] != 1.0 {
		t.Errorf("in April: %v", rows[townA])
	}
	s.do("town.c", "GET", "/supervision?area="+townA, nil).want(404)
	s.do("hotline", "GET", "/supervision", nil).want(403)
	s.do("stats", "GET", "/supervision?from=2023-05-02&to=2023-05-01", nil).want(422, "BAD_RANGE")
	s.do("stats", "GET", "/supervision?from=2019-05-02", nil).want(422, "BAD_RANGE")
	s.do("stats", "GET", "/supervision?by=sex", nil).want(400, "BAD_PARAMETER")
	s.do("stats", "GET", "/supervision?from=2023-02-30", nil).want(400, "BAD_PARAMETER")
	s.filesAgree(query)
	s.step("cdpf", b, map[string]any{"step": "reply", "text": "x"}).want(201) // late, and still its own
	if rows := s.board("stats", query); rows["unplaced"]["tickets_overdue"] != 0.0 {
		t.Errorf("answered: %v", rows["unplaced"])
	}
}

// TestSupervisionOfServices counts a service as completed once, on the first day on which it was given.
func TestSupervisionOfServices(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 2, nil)
	c := s.open("liaison.a", "rehab", id, "2019-01-05", `{"types":[{"type":"training"}]}`)
	c.take("liaison.a", "assess", "2019-01-08", `{"institution":"区康复中心","assessor":"甲","findings":"步态不稳"}`).take("town.a", "plan", "2019-01-10", planOf("THERAPY"))
	c.take("liaison.a", "serve", "2019-03-05", `{"item":"THERAPY","institution":"区康复中心","place":"home","started_on":"2019-02-01","sessions":12,"cost_fen":0,"payers":[{"source":"project","fen":0}],"signed_by":"person"}`)
	c.take("liaison.a", "complete", "2019-06-01", "").take("town.a", "evaluate", "2019-06-10", `{"outcome":"maintained"}`)
	for period, want := range map[string]string{"from=2019-01-01&to=2019-05-31": "1 0", "from=2019-06-01&to=2019-06-01": "0 1", "from=2019-06-02&to=2019-12-31": "0 0"} {
		row := s.board("stats", "?by=village&"+period)[villageA]
		if got := fmt.Sprint(row["services_opened"], " ", row["services_completed"]); got != want {
			t.Errorf("%s: opened and completed %s, want %s", period, got, want)
		}
	}
}

// filesAgree reads the board in its three forms: the same rows, codes whole.
func (s *service) filesAgree(query string) {
	s.t.Helper()
	items := s.do("stats", "GET", "/supervision"+query, nil).want(200).json()["items"].([]any)
	text := s.do("stats", "GET", "/supervision"+query+"&format=csv", nil).want(200)
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text.body, []byte("\uFEFF")))).ReadAll()
	if err != nil || len(lines) != len(items)+1 {
		s.t.Fatalf("csv has %d lines (%v), want %d", len(lines), err, len(items)+1)
	}
	book, err := excelize.OpenReader(bytes.NewReader(s.do("stats", "GET", "/supervision"+query+"&format=xlsx", nil).want(200).body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer book.Close()
	sheet, err := book.GetRows("监督评价")
	if err != nil || len(sheet) != len(lines) || sheet[0][0] != "区划代码" {
		s.t.Fatalf("the sheet has %d rows (%v), want %d", len(sheet), err, len(lines))
	}
	for n, line := range lines[1:] {
		item := items[n].(map[string]any)
		for i, name := range lines[0] {
			want := ""
			if v, ok := item[name]; ok && v != nil {
				want = fmt.Sprint(v)
			}
			if slices.Contains([]string{"from", "to", "as_of"}, name) {
				continue
			}
			cell := ""
			if i < len(sheet[n+1]) {
				cell = sheet[n+1][i]
			}
			if line[i] != want || cell != want {
				s.t.Errorf("row %d %s: json %q, csv %q, xlsx %q", n, name, want, line[i], cell)
			}
		}
	}
}

// TestBoardEqualsARecount lets officers of three villages do what they like over some weeks, and counts again what the API tells of
// each case, ticket and rating, case by case and day by day.
func TestBoardEqualsARecount(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.desk.FullChain = seed == 1
			w := &weeks{s: s, rand: rand.New(rand.NewPCG(seed, 18)), day: calendar.MustDate("2023-04-17")}
			w.live(100)
			from, to := calendar.MustDate("2023-04-24"), calendar.MustDate("2023-05-19")
			for _, by := range []string{"district", "town", "village"} {
				got := s.board("stats", fmt.Sprintf("?from=%s&to=%s&by=%s", from, to, by))
				again := w.recount(from, to, by)
				for unit := range again {
					if got[unit] == nil {
						t.Errorf("by %s there is no row of %s", by, unit)
					}
				}
				for unit, row := range got {
					for _, name := range recounted {
						if fmt.Sprint(row[name]) != fmt.Sprint(again[unit][name]) {
							t.Errorf("%s %s: the board has %v, counted again %d", unit, name, row[name], again[unit][name])
						}
					}
				}
				if sum := again["370305"]; by == "district" && (sum["decided"] < 3 || sum["overdue"]+sum["tickets_overdue"] == 0 || sum["returned"] == 0 || sum["ratings"] == 0 || sum["called_back"] == 0) {
					t.Errorf("too little happened to prove anything: %v", sum)
				}
			}
		})
	}
}

// recounted are the members of a row that are counted again.
var recounted = []string{"received", "decided", "in_time", "overdue", "working_days", "most_days", "returned", "rejected", "withdrawn", "tickets_received", "tickets_closed", "tickets_overdue",
	"called_back", "satisfied", "services_opened", "services_completed", "ratings", "scores"}
