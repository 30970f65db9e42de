package httpapi_test

import (
	"fmt"
	"testing"
)

// TestEmployeesAreInsuredOn: insurance of employees is not taken out for a year, so one who is on a list without a year stays insured when the
// year ends, until a list says otherwise; a year that a row names, and insurance of residents, end with the year.
func TestEmployeesAreInsuredOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2022-11-10")
	insured := func(n int, want string) {
		t.Helper()
		var facts []string
		for _, c := range items(s.do("cdpf", "POST", "/persons/search", map[string]any{"id_number": number(n)}).want(200), "items") {
			for _, f := range items(s.do("cdpf", "GET", "/persons/"+c["id"].(string)+"/circumstances", nil).want(200), "items") {
				if f["kind"] == "insurance_medical" && f["superseded_at"] == nil {
					facts = append(facts, fmt.Sprint(f["value"], " ", f["valid_from"], " ", f["valid_to"]))
				}
			}
		}
		if got := fmt.Sprint(facts); got != want {
			t.Errorf("%d is insured %s, want %s", n, got, want)
		}
	}
	const head = "姓名,身份证号,险种,参保年度,参保日期,参保状态,终止日期"
	line := func(n int, rest string) string { return fmt.Sprintf("金丝雀%d,%s,%s", n, number(n), rest) }
	for n := 851; n <= 855; n++ {
		s.person("liaison.a", villageA, n, 1).want(201)
	}
	s.list("cdpf", "kind=medical&sender=x&as_of=2022-11-10", head, line(851, "职工,,,正常,"), line(852, "职工,2022,,正常,"), line(853, "居民,,,正常,"),
		line(854, "职工,,2022-03-01,停保,"), line(855, "职工,,2022-03-01,,2022-12-31")).want(201).wantCounts(5, 0, 0, 0)
	insured(851, "[employee 2022-01-01 <nil>]")
	insured(852, "[employee 2022-01-01 2022-12-31]")
	insured(853, "[resident 2022-01-01 2022-12-31]")
	insured(854, "[employee 2022-03-01 2022-11-09]")
	insured(855, "[employee 2022-03-01 2022-12-31]")
	s.at("2023-03-10") // who has lost the job is a resident from the next year on, and nothing after it
	s.list("cdpf", "kind=medical&sender=x&as_of=2023-03-10", head, line(851, "居民,2023,,正常,")).want(201).wantCounts(1, 0, 0, 0)
	insured(851, "[employee 2022-01-01 2022-12-31 resident 2023-01-01 2023-12-31]")
}
