package casefile_test

import (
	"encoding/json"
	"testing"

	"zhucan/internal/casefile"
)

// TestSortByItsOwnName: departments call the sort of a fact by its own name; read as the first sort, the insured of another scheme and the
// child whose schooling is deferred were counted as covered.
func TestSortByItsOwnName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ kind, value, want string }{
		{"insurance_medical", `{"scheme":"employee","insured_year":2023}`, "employee"},
		{"insurance_pension", `{"scheme":"resident","status":"drawing","paid_by":"government"}`, "resident"},
		{"insurance_pension", `{"status":"drawing"}`, "resident"},
		{"insurance_pension", `{"scheme":"none"}`, "none"},
		{"insurance_medical", `{"status":"none","insured_year":2023}`, "none"},
		{"school", `{"school_year":"2023","status":"deferred"}`, "deferred"},
		{"school", `{"sort":"home_teaching","status":"deferred"}`, "home_teaching"},
		{"care_programme", `{"mode":"day","provider":"x"}`, "day"},
		{"dibao", `{"case_no":"1","status":"active"}`, "household"},
		{"dibao", `{"sort":"single","status":1,"mode":{"code":"03"}}`, "single"},
		{"insurance_medical", `{"scheme":null,"status":true,"mode":["employee"]}`, "resident"},
	} {
		kind, _ := casefile.KindOf(tt.kind)
		got, err := casefile.ParseValue(kind, json.RawMessage(tt.value))
		if err != nil || got.Answer != casefile.Yes || got.Sort != tt.want {
			t.Errorf("%s %s is %v %q, %v; want %q", tt.kind, tt.value, got.Answer, got.Sort, err, tt.want)
		}
	}
}
