package web_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"zhucan/internal/calendar"
	"zhucan/internal/store"
)

func init() {
	maps.Copy(maySee, map[string]roles{"/persons/:id/home-visits": {town, cdpf, civil, auditor}})
	maps.Copy(mayDo, map[string]roles{"/persons/:id/home-visits record": {town, cdpf, civil}})
}

// TestHomeVisitPages: who was not found at home stands on the worklist, and on the person's page for those who act, until he is met. A liaison sees nothing of it.
func TestHomeVisitPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(61, 1, villageA)
	s.granted("liaison.a", id)
	at, b := "/persons/"+id.String(), s.as("town.a")
	b.get(at).want(200).says("没有入户核查记录")
	page := b.get(at+"/home-visits").want(200).says("没有入户核查记录", "登记结果本身不停发")
	page.form("record").send().want(422).says("请")
	page.form("record").set("on", "2099-01-01", "outcome", "met").send().want(422).says("不能晚于今天")
	page.form("record").set("outcome", "other").send().want(422).says("请说明情况")
	page.form("record").set("outcome", "not_met", "note", "门锁着", "key", "again").send().follow().want(200).says("入户核查已登记", "未见到本人", "门锁着", "测试town.a")
	s.as("cdpf").get(at).want(200).says("补贴没有因此变更", "门锁着")
	if list := s.as("cdpf").get("/worklists/home_visit").want(200).says("金丝雀61", "未见到本人或情况有变"); list.link("入户核查") != at+"/home-visits" {
		t.Errorf("the line leads to %s", list.link("入户核查"))
	}
	s.as("cdpf").get("/").want(200).says("随机入户核查")
	if sh := s.as("auditor").get(at + "/home-visits").want(200).says("门锁着"); strings.Contains(sh.body, `name="do"`) {
		t.Error("an auditor is shown a form")
	}
	liaison := s.as("liaison.a")
	if sh := liaison.get(at).want(200); strings.Contains(sh.body, "入户核查") || strings.Contains(sh.body, "门锁着") {
		t.Error("the liaison is told of the visit")
	}
	if sh := liaison.get("/").want(200); strings.Contains(sh.body, "入户核查") {
		t.Error("the liaison is told of the list")
	}
	liaison.get("/worklists/home_visit").want(403)
	b.get(at+"/home-visits").form("record").set("outcome", "met").send().follow().says("见到本人")
	if sh := b.get("/worklists/home_visit").want(200); strings.Contains(sh.body, "金丝雀61") {
		t.Error("who was met is still on the list")
	}
	if sh := b.get(at).want(200); strings.Contains(sh.body, "补贴没有因此变更") {
		t.Error("the page still warns")
	}
}

// TestHostileHomeVisits stores each text as a note.
func TestHostileHomeVisits(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(62, 1, villageA)
	at := "/persons/" + id.String()
	for _, text := range hostile {
		_, err := s.desk.VisitHome(context.Background(), s.actor("town.a"), store.HomeVisit{PersonID: id, On: calendar.MustDate("2023-03-28"), Outcome: "other", Note: text})
		must(t, err)
		s.as("town.a").get(at+"/home-visits").form("record").set("on", text, "outcome", text, "note", text).send().want(422).wantHarmless()
	}
	s.as("town.a").get(at + "/home-visits").want(200).says(strings.Join(strings.Fields(hostile[0]), " ")).wantHarmless()
	s.as("town.a").get(at).want(200).wantHarmless()
}
