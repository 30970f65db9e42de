package httpapi_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/access"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
)

// takenOut is a list as csv, read as any program reads it.
func (s *service) takenOut(user, list string, body map[string]any) [][]string {
	s.t.Helper()
	body["format"] = "csv"
	a := s.do(user, "POST", "/partner-lists/"+list+"/exports", body).want(200)
	return csvRows(s.t, a.body)
}

func csvRows(t *testing.T, file []byte) [][]string {
	t.Helper()
	text, marked := bytes.CutPrefix(file, []byte("\uFEFF"))
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || !marked || len(rows) < 3 {
		t.Fatalf("no csv with a mark: %v: %s", err, file)
	}
	return rows
}

// exportIn is the number of the export in a watermark.
func exportIn(watermark string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(watermark, "导出编号 "), "；")
	return id
}

// minor is a child's ID number.
func minor(n int) string {
	body := fmt.Sprintf("37999920120510%03d", n)
	c, _ := checkCharacter(body)
	return body + string(c)
}

// partnersRegister is six people and two households. In village A: one who receives the living allowance and could have the nursing
// subsidy, one of the registered poor who heads the household of both, a boy of ten, one who died, one whose card is frozen, a girl
// without card or number. In village C: one who could have both.
func (s *service) partnersRegister() (ids map[string]string) {
	s.t.Helper()
	ids = map[string]string{"receives": s.person1(900, 1)}
	s.granted(ids["receives"], living, "2023-01-05", "2023-01-06")
	ids["poor"] = s.person("liaison.a", villageA, 901, 3).want(201).text("id")
	s.fact(ids["poor"], "registered_poor", true, "2017-01-01", "")
	boy := map[string]any{"name": "金丝雀童", "id_number": minor(1), "hukou_area_code": villageA, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": minor(1) + "43", "category": 4, "level": 3, "issued_on": "2020-01-06"}}
	ids["boy"] = s.do("liaison.a", "POST", "/persons", boy).want(201).text("id")
	ids["dead"] = s.person("liaison.a", villageA, 903, 1).want(201).text("id")
	s.fact(ids["dead"], "death", true, "2023-01-05", "")
	frozen := s.person("liaison.a", villageA, 904, 1).want(201)
	card := frozen.json()["certificates"].([]any)[0].(map[string]any)["id"].(string)
	s.do("cdpf", "POST", "/certificates/"+card+"/events", map[string]any{"event": "FREEZE", "on": "2023-01-05"}, "If-Match", `"1"`).want(201)
	girl := map[string]any{"name": "金丝雀女", "birth_date": "2015-01-01", "diagnosis": "听力障碍", "sex": "female", "hukou_area_code": villageA, "hukou_type": "agricultural"}
	ids["girl"] = s.do("liaison.a", "POST", "/persons", girl).want(201).text("id")
	ids["far"] = s.person("liaison.c", villageC, 902, 2).want(201).text("id")
	s.fact(ids["far"], "dibao", true, "2022-01-01", "")
	for _, h := range []map[string]any{
		{"area_code": villageA, "address": "金丝雀路一号", "members": []any{map[string]any{"person_id": ids["receives"], "relation": "spouse", "from": "2020-01-01"},
			map[string]any{"person_id": ids["poor"], "relation": "head", "from": "2021-01-01"}, map[string]any{"person_id": ids["dead"], "relation": "parent", "from": "2020-01-01"}}},
		{"area_code": villageA, "members": []any{map[string]any{"person_id": ids["girl"], "relation": "child", "from": "2020-01-01"}}},
	} {
		s.do("liaison.a", "POST", "/households", h).want(201)
	}
	s.at("2023-03-28")
	return ids
}

// TestPartnerLists takes every list out and compares it with what the people of the register make it, by hand: in one page, and one row a page.
func TestPartnerLists(t *testing.T) {
	t.Parallel()
	for _, page := range []int{0, 1, 2} {
		t.Run(fmt.Sprint(page), func(t *testing.T) { t.Parallel(); partnerLists(t, page) })
	}
}

func partnerLists(t *testing.T, page int) {
	s := start(t)
	s.desk.FileRows = page
	s.partnersRegister()
	villages := map[string]string{}
	for _, code := range []string{townA, villageA, townC, villageC} {
		villages[code] = s.do("cdpf", "GET", "/areas/"+code, nil).want(200).text("name")
	}
	receives, poor, far := []string{"金丝雀900", number(900)}, []string{"金丝雀901", number(901)}, []string{"金丝雀902", number(902)}
	at := func(who []string, town, village string, more ...string) []string {
		return slices.Concat(who, []string{villages[town], villages[village]}, more)
	}
	for _, tt := range []struct {
		name     string
		headings string
		rows     [][]string
	}{
		{"pension_holders", "姓名,身份证号", [][]string{receives, poor, far}},
		{"medical_holders", "姓名,身份证号", [][]string{receives, poor, {"金丝雀童", minor(1)}, far}},
		{"school_children", "姓名,身份证号,出生日期", [][]string{{"金丝雀童", minor(1), "2012-05-10"}, {"金丝雀女", "", "2015-01-01"}}},
		{"registered_poor", "姓名,身份证号,镇街,村居,残疾类别,残疾等级", [][]string{at(poor, townA, villageA, "肢体", "三级")}},
		{"households_with_holders", "户主,户主身份证号,镇街,村居,住址,持证人数", [][]string{at(poor, townA, villageA, "金丝雀路一号", "2")}},
		{"living_allowance_candidates", "姓名,身份证号,镇街,村居", [][]string{at(far, townC, villageC)}},
		{"living_allowance_recipients", "姓名,身份证号,镇街,村居", [][]string{at(receives, townA, villageA)}},
		{"nursing_subsidy_candidates", "姓名,身份证号,镇街,村居", [][]string{at(receives, townA, villageA), at(far, townC, villageC)}},
		{"nursing_subsidy_recipients", "姓名,身份证号,镇街,村居", nil},
	} {
		got := s.takenOut("cdpf", tt.name, map[string]any{"purpose": "比对参保"})
		id := exportIn(got[0][0])
		headings := strings.Split(tt.headings, ",")
		blank := make([]string, len(headings)-1)
		want := slices.Concat([][]string{append([]string{"导出编号 " + id + "；账号 cdpf；时间 2023-03-28T12:00:00+08:00；用途 比对参保"}, blank...), headings}, tt.rows,
			[][]string{append([]string{"合计", fmt.Sprint(len(tt.rows))}, blank[1:]...)})
		if !slices.EqualFunc(got, want, slices.Equal) || len(id) != 36 {
			t.Errorf("%s:\n%v\nwant\n%v", tt.name, got, want)
		}
		kept := s.do("auditor", "GET", "/exports?list="+tt.name, nil).want(200).json()["items"].([]any)
		if len(kept) != 1 || kept[0].(map[string]any)["rows"] != float64(len(tt.rows)) || kept[0].(map[string]any)["id"] != id {
			t.Errorf("%s is kept as %v", tt.name, kept)
		}
	}
	listed := s.do("auditor", "GET", "/partner-lists", nil).want(200).json()["items"].([]any)
	if len(listed) != len(exchange.PartnerLists) || len(listed) != 9 {
		t.Errorf("%d lists are named", len(listed))
	}
}

// TestExportsAreKept takes lists out in other ways and asks who did.
func TestExportsAreKept(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.partnersRegister()
	book := s.do("civil", "POST", "/partner-lists/medical_holders/exports", map[string]any{"purpose": "=年度比对"}).want(200)
	f, err := excelize.OpenReader(bytes.NewReader(book.body))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("名单")
	props, propsErr := f.GetDocProps()
	if err != nil || propsErr != nil || len(rows) != 7 || rows[2][1] != number(900) || !strings.HasSuffix(rows[0][0], "；用途 =年度比对") || rows[6][1] != "4" ||
		props.Creator != "civil" || props.Identifier != exportIn(rows[0][0]) || props.Description != rows[0][0] || props.Title == "" {
		t.Errorf("the workbook: %v, %v, %+v, %v", rows, err, props, propsErr)
	}
	if kind, err := f.GetCellType("名单", "B3"); err != nil || kind == excelize.CellTypeNumber {
		t.Errorf("the number is kept as %v (%v)", kind, err)
	}
	if name := book.header.Get("Content-Disposition"); name != `attachment; filename="medical-holders-`+exportIn(rows[0][0])+`.xlsx"` {
		t.Errorf("the file is called %s", name)
	}
	far := s.takenOut("cdpf", "medical_holders", map[string]any{"purpose": "  核对一个镇  ", "area_code": townC})
	if len(far) != 4 || far[2][1] != number(902) || !strings.HasSuffix(far[0][0], "；用途 核对一个镇") {
		t.Errorf("of one town: %v", far)
	}
	for _, tt := range []struct {
		list   string
		body   map[string]any
		status int
		code   string
	}{
		{"medical_holders", map[string]any{}, 422, "INVALID_INPUT"}, {"medical_holders", map[string]any{"purpose": ""}, 422, "INVALID_INPUT"},
		{"medical_holders", map[string]any{"purpose": " \n "}, 422, "INVALID_INPUT"}, {"medical_holders", map[string]any{"purpose": strings.Repeat("x", 501)}, 422, "INVALID_INPUT"},
		{"medical_holders", map[string]any{"purpose": "比对", "format": "pdf"}, 422, "INVALID_INPUT"}, {"medical_holders", map[string]any{"purpose": "比对", "columns": []string{"phone"}}, 400, "UNKNOWN_FIELD"},
		{"medical_holders", map[string]any{"purpose": "比对", "area_code": "370306"}, 404, "NOT_FOUND"}, {"everybody", map[string]any{"purpose": "比对"}, 404, "NOT_FOUND"},
	} {
		s.do("cdpf", "POST", "/partner-lists/"+tt.list+"/exports", tt.body).want(tt.status, tt.code)
	}
	all := s.do("auditor", "GET", "/exports?limit=1", nil).want(200).json()
	last := all["items"].([]any)[0].(map[string]any)
	if last["rows"] != 1.0 || last["area_code"] != townC || last["format"] != "csv" || last["purpose"] != "核对一个镇" || last["role"] != "cdpf_reviewer" ||
		last["partner"] != "医疗保障局" || last["account"].(map[string]any)["username"] != "cdpf" || last["at"] != "2023-03-28T04:00:00Z" {
		t.Errorf("the last: %v", last)
	}
	rest := s.do("auditor", "GET", "/exports?cursor="+all["next_cursor"].(string), nil).want(200).json()["items"].([]any)
	if len(rest) != 1 || rest[0].(map[string]any)["rows"] != 4.0 || rest[0].(map[string]any)["account"].(map[string]any)["username"] != "civil" {
		t.Errorf("before: %v", rest)
	}
	for query, want := range map[string]int{"?account_id=" + last["account"].(map[string]any)["id"].(string): 1, "?account_id=" + someID: 0, "?list=pension_holders": 0, "?area=" + townC: 1} {
		if got := s.do("auditor", "GET", "/exports"+query, nil).want(200).json()["items"].([]any); len(got) != want {
			t.Errorf("%s: %d exports, want %d", query, len(got), want)
		}
	}
	told := s.do("auditor", "GET", "/audit-events?action=list.export", nil).want(200).json()["items"].([]any)
	if len(told) != 2 || told[0].(map[string]any)["subject"] != last["id"] || told[1].(map[string]any)["detail"].(map[string]any)["rows"] != 4.0 {
		t.Errorf("the audit: %v", told)
	}
}

// TestListChangesWhileItIsTakenOut takes somebody out of the area between the first rows and his: the file breaks off instead of having fewer
// rows than were written down for it.
func TestListChangesWhileItIsTakenOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := s.partnersRegister()
	account, err := s.desk.CreateAccount(t.Context(), access.SystemActor(), casework.NewAccount{Username: "cdpf.town", Name: "测试", Password: password, Role: access.CDPFReviewer, Area: townA})
	if err != nil {
		t.Fatal(err)
	}
	s.desk.FileRows = 1
	who := access.Actor{AccountID: account.ID, Username: "cdpf.town", Role: access.CDPFReviewer, Area: townA}
	e, rows, err := s.desk.ExportList(t.Context(), who, casework.NewExport{List: "pension_holders", Form: "csv", Purpose: "比对"})
	if err != nil || e.Rows != 2 {
		t.Fatalf("%d rows (%v), want the 2 of the town", e.Rows, err)
	}
	p := s.do("cdpf", "GET", "/persons/"+ids["poor"], nil).want(200)
	s.do("cdpf", "PATCH", "/persons/"+ids["poor"], map[string]any{"managing_area_code": villageC}, "If-Match", p.version()).want(200)
	var file bytes.Buffer
	if err := exchange.WritePartnerList(&file, "csv", e, rows); err == nil || strings.Contains(file.String(), "合计") {
		t.Errorf("the short file was finished (%v): %s", err, file.String())
	}
	if _, _, err := s.desk.ExportList(t.Context(), who, casework.NewExport{List: "pension_holders", Form: "csv", Purpose: "比对", Area: townC}); err == nil {
		t.Error("a list of another town was taken out")
	}
}

// TestListWhilePeopleMove has somebody move to where the list is read already, while somebody else comes into it: it is of those who were on it
// when it was taken out, each of them once.
func TestListWhilePeopleMove(t *testing.T) {
	t.Parallel()
	s := start(t)
	moved := s.person("liaison.c", villageC, 890, 2).want(201)
	s.partnersRegister()
	s.desk.FileRows = 1
	e, rows, err := s.desk.ExportList(t.Context(), s.actor("cdpf"), casework.NewExport{List: "medical_holders", Form: "csv", Purpose: "比对"})
	if err != nil || e.Rows != 5 {
		t.Fatalf("%d rows (%v), want 5", e.Rows, err)
	}
	s.do("cdpf", "PATCH", "/persons/"+moved.text("id"), map[string]any{"managing_area_code": villageA}, "If-Match", moved.version()).want(200)
	s.person("liaison.c", villageC, 905, 2).want(201)
	var file bytes.Buffer
	err = exchange.WritePartnerList(&file, "csv", e, rows)
	text := file.String()
	if err != nil || !strings.Contains(text, "合计,5") || strings.Count(text, "金丝雀890") != 1 || strings.Contains(text, "金丝雀905") {
		t.Errorf("the list (%v): %s", err, text)
	}
}
