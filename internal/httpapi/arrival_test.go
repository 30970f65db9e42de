package httpapi_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"zhucan/internal/calendar"
)

// arrival is a fact and the day on which the office learns of it.
type arrival struct {
	kind     string
	from, to calendar.Date
	learned  calendar.Date
	twin     int
}

// TestArrivalOrder gives pairs of persons the same facts, learned on other days and in another order, while rosters are
// paid every month. In the end both of a pair are owed the same for every month, and what was paid to them, less what is
// asked back, is just that.
func TestArrivalOrder(t *testing.T) {
	t.Parallel()
	s := start(t)
	random := rand.New(rand.NewPCG(5, 8))
	const pairs = 10
	var ids [2][pairs]string
	var coming []arrival
	day := func(from, to string) calendar.Date {
		first := calendar.MustDate(from)
		return first.Add(random.IntN(calendar.MustDate(to).Sub(first) + 1))
	}
	for pair := range pairs {
		for twin := range 2 {
			ids[twin][pair] = s.person1(960+2*pair+twin, 1+pair%2)
		}
		for _, kind := range []string{"tekun", "imprisonment", "missing", "injury_care_fee", "death"} {
			if random.IntN(3) == 0 || kind == "death" && random.IntN(3) > 0 {
				continue
			}
			fact := arrival{kind: kind, from: day("2023-02-01", "2023-08-31")}
			if kind != "death" {
				fact.to = fact.from.Add(random.IntN(120))
			}
			for twin := range 2 {
				fact.twin, fact.learned = 2*pair+twin, fact.from.Add(random.IntN(100))
				coming = append(coming, fact)
			}
		}
	}
	for pair := range pairs {
		for twin := range 2 {
			s.granted(ids[twin][pair], nursing, "2023-01-05", "2023-01-06")
		}
	}
	slices.SortStableFunc(coming, func(a, b arrival) int { return a.learned.Compare(b.learned) })
	for month := calendar.MustMonth("2023-01"); month.Before(calendar.MustMonth("2024-01")); month = month.Add(1) {
		for len(coming) > 0 && !coming[0].learned.After(month.Last().Add(-3)) {
			fact := coming[0]
			coming = coming[1:]
			s.at(max(fact.learned.String(), month.First().Add(1).String()))
			to := ""
			if !fact.to.IsZero() {
				to = fact.to.String()
			}
			s.fact(ids[fact.twin%2][fact.twin/2], fact.kind, true, fact.from.String(), to)
		}
		s.at(month.Last().Add(-1).String())
		if s.do("civil", "POST", "/rosters", map[string]any{"month": month.String()}).status == 201 {
			list := s.do("civil", "GET", "/rosters?month="+month.String(), nil).want(200).json()["items"].([]any)
			made := list[0].(map[string]any)
			s.do("civil", "POST", "/rosters/"+made["id"].(string)+"/cancel", nil, "If-Match", fmt.Sprintf(`"%v"`, made["version"])).want(200)
			s.pay(month.Last().Add(-1).String(), month.String(), everyone)
		}
	}
	if len(coming) > 0 {
		t.Fatalf("%d facts never arrived", len(coming))
	}
	differing := 0
	for pair := range pairs {
		var dues [2]string
		for twin := range 2 {
			for _, raw := range s.do("civil", "GET", "/persons/"+ids[twin][pair]+"/ledger", nil).want(200).json()["items"].([]any) {
				m := raw.(map[string]any)
				if m["due_fen"] != 0.0 {
					dues[twin] += fmt.Sprint(m["month"], " ", m["due_fen"], "; ")
				}
				if d := m["difference_fen"].(float64); d > 0 {
					t.Errorf("pair %d, twin %d: %v fen are still owed for %v", pair, twin, d, m["month"])
				} else if d < 0 {
					differing++
				}
			}
			s.wantAskedBack(ids[twin][pair])
		}
		if dues[0] != dues[1] {
			t.Errorf("pair %d is owed\n%s\n%s", pair, dues[0], dues[1])
		}
	}
	if differing < 10 {
		t.Errorf("%d months were overpaid only; the histories show little", differing)
	}
	s.wantDerived()
}

// wantAskedBack wants what the ledger says is to come back to be what recoveries ask for.
func (s *service) wantAskedBack(person string) {
	s.t.Helper()
	ledger, asked := 0.0, 0.0
	for _, raw := range s.do("civil", "GET", "/persons/"+person+"/ledger", nil).want(200).json()["items"].([]any) {
		ledger -= min(raw.(map[string]any)["difference_fen"].(float64), 0)
	}
	for _, raw := range s.do("finance", "GET", "/recoveries?person_id="+person, nil).want(200).json()["items"].([]any) {
		asked += raw.(map[string]any)["outstanding_fen"].(float64)
	}
	if ledger != asked {
		s.t.Errorf("the ledger says %v fen are to come back, recoveries ask for %v", ledger, asked)
	}
}
