package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// wantTerms compares the terms of imprisonment that are recorded of somebody.
func (s *service) wantTerms(id, want string) {
	s.t.Helper()
	var list []string
	for _, f := range items(s.do("cdpf", "GET", "/persons/"+id+"/circumstances", nil).want(200), "items") {
		if f["kind"] == "imprisonment" && f["superseded_at"] == nil {
			list = append(list, fmt.Sprint(f["valid_from"], " ", f["valid_to"]))
		}
	}
	slices.Sort(list)
	if got := fmt.Sprint(list); got != want {
		s.t.Errorf("terms %s, want %s", got, want)
	}
}

// TestTwoTermsInOneList: somebody who was sent to prison twice stands twice in a list, and both terms are taken. Terms that overlap are one, which
// the sender is asked to write as one.
func TestTwoTermsInOneList(t *testing.T) {
	t.Parallel()
	s := start(t)
	want := s.wantTerms
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

// TestTwoTermsThatTakeMoney: each term waits by itself, so that dismissing the one which somebody has not served leaves the other; a list that
// repeats both adds nothing, and is decided with them.
func TestTwoTermsThatTakeMoney(t *testing.T) {
	t.Parallel()
	s := start(t)
	one, both := s.person1(865, 1), s.person1(866, 1)
	for _, id := range []string{one, both} {
		s.granted(id, nursing, "2023-01-05", "2023-01-10")
	}
	s.at("2023-09-10")
	var rows []string
	for _, n := range []int{865, 866} {
		for _, term := range []string{"2023-02-10,2023-05-20", "2023-07-05,2024-05-04"} {
			rows = append(rows, fmt.Sprintf("金丝雀%d,%s,%s", n, number(n), term))
		}
	}
	rows = append([]string{"姓名,身份证号,判决生效日期,刑满日期"}, rows...)
	s.taken("civil", "imprisonment", "2023-09-01", "x", 0, 0, 0, 0, 4, rows...)
	again := s.taken("civil", "imprisonment", "2023-09-02", "x", 0, 0, 4, 0, 0, rows...)
	decide := func(id, from, decision string) {
		t.Helper()
		for _, w := range items(s.do("cdpf", "GET", "/list-statements", nil).want(200), "items") {
			if w["person_id"] == id && w["from"] == from {
				s.do("cdpf", "POST", "/list-statements/"+w["id"].(string)+"/decisions", map[string]any{"decision": decision, "reason": "核实"}).want(201)
				return
			}
		}
		t.Errorf("no term from %s waits", from)
	}
	decide(one, "2023-02-10", "dismiss")
	decide(one, "2023-07-05", "confirm")
	s.wantTerms(one, "[2023-07-05 2024-05-04]")
	s.wantOwed(one, nursing, 16700, 16700, 16700, 16700, 16700, 16700, 16700)
	decide(both, "2023-07-05", "confirm")
	s.wantTerms(both, "[2023-07-05 2024-05-04]")
	decide(both, "2023-02-10", "confirm")
	s.wantTerms(both, "[2023-02-10 2023-05-20 2023-07-05 2024-05-04]")
	s.wantOwed(both, nursing, 16700, 16700)
	if waiting := items(s.do("cdpf", "GET", "/list-statements", nil).want(200), "items"); len(waiting) != 0 {
		t.Errorf("something waits still: %v", waiting)
	}
	s.undone(again)
	s.wantTerms(one, "[2023-07-05 2024-05-04]")
	s.wantTerms(both, "[2023-02-10 2023-05-20 2023-07-05 2024-05-04]")
}

// TestTermOfARowThatWasChosen: a row of which an officer says whom it means is held to the other rows of its list as well.
func TestTermOfARowThatWasChosen(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-06-10")
	id := s.named(villageA, "张堃", "1970-01-01", number(961), "")
	a := s.list("civil", "kind=imprisonment&sender=x&as_of=2023-06-01", "姓名,身份证号,出生日期,判决生效日期,刑满日期", "张堃,"+number(961)+",1970-01-01,2020-02-10,2023-08-20",
		"張坤,,1970-01-01,2022-05-05,2025-05-04", "張坤,,1970-01-01,2018-05-05,2019-05-04").want(201)
	choose := func(row string) answer {
		return s.do("civil", "POST", "/imports/"+a.text("id")+"/unmatched/"+row+"/choice", map[string]any{"person_id": id, "reason": "已电话核实"})
	}
	if detail := choose("3").want(409, "TERMS_OVERLAP").text("detail"); !strings.Contains(detail, "第2行") {
		t.Errorf("told: %s", detail)
	}
	choose("4").want(201)
	s.wantTerms(id, "[2018-05-05 2019-05-04 2020-02-10 2023-08-20]")
}

// TestChosenTermBesideOneSaidBefore: a term that an earlier list has said, and that waits, is a row of its list like any other: one that
// overlaps it is not swallowed as the same.
func TestChosenTermBesideOneSaidBefore(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(867, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-09-10")
	const head = "姓名,身份证号,出生日期,判决生效日期,刑满日期"
	n := number(867)
	birth := n[6:10] + "-" + n[10:12] + "-" + n[12:14]
	said := "金丝雀867," + n + "," + birth + ",2023-02-10,2023-05-20"
	s.taken("civil", "imprisonment", "2023-09-01", "x", 0, 0, 0, 0, 1, head, said)
	a := s.list("civil", "kind=imprisonment&sender=x&as_of=2023-09-02", head, said, "金丝雀867,,"+birth+",2023-04-01,2023-07-20").want(201)
	s.do("civil", "POST", "/imports/"+a.text("id")+"/unmatched/3/choice", map[string]any{"person_id": id, "reason": "已电话核实"}).want(409, "TERMS_OVERLAP")
}

// TestTermsOfOneFact: two lists that end a recorded fact, the later one with another beginning, speak of one matter: what the second gives back
// of what the first takes does not wait for a decision of its own.
func TestTermsOfOneFact(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(868, 1)
	s.granted(id, living, "2023-01-05", "2023-01-10")
	const head = "姓名,身份证号,起始日期,终止日期"
	s.at("2023-07-10")
	s.taken("civil", "dibao", "2023-07-01", "x", 0, 0, 0, 0, 1, head, dibaoLine(868, "2022-01-01,2023-03-31"))
	s.at("2023-08-10")
	s.taken("civil", "dibao", "2023-08-01", "x", 0, 0, 1, 0, 0, head, dibaoLine(868, "2023-05-01,2023-06-30"))
	list, _ := s.waits(id)
	s.decided(list[0], "confirm")
	s.wantWaits("confirmed", id, "")
	s.wantHeld("confirmed", id, 0)
	if got := s.factsOf(id, "dibao"); got != "household 2022-01-01 2023-03-31\nhousehold 2023-05-01 2023-06-30\n" {
		t.Errorf("dibao: %s", got)
	}
}
