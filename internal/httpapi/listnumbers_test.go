package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestNumberOnceWrittenIntoAnothersFile: a number that stood in somebody's file by mistake, and was corrected, is on a list the number of
// who has it, whoever was written last.
func TestNumberOnceWrittenIntoAnothersFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	other := s.person1(801, 1)
	corrected := func(body map[string]any) {
		file := s.do("town.a", "GET", "/persons/"+other, nil).want(200)
		s.do("town.a", "PATCH", "/persons/"+other, body, "If-Match", file.version()).want(200)
	}
	corrected(map[string]any{"id_number": number(802), "reason": "登记时误填他人号码"})
	meant := s.second(villageA, 801)
	corrected(map[string]any{"phone": "19900008888"})
	s.taken("civil", "deaths", "2022-12-01", "x", 0, 1, 0, 0, 0, "姓名,身份证号,死亡日期", "金丝雀801,"+number(801)+",2022-11-03")
	if facts := s.facts(other); strings.Contains(facts, "death") {
		t.Errorf("the death of another is written into the file of who once had his number: %s", facts)
	}
	if facts := s.facts(meant); !strings.Contains(facts, "death yes 2022-11-03") {
		t.Errorf("the death is not in the file of who has the number: %s", facts)
	}
}

// TestListRowOfAnotherName: a right number beside somebody else's name says nothing about whom is meant.
func TestListRowOfAnotherName(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-05")
	id := s.person("liaison.a", villageA, 818, 2).want(201).text("id")
	s.at("2023-03-28")
	row := func(name string) string { return name + "," + number(818) + ",2023-02-03" }
	done := s.list("civil", "kind=deaths&sender=x&as_of=2023-03-01", "姓名,身份证号,死亡日期", row("白鹤九")).want(201).json()
	if refusals, _ := json.Marshal(done); !strings.Contains(string(refusals), "NAME_MISMATCH") || done["changed"] != 0.0 {
		t.Errorf("a row of another name: %s", refusals)
	}
	own := s.do("liaison.a", "GET", "/persons/"+id, nil).want(200).text("name")
	if done := s.list("civil", "kind=deaths&sender=x&as_of=2023-03-02", "姓名,身份证号,死亡日期", row(own)).want(201).json(); done["changed"] != 1.0 {
		t.Errorf("the row of his own name: %v", done)
	}
}
