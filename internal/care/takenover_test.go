package care_test

import (
	"strings"
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/care"
)

// TestTakenOver: what was done before the office began with this register was signed and photographed on paper. Whose step
// it was and the photos are not asked for, everything else is.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	r := home(t, "own", false).planned(plan)
	r.waiting()
	const unseen = `"items":[{"item":"RAMP"},{"item":"BATH"}]`
	for _, tt := range []struct {
		name, evidence, code string
		takenOver            bool
		role                 access.Role
	}{
		{"another's step", `{"result":"PASS",` + signed + `,` + unseen + `}`, "NOT_YOUR_STEP", false, access.System},
		{"photos of a new one", `{"result":"PASS",` + signed + `,` + unseen + `}`, "INVALID_INPUT", false, access.CDPFReviewer},
		{"signatures of an old one", `{"result":"PASS","signatures":[{"by":"cdpf","name":"甲"}],` + unseen + `}`, "SIGNATURES_MISSING", true, access.System},
		{"a file that nobody uploaded", `{"result":"PASS",` + signed + `,` + strings.Replace(unseen, `"BATH"`, `"BATH","after":["99000000-0000-0000-0000-000000000000"]`, 1) + `}`, "NO_SUCH_FILE", true, access.System},
		{"an old one", `{"result":"PASS",` + signed + `,` + unseen + `}`, "", true, access.System},
	} {
		c := r.at("2019-03-25", tt.evidence)
		c.TakenOver = tt.takenOver
		s, done, err := care.Take(c, "accept", access.Actor{Role: tt.role}, today)
		if r.wants(err, tt.code); tt.code == "" && (s.State != "DONE" || len(done.Counts) != 1 || done.Role != access.System) {
			t.Errorf("%s: %s, counts %v, by %s; want an acceptance that counts, entered by the system", tt.name, s.State, done.Counts, done.Role)
		}
	}
}
