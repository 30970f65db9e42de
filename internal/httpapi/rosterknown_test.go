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

// differs is where a roster says otherwise than the register, as its import tells.
func differs(a answer) string {
	a.t.Helper()
	var list []string
	for _, raw := range a.json()["reading"].(map[string]any)["notes"].([]any) {
		if n := raw.(map[string]any); n["code"] == "DIFFERS" {
			list = append(list, fmt.Sprint(n["row"], " ", n["column"]))
		}
	}
	return strings.Join(list, "; ")
}

// TestRosterTellsWhereTheRegisterDiffers: where a roster says otherwise of somebody who is known, nothing is changed, and whoever sent it sees where.
func TestRosterTellsWhereTheRegisterDiffers(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(866, 1) // with dibao since 2022-01-01
	s.person1(867, 1)
	head := "姓名,身份证号,残疾证号,发证日期,有效期至,户籍村居,居住村居,户口性质,联系电话,监护人姓名,困难类别,困难类别起始日"
	line := func(n int, rest string) string {
		return fmt.Sprintf("金丝雀%d,%s,%s41,%s", n, number(n), number(n), rest)
	}
	send := func(lines ...string) answer {
		return s.upload("cdpf", []byte(head+"\n"+strings.Join(lines, "\n")+"\n"), "/imports?kind=roster").want(201)
	}
	same := line(867, "2020-01-06,,"+villageA+",,农业,,,,")
	a := send(line(866, "2020-01-06,2029-12-01,"+villageB+","+villageB+",非农业,13900001111,金丝雀监,低保,2021-07-01"), same)
	if v := a.json(); v["new"] != 0.0 || v["refused"] != 0.0 {
		t.Errorf("the roster: %s", a.body)
	}
	if got, want := differs(a), "2 有效期至; 2 户籍村居; 2 居住村居; 2 户口性质; 2 联系电话; 2 监护人姓名; 2 困难类别起始日"; got != want {
		t.Errorf("the register differs in %s, want %s", got, want)
	}
	if n := a.json()["reading"].(map[string]any)["differing"]; n != 1.0 {
		t.Errorf("%v rows differ", n)
	}
	a = send(line(866, "2020-01-06,,"+villageA+",,,13900002222,,低保边缘、单人低保,2022-01-01"), same)
	if got, want := differs(a), "2 联系电话; 2 困难类别"; got != want {
		t.Errorf("the register differs in %s, want %s", got, want)
	}
	head, same = "姓名,身份证号,残疾证号,发证日期,户籍村居,银行账号", line(867, "2020-01-06,"+villageA+",")
	for i, account := range []string{"6222000011110001", "6222000011110001", "6222000011110002"} {
		if got, want := differs(send(line(866, "2020-01-06,"+villageA+","+account), same+strings.Repeat(" ", i))), []string{"", "", "2 银行账号"}[i]; got != want {
			t.Errorf("the account, sent as the %d. time: the register differs in %s, want %s", i+1, got, want)
		}
	}
	p := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).json()
	if p["hukou_area_code"] != villageA || p["hukou_type"] != "agricultural" || p["guardian"] != nil || strings.Count(s.facts(id), "dibao ") != 1 {
		t.Errorf("the file was changed: %v, %s", p, s.facts(id))
	}
}

// TestRosterCardOfTheSameDay: a card of the day on which the register's was issued cannot follow it, and the row says why: it is a reissue without
// its own day, the number before one, or another number. Nothing else of such a row is taken.
func TestRosterCardOfTheSameDay(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2022-12-01")
	id := s.second(villageA, 868)
	row := func(card, issued string) answer {
		return s.upload("cdpf", []byte("姓名,身份证号,残疾证号,发证日期,户籍村居,联系电话\n金丝雀868,"+number(868)+","+number(868)+card+","+issued+","+villageA+",13900003333\n"), "/imports?kind=roster").want(201)
	}
	wantRefused := func(want, card, issued string) {
		t.Helper()
		if got := refusals(row(card, issued)); got != want {
			t.Errorf("%s of %s: %s, want %s", card, issued, got, want)
		}
	}
	wantRefused("2 发证日期 REISSUED_SAME_DAY", "42B1", "2021-05-06")
	wantRefused("2 残疾证号 CONTRADICTS_RECORD", "41", "2021-05-06")
	wantRefused("2 发证日期 OLDER_CERTIFICATE", "42", "2020-01-06")
	if phone := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).json()["phone"]; phone != nil && phone != "" {
		t.Errorf("the telephone number of a refused row was taken: %v", phone)
	}
	if v := row("42B1", "2022-03-01").json(); v["changed"] != 1.0 {
		t.Errorf("a reissue of its own day: %v", v)
	}
	wantRefused("2 残疾证号 OLDER_CERTIFICATE", "42", "2022-03-01")
	wantRefused("", "42", "2021-05-06")
	events := fmt.Sprint(s.do("cdpf", "GET", "/persons/"+id+"/record", nil).want(200).json()["certificate_events"])
	if !strings.Contains(events, "REISSUE_LOST") || strings.Contains(events, "RENEW") {
		t.Errorf("the events: %s", events)
	}
}

// TestRosterOfAMonthToCome: a right that the roster lets begin years from now is a slip of the pen, and would pay nobody; one of next month is not. Nor has
// a hardship begun on a day to come.
func TestRosterOfAMonthToCome(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	head := "姓名,身份证号,残疾证号,发证日期,户籍村居,困难类别,困难类别起始日,生活补贴起始月,护理补贴起始月"
	line := func(n int, rest string) string {
		return fmt.Sprintf("金丝雀%d,%s,%s41,2020-01-06,%s,%s", n, number(n), number(n), villageA, rest)
	}
	a := s.upload("cdpf", []byte(head+"\n"+line(871, "低保,2022-01-01,2032-03,2022-03")+"\n"+line(872, "低保,2022-01-01,2023-03,2023-04")+"\n"+line(873, "低保,2032-01-01,,2023-05")+"\n"+line(874, "低保,2023-04-01,2023-04,")+"\n"), "/imports?kind=roster").want(201)
	if got, want := refusals(a), "2 生活补贴起始月 IN_FUTURE; 4 困难类别起始日 IN_FUTURE; 4 护理补贴起始月 IN_FUTURE"; got != want {
		t.Errorf("refused: %s, want %s", got, want)
	}
}

// TestRosterOfTheDead: a roster says of somebody whose death is recorded that he holds a card and is paid; which of the two is right only a person can
// tell, so nothing of the row is taken.
func TestRosterOfTheDead(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(875, 1)
	s.at("2023-03-01")
	s.fact(id, "death", true, "2023-02-03", "")
	before := s.facts(id)
	a := s.upload("cdpf", []byte("姓名,身份证号,残疾证号,发证日期,户籍村居,困难类别,困难类别起始日,护理补贴起始月\n金丝雀875,"+number(875)+","+number(875)+"41,2023-02-20,"+villageA+",低保边缘,2022-01-01,2022-03\n"), "/imports?kind=roster").want(201)
	if got := refusals(a); got != "2 姓名 DECEASED" {
		t.Errorf("refused: %s", got)
	}
	if rights := s.rights(id, nursing); len(rights) != 0 || s.facts(id) != before {
		t.Errorf("of the dead: %v, %s", rights, s.facts(id))
	}
	a = s.upload("cdpf", []byte("姓名,身份证号,残疾证号,发证日期,户籍村居\n金丝雀875,"+number(875)+","+number(875)+"41,2020-01-06,"+villageA+"\n"), "/imports?kind=roster").want(201)
	if got := refusals(a); got != "" || s.facts(id) != before {
		t.Errorf("a row that the register has word by word: %s, %s", got, s.facts(id))
	}
}
