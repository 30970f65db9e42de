package exchange_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
)

const divisionHeading = "code,name,level,parent_code,urban_rural_class,valid_from,valid_to,successor_code\n"

// TestReadDivisions: a division ends on its last day and says what it was merged into; without dates it is from the day given. The encodings
// are those that Windows writes by default.
func TestReadDivisions(t *testing.T) {
	t.Parallel()
	from := calendar.MustDate("2016-01-01")
	text := divisionHeading + "370305001005,甲村,village,370305001\n370305001009,乙村,village,370305001,121,2017-02-01,2023-08-31,370305001005\n\n370305001009, 乙　村 ,village,370305001,121,2023-09-01\n"
	want := []exchange.DivisionRow{{Row: 2, Undated: true, Division: area.Division{Code: "370305001005", Name: "甲村", ValidFrom: from}},
		{Row: 3, Division: area.Division{Code: "370305001009", Name: "乙村", UrbanRuralClass: "121", ValidFrom: calendar.MustDate("2017-02-01"), ValidTo: calendar.MustDate("2023-08-31"), Successor: "370305001005"}},
		{Row: 5, Division: area.Division{Code: "370305001009", Name: "乙村", UrbanRuralClass: "121", ValidFrom: calendar.MustDate("2023-09-01")}}}
	gbk, _ := simplifiedchinese.GB18030.NewEncoder().String(text)
	tabs, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(text, ",", "\t"))
	for name, data := range map[string]string{"UTF-8": text, "with its mark": "\uFEFF" + text, "of Windows": strings.ReplaceAll(text, "\n", "\r\n"), "GBK": gbk, "UTF-16 with tabs": tabs} {
		got, refused, err := exchange.ReadDivisions([]byte(data), from)
		if err != nil || len(refused) > 0 || !slices.Equal(got, want) {
			t.Errorf("%s: %+v %+v (%v)", name, got, refused, err)
		}
	}
}

func TestDivisionsRefused(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]string{"370305001005,甲,village": "3 DIVISION_CELLS", "370305001005,甲,village,370305001,,x": "3valid_from NOT_A_DATE",
		"370305001005,甲,village,370305001,,2020-01-01,2019-12-31": "3valid_to DIVISION_DATES", "370305001005,甲,village,370305001,,,2023-08-31,37x": "3successor_code DIVISION_CODE",
		"37x,甲,village,370305001": "3code DIVISION_CODE", "370305001005,甲,town,370305001": "3level DIVISION_LEVEL", "370305001005,甲,village,370305002": "3parent_code DIVISION_PARENT",
		"370305001005,,village,370305001": "3name DIVISION_NAME", "370305001005,甲\u202e,village,370305001": "3name DIVISION_NAME", "370305001005," + strings.Repeat("村", 101) + ",village,370305001": "3name DIVISION_NAME",
		"370305001005,甲,village,370305001,999": "3urban_rural_class URBAN_RURAL_CLASS", "370305001001,甲,village,370305001": "3code DIVISION_TWICE",
		"370305001005,\"甲\n乙\",village,370305001": "3name DIVISION_NAME"} {
		rows, refused, err := exchange.ReadDivisions([]byte(divisionHeading+"370305001001,前,village,370305001\n"+row+"\n"), calendar.MustDate("2016-01-01"))
		if err != nil || len(rows) != 1 || len(refused) != 1 {
			t.Errorf("%s: %v, %v, %v", row, rows, refused, err)
			continue
		}
		if r := refused[0]; fmt.Sprint(r.Row, r.Column, " ", r.Code) != want || r.ZH == "" || r.EN == "" {
			t.Errorf("%s: %+v, want %s", row, r, want)
		}
	}
	for name, data := range map[string]string{"a heading alone": divisionHeading, "nothing": "", "another heading": "name,code,level,parent_code\n", "no text": divisionHeading + "37,\x00,province,\n",
		"a broken quote": divisionHeading + "37,\"山东省,province,\n", "\\xff": divisionHeading + "37,\xff,province,\n", "a workbook": "PK\x03\x04"} {
		if rows, refused, err := exchange.ReadDivisions([]byte(data), calendar.MustDate("2016-01-01")); err == nil {
			t.Errorf("%s: %v %v", name, rows, refused)
		}
	}
}

// FuzzReadDivisions: whatever a file is, what is read of it may be kept.
func FuzzReadDivisions(f *testing.F) {
	f.Add([]byte(divisionHeading + "370305001009,乙,village,370305001,121,2017-02-01,2023-08-31,370305001005\n"))
	f.Add([]byte("code\tname\tlevel\tparent_code\n37\t\xc9\xbd\tprovince\t\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, _, _ := exchange.ReadDivisions(data, calendar.MustDate("2016-01-01"))
		for _, r := range rows {
			if r.Code == "" || r.Name == "" || strings.ContainsAny(r.Name, "\x00\n\uFFFD") || r.Row < 2 || r.Row > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+1 {
				t.Errorf("%+v", r)
			}
		}
	})
}
