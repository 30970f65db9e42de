package httpapi_test

import (
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
