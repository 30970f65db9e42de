package web_test

import (
	"context"
	"strings"
	"testing"

	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

// TestAppliedLongBefore: who decides sees in the queue and at the case that it was entered long after the day of application.
func TestAppliedLongBefore(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	var ids []string
	for n, day := range []string{"2020-02-03", "2023-03-20"} {
		c, err := s.desk.EnterApplication(ctx, s.actor("liaison.a"), casework.NewApplication{PersonID: s.person(11+n, 1, villageA), Programme: "nursing_subsidy", AppliedOn: calendar.MustDate(day),
			Applicant: application.Applicant{Relation: "self"}})
		if err == nil {
			_, err = s.desk.SubmitApplication(ctx, s.actor("liaison.a"), c.ID, c.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID.String())
	}
	town := s.as("town.a")
	queue := town.get("/queue").want(200).says("申请1149天后才录入")
	if n := strings.Count(queue.body, "天后才录入"); n != 1 {
		t.Errorf("%d cases are said to have been entered late", n)
	}
	town.get("/queue/" + ids[0]).want(200).says("申请日期2020-02-03比录入日期早1149天")
	if sh := town.get("/queue/" + ids[1]).want(200); strings.Contains(sh.body, "比录入日期早") {
		t.Error("a day that is near is warned of")
	}
	apply := s.as("liaison.a").get("/persons/"+s.person(21, 1, villageA).String()+"/apply").form("draft").set("programme", "nursing_subsidy", "applicant.relation", "self", "applied_on", "1969-12-31")
	apply.send().want(422).says("申请日期早于出生日期")
}
