package httpapi_test

import (
	"strings"
	"testing"
	"time"
)

// TestAuditByTime narrows the log by days of China: what was done at 07:30 on the 28th, which is the 27th by UTC, is of the 28th.
func TestAuditByTime(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.clock.Set(time.Date(2023, 3, 27, 23, 30, 0, 0, time.UTC))
	id := s.person("liaison.a", villageA, 1, 1).want(201).text("id")
	s.login("auditor")
	for query, want := range map[string]int{"": 1, "&from=2023-03-28": 1, "&until=2023-03-28": 1, "&from=2023-03-28&until=2023-03-28": 1, "&until=2023-03-27": 0, "&from=2023-03-29": 0} {
		if got := s.do("auditor", "GET", "/audit-events?subject="+id+query, nil).want(200).json()["items"].([]any); len(got) != want {
			t.Errorf("%q: %d entries, want %d", query, len(got), want)
		}
	}
	s.do("auditor", "GET", "/audit-events?from=yesterday", nil).want(400)
}

// TestReasonsInAuditHaveNoNumbers: why somebody looked is told to the auditor, and a number that stands in it is not.
func TestReasonsInAuditHaveNoNumbers(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(12, 1)
	s.do("town.a", "POST", "/persons/"+id+"/reveal", map[string]any{"fields": []string{"id_number"}, "reason": "核对13812345678的来电"}).want(200)
	if got := s.do("auditor", "GET", "/audit-events?action=person.reveal", nil).want(200); strings.Contains(string(got.body), "13812345678") || !strings.Contains(string(got.body), "核对****的来电") {
		t.Errorf("the auditor reads %s", got.body)
	}
}
