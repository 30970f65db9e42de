package httpapi_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"zhucan/internal/calendar"
	"zhucan/internal/calendar/workdays"
)

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
			for range 3 {
				app, ok := w.one(w.cases)
				if !ok {
					break
				}
				score := 1 + w.rand.IntN(5)
				if w.s.do("hotline", "POST", "/applications/"+app.text("id")+"/rating", map[string]any{"score": score}).status == 201 {
					w.rated[app.text("id")] = float64(score)
				}
			}
		default:
			w.handle()
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
