package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestWithdrawnAttachment: who uploaded a photo of the wrong home takes it out of sight, or the district does; what was done on it stays.
func TestWithdrawnAttachment(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.withService(1)
	first, second, third := c.attached("liaison.a", 1), c.attached("liaison.a", 2), c.attached("town.a", 3)
	withdraw := func(user, id, reason string) answer {
		return s.do(user, "POST", "/attachments/"+id+"/withdraw", map[string]any{"reason": reason})
	}
	assess := func(file string) string {
		return fmt.Sprintf(`{"institution":"甲","assessor":"乙","findings":"可训练","files":[%q]}`, file)
	}
	c.take("liaison.a", "assess", "2019-01-06", assess(first))

	withdraw("liaison.a", first, "").want(422)
	withdraw("liaison.a", first, "  ").want(422)
	for user, want := range map[string]int{"town.a": 403, "auditor": 403, "liaison.b": 404} {
		withdraw(user, first, "传错").want(want)
	}
	if got := withdraw("town.a", first, "传错").text("code"); got != "NOT_YOUR_FILE" {
		t.Errorf("somebody else's file is refused with %s", got)
	}
	withdraw("liaison.a", uuid.NewString(), "传错").want(404)
	withdraw("liaison.a", first, "拍的是隔壁家").want(204)
	withdraw("cdpf", third, "看不清").want(204)
	if got := withdraw("liaison.a", first, "传错").want(409).text("code"); got != "ATTACHMENT_WITHDRAWN" {
		t.Errorf("withdrawn twice: %s", got)
	}

	for _, user := range []string{"liaison.a", "cdpf", "auditor"} {
		if got := s.do(user, "GET", "/attachments/"+first, nil).want(404).text("code"); got != "ATTACHMENT_WITHDRAWN" {
			t.Errorf("%s is told %s of a withdrawn photo", user, got)
		}
	}
	s.do("cdpf", "GET", "/attachments/"+second, nil).want(200)
	if got := s.upload("liaison.a", snapshot(t, 1), c.path+"/attachments").want(409).text("code"); got != "ATTACHMENT_WITHDRAWN" {
		t.Errorf("the same photo again: %s", got)
	}
	c.refused(422, "NO_SUCH_FILE", "liaison.a", "plan", "2019-01-07", fmt.Sprintf(`{"items":[{"item":"CARE_SUPPORT"}],"agreed_by":"person","files":[%q]}`, first))
	c.take("liaison.a", "plan", "2019-01-07", fmt.Sprintf(`{"items":[{"item":"CARE_SUPPORT"}],"agreed_by":"person","files":[%q]}`, second))
	if got := string(s.do("cdpf", "GET", c.path, nil).want(200).body); !strings.Contains(got, first) {
		t.Error("the step that was taken on the photo has lost it")
	}
	list := s.do("cdpf", "GET", c.path+"/attachments", nil).want(200).json()["items"].([]any)
	if len(list) != 3 {
		t.Fatalf("%d attachments are listed, want 3", len(list))
	}
	for i, reason := range []any{"拍的是隔壁家", nil, "看不清"} {
		one := list[i].(map[string]any)
		if one["withdrawn_reason"] != reason || (one["withdrawn_at"] == nil) != (reason == nil) || (one["withdrawn_by"] == nil) != (reason == nil) {
			t.Errorf("attachment %d is listed as %v", i, one)
		}
	}
	if n := len(s.do("auditor", "GET", "/audit-events?action=attachment.withdraw&outcome=done", nil).want(200).json()["items"].([]any)); n != 2 {
		t.Errorf("the audit has %d withdrawals, want 2", n)
	}
}
