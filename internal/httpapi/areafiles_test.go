package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

const areaHead = "code,name,level,parent_code,urban_rural_class,valid_from,valid_to,successor_code\n"

// areaFile sends a file of divisions. Headers come in pairs.
func (s *service) areaFile(user, query, file string, headers ...string) answer {
	s.t.Helper()
	req := s.form(user, []byte(file), "/areas/imports"+query)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return s.send(req)
}

// TestFileOfDivisions: a file is tried, taken in and taken in again, as a whole or not at all; an Idempotency-Key gives its first answer again
// and does not keep what was only tried.
func TestFileOfDivisions(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2026-01-10")
	there := func() int { return s.do("admin", "GET", "/areas/370305001777", nil).status }
	const founded = areaHead + "370305001777,新设社区,village,370305001\n"
	counts := func(a answer) string {
		v := a.want(200).json()
		return fmt.Sprint(v["dry_run"], v["added"], v["ended"], v["corrected"])
	}
	for _, tt := range []struct {
		name, query, file, want string
		headers                 []string
		there                   int
	}{
		{"tried", "?from=2026-01-01&dry_run=true", founded, "true 1 0 0", nil, 404},
		{"tried with a key", "?from=2026-01-01&dry_run=true", founded, "true 1 0 0", []string{"Idempotency-Key", "try"}, 404},
		{"tried with the same key", "?from=2026-01-01&dry_run=true", founded, "true 1 0 0", []string{"Idempotency-Key", "try"}, 404},
		{"taken", "?from=2026-01-01", founded, "false 1 0 0", []string{"Idempotency-Key", "take"}, 200},
		{"taken with the same key", "?from=2026-01-01", founded, "false 1 0 0", []string{"Idempotency-Key", "take"}, 200},
		{"taken again", "?from=2026-01-01", founded, "false 0 0 0", nil, 200},
		{"corrected", "?from=2026-01-01", strings.Replace(founded, "新设", "新建", 1), "false 0 0 1", nil, 200},
		{"ended", "?from=2026-01-01", areaHead + "370305001777,新建社区,village,370305001,,2026-01-01,2026-01-05,\n", "false 0 1 0", nil, 404},
	} {
		if got := counts(s.areaFile("admin", tt.query, tt.file, tt.headers...)); got != tt.want || there() != tt.there {
			t.Errorf("%s: %s and then %d, want %s and %d", tt.name, got, there(), tt.want, tt.there)
		}
	}
	s.areaFile("admin", "?from=2026-01-02", founded, "Idempotency-Key", "take").want(422, "IDEMPOTENCY_KEY_REUSED")
	entries := 0
	for _, e := range s.do("auditor", "GET", "/audit-events?limit=200", nil).want(200).json()["items"].([]any) {
		if e := e.(map[string]any); e["action"] == "divisions.import" && e["role"] == admin && e["outcome"] == "done" {
			entries++
		}
	}
	if entries != 4 {
		t.Errorf("the audit has %d entries, want one of each file that was taken", entries)
	}
}

// TestFilesOfDivisionsRefused: what is wrong with a file is said by row, and nothing of it is kept.
func TestFilesOfDivisionsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	const good, at = "370305001770,甲,village,370305001\n", "?from=2026-01-01"
	for _, tt := range []struct {
		query, file string
		status      int
		code, first string
	}{
		{"", areaHead + good, 400, "BAD_PARAMETER", "REQUIRED from"},
		{"?from=2026-13-01", areaHead + good, 400, "BAD_PARAMETER", "FORMAT from"},
		{at + "&dry_run=1", areaHead + good, 400, "BAD_PARAMETER", "WRONG_TYPE dry_run"},
		{at, areaHead, 422, "WORKBOOK_EMPTY", "WORKBOOK_EMPTY file"},
		{at, "x", 422, "DIVISION_HEADING", "DIVISION_HEADING file"},
		{at, "PK\x03\x04x", 422, "WORKBOOK_TYPE", "WORKBOOK_TYPE file"},
		{at, areaHead + good + "370306001770,乙,village,370306001\n", 422, "OUTSIDE_AREA", "OUTSIDE_AREA file"},
		{at, areaHead + good + "370305098001,乙,village,370305098\n", 422, "NO_PARENT_DIVISION", "NO_PARENT_DIVISION file"},
		{at, areaHead + good + "370305001771,\u202e乙,village,370305001\n", 422, "DIVISION_NAME", "DIVISION_NAME file"},
		{at, areaHead + good + "370305001,闻韶街道,town,370305,,2016-01-01,2026-01-31,\n", 409, "DIVISION_NOT_EMPTY", ""},
		{at, strings.Repeat("x", 11<<20), 413, "TOO_LARGE", ""},
	} {
		for _, query := range []string{tt.query, tt.query + "&dry_run=true"} {
			if tt.status == 400 && query != tt.query {
				continue
			}
			got := s.areaFile("admin", query, tt.file)
			errors, _ := got.json()["errors"].([]any)
			first := ""
			if len(errors) > 0 {
				one := errors[0].(map[string]any)
				first = fmt.Sprint(one["code"], " ", one["field"])
			}
			if got.status != tt.status || got.text("code") != tt.code || first != tt.first || got.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %.90q: %d %s, %s, want %d %s, %s", query, tt.file, got.status, got.text("code"), first, tt.status, tt.code, tt.first)
			}
		}
	}
	s.do("admin", "POST", "/areas/imports"+at, map[string]any{}).want(415, "WRONG_TYPE")
	s.areaFile("cdpf", at, areaHead+good).want(403)
	if got := s.do("admin", "GET", "/areas/370305001770", nil); got.status != 404 {
		t.Errorf("of a refused file is kept: %s", got.body)
	}
}
