package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
)

// TestEntriesPutRightOnPages: a wrong year of an application or a service is put right where it is shown, and the case keeps its place in the queue.
func TestEntriesPutRightOnPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	first := s.submitted(21, 1, villageA)
	s.clock.Add(24 * time.Hour)
	b, path := s.as("liaison.a"), "/applications/"+first.ID.String()
	before := s.as("town.a").get("/queue").want(200).says("共 1 件待办")
	wrong := first.AppliedOn.Add(1).String()
	again := b.get(path).want(200).form("redate").set("applied_on", wrong, "reason", "以申请表为准").send().want(422).says("申请日期不能晚于录入日期")
	f := again.form("redate")
	if f.values.Get("applied_on") != wrong || f.values.Get("reason") != "以申请表为准" {
		t.Errorf("the form has lost what was entered: %v", f.values)
	}
	f.set("applied_on", "2023-03-02").send().follow().want(200).says("申请日期已更正", "2023-03-02", "更正申请日期", "由“"+first.AppliedOn.String()+"”改为“2023-03-02”", "以申请表为准")
	after := s.as("town.a").get("/queue").want(200).says("共 1 件待办")
	if was, is := numbersOf(before, first), numbersOf(after, first); len(was) != 1 || len(is) != 1 {
		t.Errorf("the queue had %v and has %v", was, is)
	}
	s.as("town.a").get("/queue/" + first.ID.String()).want(200).says("2023-03-02")
	for _, form := range all(s.as("town.a").get(path).want(200).doc, "button") {
		if attr(form, "value") == "redate" {
			t.Error("the town is offered to change what it reviews")
		}
	}
	home := s.homeOf("liaison.a", first.PersonID)
	one, err := s.desk.OpenService(context.Background(), s.actor("liaison.a"), care.Retrofit, uuid.Nil, home, calendar.MustDate("2022-03-01"), evidence(t, `{"survey_year":2022,"items":[{"item":"RAMP"},{"item":"RAIL"}],"note":"门口"}`))
	must(t, err)
	service := "/services/" + one.ID.String()
	edit := b.get(service).want(200).form("correct")
	if got := edit.values["need.items"]; len(got) != 2 || edit.values.Get("need.survey_year") != "2022" || edit.values.Get("need.note") != "门口" {
		t.Errorf("the form begins with %v", edit.values)
	}
	edit.set("opened_on", "2023-03-01", "reason", "年份录错").choose("need.items", "RAMP").send().follow().want(200).says("登记内容已更正", "2023-03-01")
	now, err := s.desk.DB.Service(context.Background(), s.actor("liaison.a"), one.ID)
	must(t, err)
	if now.OpenedOn.String() != "2023-03-01" || len(now.Need.List("items")) != 1 || now.Need.Text("note") != "门口" {
		t.Errorf("the service is of %s with %v", now.OpenedOn, now.Need)
	}
}

// TestDiagnosisOnPages: a child entered without a diagnosis is said to lack it, and it is recorded where the file is changed.
func TestDiagnosisOnPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	file := b.get("/persons/new").want(200).form("add").set("name", "金丝雀童", "birth_date", "2018-05-01", "sex", "male", "hukou_type", "agricultural", "managing_area_code", villageA,
		"guardian.name", "金丝雀母", "guardian.relation", "母亲").send().follow().want(200).says("未办证儿童尚无医院诊断")
	edit := strings.Split(file.path, "?")[0] + "/edit"
	again := b.get(edit).want(200).form("save").set("diagnosis", "听力障碍", "phone", "12").send().want(422)
	if got := again.form("save").values.Get("diagnosis"); got != "听力障碍" {
		t.Errorf("the form has lost the diagnosis: %q", got)
	}
	after := again.form("save").set("phone", "").send().follow().want(200).says("听力障碍")
	if strings.Contains(textOf(after.doc), "尚无医院诊断") {
		t.Error("the page still warns")
	}
	b.get(edit).want(200).form("save").set("birth_date", "2019-05-01").send().want(422).says("更正出生日期或性别须说明依据").form("save").set("reason", "登记有误").send().follow().want(200).says("2019-05-01")
	grown := b.get("/persons/" + s.person(71, 2, villageA).String() + "/edit").want(200)
	for _, name := range []string{"diagnosis", "birth_date", "sex"} {
		if _, asked := grown.form("save").values[name]; asked {
			t.Errorf("%s is asked of who has a certificate and an ID number", name)
		}
	}
}

// TestCardEventTakenBackOnPage: what was recorded of a card by mistake is taken back on its page, for a reason.
func TestCardEventTakenBackOnPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(73, 2, villageA)
	d, err := s.desk.Person(context.Background(), s.actor("liaison.a"), id)
	must(t, err)
	b, path := s.as("liaison.a"), "/persons/"+id.String()+"/cards/"+d.File.Certificates[0].ID.String()
	if sh := b.get(path).want(200); strings.Contains(sh.body, `value="take_back"`) {
		t.Error("the first issue is offered to be taken back")
	}
	b.get(path+"?event=CANCEL").want(200).form("record").set("on", "2023-03-01", "cancel_reason", "DEATH").send().follow().want(200)
	back := b.get(path).want(200).says("注销", "“注销”（2023-03-01）记错时撤销").form("take_back")
	back.send().want(422).says("请填写此项").form("take_back").set("why", "登记到了别人名下").send().follow().want(200).says("变动已撤销", "有效")
	if sh := b.get(path).want(200); strings.Contains(textOf(sh.doc), "已去世") || strings.Contains(sh.body, `value="take_back"`) {
		t.Error("the event is still there")
	}
}
