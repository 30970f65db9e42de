package web_test

import (
	"context"
	"testing"

	"zhucan/internal/store"
)

// TestAppliedForWhatRuns: the page says who receives a benefit already before anything is typed, refuses what is handed in for it with all that
// was filled in, and keeps it as a draft.
func TestAppliedForWhatRuns(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.poor(251)
	b := s.as("liaison.a")
	page := b.get("/persons/"+id.String()+"/apply").want(200).says("已在享受", "自2023-03起正在享受此项补贴")
	form := page.form("submit").set("programme", "living_allowance", "applicant.relation", "agent", "applicant.name", "代办人甲")
	back := form.send().want(409).says("不需重新申请", "先存为草稿")
	again := back.form("submit")
	if again.values.Get("applicant.name") != "代办人甲" || again.values.Get("programme") != "living_allowance" {
		t.Errorf("the form comes back with %v", again.values)
	}
	back.form("draft").send().want(303).follow().want(200).says("草稿")
	if open, _ := s.desk.DB.ListApplications(context.Background(), s.actor("town.a"), store.ApplicationFilter{Area: townA, PersonID: id, Stage: "draft", Limit: 9}); len(open) != 1 {
		t.Errorf("%d drafts", len(open))
	}
	open := b.get("/persons/"+id.String()+"/apply").want(200).says("已有在办申请", "（草稿），请在该申请上办理")
	b.get(open.link("已有在办申请")).want(200).says("代办人甲")
	s.as("liaison.a").get("/persons/"+s.person(252, 1, villageA).String()+"/apply").want(200).form("submit").set("programme", "nursing_subsidy", "applicant.relation", "self").send().want(303)
}
