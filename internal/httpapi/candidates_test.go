package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// unmatched are the rows of an import that wait, as row: outcome, candidates.
func (s *service) unmatched(user, imported string) (list []string) {
	s.t.Helper()
	for _, raw := range s.do(user, "GET", "/imports/"+imported+"/unmatched", nil).want(200).json()["items"].([]any) {
		u := raw.(map[string]any)
		text := fmt.Sprint(u["row"], " ", u["outcome"])
		for _, c := range u["candidates"].([]any) {
			text += fmt.Sprint(" ", c.(map[string]any)["name"], "/", c.(map[string]any)["basis"])
		}
		list = append(list, text)
	}
	return list
}

// named is somebody in a village with a name and a birth date, with or without a number.
func (s *service) named(village, name, birth, number string, guardian string) string {
	s.t.Helper()
	body := map[string]any{"name": name, "birth_date": birth, "sex": "male", "hukou_area_code": village, "hukou_type": "agricultural", "diagnosis": "x", "record_type": "RECOVERING"}
	if number != "" {
		body["id_number"] = number
	}
	if guardian != "" {
		body["guardian"] = map[string]any{"name": "金丝雀监护", "relation": "parent", "id_number": guardian}
	}
	return s.do("town."+map[string]string{villageA: "a", villageB: "a", villageC: "c"}[village], "POST", "/persons", body).want(201).text("id")
}

// wantCells: a row is shown as it was read, without a whole number, and to nobody outside the area of the list.
func (s *service) wantCells(imported string) {
	s.t.Helper()
	at := "/imports/" + imported + "/unmatched/"
	one := s.do("civil", "GET", at+"5", nil).want(200)
	want := "[map[column:name heading:姓名 text:李娃] map[column:guardian_id heading:监护人身份证号 text:" + number(962)[:4] + "**********" + number(962)[14:] + "] map[column:from heading:起始日期 text:2022-05-01]]"
	if got := fmt.Sprint(one.json()["cells"]); got != want {
		s.t.Errorf("the cells of a row: %s\nwant %s", got, want)
	}
	for _, row := range []string{"0", "4", "6", "99", "x"} {
		s.do("civil", "GET", at+row, nil).want(404)
	}
	s.do("town.a", "GET", at+"5", nil).want(404)
}

// TestCandidatesOfAList: who is named without a number, or with one that nobody has, is found by name, birth date and town or by the guardian, whatever forms the
// characters have, and is taken only when an officer chooses.
func TestCandidatesOfAList(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-10")
	first, second := s.named(villageA, "于昇", "1970-01-01", "", ""), s.named(villageB, "於升", "1970-01-01", "", "")
	far := s.named(villageC, "于升", "1970-01-01", "", "")
	numbered := s.named(villageA, "张堃", "1970-01-01", number(961), "")
	child := s.named(villageA, "李·娃", "2015-02-03", "", number(962))
	s.named(villageA, "王喆", "1970-01-01", "", "")
	head := "姓名,身份证号,出生日期,监护人身份证号,镇街,起始日期"
	lines := []string{head, "于昇,,1970-01-01,,闻韶街道,2022-05-01", "張坤,,1970-01-01,,,2022-05-01", "张坤," + number(963) + ",,,,2022-05-01", "李娃,,," + number(962) + ",,2022-05-01",
		"王哲,,1970-01-01,,,2022-05-01", "某人,,,,,2022-05-01", "于昇,,1970-01-01,,,2022-05-01"}
	const query = "kind=dibao&sender=x&as_of=2023-03-01"
	dry := s.list("civil", query+"&dry_run=true", lines...).want(201).wantCounts(0, 0, 7, 0)
	s.do("civil", "POST", "/imports/"+dry.text("id")+"/unmatched/2/choice", map[string]any{"person_id": first, "reason": "x"}).want(409, "NOT_APPLIED")
	i := s.list("civil", query, lines...).want(201).wantCounts(0, 0, 7, 0)
	imported := i.text("id")
	want := "[2 open 于昇/name_birth_town 於升/name_birth_town 3 open 张堃/name_birth_town 5 open 李·娃/guardian_name 8 open 于昇/name_birth_town 於升/name_birth_town 于升/name_birth_town]"
	if got := fmt.Sprint(s.unmatched("civil", imported)); got != want {
		t.Errorf("rows that wait:\n%s\nwant\n%s", got, want)
	}
	if got := s.dibao(first, second, far, numbered, child); got != "" {
		t.Errorf("somebody was taken: %s", got)
	}
	s.wantCells(imported)
	choose := func(row int, body map[string]any) answer {
		return s.do("civil", "POST", fmt.Sprintf("/imports/%s/unmatched/%d/choice", imported, row), body)
	}
	choose(2, map[string]any{"person_id": far, "reason": "x"}).want(422, "NO_CANDIDATE")
	choose(4, map[string]any{"person_id": numbered, "reason": "x"}).want(404)
	s.do("town.a", "POST", "/imports/"+imported+"/unmatched/2/choice", map[string]any{"person_id": second, "reason": "x"}).want(404)
	if got := choose(2, map[string]any{"person_id": second, "reason": "已电话核实"}).want(201).text("outcome"); got != "changed" {
		t.Errorf("the chosen row: %s", got)
	}
	choose(2, map[string]any{"person_id": first, "reason": "x"}).want(409, "DECIDED_ALREADY")
	choose(8, map[string]any{"person_id": second, "reason": "x"}).want(409, "NAMED_ALREADY")
	choose(8, map[string]any{"reason": "查无此人"}).want(201)
	choose(5, map[string]any{"person_id": child, "reason": "监护人确认"}).want(201)
	if s.dibao(second) == "" || s.dibao(child) == "" || s.dibao(first, numbered) != "" {
		t.Errorf("facts: %s", s.dibao(first, second, numbered, child))
	}
	now := s.do("civil", "GET", "/imports/"+imported, nil).want(200)
	if v := now.json(); v["changed"] != 2.0 || v["refused"] != 5.0 {
		t.Errorf("counts after choosing: %s", now.body)
	}
	s.do("civil", "POST", "/imports/"+imported+"/undo", nil, "If-Match", now.version()).want(200)
	if got := s.dibao(second, child); got != "" {
		t.Errorf("taken back, there are %s", got)
	}
	choose(3, map[string]any{"person_id": numbered, "reason": "x"}).want(409, "NOT_APPLIED")
	s.wantDerived()
}

// TestListDoesNotSilenceCandidates: of somebody whom a row may mean, a list that names everybody does not say that he is missing from it.
func TestListDoesNotSilenceCandidates(t *testing.T) {
	t.Parallel()
	s := start(t)
	paid := s.person1(971, 1)
	s.granted(paid, living, "2023-01-05", "2023-01-06")
	s.at("2023-03-01")
	s.list("civil", "kind=dibao&sender=x&as_of=2023-02-01", dibaoHead, dibaoLine(971, "2022-01-01")).want(201)
	i := s.list("civil", "kind=dibao&sender=x&as_of=2023-03-01", "姓名,身份证号,出生日期,起始日期", "金丝雀971,,1970-01-01,2022-01-01").want(201).wantCounts(0, 0, 1, 0)
	if waiting := s.do("town.a", "GET", "/list-statements", nil).want(200).json()["items"].([]any); len(waiting) != 0 {
		t.Errorf("money is held for %v", waiting)
	}
	if got := s.do("civil", "POST", "/imports/"+i.text("id")+"/unmatched/2/choice", map[string]any{"person_id": paid, "reason": "x"}).want(201).text("outcome"); got != "same" {
		t.Errorf("the chosen row: %s", got)
	}
}

// TestOpenRowIsNoSilence: while nobody has said whom a row means, no later list counts the import as having left the candidate out.
func TestOpenRowIsNoSilence(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	paid := s.person("liaison.a", villageA, 972, 1).want(201).text("id")
	s.at("2023-01-20")
	s.list("civil", "kind=dibao&sender=x&as_of=2023-01-20", "姓名,身份证号,出生日期,起始日期", "金丝雀972,,1970-01-01,2022-01-01").want(201).wantCounts(0, 0, 1, 0)
	s.fact(paid, "dibao", "household", "2022-01-01", "")
	s.granted(paid, living, "2023-01-22", "2023-01-23")
	s.listed("dibao", "2023-04-10", dibaoLine(972, "2022-01-01")).wantCounts(0, 1, 0, 0)
	s.wantWaits("named again", paid, "")
	s.wantHeld("named again", paid, 0)
}

// TestOpenRowOfAMergedFile is the same where the candidate's file is merged into another.
func TestOpenRowOfAMergedFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	meant, paid := s.named(villageA, "金丝雀甲", "1970-01-01", "", ""), s.person("liaison.a", villageA, 973, 1).want(201).text("id")
	s.at("2023-01-20")
	s.list("civil", "kind=dibao&sender=x&as_of=2023-01-20", "姓名,身份证号,出生日期,起始日期", "金丝雀甲,,1970-01-01,2022-01-01").want(201).wantCounts(0, 0, 1, 0)
	s.merge("town.a", meant, paid).want(201)
	s.fact(paid, "dibao", "household", "2022-01-01", "")
	s.granted(paid, living, "2023-01-22", "2023-01-23")
	s.listed("dibao", "2023-04-10", dibaoLine(973, "2022-01-01")).wantCounts(0, 1, 0, 0)
	s.wantHeld("named again", paid, 0)
}

// TestCandidateWithAHousehold: who lives in a household can be chosen on a list of houses, on which each row that may mean him keeps the list from
// being silent about it; but once.
func TestCandidateWithAHousehold(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	meant := s.named(villageA, "金丝雀乙", "1970-01-01", "", "")
	household := s.household(meant)
	lines := []string{"户主姓名,身份证号,出生日期,危房等级,鉴定日期", "金丝雀乙,,1970-01-01,D级,2018-05-01", "金丝雀乙,,1970-01-01,C级,2018-06-01", "金丝雀乙,,1970-01-01,C级,2018-07-01"}
	i := s.taken("cdpf", "dangerous_houses", "2019-06-01", "zj", 0, 0, 0, 3, 0, lines...)
	choose := func(row int, person string) answer {
		body := map[string]any{"reason": "已入户核实"}
		if person != "" {
			body["person_id"] = person
		}
		return s.do("cdpf", "POST", fmt.Sprintf("/imports/%s/unmatched/%d/choice", i.text("id"), row), body)
	}
	choose(3, "").want(201)
	if got := choose(2, meant).want(201).text("outcome"); got != "changed" {
		t.Errorf("the chosen row: %s", got)
	}
	choose(4, meant).want(409, "NAMED_ALREADY")
	if facts := s.do("cdpf", "GET", "/households/"+household, nil).want(200); !strings.Contains(string(facts.body), "dangerous_house") {
		t.Errorf("the household: %s", facts.body)
	}
}

// mayMean is somebody who is paid and named by a list of February, and a list of March of which some rows may mean him. It returns how those rows
// are rejected, too.
func (s *service) mayMean(n, rows int) (paid, imported string, reject func(row int)) {
	s.t.Helper()
	paid = s.person1(n, 1)
	s.granted(paid, living, "2023-01-05", "2023-01-06")
	s.listed("dibao", "2023-02-01", dibaoLine(n, "2022-01-01")).wantCounts(0, 1, 0, 0)
	s.at("2023-03-01")
	lines := []string{"姓名,身份证号,出生日期,起始日期"}
	for range rows {
		lines = append(lines, fmt.Sprintf("金丝雀%d,,1970-01-01,2022-01-01", n))
	}
	imported = s.list("civil", "kind=dibao&sender=x&as_of=2023-03-01", lines...).want(201).wantCounts(0, 0, float64(rows), 0).text("id")
	return paid, imported, func(row int) {
		s.do("civil", "POST", fmt.Sprintf("/imports/%s/unmatched/%d/choice", imported, row), map[string]any{"reason": "另有其人"}).want(201)
	}
}

// TestRejectedCandidateIsLeftOut: once no row of a list that names everybody may mean somebody, the list leaves him out like all others, and what
// that takes waits for an officer.
func TestRejectedCandidateIsLeftOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	paid, imported, reject := s.mayMean(974, 2)
	reject(2)
	s.wantWaits("one row rejected", paid, "")
	reject(3)
	s.wantWaits("both rejected", paid, "dibao absent 2023-03-01")
	s.wantHeld("both rejected", paid, 1)
	s.wantOwed(paid, living, 18500, 18500, 18500)
	if i := s.do("civil", "GET", "/imports/"+imported, nil).want(200).json(); i["pending"] != 1.0 || i["refused"] != 2.0 {
		t.Errorf("the import: %v", i)
	}
	s.listed("dibao", "2023-04-10", dibaoLine(974, "2022-01-01")).wantCounts(0, 1, 0, 0)
	s.wantHeld("named again", paid, 0)
}

// TestRejectedCandidateNamedSince: whom a later list has named is not asked about, unless that list is taken back.
func TestRejectedCandidateNamedSince(t *testing.T) {
	t.Parallel()
	s := start(t)
	paid, _, reject := s.mayMean(975, 1)
	april := s.listed("dibao", "2023-04-10", dibaoLine(975, "2022-01-01")).wantCounts(0, 1, 0, 0)
	reject(2)
	s.wantWaits("rejected", paid, "")
	s.listed("dibao", "2023-05-10", dibaoLine(975, "2022-01-01"), stranger).wantCounts(0, 1, 1, 0)
	s.wantHeld("named by another list", paid, 0)
	s.undone(april)
	s.wantHeld("the first that named him taken back", paid, 0)
}

// TestUnreadRowWithoutANumber: who stands without a number, or with one that cannot be right, in a row that cannot be read is not left out either, as far as
// the row tells who it may be.
func TestUnreadRowWithoutANumber(t *testing.T) {
	t.Parallel()
	s := start(t)
	paid, typo, gone := s.person1(976, 1), s.person1(977, 1), s.person1(978, 1)
	for _, id := range []string{paid, typo, gone} {
		s.granted(id, living, "2023-01-05", "2023-01-06")
	}
	s.listed("dibao", "2023-02-01", dibaoLine(976, "2022-01-01"), dibaoLine(977, "2022-01-01"), dibaoLine(978, "2022-01-01")).wantCounts(0, 3, 0, 0)
	s.at("2023-03-01")
	wrong := number(977)[:17] + map[bool]string{true: "1", false: "2"}[number(977)[17] != '1']
	i := s.list("civil", "kind=dibao&sender=x&as_of=2023-03-01", "姓名,身份证号,出生日期,起始日期", "金丝雀976,,1970-01-01,二零二二年", "金丝雀977,"+wrong+",,2022-01-01", dibaoLine(979, ",2022-01-01")).want(201)
	if got := refusals(i); !strings.Contains(got, "2 D 起始日期 DATE") || !strings.Contains(got, "3 B 身份证号 ID_") {
		t.Errorf("refused: %s", got)
	}
	s.wantWaits("in a row that cannot be read", paid, "")
	s.wantWaits("with a wrong number", typo, "")
	s.wantWaits("in no row", gone, "dibao absent 2023-03-01")
}
