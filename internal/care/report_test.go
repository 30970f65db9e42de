package care_test

import (
	"fmt"
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/care"
)

// TestFind: what other offices write for an item, in full, in part or among other words.
func TestFind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind       care.Kind
		text, want string
	}{
		{care.Rehab, "白内障复明手术", "[CATARACT]"}, {care.Rehab, "CATARACT", "[CATARACT]"}, {care.Rehab, "免费白内障复明手术（双眼）", "[CATARACT]"}, {care.Rehab, "针灸", "[]"},
		{care.Rehab, "", "[]"}, {care.Rehab, "认知", "[COGNITION_TRAINING]"}, {care.Rehab, "适应训练", "[ADAPTATION_TRAINING]"},
		{care.Device, "122203", "[122203]"}, {care.Device, "普通手动轮椅", "[122203]"}, {care.Device, "轮椅", "[122203 122306]"}, {care.Device, "眼镜", "[]"},
		{care.Retrofit, "坡化、安装扶手", "[RAIL RAMP]"}, {care.Retrofit, "卫生间改造", "[TOILET]"}, {care.Retrofit, "粉刷", "[]"},
	} {
		if got := fmt.Sprint(care.Builtin.Find(tt.kind, tt.text)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.text, got, tt.want)
		}
	}
}

// TestReported: what another system has given counts as it would here, once it is signed for; nobody reports by hand; and a device that
// was reported has its service life.
func TestReported(t *testing.T) {
	t.Parallel()
	take := func(need, evidence string, role access.Role, takenOver bool) (care.Service, care.Done, error) {
		r := (&run{t: t, file: person(1960, 4, 1)}).open(care.Device, "2019-03-01", need, "")
		c := r.at("2019-03-02", evidence)
		c.TakenOver = takenOver
		return care.Take(c, care.Reported, access.Actor{Role: role}, today)
	}
	const wheelchair, signed = `{"item":"122203","mode":"grant","pieces":1}`, `{"source":"区残联","result":"accepted"}`
	for _, tt := range []struct {
		need, evidence, state string
		counts                int
	}{
		{wheelchair, signed, "ACCEPTED", 2}, {wheelchair, `{"source":"区残联","result":"fitted"}`, "FITTED", 0},
		{`{"item":"120303","mode":"loan","pieces":1}`, signed, "ACCEPTED", 0}, // a loan counts when it has lasted
	} {
		s, done, err := take(tt.need, tt.evidence, access.CDPFReviewer, true)
		if err != nil || s.State != tt.state || len(done.Counts) != tt.counts {
			t.Errorf("%s: %s, counts %v, %v; want %s and %d", tt.evidence, s.State, done.Counts, err, tt.state, tt.counts)
		}
	}
	if _, _, err := take(wheelchair, signed, access.CDPFReviewer, false); codeOf(err) != "NOT_YOUR_STEP" {
		t.Errorf("by hand: %v", err)
	}
	if _, _, err := take(wheelchair, `{"result":"accepted"}`, access.CDPFReviewer, true); codeOf(err) != "REQUIRED" {
		t.Errorf("of an unknown source: %v", err)
	}
}
