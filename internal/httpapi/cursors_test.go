package httpapi_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"zhucan/api"
)

// TestFarPlaces goes on in every list behind places that no list has: a mistake of who asks, and no failure of ours.
func TestFarPlaces(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := s.matrixFixture()
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	coded := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	places := []string{"2147483648", "99999999999", "9223372036854775807", "9223372036854775808", "-1", "x", coded("99999999999|" + uuid.NewString()), coded("2147483648|" + uuid.NewString())}
	asked := 0
	for path, item := range doc.Paths.Map() {
		op := item.Get
		if op == nil || op.Parameters.GetByInAndName("query", "cursor") == nil || len(mayCall[op.OperationID]) == 0 {
			continue
		}
		asked++
		query := "?cursor="
		for _, p := range op.Parameters {
			if p.Value.Required && p.Value.In == "query" {
				query = "?" + p.Value.Name + "=" + map[bool]string{false: "gap", true: someID}[p.Value.Schema.Value.Format == "uuid"] + "&cursor="
			}
		}
		for _, place := range places {
			got := s.do(inside[mayCall[op.OperationID][0]], "GET", m.target(path)+query+place, nil)
			if got.status >= 500 || got.status == 400 && got.text("code") != "BAD_CURSOR" {
				t.Errorf("%s behind %s: %d %s", path, place, got.status, got.body)
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d lists go on behind a cursor", asked)
	}
	for _, place := range places[3:6] {
		s.do("auditor", "GET", "/audit-events?cursor="+place, nil).want(400, "BAD_CURSOR")
	}
	for _, path := range []string{"/changes", "/unmatched"} {
		for _, place := range places[:6] {
			s.do("cdpf", "GET", "/imports/"+someID+path+"?cursor="+place, nil).want(400, "BAD_CURSOR")
		}
	}
	for _, row := range append(places[:6:6], "0", strings.Repeat("9", 40)) {
		s.do("cdpf", "GET", "/imports/"+someID+"/unmatched/"+row, nil).want(404, "NOT_FOUND")
		s.do("cdpf", "POST", "/imports/"+someID+"/unmatched/"+row+"/choice", map[string]any{"reason": "x"}).want(404, "NOT_FOUND")
	}
}

// TestLinesOfARosterGoOn: the lines behind the first page are to be had, too.
func TestLinesOfARosterGoOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := range 3 {
		s.granted(s.person("liaison.a", villageA, 300+n, 1).want(201).text("id"), nursing, "2023-03-28", "2023-04-10")
	}
	s.at("2023-05-12")
	path := "/rosters/" + s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-05"}).want(201).text("id") + "/lines"
	seen, query := 0, "?limit=1"
	for range 5 {
		page := s.do("finance", "GET", path+query, nil).want(200)
		for _, line := range page.json()["items"].([]any) {
			if seen++; line.(map[string]any)["seq"] != float64(seen) {
				t.Errorf("line %d is %v", seen, line)
			}
		}
		if page.json()["next_cursor"] == nil {
			break
		}
		query = "?limit=1&cursor=" + page.text("next_cursor")
	}
	if seen != 3 {
		t.Errorf("%d lines are to be had, want 3", seen)
	}
}
