package web_test

import (
	"context"
	"strings"
	"testing"

	"zhucan/internal/calendar"
	"zhucan/internal/store"
)

func init() {
	further = append(further, func(s *site, f *fixture) {
		ctx, town := context.Background(), s.actor("town.a")
		facility, err := s.desk.CreateFacility(ctx, town, store.Facility{Area: villageA, Name: "辛东社区站", Kind: "community"})
		must(s.t, err)
		_, err = s.desk.InspectFacility(ctx, town, store.Inspection{Facility: facility.ID, On: calendar.MustDate("2023-03-01"), Standard: "GB 50763-2012", Compliant: true})
		must(s.t, err)
		f.more["/facilities/:id"] = facility.ID
	})
}

// TestWhatWasEnteredWrongly: an officer corrects a facility and its inspection, takes both away, and withdraws a figure; what was there before
// is still to be read, with the reason.
func TestWhatWasEnteredWrongly(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("town.a")
	b.get("/facilities").form("add").set("name", "卫生完", "kind", "medical", "area_code", villageA).send().want(303)
	at := ""
	for _, a := range all(b.get("/facilities").doc, "a") {
		if href := attr(a, "href"); strings.HasPrefix(href, "/facilities/") {
			at = href
		}
	}
	b.get("/facilities").form("inspect").set("facility", strings.TrimPrefix(at, "/facilities/"), "inspected_on", "2023-03-01").choose("compliant", "no").send().want(303)
	b.get(at).form("correct").set("name", "卫生院").send().want(422).says("请填写此项")
	b.get(at).form("correct").set("name", "卫生院", "reason", "错字").send().follow().says("已更正", "卫生院", "卫生完", "错字")
	b.get(at).form("amend").set("reason", "看错").send().want(422).says("没有更正的内容")
	b.get(at).form("amend").choose("compliant", "yes").set("reason", "看错").send().follow().says("达标", "更正或撤销：看错")
	b.get(at).form("cancel").set("reason", "没去").send().follow().says("更正或撤销：没去")
	if got := b.get(at).form("remove").set("reason", "重复登记").send().follow().says("从名录撤下：重复登记"); strings.Contains(got.body, `value="correct"`) {
		t.Error("what was taken off the list can be corrected")
	}
	b.get("/facilities").says("名录中还没有设施")
	officer := s.as("stats")
	officer.get("/figures").form("record").choose("indicator", "facility_accessibility").set("year", "2022", "numerator", "9", "denominator", "10", "source_doc", "住建函").send().want(303)
	officer.get("/figures").form("withdraw").set("reason", "年度有误").send().follow().says("数据已撤销", "撤销：年度有误")
}
