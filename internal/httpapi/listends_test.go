package httpapi_test

import (
	"slices"
	"strings"
	"testing"
)

// TestEndedWithoutAFirstDay: a row that says of somebody that he receives something no longer, and not since when he did, does not make him
// receive it; of who is known to, it is the end.
func TestEndedWithoutAFirstDay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ head, rest, known string }{
		"ended":                 {"享受状态", "停发", "2022-05-01 2023-02-28"},
		"suspended":             {"享受状态", "暂停", "2022-05-01 2023-02-28"},
		"with its last day":     {"终止日期", "2023-01-31", "2022-05-01 2023-01-31"},
		"ended on its last day": {"享受状态,终止日期", "停发,2023-01-31", "2022-05-01 2023-01-31"},
		"to end on a day":       {"享受状态,终止日期", "停发,2023-03-31", "2022-05-01 2023-03-31"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.at("2022-06-01")
			known, new := s.person("liaison.a", villageA, 831, 2).want(201).text("id"), s.person("liaison.a", villageA, 832, 2).want(201).text("id")
			s.listed("dibao", "2022-06-01", dibaoLine(831, "2022-05-01"))
			s.at("2023-03-05")
			s.list("civil", "kind=dibao&sender=x&as_of=2023-03-01", "姓名,身份证号,"+tt.head, "金丝雀831,"+number(831)+","+tt.rest, "金丝雀832,"+number(832)+","+tt.rest).want(201)
			if got := s.dibao(new); got != "" {
				t.Errorf("who receives nothing any more has %s", got)
			}
			if got := s.dibao(known); !strings.HasSuffix(got, "household "+tt.known+"\n") || strings.Count(got, "\n") != 1 {
				t.Errorf("the end of what is known: %s", got)
			}
		})
	}
}

// TestDaysOfALaterYear: who is insured from the first day of the next year on is insured for that year, and not for ever.
func TestDaysOfALaterYear(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2022-12-20")
	id := s.person("liaison.a", villageA, 833, 2).want(201).text("id")
	s.list("cdpf", "kind=medical&sender=x&as_of=2022-12-20", "姓名,身份证号,险种,参保日期,是否政府代缴", "金丝雀833,"+number(833)+",居民,2023-01-01,是").want(201).wantCounts(1, 0, 0, 0)
	if got := s.factsOf(id, "insurance_medical"); got != "resident 2023-01-01 2023-12-31\n" {
		t.Errorf("insured: %s", got)
	}
	if got := s.factsOf(id, "insurance_paid"); got != "medical 2023-01-01 2023-12-31\n" {
		t.Errorf("paid by the government: %s", got)
	}
}

// TestFinishedSchool: who has left school with its end has finished it since, and not while it went on.
func TestFinishedSchool(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ head, row, want string }{
		{"学生状态,入学日期,毕业日期", "毕业,2016-09-01,2022-07-01", "finished 2022-07-02 <nil>\n"},
		{"学生状态,学年,离校日期", "毕业,2021,2022-07-01", "finished 2022-07-02 <nil>\n"},
		{"学生状态,学年", "毕业,2021", "finished 2021-09-01 <nil>\n"},
		{"学生状态,入学日期,离校日期", "在读,2016-09-01,2022-07-01", "regular 2016-09-01 2022-07-01\n"},
		{"学生状态,离校日期", "在读,2022-07-01", ""},
	} {
		t.Run(tt.head+tt.row, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.at("2022-12-20")
			id := s.person("liaison.a", villageA, 834, 2).want(201).text("id")
			s.list("cdpf", "kind=school&sender=x&as_of=2022-12-20", "姓名,身份证号,"+tt.head, "金丝雀834,"+number(834)+","+tt.row).want(201)
			if got := s.factsOf(id, "school"); got != tt.want {
				t.Errorf("school: %s, want %s", got, tt.want)
			}
		})
	}
}

// TestProlongedLate: a list that says late that something goes on, which an earlier one had said would end, leaves no gap of which nobody ever spoke.
func TestProlongedLate(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-04")
	id := s.person("liaison.a", villageA, 835, 1).want(201).text("id")
	row := func(last string) string { return "金丝雀835," + number(835) + ",2022-05-01," + last }
	s.list("civil", "kind=dibao&sender=x&as_of=2023-01-04", dibaoHead+",终止日期", row("2023-02-28")).want(201)
	s.granted(id, living, "2023-01-05", "2023-01-06")
	s.at("2023-04-10")
	s.wantOwed(id, living, 18500, 18500)
	s.list("civil", "kind=dibao&sender=x&as_of=2023-04-10", dibaoHead+",终止日期", row("2024-02-29")).want(201).wantCounts(1, 0, 0, 0)
	if got := s.factsOf(id, "dibao"); got != "household 2022-05-01 2024-02-29\n" {
		t.Errorf("the facts: %s", got)
	}
	s.wantOwed(id, living, 18500, 18500, 18500, 18500)
	s.wantDerived()
}

// TestDiedBeforeBirth: a day of death before somebody was born is another's, or a slip of the pen, and is not written.
func TestDiedBeforeBirth(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	id := s.person("liaison.a", villageA, 836, 2).want(201).text("id") // born in 1970
	for kind, row := range map[string]string{"deaths": "死亡日期", "cremations": "火化日期,死亡日期"} {
		day := map[string]string{"deaths": "1932-02-03", "cremations": "2023-02-05,1932-02-03"}[kind]
		i := s.list("civil", "kind="+kind+"&sender=x&as_of=2023-03-01", "姓名,身份证号,"+row, "金丝雀836,"+number(836)+","+day).want(201)
		if got := refusals(i); !strings.HasSuffix(got, "死亡日期 BEFORE_BIRTH") {
			t.Errorf("%s: refused %s", kind, got)
		}
	}
	if facts := s.facts(id); strings.Contains(facts, "death") {
		t.Errorf("dead before birth: %s", facts)
	}
}

// TestBeginsInYearsToCome: what a list lets begin years from now would be no fact of today; the row is refused. What begins next year, as an insurance may,
// is taken.
func TestBeginsInYearsToCome(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2022-12-20")
	id := s.person("liaison.a", villageA, 837, 2).want(201).text("id")
	i := s.list("civil", "kind=dibao&sender=x&as_of=2022-12-20", dibaoHead, dibaoLine(837, "2032-05-01")).want(201).wantCounts(0, 0, 1, 0)
	if got := refusals(i); got != "2 C 起始日期 IN_FUTURE" {
		t.Errorf("refused: %s", got)
	}
	s.list("civil", "kind=dibao&sender=x&as_of=2022-12-19", dibaoHead, dibaoLine(837, "2023-01-01")).want(201).wantCounts(1, 0, 0, 0)
	if got := s.factsOf(id, "dibao"); got != "household 2023-01-01 <nil>\n" {
		t.Errorf("the facts: %s", got)
	}
}

// TestRowAgainstARecordIsTakenWhole: of a row of which one thing contradicts what an officer has recorded, the other is not taken either.
func TestRowAgainstARecordIsTakenWhole(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2022-12-20")
	id := s.person("liaison.a", villageA, 838, 2).want(201).text("id")
	s.fact(id, "insurance_paid", map[string]any{"sort": "medical", "answer": "no"}, "2022-01-01", "2022-12-31")
	before := s.facts(id)
	i := s.list("cdpf", "kind=medical&sender=x&as_of=2022-12-20", "姓名,身份证号,险种,参保年度,是否政府代缴", "金丝雀838,"+number(838)+",居民,2022,是").want(201)
	if got := refusals(i); got != "2  CONTRADICTS_RECORD" || s.facts(id) != before {
		t.Errorf("refused %s; the facts\n%s\nbefore\n%s", got, s.facts(id), before)
	}
	if changes := items(s.do("cdpf", "GET", "/imports/"+i.text("id")+"/changes", nil).want(200), "items"); len(changes) != 0 {
		t.Errorf("changes: %v", changes)
	}
	s.list("cdpf", "kind=pension&sender=x&as_of=2022-12-20", "姓名,身份证号,险种,参保日期,是否政府代缴", "金丝雀838,"+number(838)+",居民,2012-01-01,是").want(201).wantCounts(1, 0, 0, 0) // of another scheme
}

// TestListWithoutSorts: a list that does not say of which sort something is leaves the sort that is known, in whichever order lists come.
func TestListWithoutSorts(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	byHand, byList, later, unknown := s.person("liaison.a", villageA, 851, 2).want(201).text("id"), s.person("liaison.a", villageA, 852, 2).want(201).text("id"),
		s.person("liaison.a", villageA, 853, 2).want(201).text("id"), s.person("liaison.a", villageA, 854, 2).want(201).text("id")
	s.fact(byHand, "dibao", "single", "2022-01-01", "")
	sorted := func(asOf string, numbers ...int) {
		lines := []string{dibaoHead + ",救助类型"}
		for n := 851; n <= 854; n++ {
			line := dibaoLine(n, "2022-01-01") + ","
			if slices.Contains(numbers, n) {
				line += "单人保"
			}
			lines = append(lines, line)
		}
		s.at(asOf)
		s.list("civil", "kind=dibao&sender=y&as_of="+asOf, lines...).want(201)
	}
	sorted("2023-02-01", 851, 852)
	s.listed("dibao", "2023-03-01", dibaoLine(851, "2022-01-01"), dibaoLine(852, "2022-01-01"), dibaoLine(853, "2022-01-01"), dibaoLine(854, "2022-01-01"))
	sorted("2023-03-10", 853)
	for person, want := range map[string]string{byHand: "single", byList: "single", later: "single", unknown: "household"} {
		if got := s.factsOf(person, "dibao"); got != want+" 2022-01-01 <nil>\n" {
			t.Errorf("dibao %s, want %s since 2022-01-01", got, want)
		}
	}
	s.wantDerived()
}
