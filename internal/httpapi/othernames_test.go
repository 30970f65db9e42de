package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

const deathHead = "姓名,身份证号,死亡日期"

// chosen says whom a row of an import means; nobody where person is empty.
func (s *service) chosen(user, imported string, row int, person string) answer {
	body := map[string]any{"reason": "已入户核实"}
	if person != "" {
		body["person_id"] = person
	}
	return s.do(user, "POST", fmt.Sprintf("/imports/%s/unmatched/%d/choice", imported, row), body)
}

// TestRowOfAnotherNameWaits: a right number beside another name says nothing by itself, and waits until an officer has said whether he is meant
// who has the number.
func TestRowOfAnotherNameWaits(t *testing.T) {
	t.Parallel()
	s := start(t)
	renamed, typed, stranger := s.person1(821, 1), s.person1(822, 1), s.person1(823, 1)
	for _, id := range []string{renamed, stranger} {
		s.granted(id, nursing, "2023-01-05", "2023-01-06")
	}
	file := s.do("town.a", "GET", "/persons/"+renamed, nil).want(200)
	s.do("town.a", "PATCH", "/persons/"+renamed, map[string]any{"name": "白鹤新", "reason": "更名"}, "If-Match", file.version()).want(200)
	row := func(name string, n int) string { return name + "," + number(n) + ",2023-02-03" }
	s.at("2023-03-28")
	i := s.taken("civil", "deaths", "2023-03-01", "x", 0, 0, 0, 3, 0, deathHead, row("金丝雀821", 821), row("金丝省822", 822), row("白鹤九", 823))
	imported := i.text("id")
	if got := refusals(i); got != "2 A 姓名 NAME_MISMATCH; 3 A 姓名 NAME_MISMATCH; 4 A 姓名 NAME_MISMATCH" {
		t.Errorf("refused: %s", got)
	}
	want := "[2 open 白鹤新/number_former_name 3 open 金丝雀822/number 4 open 金丝雀823/number]"
	if got := fmt.Sprint(s.unmatched("civil", imported)); got != want {
		t.Errorf("rows that wait:\n%s\nwant\n%s", got, want)
	}
	for _, id := range []string{renamed, typed, stranger} {
		if facts := s.facts(id); strings.Contains(facts, "death") {
			t.Errorf("a death is written before anybody has said whose: %s", facts)
		}
		s.wantWaits("before anybody has chosen", id, "")
		s.wantHeld("before anybody has chosen", id, 0)
	}
	if got := s.chosen("civil", imported, 2, renamed).want(201).text("outcome"); got != "pending" {
		t.Errorf("who was renamed and is paid: %s", got)
	}
	if got := s.chosen("civil", imported, 3, typed).want(201).text("outcome"); got != "changed" {
		t.Errorf("who was typed wrongly: %s", got)
	}
	s.chosen("civil", imported, 4, typed).want(422, "NO_CANDIDATE")
	s.chosen("civil", imported, 4, "").want(201)
	if facts := s.facts(typed); !strings.Contains(facts, "death yes 2023-02-03") {
		t.Errorf("the facts of who was typed wrongly: %s", facts)
	}
	if facts := s.facts(stranger); strings.Contains(facts, "death") {
		t.Errorf("the death of somebody else is written: %s", facts)
	}
	s.wantWaits("chosen", renamed, "death holds 2023-03-01")
	s.wantWaits("not him", stranger, "")
	if now := s.do("civil", "GET", "/imports/"+imported, nil).want(200); refusals(now) != "4 A 姓名 NAME_MISMATCH" {
		t.Errorf("refused still: %s", now.body)
	}
	s.wantDerived()
}

// TestRowOfAnotherNameKeepsNobodyOut: a row of another name does not stand in the way of the one of the right name, nor is a list silent about
// whom it may mean until an officer has said that he is not meant.
func TestRowOfAnotherNameKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	paid, both := s.person1(824, 1), s.person1(825, 1)
	s.granted(paid, living, "2023-01-05", "2023-01-06")
	s.listed("dibao", "2023-02-01", dibaoLine(824, "2022-01-01"), dibaoLine(825, "2022-01-01"))
	s.at("2023-03-01")
	i := s.taken("civil", "dibao", "2023-03-01", "x", 0, 0, 1, 2, 0, dibaoHead, "白鹤九,"+number(824)+",2022-01-01", "白鹤九,"+number(825)+",2022-01-01", dibaoLine(825, "2022-01-01"))
	s.wantWaits("a row may mean him", paid, "")
	s.chosen("civil", i.text("id"), 3, both).want(409, "NAMED_ALREADY")
	s.chosen("civil", i.text("id"), 3, "").want(201)
	s.chosen("civil", i.text("id"), 2, "").want(201)
	s.wantWaits("named by another row", both, "")
	s.wantWaits("no row means him", paid, "dibao absent 2023-03-01")
	s.wantHeld("no row means him", paid, 1)
}

// TestServiceOfAnotherName: nor does a list of services or of houses write what it says of one into the file of another.
func TestServiceOfAnotherName(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	served, housed := s.person2(826), s.person2(827)
	household := s.household(housed)
	rehab := s.taken("cdpf", "rehab", "2019-06-01", "fy", 0, 0, 0, 1, 0, "姓名,残疾证号,康复项目,结束日期", "白鹤九,"+number(826)+"41,心理辅导,2019-05-01")
	if got := s.services("person_id=" + served); len(got) != 0 {
		t.Errorf("the service of another: %v", got)
	}
	if got := s.chosen("cdpf", rehab.text("id"), 2, served).want(201).text("outcome"); got != "changed" {
		t.Errorf("a service that was not there before: %s", got)
	}
	if i := s.do("cdpf", "GET", "/imports/"+rehab.text("id"), nil).want(200).json(); i["new"] != 1.0 || i["refused"] != 0.0 {
		t.Errorf("the import then: %v", i)
	}
	if got := fmt.Sprint(s.services("person_id=" + served)); got != "[COMPLETED]" {
		t.Errorf("the service that is his: %s", got)
	}
	houses := s.taken("cdpf", "dangerous_houses", "2019-06-01", "zj", 0, 0, 0, 1, 0, houseHead, "白鹤九,"+number(827)+",D级,2018-05-01,,,")
	if facts := s.do("cdpf", "GET", "/households/"+household, nil).want(200); strings.Contains(string(facts.body), "dangerous_house") {
		t.Errorf("the house of another: %s", facts.body)
	}
	s.chosen("cdpf", houses.text("id"), 2, housed).want(201)
	if facts := s.do("cdpf", "GET", "/households/"+household, nil).want(200); !strings.Contains(string(facts.body), "dangerous_house") {
		t.Errorf("the house that is his: %s", facts.body)
	}
}

// TestNumberOfOneAndCardOfAnother: where the ID number is one's and the card another's, whose name the row has, either may be meant, and an officer chooses.
func TestNumberOfOneAndCardOfAnother(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	one, other := s.person2(826), s.person2(827)
	rehab := s.taken("cdpf", "rehab", "2019-06-01", "fy", 0, 0, 0, 1, 0, "姓名,身份证号,残疾证号,康复项目,结束日期", "金丝雀827,"+number(826)+","+number(827)+"41,心理辅导,2019-05-01")
	if got := fmt.Sprint(s.unmatched("cdpf", rehab.text("id"))); got != "[2 open 金丝雀826/number 金丝雀827/number]" && got != "[2 open 金丝雀827/number 金丝雀826/number]" {
		t.Errorf("may be meant: %s", got)
	}
	s.chosen("cdpf", rehab.text("id"), 2, other).want(201)
	if got := fmt.Sprint(s.services("person_id="+one), s.services("person_id="+other)); got != "[] [COMPLETED]" {
		t.Errorf("services: %s", got)
	}
}

// TestTownListOfSomebodyElsewhere: a town that hands in a list is told the same of whom another town manages as of whom nobody knows, by number, by
// card and by name: whom to ask, and not whether or where he is.
func TestTownListOfSomebodyElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	far := s.person("liaison.c", villageC, 828, 1).want(201).text("id")
	for kind, lines := range map[string][]string{
		"deaths": {deathHead + ",出生日期,镇街", "金丝雀828," + number(828) + ",2023-02-03,,", "白鹤九," + number(828) + ",2023-02-03,,", "金丝雀828,,2023-02-03,1970-01-01,",
			"金丝雀829," + number(829) + ",2023-02-03,,", "金丝雀829,,2023-02-03,1970-01-01,"},
		"rehab":            {"姓名,残疾证号,康复项目,结束日期", "金丝雀828," + number(828) + "41,心理辅导,2023-02-03", "金丝雀829," + number(829) + "41,心理辅导,2023-02-03"},
		"dangerous_houses": {houseHead, houseLine(828, "D级,2018-05-01,,,"), houseLine(829, "D级,2018-05-01,,,")},
	} {
		i := s.list("town.a", "kind="+kind+"&sender=x&as_of=2023-03-01", lines...).want(201)
		told := map[string]bool{}
		for _, e := range items(i, "errors") {
			told[fmt.Sprint(e["code"], e["column"], e["message"])] = true
		}
		if n := len(items(i, "errors")); n != len(lines)-1 || len(told) != 1 || !strings.Contains(fmt.Sprint(told), "NOT_IN_REGISTER") || !strings.Contains(fmt.Sprint(told), "由其他镇街管理的，请由区级导入") {
			t.Errorf("%s: %d rows are told %v", kind, n, told)
		}
		if got := s.unmatched("town.a", i.text("id")); len(got) != 0 {
			t.Errorf("%s: may be meant %v", kind, got)
		}
	}
	if facts := s.facts(far); strings.Contains(facts, "death") {
		t.Errorf("a town has written into the file of another: %s", facts)
	}
	district := s.list("cdpf", "kind=deaths&sender=x&as_of=2023-03-02", deathHead, "金丝雀829,"+number(829)+",2023-02-03").want(201)
	if strings.Contains(string(district.body), "由区级导入") {
		t.Errorf("the district is told to ask the district: %s", district.body)
	}
}

// TestNamesOfWhichPartsAreWithheld: offices that write 张* beside a whole number mean who has it, unless the rest of the name is another.
func TestNamesOfWhichPartsAreWithheld(t *testing.T) {
	t.Parallel()
	s := start(t)
	one, two, other := s.person1(826, 1), s.person1(827, 1), s.person1(828, 1)
	s.at("2023-03-28")
	i := s.taken("civil", "deaths", "2023-03-01", "x", 0, 2, 0, 1, 0, deathHead, "金*,"+number(826)+",2023-02-03", "金＊＊827,"+number(827)+",2023-02-03", "白某某,"+number(828)+",2023-02-03")
	if got := refusals(i); got != "4 A 姓名 NAME_MISMATCH" {
		t.Errorf("refused: %s", got)
	}
	for id, dead := range map[string]bool{one: true, two: true, other: false} {
		if facts := s.facts(id); strings.Contains(facts, "death yes 2023-02-03") != dead {
			t.Errorf("the facts are %s, dead: %v", facts, dead)
		}
	}
}
