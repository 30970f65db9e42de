package httpapi_test

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

const rosterHead = "姓名,身份证号,残疾证号,发证日期,户籍村居,护理补贴起始月,银行账号"

// rosterLine is somebody with a card of level 1 who receives the nursing subsidy.
func rosterLine(n, number1 int, village, issued string) string {
	return fmt.Sprintf("金丝雀%d,%s,%s41,%s,%s,2022-01,622200001111%04d", n, number(number1), number(number1), issued, village, number1)
}

func (s *service) rosterOf(user string, lines ...string) answer {
	s.t.Helper()
	return s.upload(user, []byte(strings.Join(append([]string{rosterHead}, lines...), "\n")+"\n"), "/imports?kind=roster").want(201)
}

// TestRosterRowOfSomebodyElsewhere: one row of somebody whose file another town has does not keep the others out, and is named.
func TestRosterRowOfSomebodyElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.c", villageC, 861, 1).want(201)
	a := s.rosterOf("town.a", rosterLine(861, 861, villageA, "2020-01-06"), rosterLine(862, 862, villageA, "2020-01-06"))
	if v := a.json(); v["new"] != 1.0 || refusals(a) != "2 身份证号 PERSON_EXISTS" {
		t.Errorf("a town: %s", a.body)
	}
	if v := s.rosterOf("cdpf", rosterLine(861, 861, villageC, "2020-01-06")).json(); v["changed"] != 1.0 || v["refused"] != 0.0 {
		t.Errorf("the district knows him: %v", v)
	}
}

// TestRosterBringsNoRightOnceOfficesPay: before the first roster a file takes over who receives already; from then on a new right is applied for, and
// the file of one officer gives nobody money. Who has his right already stands in the file as ever.
func TestRosterBringsNoRightOnceOfficesPay(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-01")
	if v := s.rosterOf("town.a", rosterLine(891, 891, villageA, "2020-01-06")).json(); v["new"] != 1.0 {
		t.Fatalf("the start: %v", v)
	}
	s.pay("2023-03-28", "2023-03", everyone)
	s.person("liaison.a", villageA, 893, 1).want(201)
	a := s.rosterOf("town.a", rosterLine(891, 891, villageA, "2020-01-06"), rosterLine(892, 892, villageA, "2020-01-06"), rosterLine(893, 893, villageA, "2020-01-06"),
		strings.Replace(rosterLine(894, 894, villageA, "2020-01-06"), "2022-01", "", 1))
	if v := a.json(); v["new"] != 1.0 || v["same"] != 1.0 || refusals(a) != "3 护理补贴起始月 RIGHT_NEEDS_APPLICATION; 4 护理补贴起始月 RIGHT_NEEDS_APPLICATION" {
		t.Errorf("afterwards: %s", a.body)
	}
	if a := s.rosterOf("cdpf", rosterLine(892, 892, villageA, "2020-01-06")); a.json()["refused"] != 1.0 {
		t.Errorf("the district: %s", a.body)
	}
	if n := len(s.do("auditor", "GET", "/awards", nil).want(200).json()["items"].([]any)); n != 1 {
		t.Errorf("%d rights, want 1", n)
	}
	person := uuid.MustParse(s.do("auditor", "GET", "/persons?limit=200", nil).want(200).json()["items"].([]any)[0].(map[string]any)["id"].(string))
	account := uuid.MustParse(s.do("cdpf", "GET", "/me", nil).want(200).text("id"))
	given := errors.New("given")
	for _, who := range []access.Actor{{AccountID: account, Role: access.CDPFReviewer, Area: "370305"}, access.SystemActor()} {
		err := s.desk.DB.Write(t.Context(), who, "test", func(tx *store.Tx) error {
			return cmp.Or(tx.InsertAwards(t.Context(), award.Award{ID: newID(), PersonID: person, Programme: "living_allowance", Basis: award.FromImport,
				StartMonth: calendar.MustDate("2023-04-01").Month(), OwedFrom: calendar.MustDate("2023-04-01").Month()}), given)
		})
		if who.Role == access.System && !errors.Is(err, given) || who.Role != access.System && !fault.Is(err, "RIGHT_NEEDS_APPLICATION") {
			t.Errorf("%s past the file: %v", who.Role, err)
		}
	}
}

// TestRosterTellsOfUnknownHeadings: a column that is not read is named, as it is of a list; who sends it sees that nobody's right came with it.
func TestRosterTellsOfUnknownHeadings(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-01")
	a := s.upload("cdpf", []byte("姓名,身份证号,残疾证号,发证日期,户籍村居,护理补贴开始月份\n"+rosterLine(885, 885, villageA, "2020-01-06")+"\n"), "/imports?kind=roster").want(201)
	notes := fmt.Sprint(s.do("cdpf", "GET", "/imports/"+a.text("id"), nil).want(200).json()["reading"].(map[string]any)["notes"])
	if notes != "[map[code:HEADING_UNKNOWN column:F 护理补贴开始月份 message:未识别的表头，该列没有读取 row:0]]" {
		t.Errorf("notes: %s", notes)
	}
}

// TestCardListRowOfSomebodyElsewhere: so it is with the certificate base of a town, which opens files.
func TestCardListRowOfSomebodyElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-01")
	s.person("liaison.c", villageC, 881, 1).want(201)
	row := func(n int) string {
		return fmt.Sprintf("金丝雀%d,%s,%s41,正常,2020-01-06,%s", n, number(n), number(n), villageA)
	}
	a := s.taken("town.a", "certificates", "2023-03-01", "x", 1, 0, 0, 1, 0, "姓名,身份证号,残疾证号,状态,发证日期,村居", row(881), row(882))
	if refusals(a) != "2 B 身份证号 PERSON_EXISTS" {
		t.Errorf("refused: %s", a.body)
	}
}

// TestRosterNamesSomebodyByBothNumbers: whose number was corrected may stand on a roster under both; the second row is refused and named.
func TestRosterNamesSomebodyByBothNumbers(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(863, 1)
	file := s.do("town.a", "GET", "/persons/"+person, nil).want(200)
	s.do("town.a", "PATCH", "/persons/"+person, map[string]any{"id_number": number(864), "reason": "公安更正"}, "If-Match", file.version()).want(200)
	a := s.rosterOf("cdpf", rosterLine(863, 864, villageA, "2021-01-06"), rosterLine(863, 863, villageA, "2020-01-06"), rosterLine(865, 865, villageA, "2020-01-06"))
	if v := a.json(); v["new"] != 1.0 || v["changed"] != 1.0 || refusals(a) != "3 身份证号 DUPLICATE_IN_FILE" {
		t.Errorf("both numbers of one person: %s", a.body)
	}
	if got := fmt.Sprint(s.rights(person, nursing)); strings.Count(got, "2022-01") != 1 {
		t.Errorf("rights: %s", got)
	}
}
