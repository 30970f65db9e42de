package httpapi_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/calendar"
	"zhucan/internal/calendar/workdays"
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
	third = s.do("liaison.a", "POST", "/applications/"+third.text("id")+"/resubmit", nil, "If-Match", third.version()).want(200)
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
				if sum := again["370305"]; by == "district" && (sum["decided"] < 3 || sum["overdue"]+sum["tickets_overdue"] == 0 || sum["ratings"] == 0 || sum["called_back"] == 0) {
					t.Errorf("too little happened to prove anything: %v", sum)
				}
			}
		})
	}
}

// recounted are the members of a row that are counted again.
var recounted = []string{"received", "decided", "in_time", "overdue", "working_days", "most_days", "returned", "rejected", "withdrawn", "tickets_received", "tickets_closed", "tickets_overdue",
	"called_back", "satisfied", "services_opened", "services_completed", "ratings", "scores"}

// weeks is a time of work that nobody planned.
type weeks struct {
	s       *service
	rand    *rand.Rand
	day     calendar.Date
	cases   []answer
	tickets []answer
	rated   map[string]float64
}

// places are the liaison, the officer and the area of each village.
var places = []struct{ liaison, officer, village, town string }{{"liaison.a", "town.a", villageA, townA}, {"liaison.b", "town.a2", villageB, townA}, {"liaison.c", "town.c", villageC, townC}}

func (w *weeks) one(list []answer) (answer, bool) {
	if len(list) == 0 {
		return answer{}, false
	}
	return list[w.rand.IntN(len(list))], true
}

func (w *weeks) live(deeds int) {
	w.rated = map[string]float64{}
	for n := range deeds {
		if n == 0 || w.rand.IntN(4) == 0 {
			w.day = w.day.Add(1 + w.rand.IntN(2))
			w.s.at(w.day.String())
		}
		switch w.rand.IntN(8) {
		case 0:
			p := places[w.rand.IntN(len(places))]
			id := w.s.person(p.liaison, p.village, 800+n, 1).want(201).text("id")
			app := w.s.do(p.liaison, "POST", "/applications", map[string]any{"person_id": id, "programme": nursing, "applied_on": w.day.String(), "applicant": map[string]any{"relation": "self"}}).want(201)
			w.cases = append(w.cases, w.s.do(p.liaison, "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(200))
		case 1, 2, 3, 4:
			w.move()
		case 5:
			if app, ok := w.one(w.cases); ok {
				score := 1 + w.rand.IntN(5)
				if w.s.do("hotline", "POST", "/applications/"+app.text("id")+"/rating", map[string]any{"score": score}).status == 201 {
					w.rated[app.text("id")] = float64(score)
				}
			}
		default:
			w.handle()
		}
	}
	w.s.at("2023-05-22")
}

// move does something to some case, if that can be done.
func (w *weeks) move() {
	old, ok := w.one(w.cases)
	if !ok {
		return
	}
	path := "/applications/" + old.text("id")
	app := w.s.do("auditor", "GET", path, nil).want(200)
	p := places[slices.IndexFunc(places, func(p struct{ liaison, officer, village, town string }) bool {
		return p.village == app.text("area_code")
	})]
	switch stage := app.text("stage"); stage {
	case "returned":
		w.s.do(p.liaison, "POST", path+"/resubmit", nil, "If-Match", app.version()).want(200)
	case "town_review", "cdpf_review", "civil_affairs_decision":
		if w.rand.IntN(8) == 0 {
			w.s.do(p.liaison, "POST", path+"/withdraw", nil, "If-Match", app.version()).want(200)
			return
		}
		who := map[string]string{"town_review": p.officer, "cdpf_review": "cdpf", "civil_affairs_decision": "civil"}[stage]
		w.s.decide(who, app, map[string]any{"decision": []string{"approve", "approve", "return", "reject"}[w.rand.IntN(4)], "reason": "核实"}).want(200)
	}
}

// handle takes a new ticket, or some ticket a step further.
func (w *weeks) handle() {
	old, ok := w.one(w.tickets)
	if !ok || w.rand.IntN(3) == 0 {
		w.tickets = append(w.tickets, w.s.brought([]string{"advice", "complaint"}[w.rand.IntN(2)], "other", ""))
		return
	}
	k := w.s.do("hotline", "GET", "/tickets/"+old.text("id"), nil).want(200)
	switch k.text("state") {
	case "received":
		if w.rand.IntN(3) == 0 {
			w.s.assigned(k, "370305", cdpf)
			return
		}
		w.s.assigned(k, places[w.rand.IntN(len(places))].town, town)
	case "assigned":
		unit := k.json()["unit"].(map[string]any)["area_code"].(string)
		w.s.took(map[string]string{townA: "town.a", townC: "town.c", "370305": "cdpf"}[unit], k, map[string]any{"step": "reply", "text": "x"}, "answered")
	case "answered":
		w.s.step("hotline", k, map[string]any{"step": "call_back", "text": "x", "result": []string{"satisfied", "dissatisfied", "fairly_satisfied"}[w.rand.IntN(3)]}).want(201)
	case "called_back":
		w.s.took("hotline", k, map[string]any{"step": "close"}, "closed")
	case "closed":
		w.s.took("hotline", k, map[string]any{"step": "reopen", "text": "x"}, "assigned")
	}
}

// recount goes through everything the API tells, and counts for each unit.
func (w *weeks) recount(from, to calendar.Date, by string) map[string]map[string]int {
	counts := map[string]map[string]int{}
	digits := map[string]int{"district": 6, "town": 9, "village": 12}[by]
	in := func(instant any) bool {
		at, err := time.Parse(time.RFC3339, fmt.Sprint(instant))
		day := calendar.DateOf(at)
		return err == nil && !day.Before(from) && !day.After(to)
	}
	add := func(code, name string, n int) {
		unit := "unplaced"
		if len(code) >= digits {
			unit = code[:digits]
		}
		if counts[unit] == nil {
			counts[unit] = map[string]int{}
		}
		if name == "most_days" {
			counts[unit][name] = max(counts[unit][name], n)
			return
		}
		counts[unit][name] += n
	}
	for _, old := range w.cases {
		app := w.s.do("auditor", "GET", "/applications/"+old.text("id"), nil).want(200).json()
		w.recountCase(app, in, func(name string, n int) { add(app["area_code"].(string), name, n) })
		if score, ok := w.rated[app["id"].(string)]; ok {
			ratedInPeriod := false
			for _, raw := range w.s.do("auditor", "GET", "/ratings?limit=200", nil).want(200).json()["items"].([]any) {
				r := raw.(map[string]any)
				ratedInPeriod = ratedInPeriod || r["application_id"] == app["id"] && in(r["rated_at"])
			}
			if ratedInPeriod {
				add(app["area_code"].(string), "ratings", 1)
				add(app["area_code"].(string), "scores", int(score))
			}
		}
	}
	for _, old := range w.tickets {
		k := w.s.do("auditor", "GET", "/tickets/"+old.text("id"), nil).want(200).json()
		code := "370305"
		if unit, ok := k["unit"].(map[string]any); ok {
			code = unit["area_code"].(string)
		}
		if in(k["received_at"]) {
			add(code, "tickets_received", 1)
		}
		if k["closed_at"] != nil && in(k["closed_at"]) {
			add(code, "tickets_closed", 1)
		}
		if c, ok := k["clock"].(map[string]any); ok && c["overdue"] == true {
			add(code, "tickets_overdue", 1)
		}
		for _, raw := range k["steps"].([]any) {
			if step := raw.(map[string]any); step["step"] == "call_back" && in(step["at"]) {
				add(code, "called_back", 1)
				if step["result"] != "dissatisfied" {
					add(code, "satisfied", 1)
				}
			}
		}
	}
	return counts
}

// recountCase walks the days of one case: each working day belongs to the stage in which it ended.
func (w *weeks) recountCase(app map[string]any, in func(any) bool, add func(string, int)) {
	used := map[string]int{}
	var stage string
	var since calendar.Date
	decided := ""
	for _, raw := range app["steps"].([]any) {
		step := raw.(map[string]any)
		at, _ := time.Parse(time.RFC3339, step["at"].(string))
		today := calendar.DateOf(at)
		for d := since; stage != "" && d.Before(today); d = d.Add(1) {
			if workdays.Builtin().IsWorking(d.Add(1)) {
				used[stage]++
			}
		}
		stage, since = step["to_stage"].(string), today
		if name := map[string]string{"submit": "received", "return": "returned", "reject": "rejected", "withdraw": "withdrawn"}[step["action"].(string)]; name != "" && in(step["at"]) {
			add(name, 1)
		}
		if (stage == "approved" || stage == "rejected") && in(step["at"]) {
			decided = stage
		}
	}
	if c, ok := app["clock"].(map[string]any); ok && c["state"] == "overdue" {
		add("overdue", 1)
	}
	if decided == "" {
		return
	}
	days, inTime := 0, 1
	for _, of := range []string{"town_review", "cdpf_review", "civil_affairs_decision"} {
		if days += used[of]; used[of] > 5 {
			inTime = 0
		}
	}
	add("decided", 1)
	add("working_days", days)
	add("most_days", days)
	add("in_time", inTime)
}
