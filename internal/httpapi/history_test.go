package httpapi_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"zhucan/internal/calendar"
)

// historySteps is how many things happen in a random history. Most of them must be done and not refused, which the
// test checks too: a history of refusals shows nothing.
const historySteps = 400

// life is a random history of some persons, lived through the API.
type life struct {
	s       *service
	random  *rand.Rand
	persons []string
	done    map[string]int
	refused map[string]int
}

// TestRandomHistories shows that after every change the stored standing is the one that the facts give, and that
// counts and names agree on any day.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	l := &life{s: start(t), random: rand.New(rand.NewPCG(20230328, 7)), done: map[string]int{}, refused: map[string]int{}}
	for n := range 6 {
		l.persons = append(l.persons, l.s.person("liaison.a", villageA, 900+n, 1+n%4).want(201).text("id"))
	}
	steps := []func(person string) (string, answer){l.fact, l.endFact, l.apply, l.apply, l.decide, l.event, l.move}
	for range historySteps {
		l.s.clock.Set(l.s.clock.Now().Add(time.Duration(l.random.IntN(50)) * time.Hour))
		clear(l.s.tokens) // a session does not last a life
		name, a := steps[l.random.IntN(len(steps))](l.persons[l.random.IntN(len(l.persons))])
		if a.status >= 500 {
			t.Fatalf("%s: %s", name, a.body)
		}
		if a.status >= 300 {
			l.refused[fmt.Sprint(name, " ", a.json()["code"])]++
			continue
		}
		l.done[name]++
		if _, differed, err := l.s.desk.RebuildStandings(t.Context(), systemActor, true); err != nil || differed != 0 {
			t.Fatalf("after %s %d standings differ (%v)", name, differed, err)
		}
	}
	for _, name := range []string{"fact", "end", "apply", "submit", "approve", "event", "move"} {
		if l.done[name] < 5 {
			t.Errorf("%s happened %d times; the history shows nothing: %v, refused %v", name, l.done[name], l.done, l.refused)
		}
	}
	l.compareNames(t)
}

func (l *life) day() string {
	return calendar.DateOf(l.s.clock.Now()).Add(-l.random.IntN(400)).String()
}

func (l *life) fact(person string) (string, answer) {
	kinds := []string{"dibao", "dibao", "dibao", "tekun", "orphan_support", "injury_care_fee"}
	body := map[string]any{"kind": kinds[l.random.IntN(len(kinds))], "value": true, "valid_from": l.day(), "source": "随机"}
	return "fact", l.s.do("town.a", "POST", "/persons/"+person+"/circumstances", body)
}

func (l *life) endFact(person string) (string, answer) {
	a := l.s.do("town.a", "GET", "/persons/"+person+"/circumstances", nil).want(200)
	for _, raw := range a.json()["items"].([]any) {
		fact := raw.(map[string]any)
		if fact["value"] != true || fact["valid_to"] != nil || fact["superseded_at"] != nil {
			continue
		}
		return "end", l.s.do("town.a", "POST", "/circumstances/"+fact["id"].(string)+"/end", map[string]any{"valid_to": l.day()}, "If-Match", `"1"`)
	}
	return "nothing to end", a
}

func (l *life) apply(person string) (string, answer) {
	for _, app := range l.applications(person) {
		if app["stage"] == "draft" {
			return "submit", l.s.do("town.a2", "POST", "/applications/"+app["id"].(string)+"/submit", nil, "If-Match", fmt.Sprintf(`"%v"`, app["version"]))
		}
	}
	programme := []string{"living_allowance", "nursing_subsidy"}[l.random.IntN(2)]
	return "apply", l.s.do("town.a2", "POST", "/applications", map[string]any{"person_id": person, "programme": programme,
		"applied_on": calendar.DateOf(l.s.clock.Now()).String(), "applicant": map[string]any{"relation": "self"}})
}

func (l *life) applications(person string) (list []map[string]any) {
	for _, app := range l.s.do("town.a", "GET", "/applications?person_id="+person, nil).want(200).json()["items"].([]any) {
		list = append(list, app.(map[string]any))
	}
	return list
}

func (l *life) decide(person string) (string, answer) {
	for _, app := range l.applications(person) {
		decision := map[string]any{"decision": []string{"approve", "approve", "approve", "reject"}[l.random.IntN(4)], "reason": "随机"}
		if app["stage"] == "town_review" {
			return decision["decision"].(string), l.s.do("town.a", "POST", "/applications/"+app["id"].(string)+"/decisions", decision, "If-Match", fmt.Sprintf(`"%v"`, app["version"]))
		}
	}
	return "nothing to decide", answer{}
}

func (l *life) event(person string) (string, answer) {
	a := l.s.do("town.a", "GET", "/persons/"+person, nil).want(200)
	card := a.json()["certificates"].([]any)[0].(map[string]any)
	event := map[bool]string{true: "UNFREEZE", false: "FREEZE"}[card["status"] == "FROZEN"]
	return "event", l.s.do("town.a", "POST", "/certificates/"+card["id"].(string)+"/events", map[string]any{"event": event,
		"on": calendar.DateOf(l.s.clock.Now()).String()}, "If-Match", fmt.Sprintf(`"%v"`, card["version"]))
}

func (l *life) move(person string) (string, answer) {
	now := l.s.do("town.a", "GET", "/persons/"+person, nil).want(200)
	return "move", l.s.do("town.a", "PATCH", "/persons/"+person, map[string]any{"managing_area_code": []string{villageA, villageB}[l.random.IntN(2)],
		"effective_on": l.day()}, "If-Match", now.version())
}

// compareNames counts the three lists of random days against the numbers of the same days.
func (l *life) compareNames(t *testing.T) {
	for range 20 {
		day := l.day()
		for _, programme := range []string{"living_allowance_coverage", "nursing_subsidy_coverage"} {
			row := l.s.do("town.a", "GET", "/indicators/values?as_of="+day+"&indicator="+programme, nil).want(200).json()["items"].([]any)[0].(map[string]any)
			var names []string
			total := map[string]float64{}
			for _, list := range []string{"covered", "gap", "excluded"} {
				page := l.s.do("town.a", "GET", "/indicators/"+programme+"/persons?list="+list+"&as_of="+day, nil).want(200).json()
				total[list] = page["total"].(float64)
				for _, item := range page["items"].([]any) {
					names = append(names, item.(map[string]any)["person_id"].(string))
				}
			}
			slices.Sort(names)
			if len(slices.Compact(names)) != int(total["covered"]+total["gap"]+total["excluded"]) || row["numerator"] != total["covered"] || row["denominator"] != total["covered"]+total["gap"] {
				t.Errorf("%s on %s: %v of %v, but the lists have %v and %d persons", programme, day, row["numerator"], row["denominator"], total, len(names))
			}
		}
	}
}

// TestRecordAsItWasKnown: a record of an instant shows the stage that a case was in and the award as it then was, whatever came after.
func TestRecordAsItWasKnown(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(390, 1)
	s.granted(id, nursing, "2023-03-28", "2023-05-10")
	award := func() map[string]any {
		return s.do("town.a", "GET", "/awards?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)
	}
	step := func(day, verb string, body map[string]any) {
		s.at(day)
		w := award()
		s.do("town.a", "POST", "/awards/"+w["id"].(string)+"/"+verb, body, "If-Match", fmt.Sprintf(`"%v"`, w["version"])).want(200)
	}
	step("2023-05-20", "suspend", map[string]any{"from_month": "2023-06", "reason": "REVERIFY"})
	step("2023-06-25", "resume", map[string]any{"from_month": "2023-07", "back_pay": true})
	step("2023-08-10", "end", map[string]any{"last_month": "2023-08", "reason": "本人自愿"})
	s.at("2023-08-20")
	for known, want := range map[string]string{
		"2023-04-15T00:00:00Z": "town_review <nil>",
		"2023-05-12T00:00:00Z": "approved true active <nil> <nil>",
		"2023-06-01T00:00:00Z": "approved true suspended 2023-06 <nil>",
		"2023-08-01T00:00:00Z": "approved true active <nil> <nil>",
		"2023-08-15T00:00:00Z": "approved true active <nil> 2023-08",
	} {
		record := s.do("auditor", "GET", "/persons/"+id+"/record?known_at="+known, nil).want(200).json()
		c := record["applications"].([]any)[0].(map[string]any)
		if c["submitted_at"] == nil || c["owed_from_month"] != "2023-03" || c["clock"] != nil {
			t.Errorf("known at %s: %v", known, c)
		}
		got := fmt.Sprint(c["stage"], " ", c["award_id"])
		for _, one := range record["awards"].([]any) {
			w := one.(map[string]any)
			got = fmt.Sprint(c["stage"], " ", c["award_id"] == w["id"], " ", w["status"], " ", w["suspended_from"], " ", w["end_month"])
		}
		if got != want {
			t.Errorf("known at %s: %s, want %s", known, got, want)
		}
	}
}
