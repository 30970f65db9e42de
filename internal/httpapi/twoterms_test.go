package httpapi_test

import (
	"fmt"
	"slices"
	"testing"
)

// TestTwoTermsInOneList: somebody who was sent to prison twice stands twice in a list, and both terms are taken. Terms that overlap are one, which
// the sender is asked to write as one.
func TestTwoTermsInOneList(t *testing.T) {
	t.Parallel()
	s := start(t)
	terms := func(id string) (list []string) {
		for _, f := range items(s.do("cdpf", "GET", "/persons/"+id+"/circumstances", nil).want(200), "items") {
			if f["kind"] == "imprisonment" && f["superseded_at"] == nil {
				list = append(list, fmt.Sprint(f["valid_from"], " ", f["valid_to"]))
			}
		}
		slices.Sort(list)
		return list
	}
	want := func(id, list string) {
		t.Helper()
		if got := fmt.Sprint(terms(id)); got != list {
			t.Errorf("terms %s, want %s", got, list)
		}
	}
	twice, overlapping, same := s.person1(861, 1), s.person1(862, 1), s.person1(863, 1)
	s.at("2023-06-10")
	const head = "姓名,身份证号,判决生效日期,刑满日期"
	line := func(n int, rest string) string { return fmt.Sprintf("金丝雀%d,%s,%s", n, number(n), rest) }
	a := s.list("civil", "kind=imprisonment&sender=x&as_of=2023-06-01", head, line(861, "2023-05-05,2024-05-04"), line(861, "2022-02-10,2022-08-20"),
		line(862, "2020-02-10,2023-08-20"), line(862, "2022-05-05,2025-05-04"), line(863, "2022-02-10,2022-08-20"), line(863, "2022-02-10,2022-08-20"), line(863, "2022-02-10,2022-09-20")).want(201)
	if got := refusals(a); got != "8 C 判决生效日期 TERMS_OVERLAP; 5 C 判决生效日期 TERMS_OVERLAP; 7  DUPLICATE_IN_FILE" {
		t.Errorf("refused: %s (%s)", got, a.body)
	}
	want(twice, "[2022-02-10 2022-08-20 2023-05-05 2024-05-04]")
	want(overlapping, "[2020-02-10 2023-08-20]")
	want(same, "[2022-02-10 2022-08-20]")
	s.undone(a)
	want(twice, "[]")

	paid := s.person1(864, 1)
	s.granted(paid, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-06-10")
	s.list("civil", "kind=imprisonment&sender=x&as_of=2023-06-05", head, line(864, "2022-02-10,2022-08-20"), line(864, "2023-03-05,2024-05-04")).want(201)
	s.wantOwed(paid, nursing, 16700, 16700, 16700, 16700, 16700, 16700)
	s.confirmed(paid)
	s.wantOwed(paid, nursing, 16700, 16700, 16700)
	want(paid, "[2022-02-10 2022-08-20 2023-03-05 2024-05-04]")
}
