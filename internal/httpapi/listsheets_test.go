package httpapi_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestWholeListOfSeveralSheets: of a list that names everybody no sheet is passed over: those on the others would be left out.
func TestWholeListOfSeveralSheets(t *testing.T) {
	t.Parallel()
	s := start(t)
	var persons []string
	lines := []string{dibaoHead}
	for n := 890; n < 899; n++ {
		persons, lines = append(persons, s.person1(n, 1)), append(lines, dibaoLine(n, "2022-01-01"))
	}
	f := excelize.NewFile()
	if _, err := f.NewSheet("新增"); err != nil {
		t.Fatal(err)
	}
	for sheet, rows := range map[string][]string{"Sheet1": lines[:9], "新增": {dibaoHead, lines[9]}} {
		for i, row := range rows {
			for j, text := range strings.Split(row, ",") {
				at, _ := excelize.CoordinatesToCellName(j+1, i+1)
				if err := f.SetCellStr(sheet, at, text); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	var file bytes.Buffer
	if err := f.Write(&file); err != nil {
		t.Fatal(err)
	}
	s.at("2023-03-01")
	a := s.upload("civil", file.Bytes(), "/imports?kind=dibao&sender=x&as_of=2023-03-01")
	if facts := s.facts(persons[8]); !strings.Contains(facts, "dibao true 2022-01-01 <nil>") {
		t.Errorf("who stands on the second sheet has lost it: %s", facts)
	}
	if a.json()["state"] != "failed" || a.json()["failure"].(map[string]any)["code"] != "SHEETS_ALIKE" {
		t.Errorf("the list: %s", a.body)
	}
}
