package httpapi_test

import (
	"fmt"
	"sync"
	"testing"
)

// TestHouseholdElsewhere: a household stands in another village than the file of its member, whose liaison does not see it. What he records of
// the member counts for it all the same.
func TestHouseholdElsewhere(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]func(s *service, person string) answer{
		"death": func(s *service, person string) answer {
			return s.do("liaison.a", "POST", "/persons/"+person+"/circumstances", map[string]any{"kind": "death", "value": true, "valid_from": "2019-02-15", "source": "村居"})
		},
		"card": func(s *service, person string) answer {
			card := s.do("liaison.a", "GET", "/persons/"+person, nil).want(200).json()["certificates"].([]any)[0].(map[string]any)["id"].(string)
			return s.do("liaison.a", "POST", "/certificates/"+card+"/events", map[string]any{"event": "CANCEL", "on": "2019-02-20", "cancel_reason": "RECOVERED"}, "If-Match", `"1"`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.at("2018-07-01")
			person := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 1, nil)
			household := s.do("town.a", "POST", "/households", map[string]any{"area_code": villageB, "address": "x",
				"members": []any{map[string]any{"person_id": person, "relation": "head", "from": "2016-01-01"}}}).want(201).text("id")
			s.do("town.a", "POST", "/households/"+household+"/circumstances", map[string]any{"kind": "dwelling", "value": "own", "valid_from": "2016-01-01", "source": "入户"}).want(201)
			s.open("liaison.b", "retrofit", household, "2019-01-05", homeNeed).take("liaison.b", "verify", "2019-01-10", atHome)
			s.wantRate(retrofitRate, yearEnd19, 0, 1)
			s.at("2019-03-01")
			gone(s, person).want(201)
			s.wantRate(retrofitRate, yearEnd19, 0, 0)
			s.wantDerived()
		})
	}
}

// TestOneSourceAtOnce: the plan of a retrofit and the approval of the same device for a member are held against each other also where two
// offices take them at one moment.
func TestOneSourceAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := range 6 {
		household, person := s.severeHome(n+1, "own")
		device, retrofit := s.reviewed(person, "093307", "grant", 1), s.verified(household)
		s.login("town.a")
		s.login("cdpf")
		var both sync.WaitGroup
		var plan, approval answer
		both.Go(func() { plan = retrofit.try("town.a", "plan", "2019-01-20", homePlan) })
		both.Go(func() {
			approval = device.try("cdpf", "approve", "2019-01-20", costs("093307", 30000, 30000, 0, "none"))
		})
		both.Wait()
		if got := fmt.Sprint(plan.status, " ", approval.status); got != "201 422" && got != "422 201" {
			t.Errorf("plan %d %s, approval %d %s", plan.status, codeOf(plan), approval.status, codeOf(approval))
		}
	}
}
