package httpapi_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// TestRosterSteps holds the order of steps, the three pairs of hands, and what locking fixes.
func TestRosterSteps(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(340, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	r := s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-01"}).want(201)
	path := "/rosters/" + r.text("id")
	s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-01"}).want(409, "NOTHING_TO_PAY") // on the first
	s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-02"}).want(422, "MONTH_IN_FUTURE")
	s.do("civil", "POST", path+"/check", nil, "If-Match", r.version()).want(409, "SAME_HANDS")
	s.do("civil", "POST", path+"/lock", nil, "If-Match", r.version()).want(409, "WRONG_STATE")
	again := s.do("civil", "POST", path+"/calculate", nil, "If-Match", r.version()).want(200)
	if again.json()["net_fen"] != r.json()["net_fen"] || fmt.Sprint(s.lines(path)) == "[]" {
		t.Errorf("calculated again: %s", again.body)
	}
	checked := s.do("cdpf", "POST", path+"/check", nil, "If-Match", again.version()).want(200)
	s.fact(id, "tekun", true, "2022-12-15", "")
	s.do("civil", "POST", path+"/lock", nil, "If-Match", checked.version()).want(409, "ROSTER_OUTDATED")
	s.endFact(id, "tekun", "2022-12-20")
	locked := s.do("civil", "POST", path+"/lock", nil, "If-Match", checked.version()).want(200)
	for _, verb := range []string{"calculate", "cancel", "check"} {
		s.do("civil", "POST", path+"/"+verb, nil, "If-Match", locked.version()).want(409, "WRONG_STATE")
	}
	s.do("cdpf", "POST", path+"/send", nil, "If-Match", locked.version()).want(409, "SAME_HANDS")
	sent := s.do("finance", "POST", path+"/send", nil, "If-Match", locked.version()).want(200)
	s.do("finance", "POST", path+"/close", nil, "If-Match", sent.version()).want(409, "WRONG_STATE")
	s.do("town.a", "GET", path, nil).want(404) // the roster is of the district
}

// TestBankFiles sends answers that are wrong in every way: what is wrong about the whole file refuses it, what is wrong
// about a line names it, and nothing is half applied.
func TestBankFiles(t *testing.T) {
	t.Parallel()
	s := start(t)
	var ids []string
	for n := range 3 {
		ids = append(ids, s.person1(350+n, 1))
		s.granted(ids[n], nursing, "2023-01-05", "2023-01-10")
	}
	s.at("2023-01-12")
	r := s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-01"}).want(201)
	path := "/rosters/" + r.text("id")
	s.do("finance", "GET", path+"/file", nil).want(409, "WRONG_STATE")
	for _, step := range []struct{ user, verb string }{{"cdpf", "check"}, {"civil", "lock"}, {"finance", "send"}} {
		r = s.do(step.user, "POST", path+"/"+step.verb, nil, "If-Match", r.version()).want(200)
	}
	rows := s.bankFile(r.text("id"))
	for _, row := range rows[1:4] {
		row[23] = "成功"
	}
	change := func(f func(rows [][]string) [][]string) []byte {
		var copied [][]string
		for _, row := range rows {
			copied = append(copied, slices.Clone(row))
		}
		return csvOf(f(copied))
	}
	for name, tt := range map[string]struct {
		file []byte
		code string
	}{
		"another roster":    {change(func(r [][]string) [][]string { r[2][0] = "01a20a63-7168-7056-b276-4c563bc9a280"; return r }), "OTHER_ROSTER"},
		"cut off":           {change(func(r [][]string) [][]string { return r[:3] }), "CONTROL_ROW_MISSING"},
		"a line is missing": {change(func(r [][]string) [][]string { return append(r[:2:2], r[3:]...) }), "CONTROL_TOTAL"},
		"a line is doubled": {change(func(r [][]string) [][]string { return append(append(r[:2:2], r[1]), r[2:]...) }), "CONTROL_TOTAL"},
		"another amount":    {change(func(r [][]string) [][]string { r[1][19] = "167.01"; return r }), "CONTROL_TOTAL"},
		"no heading":        {change(func(r [][]string) [][]string { return r[1:] }), "HEADING_NOT_FOUND"},
		"cut in a quote":    {[]byte("批次号,序号,实发金额,账号,结果\n\"01a2"), "CSV_QUOTE"},
	} {
		if got := s.upload("finance", tt.file, path+"/results"); got.status != 422 || got.json()["code"] != tt.code {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, tt.code)
		}
	}
	s.wantLedger(ids[0], nursing, "2023-01 16700/0/16700")

	mixed := change(func(r [][]string) [][]string {
		r[1][19], r[2][19] = "166.00", "168.00" // the total is right, two amounts are not
		return r
	})
	got := s.upload("finance", mixed, path+"/results").want(200).json()
	if got["paid"] != 1.0 || len(got["errors"].([]any)) != 2 {
		t.Errorf("two changed amounts: %v", got)
	}
	other := change(func(r [][]string) [][]string { r[1][21], r[2][1] = "6222000011119999", "77"; return r })
	got = s.upload("finance", other, path+"/results").want(200).json()
	if got["paid"] != 0.0 || got["same"] != 1.0 || len(got["errors"].([]any)) != 2 {
		t.Errorf("an unknown account and an unknown line: %v", got)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().Bytes(change(func(r [][]string) [][]string { return r }))
	if err != nil {
		t.Fatal(err)
	}
	got = s.upload("finance", gbk, path+"/results").want(200).json()
	if got["paid"] != 2.0 || got["same"] != 1.0 {
		t.Errorf("in GBK: %v", got)
	}
	version := got["roster"].(map[string]any)["version"]
	got = s.upload("finance", gbk, path+"/results").want(200).json()
	if got["paid"] != 0.0 || got["same"] != 3.0 || got["roster"].(map[string]any)["version"] != version {
		t.Errorf("the same file again: %v", got)
	}
	failed := change(func(r [][]string) [][]string { r[1][23] = "退票"; return r })
	if got = s.upload("finance", failed, path+"/results").want(200).json(); len(got["errors"].([]any)) != 1 {
		t.Errorf("another result for a paid line: %v", got)
	}
	if xlsx := s.do("finance", "GET", path+"/file?format=xlsx", nil).want(200).body; !bytes.HasPrefix(xlsx, []byte("PK")) {
		t.Error("the workbook is none")
	}
}
