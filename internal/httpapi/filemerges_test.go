package httpapi_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// twice brings somebody into the register a second time: the ID number of the first file was corrected from n to n+1, and the second
// has the old one, with a card of level 2 that was issued later.
func (s *service) twice(n int) (stays, goes string) {
	s.t.Helper()
	stays = s.person1(n, 1)
	file := s.do("town.a", "GET", "/persons/"+stays, nil).want(200)
	s.do("town.a", "PATCH", "/persons/"+stays, map[string]any{"id_number": number(n + 1), "reason": "公安更正"}, "If-Match", file.version()).want(200)
	goes = s.second(villageA, n)
	s.fact(goes, "dibao", "single", "2021-06-01", "")
	return stays, goes
}

// second is a second file with a number.
func (s *service) second(village string, n int) string {
	s.t.Helper()
	return s.do("liaison."+map[string]string{villageA: "a", villageB: "b", villageC: "c"}[village], "POST", "/persons", map[string]any{"name": fmt.Sprintf("金丝雀%d", n), "id_number": number(n),
		"hukou_area_code": village, "hukou_type": "agricultural", "certificate": map[string]any{"number": number(n) + "42", "category": 4, "level": 2, "issued_on": "2021-05-06"}}).want(201).text("id")
}

// merge merges one file into another.
func (s *service) merge(user, goes, stays string) answer {
	s.t.Helper()
	file := s.do("cdpf", "GET", "/persons/"+goes, nil).want(200)
	return s.do(user, "POST", "/persons/"+goes+"/merge", map[string]any{"into": stays, "reason": "同一人两份档案"}, "If-Match", file.version())
}

func (s *service) undo(m answer) answer {
	s.t.Helper()
	return s.do("town.a", "POST", "/merges/"+m.text("id")+"/undo", map[string]any{"reason": "核实为两人"}, "If-Match", `"1"`)
}

// cards are the cards of a person with what they are today, the newest first.
func (s *service) cards(person string) (list []string) {
	s.t.Helper()
	for _, raw := range s.do("town.a", "GET", "/persons/"+person, nil).want(200).json()["certificates"].([]any) {
		c := raw.(map[string]any)
		list = append(list, fmt.Sprint(c["level"], " ", c["status"]))
	}
	slices.Sort(list)
	return list
}

// facts are the facts of a person that are held true, of any day.
func (s *service) facts(person string) string {
	s.t.Helper()
	var list []string
	for _, raw := range s.do("cdpf", "GET", "/persons/"+person+"/circumstances", nil).want(200).json()["items"].([]any) {
		if c := raw.(map[string]any); c["superseded_at"] == nil {
			list = append(list, fmt.Sprintln(c["kind"], c["value"], c["valid_from"], c["valid_to"]))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "")
}

// TestTwoFilesOfOnePerson: two files, both paid, become one. The account has what both were paid, what is too much is asked back, the
// newer card counts. Undone, both are as they were.
func TestTwoFilesOfOnePerson(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(901)
	s.granted(stays, nursing, "2023-01-05", "2023-01-06")
	s.granted(goes, nursing, "2023-01-05", "2023-01-06")
	s.granted(goes, living, "2023-01-05", "2023-01-06")
	s.pay("2023-01-10", "2023-01", everyone)
	s.pay("2023-02-10", "2023-02", everyone)
	files := func() string { return fmt.Sprint(s.cards(stays), s.cards(goes), s.facts(stays), s.facts(goes)) }
	before := files()
	s.wantLedger(stays, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0")
	s.wantLedger(goes, nursing, "2023-01 14000/14000/0", "2023-02 14000/14000/0")

	m := s.merge("town.a", goes, stays).want(201)
	s.wantLedger(stays, nursing, "2023-01 14000/30700/-16700", "2023-02 14000/30700/-16700")
	s.wantLedger(stays, living, "2023-01 18500/18500/0", "2023-02 18500/18500/0")
	s.wantLedger(goes, nursing)
	s.wantAskedBack(stays)
	if got := fmt.Sprint(s.cards(stays)); got != "[1 REPLACED 2 ACTIVE]" {
		t.Errorf("cards: %s", got)
	}
	merged := s.do("town.a", "GET", "/persons/"+goes, nil).want(200)
	if merged.text("merged_into") != stays {
		t.Errorf("the merged file: %s", merged.body)
	}
	s.do("town.a", "PATCH", "/persons/"+goes, map[string]any{"phone": "19900001234"}, "If-Match", merged.version()).want(409, "MERGED")
	s.do("cdpf", "POST", "/persons/"+goes+"/circumstances", map[string]any{"kind": "veteran", "value": true, "valid_from": "2023-01-01", "source": "x"}).want(409, "MERGED")
	found := s.do("town.a", "POST", "/persons/search", map[string]any{"id_number": number(901)}).want(200).json()["items"].([]any)
	if len(found) != 1 || found[0].(map[string]any)["id"] != stays {
		t.Errorf("the old number finds %v", found)
	}
	record := s.do("town.a", "GET", "/persons/"+stays+"/record", nil).want(200).json()
	if list := record["merges"].([]any); len(list) != 1 || list[0].(map[string]any)["merged_id"] != goes || len(record["awards"].([]any)) != 2 {
		t.Errorf("the record: %v, %v", list, record["awards"])
	}
	listed := fmt.Sprint(s.do("town.a", "GET", "/persons?limit=200", nil).want(200).json()["items"])
	if strings.Contains(listed, goes) || !strings.Contains(listed, stays) {
		t.Error("the list of persons shows the merged file, or not the one that stays")
	}
	s.wantDerived()
	_, lines := s.pay("2023-03-10", "2023-03", everyone)
	if len(lines) != 2 || lines[0]["person_id"] != stays || lines[1]["person_id"] != stays {
		t.Errorf("March pays %v", lines)
	}
	s.wantLedger(stays, nursing, "2023-01 14000/30700/-16700", "2023-02 14000/30700/-16700", "2023-03 14000/14000/0")

	s.undo(m).want(200)
	s.undo(m).want(409, "UNDONE_ALREADY")
	if after := files(); after != before {
		t.Errorf("after:\n%s\nbefore:\n%s", after, before)
	}
	s.at("2023-03-20")
	s.wantLedger(stays, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 16700/14000/2700")
	s.wantLedger(stays, living, "2023-03 0/18500/-18500")
	s.wantLedger(goes, nursing, "2023-01 14000/14000/0", "2023-02 14000/14000/0", "2023-03 14000/0/14000")
	s.wantLedger(goes, living, "2023-01 18500/18500/0", "2023-02 18500/18500/0", "2023-03 18500/0/18500")
	s.wantAskedBack(stays)
	s.wantAskedBack(goes)
	s.wantDerived()
	_, lines = s.pay("2023-03-21", "2023-03", everyone)
	if len(lines) != 3 {
		t.Errorf("%d lines pay what is owed after the undoing", len(lines))
	}
	s.wantLedger(stays, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0", "2023-03 16700/16700/0")
	s.wantLedger(goes, living, "2023-01 18500/18500/0", "2023-02 18500/18500/0", "2023-03 18500/18500/0")
}

// TestMergeUndoneAtOnce: everything is as it was.
func TestMergeUndoneAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(911)
	s.granted(goes, nursing, "2023-01-05", "2023-01-06")
	s.pay("2023-01-10", "2023-01", everyone)
	state := func() string {
		return fmt.Sprint(s.ledger(stays, nursing), s.ledger(goes, nursing), s.cards(stays), s.cards(goes), s.facts(stays), s.facts(goes))
	}
	before := state()
	m := s.merge("town.a", goes, stays).want(201)
	if during := state(); during == before {
		t.Error("the merge changes nothing")
	}
	s.undo(m).want(200)
	if after := state(); after != before {
		t.Errorf("after:\n%s\nbefore:\n%s", after, before)
	}
	s.wantDerived()
	s.merge("town.a", goes, stays).want(201)
	s.wantDerived()
}

// TestMergeCannotBeUndone says which records have changed since.
func TestMergeCannotBeUndone(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(921)
	s.fact(goes, "veteran", true, "2020-01-01", "")
	m := s.merge("town.a", goes, stays).want(201)
	s.fact(stays, "residence_permit", true, "2022-01-01", "") // comes after, and hinders nothing
	for _, raw := range s.do("town.a", "GET", "/persons/"+stays, nil).want(200).json()["certificates"].([]any) {
		if c := raw.(map[string]any); c["level"] == 2.0 {
			s.do("cdpf", "POST", "/certificates/"+c["id"].(string)+"/events", map[string]any{"event": "FREEZE", "on": "2022-12-01", "reason": "x"}, "If-Match", fmt.Sprintf(`"%v"`, c["version"])).want(201)
		}
	}
	s.endFact(stays, "veteran", "2022-11-30")
	refused := s.undo(m).want(409, "CHANGED_SINCE")
	names := []string{}
	for _, e := range refused.json()["errors"].([]any) {
		names = append(names, fmt.Sprint(e.(map[string]any)["field"]))
	}
	if fmt.Sprint(names) != "[certificates circumstances]" {
		t.Errorf("the refusal names %v: %s", names, refused.body)
	}
	s.wantDerived()
}

// TestMergesRefused: two persons are never one, nobody merges what he does not see, and merges do not chain.
func TestMergesRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(931)
	other := s.person("liaison.a", villageA, 941, 1).want(201).text("id")
	far := s.person("liaison.c", villageC, 943, 1).want(201).text("id")
	s.merge("town.a", goes, other).want(409, "DIFFERENT_PERSONS")
	s.merge("town.a", stays, goes).want(409, "MERGE_OTHER_WAY")
	s.merge("town.a", stays, stays).want(422, "SAME_FILE")
	s.merge("town.a", far, stays).want(404)
	s.merge("town.a", goes, far).want(404)
	s.merge("civil", goes, stays).want(403)
	for _, person := range []string{stays, goes} {
		s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": person, "programme": nursing, "applied_on": "2022-12-01", "applicant": map[string]any{"relation": "self"}}).want(201)
	}
	s.merge("town.a", goes, stays).want(409, "OPEN_APPLICATIONS")
	nameless := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀931", "birth_date": "1970-01-01", "sex": "female", "hukou_area_code": villageA, "hukou_type": "agricultural",
		"diagnosis": "x", "record_type": "RECOVERING"}).want(201).text("id")
	s.merge("town.a", stays, nameless).want(409, "MERGE_OTHER_WAY")
	for _, wrong := range []map[string]any{{"birth_date": "1970-01-02"}, {"sex": "male"}} {
		other := map[string]any{"name": "金丝雀931", "birth_date": "1970-01-01", "sex": "female", "hukou_area_code": villageA, "hukou_type": "agricultural", "diagnosis": "x", "record_type": "RECOVERING"}
		maps.Copy(other, wrong)
		s.merge("town.a", s.do("liaison.a", "POST", "/persons", other).want(201).text("id"), stays).want(409, "NOT_ALIKE")
	}
	s.merge("town.a", nameless, stays).want(201)
	s.merge("town.a", nameless, stays).want(409, "MERGED")
	s.merge("town.a", goes, nameless).want(409, "MERGED")
	s.merge("town.a", stays, other).want(409, "DIFFERENT_PERSONS")
	s.wantDerived()
}

// TestMergeAcrossTowns: the district merges files of two towns; every row stands where the person who stays is managed.
func TestMergeAcrossTowns(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays := s.person1(951, 1)
	file := s.do("town.a", "GET", "/persons/"+stays, nil).want(200)
	s.do("town.a", "PATCH", "/persons/"+stays, map[string]any{"id_number": number(952), "reason": "公安更正"}, "If-Match", file.version()).want(200)
	goes := s.second(villageC, 951)
	s.fact(goes, "veteran", true, "2020-01-01", "")
	s.granted(stays, nursing, "2022-12-02", "2022-12-03")
	home := s.do("liaison.c", "POST", "/households", map[string]any{"area_code": villageC, "members": []any{map[string]any{"person_id": goes, "relation": "head", "from": "2020-01-01"}}}).want(201).text("id")
	m := s.merge("cdpf", goes, stays).want(201)
	s.wantRowsWhereTheirPersonIs()
	if !strings.Contains(s.facts(stays), "veteran") {
		t.Error("the fact has not come along")
	}
	if h := s.do("liaison.c", "GET", "/households/"+home, nil).want(200); !strings.Contains(string(h.body), stays) {
		t.Errorf("the household: %s", h.body)
	}
	s.wantDerived()
	s.moved(stays, villageB, "2022-12-03")
	s.undo(m).want(404) // a town sees one of the two
	s.do("cdpf", "POST", "/merges/"+m.text("id")+"/undo", map[string]any{"reason": "两人"}, "If-Match", `"1"`).want(200)
	s.wantRowsWhereTheirPersonIs()
	s.wantDerived()
}

// TestMergeWithKey: a merge and its undoing are answered as they are kept, also where a key makes both part of a larger transaction.
func TestMergeWithKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(61)
	file := s.do("town.a", "GET", "/persons/"+goes, nil).want(200)
	merge := func() answer {
		return s.do("town.a", "POST", "/persons/"+goes+"/merge", map[string]any{"into": stays, "reason": "同一人两份档案"}, "If-Match", file.version(), "Idempotency-Key", "merge").want(201)
	}
	m := merge()
	if again := merge(); again.text("id") != m.text("id") {
		t.Errorf("the same key merged twice: %s, %s", m.body, again.body)
	}
	undone := s.do("town.a", "POST", "/merges/"+m.text("id")+"/undo", map[string]any{"reason": "核实为两人"}, "If-Match", m.version(), "Idempotency-Key", "undo").want(200)
	if undone.text("undo_reason") != "核实为两人" {
		t.Errorf("the answer does not say that it is undone: %s", undone.body)
	}
}
