package web_test

import (
	"strings"
	"testing"

	"zhucan/internal/calendar"
	"zhucan/internal/casework/testdesk"
)

// told is what a page shows once.
func (sh shown) told() string {
	for _, p := range all(sh.doc, "p") {
		if attr(p, "class") == "told" || attr(p, "class") == "code" {
			return textOf(p)
		}
	}
	return ""
}

// TestAccountPages: an administrator adds an account, whose password is told once and opens it; changes, stops and opens it again.
func TestAccountPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("admin")
	form := func() *filled { return b.get("/accounts/new").want(200).form("add") }
	form().set("username", "A B").send().want(422).says("小写字母", "请填写此项", "请选择")
	form().set("username", "stats", "name", "甲", "role", "statistician", "area_code", "370305").send().want(409)
	page := form().set("username", "stats.two", "name", "新统计", "role", "statistician", "area_code", "370305").send().follow().want(200).says("账号已新增", "只显示这一次")
	first := page.told()
	at, _, _ := strings.Cut(page.path, "?")
	if again := b.get(at).want(200); again.told() != "" || len(first) < 20 {
		t.Errorf("the password is %q, and told again %q", first, again.told())
	}
	fresh := s.browser()
	fresh.get("/sign-in").form("sign-in").set("username", "stats.two", "password", first).send().want(303)
	fresh.get("/indicators").want(200)
	b.get(at).form("save").set("name", "新统计员").send().follow().says("账号已更改", "新统计员")
	reset := b.get(at).form("reset").send().follow().want(200)
	if second := reset.told(); second == "" || second == first {
		t.Errorf("the second password is %q", second)
	}
	fresh.get("/indicators").want(303) // its sessions have ended
	stale := b.get(at).form("save").set("name", "晚到的")
	b.get(at).form("disable").send().follow().says("已停用")
	stale.send().want(412).says("刚被他人修改")
	denied := s.browser()
	denied.get("/sign-in").form("sign-in").set("username", "stats.two", "password", reset.told()).send().want(401)
	b.get(at).form("enable").send().follow().says("正常")
	own := s.accounts["admin"].ID.String()
	if sh := b.get("/accounts/" + own).want(200).says("不能在此更改本人"); strings.Contains(sh.body, `name="do"`) {
		t.Error("an administrator is shown how to change himself")
	}
	if list := b.get("/accounts").want(200); len(list.rows()) != len(testdesk.Accounts)+2 {
		t.Errorf("the list: %v", list.rows())
	}
}

// TestAdministrationPages: deputies, divisions of a day, calendars and webhooks; and nothing of any case.
func TestAdministrationPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person(11, 1, villageA)
	b := s.as("admin")
	form := b.get("/deputies").want(200).form("depute").set("principal_id", s.accounts["town.a"].ID.String(), "deputy_id", s.accounts["town.c"].ID.String(), "until", "2023-04-30", "reason", "休假")
	form.send().follow().says("代理已登记", "测试town.a", "2023-03-28 – 2023-04-30")
	b.get("/deputies").form("depute").set("principal_id", s.accounts["town.a"].ID.String(), "deputy_id", s.accounts["cdpf"].ID.String(), "until", "2023-03-01", "reason", "x").send().want(422).says("代理期限不合理")
	end := b.get("/deputies").form("end")
	for _, o := range all(end.page.doc, "option") {
		if strings.Contains(textOf(o), "→") {
			end.set("deputation", attr(o, "value"))
		}
	}
	end.send().follow().says("代理已终止", "2023-03-28终止")
	b.get("/divisions").want(200).says("闻韶街道", "370305001")
	b.get("/divisions?area=" + townA).want(200).says("辛东")
	b.get("/divisions?as_of=2015-01-01").want(200).says("下面没有区划")
	csv := "code,name,level,parent_code\n370305001777,新设社区,village,370305001\n"
	b.get("/divisions").form("import").set("from", "2023-01-01").file("file", []byte(csv)).send().follow().says("区划已导入")
	b.get("/divisions?area=" + townA).says("新设社区")
	b.get("/divisions").form("import").set("from", "2023-01-01").file("file", []byte(strings.ReplaceAll(csv, "370305", "370306"))).send().want(422).says("超出本人管辖区域")
	b.get("/divisions").form("import").set("from", "x").file("file", []byte("x")).send().want(422)
	b.get("/calendars").want(200).form("record").set("year", "2027", "document", "国办发明电〔2026〕9号", "holidays", "2027-01-01..2027-01-03\n2027-02-05", "working", "2027-02-06").send().follow().says("2027", "国办发明电〔2026〕9号")
	if !s.desk.Workdays().IsWorking(calendar.MustDate("2027-02-06")) || s.desk.Workdays().IsWorking(calendar.MustDate("2027-02-05")) {
		t.Error("the calendar is not used")
	}
	b.get("/calendars").form("record").set("year", "2028", "document", "x", "holidays", "soon", "working", "2028-01-01..2028-01-02").send().want(422).says("每行一个日期")
	if sh := s.as("liaison.a").get("/calendars").want(200); strings.Contains(sh.body, "f-holidays") {
		t.Error("a liaison is shown a form")
	}
	hook := b.get("/webhooks").want(200).form("register").set("url", "https://partner.example/hooks").choose("types", "release.sealed", "person.died").send().follow().says("接收方已新增", "人员死亡、指标发布")
	if hook.told() == "" {
		t.Error("the secret is not told")
	}
	at, _, _ := strings.Cut(hook.path, "?")
	if again := b.get(at).want(200); strings.Contains(again.body, hook.told()) {
		t.Error("the secret is told again")
	}
	b.get(at).form("pause").send().follow().says("已暂停")
	b.get(at).form("resume").send().follow().says("运行中")
	b.get(at).form("delete").send().want(422)
	b.get(at).form("delete").choose("sure", "yes").send().follow().says("接收方已删除")
	b.get(at).want(404)
	b.get("/webhooks").form("register").set("url", "http://127.0.0.1/").choose("types", "release.sealed").send().want(422)
	town := func() *filled {
		return b.get("/webhooks").form("register").set("url", "https://partner.example/town", "area_code", townA, "after", "0").choose("types", "person.died")
	}
	town().set("after", "x").send().want(422).says("请填写消息的序号")
	town().set("after", "999999").send().want(422)
	town().send().follow().want(200).says("闻韶街道")
	for _, path := range []string{"/", "/accounts", "/deputies", "/divisions", "/policies", "/calendars", "/webhooks"} {
		if strings.Contains(b.get(path).want(200).body, "金丝雀") {
			t.Errorf("%s tells an administrator of somebody", path)
		}
	}
}

// TestPolicyPages: a draft is tried, proposed by one and put in force by another; what is tried is what then holds.
func TestPolicyPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.granted("liaison.a", s.person(101, 1, villageA))
	b := s.as("admin")
	filled := func() *filled {
		return b.get("/policies/new").want(200).form("rates").choose("programme", "nursing_subsidy").set("from", "2023-05-01", "level1", "1000", "level2", "900", "paper", "淄民〔2023〕1号", "version", "试-1",
			"month", "2023-05", "to_month", "2023-06")
	}
	tried := filled().set("do", "simulate").send().want(200).says("测算结果", "闻韶街道", "试-1")
	row := tried.row("闻韶街道")
	if row[4] != "2000.00" || row[2] != "现行 1 人，草案 1 人" {
		t.Errorf("the forecast of the town is %v", row)
	}
	if strings.Contains(tried.body, "金丝雀") {
		t.Error("the forecast names somebody")
	}
	filled().set("do", "simulate", "to_month", "2030-01").send().want(422).says("测算期应为1至36个月")
	filled().send().want(422).says("请填写此项") // why
	filled().set("level1", "many", "note", "x").send().want(422).says("金额应写成")
	page := filled().set("note", "提标").send().follow().want(200).says("草案已提出", "待启用")
	at, _, _ := strings.Cut(page.path, "?")
	b.get(at).form("activate").choose("sure", "yes").send().want(409).says("不能启用本人提出的政策包")
	s.as("cdpf").get(at).want(200).form("simulate").set("month", "2023-05", "to_month", "2023-06").send().want(200).says("测算结果")
	for _, user := range []string{"cdpf", "civil", "finance"} {
		office := s.as(user)
		try := office.get(office.get("/policies").want(200).link("测算新标准")).want(200).form("simulate")
		try.choose("programme", "nursing_subsidy").set("from", "2023-05-01", "level1", "1000", "level2", "900", "paper", "拟提标", "month", "2023-05", "to_month", "2023-06").send().want(200).says("测算结果", "2000.00")
		try.set("budget", "900").send().want(200).says("2023-051000.00-100.00", "2023-061000.00-100.00")
		try.set("budget", "much").send().want(422).says("金额应写成")
		try.set("do", "rates", "note", "x").send().want(400)
	}
	if sh := s.as("auditor").get(at).want(200); strings.Contains(sh.body, `name="do"`) {
		t.Error("the auditor is shown a form")
	}
	second := s.second("admin")
	second.get(at).form("activate").send().want(422)
	second.get(at).form("activate").choose("sure", "yes").send().follow().says("新规则已启用", "现行")
	if amount, _ := s.desk.Pack().Programme("nursing_subsidy").Amount(1, calendar.NewMonth(2023, 5)); amount != 100000 {
		t.Errorf("the rate is %v", amount)
	}
	b.get("/policies").want(200).says("现行", "已被替代")
	b.get("/policies/new").form("document").set("why", "x").file("document", []byte("pack: x")).send().want(422).says("政策包无法使用")
	b.get("/policies/new").form("document").set("why", "x").send().want(422)
}
