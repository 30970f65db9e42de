package httpapi_test

import (
	"fmt"
	"testing"
)

// cardsSince are somebody's cards with their days, and what happened to them.
func (s *service) cardsSince(person string) (text string) {
	s.t.Helper()
	record := s.do("cdpf", "GET", "/persons/"+person+"/record", nil).want(200).json()
	for _, raw := range record["person"].(map[string]any)["certificates"].([]any) {
		c := raw.(map[string]any)
		text += fmt.Sprintln(c["level"], c["issued_on"], c["expires_on"], c["status"])
	}
	for _, raw := range record["certificate_events"].([]any) {
		e := raw.(map[string]any)
		text += fmt.Sprintln(e["event"], e["on"])
	}
	return text
}

// TestTwoCardsOfOnePerson: the base names a card and the one that has taken its place in two rows, in whatever order, and both are taken. Of two rows of
// one card that say otherwise of one day neither is.
func TestTwoCardsOfOnePerson(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2021-06-10")
	changed, both := s.person2(841), s.person2(842) // of level 1, issued on 2016-01-06
	frozen := s.person2(844)
	before := s.cardsSince(both) + s.cardsSince(frozen)
	village := ",,闻韶街道," + villageA
	lines := []string{cardHead, cardLine(841, "1", "已换证,,,,,,"), cardLine(841, "2", "正常,,,2019-05-20,,,"), cardLine(842, "1", "正常,,,2021-03-01,,,"), cardLine(842, "2", "正常,,,2019-05-20,,,"),
		cardLine(843, "2", "已换证,,,2010-05-20"+village), cardLine(843, "1", "正常,,,2020-05-01"+village), cardLine(842, "1", "正常,,,2021-03-01,,,"),
		cardLine(844, "1", "冻结,2021-02-01,,,,,"), cardLine(844, "1", "正常,2021-02-01,,,,,")}
	tried := s.list("cdpf", "kind=certificates&sender=x&as_of=2021-06-01&dry_run=true", lines...).want(201)
	i := s.list("cdpf", "kind=certificates&sender=x&as_of=2021-06-01", lines...).want(201)
	if got, want := refusals(i), "9 D 状态日期 SAME_DAY; 10 D 状态日期 SAME_DAY; 8  DUPLICATE_IN_FILE"; got != want || refusals(tried) != want {
		t.Errorf("refused %s, tried %s; want %s", got, refusals(tried), want)
	}
	if got, want := s.cardsSince(changed), "1 2016-01-06 2026-01-05 REPLACED\n2 2019-05-20 2029-05-19 ACTIVE\nFIRST_ISSUE 2016-01-06\nCHANGE 2019-05-20\n"; got != want {
		t.Errorf("a card and what has taken its place:\n%s", got)
	}
	if got, want := s.cardsSince(both), "1 2016-01-06 2026-01-05 REPLACED\n2 2019-05-20 2029-05-19 REPLACED\n1 2021-03-01 2031-02-28 ACTIVE\nFIRST_ISSUE 2016-01-06\nCHANGE 2019-05-20\nCHANGE 2021-03-01\n"; got != want {
		t.Errorf("two new cards:\n%s", got)
	}
	s.wantDerived()
	s.undone(i)
	if got := s.cardsSince(both) + s.cardsSince(frozen); got != before {
		t.Errorf("taken back:\n%s", got)
	}
	s.wantDerived()
}
