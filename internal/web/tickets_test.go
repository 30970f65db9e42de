package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// brought writes down a ticket on the page and says where it is.
func (s *site) brought(kind string) (path string) {
	s.t.Helper()
	in := s.as("hotline").get("/tickets/new").want(200).form("receive").choose("kind", kind).set("topic", "rehab", "text", "咨询康复训练补贴", "caller.name", "金丝雀来电", "caller.phone", "19900005678")
	return strings.TrimSuffix(in.send().want(303).header.Get("Location"), "?done=ticket")
}

// step takes a step of a ticket by its button.
func (b *browser) step(path, step string, pairs ...string) shown {
	b.site.t.Helper()
	f := b.get(path).want(200).form(step).set(pairs...)
	return f.send()
}

// TestTicketPages goes the whole way of a ticket: written down, given to a unit, sent on, answered, called back, opened again, closed.
func TestTicketPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	clerk, unit, other, federation := s.as("hotline"), s.as("town.a"), s.as("town.c"), s.as("cdpf")
	at := s.brought("advice")
	page := clerk.get(at).want(200).says("待转办", "金**** 199****5678", "2023-04-04到期", "咨询康复训练补贴")
	if strings.Contains(page.body, "金丝雀") || strings.Contains(page.body, "19900005678") {
		t.Error("the caller is not masked")
	}
	unit.get(at).want(404) // nobody has it yet
	clerk.step(at, "assign").want(422).says("须指定承办单位")
	clerk.step(at, "assign", "unit", townA+" town_officer").follow().says("已办理", "办理中", "闻韶街道")
	other.get(at).want(404)
	unit.get("/tickets").want(200).says("咨询", "办理中")
	unit.step(at, "reply").want(422).says("请填写说明")
	unit.step(at, "forward", "text", "属区残联事项", "unit", "370305 cdpf_reviewer").follow().says("没有工单")
	unit.get(at).want(404)
	federation.step(at, "return", "text", "应由镇办办理").follow().says("没有工单")
	clerk.step(at, "assign", "unit", townA+" town_officer").want(303)
	unit.step(at, "reply", "text", "每月15日前到账").follow().says("已答复待回访")
	if sh := unit.get(at); strings.Contains(sh.body, `name="do"`) || strings.Contains(sh.body, "金丝雀") {
		t.Error("the unit is shown what it may not do or know")
	}
	clerk.step(at, "call_back").want(422).says("满意度")
	clerk.get(at).form("call_back").choose("result", "dissatisfied").send().want(422).says("请填写说明")
	clerk.get(at).form("call_back").choose("result", "dissatisfied").set("text", "仍未到账").send().follow().says("办理中", "不满意")
	unit.step(at, "reply", "text", "账号已更正").want(303)
	clerk.get(at).form("call_back").choose("result", "satisfied").send().follow().says("已回访")
	clerk.step(at, "close").follow().says("已办结")
	clerk.step(at, "reopen", "text", "再次来电").follow().says("办理中")
	s.as("auditor").get(at).want(200).says("重新办理", "再次来电", "记录回访：不满意")
	stale := clerk.get(at).form("forward").set("unit", townC+" town_officer", "text", "不再改派，另行答复")
	unit.step(at, "reply", "text", "已到账").want(303)
	stale.send().want(412).says("刚被他人修改", "不再改派，另行答复")
}

// TestWrongYear: the year that was typed wrongly stands beside its field, and all else that was entered is still there.
func TestWrongYear(t *testing.T) {
	t.Parallel()
	s := start(t)
	in := s.as("hotline").get("/tickets/new").want(200).form("receive").choose("kind", "advice").set("topic", "rehab", "text", "咨询康复训练补贴", "caller.name", "金丝雀来电", "caller.phone", "19900005678")
	for _, at := range []string{"0001-01-01T00:00", "0000-01-01T00:00", "0026-03-28T10:00", "2022-03-27T09:00"} {
		again := in.set("received_at", at).send().want(422).says("早于366天前")
		if got := again.form("receive").values; got.Get("received_at") != at || got.Get("caller.phone") != "19900005678" {
			t.Errorf("the form comes back with %v", got)
		}
	}
	s.as("hotline").get("/tickets").want(200)
}

// TestRevealCaller: the clerk is told who called, once and on this page alone, and that is kept.
func TestRevealCaller(t *testing.T) {
	t.Parallel()
	s := start(t)
	clerk := s.as("hotline")
	at := s.brought("complaint")
	clerk.get(at).form("reveal").send().want(422).says("请填写此项")
	told := clerk.get(at).form("reveal").set("reason", "回访").send().want(200).says("金丝雀来电", "19900005678")
	if told.header.Get("Set-Cookie") != "" || told.header.Get("Cache-Control") != "no-store" {
		t.Errorf("it is kept somewhere: %v", told.header)
	}
	if sh := clerk.get(at); strings.Contains(sh.body, "19900005678") {
		t.Error("it is told again")
	}
	s.as("auditor").get("/audit?action=ticket.reveal").want(200).says("ticket.reveal", "hotline")
	token := s.as("auditor").get("/").formTo("/sign-out").values.Get("csrf")
	forged := &filled{page: shown{b: s.as("auditor"), path: at}, action: at, values: map[string][]string{"csrf": {token}, "do": {"reveal"}, "key": {uuid.NewString()}, "reason": {"x"}}}
	forged.send().want(403)
}

// TestLookup is masked, leaves nothing in an address, and begins a ticket about who was found.
func TestLookup(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(12, 1, villageA)
	clerk := s.as("hotline")
	for _, text := range []string{number(12), number(12) + "41"} {
		found := clerk.get("/lookup").want(200).form("search").set("text", text).send().want(200).says("金****", "肢体残疾 一级", "辛东")
		for _, secret := range []string{number(12), "19900000012"} {
			if strings.Contains(strings.ReplaceAll(found.body, `value="`+text+`"`, ""), secret) {
				t.Errorf("%s is shown in clear", secret)
			}
		}
		if strings.Contains(strings.ReplaceAll(found.body, `value="`+text+`"`, ""), "金丝雀12") {
			t.Error("the name is shown in clear")
		}
		for _, a := range all(found.doc, "a") {
			if strings.Contains(attr(a, "href"), "金") || strings.Contains(attr(a, "href"), "3799") {
				t.Errorf("an address tells of somebody: %s", attr(a, "href"))
			}
		}
	}
	clerk.get("/lookup").form("search").set("text", "查无此人").send().want(200).says("没有符合的人员")
	clerk.get("/lookup").form("search").send().want(422)
	about := clerk.get("/tickets/new?person=" + id.String()).want(200).says("涉及人员：金****")
	made := about.form("receive").choose("kind", "advice").set("topic", "device", "text", "问轮椅").choose("caller", "anonymous")
	made.send().follow().says("已登记", "匿名")
	got, err := s.desk.DB.Ticket(t.Context(), s.actor("hotline"), uuid.MustParse(strings.TrimPrefix(strings.TrimSuffix(made.send().header.Get("Location"), "?done=ticket"), "/tickets/")))
	if err != nil || got.PersonID != id {
		t.Errorf("the ticket is about %s, want %s (%v)", got.PersonID, id, err)
	}
	clerk.get("/tickets/new?person=" + uuid.NewString()).want(404)
	form := func() *filled {
		return clerk.get("/tickets/new").form("receive").choose("kind", "advice").set("topic", "device", "text", "问")
	}
	form().send().want(422).says("请登记来电人姓名")
	form().set("caller.name", "金丝雀来电").send().want(422).says("请登记来电人电话")
	form().set("caller.name", "金丝雀来电", "caller.phone", "12").send().want(422)
	form().set("received_at", "2023-03-29T10:00", "caller.name", "甲", "caller.phone", "19900005678").send().want(422).says("受理时间不能晚于现在")
	form().set("received_at", "soon").send().want(422).says("时间应写成")
	form().choose("caller", "anonymous").set("caller.name", "甲").send().want(422).says("匿名来件不登记来电人")
	list := clerk.get("/tickets?topic=device").want(200)
	if len(list.rows()) != 2 {
		t.Errorf("the list: %v", list.rows())
	}
	clerk.get("/tickets?overdue=overdue").says("没有符合筛选条件的内容")
	clerk.get("/tickets?state=closed").says("没有符合筛选条件的内容")
}

// TestTimeAsTyped: where a browser offers nothing for a time, it is taken as people write one.
func TestTimeAsTyped(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.as("hotline").get("/tickets/new").form("receive").choose("kind", "advice").set("topic", "device", "text", "问", "received_at", "2023年3月27日 9：05", "caller.name", "甲", "caller.phone", "19900005678").
		send().follow().want(200).says("2023-03-27 09:05")
}

// TestHomeSaysWhatWaits: who has to answer tickets sees on his start page how many wait.
func TestHomeSaysWhatWaits(t *testing.T) {
	t.Parallel()
	s := start(t)
	clerk, unit := s.as("hotline"), s.as("town.a")
	at := s.brought("advice")
	clerk.get("/").want(200).says("待办工单1")
	clerk.step(at, "assign", "unit", townA+" town_officer").want(303)
	unit.get("/").want(200).says("待办工单1")
	for _, user := range []string{"hotline", "town.c", "cdpf", "liaison.a"} {
		if strings.Contains(s.as(user).get("/").want(200).body, "待办工单") {
			t.Errorf("%s is told of a ticket that is not his to answer", user)
		}
	}
	s.brought("advice") // beside the one that waits for the unit
	for _, office := range []*browser{clerk, unit} {
		home := office.get("/").want(200).says("待办工单1")
		if rows := office.get(home.link("待办工单")).want(200).rows(); len(rows) != 2 { // with their heading
			t.Errorf("the one ticket that waits for an office leads to %v", rows)
		}
	}
	s.clock.Add(20 * 24 * time.Hour)
	delete(s.browsers, "town.a")
	s.as("town.a").get("/").want(200).says("待办工单1", "逾期 1")
}
